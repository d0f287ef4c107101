/** Cache, pub/sub and rate limits on a real Redis cluster, whole, paused, killed and back. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pass } from 'node:timers/promises';
import { createRedisCache } from '../../runtime/platform/cache/redis.ts';
import { cacheContract } from '../../runtime/platform/contract/cache.ts';
import { limitsContract } from '../../runtime/platform/contract/limits.ts';
import { pubSubContract } from '../../runtime/platform/contract/pubsub.ts';
import { createMemoryLimits } from '../../runtime/platform/limits/memory.ts';
import { createRedisLimits } from '../../runtime/platform/limits/redis.ts';
import type { CircuitWatch } from '../../runtime/platform/circuit/circuit.ts';
import type { PubSub } from '../../runtime/platform/ports.ts';
import { createRedisPubSub } from '../../runtime/platform/pubsub/redis.ts';
import { openRedis, type RedisConnection } from '../../runtime/platform/redis/connection.ts';
import { until } from '../support/wait.ts';
import { startRedis, type RedisServers } from './redis.ts';

let cluster: RedisServers;
let single: RedisServers;
const opened: RedisConnection[] = [];
let scopes = 0;

before(async () => {
  cluster = await startRedis();
  single = await startRedis({ nodes: 1 });
});
after(async () => {
  for (const one of opened) await one.close();
  await cluster.stop();
  await single.stop();
});

/** Resolves when it answers, so that a contract's first question is not its connection's. */
async function open(servers: RedisServers, watch?: CircuitWatch): Promise<RedisConnection> {
  const redis = openRedis({
    address: servers.adminAddress,
    withinMs: 250,
    ...(watch === undefined ? {} : { watch }),
  });
  opened.push(redis);
  await serving(redis);
  return redis;
}

async function serving(redis: RedisConnection): Promise<void> {
  await until(
    async () => {
      // One key in each third of the slots: every node answers.
      for (const key of ['a', 'b', 'c', 'd', 'e', 'f'])
        if ((await redis.attempt((client) => client.exists(key))) === undefined) return undefined;
      return true;
    },
    { withinMs: 15_000, what: 'Redis answers' },
  );
}

const scope = (): string => `scope-${++scopes}`;
const pubSub = (redis: RedisConnection, name: string): PubSub =>
  createRedisPubSub({ redis, scope: name, onError: () => undefined });

for (const [name, servers] of [
  ['a Redis cluster', () => cluster],
  ['one Redis', () => single],
] as const) {
  cacheContract(`cache in ${name}`, async () => ({
    cache: createRedisCache(await open(servers()), scope()),
    advance: (milliseconds) => pass(milliseconds),
  }));
  limitsContract(`limits in ${name}`, async () => ({
    limits: createRedisLimits(
      await open(servers()),
      scope(),
      createMemoryLimits(() => 0),
    ),
    advance: (milliseconds) => pass(milliseconds),
  }));
  pubSubContract(`pub/sub in ${name}`, async () => {
    const ours = scope();
    return { here: pubSub(await open(servers()), ours), there: pubSub(await open(servers()), ours) };
  });
}

test('two processes take from one bucket', async () => {
  const ours = scope();
  const take = async (): Promise<(tenant: string) => Promise<number>> => {
    const limits = createRedisLimits(
      await open(cluster),
      ours,
      createMemoryLimits(() => 0),
    );
    return (tenant) => limits.take(tenant, 'requests', 40);
  };
  const [one, two] = [await take(), await take()];
  const waits = await Promise.all(Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? one : two)('acme')));
  assert.equal(waits.filter((wait) => wait === 0).length, 40);
});

test('a paused cluster is a miss within the bound, then at once; it is told of once, and served again by itself', async () => {
  const told: string[] = [];
  const redis = await open(cluster, {
    opened: () => told.push('away'),
    closed: () => told.push('there again'),
  });
  const cache = createRedisCache(redis, scope());
  await cache.set('a', 'k', 'v', 60);
  const alone = createMemoryLimits(() => performance.now());
  const limits = createRedisLimits(redis, scope(), alone);

  await cluster.pause();
  const started = performance.now();
  for (let n = 0; n < 200; n++) assert.equal(await cache.get('a', 'k'), undefined);
  const took = performance.now() - started;
  assert.ok(took < 20_000, `200 questions to nobody took ${Math.round(took)} ms`);
  for (let n = 0; n < 10; n++) assert.equal(await limits.take('a', 'x', 10), 0);
  assert.notEqual(await limits.take('a', 'x', 10), 0, 'alone it counts for itself');
  assert.deepEqual(told, ['away']);
  cluster.resume();
  await serving(redis);
  assert.deepEqual(told, ['away', 'there again']);
  assert.equal(await cache.get('a', 'k'), 'v');
});

test('a killed cluster is a miss at once, and listeners hear again after it is back', async () => {
  const redis = await open(cluster);
  const cache = createRedisCache(redis, scope());
  const talk = pubSub(redis, scope());
  const heard: string[] = [];
  await talk.subscribe('a', 'news', (message) => heard.push(message));
  await cache.set('a', 'k', 'v', 60);

  await cluster.kill();
  const started = performance.now();
  for (let n = 0; n < 200; n++) assert.equal(await cache.get('a', 'k'), undefined);
  await cache.set('a', 'k', 'v', 60);
  await cache.delete('a', 'k');
  await talk.publish('a', 'news', 'into the void');
  assert.ok(performance.now() - started < 20_000);

  await cluster.start();
  await serving(redis);
  await cache.set('a', 'k', 'again', 60);
  assert.equal(await cache.get('a', 'k'), 'again');
  await until(
    async () => {
      await talk.publish('a', 'news', 'hello');
      return heard.includes('hello') ? true : undefined;
    },
    { withinMs: 60_000, what: 'listeners hear again' },
  );
});

test('with one node of three away the tenants of the others are served', async () => {
  const redis = await open(cluster);
  const cache = createRedisCache(redis, scope());
  const tenants = Array.from({ length: 30 }, (_, n) => `tenant-${n}`);
  for (const tenant of tenants) await cache.set(tenant, 'k', tenant, 60);
  await cluster.nodes[0]?.kill();
  try {
    await until(
      async () => {
        const answers = await Promise.all(tenants.map((tenant) => cache.get(tenant, 'k')));
        const served = answers.filter((answer) => answer !== undefined).length;
        return served >= 10 && served < 30 ? true : undefined;
      },
      { withinMs: 10_000, what: 'the others are served' },
    );
  } finally {
    await cluster.nodes[0]?.start();
  }
  await serving(redis);
});

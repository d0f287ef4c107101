/** The provisioner of Redis on a real cluster: what it makes, what it finds changed, what it leaves when killed. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { systemClock } from '../../operator/kube/clock.ts';
import { loginOf } from '../../operator/provisioners/logins.ts';
import { createRedis } from '../../operator/provisioners/redis/redis.ts';
import { SystemError, type Scope, type System } from '../../operator/provisioners/system.ts';
import { createTenantLimits } from '../../runtime/gateway/limits.ts';
import { createCircuits } from '../../runtime/host/circuits.ts';
import { openShared, type Shared } from '../../runtime/host/adapters.ts';
import { createRedisCache } from '../../runtime/platform/cache/redis.ts';
import { createMemoryLimits } from '../../runtime/platform/limits/memory.ts';
import { createRedisLimits } from '../../runtime/platform/limits/redis.ts';
import { GATEWAY_SCOPE, scopePrefix } from '../../runtime/platform/names/index.ts';
import type { Cache } from '../../runtime/platform/ports.ts';
import { createRedisPubSub } from '../../runtime/platform/pubsub/redis.ts';
import { openRedis, type RedisConnection } from '../../runtime/platform/redis/connection.ts';
import { until } from '../support/wait.ts';
import { startRedis, type RedisServers } from './redis.ts';

let servers: RedisServers;
const connections: RedisConnection[] = [];
const systems: System[] = [];
before(async () => {
  servers = await startRedis();
});
after(async () => {
  for (const one of connections) await one.close();
  for (const one of systems) await one.end();
  await servers.stop();
});

const scopeNamed = (name: string, secret: string, former?: string): Scope => ({
  name,
  domains: [],
  login: loginOf(name, 'redis', secret),
  ...(former === undefined ? {} : { formerLogin: loginOf(name, 'redis', former) }),
});

function provisioner(...options: Parameters<typeof createRedis>): ReturnType<typeof createRedis> {
  const system = createRedis(...options);
  systems.push(system);
  return system;
}

function connect(address: string): RedisConnection {
  const redis = openRedis({ address, withinMs: 500 });
  connections.push(redis);
  return redis;
}

async function works(cache: Cache, tenant: string): Promise<void> {
  await until(
    async () => {
      await cache.set(tenant, 'probe', 'v', 60);
      return (await cache.get(tenant, 'probe')) === 'v' ? true : undefined;
    },
    { withinMs: 10_000, what: `the cache of ${tenant} works` },
  );
}

test('a scope gets its user on every node, once; runtimes enter with it, and reach nothing of another scope', async () => {
  const system = provisioner(servers.adminAddress);
  const scope = scopeNamed('pool', 'one');
  const planned = await system.plan(scope);
  assert.deepEqual(
    planned,
    servers.nodes.map(({ port }) => `CREATE USER ${scope.login.user} ON 127.0.0.1:${port}`).toSorted(),
  );
  assert.deepEqual(await system.ensure(scope), planned);
  assert.deepEqual(await system.plan(scope), []);
  assert.deepEqual(await system.ensure(scope), []);
  assert.deepEqual(await system.plan({ name: 'pool', domains: [] }), []);

  const redis = connect(system.address(scope));
  const cache = createRedisCache(redis, 'pool');
  for (const tenant of ['acme', 'fjord', 'sakura', 'other']) await works(cache, tenant);
  assert.equal(
    await createRedisLimits(
      redis,
      'pool',
      createMemoryLimits(() => 0),
    ).take('acme', 'x', 1),
    0,
  );
  const heard: string[] = [];
  const talk = createRedisPubSub({ redis, scope: 'pool', onError: () => undefined });
  await talk.subscribe('acme', 'news', (message) => heard.push(message));
  await until(
    async () => {
      await talk.publish('acme', 'news', 'x');
      return heard.length > 0 ? true : undefined;
    },
    { withinMs: 60_000, what: 'it is heard' },
  );
  const refused = async (work: () => Promise<unknown>): Promise<void> => assert.rejects(work, /NOPERM/);
  await redis.attempt(async (client) => {
    await refused(() => client.get('tenant-x:{acme}:c:k'));
    await refused(() => client.set('unprefixed', 'v'));
    await refused(() => client.spublish('tenant-x:{acme}:p:news', 'x'));
    await refused(() => client.flushall());
    await refused(() => client.eval("return redis.call('GET', 'tenant-x:{acme}:c:k')", 0));
  });
});

test('runtimes that CACHE_URL names it to share what they keep, hear each other and take from one bucket', async () => {
  const system = provisioner(servers.adminAddress);
  const scope = scopeNamed('shared', 'one');
  await system.ensure(scope);
  const log = pino({ level: 'silent' });
  const start = (): Promise<Shared> =>
    openShared(
      { tenant: 'shared', backends: { cache: system.address(scope) } },
      { sql: UNUSED, clock: systemClock, log, circuits: createCircuits(log) },
    );
  const [one, other] = await Promise.all([start(), start()]);
  await works(one.cache, 'shared');
  await until(async () => ((await other.cache.get('shared', 'probe')) === 'v' ? true : undefined), {
    withinMs: 10_000,
    what: 'the other finds it too',
  });
  let said: string | undefined;
  await other.pubsub.subscribe('shared', 'news', (message) => (said = message));
  await until(
    async () => {
      await one.pubsub.publish('shared', 'news', 'hello');
      return said;
    },
    { withinMs: 10_000, what: 'the other hears it' },
  );
  assert.equal(said, 'hello');
  assert.equal(await one.limits.take('shared', 'letters', 1), 0);
  assert.ok((await other.limits.take('shared', 'letters', 1)) > 0);
  await one.close();
  await other.close();
});

/** With Redis nothing goes by the database. */
const UNUSED = undefined as never;

test('drift on one node is found and mended, and users outlast a restart', async () => {
  const system = provisioner(servers.adminAddress);
  const scope = scopeNamed('drifting', 'one');
  await system.ensure(scope);
  const [node] = servers.nodes;
  assert.ok(node);
  const admin = connect(servers.adminAddress.replace(/@.*$/, `@127.0.0.1:${node.port}/`));
  await until(() => admin.attempt((client) => client.call('ACL', 'DELUSER', scope.login.user)), {
    withinMs: 60_000,
    what: 'the user is taken away',
  });
  assert.deepEqual(await system.ensure(scope), [`CREATE USER ${scope.login.user} ON 127.0.0.1:${node.port}`]);
  await admin.attempt((client) => client.call('ACL', 'SETUSER', scope.login.user, '+flushall'));
  assert.deepEqual(await system.plan(scope), [`ALTER USER ${scope.login.user} ON 127.0.0.1:${node.port}`]);
  await system.ensure(scope);
  await servers.restart();
  await until(async () => ((await system.plan(scope)).length === 0 ? true : undefined), {
    withinMs: 10_000,
    what: 'the users are there after a restart',
  });
});

test('a rotation keeps the former login until it is said to be over, and whoever uses it then is put out', async () => {
  const system = provisioner(servers.adminAddress);
  await system.ensure(scopeNamed('rotating', 'one'));
  const old = createRedisCache(connect(system.address(scopeNamed('rotating', 'one'))), 'rotating');
  await works(old, 'acme');
  await system.ensure(scopeNamed('rotating', 'two', 'one'));
  const next = createRedisCache(connect(system.address(scopeNamed('rotating', 'two'))), 'rotating');
  await works(next, 'acme');
  await works(old, 'acme');
  await system.ensure(scopeNamed('rotating', 'two'));
  assert.equal(await old.get('acme', 'probe'), undefined);
  await works(next, 'acme');
});

test('a tenant’s keys go with it, and nobody else’s; what each keeps is told; a scope goes whole', async () => {
  const system = provisioner(servers.adminAddress);
  const scope = scopeNamed('going', 'one');
  await system.ensure(scope);
  await system.ensure(scopeNamed('going-on', 'one'));
  const cache = createRedisCache(connect(system.address(scope)), 'going');
  const beside = createRedisCache(connect(system.address(scopeNamed('going-on', 'one'))), 'going-on');
  for (const tenant of ['acme', 'acme-2']) await works(cache, tenant);
  await works(beside, 'acme');
  for (let n = 0; n < 1_500; n++) await cache.set('acme', `k${n}`, 'x'.repeat(100), 600);
  const [most, least] = await system.usage('going', { acme: 1 });
  assert.deepEqual(
    [most?.tenant, most?.keys, most?.budget, least?.tenant, least?.keys],
    ['acme', 1_501, 1_048_576, 'acme-2', 1],
  );
  assert.ok((most?.bytes ?? 0) > 1_500 * 100);

  assert.deepEqual(await system.removeTenant('going', 'acme'), ['DELETE KEYS going:{acme}:*']);
  assert.deepEqual(await system.removeTenant('going', 'acme'), []);
  assert.equal(await cache.get('acme', 'k1'), undefined);
  assert.equal(await cache.get('acme-2', 'probe'), 'v');

  assert.equal((await system.close('going')).length, 3);
  assert.equal((await system.usage('going')).length, 1, 'closing keeps the data');
  await system.ensure(scope);
  assert.deepEqual((await system.remove('going')).at(-1), 'DELETE KEYS going:*');
  assert.deepEqual(await system.remove('going'), []);
  assert.deepEqual(await system.plan(scopeNamed('going-on', 'one')), []);
  assert.equal(await beside.get('acme', 'probe'), 'v');
});

test('killed before any of its changes, it finishes when it is repeated', async () => {
  const scope = scopeNamed('killed', 'two', 'one');
  const reference = provisioner(servers.adminAddress);
  const changes = (await reference.plan(scope)).length;
  assert.equal(changes, 6);
  for (let at = 0; at < changes; at++) {
    await reference.remove('killed');
    let left = at;
    const mortal = provisioner(servers.adminAddress, {
      mayAct: () => {
        if (left-- === 0) throw new Error('killed');
      },
    });
    await assert.rejects(mortal.ensure(scope), /killed/);
    assert.equal((await reference.ensure(scope)).length, changes - at);
    assert.deepEqual(await reference.plan(scope), []);
  }
  // Two at once make the same.
  await reference.remove('killed');
  await Promise.all([reference.ensure(scope), provisioner(servers.adminAddress).ensure(scope)]);
  assert.deepEqual(await reference.plan(scope), []);
});

test('gateways enter with a login of their own, and what one lets through is counted for all', async () => {
  const system = provisioner(servers.adminAddress);
  const scope = scopeNamed(GATEWAY_SCOPE, 'one');
  await system.ensure(scope);
  const address = system.address(scope);
  // As two processes of `runtime/gateway/main.ts` have it, each with a connection and a count of its own.
  const gateway = () => {
    const redis = connect(address);
    const alone = createMemoryLimits(() => performance.now());
    return { redis, limits: createTenantLimits(systemClock, createRedisLimits(redis, GATEWAY_SCOPE, alone)) };
  };
  const [one, two] = [gateway(), gateway()];
  await until(
    async () => {
      const answers = await Promise.all(
        [one, two].map(({ redis }) =>
          redis.attempt((client) => client.exists(`${scopePrefix(GATEWAY_SCOPE)}x`)),
        ),
      );
      return answers.every((answer) => answer === 0) ? true : undefined;
    },
    { withinMs: 10_000, what: 'both gateways are connected' },
  );
  const perMinute = 30;
  for (let n = 0; n < perMinute; n++) assert.equal(one.limits.take('acme', perMinute), 0);
  const refused = await until(
    async () => {
      const wait = two.limits.take('acme', perMinute);
      return wait > 0 ? wait : undefined;
    },
    { withinMs: 60_000, everyMs: 20, what: 'the other gateway refuses what the first has let through' },
  );
  assert.ok(refused <= 3, `${refused} s`);
  assert.equal(two.limits.take('fjord', perMinute), 0, 'each shop by itself');
  const stranger = connect(system.address(scope));
  assert.equal(
    await stranger.attempt((client) => client.get(`${scopePrefix('pool')}{acme}:c:x`)),
    undefined,
    'it reads no cache',
  );
});

test('a cluster that is away, or a login that may not, is told with what to do', async () => {
  const wrong = provisioner(servers.adminAddress.replace(/:[^:@]+@/, ':wrong@'));
  await assert.rejects(wrong.ping(), (error) => error instanceof SystemError && !error.transient);
  const system = provisioner(servers.adminAddress);
  await system.ping();
  await servers.pause();
  const started = performance.now();
  try {
    await assert.rejects(
      system.ensure(scopeNamed('away', 'one')),
      (error) => error instanceof SystemError && error.transient && /CACHE_URL/.test(error.remedy),
    );
  } finally {
    servers.resume();
  }
  assert.ok(performance.now() - started < 30_000);
  await until(() => system.ping().then(() => true), { withinMs: 60_000, what: 'it answers again' });
  assert.equal((await system.ensure(scopeNamed('away', 'one'))).length, 3);
});

/**
 * A Redis cluster of a test's own on loopback, three nodes without replicas, entered by an administrator's login; or one server alone.
 * The program is Debian's package `redis-server` (7.0).
 */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { ownFolder } from '../support/owned.ts';
import { freePort } from '../support/port.ts';
import { until } from '../support/wait.ts';
import { startProgram, type Program } from './process.ts';

export interface RedisServers {
  /** `redis://admin:…@127.0.0.1:…,…`: may do everything. */
  readonly adminAddress: string;
  /** The same without a login, which nobody may enter by. */
  readonly address: string;
  readonly nodes: readonly RedisNode[];
  /** All nodes at once. */
  kill(): Promise<void>;
  /** After `kill`; resolves when the whole cluster serves. */
  start(): Promise<void>;
  restart(): Promise<void>;
  /** Connections stay open and nobody answers. */
  pause(): Promise<void>;
  resume(): void;
  /** Ends them and removes their data. */
  stop(): Promise<void>;
}

export interface RedisNode extends Program {
  readonly port: number;
}

/** @param options.nodes 1: a server alone; 3 (default) or more: a cluster */
export async function startRedis({
  nodes: count = 3,
}: { readonly nodes?: number } = {}): Promise<RedisServers> {
  if (!existsSync(SERVER)) throw new Error(`there is no ${SERVER}: apt-get install redis-server`);
  const folder = ownFolder('redis');
  const password = randomBytes(18).toString('base64url');
  const nodes: RedisNode[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.kill()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (let n = 0; n < count; n++)
      nodes.push(await startNode(join(folder, `node-${n}`), password, count > 1));
    const serving = (): Promise<unknown> =>
      Promise.all(nodes.map(({ port }) => whole(port, password, count)));
    if (count > 1) {
      const places = nodes.map(({ port }) => `127.0.0.1:${port}`);
      await promisify(execFile)(CLI, ['--cluster', 'create', ...places, '--cluster-yes', '--user', 'admin'], {
        // On the command line every process of the machine would see it.
        env: { ...process.env, REDISCLI_AUTH: password },
        timeout: 30_000,
      });
      await serving();
    }
    const places = nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
    return {
      adminAddress: `redis://admin:${password}@${places}/`,
      address: `redis://${places}/`,
      nodes,
      async kill() {
        await Promise.all(nodes.map((node) => node.kill()));
      },
      async start() {
        await Promise.all(nodes.map((node) => node.start()));
        await serving();
      },
      async restart() {
        await Promise.all(nodes.map((node) => node.end()));
        await Promise.all(nodes.map((node) => node.start()));
        await serving();
      },
      pause: async () => void (await Promise.all(nodes.map((node) => node.pause()))),
      resume: () => nodes.forEach((node) => node.resume()),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const SERVER = '/usr/bin/redis-server';
const CLI = '/usr/bin/redis-cli';

async function startNode(folder: string, password: string, cluster: boolean): Promise<RedisNode> {
  await mkdir(folder, { recursive: true });
  // The bus of a cluster listens 10,000 above.
  const port = await freePort();
  const hash = createHash('sha256').update(password).digest('hex');
  await writeFile(
    join(folder, 'users.acl'),
    `user default off resetpass -@all\nuser admin on #${hash} ~* &* +@all\n`,
    { mode: 0o600 },
  );
  const settings: readonly (readonly [string, string])[] = [
    ['port', String(port)],
    ['bind', '127.0.0.1'],
    ['aclfile', 'users.acl'],
    ['save', ''],
    ['appendonly', 'no'],
    ['maxmemory', '64mb'],
    ['maxmemory-policy', 'allkeys-lru'],
    ...(cluster
      ? ([
          ['cluster-enabled', 'yes'],
          ['cluster-node-timeout', '2000'],
          // A cache serves what it can.
          ['cluster-require-full-coverage', 'no'],
        ] as const)
      : []),
  ];
  const program = await startProgram({
    command: SERVER,
    args: settings.flatMap(([name, value]) => [`--${name}`, value]),
    folder,
    ready: () => asAdmin(port, password, async (redis) => void (await redis.ping())),
  });
  return { ...program, port };
}

/** Resolves when a node knows all slots to be served. */
async function whole(port: number, password: string, count: number): Promise<void> {
  if (count === 1) return;
  await until(
    () =>
      asAdmin(port, password, async (redis) => {
        const info = String(await redis.cluster('INFO'));
        return /cluster_state:ok/.test(info) && /cluster_slots_ok:16384/.test(info) ? true : undefined;
      }),
    { withinMs: 20_000, what: `the cluster is whole for the node at ${port}` },
  );
}

async function asAdmin<T>(port: number, password: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({
    host: '127.0.0.1',
    port,
    username: 'admin',
    password,
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: 1_000,
    commandTimeout: 1_000,
  });
  // Said by the command that fails, too.
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

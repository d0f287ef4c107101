/** What is compared: ours on PostgreSQL (between two processes by Redis or by NOTIFY), Socket.IO, and a bare loop on `ws`. */
import { fork } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accounts } from '../../../runtime/domains/accounts/definition.ts';
import { chat } from '../../../runtime/domains/chat/definition.ts';
import { guestOf, newGuestToken } from '../../../runtime/domains/chat/people.ts';
import { createNewId } from '../../../runtime/platform/ids.ts';
import { systemClock } from '../../../runtime/platform/clock.ts';
import { startRedis } from '../../servers/redis.ts';
import { startTestDatabase, type TestDatabase } from '../../support/database.ts';
import type { Program } from '../../servers/process.ts';
import { own, ownFolder } from '../../support/owned.ts';
import { freePort } from '../../support/port.ts';
import { POSTGRES } from '../api/contestant.ts';
import { installed, serving } from '../api/packages.ts';
import type { Plan } from './crowd.ts';
import { weighed } from './weight.ts';

export interface Contestant {
  readonly plan: Omit<Plan, 'perRoom'>;
  /** Processes that hold the connections. */
  readonly servers: readonly number[];
  /** Where the first of them leaves what it weighs (`weight.ts`). */
  readonly weight: string;
  /** Servers behind them: the database, Redis. */
  readonly behind: readonly number[];
  stop(): Promise<void>;
}

export interface Size {
  readonly rooms: number;
  readonly perRoom: number;
  /** How many processes serve. */
  readonly nodes: number;
  /** They are to be weighed while nobody talks. */
  readonly isIdle?: boolean;
}

/** What carries news between two processes of ours. */
export type Between = 'redis' | 'notify';

const PEERS = {
  name: 'chat-peers-1',
  dependencies: {
    'socket.io': '4.8.4',
    '@socket.io/redis-adapter': '8.3.0',
    redis: '6.3.1',
    ws: '8.23.0',
  },
};

export async function startPeer(
  kind: 'socket.io' | 'ws',
  { rooms, nodes, isIdle = false }: Size,
): Promise<Contestant> {
  const packages = await installed(PEERS);
  const folder = ownFolder('chat-peers');
  const redis = nodes > 1 ? await startRedis({ nodes: 1 }) : undefined;
  const script = kind === 'ws' ? './peers/bare.mjs' : './peers/socket-io.mjs';
  const programs: Program[] = [];
  const ports: number[] = [];
  for (let n = 0; n < nodes; n++) {
    const port = await freePort();
    const own = join(folder, String(n));
    await mkdir(own);
    const program = await serving(fileURLToPath(new URL(script, import.meta.url)), {
      folder: own,
      env: {
        ...weighed(isIdle),
        WEIGHT: join(own, 'weight'),
        PACKAGES: packages,
        PORT: String(port),
        ...(redis === undefined ? {} : { REDIS_URL: redis.adminAddress }),
      },
      url: `http://127.0.0.1:${port}/`,
    });
    programs.push(program);
    ports.push(port);
  }
  return {
    plan: {
      kind,
      ports,
      host: 'acme.localhost',
      rooms: Array.from({ length: rooms }, (_, n) => `room-${n}`),
      guests: [],
    },
    servers: programs.map(({ pid }) => pid()),
    weight: join(folder, '0', 'weight'),
    behind: redis?.nodes.map(({ pid }) => pid()) ?? [],
    async stop() {
      await Promise.all(programs.map((program) => program.end()));
      await redis?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Everything on: rows and events of each message committed before it is told, presence, marks, limits, tenancy. */
export async function startOurs(size: Size, between: Between = 'redis'): Promise<Contestant> {
  const database = await startTestDatabase([accounts, chat], POSTGRES);
  await database.addTenant({ id: 'acme', domains: ['accounts', 'chat'] });
  const redis = size.nodes > 1 && between === 'redis' ? await startRedis({ nodes: 1 }) : undefined;
  const { rooms, guests } = await furnish(database, size);
  const folder = ownFolder('chat-ours');
  const children: { pid: number; port: number; end: () => Promise<void> }[] = [];
  for (let n = 0; n < size.nodes; n++)
    children.push(
      await startRuntime(database, redis?.adminAddress, {
        ...weighed(size.isIdle ?? false),
        WEIGHT: join(folder, `weight-${n}`),
      }),
    );
  return {
    plan: {
      kind: 'shopmind',
      ports: children.map(({ port }) => port),
      host: 'acme.localhost',
      rooms,
      guests,
    },
    servers: children.map(({ pid }) => pid),
    weight: join(folder, 'weight-0'),
    behind: [database.postgres.pid(), ...(redis?.nodes.map(({ pid }) => pid()) ?? [])],
    async stop() {
      await Promise.all(children.map(({ end }) => end()));
      await redis?.stop();
      await database.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function startRuntime(
  database: TestDatabase,
  cache: string | undefined,
  env: Readonly<Record<string, string>>,
): Promise<{ pid: number; port: number; end: () => Promise<void> }> {
  const child = fork(new URL('../../../runtime/domains/chat/testing/runtime.child.ts', import.meta.url), {
    env: {
      ...process.env,
      NODE_ENV: 'production',
      ...env,
      DATABASE_URL: database.url,
      SECRETS_KEY: database.secretsKey,
      CACHE_URL: cache ?? '',
    },
  });
  own(child);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the runtime ended with ${code}`)));
    child.once('message', (message) => {
      const { port } = message as { port: number }; // see runtime.child.ts
      const end = async (): Promise<void> => {
        child.kill('SIGTERM');
        const harder = setTimeout(() => child.kill('SIGKILL'), 10_000);
        await gone;
        clearTimeout(harder);
      };
      resolve({ pid: child.pid ?? 0, port, end });
    });
  });
}

/** Rooms and guests who are in them, as they would be after each had been let in. */
async function furnish(
  { admin }: TestDatabase,
  { rooms: count, perRoom }: Size,
): Promise<{ rooms: string[]; guests: string[] }> {
  const newId = createNewId(systemClock);
  const rooms = Array.from({ length: count }, () => newId('room'));
  const guests = Array.from({ length: count * perRoom }, () => newGuestToken('acme'));
  await admin.query(
    `insert into shop.chat_rooms (tenant_id, id, kind, access, title, created_by, key, created_at, active_at)
     select 'acme', id, 'group', 'members', '', 'bench', id, now(), now() from unnest($1::text[]) as r (id)`,
    [rooms],
  );
  await admin.query(
    `insert into shop.chat_members (tenant_id, room_id, person, role, joined_at)
     select 'acme', room, person, 'member', now() from unnest($1::text[], $2::text[]) as m (room, person)`,
    [guests.map((_, n) => rooms[Math.floor(n / perRoom)]), guests.map((token) => guestOf('acme', token))],
  );
  await admin.query('analyze');
  return { rooms, guests };
}

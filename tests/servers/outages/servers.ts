/** The servers behind a shop, each under one hand: it goes away in one of three ways, and comes back. */
import { freeze } from '../process.ts';
import type { RealShop } from '../real-shop.ts';
import { withDatabase } from '../../support/cluster.ts';
import { processTree, type ProcessInfo } from '../../support/processes.ts';
import { until } from '../../support/wait.ts';

/** `kill -9`, and back after a while; frozen with its connections open, and thawed; ended in good order, and started. */
export const FAULTS = ['kill', 'pause', 'restart'] as const;
export type Fault = (typeof FAULTS)[number];

export interface Server {
  readonly name: string;
  /** Resolves when it is gone, or stands still. */
  takeAway(fault: Fault): Promise<void>;
  /** Resolves when it serves. */
  bringBack(fault: Fault): Promise<void>;
}

/** What the servers of tests/servers have in common. */
interface Program {
  kill(): Promise<void>;
  start(): Promise<void>;
  restart(): Promise<void>;
  pause(): Promise<void>;
  resume(): void;
}

export function serversOf(real: RealShop): readonly Server[] {
  return [
    podOf(real, 'PostgreSQL', /postgres(?!\.ts)\S* -D /, 'SIGINT', () =>
      withDatabase(real.client, async (db) => void (await db.query('select 1'))),
    ),
    program('Kafka', real.kafka),
    program('RabbitMQ', real.rabbit),
    program('Redis cluster', real.redis),
    program('one node of Redis', nodeOf(real)),
    program('MinIO', real.minio),
    podOf(real, 'payment processor', /payments\/processor\/main\.ts/, 'SIGTERM', async () => {
      const { status } = await real.installation.shop('pay.localhost')('GET', '/', { timeoutMs: 1_000 });
      if (status >= 500) throw new Error(`it answers ${status}`);
    }),
  ];
}

function program(name: string, server: Program): Server {
  return {
    name,
    async takeAway(fault) {
      if (fault === 'kill') await server.kill();
      if (fault === 'pause') await server.pause();
      // Going and coming are one command.
      if (fault === 'restart') await server.restart();
    },
    async bringBack(fault) {
      if (fault === 'kill') await server.start();
      if (fault === 'pause') server.resume();
    },
  };
}

/** The cluster goes on without its slots, which are a third of all keys. */
function nodeOf({ redis }: RealShop): Program {
  const [node] = redis.nodes;
  if (node === undefined) throw new Error('the cluster has no node');
  return {
    ...node,
    async restart() {
      await node.end();
      await node.start();
    },
  };
}

/** A Pod's program, which the cluster starts again by itself: nobody decides how long it is away. */
function podOf(
  real: RealShop,
  name: string,
  command: RegExp,
  gentle: NodeJS.Signals,
  serves: () => Promise<void>,
): Server {
  const members = async (): Promise<readonly ProcessInfo[]> => {
    const all = await processTree(real.installation.pid);
    const first = all.find((each) => command.test(each.command));
    return first === undefined ? [] : processTree(first.pid);
  };
  return {
    name,
    async takeAway(fault) {
      const found = await members();
      const [first] = found;
      if (first === undefined) throw new Error(`${name} does not run`);
      if (fault === 'kill') process.kill(first.pid, 'SIGKILL');
      if (fault === 'restart') process.kill(first.pid, gentle);
      // The first one before its children, so that it makes no more of them.
      if (fault === 'pause') for (const { pid } of found) await freeze(pid);
      else
        await until(async () => ((await isRunning(first)) ? undefined : true), {
          withinMs: 30_000,
          what: `${name} is gone`,
        });
    },
    async bringBack(fault) {
      if (fault === 'pause') for (const { pid } of await members()) process.kill(pid, 'SIGCONT');
      await until(
        async () => {
          await serves();
          return true;
        },
        { withinMs: 120_000, what: `${name} serves` },
      );
    },
  };
}

async function isRunning({ pid, command }: ProcessInfo): Promise<boolean> {
  const [found] = await processTree(pid);
  return found?.command === command;
}

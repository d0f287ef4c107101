/**
 * A way into Redis, one server or a cluster, for what may fail without harm: each question is answered within a short time or not at
 * all, and while Redis is known to be away nobody waits for it. The client reconnects by itself.
 */
import { Cluster, Redis } from 'ioredis';
import { parseAddress } from '../address/index.ts';
import { createCircuit, type CircuitWatch } from '../circuit/circuit.ts';

/** What both kinds of client have. */
export type RedisClient = Redis | Cluster;

export interface RedisConnection {
  /** The answer, or undefined when there is none in time. Never rejects. */
  attempt<T>(work: (client: RedisClient) => Promise<T>): Promise<T | undefined>;
  /** For subscriptions, which a client keeps through reconnections. @param heard of every channel that is subscribed to */
  subscriber(heard: (channel: string, message: string) => void): RedisClient;
  close(): Promise<void>;
}

export interface RedisOptionsHere {
  /** `redis://user:password@one:6379,two:6379`: several servers, or `?cluster=true`, are a cluster. */
  readonly address: string;
  /** Milliseconds that a question may take. Default 100. */
  readonly withinMs?: number;
  /** Told when Redis begins to fail, and when it has answered again. */
  readonly watch?: CircuitWatch;
  /** Milliseconds of a steady clock; tests replace it. */
  readonly now?: () => number;
}

/** Failures in a row after which Redis is taken to be away. */
const FAILURES = 3;
/** How long nobody asks then; afterwards one question at a time finds out. */
const REST_MS = 500;

/** Opens the connection in the background; throws only for an address that cannot be one. */
export function openRedis({
  address,
  withinMs = 100,
  watch,
  now = () => performance.now(),
}: RedisOptionsHere): RedisConnection {
  const opened: RedisClient[] = [];
  const circuit = createCircuit({
    failures: FAILURES,
    restMilliseconds: REST_MS,
    now,
    ...(watch === undefined ? {} : { watch }),
  });

  const open = (options: { readonly subscriber: boolean }): RedisClient => {
    const client = connect(address, options);
    // It reconnects by itself; what a question needs to know, the question finds out.
    client.on('error', () => undefined);
    opened.push(client);
    return client;
  };
  const main = open({ subscriber: false });

  return {
    async attempt(work) {
      if (!circuit.admits()) return undefined;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${withinMs} ms`)), withinMs);
      });
      try {
        const answer = await Promise.race([work(main), late]);
        circuit.succeeded();
        return answer;
      } catch (error) {
        circuit.failed(error);
        return undefined;
      } finally {
        clearTimeout(timer);
      }
    },
    subscriber(heard) {
      const client = open({ subscriber: true });
      client.on('smessage', heard);
      return client;
    },
    async close() {
      for (const client of opened) client.disconnect();
    },
  };
}

function connect(text: string, { subscriber }: { readonly subscriber: boolean }): RedisClient {
  const { scheme, user, password, servers, options } = parseAddress(text, 6379);
  if (scheme !== 'redis' && scheme !== 'rediss')
    throw new Error('a Redis is named as redis://[user:password@]host[:port][,…]');
  const common = {
    connectTimeout: 2_000,
    // It would tell the server its version, which a scope's login may not.
    disableClientInfo: true,
    // Notices a connection whose other end is gone without a word.
    keepAlive: 10_000,
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    ...(scheme === 'rediss' ? { tls: {} } : {}),
  };
  const delay = (times: number): number => Math.min(50 * 2 ** Math.min(times, 6), 2_000);
  const [first = { host: '127.0.0.1', port: 6379 }] = servers;
  if (servers.length > 1 || options['cluster'] === 'true') {
    return new Cluster([...servers], {
      redisOptions: common,
      clusterRetryStrategy: delay,
      // A node that restarts is the same node.
      clusterNodeRetryStrategy: delay,
      slotsRefreshTimeout: 1_000,
      slotsRefreshInterval: 5_000,
      maxRedirections: 4,
      enableOfflineQueue: subscriber,
      shardedSubscribers: subscriber,
    });
  }
  return new Redis({
    ...common,
    ...first,
    retryStrategy: delay,
    enableOfflineQueue: subscriber,
    maxRetriesPerRequest: subscriber ? null : 0,
  });
}

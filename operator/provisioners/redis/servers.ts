/** A Redis, one server or a cluster, as its administrator sees it: each node by itself, since each keeps users of its own. */
import { Redis } from 'ioredis';
import type { Address } from '../../../runtime/platform/address/index.ts';

export interface RedisServer {
  /** `127.0.0.1:7000`. */
  readonly name: string;
  readonly redis: Redis;
}

export interface Servers {
  /** Every node, replicas too. Rejects when one of them does not answer: what is done must be done on all. */
  all(): Promise<readonly RedisServer[]>;
  /** Those that keep keys, with the slots of each; a server alone has none. */
  masters(): Promise<readonly (RedisServer & { readonly isCluster: boolean })[]>;
  end(): void;
}

interface NodeInfo {
  readonly name: string;
  readonly master: boolean;
}

/** Milliseconds that a command may take. */
const ANSWER_MS = 5_000;

/** Connects when it is first asked. */
export function openServers(address: Address): Servers {
  const clients = new Map<string, Redis>();

  function clientOf(name: string): Redis {
    const known = clients.get(name);
    if (known !== undefined) return known;
    const colon = name.lastIndexOf(':');
    const redis = new Redis({
      host: name.slice(0, colon),
      port: Number(name.slice(colon + 1)),
      ...(address.user === undefined ? {} : { username: address.user }),
      ...(address.password === undefined ? {} : { password: address.password }),
      ...(address.scheme === 'rediss' ? { tls: {} } : {}),
      connectTimeout: 3_000,
      commandTimeout: ANSWER_MS,
      maxRetriesPerRequest: 1,
      retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 2_000),
    });
    // Whoever asks hears of it from the question.
    redis.on('error', () => undefined);
    clients.set(name, redis);
    return redis;
  }

  /** From the first of the named servers that answers; only with none is there nothing to be known. */
  async function nodes(): Promise<readonly NodeInfo[]> {
    let failure: unknown;
    for (const { host, port } of address.servers) {
      const name = `${host}:${port}`;
      try {
        const info = String(await clientOf(name).call('INFO', 'cluster'));
        if (!/cluster_enabled:1/.test(info)) return [{ name, master: true }];
        return parseNodes(String(await clientOf(name).call('CLUSTER', 'NODES')));
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  return {
    async all() {
      return (await nodes()).map(({ name }) => ({ name, redis: clientOf(name) }));
    },
    async masters() {
      const found = await nodes();
      return found
        .filter(({ master }) => master)
        .map(({ name }) => ({ name, redis: clientOf(name), isCluster: found.length > 1 }));
    },
    end() {
      for (const redis of clients.values()) redis.disconnect();
    },
  };
}

/** `id 127.0.0.1:7000@17000,host myself,master - 0 0 1 connected 0-5460`, a node a line. Those that were forgotten are left out. */
export function parseNodes(text: string): readonly NodeInfo[] {
  const nodes = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => {
      const [, place = '', flags = ''] = line.split(' ');
      const name = place.split('@')[0] ?? '';
      // A node without an address is one that others have given up.
      if (name.startsWith(':') || /noaddr|handshake/.test(flags)) return [];
      return [{ name, master: flags.split(',').includes('master') }];
    });
  return nodes.toSorted((a, b) => a.name.localeCompare(b.name));
}

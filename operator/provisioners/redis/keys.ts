/** Keys below a prefix, on the nodes that keep them: looked through in steps, so that no step holds the server for long. */
import { keyPrefix } from '../../../runtime/platform/names/index.ts';
import type { RedisServer } from './servers.ts';

export interface TenantUsage {
  readonly tenant: string;
  readonly keys: number;
  readonly bytes: number;
  /** Bytes; absent: nobody set one. */
  readonly budget?: number;
}

interface FoundKeys {
  readonly redis: RedisServer['redis'];
  readonly keys: readonly string[];
}

/** Keys looked at in one step. */
const STEP = 1_000;
const MEBIBYTE = 1024 * 1024;

/** All keys below the prefix, a step at a time; one may come twice. */
export async function* keysWith({ redis }: RedisServer, prefix: string): AsyncGenerator<FoundKeys> {
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${escaped(prefix)}*`, 'COUNT', STEP);
    cursor = next;
    if (keys.length > 0) yield { redis, keys };
  } while (cursor !== '0');
}

/** @returns how many went */
export async function removeKeys(server: RedisServer, prefix: string, mayAct: () => void): Promise<number> {
  let count = 0;
  for await (const { redis, keys } of keysWith(server, prefix)) {
    mayAct();
    // Each by itself: in a cluster one command names keys of one slot only.
    const answers = await redis.pipeline(keys.map((key) => ['unlink', key])).exec();
    for (const [error, removed] of answers ?? []) {
      if (error !== null) throw error;
      count += Number(removed);
    }
  }
  return count;
}

/** Sums of what the server says each key takes, by tenant. */
export async function usageOf(
  found: readonly AsyncGenerator<FoundKeys>[],
  scope: string,
  budgets: Readonly<Record<string, number>>,
): Promise<readonly TenantUsage[]> {
  const sums = new Map<string, { keys: number; bytes: number }>();
  for (const pages of found) {
    for await (const { redis, keys } of pages) {
      const sizes = await redis.pipeline(keys.map((key) => ['memory', 'usage', key])).exec();
      for (const [index, key] of keys.entries()) {
        const [error, size] = sizes?.[index] ?? [null, null];
        if (error !== null) throw error;
        const tenant = tenantOf(scope, key);
        // Gone since it was listed, or of no tenant.
        if (tenant === undefined || typeof size !== 'number') continue;
        const sum = sums.get(tenant) ?? { keys: 0, bytes: 0 };
        sums.set(tenant, { keys: sum.keys + 1, bytes: sum.bytes + size });
      }
    }
  }
  return [...sums]
    .map(([tenant, sum]) => {
      const budget = budgets[tenant];
      return { tenant, ...sum, ...(budget === undefined ? {} : { budget: budget * MEBIBYTE }) };
    })
    .toSorted((a, b) => b.bytes - a.bytes || a.tenant.localeCompare(b.tenant));
}

/** Whose a key is: what `keyPrefix` put there. */
function tenantOf(scope: string, key: string): string | undefined {
  const tenant = /^[^:]+:\{([^}]+)\}:/.exec(key)?.[1];
  return tenant !== undefined && key.startsWith(keyPrefix(scope, tenant)) ? tenant : undefined;
}

/** A prefix as a pattern that matches itself only. */
function escaped(prefix: string): string {
  return prefix.replaceAll(/[\\*?[\]^]/g, '\\$&');
}

/** The cache port on Redis: one for all processes of a scope. A Redis that is slow or away is a miss, never an error or a wait. */
import { keyPrefix } from '../names/index.ts';
import type { Cache } from '../ports.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { checkedTenantId } from '../tenant-id.ts';

/** A value is read and written in one piece, by a server that does nothing else meanwhile. */
const LARGEST = 1_000_000;

/** @param scope begins every key, and is all that the login may touch */
export function createRedisCache(redis: RedisConnection, scope: string): Cache {
  const keyOf = (tenant: string, key: string): string =>
    `${keyPrefix(scope, checkedTenantId(tenant))}c:${key}`;
  return {
    async get(tenant, key) {
      const full = keyOf(tenant, key);
      return (await redis.attempt((client) => client.get(full))) ?? undefined;
    },
    async set(tenant, key, value, ttlSeconds) {
      const full = keyOf(tenant, key);
      // What was there must not outlive what should have replaced it.
      if (value.length > LARGEST) await redis.attempt((client) => client.unlink(full));
      else
        await redis.attempt((client) =>
          client.set(full, value, 'PX', Math.max(1, Math.round(ttlSeconds * 1_000))),
        );
    },
    async delete(tenant, key) {
      const full = keyOf(tenant, key);
      await redis.attempt((client) => client.unlink(full));
    },
  };
}

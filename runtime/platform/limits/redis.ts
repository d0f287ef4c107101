/** The rate-limits port on Redis: all processes of a scope take from the same buckets, by the clock of the server. */
import { keyPrefix } from '../names/index.ts';
import type { RateLimits } from '../ports.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { checkedTenantId } from '../tenant-id.ts';
import { WINDOW_MS } from './gcra.ts';
import type { MemoryLimits } from './memory.ts';

/** `takeToken` of gcra.ts, within the server, so that nobody comes between reading and writing. Answers the milliseconds to wait. */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local next = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + ARGV[2] / ARGV[1]
local late = next - now - ARGV[2]
if late > 0.001 then return math.ceil(late) end
redis.call('SET', KEYS[1], string.format('%.3f', next), 'PX', math.ceil(next - now))
return 0`;

/** @param alone counts while Redis is away */
export function createRedisLimits(redis: RedisConnection, scope: string, alone: MemoryLimits): RateLimits {
  return {
    async take(tenant, name, most, per = 'minute') {
      const key = `${keyPrefix(scope, checkedTenantId(tenant))}r:${name}`;
      const late = await redis.attempt((client) => client.eval(TAKE, 1, key, most, WINDOW_MS[per]));
      if (typeof late !== 'number') return alone.takeNow(tenant, name, most, per);
      return late === 0 ? 0 : Math.max(1, Math.ceil(late / 1_000));
    },
  };
}

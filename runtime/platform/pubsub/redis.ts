/**
 * The pub/sub port on Redis: sharded channels (7.0), which go through the one node that keeps the tenant's keys, not through all.
 * The client subscribes again by itself after a reconnection.
 */
import { keyPrefix } from '../names/index.ts';
import type { PubSub } from '../ports.ts';
import type { RedisClient, RedisConnection } from '../redis/connection.ts';
import { checkedTenantId } from '../tenant-id.ts';
import { checkMessage, createChannels } from './channels.ts';

export interface RedisPubSubOptions {
  readonly redis: RedisConnection;
  readonly scope: string;
  /** A listener threw. */
  readonly onError: (error: unknown) => void;
}

export function createRedisPubSub({ redis, scope, onError }: RedisPubSubOptions): PubSub {
  const channels = createChannels(onError);
  const nameOf = (tenant: string, channel: string): string =>
    `${keyPrefix(scope, checkedTenantId(tenant))}p:${channel}`;
  let ear: RedisClient | undefined;

  return {
    // The login of each scope is let into its own channels only.
    isPrivate: true,
    async publish(tenant, channel, message) {
      checkMessage(message);
      const name = nameOf(tenant, channel);
      await redis.attempt((client) => client.spublish(name, message));
    },
    async subscribe(tenant, channel, heard) {
      const name = nameOf(tenant, channel);
      ear ??= redis.subscriber((from, message) => channels.tell(from, message));
      const { first, remove } = channels.add(name, heard);
      if (first) await ear.ssubscribe(name);
      return async () => {
        if (remove()) await ear?.sunsubscribe(name);
      };
    },
    close: () => Promise.resolve(),
  };
}

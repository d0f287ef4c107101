/** Ports that keep their contracts badly: what pub/sub may do to messages, and what a database that goes away does to commits. */
import { ShopError } from '../../../platform/errors.ts';
import type { PubSub, Sql } from '../../../platform/ports.ts';

/** Says yes with this probability. */
export type Chance = (probability: number) => boolean;

/** Loses, doubles and turns over what it carries. */
export function unreliablePubSub(pubsub: PubSub, chance: Chance): PubSub {
  let held: (() => void) | undefined;
  return {
    ...pubsub,
    async publish(tenant, channel, message) {
      if (chance(0.2)) return;
      if (held === undefined && chance(0.2)) {
        held = () => void pubsub.publish(tenant, channel, message).catch(() => undefined);
        return;
      }
      await pubsub.publish(tenant, channel, message);
      if (chance(0.1)) await pubsub.publish(tenant, channel, message);
      held?.();
      held = undefined;
    },
  };
}

/** Fails before a transaction, or after its commit, when nobody can tell whether it took place. */
export function unreliableSql(sql: Sql, chance: Chance): Sql {
  const away = (): ShopError => new ShopError('unavailable', 'The database is away.');
  return {
    ...sql,
    async transaction(tenant, work) {
      if (chance(0.1)) throw away();
      const result = await sql.transaction(tenant, work);
      if (chance(0.1)) throw away();
      return result;
    },
  };
}

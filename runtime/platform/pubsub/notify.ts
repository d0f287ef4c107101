/** The pub/sub port on NOTIFY of PostgreSQL: one channel a scope, whose processes pick out what they listen to. */
import { z } from 'zod';
import type { PubSub } from '../ports.ts';
import type { PostgresSql } from '../sql/postgres.ts';
import { checkedTenantId } from '../tenant-id.ts';
import { checkMessage, createChannels } from './channels.ts';

const Envelope = z.tuple([z.string(), z.string(), z.string()]);

export interface NotifyPubSubOptions {
  readonly sql: Pick<PostgresSql, 'notify' | 'listen'>;
  readonly scope: string;
  /** A listener threw. */
  readonly onError: (error: unknown) => void;
}

export function createNotifyPubSub({ sql, scope, onError }: NotifyPubSubOptions): PubSub {
  const channels = createChannels(onError);
  const ours = `pubsub_${scope}`;
  const idOf = (tenant: string, channel: string): string => `${checkedTenantId(tenant)}\0${channel}`;
  let listening: Promise<void> | undefined;

  return {
    async publish(tenant, channel, message) {
      checkMessage(message);
      await sql.notify(ours, JSON.stringify([checkedTenantId(tenant), channel, message]));
    },
    async subscribe(tenant, channel, heard) {
      const { remove } = channels.add(idOf(tenant, channel), heard);
      listening ??= sql.listen(ours, (payload) => {
        const [whose, what, message] = Envelope.parse(JSON.parse(payload));
        channels.tell(idOf(whose, what), message);
      });
      await listening;
      return async () => void remove();
    },
    // The connection is the database's.
    close: () => Promise.resolve(),
  };
}

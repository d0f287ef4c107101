/** The pub/sub port on NOTIFY of PostgreSQL: one channel a scope, whose processes pick out what they listen to. */
import { z } from 'zod';
import type { PubSub } from '../ports.ts';
import type { PostgresSql } from '../sql/postgres.ts';
import { checkedTenantId, isTenantId } from '../tenant-id.ts';
import { checkMessage, createChannels } from './channels.ts';

const Envelope = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'no JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.tuple([z.string().refine(isTenantId), z.string(), z.string()]));

export interface NotifyPubSubOptions {
  readonly sql: Pick<PostgresSql, 'notify' | 'listen'>;
  readonly scope: string;
  /** A listener threw, or what was heard is no message of ours. */
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
        // Whoever may enter the database may notify any channel.
        const said = Envelope.safeParse(payload);
        if (!said.success) return onError(said.error);
        const [whose, what, message] = said.data;
        channels.tell(idOf(whose, what), message);
      });
      await listening;
      return async () => void remove();
    },
    // The connection is the database's.
    close: () => Promise.resolve(),
  };
}

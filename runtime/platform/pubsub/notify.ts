/** The pub/sub port on NOTIFY of PostgreSQL: one channel a scope, whose processes pick out what they listen to. */
import { z } from 'zod';
import { ShopError } from '../errors.ts';
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

/** Messages that wait for the server: what nobody can be told in time is not worth its memory. */
const MOST_WAITING = 2_000;

export function createNotifyPubSub({ sql, scope, onError }: NotifyPubSubOptions): PubSub {
  const channels = createChannels(onError);
  const ours = `pubsub_${scope}`;
  const idOf = (tenant: string, channel: string): string => `${checkedTenantId(tenant)}\0${channel}`;
  let listening: Promise<void> | undefined;
  let waiting: string[] = [];
  let last: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;

  /** What is said while the last statement is under way goes with the next one: a statement is a commit, whose locks are everybody's. */
  function send(): Promise<void> {
    next ??= last = last
      .catch(() => undefined)
      .then(() => {
        const said = waiting;
        waiting = [];
        next = undefined;
        return sql.notify(ours, ...said);
      });
    return next;
  }

  return {
    isPrivate: false,
    async publish(tenant, channel, message) {
      checkMessage(message);
      const said = JSON.stringify([checkedTenantId(tenant), channel, message]);
      if (waiting.length >= MOST_WAITING)
        throw new ShopError('unavailable', 'Other processes cannot be told at the moment.');
      waiting.push(said);
      await send();
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

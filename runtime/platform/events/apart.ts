/**
 * Events of different keys at once, in one transaction: what their handlers ask the database for goes in one write, and not each in a write of
 * its own. For handlers that decide by one statement, or by rows of their key alone: two that read a row before they write it would both see it as
 * it was, for a transaction does not lock its rows against itself.
 */
import type { EventHandler, StoredEvent, Transaction } from '../ports.ts';

/** Those of one key one after the other. @throws what failed first, after all have ended: nobody goes on in a transaction that is rolled back */
export async function handleApart(
  events: readonly StoredEvent[],
  handler: EventHandler,
  tx: Transaction,
): Promise<void> {
  let failed: { readonly error: unknown } | undefined;
  const lanes = Map.groupBy(events, ({ topic, key }) => `${topic} ${key}`);
  await Promise.all(
    lanes.values().map(async (lane) => {
      try {
        for (const event of lane) {
          if (failed !== undefined) return;
          await handler(event, tx);
        }
      } catch (error) {
        failed ??= { error };
      }
    }),
  );
  if (failed !== undefined) throw failed.error;
}

/**
 * What holds in any history of any order, whatever was raced, doubled, turned over and killed on the way: its row is what the entries of its
 * journal come to, and each step is one that there is.
 */
import assert from 'node:assert/strict';
import type { Pool, QueryResultRow } from 'pg';
import type { Reader } from '../carts.ts';
import { differences, replay } from '../journal/replay.ts';
import { readJournals, type StoredEntry } from '../journal/store.ts';

/** @param admin sees every tenant's rows */
export async function assertJournalsAgree(admin: Pool, tenant: string): Promise<void> {
  const client = await admin.connect();
  try {
    await client.query('set search_path to shop, public');
    const reader: Reader = {
      async query<Row>(text: string, values: Parameters<Reader['query']>[1]) {
        const { rows, rowCount } = await client.query<QueryResultRow>(text, [...(values ?? [])]);
        return { rows: rows as Row[], rowCount: rowCount ?? 0 }; // whoever asks names the type of its rows
      },
    };
    for (let after: string | undefined = ''; after !== undefined;) {
      const found = await readJournals(reader, tenant, after, 200);
      for (const { orderId, row, entries } of found) {
        assert.deepEqual(stepsOutside(entries), [], `the history of ${orderId}`);
        const facts = replay(entries);
        assert.ok(facts, `the journal of ${orderId} does not go back to its beginning`);
        assert.deepEqual(differences(facts, row), [], `${orderId} is not what its journal says`);
      }
      after = found.at(-1)?.orderId;
    }
  } finally {
    client.release(true);
  }
}

/** Written down once more, so that it is not the machine that says of itself that it is right. */
const STEPS: ReadonlySet<string> = new Set([
  'pending_payment authorized',
  'pending_payment cancelled',
  'pending_payment expired',
  'expired authorized',
  'expired cancelled',
  'authorized confirmed',
  'authorized cancelled',
  'confirmed partially_fulfilled',
  'confirmed fulfilled',
  'confirmed partially_refunded',
  'confirmed refunded',
  'confirmed cancelled',
  'partially_fulfilled fulfilled',
  'partially_fulfilled delivered',
  'partially_fulfilled partially_refunded',
  'partially_fulfilled refunded',
  'fulfilled delivered',
  'fulfilled partially_refunded',
  'fulfilled refunded',
  // Goods of an exchange leave again.
  'fulfilled partially_fulfilled',
  'delivered partially_fulfilled',
  'delivered partially_refunded',
  'delivered refunded',
  'partially_refunded refunded',
  'partially_refunded cancelled',
  // A refund failed later.
  'refunded partially_refunded',
]);
/** How a payment goes; it never comes back from where it was taken or given up. */
const PAYMENT = ['none', 'pending', 'authorized', 'captured'];
/** An order that is paid otherwise, or costs nothing, is confirmed as it is placed. */
const BEGINNINGS: ReadonlySet<unknown> = new Set([undefined, 'pending_payment', 'confirmed']);

/** What of a history cannot be, in words: nothing, if all is well. */
function stepsOutside(entries: readonly StoredEntry[]): readonly string[] {
  const faults: string[] = [];
  let status = 'pending_payment';
  let payment = 'none';
  for (const [index, { sequence, change }] of entries.entries()) {
    const next = change?.['status'];
    if (index === 0 && !BEGINNINGS.has(next)) faults.push(`it begins as ${String(next)}`);
    else if (index > 0 && typeof next === 'string' && next !== status && !STEPS.has(`${status} ${next}`))
      faults.push(`${status} became ${next} (entry ${sequence})`);
    if (typeof next === 'string') status = next;
    const paid = change?.['payment'];
    if (typeof paid !== 'string') continue;
    const isBack = payment === 'cancelled' || PAYMENT.indexOf(paid) < PAYMENT.indexOf(payment);
    if (paid !== payment && (paid === 'cancelled' ? payment === 'captured' : isBack))
      faults.push(`the payment was ${payment} and became ${paid} (entry ${sequence})`);
    payment = paid;
  }
  return faults;
}

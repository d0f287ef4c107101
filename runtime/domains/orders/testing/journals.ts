/** What holds in any history of any order: its row is what the entries of its journal come to. */
import assert from 'node:assert/strict';
import type { Pool, QueryResultRow } from 'pg';
import type { Reader } from '../carts.ts';
import { differences, replay } from '../journal/replay.ts';
import { readJournals } from '../journal/store.ts';

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

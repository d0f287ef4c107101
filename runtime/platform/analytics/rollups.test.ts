/** The analytics port in the database: the contract, and that what has served its time goes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { manualClock, systemClock } from '../clock.ts';
import { analyticsContract, FACTS } from '../contract/analytics.ts';
import type { PostgresSql } from '../sql/postgres.ts';
import { FACT_DAYS, ROLLUP_DAYS } from './index.ts';
import { createRollups } from './rollups.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

let database: TestDatabase;
let sql: PostgresSql;

before(async () => {
  database = await startTestDatabase([]);
  sql = database.open({ connections: 4 });
});
after(() => database.stop());

analyticsContract('analytics in the database', () =>
  createRollups({ sql, clock: systemClock, facts: FACTS }),
);

test('facts go after their days and their sums after theirs; those of another tenant stay', async () => {
  const clock = manualClock(new Date('2026-01-01T00:00:00Z'));
  const analytics = createRollups({ sql, clock, facts: FACTS });
  const seen = { kind: 'view', at: clock.now(), subject: '', session: '', dimensions: {}, measures: {} };
  for (const tenant of ['old', 'other']) await analytics.append(tenant, { id: 'b', facts: [seen] });
  const count = async (table: string): Promise<unknown> =>
    (
      await database.admin.query(
        `SELECT tenant_id FROM shop.${table} WHERE tenant_id IN ('old', 'other') ORDER BY 1`,
      )
    ).rows.map((row: { tenant_id: string }) => row.tenant_id);

  clock.advance(FACT_DAYS * DAY_MS + 1);
  await analytics.tidy?.('old');
  assert.deepEqual([await count('facts'), await count('fact_rollups')], [['other'], ['old', 'other']]);
  clock.advance((ROLLUP_DAYS - FACT_DAYS) * DAY_MS);
  await analytics.tidy?.('old');
  assert.deepEqual(await count('fact_rollups'), ['other']);
});

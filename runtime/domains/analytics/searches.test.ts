/** Searches in the database: what they cost to tell of, and that clicks are told however rarely a search was clicked. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { createRollups } from '../../platform/analytics/rollups.ts';
import { manualClock } from '../../platform/clock.ts';
import type { Fact, Sql } from '../../platform/ports.ts';
import { FACTS } from './facts.ts';
import { searchesQuery } from './schemas.ts';
import { searchesOf } from './searches.ts';

const TENANT = 'counted';
const clock = manualClock(new Date('2026-11-27T12:00:00Z'));
/** More than a store tells of at once. */
const OTHERS = 120;

let database: TestDatabase;
before(async () => {
  database = await startTestDatabase([]);
});
after(() => database.stop());

test('fifty searches that others were clicked more often than are told of in five statements, each with its clicks', async () => {
  const sql = database.open({ connections: 2 });
  const statements: string[] = [];
  const counting: Sql = {
    ...sql,
    query(tenant, text, values) {
      statements.push(text);
      return sql.query(tenant, text, values);
    },
  };
  const analytics = createRollups({ sql: counting, clock, facts: FACTS });
  const fact = (kind: string, query: string, measures: Fact['measures']): Fact => ({
    kind,
    at: new Date('2026-11-26T12:00:00Z'),
    subject: '',
    session: '',
    dimensions: { query },
    measures,
  });
  const times = <T>(count: number, of: (n: number) => readonly T[]): T[] =>
    Array.from({ length: count }, (_, n) => of(n)).flat();
  await analytics.append(TENANT, {
    id: 'b',
    facts: [
      ...times(50, (n) =>
        times(3, () => [fact('search', `asked ${n}`, { results: 4, empty: 0 })]).concat(
          fact('click', `asked ${n}`, { place: n + 1 }),
        ),
      ),
      ...times(OTHERS, (n) =>
        times(2, () => [fact('click', `clicked ${n}`, { place: 1 })]).concat(
          fact('search', `clicked ${n}`, { results: 1, empty: 0 }),
        ),
      ),
    ],
  });
  const told = await searchesOf({ analytics, clock }, { id: TENANT }, searchesQuery.parse({ limit: 50 }));
  assert.equal(statements.length, 5, statements.join('\n'));
  assert.deepEqual(
    new Map(told.queries.map(({ query, clicks, averagePlace }) => [query, [clicks, averagePlace]])),
    new Map(times(50, (n) => [[`asked ${n}`, [1, n + 1]]])),
  );
});

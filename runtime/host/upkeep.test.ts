import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { startTestDatabase, type TestDatabase } from '../../tests/support/database.ts';
import { systemClock } from '../platform/clock.ts';
import { startUpkeep, tidy } from './upkeep.ts';

let database: TestDatabase;
before(async () => {
  database = await startTestDatabase([]);
});
after(() => database.stop());

test('old events go, but not the newest of a key, nor what a consumer has still to read, nor another tenant’s', async () => {
  const sql = database.open();
  await database.admin.query(
    `INSERT INTO shop.event_log (tenant_id, position, id, topic, type, key, payload, occurred_at)
     SELECT t, n, t || n, 'x.thing', 'x.thing.done', 'k' || n % 2, '{}', now() - interval '30 days' FROM unnest('{a,b}'::text[]) t, generate_series(1, 10) n;
     INSERT INTO shop.consumer_positions VALUES ('a', 'fast', 10), ('a', 'slow', 6), ('b', 'fast', 10)`,
  );
  await tidy({ sql, clock: systemClock }, 'a');
  const { rows } = await database.admin.query<{ tenant_id: string; position: string }>(
    'SELECT tenant_id, position FROM shop.event_log ORDER BY 1, 2',
  );
  assert.deepEqual(
    rows.filter((row) => row.tenant_id === 'a').map(({ position }) => Number(position)),
    [7, 8, 9, 10],
  );
  assert.equal(rows.filter((row) => row.tenant_id === 'b').length, 10);
});

test('a tenant in whom something is wrong keeps no other from being tidied', async () => {
  const tidied = Promise.withResolvers<string>();
  const told = Promise.withResolvers<unknown>();
  const tidyFacts = (id: string): Promise<void> =>
    id === 'sick' ? Promise.reject(new Error('It is sick.')) : Promise.resolve(tidied.resolve(id));
  const upkeep = startUpkeep({
    sql: { batch: () => Promise.resolve([]) },
    clock: systemClock,
    log: pino({ level: 'warn' }, { write: (line: string) => told.resolve(JSON.parse(line)) }),
    tenants: { list: () => Promise.resolve([{ id: 'sick' }, { id: 'well' }]) },
    analytics: { tidy: tidyFacts },
    pictures: { tidy: () => Promise.resolve() },
    serves: () => true,
    everyMilliseconds: 1,
  });
  // Its timer keeps no process alive.
  const awake = setInterval(() => undefined, 1_000);
  try {
    assert.equal(await tidied.promise, 'well');
    assert.match(JSON.stringify(await told.promise), /"tenant":"sick"/);
  } finally {
    clearInterval(awake);
    upkeep.close();
  }
});

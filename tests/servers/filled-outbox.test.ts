/** What waits in an outbox, an inbox and among the parked when the tables change their form is there afterwards, in its order. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Client } from 'pg';
import { keyOf, linesOf } from '../../runtime/platform/events/outbox.ts';
import { startPostgres } from './postgres.ts';

const FOLDER = new URL('../../runtime/platform/sql/migrations/', import.meta.url);

test('a filled outbox of rows an event becomes one of flights, and loses neither events nor places nor what is parked', async () => {
  const server = await startPostgres();
  const client = new Client({ connectionString: server.adminUrl });
  await client.connect();
  try {
    const files = (await readdir(FOLDER)).toSorted();
    const run = async (from: string, to: string): Promise<void> => {
      for (const file of files)
        if (file >= from && file < to) await client.query(await readFile(new URL(file, FOLDER), 'utf8'));
    };
    await client.query('create extension if not exists pg_trgm');
    await run('001', '007');
    await client.query(`
      insert into outbox (tenant_id, id, topic, type, key, payload, trace)
        select 't' || i % 3, 'evt_' || lpad(i::text, 6, '0'), 'x.thing', 'x.thing.done', E'k"\\\\' || i % 5, jsonb_build_object('n', i),
          case when i % 2 = 0 then 'trace-' || i end from generate_series(1, 3000) i;
      insert into event_log (tenant_id, position, id, topic, type, key, payload, occurred_at)
        values ('t0', 7, 'evt_parked', 'x.thing', 'x.thing.done', 'k', '{"n": 0}', now());
      insert into event_heads (tenant_id, position) select 't' || i, 7 from generate_series(0, 2) i;
      insert into parked_events (tenant_id, consumer, position, key, attempts, run_at) values ('t0', 'c', 7, 'k', 2, now());
      insert into inbox values ('t0', 'c', 'evt_000003', now())`);
    await run('007', '008');
    // As a relay of that release would have left them when it was killed.
    await client.query(`
      update promised_events set place = at + 1000, partitions = 4 where tenant_id = 't1' and id < 'evt_000100';
      update event_heads set placed = (select max(place) from promised_events) where tenant_id = 't1'`);
    const { rows: placed } = await client.query(
      `select at, id, place from promised_events where place is not null order by place`,
    );
    await run('008', '009');
    const { rows } = await client.query<{ tenant_id: string; events: string }>(
      'select tenant_id, events::text from promised_events order by at, id',
    );
    const read = rows.flatMap(({ tenant_id: tenant, events }) =>
      linesOf(events).map((line) => {
        const { key, rest } = keyOf(line);
        const { id, data, trace } = JSON.parse(`{"place":0${rest}`);
        return { tenant, id, key, n: data.n, trace };
      }),
    );
    assert.equal(read.length, 3000);
    for (const { tenant, id, key, n, trace } of read)
      assert.deepEqual(
        [tenant, id, key, trace],
        [
          `t${n % 3}`,
          `evt_${String(n).padStart(6, '0')}`,
          `k"\\${n % 5}`,
          n % 2 === 0 ? `trace-${n}` : undefined,
        ],
      );
    const { rows: flights } = await client.query(
      `select f.at, f.id, f.place from event_heads h, unnest(h.flight_at, h.flight_id, h.flight_place) as f (at, id, place)
        where h.tenant_id = 't1' order by f.place`,
    );
    assert.ok(placed.length > 0);
    assert.deepEqual(flights, placed);
    const { rows: parked } = await client.query('select event_id, attempts from parked_messages');
    assert.deepEqual(parked, [{ event_id: 'evt_parked', attempts: 2 }]);
  } finally {
    await client.end();
    await server.stop();
  }
});

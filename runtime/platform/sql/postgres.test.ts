import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { systemClock } from '../clock.ts';
import { sqlContract } from '../contract/sql.ts';
import { ShopError } from '../errors.ts';
import type { PromisedEvent } from '../events/outbox.ts';
import { createNewId } from '../ids.ts';
import { createPostgres, type PostgresSql } from './postgres.ts';

let database: TestDatabase;
let sql: PostgresSql;

before(async () => {
  database = await startTestDatabase([]);
  await database.admin
    .query(`CREATE TABLE shop.things (tenant_id text, id text, n bigint, at timestamptz, doc jsonb, tags text[], PRIMARY KEY (tenant_id, id));
    ALTER TABLE shop.things ENABLE ROW LEVEL SECURITY; ALTER TABLE shop.things FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON shop.things USING (tenant_id = current_setting('app.tenant', true)) WITH CHECK (tenant_id = current_setting('app.tenant', true));
    GRANT ALL ON shop.things TO shop_runtime`);
  sql = open();
});
after(() => database.stop());

const open = () => database.open({ connections: 4 });
const insert = 'INSERT INTO things (tenant_id, id, n, at, doc, tags) VALUES ($1, $2, $3, $4, $5, $6)';

test('a tenant neither sees, changes nor writes the rows of another', async () => {
  await sql.query('a', insert, ['a', 'mine', 1, null, null, null]);
  assert.equal((await sql.query('b', 'SELECT * FROM things')).rowCount, 0);
  assert.equal((await sql.query('b', 'UPDATE things SET n = 2')).rowCount, 0);
  assert.equal((await sql.query('b', 'DELETE FROM things')).rowCount, 0);
  await assert.rejects(sql.query('b', insert, ['a', 'theirs', 1, null, null, null]), /row-level security/);
  assert.equal((await sql.directory('SELECT * FROM things')).rowCount, 0);
  assert.equal((await sql.sweep('SELECT * FROM things')).rowCount, 0, 'a table without `sweep` stays closed');
});

test('a tenant’s name that could be SQL is refused before it is sent', async () => {
  for (const name of ['*', '', "a'; DROP TABLE things; --", 'A', 'a'.repeat(41), '-a']) {
    await assert.rejects(sql.query(name, 'SELECT 1'), { code: 'invalid_input' });
    await assert.rejects(
      sql.transaction(name, (tx) => tx.query('SELECT 1')),
      { code: 'invalid_input' },
    );
  }
});

test('a failed statement leaves the connection usable and the error says what it was', async () => {
  await sql.query('a', insert, ['a', 'once', 1, null, null, null]);
  for (let round = 0; round < 12; round++) {
    await assert.rejects(sql.query('a', insert, ['a', 'once', 1, null, null, null]), { code: 'conflict' });
    await assert.rejects(sql.query('a', 'SELEC 1'), { code: 'internal' });
    await assert.rejects(sql.query('a', 'SELECT $1::int AS n', ['no number']), { code: 'internal' });
    assert.equal((await sql.query<{ n: number }>('a', 'SELECT $1::int AS n', [7])).rows[0]?.n, 7);
  }
});

test('a transaction keeps all or nothing, and a swallowed failure does not commit', async () => {
  await assert.rejects(
    sql.transaction('a', async (tx) => {
      await tx.query(insert, ['a', 'half', 1, null, null, null]);
      await tx.emit({ topic: 't', type: 't.x', key: 'k', payload: {} });
      throw new ShopError('out_of_stock', 'none left');
    }),
    { code: 'out_of_stock' },
  );
  await assert.rejects(
    sql.transaction('a', async (tx) => {
      await tx.query(insert, ['a', 'half', 1, null, null, null]);
      await tx.query(insert, ['a', 'half', 1, null, null, null]).catch(() => undefined);
    }),
    { code: 'internal' },
  );
  const { rows } = await sql.query(
    'a',
    `SELECT id FROM things WHERE id = 'half' UNION ALL SELECT id FROM promised_events`,
  );
  assert.deepEqual(rows, []);
});

test('events and tasks commit with the rows they speak of', async () => {
  const committed: unknown[] = [];
  sql.onCommit((what) => committed.push(what));
  await sql.transaction('c', async (tx) => {
    await tx.query(insert, ['c', 'told', 1, null, null, null]);
    await tx.emit(
      { topic: 't', type: 't.x', key: 'k', payload: { n: 1 } },
      { topic: 't', type: 't.y', key: 'k', payload: { n: 2 } },
    );
    await tx.enqueue(
      { name: 'x.do', payload: { n: 1 }, key: 'one' },
      { name: 'x.do', payload: { n: 2 }, key: 'one' },
    );
  });
  assert.equal(committed.length, 1);
  const { rows } = await sql.query<{ topic: string; size: number; events: readonly PromisedEvent[] }>(
    'c',
    'SELECT topic, size, events FROM promised_events ORDER BY at, id',
  );
  assert.deepEqual(
    rows.map(({ topic, size, events }) => [
      topic,
      size,
      ...events.map(({ type, key, data }) => [type, key, data]),
    ]),
    [['t', 2, ['t.x', 'k', { n: 1 }], ['t.y', 'k', { n: 2 }]]],
  );
  const tasks = await sql.query<{ payload: unknown }>('c', 'SELECT payload FROM tasks');
  assert.deepEqual(tasks.rows, [{ payload: { n: 1 } }], 'a key waits once');
  assert.deepEqual((await sql.sweep('SELECT DISTINCT tenant_id FROM promised_events')).rows, [
    { tenant_id: 'c' },
  ]);
});

test('deadlocked transactions are run again until both succeed', async () => {
  await sql.query('d', insert, ['d', 'left', 0, null, null, null]);
  await sql.query('d', insert, ['d', 'right', 0, null, null, null]);
  let waiting = 0;
  const meet = Promise.withResolvers<void>();
  const both = (first: string, second: string) =>
    sql.transaction('d', async (tx) => {
      await tx.query('UPDATE things SET n = n + 1 WHERE tenant_id = $1 AND id = $2', ['d', first]);
      if (++waiting === 2) meet.resolve();
      await meet.promise;
      await tx.query('UPDATE things SET n = n + 1 WHERE tenant_id = $1 AND id = $2', ['d', second]);
    });
  await Promise.all([both('left', 'right'), both('right', 'left')]);
  const { rows } = await sql.query<{ n: number }>('d', 'SELECT n FROM things WHERE tenant_id = $1', ['d']);
  assert.deepEqual(
    rows.map((row) => row.n),
    [2, 2],
  );
});

test('a statement past its limit answers timeout, and the connection serves on', async () => {
  const hasty = database.open({ connections: 1, statementTimeoutMilliseconds: 2_000 });
  await assert.rejects(hasty.query('a', 'SELECT pg_sleep(600)'), { code: 'timeout' });
  assert.equal((await hasty.query('a', 'SELECT 1 AS one')).rows[0]?.['one'], 1);
});

test('a migration that changes a table does not break prepared statements', async () => {
  await sql.query('a', 'SELECT * FROM things LIMIT 1');
  await Promise.all(Array.from({ length: 8 }, () => sql.query('a', 'SELECT * FROM things LIMIT 1')));
  await database.admin.query('ALTER TABLE shop.things ADD COLUMN extra text');
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => sql.query('a', 'SELECT * FROM things LIMIT 1')),
  );
  assert.ok(answers.every(({ rows }) => rows[0] && 'extra' in rows[0]));
});

test('notifications reach listeners, also after the server was killed and came back', async () => {
  const heard: string[] = [];
  let woken = Promise.withResolvers<void>();
  let reconnected = Promise.withResolvers<void>();
  await sql.listen(
    'test',
    (payload) => {
      heard.push(payload);
      woken.resolve();
    },
    () => reconnected.resolve(),
  );
  await sql.notify('test', 'one');
  await woken.promise;
  await database.postgres.kill();
  await assert.rejects(database.open({ connectTimeoutMilliseconds: 100 }).ping(), { code: 'unavailable' });
  const waiting = sql.query('a', 'SELECT 1 AS one');
  await database.postgres.start();
  assert.equal((await waiting).rows[0]?.['one'], 1, 'a query waits for a server that restarts');
  await reconnected.promise;
  woken = Promise.withResolvers<void>();
  reconnected = Promise.withResolvers<void>();
  await sql.notify('test', 'two');
  await woken.promise;
  assert.deepEqual(heard, ['one', 'two']);
});

sqlContract('sql in PostgreSQL', () => Promise.resolve({ sql }));

test('a server that is gone without a word is missed by who listens, and found again', async () => {
  const path = await swallowingPath(Number(new URL(database.url).port));
  const url = new URL(database.url);
  url.port = String(path.port);
  const listener = createPostgres({
    connectionString: url.href,
    clock: systemClock,
    newId: createNewId(systemClock),
    pulseMilliseconds: 50,
  });
  const heard: string[] = [];
  let arrived = Promise.withResolvers<void>();
  const back = Promise.withResolvers<void>();
  const hear = (word: string): void => {
    heard.push(word);
    arrived.resolve();
  };
  await listener.listen('words', hear, back.resolve);
  await sql.notify('words', 'one');
  await arrived.promise;
  path.swallow();
  await sql.notify('words', 'lost');
  await back.promise;
  arrived = Promise.withResolvers();
  await sql.notify('words', 'two');
  await arrived.promise;
  assert.deepEqual(heard, ['one', 'two']);
  await listener.close();
  path.close();
});

interface Path {
  readonly port: number;
  /** Connections there are pass nothing on any more, and stay open; new ones work. */
  swallow(): void;
  close(): void;
}

async function swallowingPath(to: number): Promise<Path> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect(to, '127.0.0.1');
    for (const socket of [client, target]) {
      sockets.add(socket);
      // Cut at the end of the test.
      socket.on('error', () => undefined);
    }
    client.pipe(target).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    // A listening server has an address, and this one a port.
    port: (server.address() as AddressInfo).port,
    swallow() {
      for (const socket of sockets) socket.unpipe().resume();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test('what several tenants ask for at the same time is one transaction, in which each sees and writes only its own', async () => {
  const tenants = Array.from({ length: 40 }, (_, n) => `joint-${n}`);
  const answers = await Promise.all(
    tenants.map((tenant, n) =>
      sql.together(tenant, [
        { text: insert, values: [tenant, 'x', n, null, null, null] },
        { text: 'SELECT tenant_id, n FROM things' },
      ]),
    ),
  );
  assert.deepEqual(
    answers.map((results) => results.map(({ rows }) => rows)),
    tenants.map((tenant, n) => [[], [{ tenant_id: tenant, n }]]),
  );
  const took = new Set(
    (
      await database.admin.query(`SELECT xmin::text FROM shop.things WHERE tenant_id LIKE 'joint-%'`)
    ).rows.map(({ xmin }) => xmin),
  );
  assert.ok(took.size < tenants.length / 4, `${took.size} transactions`);
});

test('whoever makes a shared transaction fail, fails alone and with its own error', async () => {
  await database.addTenant({ id: 'joint-frozen', frozen: true });
  const write = (tenant: string, n: unknown) =>
    sql.together(tenant, [
      {
        text: 'INSERT INTO things (tenant_id, id, n) VALUES ($1, $2, $3::text::bigint)',
        values: [tenant, 'y', String(n)],
      },
    ]);
  const outcomes = await Promise.allSettled([
    write('joint-a', 1),
    write('joint-bad', 'no number'),
    write('joint-frozen', 2),
    write('joint-b', 3),
  ]);
  assert.deepEqual(
    outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? 'written' : (outcome.reason as ShopError).code,
    ),
    ['written', 'internal', 'unavailable', 'written'],
  );
});

test('statements that wait for a connection share one transaction, and whoever makes it fail, fails alone', async () => {
  const one = database.open({ connections: 1 });
  const ids = Array.from({ length: 30 }, (_, index) => `shared-${index}`);
  const write = (id: string): Promise<unknown> => one.query('s', insert, ['s', id, 1, null, null, null]);
  await Promise.all(ids.map(write));
  const { rows } = await sql.query<{ written: number; transactions: number }>(
    's',
    'SELECT count(*)::int AS written, count(DISTINCT xmin::text)::int AS transactions FROM things',
  );
  assert.equal(rows[0]?.written, 30);
  assert.ok((rows[0]?.transactions ?? 30) <= 5, `${rows[0]?.transactions} transactions for 30 rows`);
  const again = await Promise.allSettled([...ids.slice(0, 3), 'new'].map(write));
  assert.deepEqual(
    again.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected', 'fulfilled'],
  );
});

test('reads of many tenants that wait share one way, and each sees its own rows', async () => {
  const one = database.open({ connections: 1 });
  const tenants = Array.from({ length: 20 }, (_, index) => `beside-${index}`);
  await Promise.all(
    tenants.map((tenant, n) => sql.query(tenant, insert, [tenant, 'mine', n, null, null, null])),
  );
  const everything = `WITH mine AS MATERIALIZED (SELECT tenant_id, n FROM things) SELECT tenant_id, n, now()::text AS began FROM mine`;
  const answers = await Promise.all(
    tenants.map((tenant) => one.query<{ tenant_id: string; n: number; began: string }>(tenant, everything)),
  );
  assert.deepEqual(
    answers.map(({ rows }) => rows.map(({ tenant_id: tenant, n }) => [tenant, n])),
    tenants.map((tenant, n) => [[tenant, n]]),
  );
  const ways = new Set(answers.map(({ rows }) => rows[0]?.began)).size;
  assert.ok(ways < tenants.length / 2, `${ways} transactions for ${tenants.length} reads`);
});

test('a `with` that only reads is begun read only, and one that changes something is not', async () => {
  await sql.query('with', insert, ['with', 'it', 1, null, null, null]);
  const read = `WITH t AS (SELECT current_setting('transaction_read_only') AS how) SELECT how FROM t`;
  const change = `WITH t AS (UPDATE things SET n = n + 1 RETURNING n) SELECT n, current_setting('transaction_read_only') AS how FROM t`;
  assert.deepEqual((await sql.query('with', read)).rows, [{ how: 'on' }]);
  assert.deepEqual((await sql.query('with', change)).rows, [{ n: 2, how: 'off' }]);
});

test('several statements are one transaction, in which each sees what those before it did', async () => {
  const [written, read] = await sql.queries<[unknown, { n: number }]>('q', [
    { text: insert, values: ['q', 'x', 5, null, null, null] },
    { text: 'SELECT n FROM things WHERE id = $1', values: ['x'] },
  ]);
  assert.deepEqual([written.rowCount, read.rows[0]?.n], [1, 5]);
  const failing = sql.queries('q', [
    { text: insert, values: ['q', 'y', 5, null, null, null] },
    { text: insert, values: ['q', 'x', 5, null, null, null] },
  ]);
  await assert.rejects(failing, { code: 'conflict' });
  assert.equal((await sql.query('q', 'SELECT n FROM things')).rowCount, 1);
});

test('what a tenant asks for twice is done in this order', async () => {
  const set = (n: number) =>
    sql.together('joint-twice', [
      {
        text: 'INSERT INTO things (tenant_id, id, n) VALUES ($1, $2, $3) ON CONFLICT (tenant_id, id) DO UPDATE SET n = $3 RETURNING n',
        values: ['joint-twice', 'z', n],
      },
    ]);
  await Promise.all([set(1), set(2), set(3)]);
  const { rows } = await sql.query('joint-twice', 'SELECT n FROM things WHERE tenant_id = $1', [
    'joint-twice',
  ]);
  assert.deepEqual(rows, [{ n: 3 }]);
});

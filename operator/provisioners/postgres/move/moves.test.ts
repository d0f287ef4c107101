/**
 * Moves on a real PostgreSQL: nothing is lost, doubled or left behind, whoever writes, dies or comes late meanwhile.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import pg from 'pg';
import { startTestPostgres } from '../../../../tests/support/postgres.ts';
import type { TestPostgres } from '../../../../tests/support/postgres.ts';
import { until, untilSeen } from '../../../../tests/support/wait.ts';
import { createSealer } from '../../sealing.ts';
import { shelf } from '../../testing/definition.ts';
import { deleteNext } from '../citus.ts';
import { openDatabase } from '../database.ts';
import type { Database } from '../database.ts';
import { loadCatalogue } from '../desired.ts';
import type { Catalogue } from '../desired.ts';
import { createDirectory } from '../directory.ts';
import { createPostgres } from '../postgres.ts';
import { createMoves, MoveLostError, SourceChangedError, TargetNotEmptyError } from './moves.ts';
import type { Moves } from './moves.ts';
import { COMPARED_AT_ONCE, settle } from './statements.ts';
import { loginFor } from '../logins.ts';
import { tenantTables } from '../tables.ts';
import { SchemasDifferError } from '../tables.ts';

let server: TestPostgres;
let database: Database;
let catalogue: Catalogue;
let moves: Moves;

before(async () => {
  server = await startTestPostgres();
  database = await openDatabase(server.adminUrl);
  catalogue = await loadCatalogue([shelf]);
  await createPostgres(database, catalogue).ensure(catalogue.pool(), [loginFor('shop_runtime', 'pool')]);
  moves = createMoves(database, () => undefined);
});

after(async () => {
  await database.close();
  await server.stop();
});

const OUT = { from: 'shop', to: 'tenant_acme' } as const;
const BACK = { from: 'tenant_acme', to: 'shop' } as const;

/** A registered tenant, its dedicated schema beside the pool, and nothing of an earlier test. */
async function tenant(id: string, home = 'shop'): Promise<{ out: typeof OUT; back: typeof BACK }> {
  const own = `tenant_${id}`;
  await createPostgres(database, catalogue).ensure(catalogue.dedicated(own, ['shelf']), [
    loginFor(own, 'own'),
  ]);
  await database.query('delete from platform.moves where tenant_id = $1', [id]);
  for (const schema of ['shop', own]) {
    const tables = (await tenantTables(database, schema)).toReversed();
    await database.query(
      tables.map(({ name }) => `delete from ${schema}.${name} where tenant_id = '${id}'`).join(';'),
    );
  }
  await database.query('delete from platform.tenants where id = $1', [id]);
  await createDirectory(database, createSealer(Buffer.alloc(32).toString('base64'))).ensure(
    {
      id,
      display_name: id,
      plan: 'starter',
      placement: home === 'shop' ? 'pooled' : 'dedicated',
      schema_name: home,
      hosts: [],
      locales: [],
      currencies: [],
      branding: {},
      domains: ['shelf'],
      quotas: {},
      suspended: false,
    },
    {},
  );
  // The names differ by tenant; the shape is the same.
  return {
    out: { from: 'shop', to: own as 'tenant_acme' },
    back: { from: own as 'tenant_acme', to: 'shop' },
  };
}

async function fill(schema: string, id: string, books = 300): Promise<void> {
  await database.query(`
    insert into ${schema}.shelves select '${id}', 's' || i, 'label ' || i from generate_series(1, 20) i;
    insert into ${schema}.books select '${id}', 'b' || i, 's' || (1 + i % 20), 'title ' || i from generate_series(1, ${books}) i;
    insert into ${schema}.oddments (tenant_id, name, body, bytes, tags, price, at)
      select '${id}', 'n' || i, jsonb_build_object('i', i), sha256(('x' || i)::bytea), array['a', i::text], i * 1.10, now() from generate_series(1, 50) i;
    insert into ${schema}.counters values ('${id}', 7);
    insert into ${schema}.tasks (tenant_id, id, name, payload, run_at, created_at, updated_at)
      select '${id}', 't' || i, 'shelf.dust', '{}', now(), now(), now() from generate_series(1, 5) i;`);
}

/** Every row of the tenant in a schema, as text, by table. */
async function rowsOf(schema: string, id: string): Promise<Record<string, readonly string[]>> {
  const tables = await tenantTables(database, schema);
  const ofEach = tables.map(
    ({ name }) => `select '${name}' as name, t::text as row from ${schema}.${name} t where tenant_id = $1`,
  );
  // The schema of a tenant is gone when they have moved out of it.
  if (ofEach.length === 0) return {};
  const rows = await database.query<{ name: string; row: string }>(
    `${ofEach.join(' union all ')} order by name, row`,
    [id],
  );
  return Object.fromEntries(
    Map.groupBy(rows, ({ name }) => name)
      .entries()
      .map(([name, own]) => [name, own.map(({ row }) => row)]),
  );
}

/** A step of which each turn does a part, until it says that it is whole. */
const whole = (step: () => Promise<boolean>): Promise<boolean> =>
  untilSeen(step, (isWhole) => isWhole, { everyMs: 0, what: `it is whole: ${String(step)}` });

async function move(id: string, way: { readonly from: string; readonly to: string }): Promise<void> {
  await moves.begin(id, way);
  await whole(() => moves.copy(id, 50));
  await whole(() => moves.freeze(id));
  await moves.settle(id);
  await moves.verify(id);
  await moves.switchOver(id);
  await moves.clean(id);
  await moves.end(id);
  // The schema goes with a move out of it; the way back needs it again.
  if (way.from !== 'shop')
    await createPostgres(database, catalogue).ensure(catalogue.dedicated(way.from, ['shelf']), [
      loginFor(way.from, 'own'),
    ]);
}

async function login(role: string) {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: server.port,
    database: 'shopmind',
    ...loginFor(role, role === 'shop_runtime' ? 'pool' : 'own'),
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Begins as the runtime does. */
const opening = (id: string): string =>
  `begin; set local app.tenant = '${id}'; select platform.enter('${id}')`;

test('a move brings every row over, leaves none behind, and the way back gives the same rows again', async () => {
  const { out, back } = await tenant('acme');
  await fill('shop', 'acme');
  await fill('shop', 'bolt');
  const before = await rowsOf('shop', 'acme');
  const neighbour = await rowsOf('shop', 'bolt');
  await move('acme', out);
  assert.deepEqual(await rowsOf('tenant_acme', 'acme'), before);
  assert.deepEqual(await rowsOf('shop', 'acme'), {});
  assert.deepEqual(await moves.find('acme'), { home: 'tenant_acme', move: undefined });
  await move('acme', back);
  assert.deepEqual(await rowsOf('shop', 'acme'), before);
  assert.deepEqual(await rowsOf('shop', 'bolt'), neighbour);
  assert.equal((await moves.find('acme')).home, 'shop');
});

test('there and back is the identity, whatever the rows are', async () => {
  const id = 'ident';
  const { out, back } = await tenant(id);
  const text = fc.string({ unit: 'grapheme', maxLength: 12 }).map((value) => value.replaceAll('\0', ''));
  const row = fc.record({
    name: text,
    body: fc.option(fc.jsonValue().map((value) => JSON.stringify(value).replaceAll('\\u0000', ''))),
    bytes: fc.option(fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes))),
    tags: fc.option(fc.array(text, { maxLength: 3 })),
    price: fc.option(fc.integer({ min: -1e9, max: 1e9 }).map((cents) => (cents / 100).toFixed(2))),
    at: fc.option(fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })),
  });
  const rows = fc.uniqueArray(row, { selector: ({ name }) => name, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(rows, async (values) => {
      await database.query('delete from shop.oddments where tenant_id = $1', [id]);
      for (const { name, body, bytes, tags, price, at } of values) {
        await database.query(
          'insert into shop.oddments (tenant_id, name, body, bytes, tags, price, at) values ($1, $2, $3, $4, $5, $6, $7)',
          [id, name, body, bytes, tags, price, at],
        );
      }
      const before = await rowsOf('shop', id);
      await move(id, out);
      assert.deepEqual(await rowsOf(out.to, id), before);
      await move(id, back);
      assert.deepEqual(await rowsOf('shop', id), before);
    }),
    { numRuns: 15 },
  );
});

test('a shop that never stops writing is copied all the same: its tables need not be at rest for that', async () => {
  const id = 'restless';
  const { out } = await tenant(id);
  await fill('shop', id);
  await moves.begin(id, out);
  let writing = true;
  let written = 0;
  const writer = (async () => {
    while (writing)
      await database.query(
        `insert into shop.books select $1, 'z' || lpad(($2 * 10 + i)::text, 9, '0'), 's1', 'more' from generate_series(1, 10) i`,
        [id, written++],
      );
  })();
  await until(() => written > 0 || undefined, { withinMs: 60_000, what: 'the shop writes' });
  // No time at all: a batch of each table is what there is.
  assert.equal(await moves.copy(id, 0), true);
  writing = false;
  await writer;
  assert.equal(await moves.freeze(id), true);
  await moves.settle(id);
  await moves.verify(id);
  await moves.callOff(id);
  await moves.discard(id);
  await moves.end(id);
});

test('what the shop writes while its rows are copied is there after the switch: new, changed, gone, and keys swapped', async () => {
  const { out } = await tenant('busy');
  await fill('shop', 'busy');
  await moves.begin('busy', out);
  await whole(() => moves.copy('busy', 50));
  await database.query(`
    insert into shop.shelves values ('busy', 'new', 'a parent that came late');
    insert into shop.books values ('busy', 'new', 'new', 'its child');
    update shop.books set title = title || '!' where tenant_id = 'busy' and id < 'b2';
    delete from shop.books where tenant_id = 'busy' and id >= 'b9';
    delete from shop.tasks where tenant_id = 'busy';
    update shop.oddments set name = 'aside' where tenant_id = 'busy' and name = 'n1';
    update shop.oddments set name = 'n1' where tenant_id = 'busy' and name = 'n2';
    update shop.oddments set name = 'n2' where tenant_id = 'busy' and name = 'aside';`);
  assert.equal(await moves.freeze('busy'), true);
  const before = await rowsOf('shop', 'busy');
  assert.ok((await moves.settle('busy')) > 0);
  assert.equal(await moves.settle('busy'), 0, 'a second time changes nothing');
  await moves.verify('busy');
  await moves.switchOver('busy');
  assert.deepEqual(await rowsOf(out.to, 'busy'), before);
  await moves.clean('busy');
  await moves.end('busy');
});

test('thousands of rows that have just come, of which the server knows nothing yet, are neither compared nor removed each with every other', async () => {
  const { out } = await tenant('many');
  await fill('shop', 'many', 20_000);
  await moves.begin('many', out);
  await whole(() => moves.copy('many', 50));
  const tables = (await tenantTables(database, 'shop')).filter(({ key }) => key.length > 0);
  const plans = await database.session(async (session) => {
    await session.query(`begin; ${COMPARED_AT_ONCE}`);
    const lines: string[] = [];
    const statements = [
      ...settle(out, tables),
      ...tables.map((table) => ({ text: deleteNext('shop', table, 200, false) })),
    ];
    for (const { text } of statements) {
      const plan = await session.query(`explain ${text}`, ['many']);
      lines.push(...plan.map((line) => String(line['QUERY PLAN'])));
    }
    await session.query('rollback');
    return lines;
  });
  assert.ok(plans.some((line) => /Hash (Right )?Anti Join/.test(line)));
  assert.deepEqual(
    plans.filter((line) => line.includes('Nested Loop')),
    [],
  );
  await moves.freeze('many');
  assert.equal(await moves.settle('many'), 0);
  await moves.callOff('many');
  await moves.discard('many');
  await moves.end('many');
});

test('a writer that entered before the freeze is waited for; after it nobody can write, before and after the switch', async () => {
  const { out } = await tenant('late');
  await fill('shop', 'late', 10);
  await moves.begin('late', out);
  await moves.copy('late', 50);
  const early = await login('shop_runtime');
  await early.query(opening('late'));
  assert.equal(await moves.freeze('late'), false, 'somebody is still at it');
  await early.query(`insert into shelves values ('late', 'early', 'just in time')`);
  await early.query('commit');
  assert.equal(await moves.freeze('late'), true);

  const refused = /cannot execute (INSERT|DELETE|UPDATE) in a read-only transaction/;
  const attempt = async (text: string): Promise<void> => {
    await early.query(opening('late'));
    await assert.rejects(early.query(text), refused);
    await early.query('rollback');
  };
  await attempt(`insert into shelves values ('late', 'after', 'too late')`);
  await attempt(`delete from books where tenant_id = 'late'`);
  await early.query(opening('late'));
  const { rows } = await early.query<{ count: string }>('select count(*) from shelves');
  assert.equal(rows[0]?.count, '21', 'reading goes on');
  await early.query('commit');

  const own = await login(out.to);
  const seen = async (by: pg.Client): Promise<number | null> =>
    (await by.query(`select from platform.tenants where id = 'late'`)).rowCount;
  assert.deepEqual([await seen(early), await seen(own)], [1, 1], 'both sides know that it moves');
  await own.query(opening('late'));
  await assert.rejects(
    own.query(`delete from tasks where tenant_id = 'late'`),
    refused,
    'the target is not open yet',
  );
  await own.query('rollback');

  await moves.settle('late');
  await moves.verify('late');
  await moves.switchOver('late');
  await attempt(`insert into shelves values ('late', 'after', 'too late')`);
  await own.query(opening('late'));
  await own.query(`insert into shelves values ('late', 'home', 'welcome')`);
  await own.query('commit');
  assert.deepEqual([await seen(early), await seen(own)], [1, 1]);
  await moves.clean('late');
  await moves.end('late');
  assert.deepEqual([await seen(early), await seen(own)], [0, 1], 'and then only where it is');
  assert.deepEqual(
    (await rowsOf(out.to, 'late'))['shelves']?.filter((row) => /early|home|after/.test(row)).length,
    2,
  );
  await own.end();
  await early.end();
});

test('a writer that opens a second transaction while the freeze waits for its first does not hang', async () => {
  const { out } = await tenant('nested');
  await moves.begin('nested', out);
  const [first, second] = [await login('shop_runtime'), await login('shop_runtime')];
  await first.query(opening('nested'));
  const freezing = moves.freeze('nested');
  await second.query(`set lock_timeout = '30s'`);
  await second.query(opening('nested'));
  await second.query('rollback');
  await first.query('rollback');
  await freezing;
  assert.equal(await moves.freeze('nested'), true);
  await moves.callOff('nested');
  await moves.discard('nested');
  await moves.end('nested');
  await Promise.all([first.end(), second.end()]);
});

test('rows that differ after all thaw the tenant and name the table', async () => {
  const { out } = await tenant('differ');
  await fill('shop', 'differ', 10);
  await moves.begin('differ', out);
  await moves.copy('differ', 50);
  await moves.freeze('differ');
  await moves.settle('differ');
  await database.query(`update ${out.to}.books set title = 'x' where id = 'b3'`);
  await assert.rejects(moves.verify('differ'), /differs from the source in books/);
  const [row] = await database.query<{ frozen: boolean }>(
    `select frozen from platform.tenants where id = 'differ'`,
  );
  assert.equal(row?.frozen, false);
  await assert.rejects(moves.switchOver('differ'), MoveLostError);
});

test('whoever wrote past the fence keeps the old rows from being removed, and is told', async () => {
  const { out } = await tenant('sneak');
  await fill('shop', 'sneak', 10);
  await moves.begin('sneak', out);
  await moves.copy('sneak', 50);
  await moves.freeze('sneak');
  await moves.settle('sneak');
  await moves.verify('sneak');
  await moves.switchOver('sneak');
  await database.query(`update shop.books set title = 'by hand' where tenant_id = 'sneak' and id = 'b1'`);
  await assert.rejects(moves.clean('sneak'), SourceChangedError);
  assert.equal((await rowsOf('shop', 'sneak'))['books']?.length, 10);
  await database.query(`update platform.moves set digest = null where tenant_id = 'sneak'`);
  await moves.clean('sneak');
  await moves.end('sneak');
  assert.deepEqual(await rowsOf('shop', 'sneak'), {});
});

test('rows of an earlier tenant of the same name are never mixed with, nor removed', async () => {
  const { out } = await tenant('again');
  await database.query(`insert into ${out.to}.shelves values ('again', 'old', 'retained')`);
  await assert.rejects(moves.begin('again', out), TargetNotEmptyError);
  await assert.rejects(moves.callOff('again'), MoveLostError);
  assert.equal((await rowsOf(out.to, 'again'))['shelves']?.length, 1);
});

test('an operator that was thought dead changes nothing any more', async () => {
  const { out, back } = await tenant('zombie');
  await fill('shop', 'zombie', 10);
  const before = await rowsOf('shop', 'zombie');
  await move('zombie', out);
  for (const step of [
    'copy',
    'freeze',
    'settle',
    'verify',
    'switchOver',
    'clean',
    'callOff',
    'discard',
  ] as const)
    await assert.rejects(moves[step]('zombie', 50), MoveLostError, step);
  await assert.rejects(moves.begin('zombie', out), MoveLostError);
  await moves.begin('zombie', back);
  await moves.copy('zombie', 50);
  for (const step of ['settle', 'verify', 'switchOver', 'clean', 'discard'] as const)
    await assert.rejects(moves[step]('zombie'), MoveLostError, step);
  await moves.end('zombie');
  assert.equal((await moves.find('zombie')).move?.state, 'copying', 'nor is it forgotten');
  await moves.callOff('zombie');
  await moves.discard('zombie');
  await moves.end('zombie');
  assert.deepEqual(await rowsOf(out.to, 'zombie'), before);
  assert.deepEqual(await rowsOf('shop', 'zombie'), {});
});

for (const home of ['shop', 'tenant_killed']) {
  test(`killed before or after any commit, a move out of ${home} that is taken up again ends the same`, async (context) => {
    const id = 'killed';
    const way = { from: home, to: home === 'shop' ? 'tenant_killed' : 'shop' };
    const prepared = async (): Promise<Record<string, readonly string[]>> => {
      await tenant(id, home);
      await fill(home, id, 30);
      return rowsOf(home, id);
    };
    let points = 0;
    for (let survived = false; !survived;) {
      const before = await prepared();
      const failAt = ++points;
      const dying = createMoves(dyingAt(failAt, failAt % 2 === 0), () => undefined);
      survived = await takeUp(dying, id, way).then(
        () => true,
        (error: unknown) => (assert.match(String(error), /killed/), false),
      );
      await takeUp(moves, id, way);
      assert.deepEqual(await rowsOf(way.to, id), before, `commit ${failAt}`);
      assert.deepEqual(await rowsOf(way.from, id), {}, `commit ${failAt}`);
    }
    assert.ok(points > 15, `${points} points`);
    context.diagnostic(`${points} points`);
  });
}

/** What the controller does: looks how far it came, and goes on from there. */
async function takeUp(
  by: Moves,
  id: string,
  way: { readonly from: string; readonly to: string },
): Promise<void> {
  for (let turns = 0; turns < 100; turns += 1) {
    const { home, move: now } = await by.find(id);
    if (now === undefined && home === way.to) return;
    if (now === undefined) await by.begin(id, way);
    else if (now.state === 'copying') {
      await by.copy(id, 1_000);
      await by.freeze(id);
    } else if (now.state === 'frozen') {
      await by.freeze(id);
      await by.settle(id);
      await by.verify(id);
      await by.switchOver(id);
    } else {
      await by.clean(id);
      await by.end(id);
    }
  }
  assert.fail(`after a hundred turns ${id} is not there`);
}

/** A database whose n-th commit, or change outside a transaction, is the operator's last. */
function dyingAt(n: number, afterwards: boolean): Database {
  let count = 0;
  let dead = false;
  const guard = async <T>(text: string, run: () => Promise<T>): Promise<T> => {
    if (dead) throw new Error('killed');
    if (/^(commit$|with ended|drop|alter role)/.test(text)) dead = ++count === n;
    if (dead && !afterwards) throw new Error('killed');
    const result = await run();
    if (dead) throw new Error('killed');
    return result;
  };
  return {
    ...database,
    query: (text, values) => guard(text, () => database.query(text, values)),
    session: (work) =>
      database.session((session) =>
        work({ query: (text, values) => guard(text, () => session.query(text, values)) }),
      ),
  };
}

test('a database that is killed in the middle of the copy loses nothing', async () => {
  const { out } = await tenant('crash');
  await fill('shop', 'crash', 20_000);
  const before = await rowsOf('shop', 'crash');
  await moves.begin('crash', out);
  const copying = moves.copy('crash', 60_000).then(
    () => 'copied',
    () => 'broken',
  );
  await server.kill();
  await copying;
  await server.start();
  await takeUp(moves, 'crash', out);
  assert.deepEqual(await rowsOf(out.to, 'crash'), before);
  assert.deepEqual(await rowsOf('shop', 'crash'), {});
});

test('a table that does not fit stops the move only where rows would stay behind', async () => {
  const { out } = await tenant('misfit');
  await database.query(`alter table ${out.to}.counters add column extra text`);
  await moves.begin('misfit', out);
  assert.equal(await moves.copy('misfit', 50), true);
  await database.query(`insert into shop.counters values ('misfit', 1)`);
  await assert.rejects(moves.copy('misfit', 50), SchemasDifferError);
});

test('numbers of a sequence go on after the greatest that came', async () => {
  const { out } = await tenant('numbers');
  await database.query(`insert into shop.oddments (tenant_id, number, name) values ('numbers', 1000, 'big')`);
  await moves.begin('numbers', out);
  await whole(() => moves.freeze('numbers'));
  await moves.settle('numbers');
  const [row] = await database.query<{ number: string }>(
    `insert into ${out.to}.oddments (tenant_id, name) values ('numbers', 'next') returning number`,
  );
  assert.ok(Number(row?.number) > 1000);
});

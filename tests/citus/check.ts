/**
 * Everything the platform asks of Citus, asked of a real one: `npm run check:citus -- URL [--worker HOST:PORT]…`.
 * URL is a superuser's, of a database that is empty of ours; roles, schemas and rows are made there and removed again.
 * On a server without Citus it says so, and runs the same definitions unsharded.
 */
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { openDatabase, type Database } from '../../operator/provisioners/postgres/database.ts';
import { loadCatalogue, type Catalogue } from '../../operator/provisioners/postgres/desired.ts';
import { deletePooledRows, dropSchema } from '../../operator/provisioners/postgres/destroy.ts';
import { loginFor } from '../../operator/provisioners/postgres/logins.ts';
import { createMoves } from '../../operator/provisioners/postgres/move/moves.ts';
import { createNodes, NotCitusError } from '../../operator/provisioners/postgres/nodes.ts';
import { isCitus } from '../../operator/provisioners/postgres/observe.ts';
import { createPostgres as createProvisioner } from '../../operator/provisioners/postgres/postgres.ts';
import { systemClock } from '../../runtime/platform/clock.ts';
import { createRollups } from '../../runtime/platform/analytics/rollups.ts';
import { analyticsContract, FACTS } from '../../runtime/platform/contract/analytics.ts';
import { eventsContract } from '../../runtime/platform/contract/events.ts';
import { breakPledge, PLEDGES } from '../../runtime/platform/contract/pledges.ts';
import { sqlContract } from '../../runtime/platform/contract/sql.ts';
import { tasksContract } from '../../runtime/platform/contract/tasks.ts';
import { createEventLog } from '../../runtime/platform/events/log.ts';
import { createNewId } from '../../runtime/platform/ids.ts';
import { createPostgres, type PostgresSql } from '../../runtime/platform/sql/postgres.ts';
import { createTaskQueue } from '../../runtime/platform/tasks/queue.ts';
import { tenantTables } from '../../operator/provisioners/postgres/tables.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { worker: { type: 'string', multiple: true, default: [] } },
});
const [url] = positionals;
if (url === undefined || !URL.canParse(url))
  throw new Error('name a server: npm run check:citus -- postgres://superuser:…@host:5432/database');

const workers = (values.worker ?? []).map((worker) => {
  const { hostname, port } = new URL(`tcp://${worker}`);
  return { host: hostname, port: Number(port) };
});
const log = pino({ level: 'silent' });
const LOGIN = loginFor('shop_runtime', `check-${process.pid}`);
const OWN = 'tenant_check_move';
/** Tenants that the suites make up by themselves, and those of the checks here. */
const TENANTS = [
  ...['sql', 'events', 'tasks', 'analytics'].flatMap((suite) =>
    Array.from({ length: 30 }, (_, n) => `${suite}-${n + 1}-${process.pid}`),
  ),
  'check-a',
  'check-b',
  'check-move',
];

let database: Database;
let catalogue: Catalogue;
let provisioner: ReturnType<typeof createProvisioner>;
let citus = false;
let sql: PostgresSql;

before(async () => {
  database = await openDatabase(url);
  const found = await database.query<{ name: string }>(
    `select nspname as name from pg_namespace where nspname in ('shop', 'platform')`,
  );
  if (found.length > 0)
    throw new Error(
      `the database has schema ${found.map(({ name }) => name).join(' and ')}: name one without`,
    );
  citus = await isCitus(database);
  const [version] = await database.query<{ text: string }>(
    citus ? 'select citus_version() as text' : 'select version() as text',
  );
  console.log(
    citus
      ? `checks ${version?.text}`
      : `the server has no Citus, so only what is unsharded is checked: ${version?.text}`,
  );
  catalogue = await loadCatalogue();
  provisioner = createProvisioner(database, catalogue, { workers, shards: 8 });
  await provisioner.ensure(catalogue.pool(), [LOGIN]);
  await database.query(
    `insert into platform.tenants (id, display_name, plan, placement, schema_name, hosts, locales, currencies, domains)
     select id, id, 'starter', 'pooled', 'shop', '{}', '{}', '{}', '{}' from unnest($1::text[]) id`,
    [TENANTS],
  );
  await database.query(
    `create table shop.things (tenant_id text, id text, n bigint, at timestamptz, doc jsonb, tags text[], primary key (tenant_id, id))`,
  );
  if (citus)
    await database.query(
      `select create_distributed_table('shop.things', 'tenant_id', colocate_with => 'shop.promised_events')`,
    );
  await database.query(PLEDGES);
  if (citus)
    await database.query(
      `select create_distributed_table('shop.pledges', 'tenant_id', colocate_with => 'shop.things')`,
    );
  await database.query(`alter table shop.things enable row level security, force row level security;
    create policy tenant on shop.things using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true));
    grant select, insert, update, delete on shop.things to shop_runtime`);
  const runtime = new URL(url);
  runtime.username = LOGIN.user;
  runtime.password = LOGIN.password;
  sql = createPostgres({
    connectionString: runtime.href,
    clock: systemClock,
    newId: createNewId(systemClock),
    connections: 8,
  });
});

after(async () => {
  await sql?.close();
  for (const { name } of await database.query<{ name: string }>(
    `select nspname as name from pg_namespace where nspname = $1`,
    [OWN],
  ))
    await dropSchema(database, name);
  await database.query(`drop schema if exists shop cascade; drop schema if exists platform cascade`);
  for (const { name } of await database.query<{ name: string }>(
    `select rolname as name from pg_roles where rolname in ('shop_runtime', 'shop_owner', $1) order by rolname = $1 desc`,
    [LOGIN.user],
  ))
    await database.query(`drop owned by "${name}"; drop role "${name}"`);
  await database.close();
});

const things = async (tenant: string): Promise<number> =>
  (await sql.query(tenant, 'select id from things where tenant_id = $1', [tenant])).rowCount;

/** Says why and runs nothing where there is no Citus. */
function sharded(name: string, check: (t: TestContext) => Promise<void>): void {
  test(name, async (t) => (citus ? check(t) : t.skip('the server has no Citus')));
}

test('provisioning a second time does and plans nothing', async () => {
  assert.deepEqual(
    (await provisioner.plan(catalogue.pool(), [LOGIN])).map(({ describe }) => describe),
    [],
  );
  assert.deepEqual(await provisioner.ensure(catalogue.pool(), [LOGIN]), []);
});

sharded('every table of the pool is spread, tenant tables in one colocation group', async () => {
  const rows = await database.query<{ name: string; kind: string; colocation: number }>(
    `select c.relname as name, t.citus_table_type as kind, t.colocation_id as colocation from citus_tables t
      join pg_class c on c.oid = t.table_name join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'shop'`,
  );
  const spread = new Map(rows.map((row) => [row.name, row]));
  for (const { name, spread: kind } of catalogue.pool().tables)
    assert.equal(spread.get(name)?.kind, kind === 'reference' ? 'reference' : 'distributed', name);
  const groups = new Set(
    rows.filter(({ kind }) => kind === 'distributed').map(({ colocation }) => colocation),
  );
  assert.equal(groups.size, 1);
});

test('a login rotates: both enter while it lasts, then only the new one', async () => {
  const next = loginFor('shop_runtime', `next-${process.pid}`);
  const enter = async ({ user, password }: typeof next): Promise<void> => {
    const address = new URL(url);
    address.username = user;
    address.password = password;
    const session = await openDatabase(address.href, { max: 1 });
    try {
      await session.query('select id from things');
    } finally {
      await session.close();
    }
  };
  await provisioner.ensure(catalogue.pool(), [next, LOGIN]);
  await enter(next);
  await enter(LOGIN);
  await provisioner.ensure(catalogue.pool(), [LOGIN]);
  await assert.rejects(enter(next));
});

test('tenants, wherever their rows lie, share a transaction, and each sees and writes only its own', async () => {
  const answers = await Promise.all(
    TENANTS.map((tenant, n) =>
      sql.together(tenant, [
        { text: `insert into things (tenant_id, id, n) values ($1, 'shared', $2)`, values: [tenant, n] },
        { text: `select tenant_id, n from things where tenant_id = $1 and id = 'shared'`, values: [tenant] },
      ]),
    ),
  );
  assert.deepEqual(
    answers.map(([, seen]) => seen?.rows),
    TENANTS.map((tenant_id, n) => [{ tenant_id, n }]),
  );
  // One of them writes where another's row is: all the others' parts are done nevertheless.
  const [first = '', ...others] = TENANTS;
  const removal = (tenant: string) =>
    sql.together(tenant, [
      { text: `delete from things where tenant_id = $1 and id = 'shared'`, values: [tenant] },
    ]);
  const foreign = sql.together(first, [
    { text: `insert into things (tenant_id, id) values ($1, 'foreign')`, values: [others[0] ?? ''] },
  ]);
  const outcomes = await Promise.allSettled([foreign, ...others.map(removal)]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', ...others.map(() => 'fulfilled')],
  );
  assert.equal((await removal(first)).at(-1)?.rowCount, 1);
});

sqlContract('sql', () => Promise.resolve({ sql }));
analyticsContract('analytics', () => createRollups({ sql, clock: systemClock, facts: FACTS }));
eventsContract('events', () =>
  Promise.resolve({
    sql,
    open: () =>
      createEventLog({
        sql,
        clock: systemClock,
        log,
        sweepMilliseconds: 50,
        firstPauseMilliseconds: 5,
        maxAttempts: 5,
      }),
    refuseCommit: breakPledge,
    async deadLetters(tenant, consumer) {
      const { rows } = await sql.query<{ key: string; type: string }>(
        tenant,
        'select key, type from dead_letters where tenant_id = $1 and consumer = $2',
        [tenant, consumer],
      );
      return rows;
    },
  }),
);
tasksContract('tasks', () =>
  Promise.resolve({
    sql,
    open: (definitions) =>
      createTaskQueue({
        sql,
        clock: systemClock,
        log,
        definitions,
        sweepMilliseconds: 50,
        firstPauseMilliseconds: 5,
      }),
    async dead(tenant) {
      const { rows } = await sql.query<{ name: string; attempts: number; last_error: string }>(
        tenant,
        `select name, attempts, last_error from tasks where tenant_id = $1 and state = 'dead'`,
        [tenant],
      );
      return rows;
    },
  }),
);

test('an erasure takes one tenant in batches and leaves the others', async () => {
  for (const tenant of ['check-a', 'check-b'])
    await sql.query(
      tenant,
      `insert into things (tenant_id, id, n) select $1, 't' || i, i from generate_series(1, 1200) i`,
      [tenant],
    );
  const done = await deletePooledRows(database, 'check-a');
  assert.deepEqual(done, ['DELETE 1200 ROWS FROM shop.things']);
  assert.equal(await things('check-a'), 0);
  assert.equal(await things('check-b'), 1200);
});

test('a tenant moves into a schema of its own, rows and all, and its old rows go', async () => {
  const id = 'check-move';
  await sql.transaction(id, (tx) => tx.enqueue({ name: 'x.moved', payload: { n: 1 } }));
  const own = catalogue.dedicated(OWN, catalogue.domains);
  await provisioner.ensure(own, [loginFor(OWN, 'own')]);
  assert.deepEqual(
    (await provisioner.plan(own, [loginFor(OWN, 'own')])).map(({ describe }) => describe),
    [],
  );
  const moves = createMoves(database, () => undefined);
  await moves.begin(id, { from: 'shop', to: OWN });
  while (!(await moves.copy(id, 1_000)));
  assert.equal(await moves.freeze(id), true);
  await assert.rejects(
    sql.transaction(id, (tx) => tx.enqueue({ name: 'x.late', payload: {} })),
    { code: 'unavailable' },
  );
  await moves.settle(id);
  assert.equal(await moves.verify(id), 1);
  await moves.switchOver(id);
  await moves.clean(id);
  await moves.end(id);
  const [left] = await database.query<{ count: number }>(
    'select count(*)::int as count from shop.tasks where tenant_id = $1',
    [id],
  );
  const [come] = await database.query<{ count: number }>(`select count(*)::int as count from ${OWN}.tasks`);
  assert.deepEqual([left?.count, come?.count], [0, 1]);
});

test('a tenant is isolated and brought to each node in turn, its rows with it; where there is none, it says so', async (t) => {
  const nodes = createNodes(database);
  if (!citus) {
    await assert.rejects(nodes.bring('check-b', 'shop', 'anywhere:5432'), NotCitusError);
    return;
  }
  const names = await database.query<{ name: string }>(
    `select nodename || ':' || nodeport as name from pg_dist_node where shouldhaveshards and isactive`,
  );
  if (names.length < 2)
    t.diagnostic('one node with shards: isolated, but moved nowhere; add --worker HOST:PORT');
  for (const { name } of names) {
    await nodes.bring('check-b', 'shop', name);
    assert.deepEqual(await nodes.plan('check-b', 'shop', name), []);
    assert.equal(await things('check-b'), 1200);
  }
});

sharded('a dedicated schema is distributed, and goes to a node as a whole', async () => {
  const nodes = createNodes(database);
  const names = await database.query<{ name: string }>(
    `select nodename || ':' || nodeport as name from pg_dist_node where shouldhaveshards and isactive`,
  );
  for (const { name } of names) {
    await nodes.bring('check-move', OWN, name);
    assert.deepEqual(await nodes.plan('check-move', OWN, name), []);
  }
});

sharded('a rebalancing is planned without moving anything, and ends', async () => {
  const nodes = createNodes(database);
  await nodes.rebalancePlan();
  await nodes.rebalance();
  while (['running', 'scheduled', 'blocked'].includes((await nodes.rebalanceStatus()) ?? 'done'))
    await new Promise((resolve) => setTimeout(resolve, 500));
  assert.ok([undefined, 'finished'].includes(await nodes.rebalanceStatus()));
});

test('every table a tenant has rows in can be erased and moved: its key begins with the tenant', async () => {
  assert.ok((await tenantTables(database, 'shop')).length > 0);
});

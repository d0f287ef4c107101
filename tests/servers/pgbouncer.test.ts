/**
 * A runtime whose statements go through a real PgBouncer in transaction mode, by `DATABASE_POOLER_URL` alone: the contract of the sql
 * port, a shopper's whole way, tenants that share the server's two sessions, a rotation of the login, a pooler that dies.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Client } from 'pg';
import { valuesOfCredentials } from '../../operator/controllers/credentials.ts';
import { tenant } from '../../operator/plugin/testing/objects.ts';
import { openDataPlane, type DataPlane } from '../../operator/provisioners/data-plane.ts';
import { loginFor } from '../../operator/provisioners/postgres/logins.ts';
import type { Login } from '../../operator/provisioners/system.ts';
import type { ProductsPage } from '../../runtime/domains/catalog/schemas.ts';
import { ADMIN_KEY, startTestHost, type TestHost } from '../../runtime/host/testing.ts';
import { systemClock } from '../../runtime/platform/clock.ts';
import { sqlContract } from '../../runtime/platform/contract/sql.ts';
import { createNewId } from '../../runtime/platform/ids.ts';
import { startProcessor, type Processor } from '../../runtime/platform/payments/processor/processor.ts';
import { createPostgres, type PostgresSql } from '../../runtime/platform/sql/postgres.ts';
import { ownFolder } from '../support/owned.ts';
import { freePort } from '../support/port.ts';
import { shopAt } from '../support/shop.ts';
import { buy } from '../support/shopper.ts';
import { until } from '../support/wait.ts';
import { startPgBouncer, type PgBouncer } from './pgbouncer.ts';
import { startPostgres, type PostgresServer } from './postgres.ts';

/** Fewer than the connections that wait for them. */
const SESSIONS = 2;
const CONNECTIONS = 12;
const DOMAINS = ['accounts', 'catalog', 'orders', 'payments'];
const TENANTS = ['acme', 'bolt'];
const LOGIN = loginFor('shop_runtime', 'the pool’s password');

let folder: string;
let server: PostgresServer;
let admin: Client;
let pooler: PgBouncer;
let processor: Processor;
let plane: DataPlane;
let host: TestHost;
let sql: PostgresSql;

before(async () => {
  folder = ownFolder('pooled');
  server = await startPostgres({ password: 'root' });
  admin = new Client({ connectionString: server.adminUrl });
  await admin.connect();
  pooler = await startPgBouncer(server.adminUrl, { sessions: SESSIONS });
  processor = await startProcessor({
    host: '127.0.0.1',
    port: 0,
    data: join(folder, 'processor'),
    adminSecret: 'processor',
    forTests: true,
    warn: () => undefined,
  });
  const secretsKey = randomBytes(32).toString('base64');
  plane = await openDataPlane(
    {
      databaseAdminUrl: server.adminUrl,
      blobsUrl: pathToFileURL(`${folder}/blobs/`).href,
      paymentsUrl: processor.origin,
      paymentsSecret: 'processor',
      secretsKey,
      citus: { workers: [] },
      backends: { shared: {}, own: {} },
    },
    () => performance.now(),
  );
  await plane.ensurePool([LOGIN], 'owner');
  const port = await freePort();
  for (const name of TENANTS)
    await plane.ensureTenant({
      tenant: tenant(name),
      schema: 'shop',
      domains: DOMAINS,
      logins: [],
      adminToken: ADMIN_KEY,
      webhookUrl: `http://${name}.localhost:${port}/api/payments/webhooks/stripe`,
      paymentKeys: undefined,
    });
  await admin.query(THINGS);
  host = await startTestHost({
    ...addressesFor(LOGIN),
    port,
    secretsKey,
    domains: DOMAINS,
    databaseConnections: CONNECTIONS,
    paymentsUrl: processor.origin,
    paymentsPublicOrigin: processor.origin,
  });
  sql = open(LOGIN);
});
after(async () => {
  await sql.close();
  await processor.stop();
  await host.stop();
  await plane.close();
  await pooler.stop();
  await admin.end();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** As the operator puts them into the Secret of the Pods. */
function addressesFor(login: Login): { databaseUrl: string; databasePoolerUrl: string } {
  const values = valuesOfCredentials(
    { current: login, since: new Date().toISOString(), request: '' },
    { databaseUrl: server.adminUrl, databaseReplicaUrl: undefined, databasePoolerUrl: pooler.address },
  );
  return {
    databaseUrl: values['DATABASE_URL'] ?? '',
    databasePoolerUrl: values['DATABASE_POOLER_URL'] ?? '',
  };
}

function open(login: Login, connectTimeoutMilliseconds = 30_000): PostgresSql {
  const { databaseUrl, databasePoolerUrl } = addressesFor(login);
  return createPostgres({
    connectionString: databaseUrl,
    poolerConnectionString: databasePoolerUrl,
    clock: systemClock,
    newId: createNewId(systemClock),
    connections: CONNECTIONS,
    connectTimeoutMilliseconds,
  });
}

/** What the contract needs beside the platform's own tables: one of its own, and its tenants, which it numbers. */
const THINGS = `
  insert into platform.tenants (id, display_name, plan, placement, schema_name, hosts, locales, currencies, domains)
    select id, id, 'starter', 'pooled', 'shop', '{}', '{}', '{}', '{}'
      from (select format('sql-%s-${process.pid}', n) as id from generate_series(1, 50) n) numbered;
  create table shop.things (tenant_id text, id text, n bigint, at timestamptz, doc jsonb, tags text[], primary key (tenant_id, id));
  alter table shop.things enable row level security; alter table shop.things force row level security;
  create policy tenant on shop.things using (tenant_id = current_setting('app.tenant', true))
    with check (tenant_id = current_setting('app.tenant', true));
  grant all on shop.things to shop_runtime`;

sqlContract('PostgreSQL behind PgBouncer', async () => ({ sql }));

test('a shopper searches, buys and pays through the pooler, and the order is confirmed', async () => {
  const csv =
    'Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price,Status';
  const { status, text } = await host.merchant('acme', 'POST', '/api/admin/catalog/imports', {
    body: `${csv}\ntent,Ridge Tent,Size,M,T-1,9,120.00,active\nstove,Alpine Stove,Size,M,S-1,9,60.00,active\n`,
    headers: { 'content-type': 'text/csv' },
  });
  assert.equal(status, 202, text);
  const found = async (name: string): Promise<ProductsPage> =>
    (await host.call(name, 'GET', '/api/catalog/products?q=ridge')).json<ProductsPage>();
  const handle = await until(async () => (await found('acme')).products[0]?.handle, {
    withinMs: 60_000,
    what: 'the tent is found',
  });
  assert.equal(handle, 'tent');
  assert.deepEqual((await found('bolt')).products, [], 'and not in another shop');
  const product = (await host.call('acme', 'GET', `/api/catalog/products/${handle}`)).json<{
    variants: readonly { id: string }[];
  }>();
  const shop = shopAt(host.port, 'acme.localhost');
  const variantId = product.variants[0]?.id ?? assert.fail('it has no variant');
  const purchase = await until(
    async () => {
      const one = await buy({
        shop,
        processor: shopAt(Number(new URL(processor.origin).port), 'pay'),
        variantId,
      });
      // What is for sale comes to the orders by an event.
      return one.outcome === 'out_of_stock' ? undefined : one;
    },
    { withinMs: 60_000, what: 'the tent can be bought' },
  );
  assert.equal(purchase.outcome, 'paid', purchase.last);
  await until(
    async () => {
      const { rows } = await admin.query<{ status: string }>(
        'select status from shop.orders_orders where id = $1',
        [purchase.orderId],
      );
      return rows[0]?.status === 'confirmed' ? true : undefined;
    },
    { withinMs: 60_000, what: 'the order is confirmed' },
  );
});

test('statements go through the pooler’s few sessions, under the login’s own bounds; who listens goes past it', async () => {
  const before = await pooler.transactions();
  const asked = await Promise.all(
    Array.from({ length: 200 }, () =>
      sql.query<{ bound: string }>('acme', `select current_setting('statement_timeout') as bound`),
    ),
  );
  // Those that wait for a connection share its next transaction, a dozen at most.
  assert.ok((await pooler.transactions()) - before >= 200 / 12);
  assert.deepEqual(new Set(asked.map(({ rows }) => rows[0]?.bound)), new Set(['10s']));
  const heard = Promise.withResolvers<string>();
  await sql.listen('pooled', heard.resolve);
  await sql.notify('pooled', 'heard');
  assert.equal(await heard.promise, 'heard');
  const { rows } = await admin.query<{ sessions: number }>(
    'select count(*)::int as sessions from pg_stat_activity where usename = $1',
    [LOGIN.user],
  );
  const ears = 2; // of host and test
  assert.ok((rows[0]?.sessions ?? Infinity) <= SESSIONS + ears, `${rows[0]?.sessions} sessions`);
});

test('tenants who are lent the same sessions in turn never read or write each other’s rows, failed or not', async () => {
  const insert = 'insert into things (tenant_id, id) values ($1, $2)';
  for (const name of TENANTS) await sql.query(name, insert, [name, 'own']);
  const sees = async (name: string): Promise<void> => {
    const { rows } = await sql.query<{ tenant_id: string }>(
      name,
      `select tenant_id from things where id = 'own'`,
    );
    assert.deepEqual(rows, [{ tenant_id: name }]);
  };
  const turns = Array.from(
    { length: 60 },
    (_, n) => [TENANTS[n % 2] ?? '', TENANTS[(n + 1) % 2] ?? ''] as const,
  );
  await Promise.all(
    turns.flatMap(([name, other]) => [
      sees(name),
      sql.transaction(name, async (tx) => {
        await tx.query(`update things set n = coalesce(n, 0) + 1 where id = 'own'`);
        const { rows } = await tx.query(`select tenant_id from things where id = 'own'`);
        assert.deepEqual(rows, [{ tenant_id: name }], `beside ${other}`);
      }),
      assert.rejects(sql.query(name, insert, [other, 'theirs']), /row-level security/),
      assert.rejects(sql.query(name, insert, [name, 'own']), { code: 'conflict' }),
    ]),
  );
  const { rows } = await admin.query("select tenant_id, n::int from shop.things where id = 'own' order by 1");
  assert.deepEqual(
    rows,
    TENANTS.map((name) => ({ tenant_id: name, n: turns.length / 2 })),
  );
  // Whoever is lent a session and names nobody finds no tenant in it.
  await withClient(LOGIN, async (client) => {
    for (let n = 0; n < 10; n++) {
      const { rows: none } = await client.query(
        `select current_setting('app.tenant', true) as name from things`,
      );
      assert.deepEqual(none, []);
    }
  });
});

test('a pooler that was killed is missed while it is away, and used again when it is back', async () => {
  await pooler.kill();
  const impatient = open(LOGIN, 200);
  await assert.rejects(impatient.query('acme', 'select 1'), { code: 'unavailable' });
  await impatient.close();
  await pooler.start();
  await until(async () => (await sql.query('acme', 'select 1')).rowCount || undefined, {
    withinMs: 60_000,
    what: 'statements go through',
  });
  assert.equal((await host.call('acme', 'GET', '/api/catalog/products?limit=1')).status, 200);
});

test('while a rotation lasts both logins are let through the pooler; then the former is refused there too', async () => {
  const former = loginFor('shop_runtime', 'the password before');
  const reads = (one: PostgresSql) => one.query('acme', `select from things where id = 'own'`);
  await plane.ensurePool([LOGIN, former], 'owner');
  const earlier = open(former);
  try {
    for (const one of [sql, earlier]) assert.equal((await reads(one)).rowCount, 1);
    await plane.ensurePool([LOGIN], 'owner');
    await assert.rejects(
      withClient(former, async () => undefined),
      /authentication failed|no such user/,
    );
    assert.equal((await reads(sql)).rowCount, 1);
  } finally {
    await earlier.close();
  }
});

async function withClient(login: Login, work: (client: Client) => Promise<void>): Promise<void> {
  const url = new URL(addressesFor(login).databasePoolerUrl);
  url.search = '';
  const client = new Client({ connectionString: url.href });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

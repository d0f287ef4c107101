import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { globSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { endOf, kill } from '../../../tests/support/ended.ts';
import { own, ownFolder } from '../../../tests/support/owned.ts';
import { freePort } from '../../../tests/support/port.ts';
import { until, untilSeen } from '../../../tests/support/wait.ts';
import { ADMIN_KEY, ADMIN_SECRETS, send } from '../../host/testing.ts';
import { catalog } from './definition.ts';
import type { ImportReport, ProductsPage } from './schemas.ts';

const PRODUCTS = 1_500;
const LONG_MS = 120_000;
let database: TestDatabase;
const folder = ownFolder('killed');

before(async () => {
  database = await startTestDatabase([catalog]);
  await database.addTenant({ id: 'big', domains: ['catalog'] }, ADMIN_SECRETS);
  // Nobody has written more products than the gate lets through: a quick import is not over before a test looks.
  await database.admin.query(`
    CREATE TABLE shop.gate (most int NOT NULL);
    INSERT INTO shop.gate VALUES (0);
    CREATE FUNCTION shop.wait_at_gate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      WHILE (SELECT count(*) FROM shop.products) > (SELECT most FROM shop.gate) LOOP PERFORM pg_sleep(0.01); END LOOP;
      RETURN NULL;
    END $$;
    CREATE TRIGGER gate AFTER INSERT ON shop.products FOR EACH STATEMENT EXECUTE FUNCTION shop.wait_at_gate()`);
});
after(async () => {
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Runtime {
  readonly child: ChildProcess;
  readonly port: number;
}

async function startRuntime(): Promise<Runtime> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../host/main.ts', import.meta.url))], {
    stdio: 'ignore',
    env: {
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      DATABASE_URL: database.url,
      SECRETS_KEY: database.secretsKey,
      SHOPMIND_DOMAINS: 'catalog',
      BLOBS_URL: pathToFileURL(`${folder}/`).href,
    },
  });
  own(child);
  await until(async () => (await send(adminPort, 'x', 'GET', '/readyz')).status === 200 || undefined, {
    withinMs: LONG_MS,
    everyMs: 10,
    what: 'the runtime is ready',
    hopeless: () => endOf(child),
  });
  return { child, port };
}

async function count(statement: string): Promise<number> {
  const { rows } = await database.admin.query<{ count: number }>(statement);
  return rows[0]?.count ?? assert.fail();
}

const ask = (port: number, method: string, path: string, body?: string) =>
  send(port, 'big.localhost', method, path, {
    ...(body === undefined ? {} : { body }),
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'text/csv' },
  });

test('a file whose process is killed while it comes is not imported, and what was sent is kept for nobody', async () => {
  const runtime = await startRuntime();
  const sending = request({
    host: '127.0.0.1',
    port: runtime.port,
    method: 'POST',
    path: '/api/admin/catalog/imports',
    headers: { host: 'big.localhost', authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'text/csv' },
  });
  const broken = once(sending, 'error');
  sending.write(`Handle,Title,Variant Price\n${'half,Half,1.00\n'.repeat(10_000)}`);
  await untilSeen(
    () => globSync('_drafts/*', { cwd: folder }),
    ({ length }) => length === 1,
    { withinMs: LONG_MS, what: 'the file has begun to come' },
  );
  await kill(runtime.child);
  await broken;
  const { rows: found } = await database.admin.query<{ imports: number; reminders: number }>(
    `SELECT (SELECT count(*)::int FROM shop.catalog_imports) AS imports,
       (SELECT count(*)::int FROM shop.tasks WHERE name = 'catalog.drop-import-file') AS reminders`,
  );
  assert.deepEqual(found, [{ imports: 0, reminders: 1 }]);
  assert.deepEqual(globSync('big/imports/*', { cwd: folder }), []);
});

test('an import whose process is killed goes on in the next one and ends whole, each product once', async () => {
  const rows = Array.from({ length: PRODUCTS }, (_, n) => `p-${n},Product ${n},${n + 1}.00,All\n`).join('');
  const letThrough = (most: number) => database.admin.query('UPDATE shop.gate SET most = $1', [most]);
  await letThrough(200);
  let runtime = await startRuntime();
  const begun = ask(
    runtime.port,
    'POST',
    '/api/admin/catalog/imports',
    `Handle,Title,Variant Price,Collection\n${rows}`,
  ).catch(() => undefined);
  for (const [enough, next] of [
    [200, 700],
    [700, PRODUCTS],
  ] as const) {
    await untilSeen(
      () => count('SELECT count(*)::int FROM shop.products'),
      (written) => written >= enough,
      { withinMs: LONG_MS, everyMs: 10, what: `${enough} products are written` },
    );
    await kill(runtime.child);
    // What it had sent to the server, and what it holds there, goes with it.
    await database.admin.query(
      `SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE usename = 'shop_runtime'`,
    );
    await letThrough(next);
    // As if the lease had run out: the test does not wait for that.
    await database.admin.query(
      `UPDATE shop.tasks SET lease_until = now() - interval '1 second' WHERE state = 'running'`,
    );
    runtime = await startRuntime();
  }
  await begun;
  const report = await untilSeen(
    async () => {
      const { rows: found } = await database.admin.query<{ id: string }>(
        `SELECT id FROM shop.catalog_imports`,
      );
      const path = `/api/admin/catalog/imports/${found[0]?.id}`;
      return (await ask(runtime.port, 'GET', path)).json<ImportReport>();
    },
    ({ finishedAt }) => finishedAt !== null,
    { withinMs: LONG_MS, everyMs: 10, what: 'the import ends' },
  );
  assert.equal(report.state, 'succeeded', report.error ?? '');
  assert.equal(report.products.created + report.products.unchanged, PRODUCTS);
  assert.ok(report.products.unchanged >= 700, 'what was written before is found');
  const list = (
    await ask(runtime.port, 'GET', '/api/catalog/products?collection=all&limit=1')
  ).json<ProductsPage>();
  assert.equal(list.total, PRODUCTS);
  await untilSeen(
    () => count('SELECT count(*)::int FROM shop.promised_events'),
    (waiting) => waiting === 0,
    { withinMs: LONG_MS, everyMs: 10, what: 'every event is published' },
  );
  const { rows: events } = await database.admin.query<{ events: number; products: number }>(
    `SELECT count(*)::int AS events, count(DISTINCT key)::int AS products FROM shop.event_log WHERE topic = 'catalog.product'`,
  );
  assert.deepEqual(events[0], { events: PRODUCTS, products: PRODUCTS });
  assert.equal(await kill(runtime.child, 'SIGTERM'), 0);
});

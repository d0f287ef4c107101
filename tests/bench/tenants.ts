/**
 * `npm run bench:tenants [-- --few 5 --many 5000 --seconds 20 --products 20 --only "nothing kept, evenly"]`: whether a shop notices how many others share its
 * installation. One runtime, one PostgreSQL; tenants come by the operator's own provisioning, eight at a time; the goods of all come
 * by one shop's import and are copied to the others by the superuser, as rows. First few tenants are asked, then many, in the same
 * process: as often each, and as often as real shops are (Zipf); and the few alone once more, among the many. Prints the tables of
 * docs/benchmarks.md. How often the same was asked within the time for which it is kept says what can be answered from memory, how many
 * transactions a request took what was not.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { Pool } from 'undici';
import { MALLOC } from '../../operator/resources/environment.ts';
import { valuesOfCredentials } from '../../operator/controllers/credentials.ts';
import { tenant } from '../../operator/plugin/testing/objects.ts';
import { openDataPlane, type DataPlane } from '../../operator/provisioners/data-plane.ts';
import { loginFor } from '../../operator/provisioners/postgres/logins.ts';
import { CACHE_SECONDS } from '../../runtime/domains/catalog/freshness.ts';
import { DOMAINS } from '../../runtime/domains/index.ts';
import { startProcessor } from '../../runtime/platform/payments/processor/processor.ts';
import { startPostgres } from '../servers/postgres.ts';
import { kill } from '../support/ended.ts';
import { own, ownFolder } from '../support/owned.ts';
import { freePort } from '../support/port.ts';
import { memoryOf, processTree } from '../support/processes.ts';
import { shopAt } from '../support/shop.ts';
import { until } from '../support/wait.ts';
import { POSTGRES } from './api/contestant.ts';
import { shopifyFiles } from './api/catalogue.ts';
import { measure, type Flow, type Measured } from './api/load.ts';
import { machine } from './machine.ts';
import { table } from './table.ts';

const { values } = parseArgs({
  options: {
    few: { type: 'string', default: '5' },
    many: { type: 'string', default: '5000' },
    products: { type: 'string', default: '20' },
    shoppers: { type: 'string', default: '16' },
    warm: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '20' },
    /** What the rows are called that are measured, or a part of it. */
    only: { type: 'string', default: '' },
  },
});
const before = machine();
const [few, many, products] = [Number(values.few), Number(values.many), Number(values.products)];
const load = {
  shoppers: Number(values.shoppers),
  warmSeconds: Number(values.warm),
  seconds: Number(values.seconds),
};
const ADMIN_KEY = 'the-merchants-key-of-every-shop';
const ADMIN = { authorization: `Bearer ${ADMIN_KEY}` };
/** How the rows of the few are called that are measured among the many, which are quiet or browsed themselves. */
const OURS = { quiet: `, the ${few} among many`, beside: `, the ${few} beside many who are browsed` };
const LISTS = ['?limit=20', '?limit=20&q=laptop', '?limit=20&sort=price-asc'];
const PROVISIONED_AT_ONCE = 8;
/** What the others are asked for a second, where they are browsed beside the few. */
const BESIDE_PER_SECOND = 100;
const LOGIN = loginFor('shop_runtime', 'the password of the pool');

/** Of all flows together, so that no answer is kept for the next one. */
let asked = 0;

const folder = ownFolder('tenants');
const server = await startPostgres({ password: 'root', settings: POSTGRES });
const admin = new Client({ connectionString: server.adminUrl });
await admin.connect();
const processor = await startProcessor({
  host: '127.0.0.1',
  port: 0,
  data: join(folder, 'processor'),
  adminSecret: 'processor',
  forTests: true,
  warn: () => undefined,
});
const secretsKey = randomBytes(32).toString('base64');
const plane = await openDataPlane(
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
const [port, adminPort] = [await freePort(), await freePort()];
let runtime: ChildProcess | undefined;
try {
  await plane.ensurePool([LOGIN], 'owner');
  await provision(plane, 0, few);
  runtime = await startRuntime();
  await stock();
  await copyGoods(0, few);
  const first = await run(few);
  const began = performance.now();
  await provision(plane, few, many);
  const provisioned = (performance.now() - began) / 1_000;
  await copyGoods(few, many);
  const second = await run(many);
  const bytes = (second.memory - first.memory) / (many - few);
  process.stdout.write(
    [
      `${before}; ${load.shoppers} at a time, ${load.seconds} s each, ${products} products a tenant`,
      '',
      latencies(first, second),
      `provisioning of ${many - few} tenants: ${provisioned.toFixed(1)} s, ${((1_000 * provisioned) / (many - few)).toFixed(1)} ms each`,
      `runtime: ${megabytes(first.memory)} with ${few} tenants, ${megabytes(second.memory)} with ${many}: ${(bytes / 1_024).toFixed(1)} KiB each`,
      `PostgreSQL: ${megabytes(first.database)} and ${megabytes(second.database)}, ${first.connections} and ${second.connections} connections`,
      `processor time of runtime and PostgreSQL at rest: ${percent(first.rest)} and ${percent(second.rest)} of a core`,
      '',
    ].join('\n'),
  );
} finally {
  if (runtime !== undefined) await kill(runtime, 'SIGTERM');
  await plane.close();
  await processor.stop();
  await admin.end();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

interface Round {
  readonly tenants: number;
  /** By what is asked and how the tenants are chosen. */
  readonly measured: ReadonlyMap<string, Measured & { readonly again: number }>;
  /** Of the runtime, bytes, after all that. */
  readonly memory: number;
  readonly database: number;
  readonly connections: number;
  /** Cores that everything takes while nobody asks. */
  readonly rest: number;
}

function nameOf(index: number): string {
  return `t${String(index).padStart(4, '0')}`;
}

/** As the operator would, several at a time, whatever a tenant has of its own: row, secrets, payment account. */
async function provision(to: DataPlane, from: number, below: number): Promise<void> {
  let next = from;
  const worker = async (): Promise<void> => {
    while (next < below) {
      const index = next++;
      const name = nameOf(index);
      await to.ensureTenant({
        tenant: tenant(name),
        schema: 'shop',
        domains: DOMAINS.map((domain) => domain.name),
        logins: [],
        adminToken: ADMIN_KEY,
        webhookUrl: `http://${name}.localhost:${port}/api/payments/webhooks/stripe`,
        paymentKeys: undefined,
      });
      if (index % 500 === 499) process.stderr.write(`${index + 1} tenants\n`);
    }
  };
  await Promise.all(Array.from({ length: PROVISIONED_AT_ONCE }, worker));
}

async function startRuntime(): Promise<ChildProcess> {
  const { DATABASE_URL = '' } = valuesOfCredentials(
    { current: LOGIN, since: new Date().toISOString(), request: '' },
    { databaseUrl: server.adminUrl, databaseReplicaUrl: undefined, databasePoolerUrl: undefined },
  );
  const child = fork(new URL('../../runtime/host/main.ts', import.meta.url), {
    env: {
      ...process.env,
      NODE_ENV: 'production',
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      POD_IP: '127.0.0.1',
      LOG_LEVEL: 'error',
      ...MALLOC,
      SHOPMIND_DOMAINS: DOMAINS.map(({ name }) => name).join(','),
      DATABASE_URL,
      SECRETS_KEY: secretsKey,
      BLOBS_URL: pathToFileURL(`${folder}/blobs/`).href,
      PAYMENTS_URL: processor.origin,
      PAYMENTS_PUBLIC_ORIGIN: processor.origin,
    },
  });
  own(child);
  await until(async () => ((await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok ? true : undefined), {
    withinMs: 120_000,
    what: 'the runtime is ready',
  });
  return child;
}

/** The first shop's catalogue, as its merchant brings it. */
async function stock(): Promise<void> {
  const shop = shopAt(port, `${nameOf(0)}.localhost`);
  for (const body of shopifyFiles(products, products)) {
    const begun = await shop('POST', '/api/admin/catalog/imports', {
      body,
      headers: { ...ADMIN, 'content-type': 'text/csv' },
      timeoutMs: 120_000,
    });
    if (begun.status !== 202) throw new Error(`the import is refused: ${begun.text}`);
  }
  await until(
    async () => {
      const { rows } = await admin.query<{ known: number; found: number }>(
        `select (select count(distinct product_id)::int from shop.orders_variants where tenant_id = $1) as known,
                (select count(*)::int from shop.search_documents where tenant_id = $1) as found`,
        [nameOf(0)],
      );
      return rows[0]?.known === products && rows[0].found >= products ? true : undefined;
    },
    { withinMs: 300_000, everyMs: 200, what: 'orders and the search know the catalogue' },
  );
}

/** The first shop's rows, for each of the others, one shop after the other as if each had imported its own; what is in work or belongs to one shop alone is left out. */
async function copyGoods(from: number, below: number): Promise<void> {
  const tables = DOMAINS.filter(({ name }) => name === 'catalog' || name === 'orders').flatMap((domain) =>
    domain.tables.flatMap(({ name, spread }) => (spread === 'tenant' ? [name] : [])),
  );
  const { rows } = await admin.query<{ name: string; columns: string[] }>(
    `select table_name as name, array_agg(quote_ident(column_name) order by ordinal_position) as columns
       from information_schema.columns
      where table_schema = 'shop' and is_generated = 'NEVER' and is_identity = 'NO' and table_name = any($1)
      group by 1`,
    [[...tables.filter((name) => name !== 'catalog_imports'), 'search_documents']],
  );
  await admin.query(`set session_replication_role = replica`);
  for (const { name, columns } of rows) {
    const others = columns.filter((column) => column !== 'tenant_id');
    await admin.query(
      `insert into shop.${name} (tenant_id, ${others.join(', ')})
       select 't' || lpad(n::text, 4, '0'), ${others.map((column) => `g.${column}`).join(', ')}
         from shop.${name} g, generate_series($1::int, $2::int) n where g.tenant_id = $3 order by n`,
      [Math.max(1, from), below - 1, nameOf(0)],
    );
  }
  await admin.query('vacuum analyze');
}

type Choose = () => string;

/** Each as often as any other. */
function evenly(tenants: number): Choose {
  return () => nameOf(Math.floor(Math.random() * tenants));
}

/** The second half as often as the first, the third a third (Zipf with exponent 1), by inversion of the continuous law. */
function zipf(tenants: number): Choose {
  return () => nameOf(Math.min(tenants, Math.floor((tenants + 1) ** Math.random())) - 1);
}

function storefront(choose: Choose): Flow {
  return async (send, _shopper, round) => {
    const headers = { host: `${choose()}.localhost` };
    await send('list', {
      path: `/api/catalog/products${LISTS[round % LISTS.length]}`,
      headers,
      holds: (text) => text.includes('"products":[{'),
    });
    await send('product', { path: `/api/catalog/products/laptop-10`, headers });
  };
}

/**
 * The same, asked so that no answer is found that was kept: with many tenants fewer come twice within the two seconds for which lists are
 * kept, and what that costs has to be told apart from what grows. Nothing costs more than the bound, which nobody has named before.
 */
function unkept(choose: Choose): Flow {
  return async (send, _shopper, round) => {
    const headers = { host: `${choose()}.localhost` };
    asked += 1;
    // Others count on while this one waits for its list.
    const mine = asked;
    await send('list', {
      path: `/api/catalog/products${LISTS[round % LISTS.length]}&maxPrice=${1_000_000_000 + mine}`,
      headers,
      holds: (text) => text.includes('"products":[{'),
    });
    await send('product', { path: `/api/catalog/products/laptop-10?currency=${currencyOf(mine)}`, headers });
  };
}

/** One of all that three letters make: none comes twice while it is kept. */
function currencyOf(count: number): string {
  const letter = (value: number): string => String.fromCodePoint(65 + (value % 26));
  return letter(Math.floor(count / 676)) + letter(Math.floor(count / 26)) + letter(count);
}

function merchants(choose: Choose): Flow {
  return async (send) => {
    const headers = { host: `${choose()}.localhost`, ...ADMIN };
    await send('products', { path: '/api/admin/catalog/products?limit=20', headers });
    await send('orders', { path: '/api/admin/orders/orders?limit=20', headers });
  };
}

interface Asked {
  /** As a row of the table is called. */
  readonly what: string;
  readonly flow: Flow;
  /** Whether the others are browsed meanwhile. */
  readonly beside?: boolean;
}

/** What the first round is asked, and the second as well. */
function everybody(tenants: number): Asked[] {
  return [
    { way: 'evenly', choose: evenly(tenants) },
    { way: 'Zipf', choose: zipf(tenants) },
  ].flatMap(({ way, choose }) => [
    { what: `storefront, ${way}`, flow: storefront(choose) },
    { what: `storefront, nothing kept, ${way}`, flow: unkept(choose) },
    { what: `admin, ${way}`, flow: merchants(choose) },
  ]);
}

/** What the owner of one of the few sees, of whom as much is asked as before, while many are there. */
function ours(): Asked[] {
  const choose = evenly(few);
  return [false, true].flatMap((beside) => [
    { what: `storefront${OURS[beside ? 'beside' : 'quiet']}`, flow: storefront(choose), beside },
    {
      what: `storefront, nothing kept${OURS[beside ? 'beside' : 'quiet']}`,
      flow: unkept(choose),
      beside,
    },
    { what: `admin${OURS[beside ? 'beside' : 'quiet']}`, flow: merchants(choose), beside },
  ]);
}

async function run(tenants: number): Promise<Round> {
  const servers = { shop: pidOf(runtime), postgres: server.pid() };
  await until(
    async () =>
      (await shopAt(port, `${nameOf(tenants - 1)}.localhost`)('GET', '/api/store')).status === 200
        ? true
        : undefined,
    { withinMs: 60_000, what: 'the runtime knows the last tenant' },
  );
  const measured = new Map<string, Measured & { readonly again: number }>();
  const all = [...everybody(tenants), ...(tenants > few ? ours() : [])];
  for (const { what, flow, beside = false } of all.filter((each) =>
    baseOf(each.what).includes(values.only),
  )) {
    process.stderr.write(`${tenants} tenants, ${what}\n`);
    const others = beside ? browseOthers(tenants) : undefined;
    const repeats = countRepeats(flow);
    const result = await measure({
      ...load,
      origin: `http://127.0.0.1:${port}`,
      servers,
      flow: repeats.flow,
      watch() {
        repeats.begin();
        return countTransactions();
      },
    });
    await others?.();
    if (result.firstFailure !== undefined) throw new Error(result.firstFailure);
    measured.set(what, { ...result, again: repeats.share() });
  }
  const rest = await atRest(servers);
  const { rows } = await admin.query<{ count: number }>(
    `select count(*)::int from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
  );
  const [memory, database] = [await treeMemory(servers.shop), await treeMemory(servers.postgres)];
  return { tenants, measured, memory, database, connections: rows[0]?.count ?? 0, rest };
}

/** The same, and how often it asks a shop for what somebody has asked it for within the time for which that is kept. */
function countRepeats(flow: Flow): { readonly flow: Flow; begin(): void; share(): number } {
  const latest = new Map<string, number>();
  const seen = { all: 0, again: 0 };
  return {
    flow: (send, shopper, round) =>
      flow(
        (name, step) => {
          const what = `${step.headers?.['host'] ?? ''}${step.path}`;
          const [at, before] = [performance.now(), latest.get(what) ?? -Infinity];
          latest.set(what, at);
          seen.all += 1;
          if (at - before < 1_000 * CACHE_SECONDS) seen.again += 1;
          return send(name, step);
        },
        shopper,
        round,
      ),
    begin: () => void Object.assign(seen, { all: 0, again: 0 }),
    share: () => seen.again / Math.max(1, seen.all),
  };
}

/** Somebody looks at one of the other shops, so often whatever the answers take. @returns ends it */
function browseOthers(tenants: number): () => Promise<void> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 16, pipelining: 1 });
  const under = new Set<Promise<void>>();
  let failure: unknown;
  const look = async (): Promise<void> => {
    const host = `${nameOf(few + Math.floor(Math.random() * (tenants - few)))}.localhost`;
    const path = `/api/catalog/products${LISTS[Math.floor(Math.random() * LISTS.length)]}`;
    const { body } = await pool.request({ method: 'GET', path, headers: { host } });
    await body.dump();
  };
  const timer = setInterval(() => {
    const one = look()
      .catch((error: unknown) => void (failure = error))
      .finally(() => under.delete(one));
    under.add(one);
  }, 1_000 / BESIDE_PER_SECOND);
  return async () => {
    clearInterval(timer);
    await Promise.all(under);
    await pool.close();
    if (failure !== undefined) throw new Error('the others could not be browsed', { cause: failure });
  };
}

/** Transactions that the database was asked for, by what it counts itself: it says so at most a second late. */
async function countTransactions(): Promise<() => Promise<string>> {
  const count = async (): Promise<number> => {
    const { rows } = await admin.query<{ count: number }>(
      'select xact_commit::int as count from pg_stat_database where datname = current_database()',
    );
    return rows[0]?.count ?? 0;
  };
  const at = await count();
  return async () => String((await count()) - at);
}

async function atRest(servers: Readonly<Record<string, number>>): Promise<number> {
  await pause(3_000);
  const idle: Flow = async () => pause(1_000);
  const { cpuMsPerFlow } = await measure({
    origin: `http://127.0.0.1:${port}`,
    shoppers: 1,
    warmSeconds: 0,
    seconds: 5,
    servers,
    flow: idle,
  });
  return cpuMsPerFlow / 1_000;
}

async function treeMemory(root: number): Promise<number> {
  const sizes = await Promise.all((await processTree(root)).map(({ pid }) => memoryOf(pid)));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

function latencies(first: Round, second: Round): string {
  const head = [
    '',
    'tenants',
    'requests/s',
    'p50',
    'p95',
    'p99',
    'CPU a request',
    `again within ${CACHE_SECONDS} s`,
    'transactions a request',
    'p95 against few',
  ];
  const rows = [...second.measured.keys()].flatMap((what) => {
    const rounds = first.measured.has(what) ? [first, second] : [second];
    return rounds.map(({ tenants, measured }) => {
      const [here, base] = [measured.get(what), first.measured.get(baseOf(what))];
      if (here === undefined || base === undefined) throw new Error(`${what} was not measured`);
      const requests = here.requestsPerSecond * load.seconds;
      return [
        what,
        String(tenants),
        here.requestsPerSecond.toFixed(0),
        ...[here.p50, here.p95, here.p99].map((ms) => `${ms.toFixed(1)} ms`),
        `${here.cpuMsPerRequest.toFixed(2)} ms`,
        `${(100 * here.again).toFixed(0)} %`,
        (Number(here.seen) / requests).toFixed(2),
        here === base
          ? ''
          : `${here.p95 < base.p95 ? '' : '+'}${(100 * (here.p95 / base.p95 - 1)).toFixed(0)} %`,
      ];
    });
  });
  return table(head, rows);
}

/** What of the first round a row is held against: the few among many against the few alone. */
function baseOf(what: string): string {
  return Object.values(OURS).reduce((name, among) => name.replace(among, ', evenly'), what);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function pidOf(child: ChildProcess | undefined): number {
  if (child?.pid === undefined) throw new Error('the runtime was not started');
  return child.pid;
}

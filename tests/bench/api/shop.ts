/**
 * Ours: one runtime with all the domains that are there, its PostgreSQL and its payment processor; one pooled tenant under row-level
 * security, outbox, projections and saga at work.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { MALLOC } from '../../../operator/resources/environment.ts';
import { ADDRESS, KEYS, merchantKeyHash } from '../../../runtime/domains/orders/testing/shop.ts';
import { DOMAINS } from '../../../runtime/domains/index.ts';
import { startTestDatabase, type TestDatabase } from '../../support/database.ts';
import { kill } from '../../support/ended.ts';
import { own, ownFolder } from '../../support/owned.ts';
import { freePort } from '../../support/port.ts';
import { shopAt, type Shop } from '../../support/shop.ts';
import { until } from '../../support/wait.ts';
import { handles, shopifyFiles } from './catalogue.ts';
import { anyOf, POSTGRES, type Contestant } from './contestant.ts';
import type { Flow } from './load.ts';
import { countStatements, COUNTING } from './statements.ts';

const TENANT = 'acme';
const ADMIN_KEY = 'merchant-token-of-acme-0001';
/** Well below the 256 MiB that an import takes. */
const PRODUCTS_A_FILE = 20_000;

export interface Looking {
  /** PostgreSQL counts its statements. */
  readonly statements: boolean;
  /** A folder for what V8 says of where our processes' time went. */
  readonly profiles: string | undefined;
}

export async function startShop(
  products: number,
  { statements, profiles }: Looking = { statements: false, profiles: undefined },
): Promise<Contestant> {
  const folder = ownFolder('bench');
  const names = DOMAINS.map(({ name }) => name);
  const database = await startTestDatabase(DOMAINS, statements ? { ...POSTGRES, ...COUNTING } : POSTGRES);
  const [port, payPort] = [await freePort(), await freePort()];
  const pay = `http://127.0.0.1:${payPort}`;
  const profiling: Record<string, string> =
    profiles === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profiles}` };
  await database.addTenant({ id: TENANT, domains: names }, await secretsOfTenant());
  const processor = await start('platform/payments/processor/main.ts', payPort, {
    PROCESSOR_DATA: folder,
    PAYMENTS_SECRET: 'x',
    ...profiling,
  });
  const runtime = await start('host/main.ts', port, {
    SHOPMIND_DOMAINS: names.join(','),
    DATABASE_URL: database.url,
    SECRETS_KEY: database.secretsKey,
    BLOBS_URL: `file://${folder}/blobs`,
    PAYMENTS_URL: pay,
    PAYMENTS_PUBLIC_ORIGIN: pay,
    ...profiling,
  });
  const shop = shopAt(port, `${TENANT}.localhost`);
  await openAccount(payPort, port);
  await stock(shop, database, products);

  return {
    name: 'ShopMind',
    origin: `http://127.0.0.1:${port}`,
    servers: { shop: pidOf(runtime), processor: pidOf(processor), postgres: database.postgres.pid() },
    browse: browse(products),
    checkout: checkout(products, pay),
    /**
     * What autovacuum gets to within a minute. Until then the planner takes tables to be as empty as they were when the shop was opened, in
     * which any index is as good as any other, and connections keep such plans: that is no shop's second minute.
     */
    warmed: async () => void (await database.admin.query('vacuum analyze')),
    async finished() {
      const { rows } = await database.admin.query<{ count: string }>(
        `select count(*) from shop.orders_orders where status = 'confirmed'`,
      );
      return Number(rows[0]?.count);
    },
    watch: statements ? () => countStatements(database.admin) : undefined,
    async stop() {
      await Promise.all([runtime, processor].map((child) => kill(child, 'SIGTERM')));
      await database.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const HOST = { host: `${TENANT}.localhost` };
const JSON_HEADERS = { ...HOST, 'content-type': 'application/json' };
const LISTS = ['/api/catalog/products?limit=20', '/api/catalog/products?limit=20&q=laptop'] as const;

function browse(products: number): Flow {
  const known = handles(products);
  return async (send, _shopper, round) => {
    await send('list', {
      path: LISTS[round % 2] ?? LISTS[0],
      headers: HOST,
      holds: (text) => text.includes('"products":[{'),
    });
    await send('product', { path: `/api/catalog/products/${anyOf(known)}`, headers: HOST });
  };
}

function checkout(products: number, pay: string): Flow {
  const known = handles(products);
  return async (send, shopper, round) => {
    await send('list', { path: LISTS[0], headers: HOST });
    const detail = await send('product', { path: `/api/catalog/products/${anyOf(known)}`, headers: HOST });
    // Checked by the domain's own tests; here only what the next step needs.
    const { variants } = JSON.parse(detail.text) as { variants: { id: string }[] };
    const post = (
      name: string,
      path: string,
      body: unknown,
      more: Record<string, string> = {},
    ): ReturnType<typeof send> =>
      send(name, { method: 'POST', path, headers: { ...JSON_HEADERS, ...more }, body: JSON.stringify(body) });
    const cart = await post('cart', '/api/orders/carts', {});
    const cartPath = `/api/orders/carts/${idIn(cart.text)}`;
    await post('add', `${cartPath}/lines`, {
      variantId: anyOf(variants).id,
      quantity: 1 + Math.floor(Math.random() * 4),
    });
    const methods = await send('methods', { path: '/api/orders/shipping-methods', headers: HOST });
    await send('address', {
      method: 'PATCH',
      path: cartPath,
      headers: JSON_HEADERS,
      body: JSON.stringify({
        email: `u${shopper}.${round}@example.com`,
        shippingAddress: ADDRESS,
        shippingMethod: idIn(methods.text),
      }),
    });
    const placed = await post(
      'checkout',
      '/api/orders/checkout',
      { cartId: idIn(cart.text) },
      { 'idempotency-key': `bench-${process.pid}-${shopper}-${round}` },
    );
    const { order, token, payment } = JSON.parse(placed.text) as Placed;
    await send('pay', {
      method: 'POST',
      origin: pay,
      path: `/v1/payment_intents/${payment.intentId}/confirm`,
      headers: {
        authorization: `Bearer ${KEYS.publishableKey}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: `client_secret=${payment.clientSecret}&payment_method=pm_card_visa`,
    });
    await send('order', { path: `/api/orders/${order.id}?token=${token}`, headers: HOST });
  };
}

interface Placed {
  readonly order: { readonly id: string };
  readonly token: string;
  readonly payment: { readonly intentId: string; readonly clientSecret: string };
}

/** The first `id` of an answer. */
function idIn(text: string): string {
  const id = /"id":"([^"]+)"/.exec(text)?.[1];
  if (id === undefined) throw new Error(`no id in ${text.slice(0, 200)}`);
  return id;
}

async function secretsOfTenant(): Promise<Record<string, string>> {
  return {
    'admin-key-hash': await merchantKeyHash(ADMIN_KEY),
    'payments-secret-key': KEYS.secretKey,
    'payments-publishable-key': KEYS.publishableKey,
    'payments-webhook-secret': KEYS.webhookSecret,
  };
}

async function openAccount(payPort: number, port: number): Promise<void> {
  const webhookUrl = `http://${TENANT}.localhost:${port}/api/payments/webhooks/stripe`;
  const answer = await shopAt(payPort, '127.0.0.1')('POST', '/_admin/accounts', {
    json: { id: TENANT, ...KEYS, webhookUrl },
    headers: { authorization: 'Bearer x' },
  });
  if (answer.status >= 300) throw new Error(`the processor refuses the account: ${answer.text}`);
}

/** As a merchant would: the catalogue is imported, and everybody who follows it has heard of all of it. */
async function stock(shop: Shop, database: TestDatabase, products: number): Promise<void> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}` };
  for (const body of shopifyFiles(products, PRODUCTS_A_FILE)) {
    const begun = await shop('POST', '/api/admin/catalog/imports', {
      body,
      headers: { ...headers, 'content-type': 'text/csv' },
      timeoutMs: 120_000,
    });
    if (begun.status !== 202) throw new Error(`the import is refused: ${begun.text}`);
    const { id } = begun.json<{ id: string }>();
    await until(
      async () => {
        const report = (await shop('GET', `/api/admin/catalog/imports/${id}`, { headers })).json<{
          state: string;
        }>();
        if (report.state === 'failed') throw new Error(JSON.stringify(report).slice(0, 500));
        return report.state === 'succeeded' ? true : undefined;
      },
      { withinMs: 1_800_000, everyMs: 500, what: 'the import is done' },
    );
  }
  await until(
    async () => {
      const { rows } = await database.admin.query<{ known: number; indexed: number }>(
        `select (select count(distinct product_id)::int from shop.orders_stock s join shop.orders_variants v using (tenant_id, variant_id)) as known,
                (select count(*)::int from shop.search_documents) as indexed`,
      );
      return rows[0]?.known === products && rows[0].indexed >= products ? true : undefined;
    },
    { withinMs: 1_800_000, everyMs: 500, what: 'orders and the search index know the whole catalogue' },
  );
  await database.admin.query('vacuum analyze');
}

async function start(file: string, port: number, env: Record<string, string>): Promise<ChildProcess> {
  const adminPort = await freePort();
  const child = fork(new URL(`../../../runtime/${file}`, import.meta.url), {
    // As in the runtime's image.
    execArgv: ['--max-semi-space-size=16'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      POD_IP: '127.0.0.1',
      LOG_LEVEL: 'error',
      ...MALLOC,
      ...env,
    },
  });
  own(child);
  await until(async () => ((await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok ? true : undefined), {
    withinMs: 60_000,
    what: `${file} is ready`,
  });
  return child;
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('a server of the shop was not started');
  return pid;
}

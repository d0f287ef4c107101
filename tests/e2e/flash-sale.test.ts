/**
 * The last fifty units and two hundred shoppers, first in peace, then while runtime, PostgreSQL and operator are killed
 * at random moments: nobody is sold what is not there, nobody pays for nothing, nothing acknowledged is lost.
 */
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { after, before, test, type TestContext } from 'node:test';
import type { Client } from '../../operator/kube/client.ts';
import { adminToken, clusterOf, killProcess, withDatabase } from '../support/cluster.ts';
import { removeInstallation, startInstallation, type Installation } from '../support/installation.ts';
import type { Shop } from '../support/shop.ts';
import { buy, type Purchase } from '../support/shopper.ts';
import { until } from '../support/wait.ts';

const SHOPPERS = 200;
const UNITS = 50;
const TENANT = 'acme';
/** Nothing is left to do for an order in these. */
const AT_REST: ReadonlySet<string> = new Set(['confirmed', 'cancelled', 'expired', 'refunded']);

interface StockLevel {
  readonly variantId: string;
  readonly onHand: number;
  readonly held: number;
  readonly sold: number;
}

let installation: Installation;
let client: Client;
let shop: Shop;
let merchant: Shop;
const agent = new Agent({ keepAlive: true, maxSockets: SHOPPERS });

before(async () => {
  installation = await startInstallation({ storefront: false });
  await installation.event('tenants', 120_000);
  client = await clusterOf(installation);
  shop = installation.shop(`${TENANT}.localhost`);
  const token = await adminToken(client, TENANT);
  merchant = (method, path, options = {}) =>
    shop(method, path, { ...options, headers: { ...options.headers, authorization: `Bearer ${token}` } });
});

after(async () => {
  agent.destroy();
  client?.close();
  await removeInstallation(installation);
});

test('two hundred shoppers buy the last fifty units at once: fifty orders, each paid once', async (context) => {
  const variantId = await variantWithUnits(0);
  const watching = watchStock(context, variantId);
  const began = performance.now();
  const purchases = await rush(variantId, 60_000);
  context.diagnostic(
    `${SHOPPERS} shoppers in ${Math.round(performance.now() - began)} ms: ${JSON.stringify(countOutcomes(purchases))}`,
  );
  await settle(variantId, purchases);
  const samples = await watching.stop();
  assert.ok(samples > 0, 'stock was looked at while they bought');
});

test('the same while runtime, PostgreSQL and operator are killed: nothing acknowledged is lost and all converges', async (context) => {
  const variantId = await variantWithUnits(1);
  const watching = watchStock(context, variantId);
  const killing = killAtRandom(context);
  const purchases = await rush(variantId, 120_000);
  const kills = await killing.stop();
  context.diagnostic(`${kills} kills: ${JSON.stringify(countOutcomes(purchases))}`);
  assert.ok(kills >= 3, 'each of the three was killed');
  await settle(variantId, purchases);
  await watching.stop();
});

async function rush(variantId: string, patienceMs: number): Promise<Purchase[]> {
  const patient: Shop = (method, path, options) => shop(method, path, { ...options, agent });
  const processor = installation.shop('pay.localhost');
  return Promise.all(
    Array.from({ length: SHOPPERS }, () => buy({ shop: patient, processor, variantId, patienceMs })),
  );
}

/** Waits until every order has come to rest, then compares orders, stock and payments with what shoppers were told. */
async function settle(variantId: string, purchases: readonly Purchase[]): Promise<void> {
  const paid = purchases.filter(({ outcome }) => outcome === 'paid');
  assert.equal(
    purchases.filter(({ outcome }) => outcome === 'gave_up').length,
    0,
    'every shopper got an answer',
  );

  const confirmed = await until(
    async () => {
      const [level] = await stockOf(variantId);
      const orders = await ordersOf(variantId);
      return level?.held === 0 && orders.every(({ status }) => AT_REST.has(status)) ? orders : undefined;
    },
    { withinMs: 120_000, everyMs: 250, what: 'no unit is held and every order is at rest' },
  );
  const [level] = await stockOf(variantId);
  assert.equal(level?.sold, UNITS, 'all fifty are sold');
  assert.equal(confirmed.filter(({ status }) => status === 'confirmed').length, UNITS);
  assert.equal(paid.length, UNITS, 'whoever paid has an order, whoever has an order paid');
  const confirmedIds = new Set(confirmed.filter(({ status }) => status === 'confirmed').map(({ id }) => id));
  for (const { orderId } of paid)
    assert.ok(orderId !== undefined && confirmedIds.has(orderId), `order ${orderId} is confirmed`);
  for (const order of confirmed) {
    const kept = order.captured - order.refunded;
    assert.equal(
      kept,
      order.status === 'confirmed' ? order.total : 0,
      `order ${order.id} (${order.status}) keeps ${kept} of ${order.total}`,
    );
  }
}

interface OrderRow {
  readonly id: string;
  readonly status: string;
  readonly total: number;
  readonly captured: number;
  readonly refunded: number;
}

/** Straight from the tables, so that no projection can flatter. */
function ordersOf(variantId: string): Promise<OrderRow[]> {
  return withDatabase(client, async (db) => {
    const { rows } = await db.query<OrderRow>(
      `select o.id, o.status, o.total::int, o.captured::int, o.refunded::int
         from shop.orders_orders o join shop.orders_order_lines l on l.tenant_id = o.tenant_id and l.order_id = o.id
        where o.tenant_id = $1 and l.variant_id = $2`,
      [TENANT, variantId],
    );
    return rows;
  });
}

async function stockOf(variantId: string): Promise<readonly StockLevel[]> {
  const answer = await merchant('GET', `/api/admin/orders/stock?variantIds=${variantId}`);
  if (answer.status !== 200) throw new Error(`stock: ${answer.status} ${answer.text}`);
  return answer.json<{ stock: readonly StockLevel[] }>().stock;
}

/** Some variant of the catalogue that has exactly fifty units and no sale. */
async function variantWithUnits(index: number): Promise<string> {
  const page = (await shop('GET', '/api/catalog/products?limit=10')).json<{
    products: readonly { handle: string }[];
  }>();
  const handle = page.products[index]?.handle;
  const product = (await shop('GET', `/api/catalog/products/${handle}`)).json<{
    variants: readonly { id: string }[];
  }>();
  const variantId = product.variants[0]?.id;
  assert.ok(variantId !== undefined, 'the catalogue has a variant');
  const counted = await merchant('POST', `/api/admin/orders/stock/${variantId}`, {
    json: { onHand: UNITS, reason: 'flash sale' },
    headers: { 'idempotency-key': `flash-${variantId}` },
  });
  assert.equal(counted.status, 200, counted.text);
  return variantId;
}

/** Looks at the stock as fast as it can: held + sold may never exceed what is on the shelf. */
function watchStock(context: TestContext, variantId: string): { stop(): Promise<number> } {
  let stopped = false;
  context.after(() => void (stopped = true));
  const looking = (async () => {
    let samples = 0;
    while (!stopped) {
      const [level] = await stockOf(variantId).catch(() => []);
      if (level !== undefined) {
        assert.ok(level.held + level.sold <= level.onHand, `oversold: ${JSON.stringify(level)}`);
        samples += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return samples;
  })();
  looking.catch(() => undefined);
  return {
    stop() {
      stopped = true;
      return looking;
    },
  };
}

const VICTIMS = [/runtime\/host\/main\.ts/, /postgres(?!\.ts).* -D /, /operator\/main\.ts/];

function killAtRandom(context: TestContext): { stop(): Promise<number> } {
  let stopped = false;
  context.after(() => void (stopped = true));
  const killing = (async () => {
    let kills = 0;
    for (let round = 0; !stopped || round < VICTIMS.length; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 450));
      const victim = VICTIMS[round % VICTIMS.length];
      if (victim === undefined || round >= 9) break;
      const killed = await killProcess(installation, victim);
      context.diagnostic(`killed ${killed} of ${victim.source}`);
      if (killed > 0) kills += 1;
    }
    return kills;
  })();
  return {
    stop() {
      stopped = true;
      return killing;
    },
  };
}

function countOutcomes(purchases: readonly Purchase[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of purchases) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

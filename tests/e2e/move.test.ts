/**
 * A shop moves from the pool to a place of its own and back while people browse and buy: every order that was acknowledged is
 * there once and paid once, nothing is left behind, and the merchant's key and the processor's webhooks stay good.
 */
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type pg from 'pg';
import { tenants, type TenantObject } from '../../operator/controllers/kinds.ts';
import type { Client } from '../../operator/kube/client.ts';
import { adminToken, clusterOf, killProcess, withDatabase } from '../support/cluster.ts';
import { removeInstallation, startInstallation, type Installation } from '../support/installation.ts';
import { buy, type Purchase } from '../support/shopper.ts';
import type { Shop } from '../support/shop.ts';
import { until } from '../support/wait.ts';

const TENANT = 'acme';
const SHOPPERS = 3;
const AT_REST: ReadonlySet<string> = new Set(['confirmed', 'cancelled', 'expired', 'refunded']);

let installation: Installation;
let client: Client;
let shop: Shop;
let token: string;
/** Whatever was acknowledged as paid in any of the tests. */
const paid: Purchase[] = [];

before(async () => {
  installation = await startInstallation({ storefront: false });
  await installation.event('tenants', 180_000);
  client = await clusterOf(installation);
  shop = installation.shop(`${TENANT}.localhost`);
  token = await adminToken(client, TENANT);
});

after(async () => {
  client?.close();
  await removeInstallation(installation);
});

test('to a place of its own, while people browse and buy', async (context) => {
  await moveWhileShopping(context, 'dedicated');
});

test('cards charged while the shop takes no changes are told again until it has arrived: every order is confirmed once', async () => {
  const variantId = await someVariant();
  const till = gated(installation.shop('pay.localhost'));
  const buying = Array.from({ length: 4 }, () =>
    buy({ shop, processor: till.shop, variantId, patienceMs: 90_000 }),
  );
  await till.reached(buying.length);
  await withDatabase(client, async (db) => {
    // A writer that does not end: the freeze has to wait for it, and we have all the time in the world.
    await db.query('begin');
    await db.query('select pg_advisory_xact_lock_shared(7220, hashtext($1))', [TENANT]);
    await setPlacement('pooled');
    await until(
      async () => {
        const { rows } = await db.query<{ frozen: boolean }>(
          'select frozen from platform.tenants where id = $1',
          [TENANT],
        );
        return rows[0]?.frozen === true ? true : undefined;
      },
      { withinMs: 60_000, what: 'the tenant is frozen' },
    );
    const refused = await shop('POST', '/api/orders/carts', {
      json: { lines: [{ variantId, quantity: 1 }] },
    });
    assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '1'], refused.text);
    assert.equal((await shop('GET', '/api/catalog/products?limit=1')).status, 200, 'looking around goes on');
    till.open();
    const bought = await Promise.all(buying);
    for (const purchase of bought) assert.equal(purchase.outcome, 'paid', purchase.last);
    paid.push(...bought);
    const orders = await ordersIn(db, `tenant_${TENANT}`);
    const waiting = orders.filter(({ id }) => bought.some(({ orderId }) => orderId === id));
    assert.deepEqual(
      waiting.map(({ status }) => status),
      bought.map(() => 'pending_payment'),
      'the webhooks could not be heard yet',
    );
    await db.query('commit');
  });
  await arrived('pooled');
  await everyOrderOnce();
  await nothingLeftBehind('pooled');
});

test('to a place of its own while operator, runtime and database are killed', async (context) => {
  await moveWhileShopping(context, 'dedicated', async () => {
    for (const victim of [
      /operator\/main\.ts/,
      /runtime\/host\/main\.ts/,
      /postgres(?!\.ts).* -D /,
      /operator\/main\.ts/,
    ]) {
      await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 600));
      context.diagnostic(`killed ${await killProcess(installation, victim)} of ${victim.source}`);
    }
  });
});

test('called off, it stays where it is', async () => {
  await setPlacement('pooled');
  await until(async () => ((await tenant()).status?.move?.to === 'pooled' ? true : undefined), {
    withinMs: 30_000,
    what: 'the move has begun',
  });
  await setPlacement('dedicated');
  const { status } = await arrived('dedicated');
  assert.ok(status?.move?.phase === 'Aborted' || status?.move?.phase === 'Done', status?.move?.phase);
  await everyOrderOnce();
});

/** Shoppers buy and look around until the tenant has arrived; then the books are compared. */
async function moveWhileShopping(
  context: TestContext,
  to: 'pooled' | 'dedicated',
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<void> {
  const variantId = await someVariant();
  let moving = true;
  const shopping = Array.from({ length: SHOPPERS }, async () => {
    const mine: Purchase[] = [];
    while (moving) mine.push(await buyOne(variantId));
    return mine;
  });
  const looks: number[] = [];
  const browsing = (async () => {
    while (moving) {
      const answer = await shop('GET', '/api/catalog/products?limit=5').catch(() => undefined);
      if (answer?.status === 200)
        assert.equal(answer.json<{ products: unknown[] }>().products.length, 5, 'a whole shelf');
      looks.push(answer?.status ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  browsing.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const began = performance.now();
  const [move] = await Promise.all([moveTo(to), meanwhile()]).finally(() => (moving = false));
  const took = performance.now() - began;
  const purchases = (await Promise.all(shopping)).flat();
  await browsing;
  context.diagnostic(
    `${move?.rows} rows moved to ${to} in ${Math.round(took)} ms, ${move?.frozenMilliseconds} ms without changes; ` +
      `${purchases.length} orders, looks ${JSON.stringify(countBy(looks))}`,
  );
  assert.ok(purchases.length > 0 && looks.includes(200));
  assert.ok(!looks.includes(404), 'nobody is told that there is no such shop');
  for (const purchase of purchases) assert.equal(purchase.outcome, 'paid', purchase.last);
  paid.push(...purchases);
  await everyOrderOnce();
  await nothingLeftBehind(to);
  assert.equal(await adminToken(client, TENANT, to === 'dedicated' ? `tenant-${TENANT}` : undefined), token);
}

function countBy(values: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** Straight from the tables of wherever the tenant is: each paid order once, confirmed, captured to the cent, its units sold. */
async function everyOrderOnce(): Promise<void> {
  const { status } = await tenant();
  const schema = status?.dataRef?.schema ?? assert.fail('the tenant has data');
  const orders = await until(
    async () => {
      const rows = await withDatabase(client, (db) => ordersIn(db, schema));
      return rows.every((row) => AT_REST.has(row.status)) ? rows : undefined;
    },
    { withinMs: 120_000, everyMs: 500, what: 'every order is at rest' },
  );
  const confirmed = orders.filter((order) => order.status === 'confirmed');
  const ids = confirmed.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const { orderId } of paid)
    assert.ok(orderId !== undefined && ids.includes(orderId), `order ${orderId} is confirmed`);
  assert.equal(new Set(paid.map(({ orderId }) => orderId)).size, paid.length);
  for (const order of confirmed) {
    assert.equal(order.captured - order.refunded, order.total, `order ${order.id} is paid to the cent`);
    assert.equal(order.committed, order.units, `order ${order.id} has its units`);
  }
}

interface OrderRow {
  readonly id: string;
  readonly status: string;
  readonly total: number;
  readonly captured: number;
  readonly refunded: number;
  readonly units: number;
  readonly committed: number;
}

async function ordersIn(db: pg.Client, schema: string): Promise<OrderRow[]> {
  const { rows } = await db.query<OrderRow>(
    `select o.id, o.status, o.total::int, o.captured::int, o.refunded::int,
       (select sum(quantity)::int from ${schema}.orders_order_lines l where l.tenant_id = o.tenant_id and l.order_id = o.id) as units,
       (select coalesce(sum(quantity), 0)::int from ${schema}.orders_holds h
         where h.tenant_id = o.tenant_id and h.order_id = o.id and h.state = 'committed') as committed
     from ${schema}.orders_orders o where o.tenant_id = $1`,
    [TENANT],
  );
  return rows;
}

async function nothingLeftBehind(at: 'pooled' | 'dedicated'): Promise<void> {
  await withDatabase(client, async (db) => {
    const own = await db.query(`select from pg_namespace where nspname = 'tenant_${TENANT}'`);
    const role = await db.query(`select from pg_roles where rolname = 'tenant_${TENANT}'`);
    assert.deepEqual([own.rowCount, role.rowCount], at === 'dedicated' ? [1, 1] : [0, 0]);
    const { rows: moves } = await db.query('select tenant_id from platform.moves');
    assert.deepEqual(moves, []);
    if (at === 'pooled') return;
    const { rows: tables } = await db.query<{ name: string }>(
      `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' where n.nspname = 'shop' and c.relkind = 'r'`,
    );
    for (const { name } of tables) {
      const { rowCount } = await db.query(`select from shop.${name} where tenant_id = $1`, [TENANT]);
      assert.equal(rowCount, 0, `shop.${name}`);
    }
  });
}

async function moveTo(placement: 'pooled' | 'dedicated') {
  await setPlacement(placement);
  return (await arrived(placement)).status?.move;
}

async function setPlacement(placement: 'pooled' | 'dedicated'): Promise<void> {
  await client.patch(tenants, { name: TENANT }, { kind: 'merge', body: { spec: { placement } } });
}

async function arrived(placement: 'pooled' | 'dedicated'): Promise<TenantObject> {
  return until(
    async () => {
      const object = await tenant().catch(() => undefined);
      const ready = object?.status?.conditions?.find(({ type }) => type === 'Ready');
      return ready?.status === 'True' &&
        ready.observedGeneration === object?.metadata.generation &&
        object?.status?.dataRef?.placement === placement
        ? object
        : undefined;
    },
    { withinMs: 120_000, everyMs: 50, what: `${TENANT} is ${placement} and Ready` },
  );
}

function tenant(): Promise<TenantObject> {
  return client.get(tenants, { name: TENANT });
}

/** A processor that answers only once it is opened. */
function gated(processor: Shop): { shop: Shop; reached(count: number): Promise<true>; open(): void } {
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  return {
    async shop(...call) {
      waiting += 1;
      await gate.promise;
      return processor(...call);
    },
    reached: (count) =>
      until(() => (waiting >= count ? true : undefined), {
        withinMs: 60_000,
        what: `${count} shoppers are at the till`,
      }),
    open: () => gate.resolve(),
  };
}

function buyOne(variantId: string): Promise<Purchase> {
  return buy({ shop, processor: installation.shop('pay.localhost'), variantId, patienceMs: 60_000 });
}

/** A variant with more units than anybody here will buy. */
async function someVariant(): Promise<string> {
  const page = (await shop('GET', '/api/catalog/products?limit=1')).json<{
    products: readonly { handle: string }[];
  }>();
  const product = (await shop('GET', `/api/catalog/products/${page.products[0]?.handle}`)).json<{
    variants: readonly { id: string }[];
  }>();
  const variantId = product.variants[0]?.id ?? assert.fail('the catalogue has a variant');
  const counted = await shop('POST', `/api/admin/orders/stock/${variantId}`, {
    json: { onHand: 100_000, reason: 'a busy week' },
    headers: { authorization: `Bearer ${token}`, 'idempotency-key': `move-${Date.now()}` },
  });
  assert.equal(counted.status, 200, counted.text);
  return variantId;
}

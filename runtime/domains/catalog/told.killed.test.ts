/** `kill -9` while people are told: of what is back, by wish and by name, and asked for reviews. Everybody hears of each once. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { createMortals, type Mortal } from '../../../tests/support/mortal.ts';
import { until } from '../../../tests/support/wait.ts';
import { ADMIN_KEY, ADMIN_SECRETS, send } from '../../host/testing.ts';
import type { NewEvent } from '../../platform/ports.ts';
import type { PostgresSql } from '../../platform/sql/postgres.ts';
import { accounts } from '../accounts/definition.ts';
import { notifications } from '../notifications/definition.ts';
import { catalog } from './definition.ts';
import type { AdminProduct } from './schemas.ts';

/** Shops, by the moment at which telling is killed. */
const MOMENTS = ['asked', 'told'] as const;
const PATIENCE_MS = 60_000;
/** A page and a part of the next one. */
const PEOPLE = 60;
const LATER = String(8 * 24 * 60 * 60_000);
const mortals = createMortals(new URL('./testing/runtime.child.ts', import.meta.url), () => database);
let database: TestDatabase;
let sql: PostgresSql;

before(async () => {
  database = await startTestDatabase([accounts, catalog, notifications]);
  for (const id of MOMENTS)
    await database.addTenant({ id, domains: ['accounts', 'catalog', 'notifications'] }, ADMIN_SECRETS);
  sql = database.open();
});
after(async () => {
  mortals.stop();
  await database.stop();
});

async function managed<T>(
  { port }: Mortal,
  shop: string,
  method: string,
  path: string,
  json: object,
): Promise<T> {
  const answer = await send(port, `${shop}.localhost`, method, `/api/admin/catalog/${path}`, {
    json,
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'idempotency-key': path },
  });
  assert.ok(answer.status < 300, answer.text);
  return answer.json<T>();
}

async function counted(text: string, shop: string, count: number, what: string): Promise<void> {
  await until(
    async () => {
      const { rows } = await database.admin.query<{ count: number }>(text, [shop]);
      return rows[0]?.count === count || undefined;
    },
    {
      withinMs: PATIENCE_MS,
      what,
      tell: async () => JSON.stringify((await database.admin.query(text, [shop])).rows),
    },
  );
}

const tell = (shop: string, ...events: NewEvent[]): Promise<void> =>
  sql.transaction(shop, (tx) => tx.emit(...events));
const stock = (key: string, availability: string): NewEvent => ({
  topic: 'orders.stock',
  type: 'orders.stock.changed',
  key,
  payload: { variantId: key, availability },
});

/** Everybody wishes for one thing, and has bought it; as many mailboxes wait for it by name; it sells out and comes back. */
async function haveHappened(runtime: Mortal, shop: string): Promise<void> {
  await managed(runtime, shop, 'PUT', 'review-settings', {
    version: 0,
    writers: 'buyers',
    publication: 'checked',
    heldWords: [],
    askAfterDays: 5,
  });
  const { id: productId, variants } = await managed<AdminProduct>(runtime, shop, 'POST', 'products', {
    title: 'Boots',
    variants: [{ prices: [{ amount: 100, currency: 'EUR' }] }],
  });
  const variantId = variants[0]?.id ?? '';
  for (let n = 0; n < PEOPLE; n++) {
    const id = `c${n}`;
    const order = { orderId: `o${n}`, number: `A-${n}`, customerId: id, refunded: 0, lines: [{ productId }] };
    const name = { firstName: '', lastName: '', locale: 'en' };
    await tell(
      shop,
      {
        topic: 'accounts.customer',
        type: 'accounts.customer.updated',
        key: id,
        payload: { id, email: `${id}@example.com`, ...name, acceptsMarketing: true },
      },
      { topic: 'orders.order', type: 'orders.order.fulfilled', key: order.orderId, payload: order },
    );
  }
  await database.admin.query(
    `with lists as (
       insert into shop.catalog_wishlists (tenant_id, id, customer_id, name, is_default, created_at, updated_at)
       select $1, 'wsh_' || n, 'c' || n, '', true, now(), now() from generate_series(0, $3::int - 1) n returning id
     ), items as (
       insert into shop.catalog_wishlist_items (tenant_id, wishlist_id, variant_id, added_at) select $1, id, $2, now() from lists
     )
     insert into shop.catalog_stock_alerts (tenant_id, id, variant_id, email, asked_at, mails, confirmed_at)
     select $1, 'sal_' || n, $2, 'm' || n || '@example.com', now(), 1, now() from generate_series(0, $3::int - 1) n`,
    [shop, variantId, PEOPLE],
  );
  await tell(shop, stock(variantId, 'out'), stock(variantId, 'in_stock'));
  await counted(
    'select count(*)::int from shop.catalog_wish_news where tenant_id = $1',
    shop,
    1,
    'it is back',
  );
  await counted(
    'select count(*)::int from shop.catalog_review_asks where tenant_id = $1',
    shop,
    PEOPLE,
    'orders are waiting to be asked about',
  );
  await counted(
    'select count(*)::int from shop.notifications_contacts where tenant_id = $1',
    shop,
    PEOPLE,
    'everybody is known',
  );
}

for (const [moment, when] of [
  ['asked', 'before a page of people is told'],
  ['told', 'once a page of people is told'],
] as const)
  test(`killed ${when}, everybody hears, and nobody twice`, async () => {
    const early = await mortals.start();
    await haveHappened(early, moment);
    await early.kill();
    // What was begun is begun again in the next life.
    for (let life = 0; life < 2; life++) await (await mortals.start({ CRASH: moment, LATER })).gone();
    const last = await mortals.start({ LATER });
    await counted(
      `select count(*)::int from shop.notifications_deliveries where tenant_id = $1 and state = 'sent'`,
      moment,
      3 * PEOPLE,
      'all of it is sent',
    );
    await counted(
      `select (select count(*) from shop.catalog_wish_news where tenant_id = $1)::int + (select count(*) from shop.catalog_stock_alerts where tenant_id = $1)::int
         + (select count(*) from shop.catalog_review_asks where tenant_id = $1 and state = 'waiting')::int as count`,
      moment,
      0,
      'nothing waits on',
    );
    const { rows } = await database.admin.query<{ kind: string; told: number; people: number }>(
      `select kind, count(*)::int as told, count(distinct contact_id)::int as people from shop.notifications_deliveries
       where tenant_id = $1 group by kind order by kind`,
      [moment],
    );
    assert.deepEqual(rows, [
      { kind: 'alerts.back', told: PEOPLE, people: PEOPLE },
      { kind: 'reviews.request', told: PEOPLE, people: PEOPLE },
      { kind: 'wishes.back', told: PEOPLE, people: PEOPLE },
    ]);
    await last.stop();
  });

/** `kill -9` on the way from an approval to its order, or to an exchange: it becomes one, once, and the limit knows of exactly that. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { createMortals, type Mortal } from '../../../../tests/support/mortal.ts';
import { until } from '../../../../tests/support/wait.ts';
import { ADMIN_KEY, ADMIN_SECRETS, send, type TestAnswer } from '../../../host/testing.ts';
import { systemClock } from '../../../platform/clock.ts';
import { createNewId } from '../../../platform/ids.ts';
import type { PostgresSql } from '../../../platform/sql/postgres.ts';
import type { Approval, MerchantCompany, SpendingLimits } from '../../accounts/schemas.ts';
import { newMember } from '../../accounts/testing/companies.ts';
import { DOMAINS } from '../../index.ts';
import type { Cart, CheckoutResult, MerchantOrder } from '../schemas.ts';
import { ADDRESS, productOf } from '../testing/shop.ts';

const MOMENTS = {
  granted: 'the approval was granted',
  reserved: 'the purchase was reserved',
  made: 'its order was made',
  told: 'accounts was told of the order',
} as const;

/** Of an exchange that a merchant enters: each in a shop of its own. */
const EXCHANGING = {
  entered: 'the exchange was entered',
  asked: 'the company was asked',
  granted: 'the company has approved it',
  agreed: 'it was agreed to',
} as const;
const shopOf = (moment: string): string => `exchanging-${moment}`;

const APPROVALS = '/api/accounts/company/approvals';
const PATIENCE_MS = 60_000;
const newId = createNewId(systemClock);
let database: TestDatabase;
let sql: PostgresSql;

before(async () => {
  database = await startTestDatabase(DOMAINS);
  for (const id of [...Object.keys(MOMENTS), ...Object.keys(EXCHANGING).map(shopOf)])
    await database.addTenant({ id, currencies: ['EUR'], domains: ['accounts', 'orders'] }, ADMIN_SECRETS);
  sql = database.open({ newId });
});
after(async () => {
  mortals.stop();
  await database.stop();
});

const mortals = createMortals(new URL('./testing/runtime.child.ts', import.meta.url), () => database);

/** A shop whose process kills itself once, at a moment, and comes again. */
async function dying(tenant: string, crash: string) {
  let process: Mortal = await mortals.start({ CRASH: crash });
  let deaths = 0;
  return {
    deaths: () => deaths,
    stop: () => process.stop(),
    /** As whoever got no answer does: asks again, in the same words. */
    async ask(token: string, method: string, path: string, json?: object): Promise<TestAnswer> {
      const headers = { authorization: `Bearer ${token}`, 'idempotency-key': randomUUID() };
      const more = { headers, ...(json === undefined ? {} : { json }) };
      try {
        return await send(process.port, `${tenant}.localhost`, method, path, more);
      } catch {
        // Whoever killed it, it answers no more.
        await process.gone();
        deaths += 1;
        process = await mortals.start();
        return send(process.port, `${tenant}.localhost`, method, path, more);
      }
    },
  };
}
type Ask = Awaited<ReturnType<typeof dying>>['ask'];

function done(answer: TestAnswer, status: number): TestAnswer {
  assert.equal(answer.status, status, answer.text);
  return answer;
}

/** A company that pays later, whose buyer has limits, and what it may buy. */
async function company(tenant: string, ask: Ask, limits: Partial<SpendingLimits>) {
  for (const [variant, price] of [
    ['var_desk', 1_000],
    ['var_chair', 2_500],
  ] as const)
    await sql.transaction(tenant, (tx) =>
      tx.emit({
        topic: 'catalog.product',
        type: 'catalog.product.upserted',
        key: variant,
        payload: productOf(variant, price, 100, {}),
      }),
    );
  const companies = '/api/admin/accounts/companies';
  const made = await ask(ADMIN_KEY, 'POST', companies, { name: 'Acme', country: 'DE', netDays: 30 });
  const { id } = done(made, 201).json<MerchantCompany>();
  const rooms = { host: { platform: { sql, clock: systemClock, newId } } };
  const its = { currency: 'EUR', period: 'month', ...limits } as const;
  return {
    buyer: await newMember(rooms, tenant, id, 'buyer@acme.example', 'buyer', its),
    admin: await newMember(rooms, tenant, id, 'admin@acme.example', 'admin'),
  };
}

function cartOf(ask: Ask, token: string, quantity: number): Promise<Cart> {
  const lines = [{ variantId: 'var_desk', quantity }];
  return until(
    async () => {
      const answer = await ask(token, 'POST', '/api/orders/carts', { lines });
      return answer.status === 201 ? answer.json<Cart>() : undefined;
    },
    { withinMs: PATIENCE_MS, what: 'the product is for sale' },
  );
}

/** The one approval that a member sees, once it is in a state. */
function approvalOf(ask: Ask, token: string, state: Approval['state']): Promise<Approval> {
  return until(
    async () => {
      const { approvals } = (await ask(token, 'GET', APPROVALS)).json<{ approvals: Approval[] }>();
      assert.ok(approvals.length <= 1, 'it is asked for once');
      return approvals.find((each) => each.state === state);
    },
    { withinMs: PATIENCE_MS, what: `the approval is ${state}` },
  );
}

for (const [moment, words] of Object.entries(MOMENTS))
  test(`killed once ${words}: asked again, it is one order, and what was approved is used up`, async () => {
    const { ask, deaths, stop } = await dying(moment, moment);
    const { buyer, admin } = await company(moment, ask, { perOrder: 100 });
    const cart = await cartOf(ask, buyer.token, 3);
    const to = { email: 'buyer@acme.example', shippingAddress: ADDRESS };
    const asked = done(await ask(buyer.token, 'POST', `/api/orders/carts/${cart.id}/approval`, to), 201);
    const { id } = asked.json<Approval>();
    done(await ask(admin.token, 'POST', `${APPROVALS}/${id}/approve`, {}), 200);
    const wish = { cartId: cart.id, ...to, onAccount: true };
    const first = done(await ask(buyer.token, 'POST', '/api/orders/checkout', wish), 201);
    const orderId = first.json<CheckoutResult>().order.id;

    const spent = await approvalOf(ask, buyer.token, 'ordered');
    assert.equal(spent.orderId, orderId);
    assert.equal(deaths(), 1, 'it was killed on the way');
    const { rows } = await database.admin.query<{ orders: number; spending: string[] }>(
      `select (select count(*)::int from shop.orders_orders where tenant_id = $1) as orders,
         (select array_agg(state) from shop.company_spending where tenant_id = $1) as spending`,
      [moment],
    );
    assert.deepEqual(rows, [{ orders: 1, spending: ['spent'] }]);
    await stop();
  });

for (const [moment, words] of Object.entries(EXCHANGING))
  test(`killed once ${words}: it is agreed to once, and what was approved is used up`, async () => {
    const tenant = shopOf(moment);
    const { ask, deaths, stop } = await dying(tenant, moment);
    const { buyer, admin } = await company(tenant, ask, { perPeriod: 3_000 });
    const { id: cartId } = await cartOf(ask, buyer.token, 2);
    const wish = { cartId, email: 'buyer@acme.example', shippingAddress: ADDRESS, onAccount: true };
    const placed = done(await ask(buyer.token, 'POST', '/api/orders/checkout', wish), 201);
    const path = `/api/admin/orders/orders/${placed.json<CheckoutResult>().order.id}`;
    const order = async (): Promise<MerchantOrder> =>
      (await ask(ADMIN_KEY, 'GET', path)).json<MerchantOrder>();
    await until(async () => ((await order()).status === 'confirmed' ? true : undefined), {
      withinMs: PATIENCE_MS,
      what: 'the order is confirmed',
    });
    done(await ask(ADMIN_KEY, 'POST', `${path}/fulfilments`, {}), 200);
    const entered = {
      lines: [{ variantId: 'var_desk', quantity: 1, reason: 'changed_mind' }],
      exchange: { lines: [{ variantId: 'var_chair', quantity: 1 }] },
      approval: {},
    };
    done(await ask(ADMIN_KEY, 'POST', `${path}/returns`, entered), 200);
    const { id } = await approvalOf(ask, admin.token, 'waiting');
    done(await ask(admin.token, 'POST', `${APPROVALS}/${id}/approve`, {}), 200);
    await approvalOf(ask, admin.token, 'ordered');
    assert.equal(deaths(), 1, 'it was killed on the way');
    const { lines, returns } = await order();
    assert.deepEqual(
      returns.map(({ state, exchange }) => [state, exchange?.sums?.difference]),
      [['authorised', 1_500]],
    );
    assert.equal(lines.find(({ variantId }) => variantId === 'var_chair')?.quantity, 1);
    const { rows } = await database.admin.query<{ state: string; approved: boolean }>(
      'select state, approval_id is not null as approved from shop.company_spending where tenant_id = $1 order by id',
      [tenant],
    );
    assert.deepEqual(rows, [
      { state: 'spent', approved: false },
      { state: 'spent', approved: true },
    ]);
    await stop();
  });

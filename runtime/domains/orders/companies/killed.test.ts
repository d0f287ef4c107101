/** `kill -9` on the way from an approval to its order: it becomes one order, once, and the limit knows of exactly that. */
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
import type { Approval, MerchantCompany } from '../../accounts/schemas.ts';
import { newMember } from '../../accounts/testing/companies.ts';
import { DOMAINS } from '../../index.ts';
import type { Cart, CheckoutResult } from '../schemas.ts';
import { ADDRESS, productOf } from '../testing/shop.ts';

const MOMENTS = {
  granted: 'the approval was granted',
  reserved: 'the purchase was reserved',
  made: 'its order was made',
  told: 'accounts was told of the order',
} as const;

const PATIENCE_MS = 60_000;
const newId = createNewId(systemClock);
let database: TestDatabase;
let sql: PostgresSql;

before(async () => {
  database = await startTestDatabase(DOMAINS);
  for (const id of Object.keys(MOMENTS))
    await database.addTenant({ id, currencies: ['EUR'], domains: ['accounts', 'orders'] }, ADMIN_SECRETS);
  sql = database.open({ newId });
});
after(async () => {
  mortals.stop();
  await database.stop();
});

const mortals = createMortals(new URL('./testing/runtime.child.ts', import.meta.url), () => database);

for (const [moment, words] of Object.entries(MOMENTS))
  test(`killed once ${words}: asked again, it is one order, and what was approved is used up`, async () => {
    let process: Mortal = await mortals.start({ CRASH: moment });
    let deaths = 0;
    /** As whoever got no answer does: asks again, in the same words. */
    async function ask(token: string, method: string, path: string, json?: object): Promise<TestAnswer> {
      const headers = { authorization: `Bearer ${token}`, 'idempotency-key': randomUUID() };
      const more = { headers, ...(json === undefined ? {} : { json }) };
      try {
        return await send(process.port, `${moment}.localhost`, method, path, more);
      } catch {
        // Whoever killed it, it answers no more.
        await process.gone;
        deaths += 1;
        process = await mortals.start();
        return send(process.port, `${moment}.localhost`, method, path, more);
      }
    }
    const done = (answer: TestAnswer, status: number): TestAnswer => {
      assert.equal(answer.status, status, answer.text);
      return answer;
    };

    await sql.transaction(moment, (tx) =>
      tx.emit({
        topic: 'catalog.product',
        type: 'catalog.product.upserted',
        key: 'desk',
        payload: productOf('var_desk', 1_000, 100, {}),
      }),
    );
    const companies = '/api/admin/accounts/companies';
    const made = await ask(ADMIN_KEY, 'POST', companies, { name: 'Acme', country: 'DE', netDays: 30 });
    const { id: companyId } = done(made, 201).json<MerchantCompany>();
    const rooms = { host: { platform: { sql, clock: systemClock, newId } } };
    const limits = { currency: 'EUR', perOrder: 100, period: 'month' } as const;
    const buyer = await newMember(rooms, moment, companyId, 'buyer@acme.example', 'buyer', limits);
    const admin = await newMember(rooms, moment, companyId, 'admin@acme.example', 'admin');

    const lines = [{ variantId: 'var_desk', quantity: 3 }];
    const cart = await until(
      async () => {
        const answer = await ask(buyer.token, 'POST', '/api/orders/carts', { lines });
        return answer.status === 201 ? answer.json<Cart>() : undefined;
      },
      { withinMs: PATIENCE_MS, what: 'the product is for sale' },
    );
    const to = { email: 'buyer@acme.example', shippingAddress: ADDRESS };
    const asked = done(await ask(buyer.token, 'POST', `/api/orders/carts/${cart.id}/approval`, to), 201);
    const { id } = asked.json<Approval>();
    const path = `/api/accounts/company/approvals/${id}`;
    done(await ask(admin.token, 'POST', `${path}/approve`, {}), 200);
    const wish = { cartId: cart.id, ...to, onAccount: true };
    const first = done(await ask(buyer.token, 'POST', '/api/orders/checkout', wish), 201);
    const orderId = first.json<CheckoutResult>().order.id;

    const spent = await until(
      async () => {
        const approval = (await ask(buyer.token, 'GET', path)).json<Approval>();
        return approval.state === 'ordered' ? approval : undefined;
      },
      { withinMs: PATIENCE_MS, what: 'the approval is used up' },
    );
    assert.equal(spent.orderId, orderId);
    assert.equal(deaths, 1, 'it was killed on the way');
    const { rows } = await database.admin.query<{ orders: number; spending: string[] }>(
      `select (select count(*)::int from shop.orders_orders where tenant_id = $1) as orders,
         (select array_agg(state) from shop.company_spending where tenant_id = $1) as spending`,
      [moment],
    );
    assert.deepEqual(rows, [{ orders: 1, spending: ['spent'] }]);
    await process.stop();
  });

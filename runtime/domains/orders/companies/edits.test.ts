/** Edits that make a company's order dearer: within its buyer's limits, approved by the company, or by the merchant's word. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Approval, OwnCompany, SpendingLimits } from '../../accounts/schemas.ts';
import { manualClock } from '../../../platform/clock.ts';
import { newCompany, newMember, type TestMember } from '../../accounts/testing/companies.ts';
import type { Edit } from '../edits/schemas.ts';
import { startCompanyShop, TENANT, type CompanyShop } from '../testing/company-shop.ts';
import type { CheckoutResult, MerchantOrder } from '../schemas.ts';

const DESK = 'var_desk';
const OWN = '/api/accounts/company';
const ORDERS = '/api/admin/orders/orders';

let at: CompanyShop;
const clock = manualClock(new Date('2026-11-26T09:00:00Z'));
before(async () => {
  at = await startCompanyShop({ clock });
});
after(() => at.stop());

let firms = 0;
async function firm(limits: Partial<SpendingLimits>): Promise<{ buyer: TestMember; approver: TestMember }> {
  firms += 1;
  const { id } = await newCompany(at.shop, TENANT, `Firm ${firms}`);
  const member = (role: 'approver' | 'buyer', its: SpendingLimits | null) =>
    newMember(at.shop, TENANT, id, `${role}@edits${firms}.example`, role, its);
  return {
    approver: await member('approver', null),
    buyer: await member('buyer', { currency: 'EUR', period: 'month', ...limits }),
  };
}

/** A paid order of so many desks at 1,000 each, and what comes on top of them. */
async function bought(buyer: TestMember, quantity: number): Promise<MerchantOrder> {
  const answer = await at.checkout(buyer, (await at.cart(buyer, quantity)).id);
  assert.equal(answer.status, 201, answer.text);
  return at.pay(answer.json<CheckoutResult>());
}

const begun = ({ id }: MerchantOrder, quantity: number): Promise<Edit> =>
  at.shop.managed<Edit>(
    TENANT,
    'POST',
    `${ORDERS}/${id}/edits`,
    { lines: [{ variantId: DESK, quantity }] },
    201,
  );

const commit = ({ orderId, id, version }: Edit, more: object = {}) =>
  at.shop.merchant(TENANT, 'POST', `${ORDERS}/${orderId}/edits/${id}/commit`, { json: { version, ...more } });

async function committed(edit: Edit, more: object = {}): Promise<MerchantOrder> {
  const answer = await commit(edit, more);
  assert.equal(answer.status, 200, answer.text);
  await at.shop.settled(3);
  return answer.json<MerchantOrder>();
}

const askFor = ({ orderId, id }: Edit, message?: string) =>
  at.shop.merchant(TENANT, 'POST', `${ORDERS}/${orderId}/edits/${id}/approval`, { json: { message } });

async function spentBy(who: TestMember): Promise<number | null> {
  await at.shop.settled(3);
  return (await at.ask(who, 'GET', OWN)).json<OwnCompany>().spent;
}

const problemOf = (answer: { json<T>(): T }): string | undefined =>
  answer
    .json<{ problems?: { where: string; what: string }[] }>()
    .problems?.find(({ where }) => where === '/approval')?.what;

test('what an edit makes an order dearer by counts against its buyer’s limit, until the order comes to nothing', async () => {
  const { buyer } = await firm({ perPeriod: 50_000 });
  const order = await bought(buyer, 2);
  const dearer = await committed(await begun(order, 5));
  assert.equal(dearer.totals.total, order.totals.total + 3_000);
  assert.equal(await spentBy(buyer), dearer.totals.total);
  await committed(await begun(order, 3));
  await committed(await begun(order, 5));
  assert.equal(await spentBy(buyer), dearer.totals.total, 'what it once came to is not counted again');
  await at.shop.managed(TENANT, 'POST', `${ORDERS}/${order.id}/cancel`, { reason: 'Called off.' });
  assert.equal(await spentBy(buyer), 0);
});

test('beyond a limit the company is asked; then exactly that is made, and counts against no limit', async () => {
  const { buyer, approver } = await firm({ perOrder: 4_000, perPeriod: 50_000 });
  const order = await bought(buyer, 2);
  const edit = await begun(order, 5);
  const refused = await commit(edit);
  assert.deepEqual([refused.status, problemOf(refused)], [403, 'order_limit']);
  const asked = await askFor(edit, 'They rang us up.');
  assert.equal(asked.status, 201, asked.text);
  const approval = asked.json<Approval>();
  assert.deepEqual(
    [approval.lines.map(({ quantity }) => quantity), approval.total.amount, approval.purchaseId],
    [[5], edit.outcome?.after.total, edit.id],
  );
  assert.equal(problemOf(await commit(edit)), 'waiting');
  const seen = await at.ask(approver, 'POST', `${OWN}/approvals/${approval.id}/approve`, {});
  assert.equal(seen.status, 200, seen.text);
  const more = { version: edit.version, lines: [{ variantId: DESK, quantity: 6 }] };
  const path = `${ORDERS}/${order.id}/edits/${edit.id}`;
  const another = await at.shop.managed<Edit>(TENANT, 'PUT', path, more);
  assert.equal(problemOf(await commit(another)), 'order_limit', 'it was approved for five');
  const back = { version: another.version, lines: [{ variantId: DESK, quantity: 5 }] };
  await committed(await at.shop.managed<Edit>(TENANT, 'PUT', path, back));
  assert.equal(await spentBy(buyer), order.totals.total);
  const after = (await at.ask(buyer, 'GET', `${OWN}/approvals/${approval.id}`)).json<Approval>();
  assert.deepEqual([after.state, after.orderId], ['ordered', order.id]);
});

test('the merchant may say who of the company agreed: it is noted with the order, and nobody is asked', async () => {
  const { buyer } = await firm({ perPeriod: 4_000 });
  const order = await bought(buyer, 2);
  const edit = await begun(order, 7);
  assert.equal(problemOf(await commit(edit)), 'period_limit');
  const made = await committed(edit, { approved: 'Ms Lovelace, by telephone' });
  assert.match(made.history.at(-1)?.reason ?? '', /Approved: Ms Lovelace, by telephone$/);
  assert.equal(await spentBy(buyer), order.totals.total);
});

test('nobody is asked about what becomes no dearer, or is no company’s', async () => {
  const { buyer } = await firm({ perOrder: 4_000 });
  const cheaper = await begun(await bought(buyer, 2), 1);
  assert.equal((await askFor(cheaper)).status, 400);
  await committed(cheaper);
  const cart = await at.cart(undefined, 1);
  const guest = await at.pay((await at.checkout(undefined, cart.id)).json<CheckoutResult>());
  const dearer = await begun(guest, 50);
  assert.equal((await askFor(dearer)).status, 400);
  await committed(dearer);
});

test('what was reserved for an edit that was never made is free again after a while; what its order took is not', async () => {
  const { buyer } = await firm({ perPeriod: 50_000 });
  const order = await bought(buyer, 2);
  const edit = await begun(order, 5);
  const { rows } = await at.database.admin.query<{ id: string; company_id: string }>(
    'select id, company_id from shop.company_spending where order_id = $1',
    [order.id],
  );
  // As by a process that was killed before it made the edit.
  await at.shop.host.platform.call(TENANT, 'accounts', 'reserveSpending', {
    companyId: rows[0]?.company_id,
    customerId: buyer.customer.id,
    purchaseId: edit.id,
    of: rows[0]?.id,
    digest: 'of the edit',
    total: edit.outcome?.after.total,
    currency: 'EUR',
  });
  assert.equal(await spentBy(buyer), edit.outcome?.after.total);
  clock.advance(3 * 60_000);
  assert.equal(await spentBy(buyer), order.totals.total);
});

test('edits of two orders at once never take more than the limit', async () => {
  const { buyer } = await firm({ perPeriod: 7_500 });
  const orders = [await bought(buyer, 1), await bought(buyer, 1)];
  const edits = await Promise.all(orders.map((order) => begun(order, 4)));
  const answers = await Promise.all(edits.map((edit) => commit(edit)));
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted(),
    [200, 403],
    answers.map(({ text }) => text).join(),
  );
  assert.ok(((await spentBy(buyer)) ?? Infinity) <= 7_500);
});

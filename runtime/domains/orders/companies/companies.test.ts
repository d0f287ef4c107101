/** Buying for a company: limits, approvals and orders, against a whole runtime. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Approval, OwnCompany, SpendingLimits } from '../../accounts/schemas.ts';
import { newCompany, newMember, type TestMember } from '../../accounts/testing/companies.ts';
import { manualClock } from '../../../platform/clock.ts';
import { startCompanyShop, TENANT, type CompanyShop } from '../testing/company-shop.ts';
import { ADDRESS } from '../testing/shop.ts';
import type { CheckoutResult, Order, OrderPage } from '../schemas.ts';

let at: CompanyShop;
const clock = manualClock(new Date('2026-11-26T09:00:00Z'));
const DAY = 24 * 60 * 60 * 1_000;

before(async () => {
  at = await startCompanyShop({ clock });
});
after(() => at.stop());

interface Firm {
  readonly id: string;
  readonly admin: TestMember;
  readonly approver: TestMember;
  readonly buyer: TestMember;
}

let firms = 0;
async function firm(limits: Partial<SpendingLimits> | null = null, more: object = {}): Promise<Firm> {
  firms += 1;
  const { id } = await newCompany(at.shop, TENANT, `Firm ${firms}`, more);
  const member = (role: 'admin' | 'approver' | 'buyer', its: SpendingLimits | null = null) =>
    newMember(at.shop, TENANT, id, `${role}@firm${firms}.example`, role, its);
  return {
    id,
    admin: await member('admin'),
    approver: await member('approver'),
    buyer: await member('buyer', limits && { currency: 'EUR', period: 'month', ...limits }),
  };
}

const OWN = '/api/accounts/company';
const sent = { email: 'buyer@example.com', shippingAddress: ADDRESS };
async function askFor(who: TestMember, cartId: string, more: object = {}): Promise<Approval> {
  const answer = await at.ask(who, 'POST', `/api/orders/carts/${cartId}/approval`, { ...sent, ...more });
  assert.equal(answer.status, 201, answer.text);
  return answer.json<Approval>();
}
const decide = (who: TestMember, id: string, how: 'approve' | 'decline', json: object = {}) =>
  at.ask(who, 'POST', `${OWN}/approvals/${id}/${how}`, json);
const approvalOf = async (who: TestMember, id: string): Promise<Approval> =>
  (await at.ask(who, 'GET', `${OWN}/approvals/${id}`)).json<Approval>();
const spentBy = async (who: TestMember): Promise<number | null> =>
  (await at.ask(who, 'GET', OWN)).json<OwnCompany>().spent;
const orderOf = (answer: { json<T>(): T }): Order => answer.json<CheckoutResult>().order;
const problemOf = (answer: { json<T>(): T }): string | undefined =>
  answer
    .json<{ problems?: { where: string; what: string }[] }>()
    .problems?.find(({ where }) => where === '/approval')?.what;
const mailsTo = async (email: string): Promise<string[]> => {
  await at.shop.settled(4);
  const { messages } = await at.shop.managed<{
    messages: { recipient: string; message: { subject: string } }[];
  }>(TENANT, 'GET', '/api/admin/notifications/outbox?limit=100');
  return messages
    .filter(({ recipient }) => recipient === email)
    .map(({ message }) => message.subject)
    .filter((subject) => !subject.startsWith('Welcome'));
};

test('a member buys within their limits; the order says for whom, and what of the limit is used', async () => {
  const { id, buyer, admin } = await firm({ perOrder: 20_000, perPeriod: 30_000 });
  const cart = await at.cart(buyer, 5);
  const answer = await at.checkout(buyer, cart.id, { purchaseOrder: 'PO-7' });
  assert.equal(answer.status, 201, answer.text);
  const order = orderOf(answer);
  assert.deepEqual([order.company?.id, order.company?.purchaseOrder], [id, 'PO-7']);
  assert.equal(await spentBy(buyer), order.totals.total);
  assert.equal(await spentBy(admin), null);
  const { orders } = await at.shop.managed<OrderPage>(
    TENANT,
    'GET',
    `/api/admin/orders/orders?company=${id}`,
  );
  assert.deepEqual(
    orders.map((each) => [each.id, each.company?.name]),
    [[order.id, order.company?.name]],
  );
});

test('who buys for no company cannot buy on account or with a purchase order, and is asked nothing else', async () => {
  const cart = await at.cart(undefined, 1);
  for (const more of [{ purchaseOrder: 'PO' }, { onAccount: true }])
    assert.equal((await at.checkout(undefined, cart.id, more)).status, 400);
  const answer = await at.checkout(undefined, cart.id, { onAccount: false });
  assert.equal(answer.status, 201, answer.text);
  assert.equal(orderOf(answer).company, undefined);
});

test('beyond a limit somebody has to approve, who is not the one who asked; then exactly that is bought, once', async () => {
  const { buyer, approver, admin } = await firm({ perOrder: 2_000 });
  const cart = await at.cart(buyer, 5);
  const refused = await at.checkout(buyer, cart.id);
  assert.deepEqual([refused.status, problemOf(refused)], [403, 'order_limit']);
  const asked = await askFor(buyer, cart.id, { message: 'For the new office.', purchaseOrder: 'PO-8' });
  assert.equal(
    (await askFor(buyer, cart.id, { purchaseOrder: 'PO-8' })).id,
    asked.id,
    'asked twice is asked once',
  );
  assert.deepEqual([asked.state, asked.lines[0]?.quantity, asked.purchaseOrder], ['waiting', 5, 'PO-8']);
  assert.equal(problemOf(await at.checkout(buyer, cart.id)), 'waiting');
  assert.equal((await decide(buyer, asked.id, 'approve')).status, 403);
  const granted = await decide(approver, asked.id, 'approve', { message: 'Go ahead.' });
  assert.equal(granted.status, 200, granted.text);
  assert.equal((await decide(approver, asked.id, 'approve')).status, 200, 'said twice is said once');
  assert.equal((await decide(admin, asked.id, 'decline')).status, 409);
  const answers = await Promise.all([1, 2, 3].map(() => at.checkout(buyer, cart.id)));
  const bought = new Set(answers.filter(({ status }) => status === 201).map((answer) => orderOf(answer).id));
  assert.equal(bought.size, 1, answers.map(({ text }) => text).join());
  const [orderId] = bought;
  assert.equal(orderOf(answers.find(({ status }) => status === 201)!).company?.purchaseOrder, 'PO-8');
  await at.shop.settled(3);
  const after = await approvalOf(buyer, asked.id);
  assert.deepEqual([after.state, after.orderId, after.answer], ['ordered', orderId, 'Go ahead.']);
  const [first, second] = firmMails();
  assert.deepEqual(await mailsTo(first), [`buyer needs your approval: ${euros(asked.total.amount)}`]);
  assert.deepEqual(await mailsTo(second), [`You can buy: ${euros(asked.total.amount)}`]);
});

const firmMails = (): [string, string] => [`approver@firm${firms}.example`, `buyer@firm${firms}.example`];
const euros = (amount: number): string =>
  new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' }).format(amount / 100);

test('a cart that was changed, goes elsewhere or costs more has to be approved again', async () => {
  const { buyer, approver } = await firm({ perOrder: 2_000 });
  const cart = await at.cart(buyer, 5);
  const first = await askFor(buyer, cart.id);
  await decide(approver, first.id, 'approve');
  const elsewhere = await at.checkout(buyer, cart.id, { shippingAddress: { ...ADDRESS, line1: 'My home' } });
  assert.equal(problemOf(elsewhere), 'order_limit');
  const line = cart.lines[0]?.variantId;
  await at.ask(buyer, 'PUT', `/api/orders/carts/${cart.id}/lines/${line}`, { quantity: 6 });
  assert.equal(problemOf(await at.checkout(buyer, cart.id)), 'order_limit');
  const second = await askFor(buyer, cart.id);
  assert.notEqual(second.id, first.id);
  assert.equal((await approvalOf(buyer, first.id)).state, 'withdrawn');
  await decide(approver, second.id, 'approve');
  await at.ask(buyer, 'PUT', `/api/orders/carts/${cart.id}/lines/${line}`, { quantity: 5 });
  assert.equal(problemOf(await at.checkout(buyer, cart.id)), 'order_limit', 'the first was withdrawn');
  await at.ask(buyer, 'PUT', `/api/orders/carts/${cart.id}/lines/${line}`, { quantity: 6 });
  assert.equal((await at.checkout(buyer, cart.id)).status, 201);
});

test('declined is declined, over is over, and who has left the company buys nothing by it', async () => {
  const { id, buyer, approver } = await firm({ perOrder: 2_000 });
  const declined = await at.cart(buyer, 5);
  const first = await askFor(buyer, declined.id);
  await decide(approver, first.id, 'decline', { message: 'Too dear.' });
  assert.equal(problemOf(await at.checkout(buyer, declined.id)), 'order_limit');
  const late = await at.cart(buyer, 5);
  const second = await askFor(buyer, late.id);
  clock.advance(15 * DAY);
  assert.equal((await decide(approver, second.id, 'approve')).status, 410);
  assert.equal((await approvalOf(buyer, second.id)).state, 'expired');
  const left = await at.cart(buyer, 5);
  const third = await askFor(buyer, left.id);
  await decide(approver, third.id, 'approve');
  const path = `/api/admin/accounts/companies/${id}/members/${buyer.customer.id}`;
  await at.shop.managed(TENANT, 'DELETE', path, undefined, 204);
  const alone = await at.checkout(buyer, left.id);
  assert.equal(orderOf(alone).company, undefined, 'a customer like others');
});

test('a cart in another currency than the limit’s has to be approved', async () => {
  const { buyer } = await firm({ currency: 'USD', perOrder: 100_000_000 });
  const cart = await at.cart(buyer, 1);
  assert.equal(problemOf(await at.checkout(buyer, cart.id)), 'currency');
});

test('checkouts at the same time never come to more than the limit of a period', async () => {
  const { buyer } = await firm({ perPeriod: 20_000 });
  const carts = await Promise.all(Array.from({ length: 8 }, () => at.cart(buyer, 5)));
  const answers = await Promise.all(carts.map(({ id }) => at.checkout(buyer, id)));
  const bought = answers.filter(({ status }) => status === 201).map((answer) => orderOf(answer).totals.total);
  assert.ok(bought.length > 0 && bought.length < carts.length);
  const sum = bought.reduce((total, each) => total + each, 0);
  assert.ok(sum <= 20_000 && sum + (bought[0] ?? 0) > 20_000, `${bought.length} orders, ${sum}`);
  for (const answer of answers)
    if (answer.status !== 201) assert.equal(problemOf(answer), 'period_limit', answer.text);
  assert.equal(await spentBy(buyer), sum);
});

test('an order that comes to nothing gives back what it took of the limit, and the approval it was made by', async () => {
  const { buyer, approver } = await firm({ perPeriod: 6_500 });
  const first = orderOf(await at.checkout(buyer, (await at.cart(buyer, 5)).id));
  const second = await at.cart(buyer, 5);
  assert.equal(problemOf(await at.checkout(buyer, second.id)), 'period_limit');
  const abandoned = await at.ask(buyer, 'POST', `/api/orders/${first.id}/cancel`, {});
  assert.equal(abandoned.status, 200, abandoned.text);
  await at.shop.settled(3);
  assert.equal(await spentBy(buyer), 0);
  assert.equal((await at.checkout(buyer, second.id)).status, 201);
  const third = await at.cart(buyer, 5);
  const asked = await askFor(buyer, third.id);
  await decide(approver, asked.id, 'approve');
  const order = orderOf(await at.checkout(buyer, third.id));
  await at.shop.settled(3);
  assert.equal((await approvalOf(buyer, asked.id)).state, 'ordered');
  await at.ask(buyer, 'POST', `/api/orders/${order.id}/cancel`, {});
  await at.shop.settled(3);
  assert.equal((await approvalOf(buyer, asked.id)).state, 'approved');
  assert.equal((await at.checkout(buyer, third.id)).status, 201, 'and it is good for one order again');
});

test('the next period begins with nothing spent', async () => {
  const { buyer } = await firm({ perPeriod: 6_500 });
  assert.equal((await at.checkout(buyer, (await at.cart(buyer, 5)).id)).status, 201);
  assert.equal(problemOf(await at.checkout(buyer, (await at.cart(buyer, 5)).id)), 'period_limit');
  clock.advance(25 * DAY);
  assert.equal(await spentBy(buyer), 0);
  assert.equal((await at.checkout(buyer, (await at.cart(buyer, 5)).id)).status, 201);
});

test('what was reserved for a checkout that never came to an order is free again after a while', async () => {
  const { buyer } = await firm({ perPeriod: 6_500 });
  const cart = await at.cart(buyer, 5);
  await at.shop.host.platform.call(TENANT, 'accounts', 'reserveSpending', {
    companyId: (await at.ask(buyer, 'GET', OWN)).json<OwnCompany>().id,
    customerId: buyer.customer.id,
    purchaseId: 'cart_that_a_killed_process_had',
    digest: 'x',
    total: 6_000,
    currency: 'EUR',
  });
  assert.equal(problemOf(await at.checkout(buyer, cart.id)), 'period_limit');
  clock.advance(3 * 60_000);
  await at.shop.settled(3);
  assert.equal((await at.checkout(buyer, cart.id)).status, 201);
});

test('with terms of payment a company buys on account: confirmed at once, to be paid later', async () => {
  const { buyer } = await firm(null, { netDays: 30 });
  const answer = await at.checkout(buyer, (await at.cart(buyer, 2)).id, { onAccount: true });
  assert.equal(answer.status, 201, answer.text);
  const { order, payment } = answer.json<CheckoutResult>();
  assert.equal(payment, undefined);
  assert.deepEqual([order.status, order.totals.due, order.outside], ['confirmed', 0, order.totals.total]);
  const due = new Date(order.company?.dueAt ?? 0).getTime() - clock.now().getTime();
  assert.ok(Math.abs(due - 30 * DAY) < 60_000);
  const { differences } = await at.shop.managed<{ differences: unknown[] }>(
    TENANT,
    'GET',
    `/api/admin/orders/orders/${order.id}/journal`,
  );
  assert.deepEqual(differences, [], 'its journal says the same');
  const { buyer: other } = await firm();
  assert.equal((await at.checkout(other, (await at.cart(other, 2)).id, { onAccount: true })).status, 400);
});

test('admins see all orders of their company, others their own, and nobody another company’s', async () => {
  const ours = await firm();
  const theirs = await firm();
  const mine = orderOf(await at.checkout(ours.buyer, (await at.cart(ours.buyer, 1)).id));
  const approvers = orderOf(await at.checkout(ours.approver, (await at.cart(ours.approver, 1)).id));
  const list = async (who: TestMember): Promise<string[]> =>
    (await at.ask(who, 'GET', '/api/orders/company')).json<OrderPage>().orders.map(({ id }) => id);
  assert.deepEqual(await list(ours.admin), [approvers.id, mine.id]);
  assert.deepEqual(await list(ours.buyer), [mine.id]);
  assert.deepEqual(await list(theirs.admin), []);
  const statusFor = async (who: TestMember, method = 'GET', path = ''): Promise<number> =>
    (await at.ask(who, method, `/api/orders/${mine.id}${path}`, method === 'GET' ? undefined : {})).status;
  assert.equal(await statusFor(ours.admin), 200);
  assert.equal(await statusFor(ours.approver), 404);
  assert.equal(await statusFor(theirs.admin), 404);
  assert.equal(await statusFor(ours.admin, 'POST', '/cancel'), 404, 'an admin looks, and does not undo');
});

test('nobody sees, approves or declines what another company’s members ask, nor a buyer what their colleagues do', async () => {
  const ours = await firm({ perOrder: 2_000 });
  const theirs = await firm();
  const colleague = await newMember(at.shop, TENANT, ours.id, 'colleague@ours.example', 'buyer');
  const asked = await askFor(ours.buyer, (await at.cart(ours.buyer, 5)).id);
  for (const who of [theirs.admin, theirs.approver, colleague]) {
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/approve'],
      ['POST', '/decline'],
    ] as const) {
      const json = method === 'GET' ? undefined : {};
      const answer = await at.ask(who, method, `${OWN}/approvals/${asked.id}${path}`, json);
      assert.equal(answer.status, 404, answer.text);
    }
    const listed = await at.ask(who, 'GET', `${OWN}/approvals`);
    assert.deepEqual(listed.json<{ approvals: Approval[] }>().approvals, []);
  }
  const waiting = await at.ask(ours.admin, 'GET', `${OWN}/approvals?state=waiting`);
  assert.deepEqual(
    waiting.json<{ approvals: Approval[] }>().approvals.map(({ id }) => id),
    [asked.id],
  );
});

test('an offer that a company asked for is for its members, under the same limits', async () => {
  const ours = await firm({ perOrder: 2_000 });
  const theirs = await firm();
  const cart = await at.cart(ours.buyer, 5);
  const quote = await at.ask(ours.buyer, 'POST', '/api/orders/quotes', { cartId: cart.id, ...sent });
  assert.equal(quote.status, 201, quote.text);
  const {
    quote: { id },
    token,
  } = quote.json<{ quote: { id: string }; token: string }>();
  await at.shop.managed(TENANT, 'POST', `/api/admin/orders/drafts/${id}/offer`, {});
  const accept = (who: TestMember | undefined) =>
    at.ask(who, 'POST', `/api/orders/offers/${id}/accept?token=${token}`, {});
  assert.equal((await accept(undefined)).status, 403);
  assert.equal((await accept(theirs.admin)).status, 403);
  const refused = await accept(ours.buyer);
  assert.equal(problemOf(refused), 'order_limit', refused.text);
  const asked = await at.ask(ours.buyer, 'POST', `/api/orders/offers/${id}/approval`, { message: 'Please.' });
  assert.equal(asked.status, 201, asked.text);
  await decide(ours.admin, asked.json<Approval>().id, 'approve');
  const taken = await accept(ours.buyer);
  assert.equal(taken.status, 201, taken.text);
  assert.equal(orderOf(taken).company?.id, ours.id);
});

/** Exchanges that cost a company more than came back: within its buyer's limits, approved by the company, or by the merchant's word. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { randomUUID } from 'node:crypto';
import { ADMIN_KEY, type TestAnswer } from '../../../host/testing.ts';
import type { Approval, OwnCompany, SpendingLimits } from '../../accounts/schemas.ts';
import { newCompany, newMember, type TestMember } from '../../accounts/testing/companies.ts';
import { startCompanyShop, TENANT, type CompanyShop } from '../testing/company-shop.ts';
import { productOf } from '../testing/shop.ts';
import type { CheckoutResult, MerchantOrder } from '../schemas.ts';

const DESK = 'var_desk';
/** Costs 2,500; a desk costs 1,000. */
const CHAIR = 'var_chair';
const OWN = '/api/accounts/company';
const ORDERS = '/api/admin/orders/orders';
const MERCHANT = { token: ADMIN_KEY };
/** Of the shop's tests of what changes while something waits. */
const LAMP = 'var_lamp';
/** Two desks, and bringing them. */
const ORDERED = 2_490;

let at: CompanyShop;
before(async () => {
  at = await startCompanyShop();
  await at.shop.emit(TENANT, 'catalog.product', 'upserted', CHAIR, productOf(CHAIR, 2_500, 10_000, {}));
  await lampsCost(2_500);
});
after(() => at.stop());

async function lampsCost(price: number, available = 10_000): Promise<void> {
  await at.shop.emit(TENANT, 'catalog.product', 'upserted', LAMP, productOf(LAMP, price, available, {}));
  await at.shop.settled(1);
}

let firms = 0;
async function firm(limits: Partial<SpendingLimits>): Promise<{ buyer: TestMember; approver: TestMember }> {
  firms += 1;
  const { id } = await newCompany(at.shop, TENANT, `Exchanging ${firms}`);
  const member = (role: 'approver' | 'buyer', its: SpendingLimits | null) =>
    newMember(at.shop, TENANT, id, `${role}@exchanging${firms}.example`, role, its);
  return {
    approver: await member('approver', null),
    buyer: await member('buyer', { currency: 'EUR', period: 'month', ...limits }),
  };
}

/** Two desks that a member, or a guest, has. */
async function delivered(buyer: TestMember | undefined): Promise<MerchantOrder & { readonly token: string }> {
  const answer = await at.checkout(buyer, (await at.cart(buyer, 2)).id);
  assert.equal(answer.status, 201, answer.text);
  const placed = answer.json<CheckoutResult>();
  const { id, totals } = await at.pay(placed);
  assert.equal(totals.total, ORDERED);
  const order = await at.shop.managed<MerchantOrder>(TENANT, 'POST', `${ORDERS}/${id}/fulfilments`, {});
  return { ...order, token: placed.token };
}

interface Exchanging {
  readonly desks: number;
  readonly out: string;
  readonly units: number;
  readonly fee?: number;
}

const goods = ({ desks, out, units }: Exchanging) => ({
  lines: [{ variantId: DESK, quantity: desks, reason: 'changed_mind' }],
  exchange: { lines: [{ variantId: out, quantity: units }] },
});

/** As a merchant enters it. */
const exchange = ({ id }: MerchantOrder, wish: Exchanging, more: object = {}): Promise<TestAnswer> => {
  const { lines, exchange: terms } = goods(wish);
  const fee = wish.fee === undefined ? {} : { fee: wish.fee };
  return at.ask(MERCHANT, 'POST', `${ORDERS}/${id}/returns`, {
    lines,
    exchange: { ...terms, ...fee },
    ...more,
  });
};

async function spentBy(who: TestMember): Promise<number | null> {
  await at.shop.settled(3);
  return (await at.ask(who, 'GET', OWN)).json<OwnCompany>().spent;
}

const problemOf = (answer: TestAnswer): string | undefined =>
  answer
    .json<{ problems?: { where: string; what: string }[] }>()
    .problems?.find(({ where }) => where === '/approval')?.what;

const ONE_FOR_A_CHAIR: Exchanging = { desks: 1, out: CHAIR, units: 1 };

describe('an exchange of a company’s order', () => {
  const table: readonly {
    readonly limits: Partial<SpendingLimits>;
    readonly wish: Exchanging;
    /** What it costs beyond what came back. */
    readonly difference: number;
    readonly beyond?: 'order_limit' | 'period_limit';
  }[] = [
    { limits: {}, wish: { desks: 1, out: CHAIR, units: 9 }, difference: 21_500 },
    { limits: { perOrder: 3_990 }, wish: ONE_FOR_A_CHAIR, difference: 1_500 },
    { limits: { perOrder: 3_989 }, wish: ONE_FOR_A_CHAIR, difference: 1_500, beyond: 'order_limit' },
    { limits: { perPeriod: 3_990 }, wish: ONE_FOR_A_CHAIR, difference: 1_500 },
    { limits: { perPeriod: 3_989 }, wish: ONE_FOR_A_CHAIR, difference: 1_500, beyond: 'period_limit' },
    {
      limits: { perPeriod: ORDERED },
      wish: { desks: 2, out: CHAIR, units: 1 },
      difference: 500,
      beyond: 'period_limit',
    },
    {
      limits: { perPeriod: ORDERED, perOrder: ORDERED },
      wish: { desks: 2, out: DESK, units: 2 },
      difference: 0,
    },
    {
      limits: { perPeriod: ORDERED, perOrder: ORDERED },
      wish: { desks: 2, out: DESK, units: 1 },
      difference: 0,
    },
    {
      limits: { perPeriod: ORDERED },
      wish: { desks: 1, out: DESK, units: 1, fee: 100 },
      difference: 100,
      beyond: 'period_limit',
    },
    {
      limits: { perPeriod: ORDERED + 100 },
      wish: { desks: 1, out: DESK, units: 1, fee: 100 },
      difference: 100,
    },
  ];
  for (const { limits, wish, difference, beyond } of table) {
    const fee = wish.fee === undefined ? '' : `, for ${wish.fee}`;
    const what = `${wish.desks} for ${wish.units} ${wish.out === CHAIR ? 'dearer' : 'of the same'}${fee}`;
    const outcome = beyond === undefined ? 'is made' : `is refused as ${beyond}`;
    it(`${what}, within ${JSON.stringify(limits)}, ${outcome}`, async () => {
      const { buyer } = await firm(limits);
      const order = await delivered(buyer);
      const answer = await exchange(order, wish);
      assert.deepEqual(
        [answer.status, problemOf(answer)],
        beyond === undefined ? [200, undefined] : [403, beyond],
      );
      const { returns } = await at.shop.managed<MerchantOrder>(TENANT, 'GET', `${ORDERS}/${order.id}`);
      assert.equal(returns.length, beyond === undefined ? 1 : 0);
      if (limits.perPeriod !== undefined)
        assert.equal(await spentBy(buyer), ORDERED + (beyond === undefined ? difference : 0));
    });
  }

  it('that was wished for is made once the company has approved exactly that, and counts against no limit', async () => {
    const { buyer, approver } = await firm({ perPeriod: 3_000 });
    const { id } = await delivered(buyer);
    const wished = await at.ask(buyer, 'POST', `/api/orders/${id}/returns`, goods(ONE_FOR_A_CHAIR));
    assert.equal(wished.status, 200, wished.text);
    const [wish] = wished.json<MerchantOrder>().returns;
    assert.ok(wish);
    const path = `${ORDERS}/${id}/returns/${wish.id}`;
    const agree = (json: object) => at.ask(MERCHANT, 'POST', `${path}/authorise`, json);
    assert.equal(problemOf(await agree({})), 'period_limit');
    const asked = await at.ask(MERCHANT, 'POST', `${path}/approval`, { message: 'They rang us up.' });
    assert.equal(asked.status, 201, asked.text);
    const approval = asked.json<Approval>();
    assert.deepEqual([approval.total.amount, approval.purchaseId], [ORDERED + 1_500, wish.id]);
    assert.equal(problemOf(await agree({})), 'waiting');
    const yes = await at.ask(approver, 'POST', `${OWN}/approvals/${approval.id}/approve`, {});
    assert.equal(yes.status, 200, yes.text);
    const more = { exchange: { lines: [{ variantId: CHAIR, quantity: 2 }] } };
    assert.equal(problemOf(await agree(more)), 'period_limit', 'one chair was approved');
    assert.equal((await agree({})).status, 200);
    assert.equal((await agree({})).status, 200, 'the same again');
    assert.equal(await spentBy(buyer), ORDERED);
    const after = (await at.ask(buyer, 'GET', `${OWN}/approvals/${approval.id}`)).json<Approval>();
    assert.deepEqual([after.state, after.orderId], ['ordered', id]);
  });

  it('is made by the merchant’s word that somebody agreed, which is noted', async () => {
    const { buyer } = await firm({ perOrder: 3_000 });
    const approved = 'Ms Lovelace, by telephone';
    const answer = await exchange(await delivered(buyer), ONE_FOR_A_CHAIR, { approved });
    assert.equal(answer.status, 200, answer.text);
    const reasons = answer.json<MerchantOrder>().history.map(({ reason }) => reason);
    assert.ok(reasons.includes(`An exchange was agreed. Approved: ${approved}`), reasons.join());
  });

  it('that is withdrawn takes nothing of the limit any more', async () => {
    const { buyer } = await firm({ perPeriod: 4_000 });
    const order = await delivered(buyer);
    for (const _again of [1, 2]) {
      const made = await exchange(order, ONE_FOR_A_CHAIR);
      assert.equal(made.status, 200, made.text);
      assert.equal(await spentBy(buyer), ORDERED + 1_500);
      const open = made.json<MerchantOrder>().returns.find(({ state }) => state === 'authorised');
      const path = `${ORDERS}/${order.id}/returns/${open?.id ?? ''}/withdraw`;
      assert.equal((await at.ask(MERCHANT, 'POST', path, {})).status, 200);
      assert.equal(await spentBy(buyer), ORDERED);
    }
  });

  it('is nobody’s to approve where it becomes no dearer, or is no company’s', async () => {
    const { buyer } = await firm({ perPeriod: ORDERED });
    for (const [who, wish] of [
      [buyer, { desks: 2, out: DESK, units: 1 }],
      [undefined, { desks: 1, out: CHAIR, units: 9 }],
    ] as const) {
      const { id, token } = await delivered(who);
      const path = `/api/orders/${id}/returns${who === undefined ? `?token=${token}` : ''}`;
      const wished = await at.ask(who, 'POST', path, goods(wish));
      assert.equal(wished.status, 200, wished.text);
      const one = `${ORDERS}/${id}/returns/${wished.json<MerchantOrder>().returns[0]?.id ?? ''}`;
      assert.equal((await at.ask(MERCHANT, 'POST', `${one}/approval`, {})).status, 400);
      assert.equal((await at.ask(MERCHANT, 'POST', `${one}/authorise`, {})).status, 200);
    }
  });

  it('of two orders at once never takes more than the limit', async () => {
    const { buyer } = await firm({ perPeriod: 2 * ORDERED + 2_000 });
    const orders = [await delivered(buyer), await delivered(buyer)];
    const answers = await Promise.all(orders.map((order) => exchange(order, ONE_FOR_A_CHAIR)));
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 403]);
    assert.equal(await spentBy(buyer), 2 * ORDERED + 1_500);
  });
});

describe('an exchange that a merchant enters and that its company has to approve', () => {
  const approvalsOf = async (who: TestMember): Promise<readonly Approval[]> => {
    await at.shop.settled(3);
    return (await at.ask(who, 'GET', `${OWN}/approvals`)).json<{ approvals: Approval[] }>().approvals;
  };
  const answer = async (who: TestMember, { id }: Approval, to: 'approve' | 'decline'): Promise<void> => {
    const { status, text } = await at.ask(who, 'POST', `${OWN}/approvals/${id}/${to}`, {});
    assert.equal(status, 200, text);
    await at.shop.settled(3);
  };
  const returnOf = async ({ id }: Pick<MerchantOrder, 'id'>): Promise<MerchantOrder['returns'][number]> => {
    const { returns } = await at.shop.managed<MerchantOrder>(TENANT, 'GET', `${ORDERS}/${id}`);
    const [only, ...more] = returns;
    assert.ok(only);
    assert.deepEqual(more, []);
    return only;
  };
  const FOR_A_LAMP: Exchanging = { desks: 1, out: LAMP, units: 1 };

  /** One that waits, of a firm whose buyer may spend no more than they have. */
  async function waiting(terms: object = {}, wish = ONE_FOR_A_CHAIR) {
    const people = await firm({ perPeriod: ORDERED });
    const order = await delivered(people.buyer);
    const { lines, exchange: wanted } = goods(wish);
    const entered = await at.ask(MERCHANT, 'POST', `${ORDERS}/${order.id}/returns`, {
      lines,
      exchange: { ...wanted, ...terms },
      approval: { message: 'They rang us up.' },
    });
    assert.equal(entered.status, 200, entered.text);
    const [approval, ...more] = await approvalsOf(people.approver);
    assert.ok(approval);
    assert.deepEqual(more, []);
    const { id } = await returnOf(order);
    return { ...people, order, approval, path: `${ORDERS}/${order.id}/returns/${id}` };
  }

  it('waits, takes nothing, and is agreed to on its own terms once somebody has approved it', async () => {
    const terms = { fee: 100, keepDays: 7, expectedDifference: 1_600 };
    const { buyer, approver, order, approval } = await waiting(terms);
    const before = await returnOf(order);
    assert.deepEqual(
      [before.state, before.askedBy, before.exchange?.sums],
      ['requested', 'merchant', undefined],
    );
    assert.deepEqual(
      [approval.state, approval.total.amount, approval.purchaseId, approval.message],
      ['waiting', ORDERED + 1_600, before.id, 'They rang us up.'],
    );
    assert.equal(approval.requestedBy.customerId, buyer.customer.id);
    const waits = await at.shop.managed<MerchantOrder>(TENANT, 'GET', `${ORDERS}/${order.id}`);
    assert.deepEqual([waits.totals, waits.lines], [order.totals, order.lines]);
    assert.equal(await spentBy(buyer), ORDERED);
    await answer(approver, approval, 'approve');
    const { state, exchange: agreed, updatedAt } = await returnOf(order);
    assert.deepEqual([state, agreed?.fee, agreed?.sums?.difference], ['authorised', 100, 1_600]);
    const kept = Date.parse(agreed?.keptUntil ?? '') - Date.parse(updatedAt);
    assert.equal(Math.round(kept / 86_400_000), 7);
    assert.equal(await spentBy(buyer), ORDERED, 'it was approved');
    const [used] = await approvalsOf(buyer);
    assert.deepEqual([used?.state, used?.orderId], ['ordered', order.id]);
  });

  it('is declined when they decline it, and its goods can be asked back again', async () => {
    const { buyer, approver, order, approval } = await waiting();
    const again = () =>
      at.ask(buyer, 'POST', `/api/orders/${order.id}/returns`, goods({ ...ONE_FOR_A_CHAIR, desks: 2 }));
    assert.equal((await again()).status, 409, 'one of the two is to come back already');
    await answer(approver, approval, 'decline');
    assert.equal((await returnOf(order)).state, 'declined');
    assert.equal((await again()).status, 200);
  });

  it('is agreed to at once within its limits, and nobody is asked', async () => {
    const { buyer, approver } = await firm({ perPeriod: 4_000 });
    const order = await delivered(buyer);
    assert.equal((await exchange(order, ONE_FOR_A_CHAIR, { approval: {} })).status, 200);
    assert.equal((await returnOf(order)).state, 'authorised');
    assert.deepEqual(await approvalsOf(approver), []);
    assert.equal(await spentBy(buyer), ORDERED + 1_500);
  });

  it('asks nobody any longer once it is withdrawn, declined, or agreed to by the merchant’s word', async () => {
    for (const [step, body, state] of [
      ['withdraw', {}, 'withdrawn'],
      ['decline', { answer: 'They would rather keep it.' }, 'declined'],
      ['authorise', { approved: 'Ms Lovelace, by telephone' }, 'authorised'],
    ] as const) {
      const { approver, order, approval, path } = await waiting();
      const done = await at.ask(MERCHANT, 'POST', `${path}/${step}`, body);
      assert.equal(done.status, 200, done.text);
      const [left] = await approvalsOf(approver);
      assert.deepEqual([left?.id, left?.state], [approval.id, 'withdrawn'], step);
      const late = await at.ask(approver, 'POST', `${OWN}/approvals/${approval.id}/approve`, {});
      assert.equal(late.status, 409, late.text);
      assert.equal((await returnOf(order)).state, state);
    }
  });

  it('is its buyer’s to withdraw, too, and not theirs to approve', async () => {
    const { buyer, order, approval, path } = await waiting();
    const own = await at.ask(buyer, 'POST', `${OWN}/approvals/${approval.id}/approve`, {});
    assert.equal(own.status, 403, own.text);
    const id = path.split('/').at(-1) ?? '';
    const withdrawn = await at.ask(buyer, 'POST', `/api/orders/${order.id}/returns/${id}/withdraw`, {});
    assert.equal(withdrawn.status, 200, withdrawn.text);
    assert.equal((await returnOf(order)).state, 'withdrawn');
  });

  it('says why it cannot be agreed to any more, waits for the merchant, and is agreed to on other terms', async () => {
    const { approver, order, approval, path } = await waiting({ expectedDifference: 1_500 }, FOR_A_LAMP);
    await lampsCost(2_400);
    await answer(approver, approval, 'approve');
    const still = await returnOf(order);
    assert.equal(still.state, 'requested');
    assert.match(still.exchange?.problem ?? '', /is 1400/);
    const seen = goods(FOR_A_LAMP);
    const agreed = await at.ask(MERCHANT, 'POST', `${path}/authorise`, { exchange: seen.exchange });
    assert.equal(agreed.status, 200, agreed.text);
    const { state, exchange: made } = await returnOf(order);
    assert.deepEqual([state, made?.sums?.difference, made?.problem], ['authorised', 1_400, undefined]);
    await lampsCost(2_500);
  });

  it('is one exchange and one question, however often it is entered under the same key', async () => {
    const { buyer, approver } = await firm({ perPeriod: ORDERED });
    const { id } = await delivered(buyer);
    const key = randomUUID();
    const enter = () =>
      at.ask(MERCHANT, 'POST', `${ORDERS}/${id}/returns`, { ...goods(ONE_FOR_A_CHAIR), approval: {} }, key);
    for (const { status, text } of [await enter(), await enter()]) assert.equal(status, 200, text);
    assert.equal((await returnOf({ id })).state, 'requested');
    assert.equal((await approvalsOf(approver)).length, 1);
  });

  it('is either to be approved or approved already', async () => {
    const { buyer } = await firm({ perPeriod: ORDERED });
    const more = { approval: {}, approved: 'Ms Lovelace, by telephone' };
    const both = await exchange(await delivered(buyer), ONE_FOR_A_CHAIR, more);
    assert.equal(both.status, 400, both.text);
  });
});

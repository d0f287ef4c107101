/** What is put together for a customer starts at what they would pay themselves: drafts, quotes, and what comes to an order by an edit. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { newCompany, newMember } from '../../accounts/testing/companies.ts';
import { newCustomer } from '../../accounts/testing/customers.ts';
import type { Session } from '../../accounts/definition.ts';
import type { Edit } from '../edits/schemas.ts';
import { startCompanyShop, TENANT, type CompanyShop } from '../testing/company-shop.ts';
import { ADDRESS, productOf } from '../testing/shop.ts';
import type { Cart, CheckoutResult, MerchantOrder } from '../schemas.ts';
import type { Draft, Offer } from './schemas.ts';

const DESK = 'var_desk';
const LAMP = 'var_lamp';
const DRAFTS = '/api/admin/orders/drafts';

let at: CompanyShop;
before(async () => {
  at = await startCompanyShop();
  await at.shop.emit(TENANT, 'catalog.product', 'upserted', LAMP, productOf(LAMP, 500, 10_000, {}));
  await at.shop.settled(1);
});
after(() => at.stop());

interface List {
  readonly currency?: string;
  readonly groups?: readonly string[];
  readonly offBasisPoints?: number;
  readonly steps?: readonly { readonly from: number; readonly amount: number }[];
}

/** A price list of desks, as the catalogue tells of it. */
async function priceList({ steps = [], ...list }: List): Promise<string> {
  const id = `prl_${randomUUID()}`;
  const told = {
    id,
    version: 1,
    currency: 'EUR',
    groups: [],
    startsAt: null,
    endsAt: null,
    offBasisPoints: 0,
    enabled: true,
    ...list,
  };
  await at.shop.emit(TENANT, 'catalog.price-list', 'upserted', id, told);
  await at.shop.emit(TENANT, 'catalog.price-list', 'priced', id, {
    id,
    prices: steps.length === 0 ? [] : [{ variantId: DESK, steps }],
  });
  await at.shop.settled(1);
  return id;
}

async function withdraw(id: string): Promise<void> {
  await at.shop.emit(TENANT, 'catalog.price-list', 'deleted', id, { id });
  await at.shop.settled(1);
}

const managed = <T>(method: string, path: string, json?: object, status = 200): Promise<T> =>
  at.shop.managed<T>(TENANT, method, path, json, status);

async function newGroup(name: string): Promise<string> {
  return (await managed<{ id: string }>('POST', '/api/admin/accounts/groups', { name }, 201)).id;
}

const putInto = (who: Session, groupIds: readonly string[]): Promise<unknown> =>
  managed('PUT', `/api/admin/accounts/customers/${who.customer.id}/groups`, { groupIds });

function draftFor(who: Session | undefined, lines: readonly object[], more: object = {}): Promise<Draft> {
  const whose = who === undefined ? {} : { customerId: who.customer.id };
  const content = { email: 'ada@example.com', shippingAddress: ADDRESS, lines, ...whose, ...more };
  return managed<Draft>('POST', DRAFTS, content, 201);
}

const pricesOf = ({ lines }: Pick<Offer, 'lines'>): number[] =>
  lines.map(({ unitPrice }) => unitPrice.amount);

test('a draft starts at the price of its customer’s group and in that quantity; by hand it may cost something else', async () => {
  const trade = await newGroup('Trade');
  const ada = await newCustomer(at.shop, TENANT, 'ada@drafts.example');
  await putInto(ada, [trade]);
  const list = await priceList({
    groups: [trade],
    steps: [
      { from: 1, amount: 800 },
      { from: 10, amount: 700 },
    ],
  });
  assert.deepEqual(pricesOf(await draftFor(undefined, [{ variantId: DESK, quantity: 10 }])), [1_000]);
  const draft = await draftFor(ada, [{ variantId: DESK, quantity: 9 }]);
  assert.deepEqual([pricesOf(draft), draft.lines[0]?.listPrice?.amount], [[800], 800]);
  const lines = [
    { variantId: DESK, quantity: 10 },
    { variantId: LAMP, quantity: 1, unitPrice: 450, reason: 'agreed on the telephone' },
  ];
  const content = {
    customerId: ada.customer.id,
    email: 'ada@drafts.example',
    shippingAddress: ADDRESS,
    lines,
  };
  const changed = await managed<Draft>('PUT', `${DRAFTS}/${draft.id}`, { version: 1, ...content });
  assert.deepEqual(pricesOf(changed), [700, 450]);
  assert.equal(changed.lines[1]?.listPrice?.amount, 500);

  const { draft: offered } = await managed<{ draft: Draft }>('POST', `${DRAFTS}/${draft.id}/offer`, {});
  await putInto(ada, []);
  assert.deepEqual(
    pricesOf(await managed<Draft>('GET', `${DRAFTS}/${draft.id}`)),
    [700, 450],
    'it was offered',
  );
  const again = await managed<Draft>('PUT', `${DRAFTS}/${draft.id}`, {
    version: offered.version,
    ...content,
  });
  assert.deepEqual(pricesOf(again), [1_000, 450], 'who has left the group pays the usual price');
  await withdraw(list);
});

test('the prices are those of the draft’s currency', async () => {
  const list = await priceList({ currency: 'USD', offBasisPoints: 5_000 });
  const lines = [{ variantId: DESK, quantity: 1 }];
  assert.deepEqual(pricesOf(await draftFor(undefined, lines, { currency: 'USD' })), [550]);
  assert.deepEqual(pricesOf(await draftFor(undefined, lines, { currency: 'EUR' })), [1_000]);
  await withdraw(list);
});

test('a quote that a company’s member asked for costs what their cart did, also when the merchant looks at it', async () => {
  const company = await newCompany(at.shop, TENANT, 'Desks & Sons');
  const buyer = await newMember(at.shop, TENANT, company.id, 'buyer@desks.example', 'buyer');
  const list = await priceList({ groups: [company.id], offBasisPoints: 1_000 });
  const cart = await at.cart(buyer, 3);
  const wish = { cartId: cart.id, email: 'buyer@desks.example', shippingAddress: ADDRESS };
  const asked = await at.ask(buyer, 'POST', '/api/orders/quotes', wish);
  assert.equal(asked.status, 201, asked.text);
  const { quote } = asked.json<{ quote: Offer }>();
  assert.deepEqual([pricesOf(quote), cart.lines[0]?.unitPrice.amount], [[900], 900]);
  assert.deepEqual(pricesOf(await managed<Draft>('GET', `${DRAFTS}/${quote.id}`)), [900]);
  const { draft } = await managed<{ draft: Draft }>('POST', `${DRAFTS}/${quote.id}/offer`, {});
  assert.equal(draft.totals.subtotal, 2_700);
  await withdraw(list);
});

test('what an edit brings to an order costs what its customer would pay; by hand it may cost something else', async () => {
  const friends = await newGroup('Friends');
  const eve = await newCustomer(at.shop, TENANT, 'eve@drafts.example');
  await putInto(eve, [friends]);
  const lamps = [{ variantId: LAMP, quantity: 1 }];
  const cart = (await at.ask(eve, 'POST', '/api/orders/carts', { lines: lamps })).json<Cart>();
  const order = await at.pay((await at.checkout(eve, cart.id)).json<CheckoutResult>());
  const list = await priceList({ groups: [friends], steps: [{ from: 5, amount: 600 }] });
  const edits = `/api/admin/orders/orders/${order.id}/edits`;
  const edit = await managed<Edit>('POST', edits, { lines: [{ variantId: DESK, quantity: 5 }] }, 201);
  const priceIn = ({ lines = [] }: Edit) =>
    lines.find(({ variantId }) => variantId === DESK)?.unitPrice.amount;
  assert.equal(priceIn(edit), 600);
  const byHand = { version: 1, lines: [{ variantId: DESK, quantity: 5, unitPrice: 650 }] };
  assert.equal(priceIn(await managed<Edit>('PUT', `${edits}/${edit.id}`, byHand)), 650);
  const few = { version: 2, lines: [{ variantId: DESK, quantity: 4 }] };
  assert.equal(priceIn(await managed<Edit>('PUT', `${edits}/${edit.id}`, few)), 1_000);
  await managed('PUT', `${edits}/${edit.id}`, { version: 3, lines: [{ variantId: DESK, quantity: 5 }] });
  const done = await managed<MerchantOrder>('POST', `${edits}/${edit.id}/commit`, { version: 4 });
  assert.deepEqual(
    done.lines.map(({ variantId, unitPrice }) => [variantId, unitPrice.amount]),
    [
      [LAMP, 500],
      [DESK, 600],
    ],
  );
  await withdraw(list);
});

test('whatever lists there are, a draft for a customer costs what their cart would', async () => {
  const groups = [await newGroup('One'), await newGroup('Two')];
  const who = await newCustomer(at.shop, TENANT, 'law@drafts.example');
  const step = fc.record({ from: fc.integer({ min: 1, max: 20 }), amount: fc.nat(1_500) });
  const list = fc.record({
    currency: fc.constantFrom('EUR', 'USD'),
    groups: fc.subarray(groups),
    offBasisPoints: fc.constantFrom(0, 0, 1_234, 10_000),
    steps: fc.array(step, { maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(list, { minLength: 1, maxLength: 3 }),
      fc.subarray(groups),
      fc.constantFrom('EUR', 'USD'),
      fc.integer({ min: 1, max: 25 }),
      async (lists, isIn, currency, quantity) => {
        const made = await Promise.all(lists.map(priceList));
        await putInto(who, isIn);
        const lines = [{ variantId: DESK, quantity }];
        const cart = (await at.ask(who, 'POST', '/api/orders/carts', { currency, lines })).json<Cart>();
        const draft = await draftFor(who, lines, { currency });
        await Promise.all(made.map(withdraw));
        assert.deepEqual(pricesOf(draft), [cart.lines[0]?.unitPrice.amount]);
      },
    ),
    { numRuns: 15 },
  );
});

import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { kill } from '../../../tests/support/ended.ts';
import { ask, ADDRESS, KEYS, payAsBrowser, type Placed } from './testing/shop.ts';
import { approveAsPayer } from '../../platform/payments/testing/paypal.ts';
import {
  MERCHANT,
  patiently,
  startKilledShop,
  TENANT,
  type KilledShop,
  type Rounds,
} from './testing/killed-shop.ts';
import type { Cart, MerchantOrder, PaymentStart } from './schemas.ts';

/** Less than an order costs. */
const GIFT = 500;
const TENTH = {
  title: 'A tenth',
  benefit: { kind: 'percent', basisPoints: 1000 },
  conditions: { customers: 'everyone' },
  combinesWith: [],
  priority: 0,
};

describe('killed at any moment', () => {
  let shop: KilledShop;
  let keys = 0;
  let carts = 0;

  before(async () => {
    shop = await startKilledShop();
    await shop.database.admin.query(
      `insert into shop.orders_promotions (tenant_id, id, version, code, enabled, usage_limit, rule, created_at, updated_at)
       values ($1, 'prm_killed', 1, 'KILLED', true, 1000, $2, now(), now())`,
      [TENANT, JSON.stringify(TENTH)],
    );
  });
  after(() => shop.stop());

  /** Of an order so many places are far apart; ALL_PLACES=1 sees them all. */
  const everyOther = (step: number): number => (process.env['ALL_PLACES'] === '1' ? 1 : step);

  function say(test: TestContext, { crashes }: Rounds, least: number): void {
    test.diagnostic(`killed after each of ${crashes.join(', ')}`);
    assert.ok(crashes.length >= least, `only ${crashes.length} places`);
  }

  /** With a discount and a gift card in it. */
  async function newCart(variantId: string, quantity = 1): Promise<Cart> {
    const cart = await shop.newCart(variantId, quantity);
    const card = `gft_${(carts += 1)}`;
    // The database may be away.
    const prepared = (): Promise<unknown> =>
      shop.database.admin.query(
        `with card as (
         insert into shop.orders_gift_cards (tenant_id, id, code_hash, ending, currency, initial, balance, version, created_at, updated_at)
         values ($1, $2, $2, 'XXXX', 'EUR', $3, $3, 1, now(), now()) on conflict do nothing
       ), entry as (
         insert into shop.orders_gift_card_entries (tenant_id, card_id, sequence, kind, amount, balance, at)
         values ($1, $2, 1, 'issued', $3, $3, now()) on conflict do nothing
       )
       update shop.orders_carts set codes = '{KILLED}', gift_cards = array[$2] where id = $4`,
        [TENANT, card, GIFT, cart.id],
      );
    await patiently(async () => (await prepared(), true));
    return cart;
  }

  /** Every use belongs to an order that stands, and every cent that left a card to one that took it. */
  async function assertPricesAgree(): Promise<void> {
    const { rows } = await shop.database.admin.query(
      `select p.used, (select count(*)::int from shop.orders_orders where captured > 0 and discount > 0) as discounted,
         (select count(*)::int from shop.orders_redemptions where state = 'taken') as taken,
         (select sum(initial - balance)::int from shop.orders_gift_cards) as spent,
         (select coalesce(sum(gift - gift_refunded), 0)::int from shop.orders_orders where captured > 0) as paid,
         (select (select sum(initial) from shop.orders_gift_cards)::int - sum(amount)::int from shop.orders_gift_card_entries) as booked
       from shop.orders_promotions p`,
    );
    const [row] = rows;
    assert.ok(row.used > 0 && row.spent > 0, JSON.stringify(row));
    assert.deepEqual([row.used, row.taken], [row.discounted, row.discounted], JSON.stringify(row));
    assert.deepEqual([row.spent, row.booked], [row.paid, row.paid], JSON.stringify(row));
  }

  function pay({ payment }: Placed): Promise<string> {
    return patiently(async () => {
      const status = await payAsBrowser(shop.origin, payment, '4242424242424242');
      return status === 'requires_capture' || status === 'payment_intent_unexpected_state'
        ? status
        : undefined;
    });
  }

  function statusOf(orderId: string): Promise<string | undefined> {
    return shop.database.admin
      .query('select status from shop.orders_orders where id = $1', [orderId])
      .then(({ rows }) => rows[0]?.status);
  }

  async function assertBooksAgree(variantId: string): Promise<{ confirmed: number }> {
    const { rows } = await shop.database.admin.query(
      `select s.on_hand, s.held, s.sold,
         (select count(*)::int from shop.orders_orders o join shop.orders_order_lines l on l.order_id = o.id
            where l.variant_id = s.variant_id and o.status = 'confirmed') as confirmed,
         (select count(*)::int from shop.orders_orders o join shop.orders_order_lines l on l.order_id = o.id
            where l.variant_id = s.variant_id and not o.settled) as open,
         (select count(*)::int from shop.payments_payments p join shop.orders_order_lines l on l.order_id = p.order_id
            where l.variant_id = s.variant_id and p.status = 'captured') as captured
       from shop.orders_stock s where s.variant_id = $1`,
      [variantId],
    );
    const [row] = rows;
    assert.equal(row.open, 0, JSON.stringify(row));
    assert.equal(row.held, 0, JSON.stringify(row));
    assert.equal(row.sold, row.confirmed, JSON.stringify(row));
    assert.equal(row.captured, row.confirmed, JSON.stringify(row));
    return row;
  }

  it('resumes an order wherever between two steps its runtime was killed', async (test) => {
    const step = everyOther(2);
    const rounds = await shop.inTurn({ step }, async (number, arm) => {
      const variantId = `crash-${number}`;
      await shop.stock(variantId, 1);
      const cart = await newCart(variantId);
      arm();
      const placed = await shop.checkOut(cart);
      assert.ok(placed !== 'out_of_stock');
      await pay(placed);
      await patiently(async () => ((await statusOf(placed.order.id)) === 'confirmed' ? true : undefined));
      await patiently(async () => (await assertBooksAgree(variantId), true));
    });
    await assertPricesAgree();
    // An order has ten places to die at, or a few more where a message of the processor comes before the saga has asked.
    say(test, rounds, 8 / step);
  });

  it('goes over from card to PayPal and is paid there once, wherever between two steps its runtime was killed', async (test) => {
    const step = everyOther(5);
    const rounds = await shop.inTurn({ step }, async (number, arm) => {
      const variantId = `paypal-${number}`;
      await shop.stock(variantId, 1);
      const placed = await shop.checkOut(await newCart(variantId));
      assert.ok(placed !== 'out_of_stock');
      arm();
      const started = await patiently(async () => {
        const path = `/api/orders/${placed.order.id}/payment?token=${placed.token}&provider=paypal`;
        const { status, body } = await ask<PaymentStart>(shop.port, 'POST', path, {});
        return status === 200 && body.provider === 'paypal' ? body : undefined;
      });
      await approveAsPayer(started.approveUrl ?? '');
      await patiently(async () => ((await statusOf(placed.order.id)) === 'confirmed' ? true : undefined));
      await patiently(async () => (await assertBooksAgree(variantId), true));
      // The card that was left takes nothing.
      await patiently(async () => {
        const left = await fetch(`${shop.origin}/v1/payment_intents/${placed.payment.intentId}`, {
          headers: { authorization: `Bearer ${KEYS.secretKey}` },
        });
        const { status } = (await left.json()) as { status: string };
        return status === 'canceled' ? true : undefined;
      });
    });
    say(test, rounds, 10 / step);
  });

  it('makes one order of an offer, wherever between two steps of its acceptance its runtime was killed', async (test) => {
    const rounds = await shop.inTurn({ step: everyOther(8) }, async (number, arm) => {
      const variantId = `offer-${number}`;
      await shop.stock(variantId, 1);
      const merchant = <T>(path: string, body: object): Promise<T> =>
        patiently(async () => {
          const { status, body: answer } = await ask<T>(
            shop.port,
            'POST',
            `/api/admin/orders/drafts${path}`,
            {
              body,
              headers: { ...MERCHANT, 'idempotency-key': `draft-${variantId}-${path.length}` },
            },
          );
          return status < 300 ? answer : undefined;
        });
      const lines = [{ variantId, quantity: 1, unitPrice: 1_500, reason: 'agreed' }];
      const draft = await merchant<{ id: string }>('', {
        email: 'ada@example.com',
        shippingAddress: ADDRESS,
        lines,
      });
      // The last unit is held for it: its order has to get this very one.
      await merchant(`/${draft.id}/hold`, { hours: 1 });
      const { link } = await merchant<{ link: string }>(`/${draft.id}/offer`, {});
      arm();
      const token = new URL(link).searchParams.get('token') ?? '';
      const placed = await patiently(async () => {
        const { status, body } = await ask<Placed>(
          shop.port,
          'POST',
          `/api/orders/offers/${draft.id}/accept?token=${token}`,
          { body: {}, headers: { 'idempotency-key': `accept-${(keys += 1)}-${variantId}` } },
        );
        return status === 201 ? body : undefined;
      });
      await pay(placed);
      await patiently(async () => ((await statusOf(placed.order.id)) === 'confirmed' ? true : undefined));
      await patiently(async () => (await assertBooksAgree(variantId), true));
      const { rows } = await shop.database.admin.query(
        `select count(*)::int as orders, (select state from shop.orders_drafts where id = $1) as state
         from shop.orders_orders where cart_id = $1`,
        [draft.id],
      );
      assert.deepEqual(rows, [{ orders: 1, state: 'ordered' }]);
    });
    say(test, rounds, 1);
  });

  it('brings goods back, and their money, wherever between two steps its runtime was killed', async (test) => {
    const variantId = 'comes-back';
    await shop.stock(variantId, 100);
    let runtime = await shop.startRuntime();
    const placed = await shop.checkOut(await newCart(variantId, 20));
    assert.ok(placed !== 'out_of_stock');
    await pay(placed);
    const { id } = placed.order;
    await patiently(async () => ((await statusOf(id)) === 'confirmed' ? true : undefined));
    /** As a merchant's program asks: with one key, until it is answered. */
    const insist = (path: string, body: object = {}, key = path): Promise<MerchantOrder> =>
      patiently(async () => {
        const answer = await ask<MerchantOrder>(shop.port, 'POST', `/api/admin/orders/orders/${id}/${path}`, {
          body,
          headers: { ...MERCHANT, 'idempotency-key': `killed-${key}` },
        });
        return answer.status === 200 ? answer.body : undefined;
      });
    const first = await insist('fulfilments', { lines: [{ variantId, quantity: 10 }] }, 'first-parcel');
    assert.equal(first.status, 'partially_fulfilled');
    await kill(runtime);

    /** Gives up one unit, ships one, and takes one back. */
    async function round(number: number): Promise<void> {
      const lines = [{ variantId, quantity: 1 }];
      await insist('cancel-units', { lines }, `give-up-${number}`);
      await insist('fulfilments', { lines }, `parcel-${number}`);
      const asked = [{ ...lines[0], reason: 'other' }];
      const { returns } = await insist('returns', { lines: asked }, `return-${number}`);
      const path = `returns/${returns.at(-1)?.id}`;
      await insist(`${path}/receive`);
      await insist(`${path}/inspect`, { lines: [{ variantId, accepted: 1, restock: 1 }] });
      await insist(`${path}/refund`);
    }

    const killed = await shop.inTurn({ step: 14, most: 2 }, async (number, arm) => {
      arm();
      await round(number);
      // The money is the saga's, which goes on by itself.
      await patiently(async () => {
        const { rows } = await shop.database.admin.query<{ open: number }>(
          `select count(*)::int as open from shop.orders_refunds where order_id = $1 and state = 'requested'`,
          [id],
        );
        return rows[0]?.open === 0 ? true : undefined;
      });
    });
    const { rounds } = killed;
    say(test, killed, 1);

    runtime = await shop.startRuntime();
    const row = await patiently(async () => {
      const { rows } = await shop.database.admin.query(
        `select o.refunded::int, o.gift_refunded::int, s.on_hand, s.sold, h.shipped, h.cancelled,
           (select sum(amount + gift_amount)::int from shop.orders_refunds where order_id = o.id) as wished,
           (select count(*)::int from shop.orders_refunds where order_id = o.id) as refunds,
           (select sum(amount)::int from shop.payments_refunds where order_id = o.id) as paid_back,
           (select refunded::int from shop.payments_payments where order_id = o.id) as known
         from shop.orders_orders o join shop.orders_holds h on h.order_id = o.id
         join shop.orders_stock s on s.variant_id = h.variant_id where o.id = $1`,
        [id],
      );
      const [found] = rows;
      // The order hears of the last of it by an event.
      return found.refunded + found.gift_refunded === found.wished ? found : undefined;
    });
    assert.equal(row.refunds, 2 * rounds, JSON.stringify(row));
    assert.deepEqual([row.shipped, row.cancelled], [10 + rounds, rounds], JSON.stringify(row));
    // Shipped units have gone, and as many as came back are there again.
    assert.equal(row.on_hand, 100 - 10 - rounds + rounds, JSON.stringify(row));
    assert.equal(row.sold, 20 - 10 - 2 * rounds, JSON.stringify(row));
    assert.deepEqual([row.paid_back, row.known], [row.refunded, row.refunded], JSON.stringify(row));
    const { body: order } = await ask<MerchantOrder>(shop.port, 'GET', `/api/admin/orders/orders/${id}`, {
      headers: MERCHANT,
    });
    const line = order.lines[0];
    assert.ok(line);
    const paid = line.total.amount - line.discount.amount;
    assert.equal(row.wished, Math.floor((paid * 2 * rounds) / 20));
    await kill(runtime);
  });

  it('edits an order, and brings the difference, wherever between two steps its runtime was killed', async (test) => {
    const variantId = 'edited';
    await shop.stock(variantId, 100);
    let runtime = await shop.startRuntime();
    const placed = await shop.checkOut(await newCart(variantId, 5));
    assert.ok(placed !== 'out_of_stock');
    await pay(placed);
    const { id } = placed.order;
    await patiently(async () => ((await statusOf(id)) === 'confirmed' ? true : undefined));
    const headers = MERCHANT;
    const insist = <T>(path: string, body: object, key: string): Promise<T> =>
      patiently(async () => {
        const answer = await ask<T>(shop.port, 'POST', `/api/admin/orders/orders/${id}/${path}`, {
          body,
          headers: { ...headers, 'idempotency-key': `killed-${key}` },
        });
        return answer.status < 300 ? answer.body : undefined;
      });
    const until = (is: (order: MerchantOrder) => boolean): Promise<MerchantOrder> =>
      patiently(async () => {
        const { body } = await ask<MerchantOrder>(shop.port, 'GET', `/api/admin/orders/orders/${id}`, {
          headers,
        });
        return is(body) ? body : undefined;
      });
    async function edit(quantity: number, key: string): Promise<void> {
      const lines = [{ variantId, quantity }];
      const begun = await insist<{ id: string; version: number }>('edits', { lines }, `begin-${key}`);
      await insist(`edits/${begun.id}/commit`, { version: begun.version }, `commit-${key}`);
    }
    await kill(runtime);

    /** A unit more, which the shopper pays, and one less, which goes back to them. */
    async function round(number: number): Promise<void> {
      await edit(6, `more-${number}`);
      await patiently(async () => {
        const path = `/api/orders/${id}/payment?token=${placed === 'out_of_stock' ? '' : placed.token}`;
        const { status, body } = await ask<NonNullable<Placed['payment']>>(shop.port, 'POST', path, {});
        // Paid already, and the answer was lost.
        if (status === 409) return true;
        const paid = status === 200 && (await payAsBrowser(shop.origin, body, '4242424242424242'));
        return paid === 'requires_capture' || paid === 'payment_intent_unexpected_state' ? true : undefined;
      });
      const { refunded } = await until(({ owed }) => owed === 0);
      await edit(5, `less-${number}`);
      await until((order) => order.refunded > refunded);
    }

    const killed = await shop.inTurn({ step: 9, most: 3 }, async (number, arm) => {
      arm();
      await round(number);
    });
    const { rounds } = killed;
    say(test, killed, 1);

    runtime = await shop.startRuntime();
    const order = await until(({ surcharges }) => surcharges.every(({ status }) => status === 'captured'));
    const { totals, captured, lowered, refunded, owed } = order;
    assert.equal(totals.total + lowered, totals.gift + captured + owed, JSON.stringify(order));
    assert.deepEqual([owed, order.surcharges.length, order.lines[0]?.quantity], [0, rounds, 5]);
    assert.equal(refunded, lowered, 'what it became cheaper by has gone back, once');
    const { rows } = await shop.database.admin.query(
      `select s.sold, h.quantity, (select sum(captured)::int from shop.payments_payments where order_id = $1) as captured,
         (select sum(refunded)::int from shop.payments_payments where order_id = $1) as refunded
       from shop.orders_stock s join shop.orders_holds h on h.variant_id = s.variant_id where h.order_id = $1`,
      [id],
    );
    assert.deepEqual(rows, [{ sold: 5, quantity: 5, captured, refunded }]);
    await kill(runtime);
  });

  it('loses nothing and converges while runtime, processor and PostgreSQL are killed at random', async (test) => {
    const units = 30;
    await shop.stock('chaos', units);
    let runtime = await shop.startRuntime();
    const acknowledged: string[] = [];
    const shoppers: Promise<void>[] = [];
    async function shopper(): Promise<void> {
      const placed = await shop.checkOut(await newCart('chaos'));
      if (placed === 'out_of_stock') return;
      acknowledged.push(placed.order.id);
      await pay(placed);
    }
    const kills = 12;
    for (let round = 0; round < kills; round += 1) {
      shoppers.push(...Array.from({ length: 4 }, shopper));
      // When the kill comes is what is random here.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 250));
      if (round % 3 === 0) {
        await kill(runtime);
        runtime = await shop.startRuntime();
      } else if (round % 3 === 1) {
        await shop.restartProcessor();
      } else {
        await shop.restartDatabase();
      }
    }
    await Promise.all(shoppers);
    await patiently(async () => (await assertBooksAgree('chaos'), true));
    const { confirmed } = await assertBooksAgree('chaos');
    assert.equal(confirmed, units);
    await assertPricesAgree();
    test.diagnostic(`${kills} kills, ${acknowledged.length} acknowledged orders`);
    for (const id of acknowledged) assert.equal(await statusOf(id), 'confirmed');
    await kill(runtime);
    const { rows } = await shop.database.admin.query(
      `select payload ->> 'paymentId' from shop.event_log where type = 'payments.payment.captured'
       group by 1 having count(*) > 1`,
    );
    assert.deepEqual(rows, []);
  });
});

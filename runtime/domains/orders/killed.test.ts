import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { freePort } from '../../../tests/support/port.ts';
import { payments } from '../payments/definition.ts';
import { orders } from './definition.ts';
import {
  ADDRESS,
  ask,
  KEYS,
  merchantKeyHash,
  openPayPalAccount,
  payAsBrowser,
  webhookUrl,
  type Placed,
} from './testing/shop.ts';
import { approveAsPayer } from '../../platform/payments/testing/paypal.ts';
import { assertJournalsAgree } from './testing/journals.ts';
import type { Cart, MerchantOrder, PaymentStart } from './schemas.ts';

const TENANT = 'acme';
const ADMIN = 'processor-admin';
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
  const folder = mkdtempSync(join(tmpdir(), 'killed-'));
  const children = new Set<ChildProcess>();
  let database: TestDatabase;
  let runtimePort: number;
  let processorPort: number;
  let processor: ChildProcess;
  let keys = 0;
  let carts = 0;

  before(async () => {
    database = await startTestDatabase([orders, payments]);
    await database.addTenant(
      { id: TENANT, domains: ['orders', 'payments'] },
      { 'admin-key-hash': await merchantKeyHash('x') },
    );
    [runtimePort, processorPort] = [await freePort(), await freePort()];
    processor = await startProcessorChild();
    await database.admin.query(
      `insert into shop.orders_promotions (tenant_id, id, version, code, enabled, usage_limit, rule, created_at, updated_at)
       values ($1, 'prm_killed', 1, 'KILLED', true, 1000, $2, now(), now())`,
      [TENANT, JSON.stringify(TENTH)],
    );
    const account = { id: TENANT, ...KEYS, webhookUrl: webhookUrl(runtimePort) };
    const answer = await fetch(`${origin()}/_admin/accounts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN}` },
      body: JSON.stringify(account),
    });
    assert.equal(answer.status, 200);
    await openPayPalAccount(origin(), webhookUrl(runtimePort).replace('stripe', 'paypal'));
  });

  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await assertJournalsAgree(database.admin, TENANT);
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function origin(): string {
    return `http://127.0.0.1:${processorPort}`;
  }

  function start(file: string, env: Record<string, string>): ChildProcess {
    const child = fork(new URL(file, import.meta.url), {
      env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'cache'), ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  }

  async function startRuntime(crashAt?: number): Promise<ChildProcess> {
    const child = start('./testing/runtime.child.ts', {
      DATABASE_URL: database.url,
      SECRETS_KEY: database.secretsKey,
      PROCESSOR: origin(),
      FOLDER: folder,
      PORT: String(runtimePort),
      ...(crashAt === undefined ? {} : { CRASH_AT: String(crashAt) }),
    });
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code) => reject(new Error(`the runtime ended with ${code} before it was ready`)));
    });
    return child;
  }

  async function startProcessorChild(): Promise<ChildProcess> {
    const adminPort = await freePort();
    const child = start('../../platform/payments/processor/main.ts', {
      POD_IP: '127.0.0.1',
      PORT: String(processorPort),
      ADMIN_PORT: String(adminPort),
      PROCESSOR_DATA: join(folder, 'processor'),
      PAYMENTS_SECRET: ADMIN,
      PROCESSOR_TEST: '1',
      LOG_LEVEL: 'silent',
    });
    await patiently(async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok || undefined);
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** Asks again, as a shopper's page does, until there is an answer; fails after a minute. */
  async function patiently<T>(attempt: () => Promise<T | undefined>): Promise<T> {
    const deadline = Date.now() + 60_000;
    for (let pause = 20; ; pause = Math.min(pause * 2, 200)) {
      const value = await attempt().catch(() => undefined);
      if (value !== undefined) return value;
      assert.ok(Date.now() < deadline, 'no answer within a minute');
      // Backing off between attempts, not waiting for a condition.
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  async function stock(variantId: string, onHand: number): Promise<void> {
    await database.admin.query(
      `insert into shop.orders_variants (tenant_id, variant_id, product_id, product_version, title, options, prices, requires_shipping, published)
       values ($1, $2, $2, 1, $2, '{}', '{"EUR": 2000}', true, true)`,
      [TENANT, variantId],
    );
    await database.admin.query(
      'insert into shop.orders_stock (tenant_id, variant_id, on_hand, updated_at) values ($1, $2, $3, now())',
      [TENANT, variantId, onHand],
    );
  }

  /** With a discount and a gift card in it. */
  async function newCart(variantId: string, quantity = 1): Promise<Cart> {
    const cart = await patiently(async () => {
      const { status, body } = await ask<Cart>(runtimePort, 'POST', '/api/orders/carts', {
        body: { lines: [{ variantId, quantity }] },
      });
      return status === 201 ? body : undefined;
    });
    const card = `gft_${(carts += 1)}`;
    // The database may be away.
    const prepared = (): Promise<unknown> =>
      database.admin.query(
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
    const { rows } = await database.admin.query(
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

  /** Resolves to the order, or to undefined when the units are sold out. */
  function checkOut(cart: Cart): Promise<Placed | 'out_of_stock'> {
    return patiently(async () => {
      const { status, body } = await ask<Placed & { code?: string }>(
        runtimePort,
        'POST',
        '/api/orders/checkout',
        {
          body: { cartId: cart.id, email: 'ada@example.com', shippingAddress: ADDRESS },
          headers: { 'idempotency-key': `killed-key-${(keys += 1)}` },
        },
      );
      if (status === 201) return body;
      return body.code === 'out_of_stock' ? 'out_of_stock' : undefined;
    });
  }

  function pay({ payment }: Placed): Promise<string> {
    return patiently(async () => {
      const status = await payAsBrowser(origin(), payment, '4242424242424242');
      return status === 'requires_capture' || status === 'payment_intent_unexpected_state'
        ? status
        : undefined;
    });
  }

  function statusOf(orderId: string): Promise<string | undefined> {
    return database.admin
      .query('select status from shop.orders_orders where id = $1', [orderId])
      .then(({ rows }) => rows[0]?.status);
  }

  async function assertBooksAgree(variantId: string): Promise<{ confirmed: number }> {
    const { rows } = await database.admin.query(
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
    const crashes: string[] = [];
    // Every other place, to be quick; which half is drawn, so that a few runs see them all. ALL_PLACES=1 sees them in one.
    const step = process.env['ALL_PLACES'] === '1' ? 1 : 2;
    for (let crashAt = 1 + Math.floor(Math.random() * step), runs = 0; ; crashAt += step) {
      runs += 1;
      const variantId = `crash-${crashAt}`;
      await stock(variantId, 1);
      let runtime = await startRuntime(crashAt);
      const died = new Promise<void>((resolve) => runtime.once('exit', () => resolve()));
      runtime.on('message', (message) => crashes.push(JSON.stringify(message)));
      const cart = await newCart(variantId);
      runtime.send('arm');
      let over = false;
      const restarted = (async () => {
        await died;
        if (!over) runtime = await startRuntime();
      })();
      const placed = await checkOut(cart);
      assert.ok(placed !== 'out_of_stock');
      await pay(placed);
      await patiently(async () => ((await statusOf(placed.order.id)) === 'confirmed' ? true : undefined));
      await patiently(async () => (await assertBooksAgree(variantId), true));
      const survived = runtime.signalCode === null && crashes.length < runs;
      over = true;
      if (!survived) await restarted;
      await kill(runtime);
      if (survived) break;
    }
    await assertPricesAgree();
    test.diagnostic(`killed after each of ${crashes.join(', ')}`);
    // An order has ten places to die at, or a few more where a message of the processor comes before the saga has asked.
    assert.ok(crashes.length >= 8 / step, `only ${crashes.length} places`);
  });

  it('goes over from card to PayPal and is paid there once, wherever between two steps its runtime was killed', async (test) => {
    const crashes: string[] = [];
    // Some places that are far apart, others each time. ALL_PLACES=1 sees them all.
    const step = process.env['ALL_PLACES'] === '1' ? 1 : 5;
    for (let crashAt = 1 + Math.floor(Math.random() * step), runs = 0; ; crashAt += step) {
      runs += 1;
      const variantId = `paypal-${crashAt}`;
      await stock(variantId, 1);
      let runtime = await startRuntime(crashAt);
      const died = new Promise<void>((resolve) => runtime.once('exit', () => resolve()));
      runtime.on('message', (message) => crashes.push(JSON.stringify(message)));
      const placed = await checkOut(await newCart(variantId));
      assert.ok(placed !== 'out_of_stock');
      runtime.send('arm');
      let over = false;
      const restarted = (async () => {
        await died;
        if (!over) runtime = await startRuntime();
      })();
      const started = await patiently(async () => {
        const path = `/api/orders/${placed.order.id}/payment?token=${placed.token}&provider=paypal`;
        const { status, body } = await ask<PaymentStart>(runtimePort, 'POST', path, {});
        return status === 200 && body.provider === 'paypal' ? body : undefined;
      });
      await approveAsPayer(started.approveUrl ?? '');
      await patiently(async () => ((await statusOf(placed.order.id)) === 'confirmed' ? true : undefined));
      await patiently(async () => (await assertBooksAgree(variantId), true));
      // The card that was left takes nothing.
      await patiently(async () => {
        const left = await fetch(`${origin()}/v1/payment_intents/${placed.payment.intentId}`, {
          headers: { authorization: `Bearer ${KEYS.secretKey}` },
        });
        const { status } = (await left.json()) as { status: string };
        return status === 'canceled' ? true : undefined;
      });
      const survived = runtime.signalCode === null && crashes.length < runs;
      over = true;
      if (!survived) await restarted;
      await kill(runtime);
      if (survived) break;
    }
    test.diagnostic(`killed after each of ${crashes.join(', ')}`);
    assert.ok(crashes.length >= 10 / step, `only ${crashes.length} places`);
  });

  it('makes one order of an offer, wherever between two steps of its acceptance its runtime was killed', async (test) => {
    const crashes: string[] = [];
    // Some places that are far apart, others each time.
    for (let crashAt = 1 + Math.floor(Math.random() * 8), runs = 0; ; crashAt += 8) {
      runs += 1;
      const variantId = `offer-${crashAt}`;
      await stock(variantId, 1);
      let runtime = await startRuntime(crashAt);
      const died = new Promise<void>((resolve) => runtime.once('exit', () => resolve()));
      runtime.on('message', (message) => crashes.push(JSON.stringify(message)));
      const merchant = <T>(path: string, body: object): Promise<T> =>
        patiently(async () => {
          const { status, body: answer } = await ask<T>(
            runtimePort,
            'POST',
            `/api/admin/orders/drafts${path}`,
            {
              body,
              headers: { authorization: 'Bearer x', 'idempotency-key': `draft-${variantId}-${path.length}` },
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
      runtime.send('arm');
      let over = false;
      const restarted = (async () => {
        await died;
        if (!over) runtime = await startRuntime();
      })();
      const token = new URL(link).searchParams.get('token') ?? '';
      const placed = await patiently(async () => {
        const { status, body } = await ask<Placed>(
          runtimePort,
          'POST',
          `/api/orders/offers/${draft.id}/accept?token=${token}`,
          { body: {}, headers: { 'idempotency-key': `accept-${(keys += 1)}-${variantId}` } },
        );
        return status === 201 ? body : undefined;
      });
      await pay(placed);
      await patiently(async () => ((await statusOf(placed.order.id)) === 'confirmed' ? true : undefined));
      await patiently(async () => (await assertBooksAgree(variantId), true));
      const { rows } = await database.admin.query(
        `select count(*)::int as orders, (select state from shop.orders_drafts where id = $1) as state
         from shop.orders_orders where cart_id = $1`,
        [draft.id],
      );
      assert.deepEqual(rows, [{ orders: 1, state: 'ordered' }]);
      const survived = runtime.signalCode === null && crashes.length < runs;
      over = true;
      if (!survived) await restarted;
      await kill(runtime);
      if (survived) break;
    }
    test.diagnostic(`killed after each of ${crashes.join(', ')}`);
    assert.ok(crashes.length > 0, 'it was never killed');
  });

  it('brings goods back, and their money, wherever between two steps its runtime was killed', async (test) => {
    const variantId = 'comes-back';
    await stock(variantId, 100);
    let runtime = await startRuntime();
    const placed = await checkOut(await newCart(variantId, 20));
    assert.ok(placed !== 'out_of_stock');
    await pay(placed);
    const { id } = placed.order;
    await patiently(async () => ((await statusOf(id)) === 'confirmed' ? true : undefined));
    /** As a merchant's program asks: with one key, until it is answered. */
    const insist = (path: string, body: object = {}, key = path): Promise<MerchantOrder> =>
      patiently(async () => {
        const answer = await ask<MerchantOrder>(
          runtimePort,
          'POST',
          `/api/admin/orders/orders/${id}/${path}`,
          { body, headers: { authorization: 'Bearer x', 'idempotency-key': `killed-${key}` } },
        );
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

    const crashes: string[] = [];
    let rounds = 0;
    // Each place in turn would take minutes: some that are far apart, others each time.
    for (let crashAt = 1 + Math.floor(Math.random() * 14); ; crashAt += 14) {
      runtime = await startRuntime(crashAt);
      const died = new Promise<void>((resolve) => runtime.once('exit', () => resolve()));
      runtime.on('message', (message) => crashes.push(JSON.stringify(message)));
      runtime.send('arm');
      let over = false;
      const restarted = (async () => {
        await died;
        if (!over) runtime = await startRuntime();
      })();
      await round((rounds += 1));
      over = true;
      const survived = runtime.exitCode === null && runtime.signalCode === null && crashes.length < rounds;
      if (!survived) await restarted;
      // The money is the saga's, which goes on by itself.
      await patiently(async () => {
        const { rows } = await database.admin.query<{ open: number }>(
          `select count(*)::int as open from shop.orders_refunds where order_id = $1 and state = 'requested'`,
          [id],
        );
        return rows[0]?.open === 0 ? true : undefined;
      });
      await kill(runtime);
      if (survived || rounds === 2) break;
    }
    test.diagnostic(`killed after each of ${crashes.join(', ')}`);
    assert.ok(crashes.length >= 1);

    runtime = await startRuntime();
    const row = await patiently(async () => {
      const { rows } = await database.admin.query(
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
    const { body: order } = await ask<MerchantOrder>(runtimePort, 'GET', `/api/admin/orders/orders/${id}`, {
      headers: { authorization: 'Bearer x' },
    });
    const line = order.lines[0];
    assert.ok(line);
    const paid = line.total.amount - line.discount.amount;
    assert.equal(row.wished, Math.floor((paid * 2 * rounds) / 20));
    await kill(runtime);
  });

  it('edits an order, and brings the difference, wherever between two steps its runtime was killed', async (test) => {
    const variantId = 'edited';
    await stock(variantId, 100);
    let runtime = await startRuntime();
    const placed = await checkOut(await newCart(variantId, 5));
    assert.ok(placed !== 'out_of_stock');
    await pay(placed);
    const { id } = placed.order;
    await patiently(async () => ((await statusOf(id)) === 'confirmed' ? true : undefined));
    const headers = { authorization: 'Bearer x' };
    const insist = <T>(path: string, body: object, key: string): Promise<T> =>
      patiently(async () => {
        const answer = await ask<T>(runtimePort, 'POST', `/api/admin/orders/orders/${id}/${path}`, {
          body,
          headers: { ...headers, 'idempotency-key': `killed-${key}` },
        });
        return answer.status < 300 ? answer.body : undefined;
      });
    const until = (is: (order: MerchantOrder) => boolean): Promise<MerchantOrder> =>
      patiently(async () => {
        const { body } = await ask<MerchantOrder>(runtimePort, 'GET', `/api/admin/orders/orders/${id}`, {
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
        const { status, body } = await ask<NonNullable<Placed['payment']>>(runtimePort, 'POST', path, {});
        // Paid already, and the answer was lost.
        if (status === 409) return true;
        const paid = status === 200 && (await payAsBrowser(origin(), body, '4242424242424242'));
        return paid === 'requires_capture' || paid === 'payment_intent_unexpected_state' ? true : undefined;
      });
      const { refunded } = await until(({ owed }) => owed === 0);
      await edit(5, `less-${number}`);
      await until((order) => order.refunded > refunded);
    }

    const crashes: string[] = [];
    let rounds = 0;
    // Some places that are far apart, others each time.
    for (let crashAt = 1 + Math.floor(Math.random() * 9); rounds < 3; crashAt += 9) {
      runtime = await startRuntime(crashAt);
      const died = new Promise<void>((resolve) => runtime.once('exit', () => resolve()));
      runtime.on('message', (message) => crashes.push(JSON.stringify(message)));
      runtime.send('arm');
      let over = false;
      const restarted = (async () => {
        await died;
        if (!over) runtime = await startRuntime();
      })();
      await round((rounds += 1));
      over = true;
      const survived = runtime.exitCode === null && runtime.signalCode === null && crashes.length < rounds;
      if (!survived) await restarted;
      await kill(runtime);
      if (survived) break;
    }
    test.diagnostic(`killed after each of ${crashes.join(', ')}`);
    assert.ok(crashes.length >= 1);

    runtime = await startRuntime();
    const order = await until(({ surcharges }) => surcharges.every(({ status }) => status === 'captured'));
    const { totals, captured, lowered, refunded, owed } = order;
    assert.equal(totals.total + lowered, totals.gift + captured + owed, JSON.stringify(order));
    assert.deepEqual([owed, order.surcharges.length, order.lines[0]?.quantity], [0, rounds, 5]);
    assert.equal(refunded, lowered, 'what it became cheaper by has gone back, once');
    const { rows } = await database.admin.query(
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
    await stock('chaos', units);
    let runtime = await startRuntime();
    const acknowledged: string[] = [];
    const shoppers: Promise<void>[] = [];
    async function shopper(): Promise<void> {
      const placed = await checkOut(await newCart('chaos'));
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
        runtime = await startRuntime();
      } else if (round % 3 === 1) {
        await kill(processor);
        processor = await startProcessorChild();
      } else {
        await database.postgres.kill();
        await database.postgres.start();
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
    const { rows } = await database.admin.query(
      `select payload ->> 'paymentId' from shop.event_log where type = 'payments.payment.captured'
       group by 1 having count(*) > 1`,
    );
    assert.deepEqual(rows, []);
  });
});

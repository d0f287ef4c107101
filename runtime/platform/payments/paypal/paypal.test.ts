import assert from 'node:assert/strict';
import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { ownFolder } from '../../../../tests/support/owned.ts';
import { until } from '../../../../tests/support/wait.ts';
import { paymentsContract, refuses } from '../../contract/payments.ts';
import type { Payments, PaymentIntent, SignedMessage } from '../../ports.ts';
import { startProcessor, type Processor } from '../processor/processor.ts';
import { issue } from '../processor/paypal/signer.ts';
import { approveAsPayer } from '../testing/paypal.ts';
import { createPayPalPayments } from './paypal.ts';

const TENANT = 'acme';
const ADMIN = 'admin';
const KEYS = {
  clientId: 'client-of-acme-000001',
  clientSecret: 'secret-of-acme-000001',
  webhookId: 'WEBHOOK0001',
};

const CHOICES = { paid: 'approve', declined: 'decline', disputed: 'dispute' } as const;

describe('payments by PayPal', () => {
  const data = ownFolder('paypal');
  const secrets = new Map([
    ['paypal-client-id', KEYS.clientId],
    ['paypal-client-secret', KEYS.clientSecret],
    ['paypal-webhook-id', KEYS.webhookId],
    ['paypal-environment', 'local'],
  ]);
  const heard: SignedMessage[] = [];
  let shop: Server;
  let processor: Processor;
  let payments: Payments;
  let unreachable: Payments;
  let now = new Date();
  /** What time it is at PayPal. */
  let there = (): Date => new Date();

  before(async () => {
    shop = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.end();
        const headers = Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        );
        heard.push({ provider: 'paypal', rawBody: Buffer.concat(chunks), headers });
      });
    });
    await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
    processor = await startProcessor({
      host: '127.0.0.1',
      port: 0,
      data,
      adminSecret: ADMIN,
      forTests: true,
      warn: () => undefined,
      now: () => there(),
    });
    const { port } = shop.address() as AddressInfo;
    assert.equal(
      (
        await admin('paypal-accounts', {
          id: TENANT,
          ...KEYS,
          webhookUrl: `http://acme.localhost:${port}/hook`,
        })
      ).status,
      200,
    );
    payments = portTo(`${processor.origin}/paypal`);
    unreachable = portTo('http://127.0.0.1:9/paypal');
  });
  after(async () => {
    await processor.stop();
    shop.close();
    shop.closeAllConnections();
    rmSync(data, { recursive: true, force: true });
  });

  function portTo(url: string): Payments {
    return createPayPalPayments({
      secrets: { get: (tenant, name) => Promise.resolve(tenant === TENANT ? secrets.get(name) : undefined) },
      clock: { now: () => now },
      url,
      timeoutMs: 5_000,
      retries: 1,
    });
  }

  function admin(path: string, body: object): Promise<Response> {
    return fetch(`${processor.origin}/_admin/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN}` },
      body: JSON.stringify(body),
    });
  }

  const knobs = async (settings: object): Promise<void> =>
    assert.ok((await admin('knobs', { account: `paypal:${TENANT}`, settings })).ok);

  let made = 0;
  const create = (more: object = {}): Promise<PaymentIntent> =>
    payments.createIntent(TENANT, {
      amount: 12_34,
      currency: 'EUR',
      metadata: { order_id: 'ord_1', payment_id: 'pay_1', tenant: TENANT, attempt: '3' },
      idempotencyKey: `made-${(made += 1)}`,
      returnUrl: 'http://acme.localhost:8080/checkout/ord_1',
      ...more,
    });

  async function agreed(choice: 'approve' | 'decline' = 'approve'): Promise<PaymentIntent> {
    const intent = await create();
    await approveAsPayer(intent.approveUrl ?? '', choice);
    return payments.retrieve(TENANT, intent.id);
  }

  /** The message of a type about an intent, as it came. */
  function message(type: string, intentId: string): Promise<SignedMessage> {
    const about = intentId.replace('paypal_', '');
    return until(
      () =>
        heard.find(({ rawBody }) => {
          const text = rawBody.toString('utf8');
          return text.includes(`"event_type":"${type}"`) && text.includes(about);
        }),
      { everyMs: 5, what: `PayPal tells ${type}` },
    );
  }

  paymentsContract('PayPal', () =>
    Promise.resolve({
      payments,
      unreachable,
      tenant: TENANT,
      provider: 'paypal',
      loseNextReply: () => knobs({ loseReplies: 1 }),
      async pay(intent, outcome) {
        await approveAsPayer(intent.approveUrl ?? '', CHOICES[outcome]);
        return payments.confirm(TENANT, intent.id, `confirm-${intent.id}`);
      },
    }),
  );

  it('has the closed days of its ledger as payouts: what was taken, returned, and lost to a dispute', async () => {
    // Days are counted from one moment: a test may begin before midnight and end after it.
    const yesterday = new Date(now.getTime() - 86_400_000);
    there = () => yesterday;
    const taken: PaymentIntent[] = [];
    for (const choice of ['approve', 'approve', 'dispute'] as const) {
      const intent = await create();
      await approveAsPayer(intent.approveUrl ?? '', choice);
      await payments.confirm(TENANT, intent.id, `confirm-${intent.id}`);
      taken.push(await payments.capture(TENANT, intent.id, `capture-${intent.id}`));
    }
    const [kept = '', returned = '', contested = ''] = taken.map(({ id }) => id);
    await payments.refund(TENANT, returned, 2_34, `back-${returned}`);
    const since = new Date(yesterday.getTime() - 86_400_000);
    const { disputes } = await payments.listDisputes(TENANT, { provider: 'paypal', since });
    const dispute = disputes.find(({ intentId }) => intentId === contested);
    await payments.concedeDispute(TENANT, dispute?.id ?? '', 'concede');
    const asked = { provider: 'paypal', since, currencies: ['EUR', 'JPY'] } as const;
    const before = await payments.listPayouts(TENANT, asked);
    there = () => now;
    const { payouts, next } = await payments.listPayouts(TENANT, asked);
    assert.equal(next, undefined);
    const days = [1, 2].map((ago) => new Date(now.getTime() - ago * 86_400_000).toISOString().slice(0, 10));
    assert.deepEqual(
      payouts.map(({ id, amount }) => [id, amount]),
      days.flatMap((day) => ['JPY', 'EUR'].map((currency) => [`paypal_${day}_${currency}`, undefined])),
    );
    assert.deepEqual(before.payouts, payouts.slice(2), 'a day that goes on is not closed');
    const { entries } = await payments.listEntries(TENANT, { payoutId: `paypal_${days[0]}_EUR` });
    const ours = entries.filter(({ intentId }) => [kept, returned, contested].includes(intentId ?? ''));
    const fee = Math.round(12_34 * 0.0249 + 35);
    assert.deepEqual(
      ours.map((each) => [each.kind, each.amount, each.fee, each.intentId, each.disputeId]).toSorted(),
      [
        ['charge', 12_34, fee, kept, undefined],
        ['charge', 12_34, fee, returned, undefined],
        ['charge', 12_34, fee, contested, undefined],
        ['refund', -2_34, 0, returned, undefined],
        ['dispute', -12_34, 0, contested, dispute?.id],
      ].toSorted(),
    );
    assert.equal(new Set(entries.map(({ id }) => id)).size, entries.length);
    const other = await payments.listEntries(TENANT, { payoutId: `paypal_${days[0]}_JPY` });
    assert.deepEqual(other, { entries: [], next: undefined });
    await refuses(payments.listEntries(TENANT, { payoutId: 'po_1' }), 'not_found');
  });

  it('reads a day page by page, each movement once', async () => {
    const earlier = new Date(now.getTime() - 3 * 86_400_000);
    there = () => earlier;
    for (let each = 0; each < 101; each += 1) {
      const intent = await create({ currency: 'USD' });
      await approveAsPayer(intent.approveUrl ?? '');
      await payments.confirm(TENANT, intent.id, `confirm-${intent.id}`);
      await payments.capture(TENANT, intent.id, `capture-${intent.id}`);
    }
    there = () => new Date();
    const payoutId = `paypal_${earlier.toISOString().slice(0, 10)}_USD`;
    const first = await payments.listEntries(TENANT, { payoutId });
    assert.deepEqual([first.entries.length, first.next], [100, '2']);
    const second = await payments.listEntries(TENANT, { payoutId, cursor: '2' });
    assert.deepEqual([second.entries.length, second.next], [1, undefined]);
    assert.equal(new Set([...first.entries, ...second.entries].map(({ id }) => id)).size, 101);
  });

  it('leads the payer to PayPal and back, and reserves nothing before the shop does', async () => {
    const intent = await create();
    assert.match(intent.id, /^paypal_[A-Z0-9]{17}$/);
    const page = await fetch(intent.approveUrl ?? '');
    assert.match(await page.text(), /12\.34 EUR/);
    const back = new URL((await approveAsPayer(intent.approveUrl ?? '')) ?? '');
    assert.equal(back.pathname, '/checkout/ord_1');
    assert.equal(`paypal_${back.searchParams.get('token') ?? ''}`, intent.id);
    assert.equal((await payments.retrieve(TENANT, intent.id)).status, 'requires_confirmation');
    assert.equal(await approveAsPayer(intent.approveUrl ?? ''), undefined);
    const other = await create();
    assert.match((await approveAsPayer(other.approveUrl ?? '', 'cancel')) ?? '', /\/checkout\/ord_1\?token=/);
    assert.equal((await payments.retrieve(TENANT, other.id)).status, 'requires_payment_method');
  });

  it('is taken up once, however many hear of the consent', async () => {
    const { id } = await agreed();
    const taken = await Promise.all(Array.from({ length: 5 }, () => payments.confirm(TENANT, id, 'any')));
    assert.deepEqual(new Set(taken.map(({ status }) => status)), new Set(['requires_capture']));
    assert.equal(
      heard.filter(
        ({ rawBody }) => rawBody.includes('PAYMENT.AUTHORIZATION.CREATED') && rawBody.includes(id.slice(7)),
      ).length <= 1,
      true,
    );
  });

  it('does not take up what nobody agreed to', async () => {
    const { id } = await create();
    assert.equal((await payments.confirm(TENANT, id, 'early')).status, 'requires_payment_method');
  });

  it('is offered where its keys are, and for what PayPal takes', async () => {
    assert.deepEqual(await payments.providers(TENANT, { amount: 100, currency: 'EUR' }), ['paypal']);
    assert.deepEqual(await payments.providers('other', { amount: 100, currency: 'EUR' }), []);
    assert.deepEqual(await payments.providers(TENANT, { amount: 100, currency: 'ISK' }), []);
    assert.deepEqual(await payments.providers(TENANT, { amount: 12_300, currency: 'TWD' }), ['paypal']);
    assert.deepEqual(await payments.providers(TENANT, { amount: 12_345, currency: 'TWD' }), []);
    const dollars = await create({ amount: 12_300, currency: 'TWD' });
    assert.equal(dollars.amount, 12_300);
    await refuses(create({ amount: 12_345, currency: 'TWD' }), 'invalid_input');
  });

  it('asks with the keys of this moment', async () => {
    secrets.set('paypal-client-secret', 'another-secret-000001');
    await refuses(create(), 'unavailable');
    secrets.set('paypal-client-secret', KEYS.clientSecret);
    await create();
    secrets.delete('paypal-client-id');
    await refuses(create(), 'unavailable');
    secrets.set('paypal-client-id', KEYS.clientId);
    secrets.set('paypal-environment', 'elsewhere');
    await refuses(create(), 'unavailable');
    secrets.set('paypal-environment', 'local');
  });

  it('tries again what fails by itself', async () => {
    await knobs({ failRequests: 1, failStatus: 503 });
    assert.equal((await create()).status, 'requires_payment_method');
  });

  describe('its messages', () => {
    it('are believed when they are signed, and tell of the order as it is now', async () => {
      const { id } = await agreed();
      const told = await message('CHECKOUT.ORDER.APPROVED', id);
      const first = await payments.verifyWebhook(TENANT, told);
      assert.equal(first.intent?.status, 'requires_confirmation');
      assert.deepEqual(first.intent?.metadata, {
        order_id: 'ord_1',
        payment_id: 'pay_1',
        tenant: TENANT,
        attempt: '3',
      });
      await payments.confirm(TENANT, id, 'x');
      await payments.capture(TENANT, id, `c-${id}`);
      await payments.refund(TENANT, id, 34, `r-${id}`);
      // Late, and again: what they say of the past is not what is so.
      for (const type of [
        'CHECKOUT.ORDER.APPROVED',
        'PAYMENT.AUTHORIZATION.CREATED',
        'PAYMENT.CAPTURE.COMPLETED',
      ]) {
        const { intent } = await payments.verifyWebhook(TENANT, await message(type, id));
        assert.deepEqual([intent?.status, intent?.amountRefunded], ['succeeded', 34], type);
      }
    });

    it('of refunds name no order, and lead to it by their capture', async () => {
      const { id } = await agreed();
      await payments.confirm(TENANT, id, 'x');
      await payments.capture(TENANT, id, `c-${id}`);
      await payments.refund(TENANT, id, 34, `r-${id}`);
      // Known by the key it was asked for with: those of others come when they come.
      const told = await message('PAYMENT.CAPTURE.REFUNDED', id);
      assert.equal((await payments.verifyWebhook(TENANT, told)).intent?.id, id);
    });

    it('that somebody changed, made up, kept too long or signed for another shop are not', async () => {
      const { id } = await agreed();
      const told = await message('CHECKOUT.ORDER.APPROVED', id);
      const withHeader = (name: string, value: string | undefined): SignedMessage => ({
        ...told,
        headers: { ...told.headers, [name]: value },
      });
      const forged: readonly SignedMessage[] = [
        { ...told, headers: {} },
        { ...told, rawBody: Buffer.concat([told.rawBody, Buffer.from(' ')]) },
        withHeader('paypal-transmission-id', randomUUID()),
        withHeader('paypal-transmission-sig', 'AAAA'),
        withHeader('paypal-transmission-time', '2020-01-01T00:00:00Z'),
        withHeader('paypal-auth-algo', 'SHA1withRSA'),
        withHeader('paypal-cert-url', undefined),
        withHeader('paypal-cert-url', `${told.headers['paypal-cert-url'] ?? ''}?x=1`),
        withHeader('paypal-cert-url', 'https://api.paypal.com/v1/notifications/certs/CERT-OTHER'),
        withHeader('paypal-cert-url', 'https://evil.example/certs.pem'),
      ];
      for (const message of forged) await refuses(payments.verifyWebhook(TENANT, message), 'unauthenticated');
      secrets.set('paypal-webhook-id', 'WEBHOOK0002');
      await refuses(payments.verifyWebhook(TENANT, told), 'unauthenticated');
      secrets.set('paypal-webhook-id', '');
      await refuses(payments.verifyWebhook(TENANT, told), 'not_found');
      secrets.set('paypal-webhook-id', KEYS.webhookId);
      now = new Date(Date.now() + 4 * 86_400_000);
      await refuses(payments.verifyWebhook(TENANT, told), 'unauthenticated');
      now = new Date();
      assert.equal((await payments.verifyWebhook(TENANT, told)).intent?.id, id);
    });

    it('about what PayPal does not know yet are to be told again; of what it has forgotten they say nothing', async (t) => {
      const { chain, key } = await issue(new Date());
      const id = 'ORDER1';
      /** What PayPal knows, by the path that asks for it. */
      const known = new Map<string, object>();
      const fake = createServer(({ url = '' }, response) => {
        if (url.includes('/certs/')) return void response.end(chain);
        if (url.includes('/oauth2/')) return void response.end('{"access_token":"a","expires_in":900}');
        const found = known.get(url);
        response.statusCode = found === undefined ? 404 : 200;
        response.end(JSON.stringify(found ?? { name: 'RESOURCE_NOT_FOUND' }));
      });
      await new Promise<void>((resolve) => fake.listen(0, '127.0.0.1', resolve));
      t.after(() => fake.close());
      const reader = portTo(`http://127.0.0.1:${(fake.address() as AddressInfo).port}`);
      const capture = {
        id: 'CAPTURE1',
        status: 'COMPLETED',
        amount: { currency_code: 'EUR', value: '1.00' },
      };
      const belonging = { supplementary_data: { related_ids: { order_id: id } } };
      const disputed = {
        dispute_id: 'PP-D-1',
        create_time: new Date().toISOString(),
        status: 'OPEN',
        dispute_amount: capture.amount,
        disputed_transactions: [{ seller_transaction_id: capture.id }],
      };
      const links = [{ rel: 'up', href: `https://api.paypal.com/v2/payments/captures/${capture.id}` }];
      const order = { id, status: 'COMPLETED', purchase_units: [{ amount: capture.amount }] };
      const at = { order: `/v2/checkout/orders/${id}`, capture: `/v2/payments/captures/${capture.id}` };
      const table: readonly [type: string, resource: object, asked: Readonly<Record<string, object>>][] = [
        ['CHECKOUT.ORDER.APPROVED', { id }, { [at.order]: order }],
        ['PAYMENT.AUTHORIZATION.CREATED', belonging, { [at.order]: order }],
        ['PAYMENT.CAPTURE.COMPLETED', { ...capture, ...belonging }, { [at.order]: order }],
        [
          'PAYMENT.CAPTURE.REFUNDED',
          { id: 'REFUND1', links },
          { [at.capture]: { ...capture, ...belonging }, [at.order]: order },
        ],
        [
          'CUSTOMER.DISPUTE.CREATED',
          disputed,
          {
            [at.capture]: { ...capture, ...belonging },
            [at.order]: order,
            '/v1/customer/disputes/PP-D-1': disputed,
          },
        ],
      ];
      for (const [type, resource, asked] of table) {
        const tell = (ageMs: number) =>
          reader.verifyWebhook(
            TENANT,
            signed('GOOD', key, {
              id: `WH-${type}`,
              event_type: type,
              create_time: new Date(now.getTime() - ageMs).toISOString(),
              resource,
            }),
          );
        known.clear();
        // What is needed comes to be known one after the other; until all is, the message is refused.
        for (const [path, found] of Object.entries(asked)) {
          await refuses(tell(1_000), 'not_found');
          known.set(path, found);
        }
        assert.equal((await tell(1_000)).intent?.id, `paypal_${id}`, type);
        known.delete(at.order);
        assert.equal((await tell(2 * 3_600_000)).intent, undefined, `${type}, long ago`);
      }
    });

    it('are believed only with a certificate of PayPal’s name, in force, whose chain holds', async (t) => {
      const good = await issue(new Date());
      const other = await issue(new Date());
      const [leaf = '', root = ''] = good.chain.split(/(?<=-----END CERTIFICATE-----)\n/);
      const [, otherRoot = ''] = other.chain.split(/(?<=-----END CERTIFICATE-----)\n/);
      const shown: Readonly<Record<string, string>> = {
        GOOD: good.chain,
        ALONE: leaf,
        MIXED: `${leaf}\n${otherRoot}`,
        UPSIDE: `${root}\n${leaf}`,
        NAMED: (await issue(new Date(), 'evil.example')).chain,
        OLD: (await issue(new Date(Date.now() - 3_600_000), undefined, 1_000)).chain,
        NOTHING: 'no certificate',
      };
      const fake = createServer((request, response) => {
        response.end(shown[/\/certs\/CERT-(\w+)$/.exec(request.url ?? '')?.[1] ?? ''] ?? '');
      });
      await new Promise<void>((resolve) => fake.listen(0, '127.0.0.1', resolve));
      t.after(() => fake.close());
      const reader = portTo(`http://127.0.0.1:${(fake.address() as AddressInfo).port}`);
      const event = { id: 'WH-1', event_type: 'OTHER', create_time: '2026-01-01T00:00:00Z', resource: {} };
      const signedBy = (name: string, key = good.key, said: unknown = event) => signed(name, key, said);
      assert.equal((await reader.verifyWebhook(TENANT, signedBy('GOOD'))).id, 'WH-1');
      for (const name of Object.keys(shown).filter((each) => each !== 'GOOD'))
        await refuses(reader.verifyWebhook(TENANT, signedBy(name)), 'unauthenticated');
      await refuses(reader.verifyWebhook(TENANT, signedBy('GOOD', other.key)), 'unauthenticated');
      for (const said of [null, [], {}, { ...event, id: 1 }, { ...event, create_time: 'yesterday' }])
        await refuses(reader.verifyWebhook(TENANT, signedBy('GOOD', good.key, said)), 'invalid_input');
    });
  });
});

/** As PayPal sends it, with a certificate of that name. */
function signed(name: string, key: Parameters<typeof createPrivateKey>[0], said: unknown): SignedMessage {
  const rawBody = Buffer.from(JSON.stringify(said));
  const [id, time] = [randomUUID(), new Date().toISOString()];
  const text = [id, time, KEYS.webhookId, crc32(rawBody)].join('|');
  return {
    provider: 'paypal',
    rawBody,
    headers: {
      'paypal-transmission-id': id,
      'paypal-transmission-time': time,
      'paypal-auth-algo': 'SHA256withRSA',
      'paypal-cert-url': `https://api.paypal.com/v1/notifications/certs/CERT-${name}`,
      'paypal-transmission-sig': sign('sha256', Buffer.from(text), createPrivateKey(key)).toString('base64'),
    },
  };
}

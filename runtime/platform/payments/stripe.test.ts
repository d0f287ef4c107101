import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { ownFolder } from '../../../tests/support/owned.ts';
import { paymentsContract, refuses } from '../contract/payments.ts';
import type { Payments } from '../ports.ts';
import { startProcessor, type Processor } from './processor/processor.ts';
import { signature } from './processor/webhooks.ts';
import { createStripePayments } from './stripe.ts';

const TENANT = 'acme';
const KEYS = {
  secretKey: 'sk_test_port00000001',
  publishableKey: 'pk_test_port00000001',
  webhookSecret: 'whsec_port00000001',
};

const METHODS = {
  paid: 'pm_card_visa',
  declined: 'pm_card_chargeDeclined',
  disputed: 'pm_card_createDispute',
};

describe('payments through the stripe package', () => {
  const data = ownFolder('port');
  const secrets = new Map([
    ['payments-secret-key', KEYS.secretKey],
    ['payments-publishable-key', KEYS.publishableKey],
    ['payments-webhook-secret', KEYS.webhookSecret],
  ]);
  let processor: Processor;
  let payments: Payments;
  let keys = 0;

  before(async () => {
    processor = await startProcessor({
      host: '127.0.0.1',
      port: 0,
      data,
      adminSecret: 'x',
      forTests: true,
      warn: () => undefined,
    });
    await processor.putAccount({
      id: TENANT,
      ...KEYS,
      webhookUrl: 'http://127.0.0.1:9/',
      webhookHost: undefined,
      enabledEvents: [],
    });
    payments = portTo(processor.origin);
  });
  after(async () => {
    await processor.stop();
    rmSync(data, { recursive: true, force: true });
  });

  function portTo(url: string): Payments {
    const get = (_tenant: string, name: string) => Promise.resolve(secrets.get(name));
    return createStripePayments({
      secrets: { get },
      url,
      publicOrigin: 'http://pay.localhost:8080',
      timeoutMs: 1_000,
      retries: 1,
    });
  }

  function create(amount = 1234): ReturnType<Payments['createIntent']> {
    const metadata = { order_id: 'ord_1' };
    return payments.createIntent(TENANT, {
      amount,
      currency: 'EUR',
      metadata,
      idempotencyKey: `key-${(keys += 1)}`,
    });
  }

  function hear(rawBody: Buffer, signed: string): ReturnType<Payments['verifyWebhook']> {
    const headers = { 'stripe-signature': signed };
    return payments.verifyWebhook(TENANT, { provider: 'stripe', rawBody, headers });
  }

  async function authorised(): Promise<string> {
    const { id } = await create();
    await confirm(id, 'pm_card_visa');
    return id;
  }

  async function confirm(id: string, method: string): Promise<void> {
    const body = new URLSearchParams({ payment_method: method });
    await fetch(`${processor.origin}/v1/payment_intents/${id}/confirm`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${KEYS.secretKey}` },
    });
  }

  paymentsContract('Stripe', () =>
    Promise.resolve({
      payments,
      unreachable: portTo('http://127.0.0.1:9'),
      tenant: TENANT,
      provider: 'stripe',
      async loseNextReply() {
        const answer = await fetch(`${processor.origin}/_admin/knobs`, {
          method: 'POST',
          headers: { authorization: 'Bearer x' },
          body: JSON.stringify({ account: TENANT, settings: { loseReplies: 1 } }),
        });
        assert.ok(answer.ok);
      },
      async pay({ id }, outcome) {
        await confirm(id, METHODS[outcome]);
        return payments.retrieve(TENANT, id);
      },
    }),
  );

  it('creates, captures, refunds, and tells what it knows in our words', async () => {
    const id = await authorised();
    const captured = await payments.capture(TENANT, id, 'capture-1');
    assert.equal(captured.status, 'succeeded');
    assert.equal(captured.amountCaptured, 1234);
    const refunded = await payments.refund(TENANT, id, 234, 'refund-1');
    const { clientSecret, ...rest } = refunded;
    assert.ok(clientSecret.startsWith(id));
    assert.deepEqual(rest, {
      id,
      status: 'succeeded',
      amount: 1234,
      amountCaptured: 1234,
      amountRefunded: 234,
      amountBounced: 0,
      currency: 'EUR',
      metadata: { order_id: 'ord_1' },
      lastError: undefined,
      disputed: false,
    });
    assert.equal((await payments.refund(TENANT, id, 234, 'refund-1')).amountRefunded, 234);
  });

  it('tells a refund that fails later from one that stays', async () => {
    for (const [method, amountRefunded, amountBounced] of [
      ['pm_card_refundFail', 0, 234],
      ['pm_card_pendingRefund', 234, 0],
    ] as const) {
      const { id } = await create();
      await confirm(id, method);
      await payments.capture(TENANT, id, `capture-${method}`);
      const seen = await payments.refund(TENANT, id, 234, `refund-${method}`);
      assert.deepEqual([seen.amountRefunded, seen.amountBounced], [amountRefunded, amountBounced], method);
    }
  });

  it('adds up more refunds than a charge has with it', async () => {
    const id = await authorised();
    await payments.capture(TENANT, id, 'capture-many');
    for (let number = 1; number <= 12; number += 1) await payments.refund(TENANT, id, 10, `many-${number}`);
    const seen = await payments.retrieve(TENANT, id);
    assert.deepEqual([seen.amountRefunded, seen.amountBounced], [120, 0]);
  });

  it('counts no refund for money that was only reserved', async () => {
    const cancelled = await payments.cancel(TENANT, await authorised(), 'cancel-1');
    assert.equal(cancelled.status, 'canceled');
    assert.equal(cancelled.amountRefunded, 0);
  });

  it('lists what was made since, newest first', async () => {
    const { id } = await create();
    const page = await payments.list(TENANT, { since: new Date(Date.now() - 60_000) });
    assert.equal(page.intents[0]?.id, id);
    const older = await payments.list(TENANT, { since: new Date(Date.now() - 60_000), before: id });
    assert.ok(older.intents.every((intent) => intent.id !== id));
  });

  it('says in our codes what went wrong', async () => {
    const { id } = await create();
    await refuses(payments.capture(TENANT, id, 'too-early'), 'illegal_transition');
    await refuses(payments.retrieve(TENANT, 'pi_nope'), 'not_found');
    await refuses(
      payments.createIntent(TENANT, { amount: 0, currency: 'EUR', metadata: {}, idempotencyKey: 'zero' }),
      'invalid_input',
    );
    const paid = await authorised();
    await payments.capture(TENANT, paid, 'capture-2');
    await refuses(payments.refund(TENANT, paid, 9_999, 'too-much'), 'conflict');
    await create();
    await refuses(
      payments.createIntent(TENANT, { amount: 1, currency: 'EUR', metadata: {}, idempotencyKey: 'key-1' }),
      'idempotency_mismatch',
    );
    await refuses(portTo('http://127.0.0.1:9').retrieve(TENANT, id), 'unavailable');
  });

  it('reads a tenant’s key at each call and says which one is missing', async () => {
    secrets.delete('payments-secret-key');
    await refuses(create(), 'unavailable');
    secrets.set('payments-secret-key', 'sk_test_wrong');
    await refuses(create(), 'unavailable');
    secrets.set('payments-secret-key', KEYS.secretKey);
    assert.equal((await create()).status, 'requires_payment_method');
  });

  it('believes only what is signed with the tenant’s secret, now, over these bytes', async () => {
    const intent = { ...(await rawIntent()), metadata: { order_id: 'ord_9' } };
    const body = JSON.stringify({
      id: 'evt_1',
      object: 'event',
      type: 'payment_intent.succeeded',
      created: 1_700_000_000,
      data: { object: intent },
    });
    const now = Math.floor(Date.now() / 1000);
    const message = await hear(Buffer.from(body), signature(KEYS.webhookSecret, now, body));
    assert.equal(message.intent?.metadata['order_id'], 'ord_9');
    assert.equal(message.createdAt.getTime(), 1_700_000_000_000);
    const forged: [string, Buffer][] = [
      ['', Buffer.from(body)],
      ['t=1,v1=00', Buffer.from(body)],
      [signature('whsec_other', now, body), Buffer.from(body)],
      [signature(KEYS.webhookSecret, now - 400, body), Buffer.from(body)],
      [signature(KEYS.webhookSecret, now, body), Buffer.from(`${body} `)],
    ];
    for (const [header, bytes] of forged) await refuses(hear(bytes, header), 'unauthenticated');
  });

  it('takes what is signed and about no intent that it understands for news of none', async () => {
    const now = Math.floor(Date.now() / 1000);
    for (const object of [null, { object: 'payment_intent', id: 'pi_1' }, { object: 'payment_intent' }]) {
      const body = JSON.stringify({
        id: 'evt_2',
        object: 'event',
        type: 'payment_intent.succeeded',
        created: now,
        data: { object },
      });
      const message = await hear(Buffer.from(body), signature(KEYS.webhookSecret, now, body));
      assert.equal(message.intent, undefined);
    }
  });

  it('refuses what is signed and no event', async () => {
    const now = Math.floor(Date.now() / 1000);
    for (const event of [null, [], {}, { id: 1, type: 'a', created: now }, { id: 'evt_3', type: null }]) {
      const body = JSON.stringify(event);
      await refuses(hear(Buffer.from(body), signature(KEYS.webhookSecret, now, body)), 'invalid_input');
    }
  });

  async function rawIntent(): Promise<object> {
    const { id } = await create();
    const answer = await fetch(`${processor.origin}/v1/payment_intents/${id}`, {
      headers: { authorization: `Bearer ${KEYS.secretKey}` },
    });
    // The processor's own answer is what its webhooks carry.
    return (await answer.json()) as object;
  }

  it('asks a processor that is away no more for a moment, and tells when it answers again', async (t) => {
    let asked = 0;
    let isAway = true;
    const server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(isAway ? 500 : 401, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { type: 'api_error', message: 'no' } }));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    t.after(() => server.close());
    const told: string[] = [];
    let now = 0;
    const away = createStripePayments({
      secrets: { get: (_tenant, name) => Promise.resolve(secrets.get(name)) },
      url: `http://127.0.0.1:${portOf(server)}`,
      publicOrigin: undefined,
      retries: 0,
      now: () => now,
      watch: { opened: () => told.push('away'), closed: () => told.push('there again') },
    });
    const ask = (): Promise<unknown> => away.retrieve(TENANT, 'pi_1');
    for (let n = 0; n < 20; n += 1) await refuses(ask(), 'unavailable');
    assert.deepEqual([asked, told], [5, ['away']]);
    // A key that is refused is that shop's matter: whoever refuses it is there.
    isAway = false;
    now += 1_000;
    await refuses(ask(), 'unavailable');
    assert.deepEqual(told, ['away', 'there again'], 'one has found out');
    const before = asked;
    for (let n = 0; n < 10; n += 1) await refuses(ask(), 'unavailable');
    assert.equal(asked - before, 10);
  });
});

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

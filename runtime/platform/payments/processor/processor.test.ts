import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Stripe } from 'stripe';
import { EXPIRY } from '../../../../tests/support/expiry.ts';
import { ownFolder } from '../../../../tests/support/owned.ts';
import { until, untilSeen } from '../../../../tests/support/wait.ts';
import { startProcessor, type Processor } from './processor.ts';

const ADMIN = 'admin-secret';
const ACCOUNT = {
  id: 'acme',
  secretKey: 'sk_test_acme00000001',
  publishableKey: 'pk_test_acme00000001',
  webhookSecret: 'whsec_acme00000001',
  enabledEvents: ['*'],
};

/** The fields of an answer to a browser that the tests look at; an intent or an error. */
interface Confirmed {
  readonly status: string;
  readonly metadata?: unknown;
  readonly next_action: { redirect_to_url: { url: string } };
  readonly error: { type: string; code: string; decline_code?: string };
}

describe('the processor, as the stripe package sees it', () => {
  const data = ownFolder('processor');
  const received: { event: Stripe.Event; raw: string; signature: string }[] = [];
  const refusals: number[] = [];
  let processor: Processor;
  let shop: Server;
  let stripe: Stripe;

  before(async () => {
    shop = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const refusal = refusals.shift();
        if (refusal === undefined) {
          const raw = Buffer.concat(chunks).toString('utf8');
          const signature = String(request.headers['stripe-signature']);
          received.push({
            event: stripe.webhooks.constructEvent(raw, signature, ACCOUNT.webhookSecret),
            raw,
            signature,
          });
        }
        response.writeHead(refusal ?? 200).end();
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
    });
    stripe = client(processor.origin);
    const port = (shop.address() as AddressInfo).port;
    const answer = await admin('POST', '/_admin/accounts', {
      ...ACCOUNT,
      webhookUrl: `http://acme.localhost:${port}/hook`,
    });
    assert.equal(answer.status, 200);
  });

  after(async () => {
    await processor.stop();
    shop.close();
    shop.closeAllConnections();
    rmSync(data, { recursive: true });
  });

  function client(origin: string, key = ACCOUNT.secretKey): Stripe {
    const url = new URL(origin);
    return new Stripe(key, {
      host: url.hostname,
      port: url.port,
      protocol: 'http',
      maxNetworkRetries: 0,
      telemetry: false,
    });
  }

  function admin(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return fetch(processor.origin + path, {
      method,
      headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  function knobs(settings: Record<string, number>): Promise<Response> {
    return admin('POST', '/_admin/knobs', { account: 'acme', settings });
  }

  function webhook(type: string, intent: string, count = 1): Promise<Stripe.Event[]> {
    return untilSeen(
      () =>
        received
          .map(({ event }) => event)
          .filter(
            (event) => event.type === type && JSON.stringify(event.data.object).includes(`"${intent}"`),
          ),
      (found) => found.length >= count,
      { everyMs: 5, what: `${type} comes ${count} times` },
    );
  }

  async function browserConfirm(
    intent: Stripe.PaymentIntent,
    number: string,
  ): Promise<{ status: number; body: Confirmed }> {
    const answer = await fetch(`${processor.origin}/v1/payment_intents/${intent.id}/confirm`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ACCOUNT.publishableKey}`, origin: 'http://acme.localhost:8080' },
      body: new URLSearchParams({
        client_secret: intent.client_secret ?? '',
        'payment_method_data[type]': 'card',
        'payment_method_data[card][number]': number,
        'payment_method_data[card][exp_month]': EXPIRY.month,
        'payment_method_data[card][exp_year]': EXPIRY.year,
        'payment_method_data[card][cvc]': '123',
      }),
    });
    assert.equal(answer.headers.get('access-control-allow-origin'), '*');
    return { status: answer.status, body: (await answer.json()) as Confirmed };
  }

  function manual(amount = 2500): Promise<Stripe.PaymentIntent> {
    return stripe.paymentIntents.create({
      amount,
      currency: 'eur',
      capture_method: 'manual',
      metadata: { order: 'o1' },
    });
  }

  it('authorises in the browser, captures from the server, and tells both in signed webhooks', async () => {
    const intent = await manual();
    assert.equal(intent.status, 'requires_payment_method');
    const confirmed = await browserConfirm(intent, '4242 4242 4242 4242');
    assert.equal(confirmed.status, 200);
    assert.equal(confirmed.body.status, 'requires_capture');
    assert.equal(confirmed.body.metadata, undefined);
    const captured = await stripe.paymentIntents.capture(intent.id, { amount_to_capture: 2000 });
    assert.equal(captured.status, 'succeeded');
    assert.equal(captured.amount_received, 2000);
    await webhook('payment_intent.amount_capturable_updated', intent.id);
    const [told] = await webhook('payment_intent.succeeded', intent.id);
    assert.equal(told?.type === 'payment_intent.succeeded' && told.data.object.metadata?.['order'], 'o1');
  });

  it('captures automatically unless told otherwise', async () => {
    const intent = await stripe.paymentIntents.create({
      amount: 100,
      currency: 'usd',
      confirm: true,
      payment_method: 'pm_card_visa',
    });
    assert.equal(intent.status, 'succeeded');
    assert.equal(intent.amount_received, 100);
  });

  it('refuses to capture twice and to cancel what is paid', async () => {
    const intent = await manual();
    await stripe.paymentIntents.confirm(intent.id, { payment_method: 'pm_card_visa' });
    await stripe.paymentIntents.capture(intent.id);
    for (const again of [stripe.paymentIntents.capture(intent.id), stripe.paymentIntents.cancel(intent.id)]) {
      await assert.rejects(again, {
        type: 'StripeInvalidRequestError',
        code: 'payment_intent_unexpected_state',
        statusCode: 400,
      });
    }
  });

  const declines: [string, string, string | undefined][] = [
    ['4000000000000002', 'card_declined', 'generic_decline'],
    ['4000000000009995', 'card_declined', 'insufficient_funds'],
    ['4000000000009987', 'card_declined', 'lost_card'],
    ['4000000000000069', 'expired_card', undefined],
    ['4000000000000127', 'incorrect_cvc', undefined],
    ['4000000000000119', 'processing_error', undefined],
    ['4111111111111111', 'card_declined', 'test_mode_live_card'],
    ['4242424242424241', 'incorrect_number', undefined],
  ];
  for (const [number, code, declineCode] of declines) {
    it(`refuses ${number} with ${declineCode ?? code} and lets another card be tried`, async () => {
      const intent = await manual();
      const refused = await browserConfirm(intent, number);
      assert.equal(refused.status, 402);
      assert.equal(refused.body.error.type, 'card_error');
      assert.equal(refused.body.error.code, code);
      assert.equal(refused.body.error.decline_code, declineCode);
      assert.equal((await browserConfirm(intent, '4242424242424242')).body.status, 'requires_capture');
    });
  }

  it('asks for a challenge, and goes on or refuses by its answer', async () => {
    for (const [outcome, status] of [
      ['pass', 'requires_capture'],
      ['fail', 'requires_payment_method'],
    ] as const) {
      const intent = await manual();
      const waiting = await browserConfirm(intent, '4000002500003155');
      assert.equal(waiting.body.status, 'requires_action');
      const url = waiting.body.next_action.redirect_to_url.url;
      const page = await fetch(url);
      assert.match(await page.text(), /Complete authentication/);
      const body = new URLSearchParams({ client_secret: intent.client_secret ?? '', outcome });
      await fetch(`${processor.origin}/challenge/${intent.id}`, { method: 'POST', body });
      assert.equal((await stripe.paymentIntents.retrieve(intent.id)).status, status);
    }
  });

  it('opens no challenge for a wrong client secret', async () => {
    const intent = await manual();
    await browserConfirm(intent, '4000000000003220');
    const body = new URLSearchParams({ client_secret: `${intent.id}_secret_guess`, outcome: 'pass' });
    assert.equal(
      (await fetch(`${processor.origin}/challenge/${intent.id}`, { method: 'POST', body })).status,
      404,
    );
    assert.equal((await stripe.paymentIntents.retrieve(intent.id)).status, 'requires_action');
  });

  it('refunds in parts, and never more than was captured', async () => {
    const intent = await manual(1000);
    await stripe.paymentIntents.confirm(intent.id, { payment_method: 'pm_card_visa' });
    await stripe.paymentIntents.capture(intent.id);
    await stripe.refunds.create({ payment_intent: intent.id, amount: 400 });
    await assert.rejects(
      stripe.refunds.create({ payment_intent: intent.id, amount: 601 }),
      /greater than unrefunded amount/,
    );
    await stripe.refunds.create({ payment_intent: intent.id });
    await assert.rejects(stripe.refunds.create({ payment_intent: intent.id }), {
      code: 'charge_already_refunded',
    });
    const { latest_charge: charge } = await stripe.paymentIntents.retrieve(intent.id, {
      expand: ['latest_charge'],
    });
    assert.equal(typeof charge === 'object' && charge?.amount_refunded, 1000);
    assert.equal((await webhook('charge.refunded', intent.id, 2)).length, 2);
    assert.equal((await stripe.refunds.list({ payment_intent: intent.id })).data.length, 2);
  });

  it('disputes the charges of the disputing card, and closes by the evidence', async () => {
    const intent = await manual();
    await stripe.paymentIntents.confirm(intent.id, { payment_method: 'pm_card_createDispute' });
    await stripe.paymentIntents.capture(intent.id);
    const [told] = await webhook('charge.dispute.created', intent.id);
    const dispute = told?.type === 'charge.dispute.created' ? told.data.object.id : '';
    const closed = await stripe.disputes.update(dispute, {
      evidence: { uncategorized_text: 'winning_evidence' },
    });
    assert.equal(closed.status, 'won');
    await webhook('charge.dispute.closed', intent.id);
  });

  it('repeats the first answer for an idempotency key and refuses the key for anything else', async () => {
    const first = await stripe.paymentIntents.create(
      { amount: 700, currency: 'eur' },
      { idempotencyKey: 'k1' },
    );
    const second = await stripe.paymentIntents.create(
      { amount: 700, currency: 'eur' },
      { idempotencyKey: 'k1' },
    );
    assert.equal(second.id, first.id);
    assert.equal(second.lastResponse.headers['idempotent-replayed'], 'true');
    await assert.rejects(
      stripe.paymentIntents.create({ amount: 701, currency: 'eur' }, { idempotencyKey: 'k1' }),
      {
        type: 'StripeIdempotencyError',
      },
    );
  });

  it('creates one intent for twenty simultaneous requests with one key', async () => {
    const all = await Promise.all(
      Array.from({ length: 20 }, () =>
        stripe.paymentIntents.create({ amount: 5, currency: 'eur' }, { idempotencyKey: 'k20' }),
      ),
    );
    assert.equal(new Set(all.map((each) => each.id)).size, 1);
  });

  it('lists intents and events newest first, in pages', async () => {
    for (let index = 0; index < 3; index += 1) await manual(900 + index);
    const first = await stripe.paymentIntents.list({ limit: 2 });
    assert.deepEqual(
      first.data.map((each) => each.amount),
      [902, 901],
    );
    assert.equal(first.has_more, true);
    const next = await stripe.paymentIntents.list({ limit: 1, starting_after: first.data[1]?.id ?? '' });
    assert.equal(next.data[0]?.amount, 900);
    const events = await stripe.events.list({ limit: 3, type: 'payment_intent.created' });
    assert.ok(events.data.every((each) => each.type === 'payment_intent.created'));
  });

  it('sends a webhook again until it is accepted', async () => {
    refusals.push(500, 503);
    const intent = await manual();
    await webhook('payment_intent.created', intent.id);
    assert.equal(refusals.length, 0);
  });

  it('does not let one shop that never answers hold up another', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const keys = { secretKey: 'sk_test_silent000001', publishableKey: 'pk_test_silent000001' };
    const webhookUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    await admin('POST', '/_admin/accounts', { ...ACCOUNT, ...keys, id: 'silent', webhookUrl });
    const slow = client(processor.origin, keys.secretKey);
    await Promise.all(
      Array.from({ length: 60 }, () => slow.paymentIntents.create({ amount: 1, currency: 'eur' })),
    );
    const intent = await manual();
    await webhook('payment_intent.created', intent.id);
    await admin('DELETE', '/_admin/accounts/silent');
    silent.closeAllConnections();
    silent.close();
  });

  it('sends a shop all of what has piled up while it did not answer', async () => {
    const held: ServerResponse[] = [];
    const seen = new Set<string>();
    let isOpen = false;
    const slow = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.add((JSON.parse(Buffer.concat(chunks).toString('utf8')) as Stripe.Event).id);
        if (isOpen) response.end();
        else held.push(response);
      });
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    const keys = { secretKey: 'sk_test_piled0000001', publishableKey: 'pk_test_piled0000001' };
    const webhookUrl = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/`;
    await admin('POST', '/_admin/accounts', { ...ACCOUNT, ...keys, id: 'piled', webhookUrl });
    const piled = client(processor.origin, keys.secretKey);
    await Promise.all(
      Array.from({ length: 60 }, () => piled.paymentIntents.create({ amount: 1, currency: 'eur' })),
    );
    const patience = { withinMs: 30_000 };
    await until(() => (held.length > 0 ? true : undefined), { ...patience, what: 'the shop is told' });
    isOpen = true;
    for (const response of held) response.end();
    await until(() => (seen.size === 60 ? true : undefined), {
      ...patience,
      what: 'the shop is told of all',
    });
    await admin('DELETE', '/_admin/accounts/piled');
    slow.closeAllConnections();
    slow.close();
  });

  it('duplicates, shuffles and loses webhooks when a test asks for it', async () => {
    await knobs({ duplicates: 2 });
    const twice = await manual();
    assert.equal((await webhook('payment_intent.created', twice.id, 3)).length, 3);
    await knobs({ dropWebhooks: 1 });
    const lost = await manual();
    const told = await manual();
    await webhook('payment_intent.created', told.id);
    await knobs({});
    assert.ok(!received.some(({ raw }) => raw.includes(lost.id) && raw.includes('payment_intent.created')));
  });

  it('has done the work when only the answer was lost', async () => {
    await knobs({ loseReplies: 1 });
    const create = { method: 'POST', body: 'amount=42&currency=eur', headers: { 'idempotency-key': 'lost' } };
    await assert.rejects(v1('payment_intents', create)());
    const again = await stripe.paymentIntents.create(
      { amount: 42, currency: 'eur' },
      { idempotencyKey: 'lost' },
    );
    assert.equal(again.lastResponse.headers['idempotent-replayed'], 'true');
  });

  it('keeps accounts apart', async () => {
    const intent = await manual();
    const other = {
      ...ACCOUNT,
      id: 'other',
      secretKey: 'sk_test_other0000001',
      publishableKey: 'pk_test_other0000001',
    };
    await admin('POST', '/_admin/accounts', { ...other, webhookUrl: 'http://127.0.0.1:9/' });
    await assert.rejects(client(processor.origin, other.secretKey).paymentIntents.retrieve(intent.id), {
      code: 'resource_missing',
    });
    assert.equal(
      (await admin('POST', '/_admin/accounts', { ...other, id: 'third', webhookUrl: 'http://127.0.0.1:9/' }))
        .status,
      409,
    );
    assert.equal((await admin('DELETE', '/_admin/accounts/other')).status, 200);
    await assert.rejects(client(processor.origin, other.secretKey).paymentIntents.list(), {
      type: 'StripeAuthenticationError',
    });
  });

  it('never writes a card number to its disk', async () => {
    const { readFileSync, readdirSync } = await import('node:fs');
    const written = readdirSync(data)
      .map((name) => readFileSync(join(data, name)).toString('latin1'))
      .join('');
    assert.ok(written.includes('"last4":"4242"'));
    assert.ok(!/4242424242424242|4000000000000002|4000002500003155/.test(written));
  });

  it('lets only the framing shop embed the card fields', async () => {
    const page = await fetch(`${processor.origin}/elements/card?return_origin=http://acme.localhost:8080/x`);
    assert.match(
      page.headers.get('content-security-policy') ?? '',
      /frame-ancestors http:\/\/acme\.localhost:8080$/,
    );
    const bare = await fetch(`${processor.origin}/elements/card?return_origin=javascript:alert(1)`);
    assert.match(bare.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'$/);
  });

  const v1 = (path: string, init: RequestInit & { key?: string }) => async (): Promise<Response> =>
    fetch(`${processor.origin}/v1/${path}`, {
      method: 'POST',
      ...init,
      headers: {
        authorization: `Bearer ${init.key ?? ACCOUNT.secretKey}`,
        'content-type': 'application/x-www-form-urlencoded',
        ...(init.headers as Record<string, string>),
      },
    });
  const malformed: [string, number, RegExp, () => Promise<Response>][] = [
    [
      'an unknown key',
      401,
      /Invalid API Key/,
      v1('payment_intents', { key: 'sk_test_nobody', body: 'amount=1' }),
    ],
    ['no amount', 400, /Missing required param: amount/, v1('payment_intents', { body: 'currency=eur' })],
    [
      'an amount that is no integer',
      400,
      /Invalid integer/,
      v1('payment_intents', { body: 'amount=1.5&currency=eur' }),
    ],
    [
      'a negative amount',
      400,
      /greater than or equal to 1/,
      v1('payment_intents', { body: 'amount=-5&currency=eur' }),
    ],
    [
      'an immense amount',
      400,
      /no more than/,
      v1('payment_intents', { body: 'amount=999999999999&currency=eur' }),
    ],
    [
      'a currency that is none',
      400,
      /Invalid currency/,
      v1('payment_intents', { body: 'amount=5&currency=euros' }),
    ],
    [
      'an unknown capture method',
      400,
      /Invalid capture_method/,
      v1('payment_intents', { body: 'amount=5&currency=eur&capture_method=never' }),
    ],
    [
      'nested metadata',
      400,
      /Metadata/,
      v1('payment_intents', { body: 'amount=5&currency=eur&metadata[a][b]=c' }),
    ],
    ['a malformed field name', 400, /malformed field name/, v1('payment_intents', { body: 'amount[=5' })],
    [
      'a field that is text and group',
      400,
      /both a text and a group/,
      v1('payment_intents', { body: 'a=1&a[b]=2' }),
    ],
    [
      'fields nested too deep',
      400,
      /nested deeper/,
      v1('payment_intents', { body: 'a[b][c][d][e][f][g]=1' }),
    ],
    ['too many fields', 400, /more than 400 fields/, v1('payment_intents', { body: 'a=1&'.repeat(401) })],
    ['a body that is too large', 413, /at most/, v1('payment_intents', { body: 'a='.padEnd(70_000, 'x') })],
    [
      'JSON where a form belongs',
      400,
      /Send bodies as/,
      v1('payment_intents', { body: '{}', headers: { 'content-type': 'application/json' } }),
    ],
    [
      'an intent that does not exist',
      404,
      /No such payment_intent/,
      v1('payment_intents/pi_nope/capture', {}),
    ],
    ['a route that does not exist', 404, /Unrecognized request URL/, v1('nothing', {})],
    [
      'a publishable key where a secret one belongs',
      403,
      /publishable API key/,
      v1('refunds', { key: ACCOUNT.publishableKey }),
    ],
    ['a refund of nothing', 400, /payment_intent or charge/, v1('refunds', {})],
    [
      'an empty idempotency key',
      400,
      /Idempotency keys/,
      v1('payment_intents', {
        body: 'amount=5&currency=eur',
        headers: { 'idempotency-key': 'x'.repeat(300) },
      }),
    ],
    [
      'an administrator without the secret',
      401,
      /payments secret/,
      () => fetch(`${processor.origin}/_admin/accounts`, { method: 'POST', body: '' }),
    ],
    [
      'an administrator from outside',
      404,
      /No such page/,
      () => admin('POST', '/_admin/accounts', ACCOUNT, { 'x-forwarded-host': 'pay.localhost' }),
    ],
    ['an account without a webhook', 400, /webhookUrl/, () => admin('POST', '/_admin/accounts', ACCOUNT)],
    [
      'an account that is not JSON',
      400,
      /expected object/,
      () =>
        fetch(`${processor.origin}/_admin/accounts`, {
          method: 'POST',
          headers: { authorization: `Bearer ${ADMIN}` },
          body: '{',
        }),
    ],
  ];
  for (const [what, status, message, ask] of malformed) {
    it(`answers ${what} with ${status} and changes nothing`, async () => {
      const before = (await stripe.events.list({ limit: 1 })).data[0]?.id;
      const answer = await ask();
      assert.equal(answer.status, status);
      assert.match(((await answer.json()) as { error: { message: string } }).error.message, message);
      assert.equal((await stripe.events.list({ limit: 1 })).data[0]?.id, before);
    });
  }
});

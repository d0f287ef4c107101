/**
 * Every request of the payments adapter against stripe-mock, which holds it to Stripe's OpenAPI: names, types and paths of parameters.
 * What Stripe does with them is not shown here: the mock answers with fixtures, whatever went before.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Payments } from '../../runtime/platform/ports.ts';
import { createStripePayments } from '../../runtime/platform/payments/stripe.ts';
import { startStripeMock, type StripeMock } from './stripe.ts';

let server: StripeMock;
let payments: Payments;

before(async () => {
  server = await startStripeMock();
  payments = createStripePayments({
    secrets: {
      get: (_tenant, name) => Promise.resolve(`${name === 'payments-secret-key' ? 'sk' : 'pk'}_test_123`),
    },
    url: server.origin,
    publicOrigin: undefined,
    retries: 0,
  });
});
after(() => server.stop());

const REQUESTS: Readonly<Record<string, () => Promise<unknown>>> = {
  'an intent is created': () =>
    payments.createIntent('acme', {
      amount: 1_999,
      currency: 'EUR',
      metadata: { order: 'ord_1', tenant: 'acme' },
      idempotencyKey: 'create-1',
    }),
  'an intent is read': () => payments.retrieve('acme', 'pi_123'),
  'intents are listed': () => payments.list('acme', { since: new Date('2026-01-01T00:00:00Z') }),
  'the next page is listed': () => payments.list('acme', { since: new Date(0), before: 'pi_123' }),
  'an intent is captured': () => payments.capture('acme', 'pi_123', 'capture-1'),
  'an intent is cancelled': () => payments.cancel('acme', 'pi_123', 'cancel-1'),
  'an intent is refunded': () => payments.refund('acme', 'pi_123', 500, 'refund-1'),
};

for (const [what, ask] of Object.entries(REQUESTS)) {
  test(`Stripe's own description of its API allows how ${what}`, async () => {
    const answer = await ask();
    const [intent] =
      typeof answer === 'object' && answer !== null && 'intents' in answer
        ? (answer.intents as unknown[])
        : [answer];
    assert.match((intent as { id: string }).id, /^pi_/);
  });
}

test('the mock is a judge: it refuses a parameter that Stripe does not have, and one of another type', async () => {
  const post = (body: Record<string, string>): Promise<Response> =>
    fetch(`${server.origin}/v1/payment_intents`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk_test_123' },
      body: new URLSearchParams(body),
    });
  assert.equal((await post({ amount: '1', currency: 'eur' })).status, 200);
  assert.equal((await post({ amount: '1', currency: 'eur', unheard_of: '1' })).status, 400);
  assert.equal((await post({ amount: 'much', currency: 'eur' })).status, 400);
});

test('a key that is none is told as something for the shop to mend, and nothing of it is repeated', async () => {
  const keyless = createStripePayments({
    secrets: { get: () => Promise.resolve('not-a-key') },
    url: server.origin,
    publicOrigin: undefined,
    retries: 0,
  });
  await assert.rejects(keyless.retrieve('acme', 'pi_123'), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'unavailable');
    assert.ok(!error.message.includes('not-a-key'));
    return true;
  });
});

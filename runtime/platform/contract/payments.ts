/** What every payments adapter must keep: money is reserved, taken and returned once, however often it is asked for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShopError, type ErrorCode } from '../errors.ts';
import type { PaymentDispute, PaymentIntent, PaymentProvider, Payments } from '../ports.ts';

export interface PaymentsUnderTest {
  readonly payments: Payments;
  readonly tenant: string;
  /** What shopper and shop do until money is reserved, or is declined. @returns the intent as it is then */
  pay(intent: PaymentIntent, outcome: 'paid' | 'declined' | 'disputed'): Promise<PaymentIntent>;
  readonly provider: PaymentProvider;
  /** Does what the next request asks, and answers nothing. */
  loseNextReply(): Promise<void>;
  /** The same adapter for a provider that is not there. */
  readonly unreachable: Payments;
}

let keys = 0;

/** Registers the suite. */
export function paymentsContract(adapter: string, open: () => Promise<PaymentsUnderTest>): void {
  const PRICE = { amount: 12_34, currency: 'EUR' };

  function create({ payments, tenant }: PaymentsUnderTest, more: object = {}): Promise<PaymentIntent> {
    return payments.createIntent(tenant, {
      ...PRICE,
      metadata: { order_id: 'ord_1', tenant },
      idempotencyKey: `contract-${(keys += 1)}`,
      returnUrl: 'http://shop.localhost/checkout/ord_1',
      ...more,
    });
  }

  const paid = async (under: PaymentsUnderTest): Promise<PaymentIntent> =>
    under.pay(await create(under), 'paid');

  test(`${adapter}: an intent is of its amount and has its notes; nothing of it is reserved`, async () => {
    const under = await open();
    const intent = await create(under);
    const { payments, tenant } = under;
    assert.deepEqual(await payments.retrieve(tenant, intent.id), intent);
    const { status, amount, amountCaptured, amountRefunded, currency, metadata } = intent;
    assert.deepEqual(
      { status, amount, amountCaptured, amountRefunded, currency, metadata },
      {
        status: 'requires_payment_method',
        amount: 12_34,
        amountCaptured: 0,
        amountRefunded: 0,
        currency: 'EUR',
        metadata: { order_id: 'ord_1', tenant },
      },
    );
    assert.ok((intent.clientSecret === '') !== (intent.approveUrl === undefined), 'one way to agree');
  });

  test(`${adapter}: asked for twice under a key it is one intent, also when the first answer was lost`, async () => {
    const under = await open();
    const [one, two] = [
      await create(under, { idempotencyKey: 'same' }),
      await create(under, { idempotencyKey: 'same' }),
    ];
    assert.equal(one.id, two.id);
    await under.loseNextReply();
    const again = await create(under, { idempotencyKey: 'lost' });
    assert.equal((await create(under, { idempotencyKey: 'lost' })).id, again.id);
  });

  test(`${adapter}: what is paid is reserved, and taken once`, async () => {
    const under = await open();
    const { payments, tenant } = under;
    const held = await paid(under);
    assert.equal(held.status, 'requires_capture');
    assert.equal(held.amountCaptured, 0);
    const takes = await Promise.allSettled(
      Array.from({ length: 4 }, () => payments.capture(tenant, held.id, `capture-${held.id}`)),
    );
    for (const take of takes)
      if (take.status === 'rejected')
        assert.ok(isShopError(take.reason, 'illegal_transition'), String(take.reason));
    const now = await payments.retrieve(tenant, held.id);
    assert.deepEqual([now.status, now.amountCaptured], ['succeeded', 12_34]);
    await refuses(payments.capture(tenant, held.id, 'another'), 'illegal_transition');
    await refuses(payments.cancel(tenant, held.id, 'too late'), 'illegal_transition');
  });

  test(`${adapter}: a payment that is declined may be made again`, async () => {
    const under = await open();
    const intent = await create(under);
    const declined = await under.pay(intent, 'declined');
    assert.equal(declined.status, 'requires_payment_method');
    assert.ok((declined.lastError ?? '').length > 5);
    assert.equal(
      (await under.pay(await under.payments.retrieve(under.tenant, intent.id), 'paid')).status,
      'requires_capture',
    );
  });

  test(`${adapter}: what is cancelled is released, and never taken`, async () => {
    const under = await open();
    const { payments, tenant } = under;
    const held = await paid(under);
    assert.equal((await payments.cancel(tenant, held.id, `cancel-${held.id}`)).status, 'canceled');
    assert.equal((await payments.retrieve(tenant, held.id)).status, 'canceled');
    await refuses(payments.capture(tenant, held.id, 'after'), 'illegal_transition');
    const unpaid = await create(under);
    assert.equal((await payments.cancel(tenant, unpaid.id, `cancel-${unpaid.id}`)).status, 'canceled');
  });

  test(`${adapter}: refunds are in parts, each once, and together never more than was taken`, async () => {
    const under = await open();
    const { payments, tenant } = under;
    const { id } = await paid(under);
    await payments.capture(tenant, id, `capture-${id}`);
    await under.loseNextReply();
    assert.equal((await payments.refund(tenant, id, 2_34, `one-${id}`)).amountRefunded, 2_34);
    assert.equal((await payments.refund(tenant, id, 2_34, `one-${id}`)).amountRefunded, 2_34);
    await refuses(payments.refund(tenant, id, 10_01, `more-${id}`), 'conflict');
    const all = await payments.refund(tenant, id, 10_00, `rest-${id}`);
    assert.deepEqual([all.status, all.amountCaptured, all.amountRefunded], ['succeeded', 12_34, 12_34]);
    await refuses(payments.refund(tenant, id, 1, `again-${id}`), 'conflict');
  });

  test(`${adapter}: yen have no decimals, and come back as they were given`, async () => {
    const under = await open();
    const intent = await create(under, { amount: 1_500, currency: 'JPY' });
    assert.deepEqual([intent.amount, intent.currency], [1_500, 'JPY']);
    const held = await under.pay(intent, 'paid');
    const taken = await under.payments.capture(under.tenant, held.id, `yen-${held.id}`);
    assert.equal(taken.amountCaptured, 1_500);
  });

  test(`${adapter}: forint, which each counts otherwise, are taken and returned as they were given`, async () => {
    const under = await open();
    const intent = await create(under, { amount: 4_990, currency: 'HUF' });
    assert.deepEqual([intent.amount, intent.currency], [4_990, 'HUF']);
    const { id } = await under.pay(intent, 'paid');
    assert.equal((await under.payments.capture(under.tenant, id, `huf-${id}`)).amountCaptured, 4_990);
    assert.equal((await under.payments.refund(under.tenant, id, 990, `huf-back-${id}`)).amountRefunded, 990);
  });

  async function disputed(under: PaymentsUnderTest): Promise<PaymentDispute> {
    const { payments, tenant, provider } = under;
    const { id } = await under.pay(await create(under), 'disputed');
    await payments.capture(tenant, id, `capture-${id}`);
    const since = new Date(Date.now() - 60_000);
    let cursor: string | undefined;
    do {
      const page = await payments.listDisputes(tenant, { provider, since, cursor });
      const found = page.disputes.find(({ intentId }) => intentId === id);
      if (found !== undefined) return found;
      cursor = page.next;
    } while (cursor !== undefined);
    throw new Error('the dispute is not in the list');
  }

  test(`${adapter}: a dispute is listed, answered once, and conceded once`, async () => {
    const under = await open();
    const { payments, tenant } = under;
    const won = await disputed(under);
    assert.deepEqual([won.status, won.amount, won.currency], ['needs_response', 12_34, 'EUR']);
    assert.ok((won.dueAt?.getTime() ?? 0) > Date.now());
    assert.deepEqual(await payments.retrieveDispute(tenant, won.id), won);
    await under.loseNextReply();
    const text = 'winning_evidence';
    assert.equal((await payments.contestDispute(tenant, won.id, text, `contest-${won.id}`)).status, 'won');
    assert.equal((await payments.contestDispute(tenant, won.id, text, `contest-${won.id}`)).status, 'won');
    const lost = await disputed(under);
    assert.equal((await payments.concedeDispute(tenant, lost.id, `concede-${lost.id}`)).status, 'lost');
    assert.equal((await payments.concedeDispute(tenant, lost.id, `concede-${lost.id}`)).status, 'lost');
    assert.equal((await payments.retrieveDispute(tenant, lost.id)).status, 'lost');
    await refuses(payments.retrieveDispute(tenant, `${won.id.slice(0, -3)}000`), 'not_found');
  });

  test(`${adapter}: what does not exist, and who is not there, are told apart`, async () => {
    const under = await open();
    const { id } = await create(under);
    await refuses(under.payments.retrieve(under.tenant, `${id.slice(0, -4)}0000`), 'not_found');
    await refuses(under.unreachable.retrieve(under.tenant, id), 'unavailable');
    await refuses(create(under, { amount: 0 }), 'invalid_input');
  });
}

export async function refuses(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(
    promise,
    (error) => isShopError(error, code) && error.remedy !== undefined,
    `refused as ${code}`,
  );
}

function isShopError(error: unknown, code: ErrorCode): error is ShopError {
  return error instanceof ShopError && error.code === code;
}

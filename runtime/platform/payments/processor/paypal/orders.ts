/**
 * The life of an order at the stand-in: made, approved by its payer, authorised, captured or voided, refunded. Every function reads and
 * writes one account's books and answers in PayPal's shape.
 */
import { randomInt } from 'node:crypto';
import type { Reply } from '../errors.ts';
import { at, noSuchResource, unprocessable, type PayPalBooks } from './books.ts';
import { openDispute } from './disputes.ts';
import type { Capture, Choice, Money, PayPalOrder, PayPalRefund } from './objects.ts';

const ZERO_DECIMAL = new Set(['HUF', 'JPY', 'TWD']);

export function createOrder(books: PayPalBooks, body: unknown): Reply {
  const unit = at(at(body, 'purchase_units'), '0');
  const amount = moneyIn(at(unit, 'amount'));
  const [custom, reference = 'default'] = [at(unit, 'custom_id'), at(unit, 'reference_id')];
  const context = at(at(at(body, 'payment_source'), 'paypal'), 'experience_context');
  if (at(body, 'intent') !== 'AUTHORIZE') return unprocessable('UNSUPPORTED_INTENT');
  if ('issue' in amount) return unprocessable(amount.issue);
  if (custom !== undefined && (typeof custom !== 'string' || custom.length > 127))
    return unprocessable('INVALID_STRING_LENGTH');
  if (typeof reference !== 'string' || reference.length > 256) return unprocessable('INVALID_STRING_LENGTH');
  const order: PayPalOrder = {
    id: newPayPalId(),
    created: Math.floor(books.now.getTime() / 1000),
    status: 'PAYER_ACTION_REQUIRED',
    amount,
    customId: custom,
    reference,
    returnUrl: webUrl(at(context, 'return_url')),
    cancelUrl: webUrl(at(context, 'cancel_url')),
    choice: undefined,
    authorization: undefined,
    capture: undefined,
    refunds: [],
  };
  books.put(order);
  return made(shownOrder(order, books.publicUrl));
}

/** The payer agrees, and says what shall become of it. */
export function approve(books: PayPalBooks, order: PayPalOrder, choice: Choice): PayPalOrder {
  if (order.status !== 'PAYER_ACTION_REQUIRED') return order;
  const approved: PayPalOrder = { ...order, status: 'APPROVED', choice };
  books.put(approved);
  books.tell('CHECKOUT.ORDER.APPROVED', 'checkout-order', shownOrder(approved, books.publicUrl));
  return approved;
}

export function authorize(books: PayPalBooks, order: PayPalOrder): Reply {
  if (order.authorization !== undefined) return unprocessable('ORDER_ALREADY_AUTHORIZED');
  if (order.status !== 'APPROVED') return unprocessable('ORDER_NOT_APPROVED');
  if (order.choice === 'decline') {
    // The payer may come again, and pay otherwise.
    books.put({ ...order, status: 'PAYER_ACTION_REQUIRED', choice: undefined });
    return unprocessable('INSTRUMENT_DECLINED');
  }
  const authorization = { id: newPayPalId(), status: 'CREATED', amount: order.amount } as const;
  const done: PayPalOrder = { ...order, status: 'COMPLETED', authorization };
  books.put(done);
  books.tell('PAYMENT.AUTHORIZATION.CREATED', 'authorization', { ...authorization, ...belonging(done) });
  return made(shownOrder(done, books.publicUrl));
}

export function captureAuthorization(books: PayPalBooks, order: PayPalOrder, body: unknown): Reply {
  const { authorization } = order;
  if (authorization === undefined) return noSuchResource();
  if (authorization.status === 'CAPTURED') return unprocessable('AUTHORIZATION_ALREADY_CAPTURED');
  if (authorization.status === 'VOIDED') return unprocessable('AUTHORIZATION_VOIDED');
  const amount = at(body, 'amount') === undefined ? order.amount : moneyIn(at(body, 'amount'));
  if ('issue' in amount) return unprocessable(amount.issue);
  if (amount.currency_code !== order.amount.currency_code) return unprocessable('CURRENCY_MISMATCH');
  if (cents(amount) > cents(order.amount)) return unprocessable('MAX_CAPTURE_AMOUNT_EXCEEDED');
  const capture: Capture = {
    id: newPayPalId(),
    status: 'COMPLETED',
    amount,
    final_capture: true,
    create_time: books.now.toISOString(),
  };
  const done: PayPalOrder = { ...order, authorization: { ...authorization, status: 'CAPTURED' }, capture };
  books.put(done);
  books.tell('PAYMENT.CAPTURE.COMPLETED', 'capture', { ...capture, ...belonging(done) });
  if (order.choice === 'dispute') openDispute(books, capture);
  return made({ ...capture, ...belonging(done) });
}

export function voidAuthorization(books: PayPalBooks, order: PayPalOrder): Reply {
  const { authorization } = order;
  if (authorization === undefined) return noSuchResource();
  if (authorization.status === 'CAPTURED') return unprocessable('PREVIOUSLY_CAPTURED');
  if (authorization.status === 'VOIDED') return unprocessable('PREVIOUSLY_VOIDED');
  const done: PayPalOrder = { ...order, authorization: { ...authorization, status: 'VOIDED' } };
  books.put(done);
  books.tell('PAYMENT.AUTHORIZATION.VOIDED', 'authorization', { ...done.authorization, ...belonging(done) });
  return { status: 200, body: { ...done.authorization, ...belonging(done) } };
}

export function refundCapture(books: PayPalBooks, order: PayPalOrder, body: unknown): Reply {
  const { capture } = order;
  if (capture === undefined) return noSuchResource();
  const returned = order.refunds.reduce((sum, { amount }) => sum + cents(amount), 0);
  const left = cents(capture.amount) - returned;
  const amount = at(body, 'amount') === undefined ? capture.amount : moneyIn(at(body, 'amount'));
  if ('issue' in amount) return unprocessable(amount.issue);
  if (left === 0) return unprocessable('CAPTURE_FULLY_REFUNDED');
  if (amount.currency_code !== capture.amount.currency_code)
    return unprocessable('REFUND_CAPTURE_CURRENCY_MISMATCH');
  if (cents(amount) > left) return unprocessable('REFUND_AMOUNT_EXCEEDED');
  const custom = at(body, 'custom_id');
  const refund: PayPalRefund = {
    id: newPayPalId(),
    status: 'COMPLETED',
    amount,
    create_time: books.now.toISOString(),
    ...(typeof custom === 'string' ? { custom_id: custom.slice(0, 255) } : {}),
  };
  const status = cents(amount) === left ? 'REFUNDED' : 'PARTIALLY_REFUNDED';
  books.put({ ...order, capture: { ...capture, status }, refunds: [...order.refunds, refund] });
  const links = [{ rel: 'up', method: 'GET', href: `${books.publicUrl}/v2/payments/captures/${capture.id}` }];
  books.tell('PAYMENT.CAPTURE.REFUNDED', 'refund', { ...refund, links });
  return made({ ...refund, links });
}

export function shownOrder(order: PayPalOrder, publicUrl: string): object {
  const { id, status, amount, customId, authorization, capture, refunds } = order;
  const links = [
    { rel: 'self', method: 'GET', href: `${publicUrl}/v2/checkout/orders/${id}` },
    ...(status === 'PAYER_ACTION_REQUIRED'
      ? [{ rel: 'payer-action', method: 'GET', href: `${publicUrl}/checkoutnow?token=${id}` }]
      : []),
  ];
  const payments = {
    ...(authorization === undefined ? {} : { authorizations: [{ ...authorization, ...belonging(order) }] }),
    ...(capture === undefined ? {} : { captures: [{ ...capture, ...belonging(order) }] }),
    ...(refunds.length === 0 ? {} : { refunds }),
  };
  return {
    id,
    intent: 'AUTHORIZE',
    status,
    create_time: new Date(order.created * 1000).toISOString(),
    purchase_units: [
      {
        reference_id: order.reference,
        amount,
        ...(customId === undefined ? {} : { custom_id: customId }),
        ...(authorization === undefined ? {} : { payments }),
      },
    ],
    links,
  };
}

export function belonging({ id, customId }: PayPalOrder): object {
  return {
    ...(customId === undefined ? {} : { custom_id: customId }),
    supplementary_data: { related_ids: { order_id: id } },
  };
}

function made(body: object): Reply {
  return { status: 201, body };
}

function moneyIn(given: unknown): Money | { readonly issue: string } {
  const [currency, value] = [at(given, 'currency_code'), at(given, 'value')];
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) return { issue: 'INVALID_CURRENCY_CODE' };
  if (typeof value !== 'string' || !/^\d{1,9}(\.\d\d)?$/.test(value))
    return { issue: 'INVALID_PARAMETER_VALUE' };
  if (ZERO_DECIMAL.has(currency) && value.includes('.')) return { issue: 'DECIMALS_NOT_SUPPORTED' };
  return Number(value) === 0 ? { issue: 'CANNOT_BE_ZERO_OR_NEGATIVE' } : { currency_code: currency, value };
}

function cents({ value }: Money): number {
  return Math.round(Number(value) * 100);
}

function webUrl(given: unknown): string | undefined {
  return typeof given === 'string' &&
    given.length <= 2_000 &&
    /^https?:\/\//.test(given) &&
    URL.canParse(given)
    ? given
    : undefined;
}

const ALPHABET = '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ';

function newPayPalId(): string {
  return Array.from({ length: 17 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

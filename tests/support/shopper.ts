/**
 * A shopper's whole way from cart to paid order, by the public routes alone, with the retries an honest browser makes:
 * a checkout is repeated with the same Idempotency-Key until it is answered, a payment is confirmed with the processor.
 */
import { randomUUID } from 'node:crypto';
import { EXPIRY } from './expiry.ts';
import type { Shop, ShopResponse } from './shop.ts';

/** Stripe's test numbers, as its documentation lists them. */
export const CARDS = { good: '4242424242424242', declined: '4000000000000002' } as const;

export interface Purchase {
  readonly outcome: 'paid' | 'out_of_stock' | 'declined' | 'gave_up';
  readonly orderId?: string;
  readonly token?: string;
  readonly intentId?: string;
  /** The last answer, for the message of a failing assertion. */
  readonly last: string;
}

export interface BuyOptions {
  readonly shop: Shop;
  /** The processor's public origin. */
  readonly processor: Shop;
  readonly variantId: string;
  readonly quantity?: number;
  readonly card?: string;
  readonly currency?: string;
  /** How long a shopper keeps pressing the button while the shop does not answer. */
  readonly patienceMs?: number;
}

export const ADDRESS = {
  name: 'Ada Byron',
  line1: '12 St James Square',
  city: 'London',
  postalCode: 'SW1Y 4JH',
  country: 'GB',
};

interface CheckoutAnswer {
  readonly order: { readonly id: string };
  readonly token: string;
  readonly payment: {
    readonly intentId: string;
    readonly clientSecret: string;
    readonly publishableKey: string;
  };
}

/** Buys; resolves with what came of it and throws only on answers that no shop may give. */
export async function buy(options: BuyOptions): Promise<Purchase> {
  const deadline = performance.now() + (options.patienceMs ?? 30_000);
  const attempt = (send: () => Promise<ShopResponse>): Promise<ShopResponse | undefined> =>
    repeat(send, deadline);

  const cart = await attempt(() =>
    options.shop('POST', '/api/orders/carts', {
      json: {
        ...(options.currency === undefined ? {} : { currency: options.currency }),
        lines: [{ variantId: options.variantId, quantity: options.quantity ?? 1 }],
      },
    }),
  );
  if (cart === undefined) return { outcome: 'gave_up', last: 'cart' };
  if (soldOut(cart)) return { outcome: 'out_of_stock', last: cart.text };
  expectStatus(cart, 201);

  const key = randomUUID();
  const checkout = await attempt(() =>
    options.shop('POST', '/api/orders/checkout', {
      headers: { 'idempotency-key': key },
      json: { cartId: cart.json<{ id: string }>().id, email: 'ada@example.com', shippingAddress: ADDRESS },
    }),
  );
  if (checkout === undefined) return { outcome: 'gave_up', last: 'checkout' };
  if (soldOut(checkout)) return { outcome: 'out_of_stock', last: checkout.text };
  expectStatus(checkout, 201);

  const { order, token, payment } = checkout.json<CheckoutAnswer>();
  const placed = { orderId: order.id, token, intentId: payment.intentId };
  const confirmed = await attempt(() => confirmCard(options.processor, payment, options.card));
  if (confirmed === undefined) return { ...placed, outcome: 'gave_up', last: 'confirm' };
  return { ...placed, outcome: confirmed.status === 200 ? 'paid' : 'declined', last: confirmed.text };
}

/** What the processor's card fields do in the browser: card data goes to the processor, never to the shop. */
export function confirmCard(
  processor: Shop,
  payment: CheckoutAnswer['payment'],
  card: string = CARDS.good,
): Promise<ShopResponse> {
  const form = new URLSearchParams({
    client_secret: payment.clientSecret,
    'payment_method_data[type]': 'card',
    'payment_method_data[card][number]': card,
    'payment_method_data[card][exp_month]': EXPIRY.month,
    'payment_method_data[card][exp_year]': EXPIRY.year,
    'payment_method_data[card][cvc]': '123',
  });
  return processor('POST', `/v1/payment_intents/${payment.intentId}/confirm`, {
    body: form.toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Bearer ${payment.publishableKey}`,
    },
  });
}

/** Repeats while the connection breaks or the shop says "not now"; undefined when patience is up. */
async function repeat(
  send: () => Promise<ShopResponse>,
  deadline: number,
): Promise<ShopResponse | undefined> {
  for (let pause = 50; performance.now() < deadline; pause = Math.min(pause * 2, 1_000)) {
    const response = await send().catch(() => undefined);
    if (response !== undefined && !isTransient(response)) return response;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  return undefined;
}

function isTransient({ status, text }: ShopResponse): boolean {
  return (
    status === 502 ||
    status === 503 ||
    status === 504 ||
    status === 429 ||
    text.includes('idempotency_in_flight')
  );
}

function soldOut({ status, text }: ShopResponse): boolean {
  return status === 409 && text.includes('"out_of_stock"');
}

function expectStatus(response: ShopResponse, status: number): void {
  if (response.status !== status)
    throw new Error(`expected ${status}, got ${response.status}: ${response.text.slice(0, 500)}`);
}

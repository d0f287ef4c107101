/** What stories of goods have in common: something to be sold, a cart, an order, its payment. */
import { ADDRESS, payAsBrowser } from '../../../runtime/domains/orders/testing/shop.ts';
import type { Actor } from '../actors.ts';
import type { Guide, Said } from './telling.ts';

/** Where it goes, and how. */
export const DELIVERY = { shippingAddress: ADDRESS, shippingMethod: 'standard' };
/** The same of an order that a merchant drafts. */
export const DRAFT = {
  currency: 'EUR',
  shippingAddress: ADDRESS,
  shipping: { title: 'By hand', amount: 100 },
};

export const isConfirmed = ({ status }: Said): boolean => status === 'confirmed';

export function latest(list: Said): Said {
  return list.at(-1);
}

/** Of the link by which an offer is opened. */
export function tokenIn({ link }: Said): string {
  return (
    /[?&#]token=([\w-]+)|#([\w-]+)$/
      .exec(link)
      ?.slice(1)
      .find((part) => part !== undefined) ?? ''
  );
}

export async function product(
  ask: Guide['ask'],
  fresh: Guide['fresh'],
): Promise<{ productId: string; variantId: string }> {
  const prices = [{ amount: 12_300, currency: 'EUR' }];
  const { id, variants } = await ask('catalog.adminCreateProduct', {
    json: { handle: fresh('tent'), title: 'A tent', variants: [{ prices, inventoryQuantity: 1_000 }] },
  });
  return { productId: id, variantId: variants[0].id };
}

/** A product of which orders know how much there is. */
export async function stocked({ ask, until, fresh }: Guide): Promise<{ variantId: string }> {
  const { variantId } = await product(ask, fresh);
  const asked = { query: { variantIds: variantId } };
  await until('orders.getAvailability', asked, (said) => JSON.stringify(said).includes(variantId));
  return { variantId };
}

export async function cart(guide: Guide, as?: Actor): Promise<{ cartId: string; variantId: string }> {
  const { ask } = guide;
  const { variantId } = await stocked(guide);
  const by = as === undefined ? {} : { as };
  const { id: cartId } = await ask('orders.createCart', { ...by, json: { currency: 'EUR' } });
  await ask('orders.addLine', { ...by, path: { cartId }, json: { variantId, quantity: 2 } });
  return { cartId, variantId };
}

interface Order {
  readonly orderId: string;
  readonly token: string;
  readonly variantId: string;
  readonly payment: {
    readonly intentId: string;
    readonly clientSecret: string;
    readonly publishableKey: string;
  };
}

export async function ordered(guide: Guide, as?: Actor): Promise<Order> {
  const { cartId, variantId } = await cart(guide, as);
  const email = `${guide.fresh('buyer')}@example.com`;
  const { order, payment, token } = await guide.ask('orders.checkout', {
    ...(as === undefined ? {} : { as }),
    json: { cartId, email, ...DELIVERY },
  });
  return { orderId: order.id, token, variantId, payment };
}

interface Buying {
  readonly card?: string;
  readonly as?: Actor;
}

export async function paid(guide: Guide, { card = '4242424242424242', as }: Buying = {}): Promise<Order> {
  const order = await ordered(guide, as);
  await payAsBrowser(guide.pay, order.payment, card);
  const { orderId, token } = order;
  await guide.until('orders.getOrder', { path: { orderId }, query: { token } }, isConfirmed);
  return order;
}

/** What several actions do with the visitor's cart. */
import { ApiError } from '../../api-client/client.ts';
import { MONTH, remember } from './cookies.ts';
import { text } from './forms.ts';
import { COOKIES, currentCart, orNothing } from './shop.ts';
import type { Shop } from './shop.ts';

/** Id of the variant that has the value which the form chooses for each option. */
export async function chosenVariant({ read, currency }: Shop, form: FormData): Promise<string | undefined> {
  const product = await orNothing(
    read('catalog.getProduct', { params: { handle: text(form, 'handle') }, query: { currency } }),
  );
  return product?.variants.find((variant) =>
    Object.entries(variant.options).every(([name, value]) => form.get(`option:${name}`) === value),
  )?.id;
}

/** Adds to the cart there is, or begins one. */
export async function addLine({ api, currency }: Shop, variantId: string, quantity: number): Promise<void> {
  const cart = await currentCart();
  if (cart === undefined || (cart.lines.length === 0 && cart.currency !== currency)) {
    const fresh = await api.call('orders.createCart', {
      body: { currency, lines: [{ variantId, quantity }] },
    });
    await remember(COOKIES.cart, fresh.id, MONTH);
  } else {
    await api.call('orders.addLine', { params: { cartId: cart.id }, body: { variantId, quantity } });
  }
}

/** Who has logged in is in, also while their cart cannot be had. */
export async function claimCart(api: Shop['api']): Promise<void> {
  const cartId = (await currentCart())?.id;
  try {
    const cart = await api.call('orders.claimCart', { body: cartId === undefined ? {} : { cartId } });
    await remember(COOKIES.cart, cart.id, MONTH);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

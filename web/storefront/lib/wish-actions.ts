'use server';
/** What a visitor does with wishlists. Each is a form's target, so it works without script too. */
import { revalidatePath } from 'next/cache';
import { redirect } from 'next/navigation';
import { ApiError } from '../../api-client/client.ts';
import { addLine, chosenVariant } from './carts.ts';
import { MONTH, remember } from './cookies.ts';
import type { FormState } from './actions.ts';
import { fieldErrors, messageOf, text } from './forms.ts';
import { COOKIES, orNothing, shop } from './shop.ts';
import type { Shop } from './shop.ts';
import { guestList, wishMarks } from './wishes.ts';

/** Puts the chosen variant on the visitor's own list, or takes it off every list it is on. */
export async function toggleWish(form: FormData): Promise<void> {
  const current = await shop();
  const { api, currency } = current;
  const variantId = await chosenVariant(current, form);
  if (variantId === undefined) return;
  const on = (await wishMarks(current)).filter((mark) => mark.variantId === variantId);
  if (on.length === 0)
    await unlessRefused(
      api.call('catalog.addToWishlist', {
        params: { id: await ownList(current), variantId },
        query: { currency },
      }),
    );
  for (const { wishlistId: id } of on)
    await unlessRefused(api.call('catalog.removeFromWishlist', { params: { id, variantId } }));
  revalidatePath('/', 'layout');
}

export async function removeWish(form: FormData): Promise<void> {
  const { api } = await shop();
  await unlessRefused(api.call('catalog.removeFromWishlist', { params: itemOf(form) }));
  revalidatePath('/wishlists');
}

/** First into the cart, then off the list: whoever is interrupted has it in both. */
export async function moveToCart(form: FormData): Promise<void> {
  const current = await shop();
  const params = itemOf(form);
  if (await unlessRefused(addLine(current, params.variantId, 1)))
    await unlessRefused(current.api.call('catalog.removeFromWishlist', { params }));
  revalidatePath('/', 'layout');
}

export async function createList(form: FormData): Promise<void> {
  const { api } = await shop();
  const name = text(form, 'name', 80);
  if (name === '') return;
  const list = await orNothing(
    api.call('catalog.createWishlist', { body: { name }, idempotencyKey: text(form, 'key') }),
  );
  redirect(list === undefined ? '/wishlists' : `/wishlists?list=${encodeURIComponent(list.id)}`);
}

export async function deleteList(form: FormData): Promise<void> {
  const { api } = await shop();
  await orNothing(api.call('catalog.deleteWishlist', { params: { id: text(form, 'list') } }));
  redirect('/wishlists');
}

export async function shareList(form: FormData): Promise<void> {
  const { api } = await shop();
  await orNothing(api.call('catalog.shareWishlist', { params: { id: text(form, 'list') } }));
  revalidatePath('/wishlists');
}

export async function unshareList(form: FormData): Promise<void> {
  const { api } = await shop();
  await orNothing(api.call('catalog.unshareWishlist', { params: { id: text(form, 'list') } }));
  revalidatePath('/wishlists');
}

/** A customer's own; a guest's, which is begun with the first thing on it. */
async function ownList({ api, loggedIn }: Shop): Promise<string> {
  if (loggedIn) return 'default';
  const known = await guestList();
  if (known !== undefined) {
    const found = await orNothing(api.call('catalog.getWishlist', { params: { id: known } }));
    if (found !== undefined) return known;
  }
  const { id } = await api.call('catalog.createWishlist', { body: {}, idempotencyKey: crypto.randomUUID() });
  await remember(COOKIES.wishlist, id, 3 * MONTH);
  return id;
}

function itemOf(form: FormData): { id: string; variantId: string } {
  return { id: text(form, 'list'), variantId: text(form, 'variant') };
}

/** Full, gone or sold out: the page shows how it is. @returns whether it was done */
async function unlessRefused(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) return false;
    throw error;
  }
}

/** Asks to be told when something is back: the customer, or the mailbox that the form names. */
export async function askStockAlert(_: FormState, form: FormData): Promise<FormState> {
  const current = await shop();
  const { words, api, locale, loggedIn } = current;
  const email = text(form, 'email');
  const again = { values: { email }, key: '' };
  if (!loggedIn && email === '')
    return { ...again, message: words.error.fields, errors: { email: words.error.required } };
  try {
    const variantId = text(form, 'variant');
    await api.call('catalog.askStockAlert', {
      body: { variantId, locale, ...(email === '' ? {} : { email }) },
    });
  } catch (error) {
    const isEmail = error instanceof ApiError && error.code === 'invalid_input';
    const errors = isEmail ? { email: words.error.email } : fieldErrors(error, current);
    return { ...again, message: refusalOf(error, current), errors };
  }
  revalidatePath('/products', 'layout');
  return { ...again, errors: {}, done: email === '' ? words.alerts.waiting : words.alerts.asked(email) };
}

function refusalOf(error: unknown, { words }: Pick<Shop, 'words'>): string {
  if (error instanceof ApiError && error.code === 'rate_limited') return words.reviews.fast;
  if (error instanceof ApiError && error.code === 'conflict') return words.alerts.refused;
  return messageOf(error, { words });
}

export async function withdrawStockAlert(form: FormData): Promise<void> {
  const { api } = await shop();
  await unlessRefused(
    api.call('catalog.withdrawStockAlert', { params: { variantId: text(form, 'variant') } }),
  );
  revalidatePath('/products', 'layout');
}

/** What whoever follows a mail's link says to it. */
export async function answerStockAlert(form: FormData): Promise<void> {
  const { api } = await shop();
  const token = text(form, 'token');
  const isYes = text(form, 'answer') === 'yes';
  await unlessRefused(
    isYes
      ? api.call('catalog.confirmStockAlert', { params: { token } })
      : api.call('catalog.withdrawLinkedStockAlert', { params: { token } }),
  );
  redirect(`/alerts?token=${encodeURIComponent(token)}&said=${isYes ? 'yes' : 'no'}`);
}

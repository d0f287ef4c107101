'use server';
/** What a visitor does with reviews. Each is a form's target, so it works without script too. */
import { revalidatePath } from 'next/cache';
import { redirect } from 'next/navigation';
import { ApiError } from '../../api-client/client.ts';
import type { FormState } from './actions.ts';
import { fieldErrors, messageOf, text } from './forms.ts';
import { orNothing, shop } from './shop.ts';
import type { Shop } from './shop.ts';

const LONGEST = 5_000;

/** Writes one's review, or writes it anew where the form names it. */
export async function sendReview(_: FormState, form: FormData): Promise<FormState> {
  const current = await shop();
  const { words, api } = current;
  const values = {
    rating: text(form, 'rating'),
    title: text(form, 'title'),
    body: text(form, 'body', LONGEST).replaceAll('\r', ''),
    name: text(form, 'name'),
  };
  const errors = Object.fromEntries(
    (['rating', 'body', 'name'] as const)
      .filter((name) => values[name] === '')
      .map((name) => [name, words.error.required]),
  );
  const again = { values, key: crypto.randomUUID() };
  if (Object.keys(errors).length > 0) return { ...again, message: words.error.fields, errors };
  const body = { ...values, rating: Number(values.rating) };
  const id = text(form, 'review');
  try {
    const written =
      id === ''
        ? await api.call('catalog.writeReview', {
            body: { ...body, productId: text(form, 'product') },
            idempotencyKey: text(form, 'key') || crypto.randomUUID(),
          })
        : await api.call('catalog.editReview', {
            params: { id },
            body: { ...body, version: Number(text(form, 'version')) },
          });
    revalidatePath('/products', 'layout');
    return {
      ...again,
      errors: {},
      done: written.state === 'published' ? words.reviews.shown : words.reviews.waiting,
    };
  } catch (error) {
    return { ...again, message: refusalOf(error, current), errors: fieldErrors(error) };
  }
}

export async function withdrawReview(form: FormData): Promise<void> {
  const { api } = await shop();
  await orNothing(api.call('catalog.withdrawReview', { params: { id: text(form, 'review') } }));
  revalidatePath('/products', 'layout');
}

/** Finds it helpful, or not any more. */
export async function voteReview(form: FormData): Promise<void> {
  const { api } = await shop();
  const body = { helpful: text(form, 'helpful') === 'yes' };
  await unlessRefused(api.call('catalog.voteReview', { params: { id: text(form, 'review') }, body }));
  revalidatePath('/products', 'layout');
}

/** Tells the merchant; the page then says so. */
export async function reportReview(form: FormData): Promise<void> {
  const { api } = await shop();
  const reason = text(form, 'reason');
  if (reason !== '')
    await unlessRefused(
      api.call('catalog.reportReview', { params: { id: text(form, 'review') }, body: { reason } }),
    );
  redirect(`/products/${encodeURIComponent(text(form, 'handle'))}?reported=1#reviews`);
}

/** Gone, one's own or too fast: the page shows how it is. */
async function unlessRefused(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error;
  }
}

function refusalOf(error: unknown, { words }: Pick<Shop, 'words'>): string {
  if (!(error instanceof ApiError)) throw error;
  switch (error.code) {
    case 'rate_limited':
      return words.reviews.fast;
    case 'conflict':
      return words.reviews.changed;
    case 'forbidden':
      return words.reviews.buyFirst;
    case 'unauthenticated':
      return words.reviews.signIn;
    default:
      return messageOf(error, { words });
  }
}

'use server';
/** What a visitor does with reviews. Each is a form's target, so it works without script too. */
import { revalidatePath } from 'next/cache';
import { redirect } from 'next/navigation';
import { ApiError } from '../../api-client/client.ts';
import type { Input } from '../../api-client/client.ts';
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
  const body = { ...values, rating: Number(values.rating), ...picturesIn(form) };
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
    return { ...again, message: refusalOf(error, current), errors: fieldErrors(error, current) };
  }
}

/** Where the bytes of a picture go, or why there is no place for them. */
export async function beginPicture(
  productId: string,
  contentType: string,
  size: number,
): Promise<BegunPicture> {
  const current = await shop();
  try {
    const begun = await current.api.call('catalog.beginReviewPicture', {
      // The API says no to other kinds.
      body: { productId, contentType: contentType as PictureType, size },
    });
    return { ok: true, id: begun.id, url: begun.destination.url };
  } catch (error) {
    return { ok: false, refused: pictureRefusalOf(error, current) };
  }
}

/** Has what was sent checked. @returns why it was refused; nothing when it is ready */
export async function finishPicture(id: string): Promise<string | undefined> {
  const current = await shop();
  try {
    const { state } = await current.api.call('catalog.finishReviewPicture', { params: { id } });
    return state === 'ready' ? undefined : current.words.reviews.pictureFailed;
  } catch (error) {
    return pictureRefusalOf(error, current);
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

type PictureType = Input<'catalog.beginReviewPicture'>['body']['contentType'];
type BegunPicture =
  | { readonly ok: true; readonly id: string; readonly url: string }
  | { readonly ok: false; readonly refused: string };

/** Those that the form names, with what is said of each; a form that has no room for any says nothing of them. */
function picturesIn(form: FormData): { pictures?: { id: string; alt: string }[] } {
  if (!form.has('pictures')) return {};
  const ids = form.getAll('picture').filter((id) => typeof id === 'string');
  return { pictures: ids.slice(0, 10).map((id) => ({ id, alt: text(form, `alt-${id}`, 250) })) };
}

function pictureRefusalOf(error: unknown, current: Pick<Shop, 'words'>): string {
  if (!(error instanceof ApiError)) throw error;
  if (error.code === 'rate_limited') return current.words.reviews.fast;
  return error.code === 'invalid_input'
    ? current.words.reviews.pictureTooLarge
    : current.words.reviews.pictureFailed;
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

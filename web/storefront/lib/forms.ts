/** What actions read of a form, and what they say of a refusal. */
import { ApiError } from '../../api-client/client.ts';
import type { Shop } from './shop.ts';

/** @param most letters; more are cut off */
export function text(form: FormData, name: string, most = 500): string {
  const value = form.get(name);
  return typeof value === 'string' ? value.trim().slice(0, most) : '';
}

/** Throws whatever is no refusal of the API. */
export function messageOf(error: unknown, { words }: Pick<Shop, 'words'>): string {
  if (!(error instanceof ApiError)) throw error;
  switch (error.code) {
    case 'out_of_stock':
      return words.error.stock;
    case 'conflict':
      return words.error.price;
    case 'invalid_input':
      return words.error.fields;
    case 'unavailable':
    case 'timeout':
      return words.error.text;
    default:
      return words.error.generic;
  }
}

/**
 * The API names a field by its path (`body/shippingAddress/postalCode`); the form by its last part. What it says of it is for who
 * calls it, in English: shoppers are told which field, in their language.
 */
export function fieldErrors(error: unknown, { words }: Pick<Shop, 'words'>): Record<string, string> {
  if (!(error instanceof ApiError)) return {};
  return Object.fromEntries(
    error.problems.map(({ where }) => {
      const name = where.split('/').at(-1) ?? where;
      return [name, name === 'country' ? words.checkout.undeliverable : words.error.check];
    }),
  );
}

/** Only a path on this shop: nobody is sent elsewhere by a crafted form or address. */
export function localPath(value: unknown, otherwise = '/'): string {
  return typeof value === 'string' && /^\/(?![/\\])[^\s\\]*$/.test(value) ? value : otherwise;
}

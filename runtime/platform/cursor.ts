/**
 * Where a page of a list ended: opaque to callers, any of whom may have made it up. It is read by a form that is no wider than the columns
 * it is compared with, so that what is none of ours is refused, and no statement fails over it.
 */
import { z, type ZodType } from 'zod';
import { ShopError } from './errors.ts';
import { jsonIn } from './json/index.ts';
import { isKept } from './kept.ts';

/** What a form is made of: a text, a bigint, an integer, a timestamptz. */
export const PLACE = {
  text: z.string().refine(isKept),
  bigint: z.int(),
  integer: z.int32(),
  /** As `toISOString` writes it. */
  timestamptz: z.iso.datetime({ precision: 3 }),
} as const;

export function encodeCursor(place: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** @throws ShopError `invalid_input` for what is no place of this form */
export function decodeCursor<Place>(cursor: string, form: ZodType<Place>): Place {
  const parsed = form.safeParse(jsonIn(Buffer.from(cursor, 'base64url').toString('utf8')));
  if (!parsed.success) throw foreignCursor();
  return parsed.data;
}

export function foreignCursor(): ShopError {
  return new ShopError('invalid_input', 'The cursor does not belong to this list.', {
    remedy: 'Begin again without a cursor, and keep every other parameter while paging.',
    problems: [{ where: 'query/cursor', what: 'does not belong to this list' }],
  });
}

/** Where a page of hits ended; it names its search, so that it is not taken to another one. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { decodeCursor as decodePlace, encodeCursor as encodePlace, foreignCursor, PLACE } from '../cursor.ts';
import type { SearchQuery } from '../ports.ts';

/** What a page was sorted by, of its last document: a number as the store writes it, or a text. */
type Key = number | string | null;

const Figure = z.union([
  z.number(),
  z.string().regex(/^-?(?:Infinity|\d{1,40}(?:\.\d{1,40})?(?:e[+-]?\d{1,3})?)$/),
]);
const ByNumber = z.tuple([z.string(), Figure.nullable(), PLACE.text]);
const ByText = z.tuple([z.string(), PLACE.text.nullable(), PLACE.text]);

export function encodeCursor(query: SearchQuery, key: Key, id: string): string {
  return encodePlace([nameOf(query), key, id]);
}

/** @throws ShopError `invalid_input` for one of another search */
export function decodeCursor(query: SearchQuery, cursor: string): { readonly key: Key; readonly id: string } {
  const isByText = query.sort !== undefined && 'keyword' in query.sort;
  const [of, key, id] = decodePlace<[string, Key, string]>(cursor, isByText ? ByText : ByNumber);
  if (of !== nameOf(query)) throw foreignCursor();
  return { key, id };
}

function nameOf({ text, locale, match, also, keywords, ranges, without, boosts, sort }: SearchQuery): string {
  const said = JSON.stringify([text, locale, match, also, keywords, ranges, without, boosts, sort]);
  return createHash('sha1').update(said).digest('base64url').slice(0, 8);
}

/** Where a page of hits ended, opaque to callers; it names its search, so that it is not taken to another one. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ShopError } from '../errors.ts';
import type { SearchQuery } from '../ports.ts';

/** What a page was sorted by, of its last document. */
type Key = number | string | null;

const Cursor = z.tuple([z.string(), z.union([z.number(), z.string(), z.null()]), z.string()]);

export function encodeCursor(query: SearchQuery, key: Key, id: string): string {
  return Buffer.from(JSON.stringify([nameOf(query), key, id])).toString('base64url');
}

/** Throws ShopError `invalid_input`. */
export function decodeCursor(query: SearchQuery, cursor: string): { key: Key; id: string } {
  const parsed = Cursor.safeParse(jsonOf(cursor));
  if (parsed.success && parsed.data[0] === nameOf(query)) return { key: parsed.data[1], id: parsed.data[2] };
  throw new ShopError('invalid_input', 'The cursor does not belong to this search.', {
    remedy: 'Begin again without a cursor, and keep everything else while paging.',
  });
}

function nameOf({ text, locale, match, also, keywords, ranges, without, boosts, sort }: SearchQuery): string {
  const said = JSON.stringify([text, locale, match, also, keywords, ranges, without, boosts, sort]);
  return createHash('sha1').update(said).digest('base64url').slice(0, 8);
}

function jsonOf(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    // Not ours, as is said above.
    return undefined;
  }
}

/** What was searched and chosen, as the shop is told it: counted for everybody, and nobody's where they have not agreed to be known again. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Input } from '../../api-client/client.ts';
import type { SearchParams } from './listing.ts';
import { sessionOf } from './recommended.ts';
import type { Shop } from './shop.ts';

type Event = NonNullable<Input<'analytics.tell'>['body']>['events'][number];
type Teller = Pick<Shop, 'hurried' | 'visitor'>;

export interface Found {
  readonly query: string;
  /** From 1. */
  readonly place: number;
}

/** Nobody waits for it, and it may be lost. */
export function tellSearched(shop: Teller, query: string, results: number): Promise<void> {
  return tell(shop, { kind: 'search', query, results });
}

export function tellChosen(shop: Teller, { query, place }: Found, productId: string): Promise<void> {
  return tell(shop, { kind: 'click', query, productId, place });
}

/** Address of a product that a search has found: its page tells what led there. */
export function productAddress(handle: string, found: Found | undefined): string {
  if (found === undefined) return `/products/${handle}`;
  return `/products/${handle}?${new URLSearchParams({ found: found.query, at: String(found.place) })}`;
}

/** Reads that address; undefined: it came from elsewhere, or makes no sense. */
export function foundBy({ found, at }: SearchParams): Found | undefined {
  const place = Number(at);
  if (typeof found !== 'string' || found === '' || !Number.isInteger(place) || place < 1 || place > 100)
    return undefined;
  return { query: found.slice(0, 200), place };
}

async function tell({ hurried, visitor }: Teller, event: Event): Promise<void> {
  const who =
    visitor === undefined
      ? { session: randomBytes(16).toString('base64url') }
      : { session: sessionOf(visitor, new Date()), visitor };
  try {
    await hurried.call('analytics.tell', { body: { id: randomUUID(), ...who, events: [event] } });
  } catch {
    // One search less is counted.
  }
}

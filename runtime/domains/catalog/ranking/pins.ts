/**
 * A list with products pinned into it, page by page: whatever the pages' lengths, every product stands in it once, and every pinned one
 * at its place or, in a list that is shorter, at its end. Pure.
 */

export interface Pin {
  readonly id: string;
  /** From 0; no two have the same, and they come in this order. */
  readonly place: number;
}

/** How far a reader is. */
export interface Reading {
  readonly shown: number;
  /** How many of the pins were. */
  readonly pinned: number;
  /** Where the list without pins goes on; `''`: at its beginning; null: it has ended. */
  readonly after: string | null;
}

export const BEGINNING: Reading = { shown: 0, pinned: 0, after: '' };

/** What the list without pins had, of as many as `wantedOf` said. */
export interface Rest {
  readonly ids: readonly string[];
  /** Where it goes on; null: nowhere. */
  readonly next: string | null;
}

/** How many of the next page are not pinned, as long as the list has so many. */
export function wantedOf(pins: readonly Pin[], { shown, pinned }: Reading, limit: number): number {
  let wanted = 0;
  for (let place = shown, next = pinned; place < shown + limit; place++)
    if ((pins[next]?.place ?? Infinity) <= place) next += 1;
    else wanted += 1;
  return wanted;
}

/** The next page, and how far its reader is then; undefined: that was all. */
export function filled(
  pins: readonly Pin[],
  { shown, pinned }: Reading,
  limit: number,
  rest: Rest,
): { readonly ids: readonly string[]; readonly reading: Reading | undefined } {
  const ids: string[] = [];
  let [next, taken] = [pinned, 0];
  while (ids.length < limit) {
    const pin = pins[next];
    const ended = taken === rest.ids.length && rest.next === null;
    const [free] = rest.ids.slice(taken, taken + 1);
    if (pin !== undefined && (ended || pin.place <= shown + ids.length)) {
      ids.push(pin.id);
      next += 1;
    } else if (free === undefined) break;
    else {
      ids.push(free);
      taken += 1;
    }
  }
  const more = rest.next !== null || next < pins.length;
  return {
    ids,
    reading: more ? { shown: shown + ids.length, pinned: next, after: rest.next } : undefined,
  };
}

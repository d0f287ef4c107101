/** What raises and lowers products in a list, in a form that the index and the database both understand. Pure. */
import type { SearchBoost } from '../../../platform/ports.ts';
import { AVAILABLE } from '../search/documents.ts';
import { BURIED, newSince, type Ranking } from './rules.ts';
import type { BoostBy } from './schemas.ts';

/** The factors of all that fit a product multiply. */
export interface Lift {
  readonly factor: number;
  readonly what:
    | Exclude<BoostBy, { by: 'new' }>
    | { readonly by: 'since'; readonly since: Date }
    | { readonly by: 'id'; readonly ids: readonly string[] };
}

/** What a list is narrowed to and ordered by beside its query. */
export interface Arrangement {
  /** Of these products only; absent: of all. */
  readonly only?: readonly string[];
  readonly without: readonly string[];
  readonly lifts: readonly Lift[];
}

export const AS_IT_IS: Arrangement = { without: [], lifts: [] };

/** Of the list without what is pinned. */
export function arrangementOf({ pins, hidden, buried, boosts }: Ranking, at: Date): Arrangement {
  const lifts = boosts.map(({ what, factor }): Lift => {
    if (what.by !== 'new') return { what, factor };
    return { what: { by: 'since', since: newSince(what.days, at) }, factor };
  });
  const last: readonly Lift[] =
    buried.size === 0 ? [] : [{ what: { by: 'id', ids: [...buried.keys()] }, factor: BURIED }];
  return { without: [...hidden.keys(), ...pins.map(({ id }) => id)], lifts: [...lifts, ...last] };
}

/** As the search index is asked. */
export function toSearchBoost({ what, factor }: Lift): SearchBoost {
  switch (what.by) {
    case 'tag':
      return { keyword: 'tags', value: what.value, factor };
    case 'type':
    case 'vendor':
      return { keyword: what.by, value: what.value, factor };
    case 'available':
      return { keyword: 'available', value: AVAILABLE, factor };
    case 'since':
      return { number: 'published', atLeast: what.since.getTime(), factor };
    case 'id':
      return { ids: what.ids, factor };
  }
}

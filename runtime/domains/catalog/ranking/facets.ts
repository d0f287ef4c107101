/** Counts of two parts of a list as those of the whole. Pure. */
import type { ProductsPage } from '../schemas.ts';

type Facets = NonNullable<ProductsPage['facets']>;
type Counts = Facets['tags'];

/** Values of each facet that are told. */
const MOST_VALUES = 50;

export function mergedFacets(one: Facets | null, other: Facets | null): Facets | null {
  if (one === null || other === null) return one ?? other;
  return {
    types: merged(one.types, other.types),
    vendors: merged(one.vendors, other.vendors),
    tags: merged(one.tags, other.tags),
  };
}

function merged(one: Counts, other: Counts): Counts {
  const counts = new Map<string, number>();
  for (const { value, count } of [...one, ...other]) counts.set(value, (counts.get(value) ?? 0) + count);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, MOST_VALUES);
}

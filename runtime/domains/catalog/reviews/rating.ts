/** Stars of a product: how many gave how many, what that is on average, and where it stands among others. Pure. */

/** How many gave 1, 2, 3, 4 and 5 stars. */
export type Stars = readonly number[];

export const NO_STARS: Stars = [0, 0, 0, 0, 0];

/** What lists are sorted by before anybody has said anything: what nobody rated stands above what was rated badly. */
const USUAL = 3.5;
/** So many reviews weigh as much as that: a single praise does not outdo a hundred. */
const USUAL_WEIGHT = 5;

/**
 * One review counts otherwise than before.
 * @param before what it gave until now; null: it did not count
 * @param after what it gives from now; null: it counts no more
 */
export function recounted(stars: Stars, before: number | null, after: number | null): Stars {
  return stars.map((count, at) => count - Number(before === at + 1) + Number(after === at + 1));
}

export interface Standing {
  /** Thousandths of a star; 0 without any review. */
  readonly average: number;
  /** Thousandths of a star, drawn to what is usual while few have rated it. */
  readonly rank: number;
}

export function standingOf(stars: Stars): Standing {
  const count = countOf(stars);
  const sum = stars.reduce((total, each, at) => total + each * (at + 1), 0);
  return {
    average: count === 0 ? 0 : Math.round((1_000 * sum) / count),
    rank: Math.round((1_000 * (USUAL * USUAL_WEIGHT + sum)) / (USUAL_WEIGHT + count)),
  };
}

export function countOf(stars: Stars): number {
  return stars.reduce((total, each) => total + each, 0);
}

/** As cards show it: stars with two decimals, and how many gave them; null while nobody did. */
export function ratingOf(stars: Stars): { average: number; count: number } | null {
  const count = countOf(stars);
  return count === 0 ? null : { average: Math.round(standingOf(stars).average / 10) / 100, count };
}

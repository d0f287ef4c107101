/** What somebody meant who misspelt a word: the nearest words of what resembles it. Pure. */
import { wordsOf } from './words.ts';

/**
 * The search with each word that the texts do not have as the nearest that they have.
 * @param texts what the shop says of products that resemble the search
 * @returns null when nothing is near enough, or nothing is misspelt
 */
export function meantBy(search: string, texts: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const word of texts.flatMap(wordsOf)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = wordsOf(search);
  const meant = words.map((word) => nearest(word, counts));
  return meant.some((word, n) => word !== words[n]) ? meant.join(' ') : null;
}

/** Of equally near ones the more frequent. */
function nearest(word: string, counts: ReadonlyMap<string, number>): string {
  const most = slipsIn(word);
  // What begins like it is still being typed, and no slip.
  if (most === 0 || [...counts.keys()].some((one) => one.startsWith(word))) return word;
  let best = { word, distance: most + 1, count: 0 };
  for (const [one, count] of counts) {
    const distance = distanceOf(word, one, most);
    if (distance < best.distance || (distance === best.distance && distance <= most && count > best.count))
      best = { word: one, distance, count };
  }
  return best.word;
}

/** Slips that a word of this length may have: of a short one, any other word would be near. */
function slipsIn(word: string): number {
  const { length } = [...word];
  if (length < 3) return 0;
  return length < 6 ? 1 : 2;
}

/**
 * Letters that are missing, too many, wrong, or exchanged with their neighbour (optimal string alignment).
 * @param most beyond which only `most + 1` is answered
 */
export function distanceOf(one: string, other: string, most: number): number {
  const [a, b] = [[...one], [...other]];
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (const [i, letter] of a.entries()) {
    const row = [i + 1];
    for (const [j, against] of b.entries()) {
      const replaced = (last[j] ?? 0) + (letter === against ? 0 : 1);
      const changed = Math.min(replaced, (last[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1);
      const swapped =
        i > 0 && j > 0 && letter === b[j - 1] && a[i - 1] === against ? (before[j - 1] ?? 0) + 1 : changed;
      row.push(Math.min(changed, swapped));
    }
    [before, last] = [last, row];
  }
  return Math.min(last[b.length] ?? 0, most + 1);
}

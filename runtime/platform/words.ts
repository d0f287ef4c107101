/** Words that a merchant does not want to read. Pure. */

/** A test of texts for any of these words, whole and whatever their case; undefined: every text passes. */
export function testOf(words: readonly string[]): ((text: string) => boolean) | undefined {
  if (words.length === 0) return undefined;
  const all = words.map((word) => word.trim().replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).filter(Boolean);
  if (all.length === 0) return undefined;
  // Alternatives of fixed words between looks at one letter: nothing in it can take long.
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${all.join('|')})(?![\\p{L}\\p{N}])`, 'iu');
  return (text) => pattern.test(text);
}

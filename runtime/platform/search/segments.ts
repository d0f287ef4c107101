/**
 * Words of scripts that are written without spaces, as pairs of neighbouring letters: whatever the words are, a search of two letters or more
 * finds them (as Lucene's CJK analyzer has it). Other text stays as it is. Pure.
 */

const RUN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー々〆]+/gu;

/** To be written: `煎茶です` → `煎茶 茶で です す`. The last letter stands by itself, so that each of them begins something. */
export function segmentedText(text: string): string {
  return inPieces(text, (letters) => [...pairsOf(letters), letters.at(-1) ?? '']);
}

/** To be looked for: `煎茶です` → `煎茶 茶で です`; one letter stays, and is the beginning of pairs. */
export function segmentedQuery(text: string): string {
  return inPieces(text, (letters) => (letters.length === 1 ? letters : pairsOf(letters)));
}

function inPieces(text: string, piecesOf: (letters: readonly string[]) => readonly string[]): string {
  // Wide letters and narrow ones are the same (`Ｔシャツ`, `ﾃﾝﾄ`).
  return text.normalize('NFKC').replaceAll(RUN, (run) => ` ${piecesOf([...run]).join(' ')} `);
}

function pairsOf(letters: readonly string[]): readonly string[] {
  return letters.slice(1).map((letter, n) => `${letters[n]}${letter}`);
}

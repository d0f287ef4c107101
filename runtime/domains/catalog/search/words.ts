/** What a text says, whatever its case, width and signs between. */

/** `Red  SOFA!` → `red`, `sofa`. */
export function wordsOf(text: string): readonly string[] {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

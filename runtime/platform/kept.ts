/** Text that every store of ours keeps: PostgreSQL takes neither U+0000 nor, in JSON, half a surrogate pair. */

export function isKept(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** What is wrong with one that is not. */
export const UNKEPT = 'holds U+0000 or half a surrogate pair';

/** The same text, with U+FFFD for what is not kept: for words of ours that quote somebody's. */
export function kept(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** Where in a JSON value a text is that is not kept, by its names from the top; undefined: nowhere. */
export function unkeptIn(value: unknown): string[] | undefined {
  if (typeof value === 'string') return isKept(value) ? undefined : [];
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    if (!isKept(name)) return [];
    const place = unkeptIn(inner);
    if (place !== undefined) return [name, ...place];
  }
  return undefined;
}

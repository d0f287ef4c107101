/**
 * Aligned columns. The last one is never cut nor wrapped: it is where messages stand, and a message is read whole.
 */
import { stripped } from './style.ts';

/** Aligned columns, two spaces apart; the first row is the head. Cells may be coloured. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => width(row[column] ?? ''))),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Columns a text takes on a terminal: East Asian wide characters take two (Unicode TR 11, the common ranges). */
export function width(text: string): number {
  let columns = 0;
  for (const character of stripped(text)) columns += WIDE.test(character) ? 2 : 1;
  return columns;
}

const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

/** The text with every line after the first moved in, so that it stays under its beginning. */
export function indented(text: string, by: number): string {
  return text.replaceAll('\n', `\n${' '.repeat(by)}`);
}

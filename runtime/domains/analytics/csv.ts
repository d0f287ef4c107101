/** Rows as CSV (RFC 4180) that a spreadsheet opens without running any of it. */

export type Cell = string | number | null | undefined;

/** @param columns in their order */
export function csvOf(columns: readonly string[], rows: readonly Readonly<Record<string, Cell>>[]): string {
  return [columns.map(cell), ...rows.map((row) => columns.map((name) => cell(row[name])))]
    .map((line) => `${line.join(',')}\r\n`)
    .join('');
}

function cell(value: Cell): string {
  if (typeof value === 'number') return String(value);
  // A text that begins like a formula would be one; in full width as well, where people write so.
  const text = (value ?? '').replace(/^[=+\-@\t\r\n＝＋－＠]/, "'$&");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

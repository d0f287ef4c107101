/**
 * A price list as a CSV: a row for each step of each variant. Pure. Rows that are wrong are told with their line; the others count.
 */
import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { ShopError } from '../../../platform/errors.ts';
import { lineOf } from '../csv/write.ts';
import { formatPrice, parsePrice } from '../money.ts';
import type { ImportProblem } from '../schemas.ts';
import { Step, Steps, type ListedPrice, type PricesPage } from './schemas.ts';

export const MOST_ROWS = 20_000;
const LONGEST_RECORD = 64 * 1024;
const COLUMNS = ['Handle', 'Variant SKU', 'Variant ID', 'From', 'Price'] as const;

/** A row as it stands: which variant is meant is known when both names have been looked up. */
export interface PriceRow {
  /** Counted from 1, the head included. */
  readonly line: number;
  readonly variantId: string;
  readonly sku: string;
  /** Undefined where the row is wrong. */
  readonly step: Step | undefined;
}

export interface ReadRows {
  readonly count: number;
  readonly rows: readonly PriceRow[];
  readonly problems: readonly ImportProblem[];
}

/** @throws ShopError `invalid_input` when it is no such CSV at all, `too_large` for too many rows */
export function readRows(bytes: Buffer, currency: string): ReadRows {
  const records = recordsOf(bytes);
  const problems: ImportProblem[] = [];
  const rows = records.map(({ line, cells }) => {
    const found = problemsOf(cells, currency);
    problems.push(...found.map((problem) => ({ line, handle: cells['Handle'] || null, ...problem })));
    return { line, ...namesOf(cells), step: found.length > 0 ? undefined : stepOf(cells, currency) };
  });
  return { count: records.length, rows, problems };
}

/** What a file comes to. */
export interface ReadPrices {
  readonly prices: readonly ListedPrice[];
  /** Every variant that the file names, those with wrong rows too. */
  readonly named: ReadonlySet<string>;
  readonly problems: readonly ImportProblem[];
}

/**
 * Steps by variant. One with a wrong row is left as it is, whole.
 * @param known ids that are variants of the shop
 * @param bySku ids of the variants that have a SKU
 */
export function pricesOf(
  { rows, problems }: Pick<ReadRows, 'rows' | 'problems'>,
  known: ReadonlySet<string>,
  bySku: ReadonlyMap<string, readonly string[]>,
): ReadPrices {
  const found: ImportProblem[] = [...problems];
  const byVariant = new Map<string, PriceRow[]>();
  for (const row of rows) {
    if (row.variantId === '' && row.sku === '') continue;
    const variant = variantOf(row, known, bySku);
    if (typeof variant !== 'string') found.push({ line: row.line, handle: null, ...variant });
    else
      byVariant
        .set(variant, byVariant.get(variant) ?? [])
        .get(variant)
        ?.push(row);
  }
  const prices = [...byVariant].flatMap(([variantId, of]) => {
    const steps = of.flatMap(({ step }) => step ?? []).toSorted((a, b) => a.from - b.from);
    if (steps.length < of.length) return [];
    const checked = Steps.safeParse(steps);
    if (checked.success) return [{ variantId, steps }];
    const what = `The prices of this variant are wrong: ${checked.error.issues[0]?.message ?? 'too many'}.`;
    const remedy = 'Name each number of units once, and let the price fall with it.';
    found.push({ line: of.at(-1)?.line ?? 0, column: 'Price', handle: null, what, remedy });
    return [];
  });
  const inOrder = found.toSorted((a, b) => a.line - b.line);
  return { prices, named: new Set(byVariant.keys()), problems: inOrder };
}

export function headLine(): string {
  return lineOf(COLUMNS);
}

/** A row for each step. */
export function linesOf(
  { handle, sku, variantId, steps }: PricesPage['prices'][number],
  currency: string,
): string {
  return steps
    .map(({ from, amount }) =>
      lineOf([handle, sku ?? '', variantId, String(from), formatPrice(amount, currency)]),
    )
    .join('');
}

interface CsvRecord {
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
}

function recordsOf(bytes: Buffer): CsvRecord[] {
  let parsed: { record: Record<string, string>; info: { lines: number } }[];
  try {
    parsed = parse(bytes, {
      bom: true,
      info: true,
      trim: true,
      columns: checkedColumns,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: LONGEST_RECORD,
      to: MOST_ROWS + 1,
    }) as unknown as typeof parsed; // what csv-parse gives with `info`
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new ShopError('invalid_input', `This is not a CSV: ${error.message}`, {
      cause: error,
      remedy: 'Save the file as CSV in UTF-8, with commas.',
    });
  }
  if (parsed.length > MOST_ROWS) {
    throw new ShopError('too_large', `The CSV has more than ${MOST_ROWS} rows.`, {
      remedy: 'Import it in parts.',
    });
  }
  return parsed.map(({ record, info }) => ({ line: info.lines, cells: record }));
}

function checkedColumns(head: readonly string[]): string[] {
  const names = head.map((name) => name.trim());
  const lacks = ['From', 'Price'].find((name) => !names.includes(name));
  const unnamed = !names.includes('Variant ID') && !names.includes('Variant SKU');
  if (lacks === undefined && !unnamed) return names;
  throw new ShopError('invalid_input', `Line 1 names no column ${lacks ?? 'Variant ID or Variant SKU'}.`, {
    remedy: 'The first line names the columns: Variant ID or Variant SKU, From and Price.',
    problems: [{ where: `1:${lacks ?? 'Variant ID'}`, what: 'is missing' }],
  });
}

type Problem = Pick<ImportProblem, 'column' | 'what' | 'remedy'>;

function problemsOf(cells: CsvRecord['cells'], currency: string): Problem[] {
  const { sku, variantId } = namesOf(cells);
  const problems: Problem[] = [];
  if (sku === '' && variantId === '') {
    const what = 'The row names no variant.';
    problems.push({ column: 'Variant ID', what, remedy: 'Give its Variant ID or its Variant SKU.' });
  }
  if (!Step.shape.from.safeParse(fromOf(cells)).success) {
    const what = `From is “${shorten(cells['From'] ?? '')}”.`;
    problems.push({ column: 'From', what, remedy: 'Use a whole number of units, 1 to 999.' });
  }
  if (!Step.shape.amount.safeParse(parsePrice(cells['Price'] ?? '', currency)).success) {
    const what = `Price is “${shorten(cells['Price'] ?? '')}”, which is no amount of ${currency}.`;
    const remedy = 'Use a plain number like 19.90, without sign, currency or thousands separators.';
    problems.push({ column: 'Price', what, remedy });
  }
  return problems;
}

function stepOf(cells: CsvRecord['cells'], currency: string): Step {
  return Step.parse({ from: fromOf(cells), amount: parsePrice(cells['Price'] ?? '', currency) });
}

/** Nothing said: from the first unit on. */
function fromOf(cells: CsvRecord['cells']): number {
  const text = cells['From'] || '1';
  return /^\d{1,6}$/.test(text) ? Number(text) : NaN;
}

function namesOf(cells: CsvRecord['cells']): { sku: string; variantId: string } {
  return { sku: cells['Variant SKU'] ?? '', variantId: cells['Variant ID'] ?? '' };
}

/** By its id where it is given, by its SKU otherwise. */
function variantOf(
  { variantId, sku }: PriceRow,
  known: ReadonlySet<string>,
  bySku: ReadonlyMap<string, readonly string[]>,
): string | Problem {
  if (variantId !== '') {
    if (known.has(variantId)) return variantId;
    const what = `There is no variant ${shorten(variantId)}.`;
    return { column: 'Variant ID', what, remedy: 'Export the list, or the products, to see their ids.' };
  }
  const ids = bySku.get(sku) ?? [];
  const [id] = ids;
  if (ids.length === 1 && id !== undefined) return id;
  const what =
    ids.length === 0
      ? `There is no variant with the SKU ${shorten(sku)}.`
      : `${ids.length} variants have the SKU ${shorten(sku)}.`;
  return { column: 'Variant SKU', what, remedy: 'Name the variant by its Variant ID.' };
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/**
 * Reads a CSV as a stream and yields the rows of one handle at a time: a catalogue of any size needs the memory of one product, and a few
 * bytes of each handle there was.
 */
import { createHash } from 'node:crypto';
import { Transform, type Readable } from 'node:stream';
import { parse, CsvError } from 'csv-parse';
import { ShopError } from '../../../platform/errors.ts';
import type { ImportProblem } from '../schemas.ts';
import { canonicalColumn } from './columns.ts';
import type { CsvRow } from './products.ts';

export type Group =
  | { readonly rows: readonly [CsvRow, ...CsvRow[]] }
  /** Rows that cannot even be given to a product. */
  | { readonly problems: readonly ImportProblem[] };

const LONGEST_RECORD = 1024 * 1024;
const MOST_COLUMNS = 400;
/** Rows of one handle beyond this are a mistake, not a product. */
const MOST_ROWS = 5_000;
/** Handles are remembered until the end of the file, some 60 bytes each. */
const MOST_PRODUCTS = 500_000;

/**
 * Throws ShopError `invalid_input` when it is no such CSV at all: broken quoting, no Handle column, not UTF-8; or for more products than
 * can be told apart.
 * @param watch sees every byte, for hashing and counting.
 */
export async function* groupsOf(
  source: Readable,
  watch: (chunk: Buffer) => void,
  mostProducts = MOST_PRODUCTS,
): AsyncGenerator<Group> {
  let columns: string[] = [];
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_RECORD,
    columns: (head: string[]) => (columns = checkedColumns(head)),
  });
  const watched = new Transform({
    transform(chunk: Buffer, _, done) {
      watch(chunk);
      done(null, chunk);
    },
  });
  source.once('error', (error) => watched.destroy(error));
  watched.once('error', (error) => parser.destroy(error));
  source.pipe(watched).pipe(parser);

  const finished = new Set<string>();
  let handle = '';
  let rows: CsvRow[] = [];
  let line = 1;
  let unevenRows = 0;
  const complete = (): Group[] => {
    const [first, ...rest] = rows;
    rows = [];
    if (!first) return [];
    finished.add(shortOf(handle));
    if (finished.size > mostProducts) throw tooMany(mostProducts);
    return [{ rows: [first, ...rest] }];
  };
  try {
    for await (const item of parser) {
      const { record, info } = item as Parsed; // what csv-parse yields with `info`
      const row = { line: Math.max(line + 1, startOf(record, info.lines)), cells: record };
      line = info.lines;
      const next = (record['Handle'] ?? '').trim();
      const uneven = info.invalid_field_length > unevenRows;
      unevenRows = info.invalid_field_length;
      const problem = problemOf(row, next, uneven, finished, handle, rows.length);
      if (problem) {
        yield { problems: [problem] };
        continue;
      }
      if (next !== handle || rows.length === 0) {
        yield* complete();
        handle = next;
      }
      rows.push(row);
    }
  } catch (error) {
    throw error instanceof CsvError ? notCsv(error) : error;
  } finally {
    source.destroy();
  }
  yield* complete();
  if (columns.length === 0)
    throw new ShopError('invalid_input', 'The CSV is empty.', { remedy: 'Send a CSV with a head row.' });
}

interface Parsed {
  readonly record: Record<string, string>;
  readonly info: { readonly lines: number; readonly invalid_field_length: number };
}

/** Of any handle, short or long, the same few bytes: 72 bits, which no two of a file share by chance. */
function shortOf(handle: string): string {
  return createHash('sha1').update(handle).digest('base64url').slice(0, 12);
}

function tooMany(most: number): ShopError {
  return new ShopError('invalid_input', `There are more than ${most} products.`, {
    remedy: 'Split the file; what came before this is imported.',
  });
}

/** A record that spans lines begins where its line breaks began to count. */
function startOf(record: Readonly<Record<string, string>>, lastLine: number): number {
  let breaks = 0;
  for (const value of Object.values(record))
    for (let at = value.indexOf('\n'); at >= 0; at = value.indexOf('\n', at + 1)) breaks++;
  return lastLine - breaks;
}

function problemOf(
  row: CsvRow,
  handle: string,
  uneven: boolean,
  finished: ReadonlySet<string>,
  current: string,
  rowsSoFar: number,
): ImportProblem | undefined {
  const problem = (what: string, remedy: string): ImportProblem => ({
    line: row.line,
    column: 'Handle',
    handle: handle || null,
    what,
    remedy,
  });
  if (handle === '') return problem('Handle is missing.', 'Give every row the handle of its product.');
  if (uneven) {
    return problem(
      'The row has more or fewer values than the head has columns.',
      'Put quotes around values that hold commas.',
    );
  }
  if (handle !== current && finished.has(shortOf(handle))) {
    return problem(
      `The rows of ${handle} do not stand together.`,
      'Move this row up to the others of its product.',
    );
  }
  if (handle === current && rowsSoFar >= MOST_ROWS)
    return problem(`There are more than ${MOST_ROWS} rows of ${handle}.`, 'Split the product.');
  return undefined;
}

function checkedColumns(head: readonly string[]): string[] {
  const names = head.map(canonicalColumn);
  if (names.length > MOST_COLUMNS)
    throw new ShopError('invalid_input', `The CSV has ${names.length} columns.`, {
      remedy: `Use at most ${MOST_COLUMNS}.`,
    });
  for (const wanted of ['Handle', 'Title', 'Variant Price']) {
    if (!names.includes(wanted)) {
      throw new ShopError('invalid_input', `Line 1 names no column ${wanted}.`, {
        remedy:
          'Use the Shopify product format: the first line names the columns, at least Handle, Title and Variant Price.',
        problems: [{ where: `1:${wanted}`, what: 'is missing' }],
      });
    }
  }
  const twice = names.find((name, index) => name !== '' && names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new ShopError('invalid_input', `Line 1 names the column ${twice} twice.`, {
      remedy: 'Remove one of them.',
    });
  return names;
}

function notCsv(error: CsvError): ShopError {
  const line = typeof error['lines'] === 'number' ? error['lines'] : undefined;
  return new ShopError(
    'invalid_input',
    `${line === undefined ? 'The file' : `Line ${line}`} is not CSV: ${error.message}`,
    {
      cause: error,
      remedy:
        'Save the file as CSV in UTF-8, with commas, and quotes around values that hold commas or line breaks.',
    },
  );
}

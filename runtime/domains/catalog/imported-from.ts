/** What the body of an import is: the file itself, of which only the beginning is looked at, or where it lies. */
import { Readable } from 'node:stream';
import { ShopError, type Problem } from '../../platform/errors.ts';
import { ImportSource } from './schemas.ts';

export type ImportedFrom = { readonly file: Readable } | { readonly source: string };

/** @throws ShopError `unsupported_media_type`; `invalid_input` for what is empty, or names no source; whatever ends the body */
export async function importedFrom(body: Readable, contentType = ''): Promise<ImportedFrom> {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  const isFile = FILES.has(type);
  if (!isFile && type !== 'application/json')
    throw new ShopError(
      'unsupported_media_type',
      `An import is ${[...FILES].join(', ')} or application/json, not ${type === '' ? 'of no named type' : type}.`,
      { remedy: 'Set Content-Type.' },
    );
  const { head, whole } = await beginningOf(body, SPACE);
  if (head.length === 0)
    throw new ShopError('invalid_input', 'The file is empty.', { remedy: 'Send the products.' });
  // An array is of products; an object says where they are.
  if (isFile || head.toString('utf8').trimStart().startsWith('[')) return { file: whole };
  const { head: text } = await beginningOf(whole, LONGEST_SOURCE);
  if (text.length >= LONGEST_SOURCE) throw namesNone([]);
  return sourceIn(text);
}

const FILES: ReadonlySet<string> = new Set(['text/csv', 'application/x-ndjson', 'application/jsonl']);
/** Nobody begins with more of it. */
const SPACE = 1_024;
/** Of JSON that names a source. */
const LONGEST_SOURCE = 16 * 1_024;

/**
 * @param enough bytes after which no more is waited for
 * @returns what comes first, about so much of it, and all of it together, which has to be read or destroyed
 */
async function beginningOf(
  body: Readable,
  enough: number,
): Promise<{ readonly head: Buffer; readonly whole: Readable }> {
  const chunks = body.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  const first: Buffer[] = [];
  for (let length = 0; length < enough;) {
    const { done, value } = await chunks.next();
    if (done === true) break;
    first.push(value);
    length += value.length;
  }
  const whole = async function* (): AsyncGenerator<Buffer> {
    yield* first.splice(0);
    for (;;) {
      const { done, value } = await chunks.next();
      if (done === true) return;
      yield value;
    }
  };
  return { head: Buffer.concat(first), whole: Readable.from(whole(), { objectMode: false }) };
}

function sourceIn(bytes: Buffer): ImportedFrom {
  const parsed = ImportSource.safeParse(parseJson(bytes));
  if (parsed.success) return parsed.data;
  throw namesNone(
    parsed.error.issues.map(({ path, message }) => ({
      where: ['body', ...path.map(String)].join('/'),
      what: message,
    })),
  );
}

function namesNone(problems: readonly Problem[]): ShopError {
  return new ShopError('invalid_input', 'The body does not name a source.', {
    remedy:
      'Send {"source": "…"} with an https:// address or a path below the sources; or an array of products.',
    problems,
  });
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new ShopError('invalid_input', 'The body is not JSON.', {
      cause: error,
      remedy: 'Send well-formed JSON.',
    });
  }
}

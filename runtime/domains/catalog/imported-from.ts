/** What the body of an import is: the file itself, or where it lies. */
import { ShopError } from '../../platform/errors.ts';
import { ImportSource } from './schemas.ts';

export type ImportedFrom = { readonly bytes: Buffer } | { readonly source: string };

/** @throws ShopError `unsupported_media_type`; `invalid_input` for what is empty, or names no source */
export function importedFrom(bytes: Buffer, contentType = ''): ImportedFrom {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  if (bytes.length === 0)
    throw new ShopError('invalid_input', 'The file is empty.', { remedy: 'Send the products.' });
  if (FILES.has(type)) return { bytes };
  if (type !== 'application/json')
    throw new ShopError(
      'unsupported_media_type',
      `An import is ${[...FILES].join(', ')} or application/json, not ${type === '' ? 'of no named type' : type}.`,
      { remedy: 'Set Content-Type.' },
    );
  // An array is of products; an object says where they are.
  return bytes.subarray(0, SPACE).toString('utf8').trimStart().startsWith('[') ? { bytes } : sourceIn(bytes);
}

const FILES: ReadonlySet<string> = new Set(['text/csv', 'application/x-ndjson', 'application/jsonl']);
/** Nobody begins with more of it. */
const SPACE = 1_024;

function sourceIn(bytes: Buffer): ImportedFrom {
  const parsed = ImportSource.safeParse(parseJson(bytes));
  if (parsed.success) return parsed.data;
  throw new ShopError('invalid_input', 'The body does not name a source.', {
    remedy:
      'Send {"source": "…"} with an https:// address or a path below the sources; or an array of products.',
    problems: parsed.error.issues.map(({ path, message }) => ({
      where: ['body', ...path.map(String)].join('/'),
      what: message,
    })),
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

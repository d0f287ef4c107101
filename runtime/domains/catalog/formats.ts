/** The forms of a file of products: it says itself which one it is, by how it begins. */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { groupsOf } from './csv/read.ts';
import { toProduct as fromCsv } from './csv/products.ts';
import type { Imported } from './imported.ts';
import { toProduct as fromJson } from './json/products.ts';
import { entriesOf } from './json/read.ts';

/**
 * One product after the other; what is wrong with one does not keep the next from coming.
 * @param watch sees every byte, for hashing and counting
 * @param currency of the prices that a CSV says without one
 * @throws ShopError `invalid_input` for what is no such file at all
 */
export async function productsIn(
  source: Readable,
  watch: (chunk: Buffer) => void,
  currency: string,
): Promise<AsyncGenerator<Imported>> {
  return (await isJson(source)) ? jsonProducts(source, watch) : csvProducts(source, watch, currency);
}

/** Looks at what comes first and leaves it there. */
async function isJson(source: Readable): Promise<boolean> {
  await once(source, 'readable');
  // A stream of bytes without an encoding.
  const first = source.read() as Buffer | null;
  if (first === null) return false;
  source.unshift(first);
  return /^\uFEFF?\s*[[{]/.test(first.toString('utf8'));
}

async function* csvProducts(
  source: Readable,
  watch: (chunk: Buffer) => void,
  currency: string,
): AsyncGenerator<Imported> {
  for await (const group of groupsOf(source, watch)) {
    if ('problems' in group) yield { ...group, rows: group.problems.length, isProduct: false };
    else yield { rows: group.rows.length, isProduct: true, ...fromCsv(group.rows, currency) };
  }
}

async function* jsonProducts(source: Readable, watch: (chunk: Buffer) => void): AsyncGenerator<Imported> {
  for await (const entry of entriesOf(source, watch)) {
    if ('problems' in entry) yield { ...entry, rows: 1, isProduct: false };
    else yield { rows: 1, isProduct: true, ...fromJson(entry) };
  }
}

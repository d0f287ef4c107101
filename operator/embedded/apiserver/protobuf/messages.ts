/** The protobuf messages of the Kubernetes API, read from the generated table on first use. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/** Number, name in JSON (empty: its fields stand in the parent), shape, and 1 where an empty value is left out. */
export type Field = readonly [number: number, name: string, shape: string, omitEmpty: 0 | 1];

/** Fields by message: `v1.ConfigMap`, `apps/v1.Deployment`, `meta/v1.ObjectMeta`. */
export type Messages = Readonly<Record<string, readonly Field[]>>;

function read(): Messages {
  const file = join(import.meta.dirname, 'generated', 'messages.json.br');
  // The generator checks that what it writes is of this type.
  return JSON.parse(brotliDecompressSync(readFileSync(file)).toString()) as Messages;
}

/** Reads the table once, when it is first asked for. */
export function messageTable(): () => Messages {
  let table: Messages | undefined;
  return () => (table ??= read());
}

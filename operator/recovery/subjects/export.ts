/**
 * Everything of a tenant, or of one of its customers, in one archive: what each holder gave, and `export.json`, which says what that is.
 */
import { PassThrough } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { ArchiveStore } from '../store/store.ts';
import { closing, entry } from './archive.ts';
import type { Holder, Line, Subject } from './holder.ts';

export interface Exported {
  readonly location: string;
  readonly lines: readonly (Line & { readonly holder: string })[];
}

/** @param key of the archive in the store: `_exports/acme/export-1.tar.gz`; there whole or not at all */
export async function exportSubject(
  subject: Subject,
  holders: readonly Holder[],
  store: ArchiveStore,
  key: string,
  at: Date,
): Promise<Exported> {
  const zip = createGzip();
  const stored = store.put(key, pipeThrough(zip));
  const broken = stored.then(() => new Promise<never>(() => undefined));
  const add = async (name: string, body: Buffer): Promise<void> => {
    if (zip.write(entry(name, body, at))) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    zip.once('drain', resolve);
    await Promise.race([promise, broken]);
  };
  const lines: (Line & { holder: string })[] = [];
  try {
    for (const holder of holders) {
      const sink = { add: (name: string, body: Buffer) => add(`${holder.name}/${name}`, body) };
      for (const line of await holder.export(subject, sink)) lines.push({ holder: holder.name, ...line });
    }
    const said = { ...subject, exportedAt: at.toISOString(), contents: lines };
    await add('export.json', Buffer.from(`${JSON.stringify(said, undefined, 2)}\n`));
    zip.end(closing());
  } catch (error) {
    // What is half there must not be stored as if it were whole.
    zip.destroy(error instanceof Error ? error : new Error(String(error)));
    await stored.catch(() => undefined);
    throw error;
  }
  await stored;
  return { location: `${store.location}/${key}`, lines };
}

/** A stream whose reader hears of what breaks before it, which `pipe` alone keeps to itself. */
function pipeThrough(source: NodeJS.ReadableStream): PassThrough {
  const target = new PassThrough();
  source.on('error', (error) => target.destroy(error));
  return source.pipe(target);
}

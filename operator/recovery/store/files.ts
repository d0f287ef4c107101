/**
 * Backups as files below one folder. A draft has a name no key can have and takes its own by a rename.
 */
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { syncFolder } from '../../../runtime/platform/durable/index.ts';
import { checkedKey, NotStoredError } from './store.ts';
import type { ArchiveStore, StoredObject } from './store.ts';

const DRAFT = '.draft-';

/** @param address `file:///folder`; the folder is made when first written to */
export function openFiles(address: string): ArchiveStore {
  const root = fileURLToPath(address);
  const pathOf = (key: string): string => join(root, checkedKey(key));

  return {
    location: address,

    async put(key, body) {
      const path = pathOf(key);
      const folder = dirname(path);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const draft = join(folder, `${DRAFT}${randomUUID()}`);
      try {
        const file = await open(draft, 'wx', 0o600);
        try {
          await file.writeFile(body);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(draft, path);
        await syncFolder(folder);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },

    async get(key) {
      const path = pathOf(key);
      const found = await stat(path).catch(absent);
      if (found === undefined || !found.isFile()) throw new NotStoredError(address, key);
      return createReadStream(path, { highWaterMark: 1 << 20 });
    },

    async *list(prefix) {
      // The folder part of the prefix is where to look; the rest is compared.
      const from = prefix.slice(0, prefix.lastIndexOf('/') + 1);
      yield* walk(root, from, prefix);
    },

    async remove(key) {
      await rm(pathOf(key), { force: true });
    },

    async sweep(before) {
      for (const entry of (await readdir(root, { recursive: true, withFileTypes: true }).catch(absent)) ??
        []) {
        if (!entry.name.startsWith(DRAFT)) continue;
        const draft = join(entry.parentPath, entry.name);
        const found = await stat(draft).catch(absent);
        // Of one that is being written the time is new.
        if (found !== undefined && found.mtime < before) await rm(draft, { force: true });
      }
    },

    close: () => undefined,
  };
}

async function* walk(root: string, folder: string, prefix: string): AsyncIterable<StoredObject> {
  const entries = (await readdir(join(root, folder), { withFileTypes: true }).catch(absent)) ?? [];
  // As the keys are ordered, in which a folder's name is followed by a slash.
  const named = entries.map((entry) => ({
    entry,
    key: `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`,
  }));
  for (const { entry, key } of named.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    if (entry.name.startsWith(DRAFT)) continue;
    if (entry.isDirectory()) {
      if (key.startsWith(prefix) || prefix.startsWith(key)) yield* walk(root, key, prefix);
    } else if (key.startsWith(prefix)) {
      const found = await stat(join(root, key)).catch(absent);
      if (found !== undefined) yield { key, size: found.size, modified: found.mtime };
    }
  }
}

function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
    return undefined;
  throw error;
}

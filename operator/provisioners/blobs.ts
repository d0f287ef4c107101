/**
 * The blob store, as far as the operator touches it: a tenant's prefix is removed with the tenant, snapshots are kept beside.
 * File store: `<root>/<tenant>/<bucket>/<key>`; snapshots
 * `<root>/_snapshots/<tenant>/<time>/`: `<table>.jsonl`, `objects/<bucket>/<key>` and `manifest.json`. The runtime keeps its
 * backups in the same form below `_backups`; they go where the data goes.
 */
import { appendFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { backupName, MANIFEST, manifestOf } from '../../runtime/platform/backup-form/index.ts';
import { syncFiles, syncFolder } from '../../runtime/platform/durable/index.ts';
import { BlobStoreError, checkedName as checked } from './objects/form.ts';
import type { BlobStore } from './objects/form.ts';

export { BlobStoreError, type BlobStore } from './objects/form.ts';

/** @param url a folder, or a bucket with the login that may empty it; the client of buckets is loaded when there is one */
export async function createBlobStore(url: string): Promise<BlobStore> {
  if (!url.startsWith('s3:')) return explained(fileStore(fileURLToPath(url)));
  const { createS3Store } = await import('./objects/store.ts');
  return createS3Store(url);
}

/** The same store, whose file system errors say what they are about. */
function explained(store: BlobStore): BlobStore {
  return {
    removeTenant: (tenant) => explain(() => store.removeTenant(tenant)),
    archiveTenant: (tenant, snapshot) => explain(() => store.archiveTenant(tenant, snapshot)),
    findSnapshot: (tenant, since) => explain(() => store.findSnapshot(tenant, since)),
    beginSnapshot: (tenant) =>
      explain(async () => {
        const sink = await store.beginSnapshot(tenant);
        return {
          location: sink.location,
          write: (table, rows) => explain(() => sink.write(table, rows)),
          close: (counts) => explain(() => sink.close(counts)),
        };
      }),
  };
}

async function explain<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof BlobStoreError || !(cause instanceof Error)) throw cause;
    throw new BlobStoreError(
      `the blob store failed: ${cause.message}`,
      'mend the permissions or the space of its folder; it is tried again each minute',
      cause,
    );
  }
}

function fileStore(root: string): BlobStore {
  const snapshots = (tenant: string): string => join(root, '_snapshots', checked(tenant));
  const removeBackups = async (tenant: string): Promise<readonly string[]> => {
    const folder = join(root, '_backups', checked(tenant));
    if ((await readdir(folder).catch(absent)) === undefined) return [];
    await rm(folder, { recursive: true, force: true });
    return [`DELETE BACKUPS OF ${tenant}`];
  };
  return {
    async removeTenant(tenant) {
      const folder = join(root, checked(tenant));
      const entries = await readdir(folder).catch(absent);
      const backups = await removeBackups(tenant);
      if (entries === undefined) return backups;
      await rm(folder, { recursive: true, force: true });
      return [`DELETE OBJECTS ${tenant}/*`, ...backups];
    },
    async archiveTenant(tenant, snapshot) {
      const folder = join(root, checked(tenant));
      // The snapshot takes their place.
      const backups = await removeBackups(tenant);
      if ((await readdir(folder).catch(absent)) === undefined) return backups;
      await rename(folder, join(snapshot, 'objects'));
      return [`MOVE OBJECTS ${tenant}/* TO ${snapshot}`, ...backups];
    },
    async beginSnapshot(tenant) {
      const name = backupName(new Date());
      const final = join(snapshots(tenant), name);
      const folder = `${final}.partial`;
      for (const entry of (await readdir(snapshots(tenant)).catch(absent)) ?? []) {
        if (entry.endsWith('.partial')) await rm(join(snapshots(tenant), entry), { recursive: true });
      }
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return {
        location: final,
        async write(table, rows) {
          await appendFile(join(folder, `${checked(table)}.jsonl`), rows.map((row) => `${row}\n`).join(''), {
            mode: 0o600,
          });
        },
        async close(counts) {
          await writeFile(join(folder, MANIFEST), manifestOf(tenant, name, counts), { mode: 0o600 });
          // The rows are deleted next: the snapshot has to outlive a power failure by then.
          await syncFiles(folder);
          // The name without `.partial` says that the snapshot is whole.
          await rename(folder, final);
          await syncFolder(snapshots(tenant));
        },
      };
    },
    async findSnapshot(tenant, since) {
      const names = ((await readdir(snapshots(tenant)).catch(absent)) ?? []).filter(
        (name) => !name.endsWith('.partial'),
      );
      const latest = names.toSorted().at(-1);
      return latest !== undefined && latest >= backupName(since)
        ? join(snapshots(tenant), latest)
        : undefined;
    },
  };
}

function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

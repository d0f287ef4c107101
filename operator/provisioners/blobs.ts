/**
 * The blob store, as far as the operator touches it: a tenant's prefix is removed with the tenant, snapshots are kept beside.
 * File store: `<root>/<tenant>/<bucket>/<key>`; snapshots
 * `<root>/_snapshots/<tenant>/<time>/`: `<table>.jsonl`, `objects/<bucket>/<key>` and `manifest.json`. The runtime keeps its
 * backups in the same form below `_backups`; they go where the data goes.
 */
import { appendFile, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SnapshotSink } from './postgres/destroy.ts';

export interface BlobStore {
  /** Removes everything under the tenant's prefix, and its backups. */
  removeTenant(tenant: string): Promise<readonly string[]>;
  /** Moves everything under the tenant's prefix into a finished snapshot, which replaces its backups; fine when it is done already. */
  archiveTenant(tenant: string, snapshot: string): Promise<readonly string[]>;
  /** Begins a snapshot; an unfinished one of an earlier try is replaced. */
  beginSnapshot(tenant: string): Promise<SnapshotSink & { readonly location: string }>;
  /** Location of a finished snapshot made since `since`, if any: a repeated teardown exports only once. */
  findSnapshot(tenant: string, since: Date): Promise<string | undefined>;
}

/** The store cannot do what is asked; `remedy` says what can. */
export class BlobStoreError extends Error {
  readonly remedy: string;
  constructor(message: string, remedy: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'BlobStoreError';
    this.remedy = remedy;
  }
}

/** @param url the platform's BLOBS_URL */
export function createBlobStore(url: string): BlobStore {
  return url.startsWith('file:') ? explained(fileStore(fileURLToPath(url))) : unsupported(url);
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

const MANIFEST = 'manifest.json';

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
      const name = new Date().toISOString().replaceAll(':', '-');
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
          const file = await open(join(folder, MANIFEST), 'w', 0o600);
          await file.writeFile(`${JSON.stringify({ tenant, exportedAt: name, rows: counts }, null, 2)}\n`);
          await file.sync();
          await file.close();
          // The name without `.partial` says that the snapshot is whole.
          await rename(folder, final);
        },
      };
    },
    async findSnapshot(tenant, since) {
      const names = ((await readdir(snapshots(tenant)).catch(absent)) ?? []).filter(
        (name) => !name.endsWith('.partial'),
      );
      const latest = names.toSorted().at(-1);
      return latest !== undefined && latest >= since.toISOString().replaceAll(':', '-')
        ? join(snapshots(tenant), latest)
        : undefined;
    },
  };
}

/** Object stores are provisioned with their own policies; this slice neither empties nor fills them. */
function unsupported(url: string): BlobStore {
  const refuse = (): never => {
    throw new BlobStoreError(
      `the operator cannot yet delete from or export to ${new URL(url).protocol}// stores`,
      'set spec.deletionPolicy: Retain, or use a file:// store',
    );
  };
  return {
    removeTenant: async () => refuse(),
    archiveTenant: async () => refuse(),
    beginSnapshot: async () => refuse(),
    findSnapshot: async () => undefined,
  };
}

/** Names become folders: nothing but what a tenant or a table may be called passes. */
function checked(name: string): string {
  if (!/^[a-z][a-z0-9_-]{0,62}$/.test(name))
    throw new BlobStoreError(`${name} is no name of a tenant`, 'use its name');
  return name;
}

function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

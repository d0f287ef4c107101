/** What the operator asks of a blob store, whether it keeps snapshots in files or in S3. */
import type { SnapshotSink } from '../postgres/destroy.ts';

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

/** Names become folders: nothing but what a tenant or a table may be called passes. */
export function checkedName(name: string): string {
  if (!/^[a-z][a-z0-9_-]{0,62}$/.test(name))
    throw new BlobStoreError(`${name} is no name of a tenant`, 'use its name');
  return name;
}

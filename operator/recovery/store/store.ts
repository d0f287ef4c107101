/**
 * Where backups lie: objects by key, each there whole or not at all. Files or an S3 bucket; the address says which.
 */
import type { Readable } from 'node:stream';

export interface StoredObject {
  /** Below the store's own prefix: `wal/00000001/…`. */
  readonly key: string;
  readonly size: number;
  readonly modified: Date;
}

export interface ArchiveStore {
  /** For messages, without any login: `s3://backups/shopmind`. */
  readonly location: string;
  /** Durable when it resolves; replaces what was there; nobody ever sees half of it. */
  put(key: string, body: Buffer | Readable): Promise<void>;
  /** @throws NotStoredError */
  get(key: string): Promise<Readable>;
  /** Everything whose key begins with `prefix`, in the order of the keys. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Fine when it is not there. */
  remove(key: string): Promise<void>;
  /** Removes what a `put` left that was begun before then and never ended: its process was killed. Nobody else ever sees it. */
  sweep(before: Date): Promise<void>;
  close(): void;
}

/** There is no object of that key. */
export class NotStoredError extends Error {
  constructor(location: string, key: string) {
    super(`${location} has no ${key}`);
    this.name = 'NotStoredError';
  }
}

/** @param address `file:///folder`, or `s3://key:secret@bucket/prefix?endpoint=…&region=…` */
export async function openStore(address: string): Promise<ArchiveStore> {
  const { protocol } = new URL(address);
  // Each loaded when it is chosen: the S3 client is dear to load.
  if (protocol === 'file:') return (await import('./files.ts')).openFiles(address);
  if (protocol === 's3:') return (await import('./s3.ts')).openS3(address);
  throw new Error(`${protocol}// is no store for backups: use file:// or s3://`);
}

/** The whole of a small object. */
export async function read(store: Pick<ArchiveStore, 'get'>, key: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await store.get(key)) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

const KEY = /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_~][A-Za-z0-9._-]*)*$/;

/** Keys become paths: nothing passes that could lead out of the store. */
export function checkedKey(key: string): string {
  if (!KEY.test(key)) throw new RangeError(`“${key.slice(0, 80)}” is no key of a backup`);
  return key;
}

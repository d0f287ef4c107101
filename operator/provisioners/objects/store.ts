/**
 * The operator's blob store on S3: the same folders as in files. `manifest.json`, written last, is what makes a snapshot whole.
 * A deletion takes the versions of objects along: what a tenant asked to be gone is gone.
 */
import { S3ServiceException } from '@aws-sdk/client-s3';
import { backupName, MANIFEST, manifestOf } from '../../../runtime/platform/backup-form/index.ts';
import {
  copyBelow,
  foldersBelow,
  openBucket,
  openLineFiles,
  readText,
  removeBelow,
  writeText,
} from '../../../runtime/platform/objects/index.ts';
import type { Bucket } from '../../../runtime/platform/objects/index.ts';
import { BlobStoreError, checkedName } from './form.ts';
import type { BlobStore } from './form.ts';

/** @param address `s3://key:secret@bucket/prefix?region=…&endpoint=…` */
export function createS3Store(address: string): BlobStore {
  const bucket = openBucket(address);
  const snapshots = (tenant: string): string => `_snapshots/${checkedName(tenant)}/`;

  async function removeBackups(tenant: string): Promise<readonly string[]> {
    const removed = await removeBelow(bucket, `_backups/${checkedName(tenant)}/`, { versions: true });
    return removed === 0 ? [] : [`DELETE BACKUPS OF ${tenant}`];
  }

  return {
    removeTenant: (tenant) =>
      explain(async () => {
        const removed = await removeBelow(bucket, `${checkedName(tenant)}/`, { versions: true });
        return [...(removed === 0 ? [] : [`DELETE OBJECTS ${tenant}/*`]), ...(await removeBackups(tenant))];
      }),

    archiveTenant: (tenant, snapshot) =>
      explain(async () => {
        const from = `${checkedName(tenant)}/`;
        // The snapshot takes their place.
        const backups = await removeBackups(tenant);
        // Whatever an earlier try has copied and removed is in the snapshot already.
        const copied = await copyBelow(bucket, from, `${keyOf(bucket, snapshot)}/objects/`);
        const removed = await removeBelow(bucket, from, { versions: true });
        return copied + removed === 0 ? backups : [`MOVE OBJECTS ${tenant}/* TO ${snapshot}`, ...backups];
      }),

    beginSnapshot: (tenant) =>
      explain(async () => {
        const all = snapshots(tenant);
        for (const name of await foldersBelow(bucket, all))
          if (!(await isWhole(bucket, `${all}${name}/`)))
            await removeBelow(bucket, `${all}${name}/`, { versions: true });
        const name = backupName(new Date());
        const folder = `${all}${name}/`;
        const files = openLineFiles(bucket, folder, 'application/x-ndjson');
        return {
          location: `${bucket.location}/${all}${name}`,
          write: (table, rows) => explain(() => files.write(`${checkedName(table)}.jsonl`, rows)),
          close: (counts) =>
            explain(async () => {
              await files.finish();
              await writeText(
                bucket,
                folder + MANIFEST,
                manifestOf(tenant, name, counts),
                'application/json',
              );
            }),
        };
      }),

    findSnapshot: (tenant, since) =>
      explain(async () => {
        const all = snapshots(tenant);
        const names = (await foldersBelow(bucket, all)).filter((name) => name >= backupName(since));
        for (const name of names.toSorted().toReversed())
          if (await isWhole(bucket, `${all}${name}/`)) return `${bucket.location}/${all}${name}`;
        return undefined;
      }),
  };
}

async function isWhole(bucket: Bucket, folder: string): Promise<boolean> {
  return (await readText(bucket, folder + MANIFEST)) !== undefined;
}

/** The key of a location that this store has told. */
function keyOf(bucket: Bucket, location: string): string {
  const base = `${bucket.location}/`;
  if (!location.startsWith(`${base}_snapshots/`))
    throw new BlobStoreError(
      `the snapshot ${location} lies in another store than ${bucket.location}`,
      'point BLOBS_URL to the store it was begun in, or delete the tenant with spec.deletionPolicy: Retain',
    );
  return location.slice(base.length);
}

async function explain<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof BlobStoreError || !(cause instanceof Error)) throw cause;
    const refused = cause instanceof S3ServiceException && cause.$fault === 'client';
    throw new BlobStoreError(
      `the object store failed: ${cause.name}: ${cause.message}`,
      refused
        ? 'give the login of BLOBS_URL the right to list, read, write and delete objects and their versions in that bucket'
        : 'see that it can be reached; it is tried again each minute',
      cause,
    );
  }
}

/**
 * Backups in an S3 bucket. What is bigger than one part is sent in parts, which the bucket shows only once all have arrived.
 */
import {
  abandonUploads,
  objectsBelow,
  openBucket,
  readObject,
  removeObject,
  writeObject,
} from '../../../runtime/platform/objects/index.ts';
import { checkedKey, NotStoredError } from './store.ts';
import type { ArchiveStore } from './store.ts';

/** A base backup is one object, of a length nobody knows before its end: 10,000 of these are 625 GiB, compressed. */
const PART_BYTES = 64 << 20;
/** A part on a slow line. A store that is silent is noticed before, by its socket. */
const ANSWER_MS = 300_000;

/**
 * @param address `s3://[key:secret@]bucket[/prefix][?endpoint=…&region=…]`; without a login the usual chain of the SDK is asked
 *   (environment, web identity, instance)
 * @param partBytes 5 MiB or more; two of them are in memory
 */
export function openS3(
  address: string,
  { partBytes = PART_BYTES }: { readonly partBytes?: number } = {},
): ArchiveStore {
  const bucket = openBucket(address, { answerMs: ANSWER_MS });
  const { location } = bucket;

  return {
    location,

    async put(key, body) {
      await writeObject(bucket, checkedKey(key), body, { partBytes });
    },

    async get(key) {
      const body = await readObject(bucket, checkedKey(key));
      if (body === undefined) throw new NotStoredError(location, key);
      return body;
    },

    async *list(prefix) {
      for await (const page of objectsBelow(bucket, prefix)) yield* page;
    },

    async remove(key) {
      await removeObject(bucket, checkedKey(key));
    },

    sweep: (before) => abandonUploads(bucket, '', before),

    close: () => bucket.close(),
  };
}

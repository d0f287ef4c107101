/**
 * Backups in an S3 bucket. What is bigger than one part is sent in parts, which the bucket shows only once all have arrived.
 */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { Readable } from 'node:stream';
import { checkedKey, NotStoredError } from './store.ts';
import type { ArchiveStore } from './store.ts';

const PART = 16 << 20;

/**
 * @param address `s3://[key:secret@]bucket[/prefix][?endpoint=…&region=…]`; without a login the usual chain of the SDK is asked
 *   (environment, web identity, instance)
 */
export function openBucket(address: string): ArchiveStore {
  const url = new URL(address);
  const bucket = url.hostname;
  const base = url.pathname.replaceAll(/^\/+|\/+$/g, '');
  const endpoint = url.searchParams.get('endpoint');
  const login =
    url.username === ''
      ? {}
      : {
          credentials: {
            accessKeyId: decodeURIComponent(url.username),
            secretAccessKey: decodeURIComponent(url.password),
          },
        };
  const client = new S3Client({
    region: url.searchParams.get('region') ?? 'us-east-1',
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    ...login,
  });
  const location = `s3://${bucket}/${base}`;
  const at = (key: string): string => (base === '' ? key : `${base}/${key}`);

  return {
    location,

    async put(key, body) {
      const target = { Bucket: bucket, Key: at(checkedKey(key)) };
      if (Buffer.isBuffer(body)) {
        await client.send(new PutObjectCommand({ ...target, Body: body }));
        return;
      }
      const upload = new Upload({ client, params: { ...target, Body: body }, partSize: PART, queueSize: 2 });
      // A stream that breaks ends the body like one that is whole, for who only reads it.
      body.once('error', () => void upload.abort());
      await upload.done();
    },

    async get(key) {
      try {
        const { Body } = await client.send(
          new GetObjectCommand({ Bucket: bucket, Key: at(checkedKey(key)) }),
        );
        if (Body instanceof Readable) return Body;
        throw new Error(`${location}/${key} has no body`);
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') throw new NotStoredError(location, key);
        throw error;
      }
    },

    async *list(prefix) {
      let token: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix: at(prefix), ContinuationToken: token }),
        );
        for (const { Key = '', Size = 0, LastModified = new Date(0) } of page.Contents ?? [])
          yield { key: Key.slice(at('').length), size: Size, modified: LastModified };
        token = page.NextContinuationToken;
      } while (token !== undefined);
    },

    async remove(key) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: at(checkedKey(key)) }));
    },

    close: () => client.destroy(),
  };
}

/**
 * The blobs port on an S3 store: `<prefix><tenant>/<bucket>/<key>` in one bucket, so that what a tenant has lies below one folder.
 * An object's tag is the store's own; the same content has the same one as long as parts are cut alike, which `writeObject` sees to.
 */
import { Readable } from 'node:stream';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { ShopError } from '../errors.ts';
import { isAbsent, openBucket, writeObject } from '../objects/index.ts';
import type { Blob, Blobs, ByteRange } from '../ports.ts';
import { objectPath, refuseRange } from './keys.ts';
import { explained } from './s3-errors.ts';

export interface S3Blobs extends Blobs {
  readonly signedUrl: NonNullable<Blobs['signedUrl']>;
  /** Ends connections. */
  close(): void;
}

/** Until the answer to a question begins, all attempts together. */
const ANSWER_MS = 10_000;
/** What is smaller is read at once, so that a reader who goes away holds no connection. */
const SMALL = 256 * 1024;

/** @param address `s3://key:secret@bucket/prefix?region=…&endpoint=…` */
export function createS3Blobs(address: string): S3Blobs {
  const bucket = openBucket(address);
  const { client, signer, name } = bucket;
  const target = (tenant: string, folder: string, key: string): { Bucket: string; Key: string } => ({
    Bucket: name,
    Key: bucket.prefix + objectPath(tenant, folder, key),
  });

  async function getWhole(
    object: { Bucket: string; Key: string },
    range?: ByteRange,
  ): Promise<Blob | undefined> {
    try {
      const answer = await client.send(
        new GetObjectCommand({
          ...object,
          ...(range === undefined ? {} : { Range: `bytes=${range.first}-${range.last ?? ''}` }),
        }),
        { requestTimeout: ANSWER_MS / 3, abortSignal: AbortSignal.timeout(ANSWER_MS) },
      );
      const body = answer.Body;
      // In Node it always is one; the type is that of every platform.
      if (!(body instanceof Readable)) throw new TypeError('the store answered without a body');
      const length = answer.ContentLength ?? 0;
      return {
        body: length <= SMALL ? Readable.from([await read(body)]) : body,
        contentType: exactType(answer.Metadata?.['type']) ?? answer.ContentType ?? 'application/octet-stream',
        size: totalOf(answer.ContentRange) ?? length,
        etag: answer.ETag ?? '',
      };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  return {
    async put(tenant, folder, key, body, contentType) {
      const path = objectPath(tenant, folder, key);
      const etag = await explained(
        () => writeObject(bucket, path, body, typed(contentType)),
        // The sender's own failure stays the sender's.
        (error) => !(body instanceof Readable && body.errored === error),
      );
      return { etag };
    },

    async get(tenant, folder, key, range) {
      const object = target(tenant, folder, key);
      return explained(async () => {
        try {
          return await getWhole(object, range);
        } catch (error) {
          if (range === undefined || !isBeyondEnd(error)) throw error;
          const whole = await getWhole(object);
          whole?.body.destroy();
          return whole === undefined ? undefined : refuseRange(range.first, whole.size);
        }
      });
    },

    async delete(tenant, folder, key) {
      const object = target(tenant, folder, key);
      await explained(() =>
        client.send(new DeleteObjectCommand(object), {
          requestTimeout: ANSWER_MS / 3,
          abortSignal: AbortSignal.timeout(ANSWER_MS),
        }),
      );
    },

    async signedUrl(tenant, folder, key, { method, expiresSeconds, contentType, contentLength }) {
      const object = target(tenant, folder, key);
      if (!Number.isInteger(expiresSeconds) || expiresSeconds < 1 || expiresSeconds > 604_800)
        throw new ShopError('invalid_input', 'A signed address is good for between a second and a week.');
      if (method === 'GET')
        return getSignedUrl(signer, new GetObjectCommand(object), { expiresIn: expiresSeconds });
      const put = {
        ...object,
        ...(contentType === undefined ? {} : { ContentType: contentType }),
        ...(contentLength === undefined ? {} : { ContentLength: contentLength }),
      };
      return getSignedUrl(signer, new PutObjectCommand(put), {
        expiresIn: expiresSeconds,
        // Or the browser could send any type, and any amount.
        signableHeaders: new Set(['content-type', 'content-length', 'host']),
      });
    },

    close: () => bucket.close(),
  };
}

/** A header holds ASCII; a type that is more goes, escaped, beside it. */
function typed(contentType: string): { contentType: string; metadata?: Record<string, string> } {
  if (contentType.length > 400) throw new ShopError('invalid_input', 'The content type is too long.');
  return /^[\x20-\x7e]*$/.test(contentType)
    ? { contentType }
    : { contentType: 'application/octet-stream', metadata: { type: encodeURIComponent(contentType) } };
}

function exactType(escaped: string | undefined): string | undefined {
  return escaped === undefined ? undefined : decodeURIComponent(escaped);
}

/** `bytes 0-9/100` → 100. */
function totalOf(contentRange: string | undefined): number | undefined {
  const total = /\/(\d+)$/.exec(contentRange ?? '')?.[1];
  return total === undefined ? undefined : Number(total);
}

async function read(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function isBeyondEnd(error: unknown): boolean {
  return error instanceof Error && error.name === 'InvalidRange';
}

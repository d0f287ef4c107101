/**
 * A bucket of an S3 store, or the part of one below a prefix, and what runtime and operator both do with whole folders of it.
 * Opened by an address: `s3://key:secret@bucket/prefix?region=…&endpoint=…`. Errors are the client's own; callers say what they mean.
 */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
  UploadPartCopyCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { Readable } from 'node:stream';
import { parseAddress } from '../address/index.ts';

/** What an address of the form `s3://…` says. */
export interface BucketAddress {
  readonly bucket: string;
  /** Begins every key: empty, or ends in a slash. */
  readonly prefix: string;
  readonly region: string;
  /** Absent: Amazon's own. */
  readonly endpoint: string | undefined;
  /** Where browsers reach the store, if elsewhere. */
  readonly publicEndpoint: string | undefined;
  /** Absent: whatever the environment of the process has (a role of the Pod, variables, files). */
  readonly login: { readonly user: string; readonly password: string } | undefined;
}

export interface Bucket {
  readonly client: S3Client;
  /** Signs addresses for browsers. */
  readonly signer: S3Client;
  readonly name: string;
  readonly prefix: string;
  /** `s3://bucket/prefix`, with no login. */
  readonly location: string;
  /** Ends connections. */
  close(): void;
}

export interface StoredObject {
  readonly key: string;
  readonly size: number;
  readonly modified: Date;
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** The smallest a part may be is 5 MiB; 10,000 of these make the largest object: 78 GiB. */
export const PART_BYTES = 8 * 1024 * 1024;
/** Beyond this a copy is made in parts; the limit of one call is 5 GiB. */
const COPY_BYTES = 1024 * 1024 * 1024;
/** Copies under way at once: each is a call that waits for the server. */
const COPIES = 8;
/** Parts of an upload under way at once; with their size this bounds its memory. */
const PARTS = 2;

/** @throws Error that says what is wrong with the address and never repeats the login */
export function parseBucketAddress(text: string): BucketAddress {
  const { scheme, user, password, servers, path, options } = parseAddress(text, 443);
  const bucket = servers[0]?.host ?? '';
  if (scheme !== 's3' || servers.length !== 1 || !BUCKET.test(bucket))
    throw new Error('an object store is named as s3://[key:secret@]bucket[/prefix][?region=…&endpoint=…]');
  if ((user === undefined) !== (password === undefined))
    throw new Error('the address of an object store names both key and secret, or neither');
  for (const name of ['endpoint', 'public-endpoint'])
    if (options[name] !== undefined && !/^https?:\/\/[^/]+\/?$/.test(options[name]))
      throw new Error(`${name} of an object store is of the form https://host[:port]`);
  return {
    bucket,
    prefix: path === '' ? '' : `${path}/`,
    region: options['region'] ?? 'us-east-1',
    endpoint: options['endpoint'],
    publicEndpoint: options['public-endpoint'],
    login: user === undefined || password === undefined ? undefined : { user, password },
  };
}

/** The address as one line; `parseBucketAddress` gives back the same. */
export function formatBucketAddress(address: BucketAddress): string {
  const { bucket, prefix, region, endpoint, publicEndpoint, login } = address;
  const entry =
    login === undefined ? '' : `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@`;
  const options = new URLSearchParams({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(publicEndpoint === undefined ? {} : { 'public-endpoint': publicEndpoint }),
  });
  return `s3://${entry}${bucket}/${encodeURI(prefix.replace(/\/$/, ''))}?${options.toString()}`;
}

/**
 * Opens no connection yet.
 * @param answerMs until the answer to one call begins; a part of an upload is what takes longest
 */
export function openBucket(text: string, { answerMs = 30_000 }: { readonly answerMs?: number } = {}): Bucket {
  const address = parseBucketAddress(text);
  const client = openClient(address, address.endpoint, answerMs);
  const signer =
    address.publicEndpoint === undefined ? client : openClient(address, address.publicEndpoint, answerMs);
  return {
    client,
    signer,
    name: address.bucket,
    prefix: address.prefix,
    location: `s3://${address.bucket}/${address.prefix}`.replace(/\/$/, ''),
    close() {
      client.destroy();
      if (signer !== client) signer.destroy();
    },
  };
}

function openClient(
  { region, login }: BucketAddress,
  endpoint: string | undefined,
  answerMs: number,
): S3Client {
  return new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(login === undefined
      ? {}
      : { credentials: { accessKeyId: login.user, secretAccessKey: login.password } }),
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: 1_500,
      requestTimeout: answerMs,
      throwOnRequestTimeout: true,
      // Of silence, while a part is sent or an answer read.
      socketTimeout: 30_000,
      httpAgent: { keepAlive: true, maxSockets: 128 },
      httpsAgent: { keepAlive: true, maxSockets: 128 },
    },
  });
}

/** Whether the store said that there is no such thing, as opposed to saying nothing. */
export function isAbsent(error: unknown): boolean {
  return error instanceof S3ServiceException && (error.name === 'NoSuchKey' || error.name === 'NotFound');
}

/** Everything whose key begins with `path`, in the order of keys, a page at a time. Keys come and go without the bucket's prefix. */
export async function* objectsBelow(bucket: Bucket, path: string): AsyncGenerator<readonly StoredObject[]> {
  let from: string | undefined;
  do {
    const page = await bucket.client.send(
      new ListObjectsV2Command({
        Bucket: bucket.name,
        Prefix: bucket.prefix + path,
        ...(from === undefined ? {} : { ContinuationToken: from }),
      }),
    );
    const objects = (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified = new Date(0) }) => ({
      key: Key.slice(bucket.prefix.length),
      size: Size,
      modified: LastModified,
    }));
    if (objects.length > 0) yield objects;
    from = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (from !== undefined);
}

/** Names of the folders directly below one, in their order. `path` ends in a slash. */
export async function foldersBelow(bucket: Bucket, path: string): Promise<readonly string[]> {
  const names: string[] = [];
  let from: string | undefined;
  do {
    const page = await bucket.client.send(
      new ListObjectsV2Command({
        Bucket: bucket.name,
        Prefix: bucket.prefix + path,
        Delimiter: '/',
        ...(from === undefined ? {} : { ContinuationToken: from }),
      }),
    );
    for (const { Prefix = '' } of page.CommonPrefixes ?? [])
      names.push(Prefix.slice(bucket.prefix.length + path.length, -1));
    from = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (from !== undefined);
  return names;
}

/** An object's bytes, or undefined; a body that breaks off is an error of the stream. */
export async function readObject(bucket: Bucket, key: string): Promise<Readable | undefined> {
  try {
    const { Body } = await bucket.client.send(
      new GetObjectCommand({ Bucket: bucket.name, Key: bucket.prefix + key }),
    );
    // In Node it always is one; the type is that of every platform.
    if (!(Body instanceof Readable)) throw new TypeError('the store answered without a body');
    return Body;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** A small object as text, or undefined. */
export async function readText(bucket: Bucket, key: string): Promise<string | undefined> {
  const body = await readObject(bucket, key);
  if (body === undefined) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

export interface WriteOptions {
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Size of a part: what is larger is sent in parts of this, 10,000 at most. Default `PART_BYTES`. */
  readonly partBytes?: number;
}

/**
 * An object of any size. Durable when it resolves, and not there before: a stream that fails, or whose process dies, leaves what was
 * there. Holds two parts in memory.
 * @returns its tag; the same content in parts of the same size has the same one
 */
export async function writeObject(
  bucket: Bucket,
  key: string,
  body: Buffer | Readable,
  { contentType, metadata, partBytes = PART_BYTES }: WriteOptions = {},
): Promise<string> {
  const upload = new Upload({
    client: bucket.client,
    partSize: partBytes,
    queueSize: PARTS,
    params: {
      Bucket: bucket.name,
      Key: bucket.prefix + key,
      Body: body,
      ...(contentType === undefined ? {} : { ContentType: contentType }),
      ...(metadata === undefined ? {} : { Metadata: { ...metadata } }),
    },
  });
  const { ETag = '' } = await upload.done();
  return ETag;
}

/** Durable when it resolves. */
export async function writeText(bucket: Bucket, key: string, text: string, type: string): Promise<void> {
  await bucket.client.send(
    new PutObjectCommand({
      Bucket: bucket.name,
      Key: bucket.prefix + key,
      Body: Buffer.from(text),
      ContentType: type,
    }),
  );
}

/** Fine when there is none. */
export async function removeObject(bucket: Bucket, key: string): Promise<void> {
  await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: bucket.prefix + key }));
}

/**
 * Removes everything below a folder, uploads that were never finished among it. `path` ends in a slash.
 * @param versions also what a bucket with versions keeps of it; needs the right to delete versions
 * @returns how many objects there were; with `versions`, versions
 */
export async function removeBelow(
  bucket: Bucket,
  path: string,
  { versions = false }: { readonly versions?: boolean } = {},
): Promise<number> {
  if (!/^[^/].*\/$/.test(path)) throw new RangeError(`“${path}” is no folder`);
  let count = 0;
  const pages = versions ? versionsBelow(bucket, path) : keysBelow(bucket, path);
  for await (const Objects of pages) {
    const { Errors = [] } = await bucket.client.send(
      new DeleteObjectsCommand({ Bucket: bucket.name, Delete: { Objects: [...Objects], Quiet: true } }),
    );
    const [failed] = Errors;
    if (failed !== undefined)
      throw new Error(
        `${Errors.length} objects were not deleted, ${failed.Key ?? ''}: ${failed.Message ?? ''}`,
      );
    count += Objects.length;
  }
  await abandonUploads(bucket, path);
  return count;
}

type Doomed = { readonly Key: string; readonly VersionId?: string };

async function* keysBelow(bucket: Bucket, path: string): AsyncGenerator<readonly Doomed[]> {
  for await (const page of objectsBelow(bucket, path))
    yield page.map(({ key }) => ({ Key: bucket.prefix + key }));
}

async function* versionsBelow(bucket: Bucket, path: string): AsyncGenerator<readonly Doomed[]> {
  // From the beginning each time: what was listed has been deleted.
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await bucket.client.send(
      new ListObjectVersionsCommand({ Bucket: bucket.name, Prefix: bucket.prefix + path }),
    );
    const found = [...Versions, ...DeleteMarkers].map(({ Key = '', VersionId = 'null' }) => ({
      Key,
      VersionId,
    }));
    if (found.length === 0) return;
    // One call takes a thousand.
    for (let n = 0; n < found.length; n += 1_000) yield found.slice(n, n + 1_000);
  }
}

/**
 * Removes the parts of uploads that were begun and not finished; nobody sees them, and they cost what they take.
 * MinIO lists uploads of a whole key only, and ends them by itself after a day.
 * @param before only those begun before then; absent: all
 */
export async function abandonUploads(bucket: Bucket, path: string, before?: Date): Promise<void> {
  const { Uploads = [] } = await bucket.client.send(
    new ListMultipartUploadsCommand({ Bucket: bucket.name, Prefix: bucket.prefix + path }),
  );
  for (const { Key, UploadId, Initiated } of Uploads)
    if (before === undefined || (Initiated !== undefined && Initiated < before))
      await bucket.client.send(new AbortMultipartUploadCommand({ Bucket: bucket.name, Key, UploadId }));
}

/**
 * Copies everything below one folder to another, within the store: no byte passes through here. Both end in a slash.
 * What vanishes between listing and copying is left out.
 * @param largest bytes one call may copy; what is larger is copied in parts
 * @returns how many objects were copied
 */
export async function copyBelow(
  bucket: Bucket,
  from: string,
  to: string,
  largest: number = COPY_BYTES,
): Promise<number> {
  let count = 0;
  for await (const page of objectsBelow(bucket, from)) {
    const waiting = [...page];
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        if (await copyObject(bucket, next, to + next.key.slice(from.length), largest)) count += 1;
    };
    await Promise.all(Array.from({ length: Math.min(COPIES, waiting.length) }, worker));
  }
  return count;
}

async function copyObject(
  bucket: Bucket,
  { key, size }: Pick<StoredObject, 'key' | 'size'>,
  to: string,
  largest: number,
): Promise<boolean> {
  const source = { CopySource: `${bucket.name}/${encodeURI(bucket.prefix + key)}` };
  const target = { Bucket: bucket.name, Key: bucket.prefix + to };
  try {
    if (size <= largest) await bucket.client.send(new CopyObjectCommand({ ...target, ...source }));
    else
      await inParts(bucket, target.Key, async (UploadId) => {
        const parts: CompletedPart[] = [];
        for (let start = 0; start < size; start += largest) {
          const PartNumber = parts.length + 1;
          const CopySourceRange = `bytes=${start}-${Math.min(size, start + largest) - 1}`;
          const { CopyPartResult } = await bucket.client.send(
            new UploadPartCopyCommand({ ...target, ...source, UploadId, PartNumber, CopySourceRange }),
          );
          parts.push({ PartNumber, ETag: CopyPartResult?.ETag });
        }
        return parts;
      });
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/** An object written piece by piece; it exists from `finish` on. One that is never finished leaves nothing to be seen. */
interface Appender {
  append(text: string): Promise<void>;
  finish(): Promise<void>;
}

/** Holds at most one part in memory. */
function openAppender(bucket: Bucket, key: string, contentType: string): Appender {
  const target = { Bucket: bucket.name, Key: bucket.prefix + key };
  const parts: CompletedPart[] = [];
  let upload: string | undefined;
  let pieces: Buffer[] = [];
  let size = 0;

  async function sendPart(): Promise<void> {
    upload ??= (
      await bucket.client.send(
        new CreateMultipartUploadCommand({ ...target, ContentType: contentType, ChecksumAlgorithm: 'CRC32' }),
      )
    ).UploadId;
    const PartNumber = parts.length + 1;
    const { ETag, ChecksumCRC32 } = await bucket.client.send(
      new UploadPartCommand({ ...target, UploadId: upload, PartNumber, Body: Buffer.concat(pieces) }),
    );
    parts.push({ PartNumber, ETag, ChecksumCRC32 });
    pieces = [];
    size = 0;
  }

  return {
    async append(text) {
      const bytes = Buffer.from(text);
      pieces.push(bytes);
      size += bytes.length;
      if (size >= PART_BYTES) await sendPart();
    },
    async finish() {
      if (upload === undefined) {
        const Body = Buffer.concat(pieces);
        await bucket.client.send(new PutObjectCommand({ ...target, Body, ContentType: contentType }));
        return;
      }
      if (size > 0) await sendPart();
      await bucket.client.send(
        new CompleteMultipartUploadCommand({
          ...target,
          UploadId: upload,
          MultipartUpload: { Parts: parts },
        }),
      );
    },
  };
}

/** Files of lines in one folder, written one after the other: beginning the next finishes the last, so that one part is in memory. */
export interface LineFiles {
  write(file: string, lines: readonly string[]): Promise<void>;
  finish(): Promise<void>;
}

/** @param folder ends in a slash */
export function openLineFiles(bucket: Bucket, folder: string, contentType: string): LineFiles {
  const written = new Set<string>();
  let current: { readonly file: string; readonly appender: Appender } | undefined;
  return {
    async write(file, lines) {
      if (current?.file !== file) {
        if (written.has(file)) throw new RangeError(`${file} is finished; its lines have to come together`);
        await current?.appender.finish();
        written.add(file);
        current = { file, appender: openAppender(bucket, folder + file, contentType) };
      }
      await current.appender.append(lines.map((line) => `${line}\n`).join(''));
    },
    async finish() {
      await current?.appender.finish();
      current = undefined;
    },
  };
}

async function inParts(
  bucket: Bucket,
  Key: string,
  work: (upload: string) => Promise<CompletedPart[]>,
): Promise<void> {
  const target = { Bucket: bucket.name, Key };
  const { UploadId = '' } = await bucket.client.send(new CreateMultipartUploadCommand(target));
  try {
    const Parts = await work(UploadId);
    await bucket.client.send(
      new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
    );
  } catch (error) {
    // What went wrong first says more; the bucket's lifecycle ends uploads that nobody ended.
    await bucket.client.send(new AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => undefined);
    throw error;
  }
}

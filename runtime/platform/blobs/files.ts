/**
 * The blobs port on files: `<base>/<tenant>/<bucket>/<key>`. Each file begins with one line of JSON (content type, etag, size),
 * so that an object and what is known of it appear, change and vanish together. What is still being written lies below `<base>/_drafts/`,
 * from where whoever writes a day later removes what killed processes have left.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { syncFolder } from '../durable/index.ts';
import { ShopError } from '../errors.ts';
import type { Blobs } from '../ports.ts';
import { objectPath, refuseRange } from './keys.ts';

/** The head line has a fixed length, so that it can be written after the body is known. */
const HEAD = 512;
const Head = z.object({ contentType: z.string(), etag: z.string(), size: z.int() });
const SMALL = 256 * 1024;
/** Nobody writes one object for so long. */
const GIVEN_UP_MS = 24 * 60 * 60 * 1_000;

/** `base` is a folder; it is made when first written to. */
export function createFileBlobs(base: string): Blobs {
  const pathOf = (tenant: string, bucket: string, key: string): string =>
    join(base, `${objectPath(tenant, bucket, key)}.blob`);
  // No tenant can be called so; the same file system, so that the rename is atomic.
  const drafts = join(base, '_drafts');
  let tidied = -Infinity;

  async function newDraft(): Promise<string> {
    await mkdir(drafts, { recursive: true });
    // Times of files are the machine's own, whatever clock a test has turned.
    const now = Date.now();
    if (now - tidied > GIVEN_UP_MS) {
      tidied = now;
      await removeGivenUp(drafts, now - GIVEN_UP_MS);
    }
    return join(drafts, randomUUID());
  }

  return {
    async put(tenant, bucket, key, body, contentType) {
      const path = pathOf(tenant, bucket, key);
      const draft = await newDraft();
      try {
        const file = await open(draft, 'wx', 0o640);
        let head: z.infer<typeof Head>;
        try {
          head = await write(file, body, contentType);
          await file.sync();
        } finally {
          await file.close();
        }
        const folder = dirname(path);
        await mkdir(folder, { recursive: true });
        await rename(draft, path);
        await syncFolder(folder);
        return { etag: head.etag };
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },

    async get(tenant, bucket, key, range) {
      let file: FileHandle;
      const path = pathOf(tenant, bucket, key);
      try {
        file = await open(path, 'r');
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
      let keepOpen = false;
      try {
        const line = Buffer.alloc(HEAD);
        await file.read(line, 0, HEAD, 0);
        const head = Head.parse(JSON.parse(line.toString('utf8')));
        const first = range?.first ?? 0;
        if (range !== undefined && first >= head.size) refuseRange(first, head.size);
        const end = Math.min(head.size, (range?.last ?? head.size - 1) + 1);
        if (end - first <= SMALL) {
          const bytes = Buffer.alloc(end - first);
          await file.read(bytes, 0, bytes.length, HEAD + first);
          return { ...head, body: Readable.from([bytes]) };
        }
        keepOpen = true;
        return {
          ...head,
          body: createReadStream(path, { fd: file, start: HEAD + first, end: HEAD + end - 1 }),
        };
      } finally {
        if (!keepOpen) await file.close();
      }
    },

    async delete(tenant, bucket, key) {
      await rm(pathOf(tenant, bucket, key), { force: true });
    },
  };
}

async function removeGivenUp(drafts: string, before: number): Promise<void> {
  for (const name of await readdir(drafts)) {
    const path = join(drafts, name);
    try {
      if ((await stat(path)).mtimeMs < before) await rm(path, { force: true });
    } catch (error) {
      // Whoever wrote it has ended meanwhile.
      if (!isMissing(error)) throw error;
    }
  }
}

async function write(
  file: FileHandle,
  body: Buffer | Readable,
  contentType: string,
): Promise<z.infer<typeof Head>> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of Buffer.isBuffer(body) ? [body] : body) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    hash.update(bytes);
    await file.write(bytes, 0, bytes.length, HEAD + size);
    size += bytes.length;
  }
  const head = { contentType, etag: `"${hash.digest('base64url').slice(0, 27)}"`, size };
  const line = Buffer.alloc(HEAD, ' ');
  const text = Buffer.from(JSON.stringify(head));
  if (text.length >= HEAD) throw new ShopError('invalid_input', 'The content type is too long.');
  text.copy(line);
  line[HEAD - 1] = 10;
  await file.write(line, 0, HEAD, 0);
  return head;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/**
 * Unpacks the server's tar (ustar, POSIX.1-1988) and compares every file with the checksum in the server's own manifest, as
 * pg_verifybackup does: a backup that is damaged is found before anything is started from it.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import type { Readable } from 'node:stream';
import { z } from 'zod';

const BLOCK = 512;

export class DamagedBackupError extends Error {
  readonly remedy = 'restore from another base backup, and find out what changed this one';
  constructor(what: string) {
    super(`the base backup is damaged: ${what}`);
    this.name = 'DamagedBackupError';
  }
}

const Manifest = z.object({
  Files: z.array(
    z.object({
      Path: z.string(),
      Size: z.int(),
      'Checksum-Algorithm': z.literal('SHA256'),
      Checksum: z.string(),
    }),
  ),
});

/**
 * @param folder is there and empty
 * @param manifest the server's `backup_manifest`
 * @throws DamagedBackupError
 */
export async function unpack(tar: Readable, folder: string, manifest: string): Promise<void> {
  const expected = new Map(Manifest.parse(JSON.parse(manifest)).Files.map((file) => [file.Path, file]));
  for await (const entry of entriesOf(tar)) {
    const path = normalize(entry.path);
    if (path.startsWith('..') || path.startsWith('/')) throw new DamagedBackupError(`it names ${path}`);
    const target = join(folder, path);
    if (entry.kind === 'folder') {
      await mkdir(target, { recursive: true, mode: 0o700 });
      continue;
    }
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const hash = createHash('sha256');
    const file = await open(target, 'w', 0o600);
    try {
      for await (const chunk of entry.body) {
        hash.update(chunk);
        await writeAll(file, chunk);
      }
    } finally {
      await file.close();
    }
    const said = expected.get(path);
    expected.delete(path);
    // What belongs to the backup itself is in no manifest.
    if (said !== undefined && (said.Size !== entry.size || said.Checksum !== hash.digest('hex')))
      throw new DamagedBackupError(`${path} is not what was backed up`);
  }
  const [missing] = expected.keys();
  if (missing !== undefined) throw new DamagedBackupError(`${missing} is missing`);
}

type Entry =
  | { readonly kind: 'folder'; readonly path: string }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly size: number;
      readonly body: AsyncIterable<Buffer>;
    };

async function* entriesOf(tar: Readable): AsyncIterable<Entry> {
  const source = reader(tar);
  for (;;) {
    const header = await source.exactly(BLOCK);
    if (header === undefined || header.every((byte) => byte === 0)) return;
    const text = (from: number, to: number): string =>
      header.toString('utf8', from, to).replace(/\0.*$/s, '');
    const size = Number.parseInt(text(124, 136).trim() || '0', 8);
    const path = [text(345, 500), text(0, 100)].filter((part) => part !== '').join('/');
    const type = text(156, 157);
    if (type === '5') {
      yield { kind: 'folder', path };
    } else if (type === '0' || type === '') {
      yield { kind: 'file', path, size, body: source.part(size) };
      await source.exactly((BLOCK - (size % BLOCK)) % BLOCK);
    } else {
      throw new DamagedBackupError(`${path} is neither file nor folder: tablespaces are not supported`);
    }
  }
}

/** Reads a stream by lengths. */
function reader(stream: Readable) {
  const chunks: AsyncIterator<unknown> = stream[Symbol.asyncIterator]();
  let rest = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    const { done, value } = await chunks.next();
    if (done === true) return false;
    rest = Buffer.from(value as Uint8Array);
    return true;
  };
  async function* part(length: number): AsyncIterable<Buffer> {
    let left = length;
    while (left > 0) {
      if (rest.length === 0 && !(await more()))
        throw new DamagedBackupError('it ends in the middle of a file');
      const taken = rest.subarray(0, left);
      rest = rest.subarray(taken.length);
      left -= taken.length;
      yield taken;
    }
  }
  return {
    part,
    /** @returns undefined at the end of the stream */
    async exactly(length: number): Promise<Buffer | undefined> {
      if (length > 0 && rest.length === 0 && !(await more())) return undefined;
      const pieces: Buffer[] = [];
      for await (const piece of part(length)) pieces.push(piece);
      return Buffer.concat(pieces);
    },
  };
}

async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at, chunk.length - at)).bytesWritten;
}

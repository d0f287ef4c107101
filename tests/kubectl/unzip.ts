/**
 * Takes one file out of a zip archive.
 */
import { inflateRawSync } from 'node:zlib';

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const entrySize = 46;
const headerSize = 30;
const deflated = 8;

/**
 * The content of a file in an archive (no encryption, no zip64).
 *
 * @throws Error when the archive has no such file.
 */
export function unzipFile(archive: Buffer, name: string): Buffer {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || archive.readUInt32LE(end) !== endSignature) throw new Error('not a zip archive');
  let at = archive.readUInt32LE(end + 16);
  for (
    let left = archive.readUInt16LE(end + 10);
    left > 0 && archive.readUInt32LE(at) === entrySignature;
    left -= 1
  ) {
    const nameLength = archive.readUInt16LE(at + 28);
    const found = archive.toString('utf8', at + entrySize, at + entrySize + nameLength);
    if (found === name) return contentOf(archive, at);
    at += entrySize + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  throw new Error(`the archive has no ${name}`);
}

function contentOf(archive: Buffer, entry: number): Buffer {
  const header = archive.readUInt32LE(entry + 42);
  const start = header + headerSize + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
  const content = archive.subarray(start, start + archive.readUInt32LE(entry + 20));
  return archive.readUInt16LE(entry + 10) === deflated ? inflateRawSync(content) : Buffer.from(content);
}

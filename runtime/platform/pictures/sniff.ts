/** What a picture is, by its own bytes: type and size in pixels, as it is shown; and whether it is something else besides. Pure. */

export interface Picture {
  readonly contentType: string;
  readonly width: number | null;
  readonly height: number | null;
}

/** `undefined` for anything but PNG, JPEG, GIF, WebP, AVIF and SVG, whatever its name says. */
export function pictureOf(bytes: Buffer): Picture | undefined {
  if (bytes.length < 12) return undefined;
  if (bytes.readUInt32BE(0) === 0x89504e47 && bytes.length >= 24) {
    return { contentType: 'image/png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  }
  if (bytes.readUInt16BE(0) === 0xffd8) return { contentType: 'image/jpeg', ...jpegSize(bytes) };
  const head = bytes.toString('latin1', 0, 12);
  if (/^GIF8[79]a/.test(head)) {
    return { contentType: 'image/gif', width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
  }
  if (head.startsWith('RIFF') && head.endsWith('WEBP'))
    return { contentType: 'image/webp', ...webpSize(bytes) };
  if (/^ftypavi[fs]$/.test(head.slice(4, 12))) return { contentType: 'image/avif', ...avifSize(bytes) };
  return svgOf(bytes);
}

/**
 * What else these bytes would pass for: a picture that is an archive, a document or a page as well is refused, whoever would open it
 * as one. Bytes after a picture's end are no reason by themselves: cameras put depth maps and short films there.
 * @returns a name for people, or undefined
 */
export function alsoIs(bytes: Buffer): string | undefined {
  // A ZIP is found from its end, at most 64 KiB of comment before it; its first entry may begin anywhere.
  const end = bytes.subarray(Math.max(0, bytes.length - 65_557));
  if (end.includes(ZIP_END) && bytes.includes(ZIP_ENTRY)) return 'a ZIP archive';
  // Readers of PDF take a header within the first kilobyte for one.
  const start = bytes.subarray(0, 1_024);
  if (start.includes('%PDF-')) return 'a PDF document';
  const text = start.toString('latin1').toLowerCase();
  if (/<(?:!doctype\s+html|html|head|body|script|iframe|object|embed)[\s/>]/.test(text)) return 'a web page';
  if (text.includes('<?php')) return 'a program';
  return undefined;
}

const ZIP_END = Buffer.from('PK\x05\x06', 'latin1');
const ZIP_ENTRY = Buffer.from('PK\x03\x04', 'latin1');
const UNKNOWN = { width: null, height: null } as const;

interface Size {
  readonly width: number | null;
  readonly height: number | null;
}

function jpegSize(bytes: Buffer): Size {
  let at = 2;
  let isTurned = false;
  while (at + 9 < bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      const [height, width] = [bytes.readUInt16BE(at + 5), bytes.readUInt16BE(at + 7)];
      return isTurned ? { width: height, height: width } : { width, height };
    }
    const length = bytes.readUInt16BE(at + 2);
    if (marker === 0xe1) isTurned ||= orientationOf(bytes.subarray(at + 4, at + 2 + length)) >= 5;
    at += 2 + length;
  }
  return UNKNOWN;
}

/** 1 to 8, as Exif counts them: from 5 on it lies on its side. 1 where nothing says otherwise. */
function orientationOf(segment: Buffer): number {
  if (segment.length < 20 || segment.toString('latin1', 0, 6) !== 'Exif\0\0') return 1;
  const tiff = segment.subarray(6);
  const isLittle = tiff.toString('latin1', 0, 2) === 'II';
  const short = (at: number): number => (isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const first = isLittle ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (first + 2 > tiff.length) return 1;
  const entries = short(first);
  for (let at = first + 2; at < first + 2 + entries * 12 && at + 12 <= tiff.length; at += 12)
    if (short(at) === 0x0112) return short(at + 8);
  return 1;
}

/** The first `ispe` (spatial extents) is the main picture's in all that encoders write; a decoder has the last word. */
function avifSize(bytes: Buffer): Size {
  const at = bytes.subarray(0, 4_096).indexOf('ispe', 0, 'latin1');
  if (at < 0 || at + 16 > bytes.length) return UNKNOWN;
  return { width: bytes.readUInt32BE(at + 8), height: bytes.readUInt32BE(at + 12) };
}

function webpSize(bytes: Buffer): Size {
  if (bytes.length < 30) return UNKNOWN;
  const kind = bytes.toString('latin1', 12, 16);
  if (kind === 'VP8X') return { width: 1 + bytes.readUIntLE(24, 3), height: 1 + bytes.readUIntLE(27, 3) };
  if (kind === 'VP8 ')
    return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
  if (kind === 'VP8L') {
    const bits = bytes.readUInt32LE(21);
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) };
  }
  return UNKNOWN;
}

/**
 * What may stand before the root: one thing at a time, each of which ends in one way only. As one pattern for all of them, in which a comment
 * may be read as ending at the next one's end, some hundred comments took longer than anybody lives.
 */
const BEFORE = /\s*(?:<\?xml[^>]*>|<!DOCTYPE[^>[]*>|<!--(?:(?!-->)[^])*-->)/iy;
const ROOT = /\s*<svg\b([^>]*)>/iy;

function svgOf(bytes: Buffer): Picture | undefined {
  const head = bytes.toString('utf8', 0, Math.min(bytes.length, 4_096));
  let at = head.startsWith('\ufeff') ? 1 : 0;
  for (BEFORE.lastIndex = at; BEFORE.test(head);) at = BEFORE.lastIndex;
  ROOT.lastIndex = at;
  const root = ROOT.exec(head);
  if (!root) return undefined;
  const attributes = root[1] ?? '';
  const length = (name: string) =>
    Number(
      new RegExp(`\\s${name}\\s*=\\s*["']\\s*(\\d+(?:\\.\\d+)?)(?:px)?\\s*["']`, 'i').exec(attributes)?.[1],
    );
  const box = /\sviewBox\s*=\s*["']\s*[-\d.]+[\s,]+[-\d.]+[\s,]+([\d.]+)[\s,]+([\d.]+)/i.exec(attributes);
  const width = Math.round(length('width') || Number(box?.[1]));
  const height = Math.round(length('height') || Number(box?.[2]));
  return { contentType: 'image/svg+xml', width: width || null, height: height || null };
}

/** What a picture is, by its own bytes: type and size in pixels. Pure. */

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
  if (head.slice(4, 12) === 'ftypavif') return { contentType: 'image/avif', width: null, height: null };
  return svgOf(bytes);
}

const UNKNOWN = { width: null, height: null } as const;

function jpegSize(bytes: Buffer): { width: number | null; height: number | null } {
  let at = 2;
  while (at + 9 < bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return UNKNOWN;
}

function webpSize(bytes: Buffer): { width: number | null; height: number | null } {
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

function svgOf(bytes: Buffer): Picture | undefined {
  const head = bytes.toString('utf8', 0, Math.min(bytes.length, 4_096));
  const root =
    /^(?:\ufeff)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*|<!DOCTYPE[^>[]*>\s*)*<svg\b([^>]*)>/i.exec(
      head,
    );
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

/**
 * WebSocket frames of texts (RFC 6455, section 5.2), as a server sends them: whole, unmasked, uncompressed. Made once and written to as
 * many sockets as listen; frames may be joined, so that several messages are one write.
 */

const FINAL_TEXT = 0x81;
/** From here on a length takes two bytes more, and from 64 KiB on eight. */
const SHORT = 126;
const LONG = 65_536;

/** Frames of these texts, one after the other, in one piece of memory. */
export function framesOf(texts: readonly string[]): Buffer {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const size = lengths.reduce((sum, length) => sum + headOf(length) + length, 0);
  const frames = Buffer.allocUnsafe(size);
  let at = 0;
  for (const [index, text] of texts.entries()) {
    const length = lengths[index] ?? 0;
    at = writeHead(frames, at, length);
    at += frames.write(text, at, length, 'utf8');
  }
  return frames;
}

/** A frame of one message. */
export function frameOf(message: object): Buffer {
  return framesOf([JSON.stringify(message)]);
}

function headOf(length: number): number {
  if (length < SHORT) return 2;
  return length < LONG ? 4 : 10;
}

function writeHead(frames: Buffer, at: number, length: number): number {
  frames[at] = FINAL_TEXT;
  if (length < SHORT) {
    frames[at + 1] = length;
    return at + 2;
  }
  if (length < LONG) {
    frames[at + 1] = SHORT;
    return frames.writeUInt16BE(length, at + 2);
  }
  frames[at + 1] = SHORT + 1;
  return frames.writeBigUInt64BE(BigInt(length), at + 2);
}

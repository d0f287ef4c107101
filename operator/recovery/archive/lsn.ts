/**
 * Places in PostgreSQL's write-ahead log, and the files they lie in. Pure.
 */

/** A byte's place in the log. */
export type Lsn = bigint;

/** @param text `16/B374D848` */
export function parseLsn(text: string): Lsn {
  const [, high, low] = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text) ?? [];
  if (high === undefined || low === undefined) throw new RangeError(`“${text}” is no place in a log`);
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

export function formatLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffff_ffffn).toString(16).toUpperCase()}`;
}

/** First byte of the file that `lsn` lies in. */
export function segmentStart(lsn: Lsn, segmentSize: number): Lsn {
  return lsn - (lsn % BigInt(segmentSize));
}

/** `00000001000000000000000A`, as the server names the file (`XLogFileName` in its sources). */
export function segmentName(timeline: number, lsn: Lsn, segmentSize: number): string {
  const number = lsn / BigInt(segmentSize);
  const perId = 0x1_0000_0000n / BigInt(segmentSize);
  return [BigInt(timeline), number / perId, number % perId].map(hex8).join('');
}

/** First byte of a file, by its name. */
export function startOfSegment(name: string, segmentSize: number): Lsn {
  const perId = 0x1_0000_0000n / BigInt(segmentSize);
  const [high, low] = [BigInt(`0x${name.slice(8, 16)}`), BigInt(`0x${name.slice(16, 24)}`)];
  return (high * perId + low) * BigInt(segmentSize);
}

export function timelineOf(segment: string): number {
  return Number.parseInt(segment.slice(0, 8), 16);
}

function hex8(value: bigint): string {
  return value.toString(16).toUpperCase().padStart(8, '0');
}

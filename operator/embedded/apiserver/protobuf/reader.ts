/** Reads the wire form of protobuf: numbered fields of varints, fixed widths and bytes. */

/** One field as it stands on the wire. */
export interface WireField {
  readonly number: number;
  readonly value: bigint | Buffer;
}

const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * The fields of a message in order.
 * @throws RangeError where the bytes end too early or are no protobuf
 */
export function* wireFields(bytes: Buffer): Generator<WireField> {
  let at = 0;

  function varint(): bigint {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined) throw new RangeError('unexpected EOF');
      at += 1;
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return result;
    }
    throw new RangeError('a varint is too long');
  }

  function take(length: number): Buffer {
    if (length < 0 || at + length > bytes.length) throw new RangeError('unexpected EOF');
    const taken = bytes.subarray(at, at + length);
    at += length;
    return taken;
  }

  while (at < bytes.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    switch (Number(tag & 7n)) {
      case WIRE.varint:
        yield { number, value: varint() };
        break;
      case WIRE.fixed64:
        yield { number, value: take(8) };
        break;
      case WIRE.bytes:
        yield { number, value: take(Number(varint())) };
        break;
      case WIRE.fixed32:
        yield { number, value: take(4) };
        break;
      default:
        throw new RangeError(`field ${number} has an unknown wire type`);
    }
  }
}

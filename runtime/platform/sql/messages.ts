/**
 * PostgreSQL's frontend messages (protocol 3.0, "Message Formats"), written one after the other into one buffer: what is sent
 * together is one write. Parameters go as text, Buffers as binary; results come as text.
 */

/** A growing buffer of messages. Used for one exchange, then taken. */
export interface Messages {
  parse(name: string, text: string): void;
  /** Binds the unnamed portal. */
  bind(statement: string, values: readonly (string | Buffer | null)[]): void;
  /** Of the unnamed portal. */
  describe(): void;
  /** Of the unnamed portal, every row. */
  execute(): void;
  close(statement: string): void;
  sync(): void;
  /** What was written before, by another. */
  raw(bytes: Buffer): void;
  take(): Buffer;
}

export function createMessages(size = 512): Messages {
  let buffer = Buffer.allocUnsafe(size);
  let at = 0;

  function room(bytes: number): void {
    if (at + bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, at + bytes));
    buffer.copy(larger, 0, 0, at);
    buffer = larger;
  }
  function int16(value: number): void {
    room(2);
    at = buffer.writeInt16BE(value, at);
  }
  function int32(value: number): void {
    room(4);
    at = buffer.writeInt32BE(value, at);
  }
  function text(value: string): void {
    // No character takes more than three bytes for each of its UTF-16 units.
    room(value.length * 3 + 1);
    at += buffer.write(value, at, 'utf8');
    buffer[at++] = 0;
  }
  function parameter(value: string | Buffer | null): void {
    if (value === null) return int32(-1);
    if (typeof value !== 'string') {
      int32(value.length);
      return raw(value);
    }
    room(4 + value.length * 3);
    const length = buffer.write(value, at + 4, 'utf8');
    buffer.writeInt32BE(length, at);
    at += 4 + length;
  }
  function raw(bytes: Buffer): void {
    room(bytes.length);
    at += bytes.copy(buffer, at);
  }
  /** The length, which counts itself but not the type, is known when the body is written. */
  function message(type: number, body: () => void): void {
    room(5);
    buffer[at] = type;
    const start = at + 1;
    at += 5;
    body();
    buffer.writeInt32BE(at - start, start);
  }

  return {
    parse: (name, query) =>
      message(PARSE, () => {
        text(name);
        text(query);
        int16(0);
      }),
    bind: (statement, values) =>
      message(BIND, () => {
        text('');
        text(statement);
        int16(values.length);
        for (const value of values) int16(value === null || typeof value === 'string' ? TEXT : BINARY);
        int16(values.length);
        for (const value of values) parameter(value);
        int16(1);
        int16(TEXT);
      }),
    describe: () => raw(DESCRIBE_PORTAL),
    execute: () => raw(EXECUTE),
    close: (statement) =>
      message(CLOSE, () => {
        room(1);
        buffer[at++] = STATEMENT;
        text(statement);
      }),
    sync: () => raw(SYNC),
    raw,
    take: () => buffer.subarray(0, at),
  };
}

const TEXT = 0;
const BINARY = 1;
const PARSE = 0x50;
const BIND = 0x42;
const CLOSE = 0x43;
const STATEMENT = 0x53;
const DESCRIBE_PORTAL = Buffer.from([0x44, 0, 0, 0, 6, 0x50, 0]);
const EXECUTE = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0]);
const SYNC = Buffer.from([0x53, 0, 0, 0, 4]);

/**
 * A proxy in front of PostgreSQL that sees every statement before the server does, and every answer before it is
 * delivered (frontend/backend protocol 3.0, without TLS). For killing the operator between two actions on the database.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';

export interface SqlHooks {
  /** Asked before the server sees the statement. `cut` ends the connection instead. */
  before?(statement: string): 'pass' | 'cut' | Promise<'pass' | 'cut'>;
  /** Asked when the server has executed the statement, before the operator learns of it. */
  after?(statement: string, executed: Executed): 'deliver' | 'cut' | Promise<'deliver' | 'cut'>;
}

/** What is known of a statement beside its text. */
export interface Executed {
  /** Number of the connection, from 1. */
  readonly connection: number;
  /** The statement with its values, byte for byte. */
  readonly said: string;
  /** A transaction is under way on the connection. */
  readonly isOpen: boolean;
}

export interface SqlProxy {
  readonly port: number;
  hooks: SqlHooks;
  /** Ends every connection there is. */
  cut(): void;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1 and passes on to `port` of the same address. */
export async function startSqlProxy(port: number): Promise<SqlProxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    const connection = (connections += 1);
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => socket.destroy());
    }
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    // One statement is under way on a connection at a time: the operator's driver waits for each answer.
    const under: { statement: string | undefined; said: string } = { statement: undefined, said: '' };
    inOrder(client, splitFrontend(), async (message, heard) => {
      if (heard?.statement !== undefined) under.statement = heard.statement;
      under.said += heard?.said ?? '';
      if (heard?.statement !== undefined && (await self.hooks.before?.(heard.statement)) === 'cut')
        return void client.destroy();
      upstream.write(message);
    });
    inOrder(upstream, splitBackend(), async (message, state) => {
      if (state !== undefined && under.statement !== undefined) {
        const { statement, said } = under;
        under.statement = undefined;
        under.said = '';
        const executed = { connection, said, isOpen: state !== 'idle' };
        if ((await self.hooks.after?.(statement, executed)) === 'cut') return void client.destroy();
      }
      client.write(message);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const self: SqlProxy = {
    // A server on TCP has an address with a port.
    port: (server.address() as AddressInfo).port,
    hooks: {},
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      self.hooks = {};
      self.cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return self;
}

/** Whether the statement changes something, or ends a transaction that did. */
export function isWrite(statement: string): boolean {
  const text = statement.trimStart().toLowerCase();
  if (/^(select|show|set|begin|rollback|declare|fetch|close|deallocate|discard)\b/.test(text))
    return /\bcommit\b/.test(text);
  if (text.startsWith('with')) return /\b(insert|update|delete)\b/.test(text);
  return text !== '';
}

interface Piece<T> {
  readonly message: Buffer;
  readonly meaning: T | undefined;
}

/** Messages one after another, though their handlers wait. */
function inOrder<T>(
  socket: Socket,
  split: (chunk: Buffer) => readonly Piece<T>[],
  handle: (message: Buffer, meaning: T | undefined) => Promise<void>,
): void {
  let tail = Promise.resolve();
  socket.on('data', (chunk: Buffer) => {
    for (const { message, meaning } of split(chunk)) {
      // A hook that throws is a mistake of the test; the connection ends and the test sees it.
      tail = tail.then(() => handle(message, meaning)).catch(() => void socket.destroy());
    }
  });
}

interface Heard {
  readonly statement?: string;
  readonly said: string;
}

/** Statements are the texts of Query and Parse, their values are in Bind. */
function splitFrontend(): (chunk: Buffer) => readonly Piece<Heard>[] {
  let started = false;
  return splitter<Heard>((buffer) => {
    if (!started) {
      if (buffer.length < 8) return undefined;
      const length = buffer.readInt32BE(0);
      // SSLRequest and GSSENCRequest are followed by another start.
      if (length !== 8 && buffer.length >= length) started = true;
      return { length, meaning: undefined };
    }
    const length = typed(buffer);
    if (length === undefined || buffer.length < length)
      return length === undefined ? undefined : { length, meaning: undefined };
    const type = String.fromCharCode(buffer[0] ?? 0);
    const said = buffer.toString('latin1', 5, length);
    if (type === 'B') return { length, meaning: { said } };
    if (type !== 'Q' && type !== 'P') return { length, meaning: undefined };
    const start = type === 'Q' ? 5 : buffer.indexOf(0, 5) + 1;
    return { length, meaning: { statement: buffer.toString('utf8', start, buffer.indexOf(0, start)), said } };
  });
}

/** Ready for query ends the answer to a statement, and says whether a transaction is under way. */
function splitBackend(): (chunk: Buffer) => readonly Piece<'idle' | 'open'>[] {
  return splitter((buffer) => {
    // The answer to SSLRequest is one letter; the operator never asks.
    const length = typed(buffer);
    if (length === undefined || buffer[0] !== 0x5a || buffer.length < length)
      return length === undefined ? undefined : { length, meaning: undefined };
    return { length, meaning: buffer[5] === 0x49 ? 'idle' : 'open' };
  });
}

function typed(buffer: Buffer): number | undefined {
  return buffer.length < 5 ? undefined : buffer.readInt32BE(1) + 1;
}

function splitter<T>(
  head: (buffer: Buffer) => { readonly length: number; readonly meaning: T | undefined } | undefined,
): (chunk: Buffer) => readonly Piece<T>[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const pieces: Piece<T>[] = [];
    for (;;) {
      const found = head(rest);
      if (found === undefined || rest.length < found.length) return pieces;
      pieces.push({ message: rest.subarray(0, found.length), meaning: found.meaning });
      rest = rest.subarray(found.length);
    }
  };
}

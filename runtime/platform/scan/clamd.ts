/**
 * The scan port by ClamAV's daemon over TCP: one connection a file, command INSTREAM (clamd(8)): chunks, each after its length in four
 * bytes, an empty one at the end, one line as answer.
 */
import { connect, type Socket } from 'node:net';
import { parseAddress } from '../address/index.ts';
import { ShopError } from '../errors.ts';
import type { Scan } from '../ports.ts';

const PORT = 3_310;
const CHUNK = 64 * 1024;
const MOST_ANSWER = 4_096;

export interface ClamdOptions {
  /** From the connection to the answer. Default 20,000. */
  readonly timeoutMilliseconds?: number;
}

/**
 * @param address `clamd://host:3310`
 * @throws Error that says what is wrong with the address
 */
export function createClamd(address: string, { timeoutMilliseconds = 20_000 }: ClamdOptions = {}): Scan {
  const [server] = parseAddress(address, PORT).servers;
  if (server === undefined) throw new Error('an address must name a server');
  return {
    async scan(bytes) {
      const answer = await ask(connect(server.port, server.host), bytes, timeoutMilliseconds);
      return { found: verdictIn(answer), by: 'clamd' };
    },
  };
}

/** `stream: OK`, `stream: Win.Test.EICAR_HDB-1 FOUND`, or an error. */
function verdictIn(answer: string): string | undefined {
  if (/^stream: OK$/.test(answer)) return undefined;
  const found = /^stream: (.+) FOUND$/.exec(answer)?.[1];
  if (found !== undefined) return found;
  if (/size limit exceeded/i.test(answer))
    throw new ShopError('too_large', 'The scanner takes no file of this size.', {
      remedy: 'Use a smaller file, or raise StreamMaxLength of clamd.',
    });
  throw new ShopError('unavailable', `The scanner answered “${answer.slice(0, 200)}”.`, {
    remedy: 'Look at its log.',
    retryAfterSeconds: 10,
  });
}

function ask(socket: Socket, bytes: Buffer, milliseconds: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const late = setTimeout(
      () =>
        socket.destroy(
          new ShopError('timeout', 'The scanner did not answer in time.', { retryAfterSeconds: 10 }),
        ),
      milliseconds,
    );
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      answer += text;
      if (answer.includes('\0') || answer.length > MOST_ANSWER) socket.destroy();
    });
    socket.once('error', (error) => {
      if (answer !== '') return;
      reject(error instanceof ShopError ? error : away(error));
    });
    socket.once('close', () => {
      clearTimeout(late);
      if (answer === '') reject(away(undefined));
      else resolve(answer.replace(/\0.*$/s, '').trim());
    });
    socket.write('zINSTREAM\0');
    for (let at = 0; at < bytes.length; at += CHUNK) {
      const chunk = bytes.subarray(at, at + CHUNK);
      socket.write(lengthOf(chunk.length));
      socket.write(chunk);
    }
    socket.write(lengthOf(0));
  });
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}

function away(cause: unknown): ShopError {
  return new ShopError('unavailable', 'The scanner cannot be reached.', {
    cause,
    remedy: 'Try again in a moment; whoever runs the platform checks SCAN_URL.',
    retryAfterSeconds: 10,
  });
}

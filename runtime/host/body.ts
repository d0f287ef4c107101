/** Reads a request's body within its limits: size, content type, nesting. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { ShopError } from '../platform/errors.ts';

export const DEFAULT_LIMIT = 256 * 1024;
const DEEPEST = 64;

/** The bytes as sent. Throws ShopError `too_large` as soon as the limit is passed. */
export function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  checkHeaders(request, limit);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        request.pause();
        reject(tooLarge(limit));
      } else chunks.push(chunk);
    });
    request.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.once('error', reject);
    request.once('aborted', () => reject(new ShopError('invalid_input', 'The body ended too early.')));
  });
}

/** The bytes while they come. Throws at once what the headers give away; ends with ShopError `too_large` or `invalid_input`. */
export function streamBytes(request: IncomingMessage, limit: number): Readable {
  checkHeaders(request, limit);
  return Readable.from(bounded(request, limit), { objectMode: false });
}

async function* bounded(request: IncomingMessage, limit: number): AsyncGenerator<Buffer> {
  let size = 0;
  try {
    // Left as it is when reading ends early: the answer still goes by the same connection.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const bytes = chunk as Buffer; // no encoding is set
      size += bytes.length;
      if (size > limit) throw tooLarge(limit);
      yield bytes;
    }
  } catch (error) {
    if (error instanceof ShopError) throw error;
    throw new ShopError('invalid_input', 'The body ended too early.', { cause: error });
  }
}

function checkHeaders({ headers }: IncomingMessage, limit: number): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ShopError('unsupported_media_type', `Bodies compressed with ${encoding} are not read.`, {
      remedy: 'Send the body as it is.',
    });
  }
  if (Number(headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
}

/** The body as JSON; `undefined` when there is none. */
export function parseJson(bytes: Buffer, contentType: string | undefined): unknown {
  if (bytes.length === 0) return undefined;
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(contentType ?? '')) {
    throw new ShopError(
      'unsupported_media_type',
      `The body is ${contentType ?? 'of no named type'}, not application/json.`,
      {
        remedy: 'Send JSON with Content-Type: application/json.',
      },
    );
  }
  checkDepth(bytes);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new ShopError(
      'invalid_input',
      `The body is not JSON: ${error instanceof Error ? error.message : ''}`,
      {
        cause: error,
        remedy: 'Send well-formed JSON.',
        problems: [{ where: 'body', what: 'is not JSON' }],
      },
    );
  }
}

function checkDepth(bytes: Buffer): void {
  let depth = 0;
  let inText = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (inText) {
      if (byte === 0x5c) index++;
      else if (byte === 0x22) inText = false;
    } else if (byte === 0x22) inText = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > DEEPEST) {
        throw new ShopError('invalid_input', `The JSON is nested deeper than ${DEEPEST} levels.`, {
          remedy: 'Send a flatter document.',
        });
      }
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
}

function tooLarge(limit: number): ShopError {
  return new ShopError('too_large', `The body is larger than ${limit} bytes.`, {
    remedy: 'Send less at once.',
  });
}

/**
 * The outside port. A name is resolved here, every address it has is checked, and the connection is made to these and no others: a name that answers
 * differently the second time leads nowhere else. The resolver is asked directly, so a slow one holds none of the process's few threads.
 */
import { Resolver } from 'node:dns/promises';
import { request as overHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as overHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { ShopError } from '../errors.ts';
import type { Outside, OutsideAnswer, OutsideQuestion } from '../ports.ts';
import { isLoopback, isPublic } from './addresses.ts';

export interface OutsideOptions {
  /** For development and tests: this machine may be asked too, at any port and over http. Nothing else inside may. */
  readonly allowLoopback: boolean;
  /** The addresses of a name. Throws when it is not known. Default: what the system's name servers say. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** For a whole exchange. Default 15 s. */
  readonly limitMilliseconds?: number;
  /** Certificates to trust beside none; tests have an authority of their own. */
  readonly ca?: string;
}

const LIMIT_MS = 15_000;
/** Once it has said how it ended, for the beginning of its words. */
const READING_MS = 2_000;
const BEGINNING_BYTES = 1_024;
const MOST_BYTES = 256 * 1_024;
const MOST_HEADER_BYTES = 16_384;
const LONGEST_ADDRESS = 2_048;
/** The port that network policies open to the outside. */
const HTTPS_PORT = '';

export function createOutside(options: OutsideOptions): Outside {
  const { allowLoopback, resolve = resolveName, limitMilliseconds = LIMIT_MS, ca } = options;

  const mayReach = (address: string): boolean => isPublic(address) || (allowLoopback && isLoopback(address));

  function check(address: string): URL {
    const refuse = (what: string, remedy: string): never => {
      throw new ShopError('invalid_input', `This address ${what}.`, { remedy });
    };
    if (address.length > LONGEST_ADDRESS || !URL.canParse(address))
      return refuse('is none', 'Name a whole one, such as https://example.com/hooks.');
    const url = new URL(address);
    if (url.username !== '' || url.password !== '')
      refuse('holds a login', 'Leave it out: what is sent is signed.');
    if (url.hash !== '') refuse('has a fragment, which no server sees', 'Leave out what follows #.');
    if (allowLoopback && isLoopbackName(hostOf(url))) return url;
    if (url.protocol !== 'https:') refuse('is not https', 'Use https://.');
    if (url.port !== HTTPS_PORT) refuse('has a port of its own', 'Let it answer at 443.');
    if (isIP(hostOf(url)) !== 0 && !mayReach(hostOf(url)))
      refuse('is not on the public internet', 'Use a public address.');
    return url;
  }

  /** All that it leads to, each of which may be asked. */
  async function addressesOf(url: URL): Promise<readonly string[]> {
    const host = hostOf(url);
    const found = isIP(host) === 0 ? await named(host) : [host];
    if (found.every(mayReach)) return found;
    throw new ShopError('forbidden', `${host} leads to an address that is not on the public internet.`, {
      remedy: 'Use a name all of whose addresses are public.',
    });
  }

  async function named(host: string): Promise<readonly string[]> {
    if (allowLoopback && isLoopbackName(host)) return ['127.0.0.1'];
    let found: readonly string[];
    try {
      found = await resolve(host);
    } catch (error) {
      throw unreached(host, error);
    }
    if (found.length > 0) return found;
    throw new ShopError('unavailable', `${host} has no address.`, { remedy: 'Check the name.' });
  }

  async function asked<Answer>(
    address: string,
    question: OutsideQuestion,
    heard: (answer: IncomingMessage) => Promise<Answer>,
  ): Promise<Answer> {
    const url = check(address);
    const timer = new AbortController();
    const late = setTimeout(() => timer.abort(), limitMilliseconds);
    const stop = (): void => timer.abort();
    question.signal?.addEventListener('abort', stop, { once: true });
    if (question.signal?.aborted === true) stop();
    try {
      const addresses = await unlessAborted(addressesOf(url), timer.signal, hostOf(url));
      return await exchange(url, addresses, question, timer.signal, ca, heard);
    } finally {
      clearTimeout(late);
      question.signal?.removeEventListener('abort', stop);
    }
  }

  return {
    check,
    post: (address, message) => asked(address, message, answerOf),
    read: (address, question) =>
      asked(address, question, async (answer) => ({
        status: answer.statusCode ?? 0,
        text: await wholeOf(answer, address),
      })),
  };
}

function exchange<Answer>(
  url: URL,
  addresses: readonly string[],
  { headers, body }: OutsideQuestion,
  signal: AbortSignal,
  ca: string | undefined,
  heard: (answer: IncomingMessage) => Promise<Answer>,
): Promise<Answer> {
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const ask = url.protocol === 'https:' ? overHttps : overHttp;
  return new Promise((resolve, reject) => {
    const outgoing: ClientRequest = ask(
      url,
      {
        method: bytes === undefined ? 'GET' : 'POST',
        // A connection of its own, to an address that was checked for it; and no proxy, whatever the environment says.
        agent: false,
        lookup: pinnedTo(addresses),
        maxHeaderSize: MOST_HEADER_BYTES,
        headers: { ...headers, ...(bytes === undefined ? {} : { 'content-length': bytes.length }) },
        ...(ca === undefined ? {} : { ca }),
      },
      (answer) =>
        void heard(answer)
          .then(resolve, reject)
          .finally(() => outgoing.destroy()),
    );
    const end = (): void => {
      outgoing.destroy();
      reject(tooSlow(url.hostname));
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    outgoing.once('close', () => signal.removeEventListener('abort', end));
    // More than one may come; the first is told.
    outgoing.on('error', (error) => reject(unreached(url.hostname, error)));
    outgoing.end(bytes);
  });
}

async function answerOf(answer: IncomingMessage): Promise<OutsideAnswer> {
  return {
    status: answer.statusCode ?? 0,
    retryAfterSeconds: secondsOf(answer.headers['retry-after']),
    beginning: await beginningOf(answer),
  };
}

/** @throws ShopError `unavailable` when there is more of it than anybody should have to say, or it breaks off */
async function wholeOf(answer: IncomingMessage, address: string): Promise<string> {
  const { hostname } = new URL(address);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MOST_BYTES) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw unreached(hostname, cause);
  }
  if (size <= MOST_BYTES) return Buffer.concat(chunks).toString('utf8');
  throw new ShopError('unavailable', `${hostname} says more than ${MOST_BYTES} bytes.`, {
    remedy: 'Answer with what was asked for.',
  });
}

/** What was checked is what is connected to. */
function pinnedTo(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, { all: wantsAll }, done) => {
    const [first] = all;
    if (wantsAll === true) done(null, all);
    else done(null, first?.address ?? '', first?.family ?? 0);
  };
}

/** Never fails: that it answered is known by then. */
function beginningOf(answer: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = (): void => {
      clearTimeout(timer);
      resolve(asLine(Buffer.concat(chunks)));
    };
    const timer = setTimeout(done, READING_MS);
    answer.on('data', (chunk: Buffer) => {
      chunks.push(chunk.subarray(0, BEGINNING_BYTES - size));
      size += chunk.length;
      if (size >= BEGINNING_BYTES) done();
    });
    answer.once('end', done).once('error', done).once('close', done);
  });
}

/** Whatever it was, it becomes something that can be stored and looked at. */
function asLine(bytes: Buffer): string {
  return bytes
    .subarray(0, BEGINNING_BYTES)
    .toString('utf8')
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();
}

/** Of `Retry-After` (RFC 9110, 10.2.3), which is seconds or a date. */
function secondsOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - Date.now()) / 1_000));
}

async function resolveName(host: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  const found = [four, six].flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  if (found.length === 0 && four.status === 'rejected') throw four.reason;
  return found;
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, host: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(tooSlow(host));
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}

/** Names of this machine are asked of no name server (RFC 6761). */
function isLoopbackName(host: string): boolean {
  return isLoopback(host) || host === 'localhost' || host.endsWith('.localhost');
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

function unreached(host: string, cause: unknown): ShopError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  return new ShopError('unavailable', `${host} cannot be reached (${code}).`, {
    cause,
    remedy: 'See that its name, its server and its certificate are in order.',
  });
}

function tooSlow(host: string): ShopError {
  return new ShopError('timeout', `${host} gave no answer in time.`, {
    remedy: 'Answer first, work afterwards.',
  });
}

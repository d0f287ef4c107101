/**
 * Teaches `dns.lookup` the cluster's names. Loaded into every Node container before its own code (`--import`), where
 * `SHOPMIND_DNS` names the server; the cluster's own process gives its table instead. Every other name goes the usual way.
 * Kept small: it is on the path of every start.
 */
import { createRequire, flushCompileCache, syncBuiltinESMExports } from 'node:module';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { promisify } from 'node:util';

/** Resolves a cluster name; undefined when there is no such name. Throws when nobody answers. */
export type Resolve = (name: string) => Promise<readonly string[] | undefined>;

type Callback = (
  error: NodeJS.ErrnoException | null,
  address?: string | LookupAddress[],
  family?: number,
) => void;

const CLUSTER_NAME = /\.svc(\.cluster\.local)?\.?$/i;
const INSTALLED = Symbol.for('shopmind.lookup');
const FLUSH_MS = 4_000;
const RETRIES_MS = [100, 200, 400, 800, 1600];

/** Installs once; a second call replaces how names are resolved. */
export function installLookup(resolve: Resolve): void {
  // The module itself, not a copy of its names: `net` reads `lookup` from it at each connection.
  const dns: Record<string | symbol, unknown> = createRequire(import.meta.url)('node:dns');
  const first = dns[INSTALLED] === undefined;
  dns[INSTALLED] = resolve;
  if (!first) return;
  const usual = dns['lookup'] as (name: string, options: unknown, callback: unknown) => unknown; // Node's own, whose overloads are passed through
  const promises = dns['promises'] as Record<string, unknown>; // the namespace object of `dns.promises`
  const usualPromise = promises['lookup'] as (name: string, options?: unknown) => Promise<unknown>; // as `usual`
  const present: Resolve = (name) => (dns[INSTALLED] as Resolve)(name); // set above

  function lookup(name: string, options: unknown, callback?: Callback): unknown {
    const done = (callback ?? options) as Callback; // the two forms of Node's own signature
    if (typeof name !== 'string' || !CLUSTER_NAME.test(name)) return usual(name, options, callback);
    void answer(find(present, name, optionsOf(callback ? options : undefined)), done);
    return {};
  }
  const lookupPromise = (name: string, options?: unknown): Promise<unknown> =>
    typeof name === 'string' && CLUSTER_NAME.test(name)
      ? find(present, name, optionsOf(options))
      : usualPromise(name, options);
  // `util.promisify(dns.lookup)` resolves with an object, as it does for Node's own.
  Object.defineProperty(lookup, promisify.custom, { value: lookupPromise });
  dns['lookup'] = lookup;
  promises['lookup'] = lookupPromise;
  syncBuiltinESMExports();
}

/** Calls back outside of the promise: what the callback throws is the program's, not ours. */
async function answer(found: Promise<LookupAddress | LookupAddress[]>, done: Callback): Promise<void> {
  try {
    const result = await found;
    if (Array.isArray(result)) process.nextTick(done, null, result);
    else process.nextTick(done, null, result.address, result.family);
  } catch (error) {
    process.nextTick(done, error);
  }
}

const optionsOf = (options: unknown): LookupOptions =>
  typeof options === 'number'
    ? { family: options }
    : typeof options === 'object' && options !== null
      ? options
      : {};

async function find(
  resolve: Resolve,
  name: string,
  { all, family }: LookupOptions,
): Promise<LookupAddress | LookupAddress[]> {
  const addresses = family === 6 || family === 'IPv6' ? [] : await resolve(name);
  const found = (addresses ?? []).map((address) => ({ address, family: 4 }));
  const [one] = found;
  if (!one) throw failure('ENOTFOUND', name);
  return all ? found : one;
}

function failure(code: string, hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), {
    code,
    syscall: 'getaddrinfo',
    hostname,
  });
}

/** Asks a server over UDP, again when no answer comes. */
export function askServer(server: string): Resolve {
  const colon = server.lastIndexOf(':');
  const host = server.slice(0, colon);
  const port = Number(server.slice(colon + 1));
  return async (name) => {
    const { createSocket } = await import('node:dgram');
    return new Promise((resolve, reject) => {
      const socket = createSocket('udp4');
      const id = Math.floor(Math.random() * 0xffff);
      const question = query(id, name);
      let attempt = 0;
      let timer: NodeJS.Timeout | undefined;
      const end = (): void => {
        clearTimeout(timer);
        socket.close();
      };
      const ask = (): void => {
        const wait = RETRIES_MS[attempt];
        attempt += 1;
        if (wait === undefined) {
          end();
          reject(failure('EAI_AGAIN', name));
          return;
        }
        socket.send(question, port, host);
        timer = setTimeout(ask, wait);
      };
      // A refusal is a server that is about to come back: the timer asks again.
      socket.on('error', () => undefined);
      socket.on('message', (message) => {
        if (message.length < 12 || message.readUInt16BE(0) !== id) return;
        end();
        resolve(answers(message));
      });
      ask();
    });
  };
}

function query(id: number, name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(0x0100, 2);
  header.writeUInt16BE(1, 4);
  const words = labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([header, ...words, Buffer.from([0, 0, 1, 0, 1])]);
}

/** The A records of an answer; undefined when the name does not exist. */
function answers(message: Buffer): string[] | undefined {
  if ((message.readUInt8(3) & 0x0f) === 3) return undefined;
  const found: string[] = [];
  let at = skipName(message, 12) + 4;
  for (let left = message.readUInt16BE(6); left > 0 && at < message.length; left -= 1) {
    at = skipName(message, at);
    const type = message.readUInt16BE(at);
    const length = message.readUInt16BE(at + 8);
    at += 10;
    if (type === 1) found.push(message.subarray(at, at + 4).join('.'));
    at += length;
  }
  return found;
}

function skipName(message: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const length = message.readUInt8(at);
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += length + 1;
  }
}

const server = process.env['SHOPMIND_DNS'];
if (server) {
  installLookup(askServer(server));
  // What was compiled so far is there for the next start, also when this process is killed.
  setTimeout(flushCompileCache, FLUSH_MS).unref();
}

/**
 * Which headers cross the gateway. From outside nobody may speak for us: `x-shopmind-*`, `x-forwarded-*` and the like are
 * dropped and said anew. Hop-by-hop headers end here, in both directions.
 */
import type { IncomingMessage } from 'node:http';
import { isIP, type BlockList } from 'node:net';
import type { HeaderChange } from './httproute.ts';

/** Names and values in turn, as Node's `writeHead` and undici take them. */
export type FlatHeaders = string[];

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Said by us only: a client that could set them would choose its own tenant, address or trace. */
const OURS = new Set([
  'forwarded',
  'x-real-ip',
  'x-request-id',
  'x-original-url',
  'x-rewrite-url',
  'x-original-host',
  'x-middleware-subrequest',
]);

const isForeign = (name: string): boolean =>
  name.startsWith('x-shopmind-') || name.startsWith('x-forwarded-') || OURS.has(name);

export interface Forwarded {
  readonly host: string;
  readonly proto: string;
  readonly clientAddress: string;
  readonly requestId: string;
  readonly traceparent: string;
}

/**
 * Headers for the Pod.
 * @param raw `request.rawHeaders`
 * @param connection the value of the request's Connection header, whose names end here too
 */
export function requestHeaders(
  raw: readonly string[],
  connection: string | undefined,
  forwarded: Forwarded,
): FlatHeaders {
  const named = connectionNames(connection);
  const result: FlatHeaders = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const lower = name.toLowerCase();
    // A body is either sent whole, with its length, or in chunks; undici says which. An `expect` was answered here.
    if (lower === 'host' || lower === 'content-length' || lower === 'expect' || lower === 'traceparent')
      continue;
    if (HOP_BY_HOP.has(lower) || isForeign(lower) || named?.has(lower) === true) continue;
    result.push(name, raw[index + 1] ?? '');
  }
  result.push(
    'host',
    forwarded.host,
    'x-forwarded-host',
    forwarded.host,
    'x-forwarded-proto',
    forwarded.proto,
    'x-forwarded-for',
    forwarded.clientAddress,
    'x-request-id',
    forwarded.requestId,
    'traceparent',
    forwarded.traceparent,
  );
  return result;
}

/** Headers for the client. `date` comes from the Pod where it sent one. */
export function responseHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  requestId: string,
): FlatHeaders {
  const named = connectionNames(headers['connection']);
  const result: FlatHeaders = ['x-request-id', requestId];
  for (const name in headers) {
    if (HOP_BY_HOP.has(name) || name === 'x-request-id' || named?.has(name) === true) continue;
    const value = headers[name];
    if (typeof value === 'string') result.push(name, value);
    else if (value !== undefined) for (const each of value) result.push(name, each);
  }
  return result;
}

/** Applies a route's header filters, in order: set replaces, add appends, remove removes. */
export function changeHeaders(headers: FlatHeaders, changes: readonly HeaderChange[]): FlatHeaders {
  let result = headers;
  for (const { set = [], add = [], remove = [] } of changes) {
    const gone = new Set([...set.map(({ name }) => name), ...remove].map((name) => name.toLowerCase()));
    const kept: FlatHeaders = [];
    for (let index = 0; index + 1 < result.length; index += 2) {
      const name = result[index] ?? '';
      if (!gone.has(name.toLowerCase())) kept.push(name, result[index + 1] ?? '');
    }
    for (const { name, value } of [...set, ...add]) kept.push(name, value);
    result = kept;
  }
  return result;
}

/** Host names in Connection are hop-by-hop too; `keep-alive` and `close` alone, the usual case, name nothing. */
function connectionNames(connection: string | string[] | undefined): Set<string> | undefined {
  if (connection === undefined) return undefined;
  const text = String(connection).toLowerCase();
  if (text === 'keep-alive' || text === 'close' || text === 'upgrade') return undefined;
  return new Set(text.split(',').map((name) => name.trim()));
}

/** Whether an address is that of a balancer whose word is good. */
export function trustIn(proxies: BlockList): (address: string) => boolean {
  if (proxies.rules.length === 0) return () => false;
  return (address) => isIP(address) !== 0 && proxies.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}

/** Who asks and by which scheme: as the socket says, or as a balancer says whose word is good. */
export function clientOf(
  request: Pick<IncomingMessage, 'headers'> & {
    readonly socket: { readonly remoteAddress?: string | undefined };
  },
  isTrusted: (address: string) => boolean,
  proto: string,
): { readonly address: string; readonly proto: string } {
  const peer = request.socket.remoteAddress ?? '';
  if (!isTrusted(peer)) return { address: peer, proto };
  const claimed = request.headers['x-forwarded-proto'];
  // From right to left each hop was written by the one after it: the first that is not ours is the client.
  const hops = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((hop) => hop.trim());
  const client = hops.findLast((hop) => isIP(hop) !== 0 && !isTrusted(hop));
  return { address: client ?? peer, proto: claimed === 'https' || claimed === 'http' ? claimed : proto };
}

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The client's trace if it is well-formed, or one of our own that shares its digits with the request id. */
export function traceparentOf(given: string | string[] | undefined, requestId: string): string {
  if (typeof given === 'string' && TRACEPARENT.test(given)) return given;
  const digits = traceIdOf(requestId);
  return `00-${digits}-${digits.slice(16)}-01`;
}

/** The same digits, so that whoever is told a request's id can look for its trace. */
export function traceIdOf(requestId: string): string {
  return requestId.slice(requestId.indexOf('_') + 1);
}

/** As it came, for whoever judges it. */
export function traceparentIn(headers: IncomingMessage['headers']): string | undefined {
  const given = headers['traceparent'];
  return typeof given === 'string' ? given : undefined;
}

/** The host asked for: lower case, without port and final dot. `undefined` when there is none or it is malformed. */
export function hostOf(header: string | undefined): string | undefined {
  if (header === undefined || header.length > 260) return undefined;
  const host = PLAIN_HOST.exec(header)?.[1]?.toLowerCase();
  return host?.endsWith('.') === true ? host.slice(0, -1) : host;
}

const PLAIN_HOST = /^([a-zA-Z0-9_.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?$/;

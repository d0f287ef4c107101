/**
 * The gateway's configuration, read from the environment once. Every number has a default that suits production.
 */
import { BlockList, isIP } from 'node:net';
import { DEFAULT_RATIO } from '../platform/tracing/index.ts';

export interface GatewayConfig {
  readonly host: string;
  readonly port: number;
  readonly adminPort: number;
  readonly logLevel: string;
  /** The Gateway object whose routes are served. */
  readonly gateway: { readonly namespace: string; readonly name: string };
  /** Scheme browsers use, as told to the shops; `https` behind a balancer that ends TLS. */
  readonly forwardedProto: 'http' | 'https';
  /** Balancers in front whose `x-forwarded-for` and `x-forwarded-proto` are believed; mostly none. */
  readonly trustedProxies: BlockList;
  readonly limits: Limits;
  /** Redis in which all gateways count together; absent: each counts by itself. */
  readonly limitsUrl: string | undefined;
  /** Where spans are sent, and how many traces are recorded; absent: tracing is off. */
  readonly traces: { readonly url: string; readonly ratio: number } | undefined;
  /** Wait between "not ready" and closing, until balancers in front have noticed. */
  readonly drainDelayMs: number;
  /** Longest wait for requests under way when stopping. */
  readonly drainMs: number;
}

export interface Limits {
  readonly maxConnections: number;
  readonly maxHeaderBytes: number;
  readonly maxBodyBytes: number;
  /** Longest time for a client to send its headers, and its whole request. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** How long an idle client connection is kept. */
  readonly keepAliveMs: number;
  /** Longest wait for a connection to a Pod, for the beginning of its answer, and between two parts of it. */
  readonly connectMs: number;
  readonly answerMs: number;
  readonly idleMs: number;
  /** Longest wait for a client to take a part of its answer: meanwhile it holds a connection to a Pod. */
  readonly unreadMs: number;
  /** How long a request waits for a Pod while none is ready: a restart becomes a pause instead of an error. */
  readonly endpointMs: number;
  /** Requests that may wait so at the same time. */
  readonly maxWaiting: number;
  /** Requests under way at one Pod, beyond which it counts as overloaded. */
  readonly maxPerEndpoint: number;
  /** Connections to one Pod: as many requests are on their way at once, the others wait for one of them. */
  readonly podConnections: number;
  /** For how long a client may be waited for, while it sends or reads, before it counts as slow. */
  readonly slowMs: number;
  /** For tenants whose route names no limit. */
  readonly requestsPerMinute: number;
}

export const DEFAULT_LIMITS: Limits = {
  maxConnections: 10_000,
  maxHeaderBytes: 16_384,
  maxBodyBytes: 256 * 1024 * 1024,
  headersMs: 10_000,
  requestMs: 120_000,
  keepAliveMs: 65_000,
  connectMs: 2000,
  answerMs: 60_000,
  idleMs: 300_000,
  unreadMs: 30_000,
  endpointMs: 5000,
  maxWaiting: 500,
  maxPerEndpoint: 1024,
  podConnections: 256,
  slowMs: 2000,
  requestsPerMinute: 100_000,
};

/** @throws RangeError naming the variable and what it should be. */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): GatewayConfig {
  const port = (name: string, fallback: number): number => integer(env, name, fallback, 0, 65_535);
  const scheme = env['FORWARDED_PROTO'] ?? 'http';
  if (scheme !== 'http' && scheme !== 'https') {
    throw new RangeError(`FORWARDED_PROTO must be http or https, not "${scheme}"`);
  }
  return {
    host: env['POD_IP'] ?? '127.0.0.1',
    port: port('PORT', 8080),
    adminPort: port('ADMIN_PORT', 9090),
    logLevel: env['LOG_LEVEL'] ?? 'info',
    gateway: {
      namespace: env['GATEWAY_NAMESPACE'] ?? 'shopmind-system',
      name: env['GATEWAY_NAME'] ?? 'shopmind',
    },
    forwardedProto: scheme,
    trustedProxies: parseNetworks(env['TRUSTED_PROXIES'] ?? ''),
    limitsUrl: env['LIMITS_URL'],
    traces: tracesIn(env),
    drainDelayMs: integer(env, 'DRAIN_DELAY_MS', 0, 0, 60_000),
    drainMs: integer(env, 'DRAIN_MS', 20_000, 0, 600_000),
    limits: {
      ...DEFAULT_LIMITS,
      maxConnections: integer(env, 'MAX_CONNECTIONS', DEFAULT_LIMITS.maxConnections, 1, 1_000_000),
      maxBodyBytes: integer(env, 'MAX_BODY_BYTES', DEFAULT_LIMITS.maxBodyBytes, 1024, 2 ** 40),
      requestsPerMinute: integer(env, 'REQUESTS_PER_MINUTE', DEFAULT_LIMITS.requestsPerMinute, 1, 2 ** 31),
    },
  };
}

/** `10.0.0.0/8,fd00::/8,192.0.2.1` @throws RangeError naming the entry that is none. */
export function parseNetworks(list: string): BlockList {
  const networks = new BlockList();
  for (const entry of list.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const [address = '', bits] = entry.split('/');
    const version = isIP(address);
    const longest = version === 6 ? 128 : 32;
    const length = bits === undefined ? longest : Number(bits);
    if (version === 0 || !Number.isInteger(length) || length < 0 || length > longest) {
      throw new RangeError(`TRUSTED_PROXIES: "${entry}" is no address and no network such as 10.0.0.0/8`);
    }
    networks.addSubnet(address, length, version === 6 ? 'ipv6' : 'ipv4');
  }
  return networks;
}

function tracesIn(env: Readonly<Record<string, string | undefined>>): GatewayConfig['traces'] {
  const { TRACES_URL: url = '', TRACES_RATIO: share = '' } = env;
  if (url === '') return undefined;
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new RangeError(`TRACES_URL must be a http:// or https:// URL, not "${url}"`);
  const ratio = share === '' ? DEFAULT_RATIO : Number(share);
  if (!(ratio >= 0 && ratio <= 1)) throw new RangeError(`TRACES_RATIO must be from 0 to 1, not "${share}"`);
  return { url, ratio };
}

function integer(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  fallback: number,
  min: number,
  max: number,
): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} must be a whole number from ${min} to ${max}, not "${text}"`);
  }
  return value;
}

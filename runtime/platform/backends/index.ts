/**
 * Which real systems stand behind the runtime's ports: `EVENTS_URL: kafka://one:9092,two:9092` in ConfigMap `platform`, the login
 * that provisions it as `EVENTS_ADMIN_URL` in the Secret. `EVENTS_URL.acme` is for one dedicated tenant; `embedded` takes it back.
 */
import { formatAddress, parseAddress } from '../address/index.ts';
import type { Address } from '../address/index.ts';

/** Ports that a system of its own may stand behind; the database stands behind the others, and behind these by default. */
export const PORTS = {
  events: { key: 'EVENTS', schemes: { kafka: 9092 } },
  tasks: { key: 'TASKS', schemes: { amqp: 5672, amqps: 5671 } },
  cache: { key: 'CACHE', schemes: { redis: 6379, rediss: 6379 } },
  search: { key: 'SEARCH', schemes: { 'elasticsearch+http': 9200, 'elasticsearch+https': 9200 } },
  blobs: { key: 'BLOBS', schemes: { s3: 443 } },
  documents: { key: 'DOCUMENTS', schemes: { mongodb: 27_017 } },
  analytics: { key: 'ANALYTICS', schemes: { 'clickhouse+http': 8123, 'clickhouse+https': 8443 } },
  identity: { key: 'IDENTITY', schemes: { 'keycloak+http': 8080, 'keycloak+https': 443 } },
  secrets: { key: 'SECRETS', schemes: { 'vault+http': 8200, 'vault+https': 8200 } },
} as const satisfies Readonly<Record<string, { key: string; schemes: Readonly<Record<string, number>> }>>;

export type Port = keyof typeof PORTS;

export interface Backend {
  /** Where it is, without a login. */
  readonly address: string;
  /** The same, entered as who may provision it; the operator's only. */
  readonly adminAddress: string;
}

export type BackendsOfScope = Readonly<Partial<Record<Port, Backend>>>;

export interface Backends {
  readonly shared: BackendsOfScope;
  /** By tenant: what differs. */
  readonly own: Readonly<Record<string, Readonly<Partial<Record<Port, Backend | 'embedded'>>>>>;
}

/** Backends of a scope: the pool, or one dedicated tenant. */
export function backendsOf({ shared, own }: Backends, scope: string): BackendsOfScope {
  const chosen = Object.entries({ ...shared, ...own[scope] }).filter(([, backend]) => backend !== 'embedded');
  // `embedded` was filtered out just above.
  return Object.fromEntries(chosen) as BackendsOfScope;
}

/** Variable of the runtime, and key of its Secret, with the address of a port. */
export function variableOf(port: Port): string {
  return `${PORTS[port].key}_URL`;
}

/**
 * @param config data of ConfigMap platform
 * @param secret data of Secret platform, decoded
 * @param refuse throws with what is wrong, in words that name the key
 */
export function parseBackends(
  config: Readonly<Record<string, string>>,
  secret: Readonly<Record<string, string>>,
  refuse: (message: string) => never,
): Backends {
  const shared: Partial<Record<Port, Backend>> = {};
  const own: Record<string, Partial<Record<Port, Backend | 'embedded'>>> = {};
  for (const port of portNames()) {
    const variable = variableOf(port);
    for (const [key, value] of Object.entries({ ...secret, ...config })) {
      if (key !== variable && !key.startsWith(`${variable}.`)) continue;
      const scope = key.slice(variable.length + 1);
      // A folder is no system: it is the platform's own.
      if (port === 'blobs' && scope === '' && value.startsWith('file:')) continue;
      if (value === 'embedded') {
        if (scope !== '') (own[scope] ??= {})[port] = 'embedded';
        continue;
      }
      const adminKey = `${PORTS[port].key}_ADMIN_URL${scope === '' ? '' : `.${scope}`}`;
      const backend = backendFrom(port, { key, value }, { key: adminKey, value: secret[adminKey] }, refuse);
      if (scope === '') shared[port] = backend;
      else (own[scope] ??= {})[port] = backend;
    }
  }
  return { shared, own };
}

interface Entry<Value> {
  readonly key: string;
  readonly value: Value;
}

function backendFrom(
  port: Port,
  named: Entry<string>,
  admin: Entry<string | undefined>,
  refuse: (message: string) => never,
): Backend {
  const { user: _user, password: _password, ...place } = read(port, named.key, named.value, refuse);
  const entered = admin.value === undefined ? named : { key: admin.key, value: admin.value };
  return {
    address: formatAddress({ ...place, user: undefined, password: undefined }),
    adminAddress: formatAddress(read(port, entered.key, entered.value, refuse)),
  };
}

function read(port: Port, key: string, value: string, refuse: (message: string) => never): Address {
  const schemes: Readonly<Record<string, number>> = PORTS[port].schemes;
  const scheme = /^[^:]*/.exec(value)?.[0] ?? '';
  const defaultPort = schemes[scheme];
  if (defaultPort === undefined)
    return refuse(
      `${key} must begin with ${Object.keys(schemes)
        .map((one) => `${one}://`)
        .join(' or ')}, or be the word embedded`,
    );
  try {
    return parseAddress(value, defaultPort);
  } catch (error) {
    return refuse(`${key}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function portNames(): readonly Port[] {
  // The keys of a literal are its names.
  return Object.keys(PORTS) as Port[];
}

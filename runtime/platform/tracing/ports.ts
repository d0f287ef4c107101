/** Ports, shown in traces: a span for each call of theirs that leaves the process, or may. Where tracing is off they are as they were. */
import type { Platform } from '../domain.ts';
import type { Attributes } from './span.ts';
import type { SpanOptions, Tracer } from './tracer.ts';

type Ports = Pick<
  Platform,
  | 'blobs'
  | 'cache'
  | 'pubsub'
  | 'documents'
  | 'analytics'
  | 'search'
  | 'payments'
  | 'scan'
  | 'language'
  | 'embeddings'
  | 'mail'
  | 'sms'
  | 'push'
>;

/** Of each port the methods that are shown, and what is told of their arguments: names, never content. */
const SHOWN: { readonly [Name in keyof Ports]-?: Shown<NonNullable<Ports[Name]>> } = {
  blobs: { put: bucketIn, get: bucketIn, delete: bucketIn },
  cache: { get: tenantIn, set: tenantIn, delete: tenantIn },
  pubsub: { publish: tenantIn },
  documents: { get: collectionIn, put: collectionIn, find: collectionIn, delete: collectionIn },
  analytics: {
    append: tenantIn,
    series: tenantIn,
    top: tenantIn,
    funnel: tenantIn,
    sessions: tenantIn,
    cohorts: tenantIn,
    read: tenantIn,
  },
  search: { search: indexIn, write: indexIn, remove: indexIn, rebuild: indexIn },
  payments: {
    createIntent: tenantIn,
    retrieve: tenantIn,
    list: tenantIn,
    confirm: tenantIn,
    capture: tenantIn,
    cancel: tenantIn,
    refund: tenantIn,
  },
  scan: { scan: () => ({}) },
  language: { complete: tenantIn },
  embeddings: { embed: tenantIn },
  mail: { send: tenantIn },
  sms: { send: tenantIn },
  push: { send: tenantIn },
};

type Shown<Port> = { readonly [Method in keyof Port]?: (args: readonly unknown[]) => Attributes };

export function tracePorts<Some extends Partial<Ports>>(ports: Some, tracer: Tracer): Some {
  if (!tracer.isOn) return ports;
  const shown: Record<string, unknown> = { ...ports };
  for (const [name, port] of Object.entries<object | undefined>(ports)) {
    const methods = KNOWN.get(name);
    if (port !== undefined && methods !== undefined)
      shown[name] = tracePort(name, port as Methods, methods, tracer); // a port is an object of functions
  }
  return shown as Some; // the same ports, with the same methods
}

type Methods = Record<string, (...args: unknown[]) => Promise<unknown>>;
type ShownMethods = Readonly<Record<string, (args: readonly unknown[]) => Attributes>>;

const KNOWN = new Map<string, ShownMethods>(Object.entries(SHOWN));

/** The port itself with some of its methods replaced: what is not shown is untouched. */
function tracePort(name: string, port: Methods, shown: ShownMethods, tracer: Tracer): Methods {
  const traced: Methods = Object.create(port) as Methods; // what is not replaced is found there
  for (const [method, tell] of Object.entries(shown)) {
    const call = port[method];
    if (call === undefined) continue;
    const title = `${name} ${method}`;
    traced[method] = (...args) => tracer.run(title, client(name, tell(args)), () => call.apply(port, args));
  }
  return traced;
}

function client(port: string, attributes: Attributes): SpanOptions {
  attributes['shopmind.port'] = port;
  return { kind: port === 'pubsub' ? 'producer' : 'client', attributes };
}

function tenantIn([tenant]: readonly unknown[]): Attributes {
  return { 'shopmind.tenant': String(tenant) };
}

function bucketIn([tenant, bucket]: readonly unknown[]): Attributes {
  return { 'shopmind.tenant': String(tenant), 'shopmind.bucket': String(bucket) };
}

function collectionIn([tenant, collection]: readonly unknown[]): Attributes {
  return { 'shopmind.tenant': String(tenant), 'shopmind.collection': String(collection) };
}

function indexIn([tenant, index]: readonly unknown[]): Attributes {
  const name = typeof index === 'object' && index !== null && 'name' in index ? String(index.name) : '';
  return { 'shopmind.tenant': String(tenant), 'shopmind.index': name };
}

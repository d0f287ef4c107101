/**
 * A small API server for tests that misbehaves on request: it resets, hangs, lies about versions, replays and drops.
 * It keeps any resource as JSON and knows neither schemas nor defaults.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { sameJson } from '../canonical.ts';
import { createClient, type Client, type ClientOptions } from '../client.ts';
import type { Connection } from '../kubeconfig.ts';
import { labelMatcher } from '../selectors.ts';
import type { KubeObject } from '../types.ts';

/** What happens to a request instead of its answer. */
export type Fault =
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    };

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

/** One open watch, for tests to disturb. */
export interface FakeWatch {
  readonly resource: string;
  readonly query: URLSearchParams;
  /** Writes an event as it is, whatever the store says. */
  send(event: object): void;
  /** Writes raw text, for example half a line. */
  write(text: string): void;
  /** Destroys the connection. */
  cut(): void;
  /** Ends the stream in good order. */
  end(): void;
  /** From now on nothing reaches the client, and nobody tells it: a half-open connection. */
  mute(): void;
}

export interface FakeServer {
  readonly connection: Connection;
  readonly requests: FakeRequest[];
  readonly watches: ReadonlySet<FakeWatch>;
  /** Everything that was written, as "PATCH deployments default/web". */
  writes(): string[];
  client(options?: Partial<ClientOptions>): Client;
  /** Asked before every request; the first that answers decides. Returns a function that removes it. */
  intercept(decide: (request: FakeRequest) => Fault | undefined): () => void;
  /** Changes the store as somebody else would. Returns the stored object. */
  put(resource: string, object: object, options?: { silent?: boolean }): KubeObject;
  remove(resource: string, key: string, options?: { silent?: boolean }): void;
  get(resource: string, key: string): KubeObject | undefined;
  readonly version: number;
  /** Forgets history: watches from before get 410. */
  compact(): void;
  /** Lists show this old state until called with `undefined`. */
  serveStale(snapshot: Snapshot | undefined): void;
  snapshot(): Snapshot;
  /** Sends a bookmark with the present version to every watch. */
  bookmark(): void;
  close(): Promise<void>;
}

export interface Snapshot {
  readonly version: number;
  readonly objects: ReadonlyMap<string, ReadonlyMap<string, KubeObject>>;
}

interface Stored extends KubeObject {
  status?: unknown;
}

interface HistoryEntry {
  readonly resource: string;
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

export async function startFakeServer(): Promise<FakeServer> {
  const store = new Map<string, Map<string, Stored>>();
  const history: HistoryEntry[] = [];
  const requests: FakeRequest[] = [];
  const watches = new Set<InternalWatch>();
  const interceptors: ((request: FakeRequest) => Fault | undefined)[] = [];
  const sockets = new Set<Socket>();
  const clients: Client[] = [];
  let version = 100;
  let compactedAt = 0;
  let stale: Snapshot | undefined;
  let uids = 0;

  const objectsOf = (resource: string): Map<string, Stored> => {
    const objects = store.get(resource) ?? new Map<string, Stored>();
    store.set(resource, objects);
    return objects;
  };

  const record = (entry: HistoryEntry, silent: boolean): void => {
    history.push(entry);
    if (silent) return;
    for (const watch of watches) watch.offer(entry);
  };

  const save = (resource: string, object: Stored, silent = false): Stored => {
    const objects = objectsOf(resource);
    const key = keyIn(object);
    const before = objects.get(key);
    version += 1;
    const stored: Stored = {
      ...object,
      metadata: {
        ...object.metadata,
        uid: before?.metadata.uid ?? `uid-${(uids += 1)}`,
        resourceVersion: String(version),
        generation: (before?.metadata.generation ?? 0) + (sameJson(specOf(before), specOf(object)) ? 0 : 1),
        managedFields: [{ manager: 'fake', fieldsV1: { 'f:spec': {} } }],
      },
    };
    if (stored.metadata.deletionTimestamp !== undefined && (stored.metadata.finalizers ?? []).length === 0) {
      return drop(resource, key, silent) ?? stored;
    }
    objects.set(key, stored);
    record({ resource, version, type: before === undefined ? 'ADDED' : 'MODIFIED', object: stored }, silent);
    return stored;
  };

  const drop = (resource: string, key: string, silent = false): Stored | undefined => {
    const before = objectsOf(resource).get(key);
    if (before === undefined) return undefined;
    objectsOf(resource).delete(key);
    version += 1;
    const object = { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } };
    record({ resource, version, type: 'DELETED', object }, silent);
    return object;
  };

  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const url = new URL(request.url ?? '/', 'http://fake');
      const asked: FakeRequest = {
        method: request.method ?? 'GET',
        path: url.pathname,
        query: url.searchParams,
        body,
        headers: request.headers,
      };
      requests.push(asked);
      const fault = firstFault(asked);
      if (fault === undefined) return serve(asked, response);
      if (fault.kind === 'hang') return undefined;
      if (fault.kind === 'reset') return void request.socket.destroy();
      response.writeHead(fault.status, fault.headers);
      return response.end(fault.body ?? '');
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });

  const firstFault = (request: FakeRequest): Fault | undefined => {
    for (const decide of interceptors) {
      const fault = decide(request);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };

  function serve(request: FakeRequest, response: ServerResponse): void {
    const path = parsePath(request.path);
    if (path === undefined) return status(response, 404, 'NotFound', 'unknown path');
    if (request.method === 'GET' && path.name === undefined) {
      return request.query.get('watch') === 'true'
        ? watch(request, path, response)
        : list(request, path, response);
    }
    if (request.method === 'POST') return create(request, path, response);
    const key = path.namespace === undefined ? (path.name ?? '') : `${path.namespace}/${path.name}`;
    const live = objectsOf(path.resource).get(key);
    if (request.method === 'PATCH') return patch(request, path, live, response);
    if (live === undefined) return status(response, 404, 'NotFound', `${path.resource} "${key}" not found`);
    if (request.method === 'GET') return json(response, 200, live);
    if (request.method === 'PUT') return replace(request, path, live, response);
    return remove(request, path, key, live, response);
  }

  function create(request: FakeRequest, path: Path, response: ServerResponse): void {
    const object = JSON.parse(request.body) as Stored;
    if (path.namespace !== undefined) object.metadata.namespace ??= path.namespace;
    if (objectsOf(path.resource).has(keyIn(object))) {
      return status(response, 409, 'AlreadyExists', `${keyIn(object)} already exists`);
    }
    json(response, 201, save(path.resource, object));
  }

  function replace(request: FakeRequest, path: Path, live: Stored, response: ServerResponse): void {
    const object = JSON.parse(request.body) as Stored;
    const wanted = object.metadata.resourceVersion;
    if (wanted !== undefined && wanted !== live.metadata.resourceVersion) {
      return status(response, 409, 'Conflict', 'the object has been modified');
    }
    json(response, 200, save(path.resource, object));
  }

  /** Merge and apply alike are deep merges here; what an apply leaves out is not removed. */
  function patch(request: FakeRequest, path: Path, live: Stored | undefined, response: ServerResponse): void {
    const isApply = request.headers['content-type'] === 'application/apply-patch+yaml';
    const body = JSON.parse(request.body) as Stored;
    if (live === undefined && !isApply) return status(response, 404, 'NotFound', 'not found');
    const uid = body.metadata?.uid;
    const wanted = body.metadata?.resourceVersion;
    if (
      live !== undefined &&
      ((uid !== undefined && uid !== live.metadata.uid) ||
        (wanted !== undefined && wanted !== live.metadata.resourceVersion))
    ) {
      return status(response, 409, 'Conflict', 'the precondition does not hold');
    }
    const merged = merge(live ?? {}, body) as Stored;
    if (live !== undefined && sameJson(withoutVersion(merged), withoutVersion(live))) {
      return json(response, 200, live);
    }
    json(response, live === undefined ? 201 : 200, save(path.resource, merged));
  }

  function remove(
    request: FakeRequest,
    path: Path,
    key: string,
    live: Stored,
    response: ServerResponse,
  ): void {
    const { preconditions } = JSON.parse(request.body === '' ? '{}' : request.body) as {
      preconditions?: { uid?: string };
    };
    if (preconditions?.uid !== undefined && preconditions.uid !== live.metadata.uid) {
      return status(response, 409, 'Conflict', 'the UID does not match');
    }
    if ((live.metadata.finalizers ?? []).length > 0) {
      const held = { ...live, metadata: { ...live.metadata, deletionTimestamp: '2026-11-24T00:00:00Z' } };
      return json(response, 200, save(path.resource, held));
    }
    drop(path.resource, key);
    json(response, 200, { apiVersion: 'v1', kind: 'Status', status: 'Success' });
  }

  function list(request: FakeRequest, path: Path, response: ServerResponse): void {
    const from = stale === undefined ? store : stale.objects;
    const all = [...(from.get(path.resource)?.values() ?? [])].filter((object) =>
      isSelected(object, path, request.query),
    );
    const limit = Number(request.query.get('limit') ?? '0') || Infinity;
    const start = Number(request.query.get('continue') ?? '0');
    const items = all.slice(start, start + limit);
    const isMore = start + limit < all.length;
    json(response, 200, {
      apiVersion: 'v1',
      kind: 'List',
      metadata: {
        resourceVersion: String(stale?.version ?? version),
        ...(isMore ? { continue: String(start + limit) } : {}),
      },
      items,
    });
  }

  function watch(request: FakeRequest, path: Path, response: ServerResponse): void {
    const { query } = request;
    const from = Number(query.get('resourceVersion') ?? '0');
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const isInitial = query.get('sendInitialEvents') === 'true';
    if (!isInitial && from !== 0 && from < compactedAt) {
      const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      return;
    }
    let isMuted = false;
    const open: InternalWatch = {
      resource: path.resource,
      query,
      offer: (entry) => {
        if (entry.resource !== path.resource || !isSelected(entry.object, path, query)) return;
        open.send({ type: entry.type, object: entry.object });
      },
      send: (event) => open.write(`${JSON.stringify(event)}\n`),
      write: (text) => {
        if (!isMuted) response.write(text);
      },
      cut: () => {
        watches.delete(open);
        response.socket?.destroy();
      },
      end: () => {
        watches.delete(open);
        response.end();
      },
      mute: () => {
        isMuted = true;
      },
    };
    response.on('close', () => watches.delete(open));
    if (isInitial) {
      for (const object of objectsOf(path.resource).values()) {
        if (isSelected(object, path, query)) open.send({ type: 'ADDED', object });
      }
      open.send(bookmarkOf(version, { 'k8s.io/initial-events-end': 'true' }));
    } else {
      for (const entry of history) if (entry.version > from) open.offer(entry);
    }
    watches.add(open);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const connection: Connection = {
    server: new URL(`http://127.0.0.1:${port}`),
    tls: {},
    namespace: 'default',
    authorization: () => undefined,
  };

  return {
    connection,
    requests,
    watches,
    writes: () =>
      requests
        .filter(({ method }) => method !== 'GET')
        .map(({ method, path }) => `${method} ${path.replace(/^\/apis?\/(.*\/)?v[^/]+\//, '')}`),
    client(options) {
      const client = createClient({ connection, ...options });
      clients.push(client);
      return client;
    },
    intercept(decide) {
      interceptors.push(decide);
      return () => void interceptors.splice(interceptors.indexOf(decide), 1);
    },
    // Tests hand in plain literals.
    put: (resource, object, { silent } = {}) => save(resource, object as Stored, silent),
    remove: (resource, key, { silent } = {}) => void drop(resource, key, silent),
    get: (resource, key) => objectsOf(resource).get(key),
    get version() {
      return version;
    },
    compact() {
      compactedAt = version;
      history.length = 0;
    },
    serveStale(snapshot) {
      stale = snapshot;
    },
    snapshot: () => ({
      version,
      objects: new Map([...store].map(([name, objects]) => [name, new Map(objects)])),
    }),
    bookmark() {
      for (const open of watches) open.send(bookmarkOf(version, {}));
    },
    async close() {
      for (const client of clients) client.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface InternalWatch extends FakeWatch {
  offer(entry: HistoryEntry): void;
}

interface Path {
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

function parsePath(path: string): Path | undefined {
  const match =
    /^\/(?:api|apis\/[^/]+)\/v[^/]+(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+))?(?:\/[^/]+)?$/.exec(
      path,
    );
  if (match === null) return undefined;
  const [, namespace, resource = '', name] = match;
  return { namespace, resource, name };
}

function isSelected(object: KubeObject, path: Path, query: URLSearchParams): boolean {
  if (path.namespace !== undefined && object.metadata.namespace !== path.namespace) return false;
  return labelMatcher(query.get('labelSelector') ?? '')(object.metadata.labels ?? {});
}

function merge(into: unknown, change: unknown): unknown {
  if (typeof change !== 'object' || change === null || Array.isArray(change)) return change;
  const base = typeof into === 'object' && into !== null && !Array.isArray(into) ? into : {};
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}

const keyIn = ({ metadata: { namespace, name } }: KubeObject): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

function withoutVersion(object: Stored): unknown {
  const { resourceVersion: _, managedFields: __, generation: ___, ...metadata } = object.metadata;
  return { ...object, metadata };
}

const specOf = (object: Stored | undefined): unknown =>
  object === undefined ? undefined : (object as Stored & { spec?: unknown }).spec;

const bookmarkOf = (version: number, annotations: Record<string, string>): object => ({
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: String(version), annotations } },
});

function json(response: ServerResponse, code: number, value: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

const status = (response: ServerResponse, code: number, reason: string, message: string): void =>
  json(response, code, { apiVersion: 'v1', kind: 'Status', status: 'Failure', code, reason, message });

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  request.setEncoding('utf8');
  for await (const chunk of request) body += chunk;
  return body;
}

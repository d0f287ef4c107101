/**
 * A small client of the Kubernetes API for the controllers and the node agent: typed verbs, one watch, no retries.
 * How a request travels (TLS on loopback, or in process) is the transport's business.
 */
import { apiVersionOf, type KubeObject, type Resource, type ResourceOf } from './wire.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  readonly contentType?: string;
  /** Default `application/json`. */
  readonly accept?: string;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export interface ApiResponse {
  readonly status: number;
  /** The body as UTF-8 pieces, as they come. */
  readonly body: AsyncIterable<string>;
}

export type Transport = (request: ApiRequest) => Promise<ApiResponse>;

/** The API server said no. `reason` is Kubernetes' word: NotFound, Conflict, AlreadyExists, Invalid, Expired, … */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.status === 404;
export const isConflict = (error: unknown): boolean => error instanceof ApiError && error.status === 409;
export const isExpired = (error: unknown): boolean => error instanceof ApiError && error.status === 410;

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: T }
  | { readonly type: 'ERROR'; readonly object: { code?: number; reason?: string; message?: string } };

export interface DeleteOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

export type PatchType = 'merge' | 'json' | 'strategic';

const PATCH_TYPES: Record<PatchType, string> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

export interface List<T> {
  readonly items: T[];
  readonly resourceVersion: string;
}

/** Every call throws `ApiError` when the server refuses, and the transport's error when it cannot be reached. */
export interface Api {
  get<T extends KubeObject>(resource: ResourceOf<T>, namespace: string, name: string): Promise<T>;
  list<T extends KubeObject>(resource: ResourceOf<T>, namespace?: string): Promise<List<T>>;
  create<T extends KubeObject>(resource: ResourceOf<T>, namespace: string, object: object): Promise<T>;
  replace<T extends KubeObject>(resource: ResourceOf<T>, object: T, subresource?: string): Promise<T>;
  patch<T extends KubeObject>(
    resource: ResourceOf<T>,
    target: { namespace?: string; name: string },
    patch: unknown,
    options?: { type?: PatchType; subresource?: string },
  ): Promise<T>;
  /** @returns the object while it is on its way out, undefined when it is gone */
  remove<T extends KubeObject>(
    resource: ResourceOf<T>,
    target: { namespace?: string; name: string },
    options?: DeleteOptions,
  ): Promise<T | undefined>;
  watch<T extends KubeObject>(
    resource: ResourceOf<T>,
    resourceVersion: string,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>>;
  /** A path that answers with text, such as a log. */
  text(path: string, signal?: AbortSignal): AsyncGenerator<string>;
  /** Any other path, such as discovery or a subresource. */
  call<T>(request: Omit<ApiRequest, 'body'> & { body?: unknown }): Promise<T>;
}

export function pathOf(resource: Resource, namespace?: string, name?: string, subresource?: string): string {
  const root = resource.group ? `/apis/${apiVersionOf(resource)}` : `/api/${resource.version}`;
  const scope = resource.namespaced && namespace ? `/namespaces/${namespace}` : '';
  return `${root}${scope}/${resource.plural}${name ? `/${name}` : ''}${subresource ? `/${subresource}` : ''}`;
}

export function createApi(transport: Transport): Api {
  async function call<T>({ body, ...request }: Omit<ApiRequest, 'body'> & { body?: unknown }): Promise<T> {
    const response = await transport({
      ...request,
      ...(body === undefined
        ? {}
        : { contentType: request.contentType ?? 'application/json', body: JSON.stringify(body) }),
    });
    const answer = await whole(response.body);
    if (response.status >= 400) throw errorOf(response.status, answer);
    return JSON.parse(answer) as T; // the server's word for the kind that was asked for
  }

  async function* text(path: string, signal?: AbortSignal): AsyncGenerator<string> {
    const response = await transport({ method: 'GET', path, ...(signal === undefined ? {} : { signal }) });
    if (response.status >= 400) throw errorOf(response.status, await whole(response.body));
    yield* response.body;
  }

  return {
    call,
    text,
    get: (resource, namespace, name) => call({ method: 'GET', path: pathOf(resource, namespace, name) }),
    async list<T extends KubeObject>(resource: ResourceOf<T>, namespace?: string) {
      const path = pathOf(resource, namespace);
      const items: T[] = [];
      let next = '';
      for (;;) {
        const query = `?limit=500${next ? `&continue=${encodeURIComponent(next)}` : ''}`;
        const page = await call<{ metadata: { resourceVersion: string; continue?: string }; items: T[] }>({
          method: 'GET',
          path: path + query,
        });
        items.push(...page.items);
        next = page.metadata.continue ?? '';
        if (!next) return { items, resourceVersion: page.metadata.resourceVersion };
      }
    },
    create: (resource, namespace, object) =>
      call({
        method: 'POST',
        path: pathOf(resource, namespace),
        body: { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object },
      }),
    replace: (resource, object, subresource) =>
      call({
        method: 'PUT',
        path: pathOf(resource, object.metadata.namespace, object.metadata.name, subresource),
        body: { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind },
      }),
    patch: (resource, { namespace, name }, patch, { type = 'merge', subresource } = {}) =>
      call({
        method: 'PATCH',
        path: pathOf(resource, namespace, name, subresource),
        contentType: PATCH_TYPES[type],
        body: patch,
      }),
    async remove<T extends KubeObject>(
      resource: ResourceOf<T>,
      { namespace, name }: { namespace?: string; name: string },
      { uid, resourceVersion, ...options }: DeleteOptions = {},
    ) {
      const preconditions = {
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      };
      const answer = await call<T>({
        method: 'DELETE',
        path: pathOf(resource, namespace, name),
        body: { apiVersion: 'v1', kind: 'DeleteOptions', ...options, preconditions },
      });
      // A Status, or the last state of an object that is gone, has no date of deletion.
      return answer.kind === resource.kind && answer.metadata?.deletionTimestamp ? answer : undefined;
    },
    async *watch<T extends KubeObject>(
      resource: ResourceOf<T>,
      resourceVersion: string,
      signal: AbortSignal,
    ) {
      const query = `?watch=true&allowWatchBookmarks=true&resourceVersion=${resourceVersion}`;
      const response = await transport({ method: 'GET', path: pathOf(resource) + query, signal });
      if (response.status >= 400) throw errorOf(response.status, await whole(response.body));
      for await (const line of lines(response.body)) yield JSON.parse(line) as WatchEvent<T>; // as `call`
    },
  };
}

async function whole(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

async function* lines(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of pieces) {
    rest += piece;
    let from = 0;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', from)) {
      if (end > from) yield rest.slice(from, end);
      from = end + 1;
    }
    rest = rest.slice(from);
  }
}

function errorOf(status: number, text: string): ApiError {
  try {
    const body = JSON.parse(text) as { reason?: string; message?: string }; // a Status, or anything: both are optional
    return new ApiError(status, body.reason ?? '', body.message ?? `the API server answered ${status}`);
  } catch {
    return new ApiError(status, '', `the API server answered ${status}: ${text.slice(0, 200)}`);
  }
}

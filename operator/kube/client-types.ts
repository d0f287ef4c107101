/**
 * What a client of the Kubernetes API can do and what each call takes. `client.ts` makes one.
 * Objects travel as plain JSON; see `types.ts` for how a resource is named.
 */
import type { Clock } from './clock.ts';
import type { Connection } from './kubeconfig.ts';
import type { Spans } from './spans.ts';
import type { KubeList, KubeObject, Ref, ResourceType } from './types.ts';

export interface ClientOptions {
  readonly connection: Connection;
  readonly userAgent?: string;
  /** Longest time for one request, 30 s by default. Watches have their own limits. */
  readonly timeoutMs?: number;
  /** Requests per second and burst; absent: as fast as the server allows (it answers 429 by itself). */
  readonly limit?: { readonly perSecond: number; readonly burst: number };
  /** How often a 429, or a 503 with Retry-After, is tried again before it is an error. 5 by default. */
  readonly retries?: number;
  /** Asked before every write; see `lease.ts`. */
  readonly fence?: Fence;
  readonly observe?: (request: ObservedRequest) => void;
  /** Of requests within a trace; watches have none. */
  readonly spans?: Spans;
  readonly clock?: Clock;
}

/** Says for how long a write may still be under way. */
export interface Fence {
  /** Milliseconds of leadership left. Zero or less: a write is refused with KubeError `NotLeader`. */
  remainingMs(): number;
}

/** One answered or failed request, for `rest_client_requests_total`. */
export interface ObservedRequest {
  readonly method: string;
  readonly host: string;
  readonly verb: string;
  /** HTTP status, or `<error>` when no answer came. */
  readonly code: string;
  readonly seconds: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
}

export interface GetOptions extends CallOptions {
  readonly subresource?: string;
  /**
   * May be answered out of the API server's watch cache, which lags by milliseconds and costs it a tenth of a read that
   * asks etcd.
   */
  readonly anyVersion?: boolean;
}

export interface ListOptions extends CallOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly limit?: number;
  readonly continue?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
}

export interface WriteOptions extends CallOptions {
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  /** Takes fields over from other managers. */
  readonly force?: boolean;
  readonly subresource?: string;
}

export type Patch =
  | { readonly kind: 'json'; readonly body: readonly JsonPatchOperation[] }
  | { readonly kind: 'merge' | 'strategic'; readonly body: unknown };

export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'test' | 'move' | 'copy';
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

export interface PatchOptions extends WriteOptions {
  readonly subresource?: string;
}

export interface DeleteOptions extends CallOptions {
  /** The object is deleted only if it still has this UID (else KubeError `Conflict`). */
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly propagation?: 'Foreground' | 'Background' | 'Orphan';
  readonly gracePeriodSeconds?: number;
  readonly dryRun?: boolean;
}

export interface WatchOptions extends CallOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: 'NotOlderThan';
  readonly sendInitialEvents?: boolean;
  /** How long the server shall keep the watch open. */
  readonly timeoutSeconds?: number;
  /** Silence after which the connection is taken for dead; 90 s by default (servers send bookmarks each minute). */
  readonly inactivityMs?: number;
  /** Called when the server has accepted the watch. */
  readonly onOpen?: () => void;
}

export interface WatchEvent<T extends KubeObject = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

export interface Scale extends KubeObject {
  spec: { replicas?: number };
  status?: { replicas: number; selector?: string };
}

/** Every method rejects with KubeError and nothing else. */
export interface Client {
  readonly connection: Connection;
  get<T extends KubeObject>(type: ResourceType<T>, ref: Ref, options?: GetOptions): Promise<T>;
  /** As `get`, but `undefined` when there is no such object. */
  find<T extends KubeObject>(type: ResourceType<T>, ref: Ref, options?: GetOptions): Promise<T | undefined>;
  /** One page; follow `metadata.continue`, or use `listAll`. */
  list<T extends KubeObject>(type: ResourceType<T>, options?: ListOptions): Promise<KubeList<T>>;
  /** All pages of one snapshot; `metadata.resourceVersion` is where a watch may begin. */
  listAll<T extends KubeObject>(type: ResourceType<T>, options?: ListOptions): Promise<KubeList<T>>;
  create<T extends KubeObject>(
    type: ResourceType<T>,
    object: Creatable<T>,
    options?: WriteOptions,
  ): Promise<T>;
  /** Update: `metadata.resourceVersion`, if set, is a precondition. */
  replace<T extends KubeObject>(type: ResourceType<T>, object: T, options?: PatchOptions): Promise<T>;
  patch<T extends KubeObject>(
    type: ResourceType<T>,
    ref: Ref,
    patch: Patch,
    options?: PatchOptions,
  ): Promise<T>;
  /** Server-side apply of exactly this intent. `apply.ts` adds suppression of writes that change nothing. */
  apply<T extends KubeObject>(type: ResourceType<T>, intent: KubeObject, options: ApplyOptions): Promise<T>;
  /** Resolves with the object while finalizers hold it, or `undefined` when it is gone. Rejects `NotFound`. */
  delete<T extends KubeObject>(
    type: ResourceType<T>,
    ref: Ref,
    options?: DeleteOptions,
  ): Promise<T | undefined>;
  deleteCollection(type: ResourceType, options: ListOptions & DeleteOptions): Promise<void>;
  getScale(type: ResourceType, ref: Ref, options?: CallOptions): Promise<Scale>;
  setScale(type: ResourceType, ref: Ref, replicas: number, options?: WriteOptions): Promise<Scale>;
  /**
   * Calls `onEvent` for each event in order, resolves when the server ends the stream, rejects when it breaks off.
   * An ERROR event (410 among them) rejects; so does whatever `onEvent` throws.
   */
  watch<T extends KubeObject>(
    type: ResourceType<T>,
    options: WatchOptions,
    onEvent: (event: WatchEvent<T>) => void,
  ): Promise<void>;
  /** Lines of any streaming path, for example Pod logs with `follow=true`. */
  lines(
    path: string,
    options: CallOptions & { inactivityMs?: number },
    onLine: (line: string) => void,
  ): Promise<void>;
  /** Any other path: discovery, version, logs. Resolves with the body of a 2xx answer. */
  raw(
    method: string,
    path: string,
    options?: CallOptions & { body?: string; headers?: Record<string, string> },
  ): Promise<string>;
  /** The same client whose writes ask `fence` first. Shares connections. */
  fenced(fence: Fence): Client;
  close(): void;
}

/** An object to create: it may have `generateName` instead of a name. */
export type Creatable<T extends KubeObject> = Omit<T, 'metadata'> & {
  metadata: Omit<T['metadata'], 'name'> & { name?: string };
};

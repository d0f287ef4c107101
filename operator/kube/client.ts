/**
 * A small typed client of the Kubernetes API: every verb for any resource, errors with remedies, fenced writes.
 * What it can do is written down in `client-types.ts`.
 */
import { systemClock, sleep } from './clock.ts';
import { errorOfAnswer, errorOfWatchEvent, KubeError, subject, type Asked } from './errors.ts';
import type {
  Client,
  ClientOptions,
  DeleteOptions,
  Fence,
  PatchOptions,
  WatchEvent,
  WatchOptions,
  CallOptions,
  Scale,
} from './client-types.ts';
import { loadConnection } from './kubeconfig.ts';
import { listQuery, pathOf, watchQuery } from './paths.ts';
import { createBucket } from './ratelimit.ts';
import { NO_SPANS } from './spans.ts';
import { createTransport, isStaleSocket, type TransportAnswer } from './transport.ts';
import { apiVersionOf, type KubeList, type KubeObject, type Ref, type ResourceType } from './types.ts';

export type * from './client-types.ts';

const PATCH_TYPES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

/** Client for the cluster KUBECONFIG, ~/.kube/config or the Pod's files name. */
export async function connect(options: Omit<ClientOptions, 'connection'> = {}): Promise<Client> {
  return createClient({ ...options, connection: await loadConnection() });
}

export function createClient(options: ClientOptions): Client {
  const clock = options.clock ?? systemClock;
  const transport = createTransport(options.connection, clock);
  const bucket =
    options.limit === undefined
      ? undefined
      : createBucket(options.limit.perSecond, options.limit.burst, clock);
  const host = options.connection.server.host;
  const userAgent = options.userAgent ?? 'shopmind-kube/1';
  const observe = options.observe ?? (() => undefined);
  const spans = options.spans ?? NO_SPANS;

  return build(options.fence);

  function build(fence: Fence | undefined): Client {
    const call = async (asked: Call): Promise<TransportAnswer> => {
      const write = asked.method !== 'GET';
      for (let attempt = 0; ; attempt += 1) {
        const wait = bucket?.reserve() ?? 0;
        if (wait > 0) await sleep(clock, wait, asked.signal);
        const answer = await attemptCall(asked, write ? fence : undefined, attempt === 0);
        if (answer === undefined) continue;
        if (answer.status < 300) return answer;
        const retryAfterMs = retryAfter(answer, clock.now());
        const error = errorOfAnswer(answer.status, answer.body, asked, retryAfterMs);
        if (!mayRepeat(answer.status, retryAfterMs) || attempt >= (options.retries ?? 5)) throw error;
        await sleep(clock, retryAfterMs ?? Math.min(1000 * 2 ** attempt, 15_000), asked.signal);
      }
    };

    /** `undefined`: an idle connection had died before the request could reach the server, so it is sent once more. */
    const attemptCall = async (
      asked: Call,
      guard: Fence | undefined,
      first: boolean,
    ): Promise<TransportAnswer | undefined> => {
      const started = clock.monotonic();
      const done = (code: string): void =>
        observe({
          method: asked.method,
          verb: asked.verb,
          host,
          code,
          seconds: (clock.monotonic() - started) / 1000,
        });
      try {
        const timeoutMs = boundedByFence(asked.timeoutMs ?? options.timeoutMs ?? 30_000, guard, asked);
        return await spans.call(
          `${asked.verb} ${asked.type?.plural ?? 'api'}`,
          { 'http.request.method': asked.method },
          async (note) => {
            const answer = await transport.request({
              method: asked.method,
              path: asked.path,
              headers: { 'user-agent': userAgent, ...asked.headers },
              body: asked.body,
              timeoutMs,
              signal: asked.signal,
            });
            note('http.response.status_code', answer.status);
            done(String(answer.status));
            return answer;
          },
        );
      } catch (error) {
        done('<error>');
        if (first && isStaleSocket(error) && isRepeatable(asked)) return undefined;
        throw error;
      }
    };

    const json = async <T>(asked: Call): Promise<T> => parse<T>((await call(asked)).body, asked);

    const writeCall = (
      verb: string,
      method: string,
      type: ResourceType,
      ref: { name?: string | undefined; namespace?: string | undefined },
      body: unknown,
      contentType: string,
      write: PatchOptions & { force?: boolean },
    ): Call => ({
      verb,
      method,
      type,
      namespace: ref.namespace,
      name: ref.name,
      path: pathOf(type, ref, write.subresource, {
        fieldManager: write.fieldManager,
        force: write.force === true ? 'true' : undefined,
        dryRun: write.dryRun === true ? 'All' : undefined,
        fieldValidation: write.fieldValidation,
      }),
      body: JSON.stringify(body),
      headers: { 'content-type': contentType },
      signal: write.signal,
      timeoutMs: write.timeoutMs,
    });

    const client: Client = {
      connection: options.connection,

      get: (type, ref, get = {}) =>
        json({
          verb: 'get',
          method: 'GET',
          type,
          namespace: ref.namespace,
          name: ref.name,
          path: pathOf(type, ref, get.subresource, {
            resourceVersion: get.anyVersion === true ? '0' : undefined,
          }),
          signal: get.signal,
          timeoutMs: get.timeoutMs,
        }),

      async find(type, ref, find) {
        try {
          return await client.get(type, ref, find);
        } catch (error) {
          if (error instanceof KubeError && error.reason === 'NotFound') return undefined;
          throw error;
        }
      },

      async list(type, list = {}) {
        const answer = await json<{ metadata?: KubeList['metadata']; items?: KubeObject[] | null }>({
          verb: 'list',
          method: 'GET',
          type,
          namespace: list.namespace,
          name: undefined,
          path: pathOf(type, { namespace: list.namespace }, undefined, listQuery(list)),
          signal: list.signal,
          timeoutMs: list.timeoutMs,
        });
        // Items of a list carry no apiVersion and kind of their own; the type parameter is what the caller asked for.
        const items = (answer.items ?? []).map((item) => withKind(item, type)) as KubeList<never>['items'];
        return { metadata: answer.metadata ?? {}, items };
      },

      async listAll(type, list = {}) {
        const page = { ...list, limit: list.limit ?? 500 };
        const first = await client.list(type, page);
        const items = first.items;
        let metadata = first.metadata;
        while (metadata.continue !== undefined && metadata.continue !== '') {
          const { resourceVersion: _, resourceVersionMatch: __, ...rest } = page;
          const next = await client.list(type, { ...rest, continue: metadata.continue });
          for (const item of next.items) items.push(item);
          metadata = next.metadata;
        }
        return { metadata, items };
      },

      create: (type, object, write = {}) =>
        json(
          writeCall(
            'create',
            'POST',
            type,
            { namespace: object.metadata.namespace },
            object,
            'application/json',
            write,
          ),
        ),

      replace: (type, object, write = {}) =>
        json(writeCall('update', 'PUT', type, object.metadata, object, 'application/json', write)),

      patch: (type, ref, patch, write = {}) =>
        json(writeCall('patch', 'PATCH', type, ref, patch.body, PATCH_TYPES[patch.kind], write)),

      apply: (type, intent, write) =>
        json(writeCall('patch', 'PATCH', type, intent.metadata, intent, PATCH_TYPES.apply, write)),

      async delete<T extends KubeObject>(type: ResourceType<T>, ref: Ref, del: DeleteOptions = {}) {
        const answer = await json<KubeObject>({
          verb: 'delete',
          method: 'DELETE',
          type,
          namespace: ref.namespace,
          name: ref.name,
          path: pathOf(type, ref, undefined, {}),
          body: deleteBody(del),
          headers: { 'content-type': 'application/json' },
          signal: del.signal,
          timeoutMs: del.timeoutMs,
        });
        // A Status says the object is gone; anything else is the object, held by finalizers or grace.
        return answer.kind === 'Status' && answer.apiVersion === 'v1' ? undefined : (answer as T);
      },

      async deleteCollection(type, del) {
        await call({
          verb: 'deletecollection',
          method: 'DELETE',
          type,
          namespace: del.namespace,
          name: undefined,
          path: pathOf(type, { namespace: del.namespace }, undefined, listQuery(del)),
          body: deleteBody(del),
          headers: { 'content-type': 'application/json' },
          signal: del.signal,
          timeoutMs: del.timeoutMs,
        });
      },

      // The scale subresource answers a Scale whatever the resource is.
      getScale: (type, ref, get) =>
        client.get(type as ResourceType<Scale>, ref, { ...get, subresource: 'scale' }),
      setScale: (type, ref, replicas, write) =>
        client.patch(
          type as ResourceType<Scale>,
          ref,
          { kind: 'merge', body: { spec: { replicas } } },
          { ...write, subresource: 'scale' },
        ),

      async watch<T extends KubeObject>(
        type: ResourceType<T>,
        watch: WatchOptions,
        onEvent: (event: WatchEvent<T>) => void,
      ) {
        const asked = {
          verb: 'watch',
          type,
          namespace: watch.namespace,
          name: undefined,
        } satisfies Asked;
        await streamCall(
          asked,
          pathOf(type, { namespace: watch.namespace }, undefined, watchQuery(watch)),
          watch,
          (line) => {
            const event = parse<WatchEvent<T> | { type: 'ERROR'; object: unknown }>(line, asked);
            if (event.type === 'ERROR') throw errorOfWatchEvent(event.object, asked);
            onEvent(event);
          },
        );
      },

      lines: (path, stream, onLine) =>
        streamCall({ verb: 'get', type: undefined, namespace: undefined, name: path }, path, stream, onLine),

      async raw(method, path, raw = {}) {
        const answer = await call({
          verb: method.toLowerCase(),
          method,
          type: undefined,
          namespace: undefined,
          name: path,
          path,
          body: raw.body,
          headers: raw.headers,
          signal: raw.signal,
          timeoutMs: raw.timeoutMs,
        });
        return answer.body;
      },

      fenced: (next) => build(next),
      close: () => transport.close(),
    };
    return client;
  }

  async function streamCall(
    asked: Asked,
    path: string,
    stream: CallOptions & { inactivityMs?: number; onOpen?: () => void },
    onLine: (line: string) => void,
  ): Promise<void> {
    const started = clock.monotonic();
    const done = (code: string): void =>
      observe({ method: 'GET', verb: asked.verb, host, code, seconds: (clock.monotonic() - started) / 1000 });
    let answer: TransportAnswer;
    try {
      answer = await transport.lines(
        {
          method: 'GET',
          path,
          headers: { 'user-agent': userAgent },
          timeoutMs: stream.timeoutMs ?? options.timeoutMs ?? 30_000,
          signal: stream.signal,
        },
        { onLine, onOpen: stream.onOpen, inactivityMs: stream.inactivityMs ?? 90_000 },
      );
    } catch (error) {
      done('<error>');
      throw error;
    }
    done(String(answer.status));
    if (answer.status !== 200) {
      const retryAfterMs = retryAfter(answer, clock.now());
      throw errorOfAnswer(answer.status, answer.body, asked, retryAfterMs);
    }
  }
}

interface Call extends Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

function deleteBody(del: DeleteOptions): string {
  const preconditions = {
    ...(del.uid === undefined ? {} : { uid: del.uid }),
    ...(del.resourceVersion === undefined ? {} : { resourceVersion: del.resourceVersion }),
  };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
    ...(del.propagation === undefined ? {} : { propagationPolicy: del.propagation }),
    ...(del.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: del.gracePeriodSeconds }),
    ...(del.dryRun === true ? { dryRun: ['All'] } : {}),
  });
}

function withKind(item: KubeObject, type: ResourceType): KubeObject {
  item.apiVersion ??= apiVersionOf(type);
  item.kind ??= type.kind;
  return item;
}

/** A write must not outlive the lease it was sent under. */
function boundedByFence(timeoutMs: number, fence: Fence | undefined, asked: Asked): number {
  if (fence === undefined) return timeoutMs;
  const left = fence.remainingMs();
  if (left > 0) return Math.min(timeoutMs, left);
  throw new KubeError({
    code: 0,
    reason: 'NotLeader',
    message: `${subject(asked)} was not sent: this process no longer holds the lease`,
    remedy: 'Nothing to do: the replica that holds the lease does the work.',
  });
}

/** Only what the server refused before doing anything is safe to repeat for every verb. */
const mayRepeat = (status: number, retryAfterMs: number | undefined): boolean =>
  status === 429 || (status === 503 && retryAfterMs !== undefined);

const isRepeatable = (call: Call): boolean =>
  call.method === 'GET' || (call.method === 'PATCH' && call.headers?.['content-type'] === PATCH_TYPES.apply);

/** Retry-After in seconds or as a date; at most a minute is believed. */
function retryAfter(answer: TransportAnswer, now: Date): number | undefined {
  const header = answer.headers['retry-after'];
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now.getTime();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 60_000) : undefined;
}

function parse<T>(body: string, asked: Asked): T {
  try {
    // The server's schema is the contract here; reconcilers parse specs that people write with zod.
    return JSON.parse(body) as T;
  } catch (error) {
    throw new KubeError({
      code: 0,
      reason: 'Malformed',
      message: `${subject(asked)}: the answer is not JSON: ${body.slice(0, 120)}`,
      retryable: true,
      cause: error,
    });
  }
}

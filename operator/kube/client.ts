/**
 * A small typed client of the Kubernetes API: every verb for any resource, errors with remedies, fenced writes.
 * What it can do is written down in `client-types.ts`; how a call is made, bounded and repeated, is in `calls.ts`.
 */
import { createCalls, PATCH_TYPES, type Call } from './calls.ts';
import type {
  Client,
  ClientOptions,
  DeleteOptions,
  Fence,
  PatchOptions,
  Scale,
  WatchEvent,
  WatchOptions,
} from './client-types.ts';
import { errorOfWatchEvent, KubeError, subject, type Asked } from './errors.ts';
import { loadConnection } from './kubeconfig.ts';
import { listQuery, pathOf, watchQuery } from './paths.ts';
import type { TransportAnswer } from './transport.ts';
import { apiVersionOf, type KubeList, type KubeObject, type Ref, type ResourceType } from './types.ts';

export type * from './client-types.ts';

/** Client for the cluster KUBECONFIG, ~/.kube/config or the Pod's files name. */
export async function connect(options: Omit<ClientOptions, 'connection'> = {}): Promise<Client> {
  return createClient({ ...options, connection: await loadConnection() });
}

export function createClient(options: ClientOptions): Client {
  const calls = createCalls(options);

  return build(options.fence);

  function build(fence: Fence | undefined): Client {
    const call = (asked: Call): Promise<TransportAnswer> => calls.call(asked, fence);
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
        await calls.lines(
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
        calls.lines({ verb: 'get', type: undefined, namespace: undefined, name: path }, path, stream, onLine),

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
      close: () => calls.close(),
    };
    return client;
  }
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

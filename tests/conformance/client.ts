/**
 * A plain HTTP(S) client of a Kubernetes API server, for conformance cases: nothing is cached or interpreted, and nothing asked again
 * but what the server wants to be asked later.
 */
import { Agent, request, type RequestOptions } from 'node:https';
import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { inTime } from '../support/wait.ts';

/** How to reach a server and who asks. */
export type Access = {
  readonly url: string;
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly token?: string;
  readonly insecure?: boolean;
};

export type Body = { [key: string]: unknown };
export type Query = Readonly<Record<string, string>>;

/** An answer. `body` is the parsed JSON, or the text itself when it is not JSON. */
export type Reply = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
  readonly text: string;
};

export type Client = {
  send(method: string, path: string, options?: SendOptions): Promise<Reply>;
  get(path: string, query?: Query, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  create(path: string, body: Body, query?: Query): Promise<Reply>;
  replace(path: string, body: unknown, query?: Query): Promise<Reply>;
  remove(path: string, options?: Body, query?: Query): Promise<Reply>;
  patch(path: string, kind: PatchKind, body: unknown, query?: Query): Promise<Reply>;
  apply(path: string, body: Body, manager: string, query?: Query): Promise<Reply>;
  watch(path: string, query?: Query, headers?: Readonly<Record<string, string>>): Promise<Watch>;
  close(): void;
};

export type SendOptions = {
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  /** Objects are sent as JSON, strings as they are. */
  readonly body?: unknown;
};

export type PatchKind = 'json' | 'merge' | 'strategic' | 'apply';

const patchTypes: Readonly<Record<PatchKind, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

const timeoutMs = 30_000;
/** How often a server may say "later": kube-apiserver does for a moment when a definition has changed (429, Retry-After). */
const patience = 10;

/** A client for one identity. */
export function createClient(access: Access): Client {
  const agent = new Agent({
    keepAlive: true,
    ...(access.ca === undefined ? {} : { ca: access.ca }),
    ...(access.cert === undefined ? {} : { cert: access.cert }),
    ...(access.key === undefined ? {} : { key: access.key }),
    rejectUnauthorized: access.insecure !== true,
  });

  const open = async (method: string, path: string, options: SendOptions): Promise<IncomingMessage> => {
    const url = new URL(path, access.url);
    for (const [key, value] of Object.entries(options.query ?? {})) url.searchParams.append(key, value);
    const body =
      options.body === undefined
        ? undefined
        : typeof options.body === 'string'
          ? options.body
          : JSON.stringify(options.body);
    const settings: RequestOptions = { method, agent, headers: headersOf(access, body, options) };
    const outgoing = request(url, settings);
    outgoing.setTimeout(timeoutMs, () =>
      outgoing.destroy(new Error(`${method} ${url.pathname}: no answer within ${timeoutMs} ms`)),
    );
    outgoing.end(body);
    // The event has the one argument that Node documents.
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    return response;
  };

  const send = async (method: string, path: string, options: SendOptions = {}): Promise<Reply> => {
    let response = await open(method, path, options);
    for (let asked = 1; isLater(response) && asked < patience; asked += 1) {
      response.resume();
      await pause(Number(response.headers['retry-after']) * 1000);
      response = await open(method, path, options);
    }
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(Buffer.from(chunk));
    const text = Buffer.concat(chunks).toString('utf8');
    return { status: response.statusCode ?? 0, headers: response.headers, body: parsed(text), text };
  };

  return {
    send,
    get: (path, query = {}, headers = {}) => send('GET', path, { query, headers }),
    create: (path, body, query = {}) => send('POST', path, { query, body }),
    replace: (path, body, query = {}) => send('PUT', path, { query, body }),
    remove: (path, options, query = {}) =>
      send('DELETE', path, { query, ...(options === undefined ? {} : { body: options }) }),
    patch: (path, kind, body, query = {}) =>
      send('PATCH', path, { query, body, headers: { 'content-type': patchTypes[kind] } }),
    apply: (path, body, manager, query = {}) =>
      send('PATCH', path, {
        query: { fieldManager: manager, ...query },
        body,
        headers: { 'content-type': patchTypes.apply },
      }),
    watch: async (path, query = {}, headers = {}) =>
      watchOf(await open('GET', path, { query: { watch: 'true', ...query }, headers })),
    close: () => agent.destroy(),
  };
}

function isLater({ statusCode, headers }: IncomingMessage): boolean {
  return statusCode === 429 && headers['retry-after'] !== undefined;
}

function headersOf(access: Access, body: string | undefined, options: SendOptions): Record<string, string> {
  return {
    accept: 'application/json',
    'user-agent': 'conformance/1.0 (test)',
    ...(access.token === undefined ? {} : { authorization: `Bearer ${access.token}` }),
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
    ...options.headers,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not every answer is JSON: logs and health checks are text.
    return text;
  }
}

/** One event of a watch. */
export type WatchEvent = { readonly type: string; readonly object: unknown };

/** A running watch. */
export type Watch = {
  readonly status: number;
  /** The next event that `wanted` accepts; the ones before it are dropped. */
  next(wanted?: (event: WatchEvent) => boolean): Promise<WatchEvent>;
  /** All events until the server ends the watch. */
  rest(): Promise<WatchEvent[]>;
  close(): void;
};

function watchOf(response: IncomingMessage): Watch {
  const reader: Interface = createInterface({ input: response });
  const lines = reader[Symbol.asyncIterator]();
  const read = async (): Promise<WatchEvent | undefined> => {
    const line = await lines.next();
    // What a watch sends are events, or one Status when it was refused.
    return line.done === true ? undefined : (JSON.parse(line.value) as WatchEvent);
  };
  return {
    status: response.statusCode ?? 0,
    async next(wanted = () => true) {
      for (;;) {
        const event = await inTime(read(), 'a watch event', timeoutMs);
        if (event === undefined) throw new Error('the watch ended');
        if (wanted(event)) return event;
      }
    },
    async rest() {
      const events: WatchEvent[] = [];
      for (;;) {
        const event = await inTime(read(), 'the end of the watch', timeoutMs);
        if (event === undefined) return events;
        events.push(event);
      }
    },
    close: () => {
      reader.close();
      response.destroy();
    },
  };
}

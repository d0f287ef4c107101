/**
 * A proxy between one operator and its API server that makes things go wrong: plain HTTP in front, whatever the
 * server speaks behind. Hooks see every request before it is applied, every answer before it is delivered, and every
 * event of a watch; what they do not touch passes unchanged.
 */
import http from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { Connection } from '../../operator/kube/kubeconfig.ts';

/** One request of the operator, as the hooks see it. */
export interface Seen {
  readonly method: string;
  /** Path with its query. */
  readonly url: string;
  /** `shopmindtenants/acme/status`; the namespace is in `url`. */
  readonly what: string;
  /** Plural of the resource, with its group where that is not the core. */
  readonly resource: string;
  readonly kind: 'write' | 'read' | 'watch';
  readonly body: Buffer;
}

/** A made-up answer. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `pass` it on, `cut` the connection, be `silent` for ever, or answer instead of the server. */
export type Before = 'pass' | 'cut' | 'silent' | Answer;

export interface Hooks {
  /** Asked before the server sees the request. */
  before?(seen: Seen): Before | Promise<Before>;
  /** Asked when the server has applied the request, before the operator learns of it. */
  after?(seen: Seen, status: number): 'deliver' | 'cut' | Promise<'deliver' | 'cut'>;
  /**
   * Events to deliver in place of this one, in order; waiting delays it and all that follow on this watch. `silent`
   * keeps the connection open and says nothing more on it.
   */
  event?(
    seen: Seen,
    event: WatchLine,
  ): readonly WatchLine[] | 'silent' | Promise<readonly WatchLine[] | 'silent'>;
  /**
   * Events of this long are told together, and of each object only the last: as if the watch had been away meanwhile.
   * What came and went is never seen.
   */
  readonly mergeMs?: number;
}

/** What happens to the events of a watch on their way. */
interface Delivery {
  /** @returns false when nothing more comes */
  take(line: string): Promise<boolean>;
  end(): void;
}

export interface WatchLine {
  readonly type: string;
  readonly object: { readonly metadata?: { readonly name?: string; readonly namespace?: string } };
}

export interface Proxy {
  readonly url: string;
  /** Replaced at will; takes effect with the next request or event. */
  hooks: Hooks;
  /** Requests that changed something, in the order in which they came; renewals of the lease are left out. */
  readonly writes: readonly string[];
  /** Cuts every connection there is; new ones are accepted. */
  cut(): void;
  /** Nothing of this operator reaches the server any more. */
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1. */
export async function startProxy(target: Connection): Promise<Proxy> {
  const upstream = createUpstream(target);
  const sockets = new Set<Socket>();
  const writes: string[] = [];
  const server = http.createServer((request, response) => {
    // What fails between us and the server looks to the operator like a server that is away.
    forward(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  let closed = false;

  async function forward(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const seen = await read(request);
    if (isCounted(seen)) writes.push(`${seen.method} ${seen.what}`);
    const decision = (await self.hooks.before?.(seen)) ?? 'pass';
    if (closed || decision === 'cut') return void response.destroy();
    if (decision === 'silent') return;
    if (decision !== 'pass') {
      response.writeHead(decision.status, { 'content-type': 'application/json', ...decision.headers });
      return void response.end(decision.body);
    }
    const answer = await upstream.send(request, seen);
    response.on('close', () => answer.destroy());
    if (seen.kind === 'watch' && answer.statusCode === 200) return passEvents(seen, answer, response);
    const body = await collect(answer);
    if ((await self.hooks.after?.(seen, answer.statusCode ?? 0)) === 'cut' || closed)
      return void response.destroy();
    response.writeHead(answer.statusCode ?? 502, withoutHopHeaders(answer.headers));
    response.end(body);
  }

  async function passEvents(
    seen: Seen,
    answer: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    response.writeHead(200, withoutHopHeaders(answer.headers));
    response.flushHeaders();
    const delivery = deliveryOf(seen, self.hooks.mergeMs, response);
    try {
      for await (const line of lines(answer)) if (!(await delivery.take(line))) return void answer.destroy();
    } finally {
      delivery.end();
    }
    response.end();
  }

  function deliveryOf(seen: Seen, mergeMs: number | undefined, response: http.ServerResponse): Delivery {
    const pending = new Map<string, string>();
    const flush = (): void => {
      for (const line of pending.values()) response.write(`${line}\n`);
      pending.clear();
    };
    const timer = mergeMs === undefined ? undefined : setInterval(flush, mergeMs);
    return {
      async take(line) {
        // A watch's lines are events; the hooks read no more of them than the type says.
        const event = JSON.parse(line) as WatchLine;
        const given = (await self.hooks.event?.(seen, event)) ?? [event];
        if (given === 'silent') return false;
        for (const each of given) {
          if (timer === undefined) response.write(`${JSON.stringify(each)}\n`);
          else {
            const { namespace = '', name = '' } = each.object.metadata ?? {};
            // The last word on an object stands where it was said.
            pending.delete(`${namespace}/${name}`);
            pending.set(`${namespace}/${name}`, JSON.stringify(each));
          }
        }
        return true;
      },
      end: () => clearInterval(timer),
    };
  }

  const self: Proxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hooks: {},
    writes,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      closed = true;
      self.hooks = {};
      self.cut();
      upstream.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return self;
}

/** Writes that count: a lease is renewed by the clock, not by a reconcile. */
export function isCounted({ kind, resource }: Seen): boolean {
  return kind === 'write' && resource !== 'leases.coordination.k8s.io';
}

/** A Status as the server would send it. */
export function status(code: number, reason: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status: code,
    headers,
    body: JSON.stringify({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `${reason}, says the test`,
      reason,
      code,
    }),
  };
}

async function read(request: http.IncomingMessage): Promise<Seen> {
  const { method = 'GET', url = '/' } = request;
  const { pathname, searchParams } = new URL(url, 'http://server');
  const { resource, what } = nameOf(pathname);
  const watching = searchParams.get('watch') === 'true' || searchParams.get('watch') === '1';
  const kind = method !== 'GET' ? 'write' : watching ? 'watch' : 'read';
  return { method, url, resource, what, kind, body: await collect(request) };
}

/** `/apis/<group>/<version>[/namespaces/<ns>]/<plural>[/<name>[/<subresource>]]` and the same below `/api/v1`. */
function nameOf(path: string): { resource: string; what: string } {
  const parts = path.split('/').filter((part) => part !== '');
  const group = parts[0] === 'apis' ? (parts[1] ?? '') : '';
  const rest = parts.slice(parts[0] === 'apis' ? 3 : 2);
  const inside = rest[0] === 'namespaces' && rest.length > 2 ? rest.slice(2) : rest;
  const resource = `${inside[0] ?? path}${group === '' ? '' : `.${group}`}`;
  return { resource, what: inside.length === 0 ? path : [resource, ...inside.slice(1)].join('/') };
}

interface Upstream {
  send(request: http.IncomingMessage, seen: Seen): Promise<http.IncomingMessage>;
  close(): void;
}

function createUpstream({ server, tls }: Connection): Upstream {
  const secure = server.protocol === 'https:';
  const agent = secure ? new https.Agent({ keepAlive: true, ...tls }) : new http.Agent({ keepAlive: true });
  return {
    send({ headers }, { method, url, body }) {
      return new Promise((resolve, reject) => {
        const outgoing = (secure ? https : http).request(
          new URL(url, server),
          { agent, method, headers: { ...headers, host: server.host } },
          resolve,
        );
        outgoing.on('error', reject);
        outgoing.end(body);
      });
    },
    close: () => agent.destroy(),
  };
}

async function collect(stream: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  // Without setEncoding a message's chunks are Buffers.
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function* lines(stream: http.IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) {
    rest += chunk;
    const whole = rest.split('\n');
    rest = whole.pop() ?? '';
    for (const line of whole) if (line !== '') yield line;
  }
}

/** What belongs to one connection is written anew for the other. */
function withoutHopHeaders(headers: http.IncomingHttpHeaders): http.OutgoingHttpHeaders {
  const {
    connection: _,
    'keep-alive': __,
    'transfer-encoding': ___,
    'content-length': ____,
    ...rest
  } = headers;
  return rest;
}

/** One request to one answer, byte by byte as asked: also such as no client library would send. */
import { connect } from 'node:net';
import { Agent, request as httpRequest } from 'node:http';

export interface Sent {
  readonly method: string;
  /** Path and query as they go over the wire. */
  readonly target: string;
  /** Names may come twice. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer | undefined;
  /** Bytes of the body that are sent before the connection is closed, although more were announced. Absent: all. */
  readonly cutAt?: number | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly milliseconds: number;
}

/** Why there is none. */
export interface NoAnswer {
  readonly failure: string;
  readonly milliseconds: number;
}

export interface Wire {
  send(sent: Sent): Promise<Answer | NoAnswer>;
  close(): void;
}

/** @param withinMs answers that take longer are given up */
export function createWire(port: number, withinMs: number, connections: number): Wire {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    send: (sent) =>
      sent.cutAt === undefined ? whole(agent, port, withinMs, sent) : cut(port, sent, sent.cutAt),
    close: () => agent.destroy(),
  };
}

function whole(agent: Agent, port: number, withinMs: number, sent: Sent): Promise<Answer | NoAnswer> {
  const began = performance.now();
  const took = (): number => performance.now() - began;
  return new Promise((resolve) => {
    const fail = (error: Error): void => resolve({ failure: error.message, milliseconds: took() });
    const { method, target, headers, body } = sent;
    try {
      const outgoing = httpRequest(
        {
          agent,
          host: '127.0.0.1',
          port,
          method,
          path: target,
          headers: [...headers, ...lengthOf(sent)].flat(),
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', fail);
          response.once('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks),
              milliseconds: took(),
            }),
          );
        },
      );
      outgoing.setTimeout(withinMs, () => outgoing.destroy(new Error(`no answer within ${withinMs} ms`)));
      outgoing.once('error', fail);
      outgoing.end(body);
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

function lengthOf({ body, headers }: Sent): [string, string][] {
  const told = headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  return body === undefined || told ? [] : [['content-length', String(body.length)]];
}

/** Nobody waits for an answer to half a request: what counts is what becomes of the server. */
function cut(port: number, { method, target, headers, body }: Sent, at: number): Promise<NoAnswer> {
  const began = performance.now();
  const all = body ?? Buffer.alloc(0);
  const head = [
    `${method} ${target} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `content-length: ${all.length}`,
    '',
    '',
  ].join('\r\n');
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (): void => resolve({ failure: 'cut off by us', milliseconds: performance.now() - began });
    socket.once('error', done);
    socket.once('close', done);
    socket.write(Buffer.concat([Buffer.from(head, 'latin1'), all.subarray(0, at)]), () =>
      setTimeout(() => socket.destroy(), 20),
    );
  });
}

/** As a command that sends the same. */
export function asCurl(port: number, { method, target, headers, body, cutAt }: Sent): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  const given = headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  const text = body?.toString('utf8');
  const isText = text !== undefined && !text.includes('\u0000') && !text.includes('\uFFFD');
  const url = quoted(`http://127.0.0.1:${port}${target}`);
  const rest = ['-i', '--path-as-is', '-X', method, ...given];
  const note = cutAt === undefined ? '' : ` # closed after ${cutAt} bytes of the body`;
  if (body === undefined) return `curl ${[...rest, url].join(' ')}${note}`;
  return isText
    ? `curl ${[...rest, '--data-binary', quoted(text), url].join(' ')}${note}`
    : `base64 -d <<< ${body.toString('base64')} | curl ${[...rest, '--data-binary', '@-', url].join(' ')}${note}`;
}

/**
 * A merchant's server, and a verifier of signatures written from the specification of Standard Webhooks alone: it shares nothing with
 * what signs.
 */
import assert from 'node:assert/strict';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Heard {
  readonly path: string;
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What it answers: a status, with headers perhaps, or nothing at all. */
export type Answer =
  | number
  | 'silence'
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

export interface Receiver {
  readonly heard: readonly Heard[];
  readonly origin: string;
  /** @param answer to the n-th delivery at a path, counted from 1 */
  at(path: string, answer: (heard: Heard, n: number) => Answer | Promise<Answer>): string;
  heardAt(path: string): readonly Heard[];
  stop(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const heard: Heard[] = [];
  const answers = new Map<string, (heard: Heard, n: number) => Answer | Promise<Answer>>();
  const heardAt = (path: string): readonly Heard[] => heard.filter((one) => one.path === path);
  async function answerTo(one: Heard, response: ServerResponse): Promise<void> {
    const answer = (await answers.get(one.path)?.(one, heardAt(one.path).length)) ?? 204;
    if (answer === 'silence') return;
    const { status, headers, body } =
      typeof answer === 'number' ? { status: answer, headers: {}, body: '' } : answer;
    response.writeHead(status, headers).end(body);
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      const one: Heard = {
        path,
        id: String(request.headers['webhook-id']),
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      heard.push(one);
      void answerTo(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // It listens on TCP.
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    heard,
    origin,
    at(path, answer) {
      answers.set(path, answer);
      return `${origin}${path}`;
    },
    heardAt,
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

const TOLERANCE_SECONDS = 5 * 60;

/** As the specification has receivers do it. @returns the parsed body; throws what is wrong */
export function verify(
  secret: string,
  { headers, body }: Pick<Heard, 'headers' | 'body'>,
  now = new Date(),
): Record<string, unknown> {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const signatures = headers['webhook-signature'];
  assert.ok(typeof id === 'string' && typeof timestamp === 'string' && typeof signatures === 'string');
  assert.match(timestamp, /^\d+$/);
  const age = now.getTime() / 1_000 - Number(timestamp);
  assert.ok(Math.abs(age) <= TOLERANCE_SECONDS, `the timestamp is ${age} s old`);
  const [, key = ''] = /^whsec_(.+)$/.exec(secret) ?? [];
  const expected = createHmac('sha256', Buffer.from(key, 'base64'))
    .update(`${id}.${timestamp}.${body}`)
    .digest();
  const matches = signatures.split(' ').some((one) => {
    const [version, value = ''] = one.split(',');
    const given = Buffer.from(value, 'base64');
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
  assert.ok(matches, 'no signature is of this secret');
  // Whoever reads more of it checks it.
  return JSON.parse(body) as Record<string, unknown>;
}

/**
 * What the gateway says itself: problem+json to programs, a plain page to people. Neither tells which hosts exist.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_OF, type ErrorCode } from '../platform/errors.ts';
import type { Party } from './holds.ts';

export interface Problem {
  readonly code: ErrorCode;
  readonly title: string;
  readonly detail: string;
  readonly retryAfterSeconds?: number;
  /** Where the status of the code would say something else. */
  readonly status?: number;
}

export const PROBLEMS = {
  noShop: {
    code: 'not_found',
    title: 'There is no shop here',
    detail: 'No shop is reached under this address. Check the spelling of the host name.',
  },
  noRoute: {
    code: 'not_found',
    title: 'There is nothing here',
    detail: 'The shop exists, but nothing answers at this path.',
  },
  noEndpoint: {
    code: 'unavailable',
    title: 'The shop is starting or being updated',
    detail: 'Nothing is ready to answer yet. Try again in a moment.',
    retryAfterSeconds: 1,
  },
  busy: {
    code: 'unavailable',
    title: 'The shop is very busy',
    detail: 'Too many requests are under way. Try again in a moment.',
    retryAfterSeconds: 2,
  },
  slowClient: {
    code: 'rate_limited',
    title: 'Too much at once, too slowly',
    detail: 'Your network sends or reads as much slowly as it may. Let some of it finish, then try again.',
    retryAfterSeconds: 10,
  },
  slowClients: {
    code: 'unavailable',
    title: 'The shop is very busy',
    detail: 'Too many send or read slowly. Try again in a moment.',
    retryAfterSeconds: 5,
  },
  crowded: {
    code: 'rate_limited',
    title: 'Too many connections',
    detail:
      'Your network has as many as it may while there are few. Close some, or ask several times over one.',
    retryAfterSeconds: 5,
  },
  badBackend: {
    code: 'internal',
    title: 'The shop is set up wrongly',
    detail: 'The route of this path points nowhere. The status of its HTTPRoute says why.',
  },
  connection: {
    code: 'unavailable',
    title: 'The shop did not answer',
    detail: 'The connection to the service broke before it answered. Try again.',
    retryAfterSeconds: 1,
    status: 502,
  },
  timeout: {
    code: 'timeout',
    title: 'The shop took too long to answer',
    detail: 'The service did not answer in time. Try again later.',
  },
  tooLarge: {
    code: 'too_large',
    title: 'The request is too large',
    detail: 'Send a smaller body.',
  },
  badHost: {
    code: 'invalid_input',
    title: 'The host name is missing or malformed',
    detail: 'Send a Host header.',
  },
  badPath: {
    code: 'invalid_input',
    title: 'The path is malformed',
    detail: 'Ask for a path without "." and ".." segments.',
  },
  needsHttp2: {
    code: 'invalid_input',
    title: 'This is asked over HTTP/2',
    detail: 'A gRPC service answers here. Use a gRPC client, over HTTP/2 with prior knowledge or by ALPN.',
  },
  badUpgrade: {
    code: 'invalid_input',
    title: 'This upgrade is not possible',
    detail: 'Only WebSocket upgrades by GET are.',
  },
} as const satisfies Record<string, Problem>;

/** Seconds until the next request is let through. */
export const rateLimited = (retryAfterSeconds: number): Problem => ({
  code: 'rate_limited',
  title: 'Too many requests',
  detail: 'This shop has used up its requests for now. Try again later.',
  retryAfterSeconds,
});

/** To whoever keeps a Pod waiting while a share of its connections is used up. */
export const heldBy = (whose: Party): Problem =>
  whose === 'client' ? PROBLEMS.slowClient : PROBLEMS.slowClients;

export const suspended = (reason: string): Problem => ({
  code: 'unavailable',
  title: 'The shop is closed for now',
  detail: reason,
  retryAfterSeconds: 3600,
});

export const statusOf = (problem: Problem): number => problem.status ?? STATUS_OF[problem.code];

/** Answers and closes the connection where the request's body was not read. */
export function answerProblem(
  request: IncomingMessage,
  response: ServerResponse,
  problem: Problem,
  requestId: string,
): void {
  const status = statusOf(problem);
  const isPage = request.headers.accept?.includes('text/html') === true;
  const body = isPage ? page(problem, requestId) : json(problem, status, requestId);
  const headers = [
    'content-type',
    isPage ? 'text/html; charset=utf-8' : 'application/problem+json',
    'content-length',
    String(Buffer.byteLength(body)),
    'cache-control',
    'no-store',
    'x-request-id',
    requestId,
  ];
  if (problem.retryAfterSeconds !== undefined) headers.push('retry-after', String(problem.retryAfterSeconds));
  if (!request.complete) headers.push('connection', 'close');
  response.writeHead(status, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

const json = (problem: Problem, status: number, requestId: string): string =>
  JSON.stringify({
    type: 'about:blank',
    title: problem.title,
    status,
    detail: problem.detail,
    code: problem.code,
    requestId,
  });

const page = (problem: Problem, requestId: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(problem.title)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:32rem;padding:0 1.5rem;color:#1f2430;background:#fff}
h1{font-size:1.5rem}p{color:#4a5163}small{color:#767d8c}@media(prefers-color-scheme:dark){body{background:#15181f;color:#eef0f4}p{color:#b5bbc9}}</style>
</head><body><h1>${escape(problem.title)}</h1><p>${escape(problem.detail)}</p><small>${requestId}</small></body></html>
`;

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

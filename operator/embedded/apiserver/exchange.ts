/** One request and its answer: what was asked, by whom, and the ways to answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { UserInfo } from './authn.ts';
import { ApiError, internal, tooLarge } from './errors.ts';
import { formOf, type Form } from './negotiation.ts';
import type { IncludeObject } from './table/table.ts';

/** As kube-apiserver limits it. */
const LARGEST_BODY = 3 * 1024 * 1024;
/** The form of Kubernetes' typed Go clients; its decoder is loaded by the first that uses it. */
const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const LONGEST_WARNING = 1_000;
const MOST_WARNINGS = 20;

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly user: UserInfo;
  readonly userAgent: string;
  readonly contentType: string;
  readonly accept: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Told to the client in `Warning` headers. */
  readonly warnings: Set<string>;
}

/**
 * The body as text; what came as protobuf is given as JSON.
 * @throws {ApiError} 413 when the body is too large, 400 when it is broken protobuf
 */
export async function readBody(exchange: Exchange): Promise<string> {
  const declared = Number(exchange.request.headers['content-length'] ?? 0);
  if (declared > LARGEST_BODY) throw tooLarge(LARGEST_BODY);
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of exchange.request) {
    // Requests have no encoding set, so that their parts are buffers.
    const bytes = part as Buffer;
    size += bytes.length;
    if (size > LARGEST_BODY) throw tooLarge(LARGEST_BODY);
    parts.push(bytes);
  }
  const body = Buffer.concat(parts);
  if (!exchange.contentType.startsWith(PROTOBUF)) return body.toString('utf8');
  const { decodeProtobuf } = await import('./protobuf/decode.ts');
  return JSON.stringify(decodeProtobuf(body));
}

export const wantedForm = (exchange: Exchange): Form => formOf(exchange.accept);

export function wantedInclude(exchange: Exchange): IncludeObject {
  const include = exchange.query.get('includeObject');
  return include === 'None' || include === 'Object' ? include : 'Metadata';
}

export function sendJson(
  exchange: Exchange,
  code: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const { response } = exchange;
  if (response.headersSent) return;
  if (wantsYaml(exchange)) {
    void sendYaml(exchange, code, text);
    return;
  }
  const body = Buffer.from(text);
  response.writeHead(code, {
    'content-type': 'application/json',
    'content-length': body.length,
    'cache-control': 'no-cache, private',
    ...warningHeaders(exchange.warnings),
    ...headers,
  });
  response.end(exchange.method === 'HEAD' ? undefined : body);
}

/** JSON is preferred wherever it is accepted at all. */
const wantsYaml = ({ accept }: Exchange): boolean =>
  accept.startsWith('application/yaml') && !accept.includes('json');

async function sendYaml(exchange: Exchange, code: number, text: string): Promise<void> {
  const { stringify } = await import('yaml');
  exchange.response.writeHead(code, {
    'content-type': 'application/yaml',
    ...warningHeaders(exchange.warnings),
  });
  exchange.response.end(stringify(JSON.parse(text)));
}

export function sendText(exchange: Exchange, code: number, body: string): void {
  exchange.response.writeHead(code, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
  });
  exchange.response.end(body);
}

export function sendError(exchange: Exchange, error: unknown): ApiError {
  const told =
    error instanceof ApiError ? error : internal('an unexpected condition; see the log of the server', error);
  const after = told.details?.retryAfterSeconds;
  sendJson(
    exchange,
    told.code,
    JSON.stringify(told.toStatus()),
    after === undefined ? {} : { 'retry-after': String(after) },
  );
  return told;
}

function warningHeaders(warnings: ReadonlySet<string>): Record<string, string[]> {
  if (warnings.size === 0) return {};
  const told = [...warnings].slice(0, MOST_WARNINGS).map((warning) => `299 - ${quoted(warning)}`);
  return { warning: told };
}

/** A quoted string of RFC 7230; what a header cannot carry is left out. */
function quoted(warning: string): string {
  const plain = warning.slice(0, LONGEST_WARNING).replaceAll(/[^\t\x20-\x7e]/g, '?');
  return `"${plain.replaceAll(/["\\]/g, '\\$&')}"`;
}

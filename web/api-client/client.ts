/**
 * Calls a shop's API by operation id, typed from the domain definitions.
 * The transport is the caller's: the storefront's server sends over node:http with the tenant's host, a browser would use fetch.
 */
import { ROUTES } from './operations.generated.ts';
import type { Operations } from './operations.generated.ts';

export type OperationId = keyof Operations;
export type Answer<Id extends OperationId> = Operations[Id]['response'];

type Part<Name extends string, Type> = undefined extends Type
  ? { readonly [N in Name]?: undefined }
  : { readonly [N in Name]: Type };
type OptionalPart<Name extends string, Type> = [Type] extends [undefined]
  ? { readonly [N in Name]?: undefined }
  : { readonly [N in Name]?: Type };

/** What an operation takes: path parameters and body are required where it has them, the query may be left out. */
export type Input<Id extends OperationId> = Part<'params', Operations[Id]['params']> &
  OptionalPart<'query', Operations[Id]['query']> &
  Part<'body', Operations[Id]['body']> & {
    /** Sent as `Idempotency-Key`; the same key replays the first answer. */
    readonly idempotencyKey?: string;
  };

export interface ApiRequest {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export type Send = (request: ApiRequest) => Promise<ApiResponse>;

/** A refusal of the API (problem+json), or of the way there (`unavailable`, `timeout`). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly problems: readonly { readonly where: string; readonly what: string }[];

  constructor(
    status: number,
    code: string,
    message: string,
    problems: ApiError['problems'] = [],
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.problems = problems;
  }
}

export interface Client {
  /** Throws ApiError. */
  call<Id extends OperationId>(id: Id, input: Input<Id>): Promise<Answer<Id>>;
}

/** A client over a transport. */
export function createClient(send: Send): Client {
  return {
    async call(id, input) {
      const response = await send(toRequest(id, input));
      if (response.status >= 400) throw toError(response);
      // The server answers by the same schemas these types are generated from.
      return (response.body === '' ? undefined : JSON.parse(response.body)) as never;
    },
  };
}

interface AnyInput {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
}

/** The request of an operation. Exported for caches that key by path. */
export function toRequest(id: OperationId, input: AnyInput): ApiRequest {
  const [method, template] = ROUTES[id];
  const params = entries(input.params);
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(params.find(([key]) => key === name)?.[1] ?? ''),
  );
  const query = new URLSearchParams(entries(input.query)).toString();
  const body =
    input.body === undefined
      ? undefined
      : typeof input.body === 'string'
        ? input.body
        : JSON.stringify(input.body);
  return {
    method,
    path: query === '' ? path : `${path}?${query}`,
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(input.idempotencyKey === undefined ? {} : { 'idempotency-key': input.idempotencyKey }),
    },
    body,
  };
}

function entries(values: unknown): [string, string][] {
  if (typeof values !== 'object' || values === null) return [];
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)]],
  );
}

function toError({ status, body }: ApiResponse): ApiError {
  const problem = parse(body);
  const problems = Array.isArray(problem['problems'])
    ? problem['problems'].map((one: unknown) => {
        const fields = typeof one === 'object' && one !== null ? one : {};
        return {
          where: 'where' in fields ? String(fields.where) : '',
          what: 'what' in fields ? String(fields.what) : '',
        };
      })
    : [];
  return new ApiError(
    status,
    text(problem['code']) || `http_${status}`,
    text(problem['detail']) || text(problem['title']) || `The API answered ${status}`,
    problems,
  );
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function parse(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    // A proxy's HTML page, say: the status alone tells what there is to tell.
    return {};
  }
}

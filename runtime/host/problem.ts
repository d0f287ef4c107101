/** Errors as RFC 9457 problems: what happened, what to do, which request it was. Bugs tell their number only. */
import type { ZodError } from 'zod';
import { ShopError, STATUS_OF, type ErrorCode, type Problem } from '../platform/errors.ts';

export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly remedy?: string;
  readonly problems?: readonly Problem[];
  readonly requestId: string;
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** Anything but a ShopError, and every `internal` one, is a bug: its message stays in the log. */
export function toProblem(error: unknown, requestId: string): ProblemDocument {
  const known = error instanceof ShopError && error.code !== 'internal' ? error : undefined;
  const code: ErrorCode = known?.code ?? 'internal';
  return {
    type: `https://shopmind.ai/problems/${code.replaceAll('_', '-')}`,
    title: TITLES[code],
    status: STATUS_OF[code],
    detail: known?.message ?? 'Something went wrong on our side.',
    code,
    ...(known?.remedy === undefined
      ? known
        ? {}
        : { remedy: `Try again; if it stays, report request ${requestId}.` }
      : { remedy: known.remedy }),
    ...(known && known.problems.length > 0 ? { problems: known.problems } : {}),
    requestId,
  };
}

/** Every issue of a schema with the place it is at, for example `body/lines/0/quantity`. */
export function problemsOf(error: ZodError, source: string): Problem[] {
  return error.issues
    .slice(0, 100)
    .map((issue) => ({ where: [source, ...issue.path.map(String)].join('/'), what: issue.message }));
}

const TITLES: Readonly<Record<ErrorCode, string>> = {
  invalid_input: 'The request is not valid',
  unauthenticated: 'Log in first',
  forbidden: 'Not allowed',
  not_found: 'Not found',
  conflict: 'It changed meanwhile',
  gone: 'No longer there',
  out_of_stock: 'Out of stock',
  illegal_transition: 'Not possible in this state',
  payment_declined: 'The payment was declined',
  idempotency_mismatch: 'The idempotency key belongs to another request',
  idempotency_in_flight: 'The first request with this key is still running',
  too_large: 'Too large',
  unsupported_media_type: 'This content type is not understood',
  rate_limited: 'Too many requests',
  unavailable: 'Not available at the moment',
  timeout: 'It took too long',
  internal: 'Internal error',
};

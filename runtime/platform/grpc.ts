/** What of gRPC both know who answer calls and who pass them on: its codes, and how long a caller waits. */
import type { ErrorCode } from './errors.ts';

export const CODE = {
  ok: 0,
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** `aborted`: try the whole again; `failedPrecondition`: not before something has changed. */
export const CODE_OF: Readonly<Record<ErrorCode, number>> = {
  invalid_input: CODE.invalidArgument,
  unauthenticated: CODE.unauthenticated,
  forbidden: CODE.permissionDenied,
  not_found: CODE.notFound,
  conflict: CODE.aborted,
  gone: CODE.notFound,
  out_of_stock: CODE.failedPrecondition,
  illegal_transition: CODE.failedPrecondition,
  payment_declined: CODE.failedPrecondition,
  idempotency_mismatch: CODE.failedPrecondition,
  idempotency_in_flight: CODE.aborted,
  too_large: CODE.resourceExhausted,
  unsupported_media_type: CODE.invalidArgument,
  rate_limited: CODE.resourceExhausted,
  unavailable: CODE.unavailable,
  timeout: CODE.deadlineExceeded,
  internal: CODE.internal,
};

/** Whether a request is a call whose messages are protocol buffers. */
export function isCall(contentType: string | undefined): boolean {
  return /^application\/grpc(?:\+proto)?$/.test(contentType ?? '');
}

const MOST_TIMEOUT = 2 ** 31 - 1;
const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/** Of a `grpc-timeout`, `250m` or `3S`; undefined where there is none, or it is malformed. */
export function millisecondsIn(header: string | undefined): number | undefined {
  const [, count, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(header ?? '') ?? [];
  return count === undefined ? undefined : Math.min(Number(count) * (UNITS[unit] ?? 0), MOST_TIMEOUT);
}

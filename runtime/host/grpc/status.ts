/** How a call ended, as gRPC says it: a code of its own, a message, and details that clients' libraries read. */
import { ShopError, type ErrorCode } from '../../platform/errors.ts';
import { toProblem } from '../problem.ts';
import { BadRequest, ErrorInfo, RequestInfo, RetryInfo, Status } from './known.ts';
import type { Message } from './proto.ts';
import { encode, type Json } from './wire.ts';

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
const CODE_OF: Readonly<Record<ErrorCode, number>> = {
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

/** What gRPC has a code for and our API has none: a method or an encoding that is not there. */
export class Unimplemented extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Unimplemented';
  }
}

/** Trailers of a call that failed: of a bug, only its number. */
export function trailersOf(error: unknown, requestId: string): Record<string, string> {
  if (error instanceof Unimplemented)
    return { 'grpc-status': String(CODE.unimplemented), 'grpc-message': encodeURIComponent(error.message) };
  const { code: reason, detail, remedy, problems = [] } = toProblem(error, requestId);
  const code = CODE_OF[error instanceof ShopError ? error.code : 'internal'];
  const retry = error instanceof ShopError ? error.retryAfterSeconds : undefined;
  const details = [
    any(ErrorInfo, {
      reason: reason.toUpperCase(),
      domain: 'shopmind.ai',
      metadata: remedy === undefined ? {} : { remedy },
    }),
    any(RequestInfo, { requestId }),
    ...(problems.length === 0
      ? []
      : [
          any(BadRequest, {
            fieldViolations: problems.map(({ where, what }) => ({ field: where, description: what })),
          }),
        ]),
    ...(retry === undefined ? [] : [any(RetryInfo, { retryDelay: { seconds: retry, nanos: 0 } })]),
  ];
  return {
    'grpc-status': String(code),
    'grpc-message': encodeURIComponent(detail),
    'grpc-status-details-bin': withoutPadding(encode(Status, { code, message: detail, details })),
  };
}

function any(message: Message, value: Json): Json {
  return { typeUrl: `type.googleapis.com/${message.fullName}`, value: encode(message, value) };
}

/** As a header of bytes is written. */
function withoutPadding(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

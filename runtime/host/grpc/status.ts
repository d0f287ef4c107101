/** How a call ended, as gRPC says it: a code of its own, a message, and details that clients' libraries read. */
import { ShopError } from '../../platform/errors.ts';
import { CODE, CODE_OF } from '../../platform/grpc.ts';
import { toProblem } from '../problem.ts';
import { BadRequest, ErrorInfo, RequestInfo, RetryInfo, Status } from './known.ts';
import type { Message } from './proto.ts';
import { encode, type Json } from './wire.ts';

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

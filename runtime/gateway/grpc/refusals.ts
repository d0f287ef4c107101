/** What the gateway says itself to callers: a status of gRPC, without an answer before it. */
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { CODE, CODE_OF } from '../../platform/grpc.ts';
import type { Problem } from '../answers.ts';

export interface Refusal {
  readonly code: number;
  readonly message: string;
}

export const refusalOf = ({ code, title, detail }: Problem): Refusal => ({
  code: CODE_OF[code],
  message: `${title}. ${detail}`,
});

/** The shop is there, and has no such service: what a server says of a method it does not know. */
export const NO_SERVICE: Refusal = {
  code: CODE.unimplemented,
  message: 'The shop has no such service.',
};

export const DEADLINE: Refusal = {
  code: CODE.deadlineExceeded,
  message: 'The deadline of the call has passed.',
};

export const trailersOf = ({ code, message }: Refusal): Record<string, string> => ({
  'grpc-status': String(code),
  'grpc-message': encodeURIComponent(message),
});

/** Whole and at once; what the client still has to say is not heard. */
export function refuse(stream: ServerHttp2Stream, refusal: Refusal, requestId: string): void {
  if (stream.destroyed || stream.closed) return;
  const headers: OutgoingHttpHeaders = {
    ':status': 200,
    'content-type': 'application/grpc',
    'x-request-id': requestId,
    ...trailersOf(refusal),
  };
  stream.respond(headers, { endStream: true });
  hearNoMore(stream);
}

/**
 * After all has been said: a client that goes on sending would hold the call open. A turn later, because closing takes back what is
 * still on its way.
 */
export function hearNoMore(stream: ServerHttp2Stream): void {
  setImmediate(() => {
    if (!stream.destroyed && !stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  });
}

const STATUS_OF: Readonly<Record<number, number>> = {
  [CODE.ok]: 200,
  [CODE.cancelled]: 499,
  [CODE.invalidArgument]: 400,
  [CODE.deadlineExceeded]: 504,
  [CODE.notFound]: 404,
  [CODE.permissionDenied]: 403,
  [CODE.resourceExhausted]: 429,
  [CODE.failedPrecondition]: 400,
  [CODE.aborted]: 409,
  [CODE.unimplemented]: 501,
  [CODE.internal]: 500,
  [CODE.unavailable]: 503,
  [CODE.unauthenticated]: 401,
};

/** As HTTP would have said it: calls are counted beside requests. */
export const statusOf = (code: number): number => STATUS_OF[code] ?? 500;

/**
 * Errors as values: a code machines match, a message people read, a remedy that says what to do.
 * Everything the runtime throws on purpose is a ShopError; anything else is a bug and answers 500.
 */

/** Closed union, so that a client can switch over it and the compiler finds what it forgot. */
export type ErrorCode =
  | 'invalid_input'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'gone'
  | 'out_of_stock'
  | 'illegal_transition'
  | 'payment_declined'
  | 'idempotency_mismatch'
  | 'idempotency_in_flight'
  | 'too_large'
  | 'unsupported_media_type'
  | 'rate_limited'
  | 'unavailable'
  | 'timeout'
  | 'internal';

/** The HTTP status of each code; the gateway and the host agree on it. */
export const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  invalid_input: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  out_of_stock: 409,
  illegal_transition: 409,
  payment_declined: 402,
  idempotency_mismatch: 422,
  idempotency_in_flight: 409,
  too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  unavailable: 503,
  timeout: 504,
  internal: 500,
};

/** One field that was wrong: where (JSON pointer or column), what, and how to mend it. */
export interface Problem {
  readonly where: string;
  readonly what: string;
}

export interface ShopErrorOptions {
  readonly remedy?: string;
  readonly problems?: readonly Problem[];
  readonly cause?: unknown;
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds?: number;
}

/** The one error class: `instanceof` must work across rooms, which a plain value cannot give. */
export class ShopError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string | undefined;
  readonly problems: readonly Problem[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: ShopErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ShopError';
    this.code = code;
    this.remedy = options.remedy;
    this.problems = options.problems ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

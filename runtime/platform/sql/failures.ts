/** What PostgreSQL's and the network's errors mean to a domain: a ShopError with a code it can act on. */
import { ShopError } from '../errors.ts';
import { UNKEPT } from '../kept.ts';

/** SQLSTATE of a database error, or the network's error code; undefined for anything else. */
export function stateOf(error: unknown): string | undefined {
  if (error instanceof ShopError) return stateOf(error.cause);
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code;
  return undefined;
}

/** Name of the violated constraint, when there is one. */
function constraintOf(error: unknown): string | undefined {
  const cause = error instanceof ShopError ? error.cause : error;
  if (
    typeof cause === 'object' &&
    cause !== null &&
    'constraint' in cause &&
    typeof cause.constraint === 'string'
  ) {
    return cause.constraint;
  }
  return undefined;
}

/** Whether running the whole transaction again may succeed and the failed one surely had no effect. */
export function isRetryable(error: unknown): boolean {
  const state = stateOf(error);
  return state === '40001' || state === '40P01' || isStalePlan(error);
}

/** A prepared statement that a migration or a pooler has made unusable. */
export function isStalePlan(error: unknown): boolean {
  const state = stateOf(error);
  return state === '26000' || (state === '0A000' && String(messageOf(error)).includes('cached plan'));
}

/** Whether the connection is gone, as opposed to the statement having failed. */
export function isConnectionLoss(error: unknown): boolean {
  const state = stateOf(error);
  if (state === undefined) return LOSSES.test(messageOf(error));
  return /^(?:08|57P0[1-5]|53300)/.test(state) || NETWORK_CODES.has(state);
}

/** The ShopError of a failure; a ShopError passes through unchanged. */
export function toShopError(error: unknown): ShopError {
  if (error instanceof ShopError) return error;
  const state = stateOf(error);
  if (isConnectionLoss(error)) {
    return new ShopError('unavailable', 'The database cannot be reached.', {
      cause: error,
      remedy: 'Try again in a moment.',
      retryAfterSeconds: 1,
    });
  }
  // `platform.enter` found the tenant frozen or elsewhere: see directory/002-moves.sql.
  if (state === '25006') {
    return new ShopError(
      'unavailable',
      'This shop takes no changes for the moment: its data are being moved or restored.',
      {
        cause: error,
        remedy: 'Try again in a moment.',
        retryAfterSeconds: 1,
      },
    );
  }
  if (state === '57014' || state === '55P03') {
    return new ShopError('timeout', 'The database took too long to answer.', {
      cause: error,
      remedy: 'Try again.',
    });
  }
  if (state === '40001' || state === '40P01') {
    return new ShopError('conflict', 'Others changed the same rows again and again.', {
      cause: error,
      remedy: 'Try again.',
    });
  }
  if (state === '23505' || state === '23503' || state === '23514' || state === '23P01') {
    return new ShopError(
      'conflict',
      `The change conflicts with what is stored (${constraintOf(error) ?? state}).`,
      {
        cause: error,
        remedy: 'Read the present state and try again.',
      },
    );
  }
  // A value that was handed over, as opposed to one that was reckoned: only a caller can have made it so large.
  if (
    /^2200[38]$/.test(state ?? '') &&
    /value (?:".*" is )?out of range(?:: ".*"|.* type)/.test(messageOf(error))
  ) {
    return new ShopError('invalid_input', 'A number or moment is beyond any that is kept.', {
      cause: error,
      remedy: 'Send one that is nearer.',
    });
  }
  // As `unkeptIn` finds it in what callers send; this one came in a wrapping of its own.
  if (state === '22021' || state === '22P05') {
    return new ShopError('invalid_input', `A text ${UNKEPT}.`, {
      cause: error,
      remedy: 'Take it out.',
    });
  }
  return new ShopError('internal', `A statement failed: ${messageOf(error)}`, { cause: error });
}

function messageOf(error: unknown): string {
  const cause = error instanceof ShopError ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

/** How pg tells of a connection that broke, could not be opened, or is used although it broke: it gives no codes. */
const LOSSES =
  /Connection terminated|connection ended|timeout (?:exceeded|expired)|read timeout|is not queryable/i;

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNABORTED',
]);

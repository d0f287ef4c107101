/**
 * The error of a patch that cannot be applied, ready to become a Kubernetes Status.
 */
import type { Cause } from '../schema/schema.ts';

/** HTTP code, Status reason, message and causes of a refused patch. */
export class PatchError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly causes: readonly Cause[];

  constructor(
    code: 400 | 409 | 415 | 422 | 500,
    reason: string,
    message: string,
    causes: readonly Cause[] = [],
  ) {
    super(message);
    this.name = 'PatchError';
    this.code = code;
    this.reason = reason;
    this.causes = causes;
  }
}

/** 400 BadRequest: the patch itself is malformed. */
export function badPatch(message: string): PatchError {
  return new PatchError(400, 'BadRequest', message);
}

/** 422 Invalid: the patch is well formed and does not fit the object. */
export function unfitPatch(message: string): PatchError {
  return new PatchError(422, 'Invalid', message);
}

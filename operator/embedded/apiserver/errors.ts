/** Refusals as kube-apiserver words them: a `Status` with reason, code and causes. */
import { causesText, type Cause } from '../schema/schema.ts';

export type { Cause } from '../schema/schema.ts';

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly Cause[];
  readonly retryAfterSeconds?: number;
}

/** An error that is answered to the client as it stands. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  /** Where a list may be gone on with, which this error interrupted; empty where it may not. */
  readonly continueWith: string = '';

  constructor(code: number, reason: string, message: string, details?: StatusDetails, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  toStatus(): object {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.continueWith === '' ? {} : { continue: this.continueWith },
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

/** What an error is about: plural and group name the resource, kind the object. */
export interface Subject {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

const qualified = (subject: Subject): string =>
  subject.group === '' ? subject.plural : `${subject.plural}.${subject.group}`;

const about = (subject: Subject, name: string): StatusDetails => ({
  ...(name === '' ? {} : { name }),
  ...(subject.group === '' ? {} : { group: subject.group }),
  kind: subject.plural,
});

export const notFound = (subject: Subject, name: string): ApiError =>
  new ApiError(404, 'NotFound', `${qualified(subject)} "${name}" not found`, about(subject, name));

export const alreadyExists = (subject: Subject, name: string): ApiError =>
  new ApiError(409, 'AlreadyExists', `${qualified(subject)} "${name}" already exists`, about(subject, name));

export const MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

export const conflict = (subject: Subject, name: string, why: string = MODIFIED): ApiError =>
  new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(subject)} "${name}": ${why}`,
    about(subject, name),
  );

export function forbidden(subject: Subject, name: string, why: string, causes?: readonly Cause[]): ApiError {
  const named = name === '' ? '' : ` "${name}"`;
  const details = { ...about(subject, name), ...(causes ? { causes } : {}) };
  return new ApiError(403, 'Forbidden', `${qualified(subject)}${named} is forbidden: ${why}`, details);
}

/** @param causes one for each field that is wrong; message without the field's name */
export function invalid(subject: Subject, name: string, causes: readonly Cause[]): ApiError {
  const kind = subject.group === '' ? subject.kind : `${subject.kind}.${subject.group}`;
  const details: StatusDetails = {
    name,
    ...(subject.group === '' ? {} : { group: subject.group }),
    kind: subject.kind,
    causes,
  };
  return new ApiError(422, 'Invalid', `${kind} "${name}" is invalid: ${causesText(causes)}`, details);
}

export const badRequest = (message: string, cause?: unknown): ApiError =>
  new ApiError(400, 'BadRequest', message, undefined, cause);

export const unauthorized = (): ApiError => new ApiError(401, 'Unauthorized', 'Unauthorized');

export const noSuchPath = (): ApiError =>
  new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});

export const methodNotAllowed = (): ApiError =>
  new ApiError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );

export const unsupportedMediaType = (accepted: readonly string[]): ApiError =>
  new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );

export const notAcceptable = (accepted: readonly string[]): ApiError =>
  new ApiError(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`);

export const tooLarge = (limit: number): ApiError =>
  new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limit}`);

/** The history needed for a watch is gone: the client must list again. */
export const expired = (asked: number, oldest: number): ApiError =>
  new ApiError(410, 'Expired', `too old resource version: ${asked} (${oldest})`);

export const tooManyRequests = (
  message: string,
  retryAfterSeconds: number,
  causes?: readonly Cause[],
): ApiError =>
  new ApiError(429, 'TooManyRequests', message, { retryAfterSeconds, ...(causes ? { causes } : {}) });

/** A list can no longer be continued as it was. @param token continues it as things are now */
export class PageExpired extends ApiError {
  override readonly continueWith: string;
  constructor(token: string) {
    super(
      410,
      'Expired',
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    );
    this.continueWith = token;
  }
}

export const internal = (message: string, cause?: unknown): ApiError =>
  new ApiError(
    500,
    'InternalError',
    `Internal error occurred: ${message}`,
    { causes: [{ reason: '', field: '', message }] },
    cause,
  );

export const unavailable = (message: string, retryAfterSeconds = 1): ApiError =>
  new ApiError(503, 'ServiceUnavailable', message, { retryAfterSeconds });

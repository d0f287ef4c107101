/**
 * What can go wrong between us and the API server, with what to do about it.
 * Every function of this room that talks to the server rejects with a KubeError and with nothing else.
 */
import { resourceName, type ResourceType } from './types.ts';
import { isRecord } from './records.ts';

/** One field the server refused, or one conflicting manager of an apply. */
export interface KubeCause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export interface KubeErrorDetails {
  /** HTTP status; 0 when no answer came. */
  readonly code: number;
  /** The server's `reason` (`NotFound`, `Conflict`, …) or ours: `Unreachable`, `Timeout`, `Aborted`, `NotLeader`, `Malformed`. */
  readonly reason: string;
  readonly message: string;
  readonly causes?: readonly KubeCause[];
  readonly remedy?: string | undefined;
  /** True when the same request may succeed later without anybody changing anything. */
  readonly retryable?: boolean;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** The one error class: `instanceof` must work across rooms, which a plain value cannot give. */
export class KubeError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly causes: readonly KubeCause[];
  readonly remedy: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(details: KubeErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'KubeError';
    this.code = details.code;
    this.reason = details.reason;
    this.causes = details.causes ?? [];
    this.remedy = details.remedy;
    this.retryable = details.retryable ?? false;
    this.retryAfterMs = details.retryAfterMs;
  }
}

const hasReason =
  (...reasons: readonly string[]) =>
  (error: unknown): error is KubeError =>
    error instanceof KubeError && reasons.includes(error.reason);

export const isNotFound = hasReason('NotFound');
export const isAlreadyExists = hasReason('AlreadyExists');
/** The object changed under us, or a precondition or another field manager stands against the write. */
export const isConflict = hasReason('Conflict');
/** 410: the resource version or continue token is too old; list again. */
export const isExpired = hasReason('Expired', 'Gone');
export const isForbidden = hasReason('Forbidden');
export const isInvalid = hasReason('Invalid');
export const isAborted = hasReason('Aborted');
export const isNotLeader = hasReason('NotLeader');
export const isRetryable = (error: unknown): boolean => error instanceof KubeError && error.retryable;

/** What was asked, for messages and remedies. */
export interface Asked {
  readonly verb: string;
  readonly type: ResourceType | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** The error of an answer that is not 2xx. `body` is a Status object or any text a proxy in between wrote. */
export function errorOfAnswer(
  code: number,
  body: string,
  asked: Asked,
  retryAfterMs: number | undefined,
): KubeError {
  return errorOfStatus(parseStatus(body), code, body, asked, retryAfterMs);
}

/** The error of a Status object inside a watch stream. */
export function errorOfWatchEvent(status: unknown, asked: Asked): KubeError {
  const fields = isRecord(status) ? status : {};
  const code = typeof fields['code'] === 'number' ? fields['code'] : 500;
  return errorOfStatus(fields, code, JSON.stringify(status), asked, undefined);
}

function errorOfStatus(
  status: Record<string, unknown>,
  code: number,
  raw: string,
  asked: Asked,
  retryAfterMs: number | undefined,
): KubeError {
  const details = isRecord(status['details']) ? status['details'] : {};
  const reason = textOr(
    status['reason'],
    REASON_OF_CODE[code] ?? (code >= 500 ? 'InternalError' : 'Unknown'),
  );
  const message = textOr(
    status['message'],
    `${subject(asked)}: HTTP ${code}: ${raw.slice(0, 300).trim() || reason}`,
  );
  const seconds = details['retryAfterSeconds'];
  return new KubeError({
    code,
    reason,
    message,
    causes: causesOf(details['causes']),
    remedy: remedyOf(code, reason, message, asked),
    retryable: code === 429 || code >= 500 || reason === 'Timeout' || reason === 'ServerTimeout',
    retryAfterMs: retryAfterMs ?? (typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined),
  });
}

function remedyOf(code: number, reason: string, message: string, asked: Asked): string | undefined {
  const what = asked.type === undefined ? 'this path' : resourceName(asked.type);
  if (reason === 'Forbidden' && /cannot |is forbidden: User/.test(message))
    return rbacRemedy(message, asked, what);
  if (code === 401)
    return 'The server does not know this token or certificate: renew the kubeconfig or the ServiceAccount token.';
  if (code === 404 && asked.name === undefined)
    return `The server does not serve ${what}: install its CustomResourceDefinition.`;
  if (reason === 'Conflict') return 'Read the object again and repeat the change on what you find.';
  if (reason === 'Expired' || reason === 'Gone') return 'The version is too old: list again.';
  if (reason === 'Invalid') return 'Correct the fields named in the message.';
  if (code === 429) return 'The server is overloaded: ask less often.';
  return undefined;
}

function rbacRemedy(message: string, asked: Asked, what: string): string {
  const user = /User "([^"]+)"/.exec(message)?.[1] ?? 'this user';
  const where = asked.namespace === undefined ? '' : ` -n ${asked.namespace}`;
  return (
    `Allow "${asked.verb}" on ${what} in a role bound to ${user}; ` +
    `check with: kubectl auth can-i ${asked.verb} ${what}${where} --as ${user}`
  );
}

/** "get deployments.apps shop/web": the request, in words. */
export function subject(asked: Asked): string {
  const what = asked.type === undefined ? '' : ` ${resourceName(asked.type)}`;
  const where = asked.namespace === undefined ? '' : `${asked.namespace}/`;
  return `${asked.verb}${what}${asked.name === undefined && where === '' ? '' : ` ${where}${asked.name ?? ''}`}`;
}

function causesOf(value: unknown): KubeCause[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map((cause) => ({
    reason: textOr(cause['reason'], ''),
    message: textOr(cause['message'], ''),
    field: textOr(cause['field'], ''),
  }));
}

/** A proxy's answer may be HTML or nothing: then there is no Status, and the HTTP code must do. */
function parseStatus(body: string): Record<string, unknown> {
  if (!body.startsWith('{')) return {};
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : {};
  } catch (error) {
    return { message: `malformed Status: ${String(error)}` };
  }
}

const REASON_OF_CODE: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

const textOr = (value: unknown, fallback: string): string =>
  typeof value === 'string' && value !== '' ? value : fallback;

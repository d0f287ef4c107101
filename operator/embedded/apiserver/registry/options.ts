/** The options of a write, as its query string (and a deletion's body) give them. */
import { ApiError, badRequest } from '../errors.ts';
import { at, fields, number, text, type JsonObject } from '../objects.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** Who is named in managedFields. */
  readonly fieldManager: string;
  readonly force: boolean;
}

export type Propagation = 'Background' | 'Foreground' | 'Orphan';

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly gracePeriodSeconds: number | undefined;
  readonly propagation: Propagation | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

/** How the API server itself writes, and deletes: nobody asked for more. */
export const OWN_WRITE: WriteOptions = {
  dryRun: false,
  fieldValidation: 'Ignore',
  fieldManager: 'kube-apiserver',
  force: false,
};
export const OWN_DELETE: DeleteOptions = {
  dryRun: false,
  gracePeriodSeconds: undefined,
  propagation: undefined,
  uid: undefined,
  resourceVersion: undefined,
};

const LONGEST_MANAGER = 128;

/** @param userAgent names the manager where the client names none */
export function writeOptions(query: URLSearchParams, userAgent: string): WriteOptions {
  const validation = query.get('fieldValidation') || 'Warn';
  if (validation !== 'Strict' && validation !== 'Warn' && validation !== 'Ignore')
    throw badOption(
      'fieldValidation',
      `Unsupported value: "${validation}": supported values: "Ignore", "Strict", "Warn"`,
    );
  const fieldManager = query.get('fieldManager') || userAgent.split('/')[0] || 'unknown';
  if (query.has('fieldManager') && fieldManager.length > LONGEST_MANAGER)
    throw badOption('fieldManager', `Too long: may not be more than ${LONGEST_MANAGER} bytes`);
  return {
    dryRun: dryRunOf(query.getAll('dryRun')),
    fieldValidation: validation,
    fieldManager: fieldManager.slice(0, LONGEST_MANAGER),
    force: query.get('force') === 'true',
  };
}

/** @param body a `DeleteOptions` object; empty when the client sent none */
export function deleteOptions(query: URLSearchParams, body: JsonObject): DeleteOptions {
  const grace = number(body['gracePeriodSeconds']) ?? numberOf(query, 'gracePeriodSeconds');
  if (grace !== undefined && !Number.isInteger(grace))
    throw badRequest('gracePeriodSeconds must be an integer');
  const preconditions = fields(body['preconditions']);
  const dryRun = body['dryRun'];
  return {
    dryRun: dryRunOf(Array.isArray(dryRun) ? dryRun.map(String) : query.getAll('dryRun')),
    gracePeriodSeconds: grace,
    propagation: propagationOf(body, query),
    uid: text(preconditions['uid']) || undefined,
    resourceVersion: text(preconditions['resourceVersion']) || undefined,
  };
}

function propagationOf(body: JsonObject, query: URLSearchParams): Propagation | undefined {
  const orphan = at(body, 'orphanDependents') ?? query.get('orphanDependents');
  if (orphan !== null && orphan !== undefined) return String(orphan) === 'true' ? 'Orphan' : 'Background';
  const policy = text(body['propagationPolicy']) || query.get('propagationPolicy') || '';
  switch (policy) {
    case '':
      return undefined;
    case 'Background':
    case 'Foreground':
    case 'Orphan':
      return policy;
    default:
      throw badOption(
        'propagationPolicy',
        `Unsupported value: "${policy}": supported values: "Background", "Foreground", "Orphan"`,
      );
  }
}

function dryRunOf(values: readonly string[]): boolean {
  for (const value of values)
    if (value !== 'All' && value !== '')
      throw badOption('dryRun', `Unsupported value: ["${value}"]: supported values: "All"`);
  return values.includes('All');
}

/** A whole number in the query; undefined when it is absent. */
export function numberOf(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  if (!/^-?\d+$/.test(value)) throw badRequest(`${name}: invalid value "${value}": must be an integer`);
  return Number(value);
}

function badOption(name: string, message: string): ApiError {
  return new ApiError(422, 'Invalid', `"" is invalid: ${name}: ${message}`, {
    causes: [{ reason: 'FieldValueNotSupported', message, field: name }],
  });
}

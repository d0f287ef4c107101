/**
 * `metadata.managedFields` as entries of a manager and the set of fields it manages.
 */
import { isObject, type Json, type JsonObject } from '../schema/schema.ts';
import { decodeFields, encodeFields, type FieldSet } from './fields.ts';

/** One manager's entry. Appliers have one entry per name and subresource, updaters one per apiVersion too. */
export type Manager = {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly fields: FieldSet;
};

/** Managers by their identity. */
export type Managers = ReadonlyMap<string, Manager>;

/** What makes two entries the same manager. */
export function identity(manager: Omit<Manager, 'fields' | 'time'>): string {
  const version = manager.operation === 'Apply' ? '' : manager.apiVersion;
  return JSON.stringify([manager.name, manager.operation, version, manager.subresource]);
}

/** Reads `managedFields`; undefined when it is malformed (or not there), as if nobody managed anything. */
export function decodeManagers(value: Json | undefined): Managers | undefined {
  if (!Array.isArray(value)) return undefined;
  const managers = new Map<string, Manager>();
  for (const entry of value) {
    const manager = decodeManager(entry);
    if (manager === undefined) return undefined;
    managers.set(identity(manager), manager);
  }
  return managers;
}

function decodeManager(entry: Json): Manager | undefined {
  if (!isObject(entry) || entry['fieldsType'] !== 'FieldsV1') return undefined;
  const { manager, operation, apiVersion, subresource, time, fieldsV1 } = entry;
  if (
    (operation !== 'Apply' && operation !== 'Update') ||
    typeof apiVersion !== 'string' ||
    apiVersion === ''
  )
    return undefined;
  try {
    return {
      name: typeof manager === 'string' ? manager : '',
      operation,
      apiVersion,
      subresource: typeof subresource === 'string' ? subresource : '',
      time: typeof time === 'string' ? time : undefined,
      fields: decodeFields(fieldsV1 ?? {}),
    };
  } catch {
    // A client may write anything here; what cannot be read counts as not written.
    return undefined;
  }
}

/** Writes managers in the API server's order. */
export function encodeManagers(managers: Managers): JsonObject[] {
  return [...managers.values()].toSorted(inOrder).map(encodeManager);
}

function encodeManager(manager: Manager): JsonObject {
  return {
    manager: manager.name,
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(manager.time === undefined ? {} : { time: manager.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: encodeFields(manager.fields),
    ...(manager.subresource === '' ? {} : { subresource: manager.subresource }),
  };
}

function inOrder(a: Manager, b: Manager): number {
  return (
    text(a.operation, b.operation) ||
    text(a.time ?? '', b.time ?? '') ||
    text(a.name, b.name) ||
    text(a.apiVersion, b.apiVersion) ||
    text(a.subresource, b.subresource)
  );
}

function text(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

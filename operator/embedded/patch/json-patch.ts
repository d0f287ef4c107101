/**
 * JSON Patch (RFC 6902) with the API server's limits and errors.
 */
import { applyPatch, type Operation } from 'rfc6902';
import { clone, isObject, type Json, type JsonObject } from '../schema/schema.ts';
import { badPatch, unfitPatch } from './error.ts';

const maximumOperations = 10_000;

/**
 * Applies a JSON patch to a copy of an object.
 *
 * @throws PatchError 400 when the patch is not a list of operations, 422 when an operation cannot be done or a test fails.
 */
export function applyJsonPatch(object: JsonObject, patch: Json): JsonObject {
  const operations = parsed(patch);
  const copy = clone(object);
  for (const operation of operations) {
    for (const path of 'from' in operation ? [operation.from, operation.path] : [operation.path]) {
      // The library would throw there.
      if (leadsNowhere(copy, path))
        throw unfitPatch(
          `${operation.op} operation does not apply: doc is missing path: ${JSON.stringify(path)}: missing value`,
        );
    }
    const [problem] = applyPatch(copy, [operation]);
    if (problem !== null && problem !== undefined) throw unfitPatch(explain(operation, problem));
  }
  return copy;
}

/** Names that the library passes over, so that what comes behind them would be written elsewhere. */
const passedOver = ['__proto__', 'constructor', 'prototype'];

/** Whether the path leads into something that has no places (a string, a number, null), or by a name that cannot be followed. */
function leadsNowhere(object: JsonObject, path: string): boolean {
  const names = path
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  let at: Json | undefined = object;
  for (const name of names) {
    if (passedOver.includes(name)) return true;
    if (Array.isArray(at)) {
      if (!/^(?:0|[1-9]\d*|-)$/.test(name)) return true;
      at = at[Number(name)];
    } else if (isObject(at)) at = Object.hasOwn(at, name) ? at[name] : undefined;
    else return at !== undefined;
  }
  return false;
}

function parsed(patch: Json): Operation[] {
  if (!Array.isArray(patch))
    throw badPatch(
      'error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch',
    );
  if (patch.length > maximumOperations) {
    throw unfitPatch(
      `The allowed maximum operations in a JSON patch is ${maximumOperations}, got ${patch.length}`,
    );
  }
  return patch.map(operationOf);
}

const operators = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

function operationOf(value: Json): Operation {
  if (!isObject(value))
    throw badPatch('error decoding patch: json: cannot unmarshal into Go value of type jsonpatch.Operation');
  const { op, path, from } = value;
  if (typeof op !== 'string' || !operators.has(op))
    throw unfitPatch(`Unexpected kind: ${typeof op === 'string' ? op : 'unknown'}`);
  if (typeof path !== 'string' || (path !== '' && !path.startsWith('/')))
    throw unfitPatch(
      `${op} operation does not apply: doc is missing path: ${JSON.stringify(path ?? '')}: missing value`,
    );
  if ((op === 'move' || op === 'copy') && typeof from !== 'string')
    throw unfitPatch(`${op} operation does not apply: doc is missing from path: "": missing value`);
  // Checked just above to be one of the six operations.
  return { ...value, value: value['value'] ?? null } as unknown as Operation;
}

function explain(operation: Operation, problem: Error): string {
  if (problem.name === 'TestError') return `testing value ${operation.path} failed`;
  if (problem.name === 'MissingError') {
    const path = 'from' in operation ? operation.from : operation.path;
    return `${operation.op} operation does not apply: doc is missing ${operation.op === 'remove' || operation.op === 'replace' ? 'key' : 'path'}: ${path}: missing value`;
  }
  return `${operation.op} operation does not apply: ${problem.message}`;
}

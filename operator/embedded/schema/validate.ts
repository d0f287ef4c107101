/**
 * Checks a value against a schema and reports causes in the API server's words.
 */
import { child, duplicate, invalid, notSupported, required, tooLong, tooMany, typeInvalid } from './cause.ts';
import { hasFormat } from './formats.ts';
import { goPattern } from './pattern.ts';
import { equal, isObject, type Cause, type Json, type JsonObject, type Schema } from './schema.ts';

/**
 * Validates a custom resource against its schema (types, bounds, formats, enums, compositions, list sets and maps; not CEL).
 *
 * @param old the stored object on an update: what it already violated and did not change is not held against the new one.
 * @returns the causes; empty when the value is valid.
 */
export function validate(value: Json, schema: Schema, old?: Json): Cause[] {
  const { causes } = check(value, schema, '', old);
  if (isObject(value)) uniqueInObject(value, schema, '', causes);
  return causes;
}

type Outcome = { causes: Cause[]; matches: number };

function check(value: Json, schema: Schema, path: string, old: Json | undefined): Outcome {
  const outcome: Outcome = { causes: [], matches: 0 };
  checkType(value, schema, path, outcome);
  if (value === null) {
    checkEnum(value, schema, path, outcome);
    return outcome;
  }
  checkCompositions(value, schema, path, old, outcome);
  if (typeof value === 'string') checkString(value, schema, path, outcome);
  else if (typeof value === 'number') checkNumber(value, schema, path, outcome);
  else if (Array.isArray(value)) checkList(value, schema, path, old, outcome);
  checkEnum(value, schema, path, outcome);
  if (isObject(value)) checkObject(value, schema, path, old, outcome);
  // Ratcheting: an unchanged value that was stored under an older schema may stay.
  if (outcome.causes.length > 0 && old !== undefined && equal(value, old)) outcome.causes = [];
  if (outcome.causes.length === 0) outcome.matches += 1;
  return outcome;
}

function merge(into: Outcome, from: Outcome): void {
  if (from.causes.length > 0) into.causes.push(...from.causes);
  into.matches += from.matches;
}

function kindOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function checkType(value: Json, schema: Schema, path: string, outcome: Outcome): void {
  const expected =
    schema['x-kubernetes-int-or-string'] === true
      ? ['integer', 'string']
      : schema.type === undefined
        ? []
        : [schema.type];
  if (expected.length === 0) return;
  const kind = kindOf(value);
  if (kind === 'null') {
    if (schema.nullable !== true) outcome.causes.push(wrongType(path, expected, 'null'));
  } else if (expected.includes(kind) || (kind === 'integer' && expected.includes('number')))
    outcome.matches += 1;
  // With a format, the API server leaves strings and lists to the format's own check.
  else if (
    (kind === 'string' || kind === 'array') &&
    schema.format !== undefined &&
    !expected.some((type) => type === 'number' || type === 'integer')
  )
    outcome.matches += 1;
  else
    outcome.causes.push(
      wrongType(path, expected, kind === 'number' && expected.includes('integer') ? 'number' : kind),
    );
}

function wrongType(path: string, expected: readonly string[], kind: string): Cause {
  return typeInvalid(
    path,
    kind,
    `${path} in body must be of type ${expected.join(',')}: ${JSON.stringify(kind)}`,
  );
}

function checkEnum(value: Json, schema: Schema, path: string, outcome: Outcome): void {
  const allowed = schema.enum;
  if (allowed === undefined || allowed.length === 0) return;
  if (allowed.some((item) => equal(item, value))) outcome.matches += 1;
  else outcome.causes.push(notSupported(path, value, allowed));
}

function checkString(value: string, schema: Schema, path: string, outcome: Outcome): void {
  const { maxLength, minLength, pattern, format } = schema;
  const problem = (detail: string): void =>
    void outcome.causes.push(invalid(path, value, `${path} in body ${detail}`));
  if (maxLength !== undefined && longerThan(value, maxLength)) outcome.causes.push(tooLong(path, maxLength));
  else if (minLength !== undefined && runes(value) < minLength)
    problem(`should be at least ${minLength} chars long`);
  else if (pattern !== undefined && pattern !== '') checkPattern(value, pattern, problem);
  if (format !== undefined && hasFormat(format, value) === false) {
    outcome.causes.push(
      typeInvalid(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`),
    );
  }
}

function checkPattern(value: string, source: string, problem: (detail: string) => void): void {
  const pattern = goPattern(source);
  if (pattern instanceof Error)
    problem(`should match '${source}, but pattern is invalid: ${pattern.message}'`);
  else if (!pattern.test(value)) problem(`should match '${source}'`);
}

function longerThan(text: string, maximum: number): boolean {
  return text.length > maximum && runes(text) > maximum;
}

function runes(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function checkNumber(value: number, schema: Schema, path: string, outcome: Outcome): void {
  const { multipleOf, maximum, minimum } = schema;
  const problem = (detail: string): void =>
    void outcome.causes.push(invalid(path, value, `${path} in body ${detail}`));
  if (multipleOf !== undefined && !isMultiple(value, multipleOf))
    problem(`should be a multiple of ${multipleOf}`);
  if (minimum !== undefined) {
    if (schema.exclusiveMinimum === true ? value <= minimum : value < minimum) {
      problem(`should be greater than ${schema.exclusiveMinimum === true ? '' : 'or equal to '}${minimum}`);
    }
  }
  if (maximum !== undefined) {
    if (schema.exclusiveMaximum === true ? value >= maximum : value > maximum) {
      problem(`should be less than ${schema.exclusiveMaximum === true ? '' : 'or equal to '}${maximum}`);
    }
  }
}

function isMultiple(value: number, factor: number): boolean {
  const quotient = factor < 1 ? (1 / factor) * value : value / factor;
  return (
    Number.isInteger(quotient) ||
    Math.abs(quotient - Math.round(quotient)) < 1e-9 * Math.max(1, Math.abs(quotient))
  );
}

function checkList(
  value: Json[],
  schema: Schema,
  path: string,
  old: Json | undefined,
  outcome: Outcome,
): void {
  const { items, minItems, maxItems } = schema;
  if (items !== undefined) {
    for (const [index, item] of value.entries())
      merge(outcome, check(item, items, `${path}[${index}]`, correlated(item, schema, old)));
  }
  if (minItems !== undefined && value.length < minItems)
    outcome.causes.push(
      invalid(path, value.length, `${path} in body should have at least ${minItems} items`),
    );
  if (maxItems !== undefined && value.length > maxItems)
    outcome.causes.push(tooMany(path, value.length, maxItems));
  if (
    schema.uniqueItems === true &&
    value.some((item, index) => value.slice(0, index).some((before) => equal(item, before)))
  ) {
    outcome.causes.push(invalid(path, '', `${path} in body shouldn't contain duplicates`));
  }
}

/** The old item with the same keys, in a list of type map. */
export function correlated(item: Json, schema: Schema, old: Json | undefined): Json | undefined {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (
    schema['x-kubernetes-list-type'] !== 'map' ||
    keys === undefined ||
    !Array.isArray(old) ||
    !isObject(item)
  )
    return undefined;
  return old.find((before) => isObject(before) && keys.every((key) => equal(before[key], item[key])));
}

function checkObject(
  value: JsonObject,
  schema: Schema,
  path: string,
  old: Json | undefined,
  outcome: Outcome,
): void {
  const { minProperties, maxProperties, properties = {}, additionalProperties } = schema;
  const before = isObject(old) ? old : undefined;
  if (minProperties !== undefined || maxProperties !== undefined) checkSize(value, schema, path, outcome);
  for (const key in value) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const inner = property ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    if (inner !== undefined)
      merge(outcome, check(value[key] ?? null, inner, child(path, key), before?.[key]));
    else if (additionalProperties === false)
      outcome.causes.push(invalid(path, key, `${path}.${key} in body is a forbidden property`));
  }
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  for (const key of embedded
    ? new Set(['apiVersion', 'kind', ...(schema.required ?? [])])
    : (schema.required ?? [])) {
    if (!Object.hasOwn(value, key) || (embedded && value[key] === ''))
      outcome.causes.push(required(child(path, key)));
  }
}

function checkSize(value: JsonObject, schema: Schema, path: string, outcome: Outcome): void {
  const size = Object.keys(value).length;
  const { minProperties, maxProperties } = schema;
  if (minProperties !== undefined && size < minProperties)
    outcome.causes.push(
      invalid(path, size, `${path} in body should have at least ${minProperties} properties`),
    );
  if (maxProperties !== undefined && size > maxProperties)
    outcome.causes.push(tooMany(path, size, maxProperties));
}

function checkCompositions(
  value: Json,
  schema: Schema,
  path: string,
  old: Json | undefined,
  outcome: Outcome,
): void {
  if (schema.anyOf !== undefined && schema.anyOf.length > 0)
    checkAnyOf(value, schema.anyOf, path, old, outcome);
  if (schema.oneOf !== undefined && schema.oneOf.length > 0)
    checkOneOf(value, schema.oneOf, path, old, outcome);
  if (schema.allOf !== undefined && schema.allOf.length > 0)
    checkAllOf(value, schema.allOf, path, old, outcome);
  if (schema.not !== undefined && check(value, schema.not, path, old).causes.length === 0) {
    outcome.causes.push(composite(`"${path}" must not validate the schema (not)`));
  }
}

function checkAnyOf(
  value: Json,
  schemas: readonly Schema[],
  path: string,
  old: Json | undefined,
  outcome: Outcome,
): void {
  const outcomes = schemas.map((schema) => check(value, schema, path, old));
  const success = outcomes.find(({ causes }) => causes.length === 0);
  if (success === undefined)
    outcome.causes.push(composite(`"${path}" must validate at least one schema (anyOf)`));
  merge(outcome, success ?? best(outcomes));
}

function checkOneOf(
  value: Json,
  schemas: readonly Schema[],
  path: string,
  old: Json | undefined,
  outcome: Outcome,
): void {
  const outcomes = schemas.map((schema) => check(value, schema, path, old));
  const valid = outcomes.filter(({ causes }) => causes.length === 0);
  const [first] = valid;
  if (valid.length === 1 && first !== undefined) return merge(outcome, first);
  const found = valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`;
  outcome.causes.push(composite(`"${path}" must validate one and only one schema (oneOf). ${found}`));
  if (valid.length === 0) merge(outcome, best(outcomes));
}

function checkAllOf(
  value: Json,
  schemas: readonly Schema[],
  path: string,
  old: Json | undefined,
  outcome: Outcome,
): void {
  const outcomes = schemas.map((schema) => check(value, schema, path, old));
  for (const each of outcomes) merge(outcome, each);
  const valid = outcomes.filter(({ causes }) => causes.length === 0).length;
  if (valid < schemas.length)
    outcome.causes.push(
      composite(`"${path}" must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`),
    );
}

function best(outcomes: readonly Outcome[]): Outcome {
  return outcomes.reduce((most, each) => (each.matches > most.matches ? each : most));
}

/** The API server has no field for these. */
function composite(message: string): Cause {
  return { field: '<nil>', reason: 'FieldValueInvalid', message: `Invalid value: "": ${message}` };
}

function uniqueInObject(value: JsonObject, schema: Schema, path: string, causes: Cause[]): void {
  if (!hasUnique(schema)) return;
  const { properties = {}, additionalProperties } = schema;
  for (const key in value) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property !== undefined) uniqueIn(value[key] ?? null, property, child(path, key), causes);
    else if (typeof additionalProperties === 'object')
      uniqueIn(value[key] ?? null, additionalProperties, `${path}[${key}]`, causes);
  }
}

function uniqueIn(value: Json, schema: Schema, path: string, causes: Cause[]): void {
  if (isObject(value)) uniqueInObject(value, schema, path, causes);
  if (!Array.isArray(value) || !hasUnique(schema)) return;
  if (schema['x-kubernetes-list-type'] === 'set')
    repeated(value).forEach((index) => causes.push(duplicate(`${path}[${index}]`, value[index] ?? null)));
  if (schema['x-kubernetes-list-type'] === 'map')
    uniqueKeys(value, schema['x-kubernetes-list-map-keys'] ?? [], path, causes);
  if (schema.items === undefined) return;
  for (const [index, item] of value.entries()) uniqueIn(item, schema.items, `${path}[${index}]`, causes);
}

function uniqueKeys(value: Json[], keys: readonly string[], path: string, causes: Cause[]): void {
  const stranger = value.findIndex((item) => item !== null && !isObject(item));
  if (stranger >= 0) {
    causes.push(
      invalid(
        `${path}[${stranger}]`,
        value[stranger] ?? null,
        'must be an object for an array of list-type map',
      ),
    );
    return;
  }
  const identities = value.map((item) =>
    Object.fromEntries(
      keys.flatMap((key) => (isObject(item) && item[key] !== undefined ? [[key, item[key]]] : [])),
    ),
  );
  for (const index of repeated(identities))
    causes.push(duplicate(`${path}[${index}]`, identities[index] ?? {}));
}

/** The index of each value's second appearance. */
function repeated(values: readonly Json[]): number[] {
  const seen = new Map<string, number>();
  const indices: number[] = [];
  for (const [index, value] of values.entries()) {
    const text = JSON.stringify(value);
    const times = seen.get(text) ?? 0;
    seen.set(text, times + 1);
    if (times === 1) indices.push(index);
  }
  return indices;
}

const uniqueness = new WeakMap<Schema, boolean>();

/** Whether a schema has lists of type set or map below it, so that others are not walked. */
function hasUnique(schema: Schema): boolean {
  const before = uniqueness.get(schema);
  if (before !== undefined) return before;
  uniqueness.set(schema, true);
  const inner = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.items === undefined ? [] : [schema.items]),
  ];
  if (typeof schema.additionalProperties === 'object') inner.push(schema.additionalProperties);
  const type = schema['x-kubernetes-list-type'];
  const found = type === 'set' || type === 'map' || inner.some(hasUnique);
  uniqueness.set(schema, found);
  return found;
}

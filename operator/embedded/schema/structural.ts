/**
 * Checks that the schema of a CustomResourceDefinition is structural and that its defaults are valid, in the API server's words.
 */
import { forbidden, invalid, notSupported, required } from './cause.ts';
import { validFieldPath } from './field-path.ts';
import { goPattern } from './pattern.ts';
import { prune } from './prune.ts';
import { ruleErrors, validateRules } from './rules.ts';
import { clone, type Cause, type Json, type Schema } from './schema.ts';
import { validate } from './validate.ts';

/**
 * Validates `openAPIV3Schema`.
 *
 * @param path where the schema stands, such as `spec.validation.openAPIV3Schema`.
 * @returns the causes; rules are compiled only when everything else is right.
 */
export function validateSchema(schema: Schema, path: string): Cause[] {
  const causes: Cause[] = [];
  if (schema.nullable === true)
    causes.push(forbidden(`${path}.nullable`, 'nullable cannot be true at the root'));
  const structural: Cause[] = [];
  checkInvariants(schema, 'root', path, structural);
  checkCompleteness(schema, path, structural);
  causes.push(
    ...structural.toSorted((a, b) => (`${a.field}: ${a.message}` < `${b.field}: ${b.message}` ? -1 : 1)),
  );
  if (structural.length === 0) checkDefaults(schema, path, causes);
  checkNode(schema, path, { root: true, inMetadata: false, noDefault: '' }, causes);
  return causes.length === 0 ? ruleErrors(schema, path) : causes;
}

type Level = 'root' | 'item' | 'field';

const compositions = ['allOf', 'anyOf', 'oneOf'] as const;

function checkInvariants(schema: Schema, level: Level, path: string, causes: Cause[]): void {
  const { type = '', items, properties = {}, additionalProperties } = schema;
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  if (type === 'array' && items === undefined) causes.push(required(`${path}.items`, 'must be specified'));
  if (items !== undefined) checkInvariants(items, 'item', `${path}.items`, causes);
  for (const [name, property] of Object.entries(properties))
    checkInvariants(property, 'field', `${path}.properties[${name}]`, causes);
  if (additionalProperties !== undefined) {
    if (level === 'root')
      causes.push(forbidden(`${path}.additionalProperties`, 'must not be used at the root'));
    if (typeof additionalProperties === 'object')
      checkInvariants(additionalProperties, 'field', `${path}.additionalProperties`, causes);
    if (embedded)
      causes.push(
        forbidden(
          `${path}.additionalProperties`,
          'must not be used if x-kubernetes-embedded-resource is set',
        ),
      );
  }
  checkIntOrString(schema, path, causes);
  checkValueValidation(
    schema,
    level,
    path,
    intOrStringAnyOf(schema.anyOf),
    intOrStringAnyOf(schema.allOf?.[0]?.anyOf),
    causes,
  );
  checkType(schema, level, path, causes);
  checkMetadata(schema, level, path, causes);
}

function checkIntOrString(schema: Schema, path: string, causes: Cause[]): void {
  if (schema['x-kubernetes-int-or-string'] !== true) return;
  for (const extension of [
    'x-kubernetes-preserve-unknown-fields',
    'x-kubernetes-embedded-resource',
  ] as const) {
    if (schema[extension] === true)
      causes.push(
        invalid(`${path}.${extension}`, true, 'must be false if x-kubernetes-int-or-string is true'),
      );
  }
}

const missingType: Record<Level, string> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function checkType(schema: Schema, level: Level, path: string, causes: Cause[]): void {
  const { type = '' } = schema;
  const free =
    schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (schema['x-kubernetes-embedded-resource'] === true && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true';
    causes.push(type === '' ? required(`${path}.type`, detail) : invalid(`${path}.type`, type, detail));
  } else if (type === '' && !free) causes.push(required(`${path}.type`, missingType[level]));
  if (level === 'root' && type !== '' && type !== 'object')
    causes.push(invalid(`${path}.type`, type, 'must be object at the root'));
}

function checkMetadata(schema: Schema, level: Level, path: string, causes: Cause[]): void {
  const { properties = {} } = schema;
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  const checked = level === 'root' || embedded;
  for (const name of ['kind', 'apiVersion']) {
    const property = properties[name];
    if (checked && property !== undefined && property.type !== 'string')
      causes.push(invalid(`${path}.properties[${name}].type`, property.type ?? '', 'must be string'));
  }
  const { metadata } = properties;
  const at = `${path}.properties[metadata]`;
  if (metadata !== undefined && checked && metadata.type !== 'object')
    causes.push(invalid(`${at}.type`, metadata.type ?? '', 'must be object'));
  if (metadata !== undefined && level === 'root' && !restrictsOnlyNames(metadata)) {
    causes.push(
      forbidden(
        at,
        'must not specify anything other than name and generateName, but metadata is implicitly specified',
      ),
    );
  }
  if (
    embedded &&
    schema['x-kubernetes-preserve-unknown-fields'] !== true &&
    Object.keys(properties).length === 0
  ) {
    causes.push(
      required(
        `${path}.properties`,
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    );
  }
}

function restrictsOnlyNames(metadata: Schema): boolean {
  const { type: _type, default: _default, properties = {}, description: _description, ...rest } = metadata;
  return (
    Object.keys(rest).length === 0 &&
    Object.keys(properties).every((name) => name === 'name' || name === 'generateName')
  );
}

function intOrStringAnyOf(anyOf: readonly Schema[] | undefined): boolean {
  const says = (schema: Schema | undefined, type: string): boolean =>
    schema?.type === type && Object.keys(schema).length === 1;
  return anyOf?.length === 2 && says(anyOf[0], 'integer') && says(anyOf[1], 'string');
}

function checkValueValidation(
  schema: Schema,
  level: Level,
  path: string,
  skipAnyOf: boolean,
  skipFirstAllOf: boolean,
  causes: Cause[],
): void {
  for (const name of compositions) {
    if (name === 'anyOf' && skipAnyOf) continue;
    for (const [index, inner] of (schema[name] ?? []).entries()) {
      checkNested(
        inner,
        level,
        `${path}.${name}[${index}]`,
        name === 'allOf' && index === 0 && skipFirstAllOf,
        causes,
      );
    }
  }
  if (schema.not !== undefined) checkNested(schema.not, level, `${path}.not`, false, causes);
  const pattern = schema.pattern === undefined ? undefined : goPattern(schema.pattern);
  if (pattern instanceof Error)
    causes.push(
      invalid(
        `${path}.pattern`,
        schema.pattern ?? '',
        `must be a valid regular expression, but isn't: ${pattern.message}`,
      ),
    );
}

/** Below allOf, anyOf, oneOf and not, a schema may only restrict values. */
function checkNested(schema: Schema, level: Level, path: string, skipAnyOf: boolean, causes: Cause[]): void {
  checkValueValidation(schema, level, path, skipAnyOf, false, causes);
  if (schema.items !== undefined) checkNested(schema.items, level, `${path}.items`, false, causes);
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    checkNested(property, 'field', `${path}.properties[${name}]`, false, causes);
  const never = (key: keyof Schema | 'title', present: boolean, detail: string): void =>
    void (present && causes.push(forbidden(`${path}.${key}`, detail)));
  never('type', schema.type !== undefined && schema.type !== '', 'must be empty to be structural');
  never(
    'additionalProperties',
    schema.additionalProperties !== undefined,
    'must be undefined to be structural',
  );
  never('default', schema.default !== undefined, 'must be undefined to be structural');
  never('title', 'title' in schema, 'must be empty to be structural');
  never('description', schema.description !== undefined, 'must be empty to be structural');
  never('nullable', schema.nullable === true, 'must be false to be structural');
  for (const extension of ['preserve-unknown-fields', 'embedded-resource', 'int-or-string'] as const) {
    never(
      `x-kubernetes-${extension}`,
      schema[`x-kubernetes-${extension}`] === true,
      'must be false to be structural',
    );
  }
  never(
    'x-kubernetes-list-map-keys',
    (schema['x-kubernetes-list-map-keys']?.length ?? 0) > 0,
    'must be empty to be structural',
  );
  never(
    'x-kubernetes-list-type',
    schema['x-kubernetes-list-type'] !== undefined,
    'must be undefined to be structural',
  );
  never(
    'x-kubernetes-map-type',
    schema['x-kubernetes-map-type'] !== undefined,
    'must be undefined to be structural',
  );
  never(
    'x-kubernetes-validations',
    (schema['x-kubernetes-validations']?.length ?? 0) > 0,
    'must be empty to be structural',
  );
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, 'metadata')) {
    causes.push(forbidden(`${path}.properties[metadata]`, 'must not be specified in a nested context'));
  }
}

/** What a composition at the root speaks of must exist outside of it. Upstream does not look at compositions further down. */
function checkCompleteness(schema: Schema, path: string, causes: Cause[]): void {
  for (const [at, nested] of nestedOf(schema, path)) complete(nested, at, schema, path, causes);
}

function nestedOf(schema: Schema, path: string): [string, Schema][] {
  const lists = compositions.flatMap((name) =>
    (schema[name] ?? []).map((inner, index): [string, Schema] => [`${path}.${name}[${index}]`, inner]),
  );
  return schema.not === undefined ? lists : [...lists, [`${path}.not`, schema.not]];
}

function complete(nested: Schema, at: string, schema: Schema, path: string, causes: Cause[]): void {
  if (nested.items !== undefined) {
    if (schema.items === undefined)
      causes.push(required(`${path}.items`, `because it is defined in ${at}.items`));
    else complete(nested.items, `${at}.items`, schema.items, `${path}.items`, causes);
  }
  for (const [name, property] of Object.entries(nested.properties ?? {})) {
    const real = schema.properties?.[name];
    if (real === undefined)
      causes.push(
        required(`${path}.properties[${name}]`, `because it is defined in ${at}.properties[${name}]`),
      );
    else complete(property, `${at}.properties[${name}]`, real, `${path}.properties[${name}]`, causes);
  }
  for (const [deeper, inner] of nestedOf(nested, at)) complete(inner, deeper, schema, path, causes);
}

function checkDefaults(schema: Schema, path: string, causes: Cause[]): void {
  if (schema.default !== undefined) checkDefault(schema, schema.default, `${path}.default`, causes);
  if (schema.items !== undefined) checkDefaults(schema.items, `${path}.items`, causes);
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    checkDefaults(property, `${path}.properties[${name}]`, causes);
}

function checkDefault(schema: Schema, value: Json, path: string, causes: Cause[]): void {
  const pruned = clone({ value });
  if (prune(pruned, { type: 'object', properties: { value: schema } }).length > 0)
    causes.push(invalid(path, value, 'must not have unknown fields'));
  for (const cause of validate(value, schema)) {
    const field = cause.field === '' || cause.field === '<nil>' ? path : `${path}.${cause.field}`;
    causes.push({ ...cause, field });
  }
  // The default itself, as it is written: what is in it has no defaults of its own yet.
  const alone: Schema = { type: 'object', properties: { value: schema } };
  for (const cause of validateRules({ value }, alone))
    causes.push({ ...cause, field: `${path}${cause.field.replace(/^value/, '')}` });
}

type Place = { readonly root: boolean; readonly inMetadata: boolean; readonly noDefault: string };

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const metaFields = new Set(['metadata', 'kind', 'apiVersion']);

function checkNode(schema: Schema, path: string, place: Place, causes: Cause[]): void {
  checkStandard(schema, path, place, causes);
  if (schema.uniqueItems === true)
    causes.push(
      forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  const { properties = {}, additionalProperties, items } = schema;
  if (
    additionalProperties !== undefined &&
    Object.keys(properties).length > 0 &&
    additionalProperties !== true
  ) {
    causes.push(
      forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'),
    );
  }
  const below = { ...place, root: false };
  if (typeof additionalProperties === 'object') {
    const noDefault = place.inMetadata
      ? 'inside additionalProperties applying to object metadata'
      : place.noDefault;
    checkNode(additionalProperties, `${path}.additionalProperties`, { ...below, noDefault }, causes);
  }
  for (const [name, property] of Object.entries(properties)) {
    const meta = (place.root || schema['x-kubernetes-embedded-resource'] === true) && metaFields.has(name);
    const inside = meta
      ? { root: false, inMetadata: true, noDefault: place.root ? `in top-level ${name}` : place.noDefault }
      : below;
    checkNode(property, `${path}.properties[${name}]`, inside, causes);
  }
  for (const [at, nested] of nestedOf(schema, path)) checkNode(nested, at, below, causes);
  if (items !== undefined && !Array.isArray(items)) checkNode(items, `${path}.items`, below, causes);
  checkExtensions(schema, path, causes);
  checkRules(schema, path, causes);
}

function checkStandard(schema: Schema, path: string, place: Place, causes: Cause[]): void {
  const { type } = schema;
  if (type !== undefined && type !== '' && !types.includes(type))
    causes.push(notSupported(`${path}.type`, type, types));
  if (schema.default !== undefined && place.noDefault !== '')
    causes.push(forbidden(`${path}.default`, `must not be set ${place.noDefault}`));
  for (const key of ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref']) {
    if (key in schema) causes.push(forbidden(`${path}.${key}`, `${key} is not supported`));
  }
  if (type === 'null')
    causes.push(forbidden(`${path}.type`, 'type cannot be set to null, use nullable as an alternative'));
  if (Array.isArray(schema.items))
    causes.push(forbidden(`${path}.items`, 'items must be a schema object and not an array'));
  if (place.inMetadata && schema['x-kubernetes-embedded-resource'] === true) {
    causes.push(
      forbidden(`${path}.x-kubernetes-embedded-resource`, 'must not be used inside of resource meta'),
    );
  }
}

function checkExtensions(schema: Schema, path: string, causes: Cause[]): void {
  const mapType = schema['x-kubernetes-map-type'];
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    causes.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  }
  if (mapType !== undefined) {
    needsType(schema, 'object', 'must be object if x-kubernetes-map-type is specified', path, causes);
    if (!['atomic', 'granular'].includes(mapType))
      causes.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']));
  }
  checkList(schema, path, causes);
}

function needsType(schema: Schema, type: string, detail: string, path: string, causes: Cause[]): void {
  if (schema.type === type) return;
  causes.push(
    schema.type === undefined || schema.type === ''
      ? required(`${path}.type`, detail)
      : invalid(`${path}.type`, schema.type, detail),
  );
}

function checkList(schema: Schema, path: string, causes: Cause[]): void {
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (listType !== undefined) {
    needsType(schema, 'array', 'must be array if x-kubernetes-list-type is specified', path, causes);
    if (!['atomic', 'set', 'map'].includes(listType))
      causes.push(notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map']));
  }
  if (keys.length > 0 && listType !== 'map') {
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
    causes.push(
      listType === undefined
        ? required(`${path}.x-kubernetes-list-type`, detail)
        : invalid(`${path}.x-kubernetes-list-type`, listType, detail),
    );
  }
  if (listType === 'set' && schema.items !== undefined) checkSetItems(schema.items, path, causes);
  if (listType === 'map') checkListMap(schema, keys, path, causes);
  if ((listType === 'set' || listType === 'map') && schema.items?.nullable === true) {
    causes.push(
      forbidden(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`),
    );
  }
}

function checkSetItems(items: Schema, path: string, causes: Cause[]): void {
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const [listType, mapType] = [items['x-kubernetes-list-type'], items['x-kubernetes-map-type']];
  if (items.type === 'array' && listType !== undefined && listType !== 'atomic')
    causes.push(invalid(`${path}.items.x-kubernetes-list-type`, listType, detail));
  if (items.type === 'object' && mapType !== 'atomic')
    causes.push(invalid(`${path}.items.x-kubernetes-map-type`, listType ?? null, detail));
}

function checkListMap(schema: Schema, keys: readonly string[], path: string, causes: Cause[]): void {
  const { items } = schema;
  if (keys.length === 0)
    causes.push(
      required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'),
    );
  if (items === undefined) {
    causes.push(required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'));
    return;
  }
  if (items.type !== 'object') {
    causes.push(
      invalid(
        `${path}.items.type`,
        items.type ?? '',
        `must be object if parent array's x-kubernetes-list-type is map`,
      ),
    );
    return;
  }
  for (const [index, key] of keys.entries()) checkListMapKey(items, keys, index, key, path, causes);
}

function checkListMapKey(
  items: Schema,
  keys: readonly string[],
  index: number,
  key: string,
  path: string,
  causes: Cause[],
): void {
  const property = items.properties?.[key];
  const at = `${path}.items.properties[${key}]`;
  const list = `${path}.x-kubernetes-list-map-keys`;
  if (property === undefined)
    causes.push(invalid(list, [...keys], 'entries must all be names of item properties'));
  else if (property.type === 'array' || property.type === 'object') {
    causes.push(
      invalid(
        `${at}.type`,
        items.type ?? '',
        `must be a scalar type if parent array's x-kubernetes-list-type is map`,
      ),
    );
  }
  if (keys.indexOf(key) < index) causes.push(invalid(list, [...keys], 'must not contain duplicate entries'));
  if (property === undefined) return;
  if (items.required?.includes(key) !== true && property.default === undefined) {
    causes.push(
      required(
        `${at}.default`,
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
      ),
    );
  }
  if (property.nullable === true)
    causes.push(
      forbidden(`${at}.nullable`, 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'),
    );
}

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

function checkRules(schema: Schema, path: string, causes: Cause[]): void {
  for (const [index, rule] of (schema['x-kubernetes-validations'] ?? []).entries()) {
    const at = `${path}.x-kubernetes-validations[${index}]`;
    const [text, message] = [rule.rule?.trim() ?? '', rule.message?.trim() ?? ''];
    if (text === '') causes.push(required(`${at}.rule`, 'rule is not specified'));
    else if (rule.message !== undefined && rule.message !== '' && message === '')
      causes.push(invalid(`${at}.message`, rule.message, 'must be non-empty if specified'));
    else if (/[\n\r]/.test(message))
      causes.push(invalid(`${at}.message`, rule.message ?? '', 'must not contain line breaks'));
    else if (/[\n\r]/.test(text) && message === '')
      causes.push(required(`${at}.message`, 'message must be specified if rule contains line breaks'));
    if (
      rule.messageExpression !== undefined &&
      rule.messageExpression !== '' &&
      rule.messageExpression.trim() === ''
    ) {
      causes.push(required(`${at}.messageExpression`, 'messageExpression must be non-empty if specified'));
    }
    if (rule.reason !== undefined && !reasons.includes(rule.reason))
      causes.push(notSupported(`${at}.reason`, rule.reason, reasons));
    if (
      rule.fieldPath !== undefined &&
      rule.fieldPath !== '' &&
      validFieldPath(rule.fieldPath, schema).problem !== undefined
    ) {
      causes.push(invalid(`${at}.fieldPath`, rule.fieldPath, 'must be a valid path'));
    }
  }
}

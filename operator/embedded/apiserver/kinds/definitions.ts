/** The rules of CustomResourceDefinitions. */
import { duplicate, forbidden, invalid, required } from '../../schema/cause.ts';
import { isObject } from '../../schema/schema.ts';
import type { Cause } from '../errors.ts';
import { at, defaulted, ensureFields, equal, fields, items, text, type Json, type KubeObject } from '../objects.ts';
import { nameCauses } from '../registry/metadata.ts';
import type { KindRules } from '../rules.ts';
import { oneOf } from './pod-spec.ts';

export const DEFINITION_RULES: KindRules = {
  setDefaults(crd) {
    const spec = crd['spec'];
    if (!isObject(spec)) return;
    const names = ensureFields(spec, 'names');
    const kind = text(names['kind']);
    defaulted(names, 'singular', kind.toLowerCase());
    defaulted(names, 'listKind', `${kind}List`);
    defaulted(ensureFields(spec, 'conversion'), 'strategy', 'None');
  },
  prepareCreate(crd) {
    crd['status'] = { acceptedNames: { kind: '', plural: '' }, conditions: null, storedVersions: storageVersions(crd) };
    delete (crd['status'] as { conditions?: Json }).conditions;
  },
  validate(crd, old) {
    const spec = fields(crd['spec']);
    const group = text(spec['group']);
    const plural = text(at(spec, 'names', 'plural'));
    const causes: Cause[] = [];
    if (crd.metadata.name !== `${plural}.${group}`)
      causes.push(invalid('metadata.name', crd.metadata.name, `must be spec.names.plural+"."+spec.group`));
    if (!group.includes('.')) causes.push(invalid('spec.group', group, 'should be a domain with at least one dot'));
    if (plural === '') causes.push(required('spec.names.plural'));
    if (text(at(spec, 'names', 'kind')) === '') causes.push(required('spec.names.kind'));
    causes.push(...oneOf(spec['scope'], 'spec.scope', ['Cluster', 'Namespaced']));
    causes.push(...versionsCauses(items(spec['versions'])));
    if (old) {
      const before = fields(old['spec']);
      for (const name of ['group', 'scope']) if (!equal(before[name], spec[name])) causes.push(invalid(`spec.${name}`, spec[name] ?? null, 'field is immutable'));
      for (const name of ['plural', 'kind'])
        if (!equal(at(before, 'names', name), at(spec, 'names', name))) causes.push(invalid(`spec.names.${name}`, at(spec, 'names', name) ?? null, 'field is immutable'));
      const listed = items(spec['versions']).map((version) => text(at(version, 'name')));
      for (const [index, stored] of items(at(old, 'status', 'storedVersions')).entries())
        if (!listed.includes(text(stored)))
          causes.push(invalid(`status.storedVersions[${index}]`, stored, 'missing from spec.versions; stored versions must not be removed'));
    }
    return causes;
  },
};

const storageVersions = (crd: KubeObject): string[] =>
  items(at(crd, 'spec', 'versions'))
    .filter((version) => at(version, 'storage') === true)
    .map((version) => text(at(version, 'name')));

function versionsCauses(versions: readonly Json[]): Cause[] {
  const causes: Cause[] = [];
  if (versions.length === 0) causes.push(required('spec.versions'));
  if (versions.length > 0 && versions.filter((version) => at(version, 'storage') === true).length !== 1)
    causes.push(invalid('spec.versions', versions.map((version) => text(at(version, 'name'))), 'must have exactly one version marked as storage version'));
  const names = versions.map((version) => text(at(version, 'name')));
  for (const [index, version] of versions.entries()) {
    const path = `spec.versions[${index}]`;
    const name = names[index] ?? '';
    causes.push(...nameCauses(name, 'service', `${path}.name`));
    if (names.indexOf(name) < index) causes.push(duplicate(`${path}.name`, name));
    const schema = at(version, 'schema', 'openAPIV3Schema');
    const place = `${path}.schema.openAPIV3Schema`;
    if (!isObject(schema)) causes.push(required(place, 'schemas are required'));
    else causes.push(...structuralCauses(schema, place, true));
    for (const [column, one] of items(at(version, 'additionalPrinterColumns')).entries())
      for (const needed of ['name', 'type', 'jsonPath'])
        if (text(at(one, needed)) === '') causes.push(required(`${path}.additionalPrinterColumns[${column}].${needed}`));
  }
  return causes;
}

/** What makes a schema structural: every value has a type, and nothing is said that pruning could not follow. */
function structuralCauses(schema: Json | undefined, path: string, root: boolean): Cause[] {
  if (!isObject(schema)) return [];
  const causes: Cause[] = [];
  const open = schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  const type = text(schema['type']);
  if (type === '' && !open) causes.push(required(`${path}.type`, root ? 'must not be empty at the root' : 'must not be empty for specified object fields'));
  if (root && type !== '' && type !== 'object') causes.push(invalid(`${path}.type`, type, 'must be object at the root'));
  for (const name of ['$ref', 'definitions', 'dependencies', 'patternProperties', 'additionalItems', 'deprecated', 'readOnly'])
    if (schema[name] !== undefined) causes.push(forbidden(`${path}.${name}`, `${name} is not supported`));
  if (schema['additionalProperties'] === false) causes.push(forbidden(`${path}.additionalProperties`, 'additionalProperties cannot be set to false'));
  if (schema['uniqueItems'] === true) causes.push(forbidden(`${path}.uniqueItems`, 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'));
  if (type === 'array' && schema['items'] === undefined) causes.push(required(`${path}.items`, 'must be specified'));
  if (Array.isArray(schema['items'])) causes.push(forbidden(`${path}.items`, 'items must be a schema object and not an array'));
  if (schema['properties'] !== undefined && isObject(schema['additionalProperties']))
    causes.push(forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'));
  for (const [name, property] of Object.entries(fields(schema['properties'])))
    if (!root || name !== 'metadata') causes.push(...structuralCauses(property, `${path}.properties[${name}]`, false));
  causes.push(...structuralCauses(schema['items'], `${path}.items`, false));
  causes.push(...structuralCauses(schema['additionalProperties'], `${path}.additionalProperties`, false));
  return causes;
}

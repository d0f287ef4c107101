/**
 * CustomResourceDefinitions themselves: their defaults and what makes one valid.
 */
import { child, duplicate, invalid, notSupported, required } from './cause.ts';
import { validFieldPath } from './field-path.ts';
import { compileJsonPath } from './json-path.ts';
import { equal, isObject, type Cause, type Json, type JsonObject, type Schema } from './schema.ts';
import { validateSchema } from './structural.ts';

/** Fills in what a CustomResourceDefinition (`apiextensions.k8s.io/v1`) leaves open, in place. */
export function defaultDefinition(crd: JsonObject): void {
  const spec = objectAt(crd, 'spec');
  const names = objectAt(spec, 'names');
  const kind = text(names['kind']);
  if (text(names['singular']) === '' && kind !== '') names['singular'] = kind.toLowerCase();
  if (text(names['listKind']) === '' && kind !== '') names['listKind'] = `${kind}List`;
  spec['names'] = names;
  if (!isObject(spec['conversion'])) spec['conversion'] = { strategy: 'None' };
  crd['spec'] = spec;
  const status = objectAt(crd, 'status');
  const storage = versionsOf(spec).find((version) => version['storage'] === true);
  const stored = status['storedVersions'];
  if ((!Array.isArray(stored) || stored.length === 0) && storage !== undefined) {
    crd['status'] = { ...status, storedVersions: [text(storage['name'])] };
  }
}

/**
 * Validates a CustomResourceDefinition; call {@link defaultDefinition} first.
 *
 * @param old the stored definition on an update.
 */
export function validateDefinition(crd: JsonObject, old?: JsonObject): Cause[] {
  const causes: Cause[] = [];
  const spec = objectAt(crd, 'spec');
  const names = objectAt(spec, 'names');
  const name = text(objectAt(crd, 'metadata')['name']);
  if (name !== `${text(names['plural'])}.${text(spec['group'])}`)
    causes.push(invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group'));
  checkSpec(spec, causes);
  if (old !== undefined) checkImmutable(spec, objectAt(old, 'spec'), isEstablished(old), causes);
  checkStoredVersions(crd, causes);
  checkApproval(crd, old, causes);
  if (
    spec['preserveUnknownFields'] === true &&
    objectAt(old ?? {}, 'spec')['preserveUnknownFields'] !== true
  ) {
    causes.push(
      invalid(
        'spec.preserveUnknownFields',
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    );
  }
  return causes;
}

function checkSpec(spec: JsonObject, causes: Cause[]): void {
  const group = text(spec['group']);
  if (group === '') causes.push(required('spec.group'));
  else if (!subdomain.test(group)) causes.push(invalid('spec.group', group, subdomainDetail));
  else if (!group.includes('.'))
    causes.push(invalid('spec.group', group, 'should be a domain with at least one dot'));
  const scope = text(spec['scope']);
  if (scope === '') causes.push(required('spec.scope'));
  else if (!['Cluster', 'Namespaced'].includes(scope))
    causes.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']));
  checkVersions(spec, causes);
  checkNames(objectAt(spec, 'names'), causes);
  const strategy = text(objectAt(spec, 'conversion')['strategy']);
  if (!['None', 'Webhook'].includes(strategy))
    causes.push(
      strategy === ''
        ? required('spec.conversion.strategy')
        : notSupported('spec.conversion.strategy', strategy, ['None', 'Webhook']),
    );
}

function checkVersions(spec: JsonObject, causes: Cause[]): void {
  const versions = versionsOf(spec);
  // What all versions have in common is reported where the internal form keeps it: directly in the spec.
  const shared = (key: string): boolean =>
    versions.every((version) => equal(version[key], versions[0]?.[key]));
  const [schemas, subresources, columns, selectable] = [
    shared('schema'),
    shared('subresources'),
    shared('additionalPrinterColumns'),
    shared('selectableFields'),
  ];
  for (const [index, version] of versions.entries()) {
    const path = `spec.versions[${index}]`;
    const first = index === 0;
    const versionName = text(version['name']);
    if (!label.test(versionName)) causes.push(invalid(`${path}.name`, versionName, labelDetail));
    if (first || !schemas)
      checkVersionSchema(version, schemas ? 'spec.validation' : `${path}.schema`, `${path}.schema`, causes);
    if (first || !subresources)
      checkSubresources(version, subresources ? 'spec.subresources' : `${path}.subresources`, causes);
    if (first || !columns)
      checkColumns(
        version,
        columns ? 'spec.additionalPrinterColumns' : `${path}.additionalPrinterColumns`,
        causes,
      );
    if (first || !selectable)
      checkSelectableFields(
        version,
        selectable ? 'spec.selectableFields' : `${path}.selectableFields`,
        causes,
      );
  }
  const allNames = versions.map((version) => text(version['name']));
  if (new Set(allNames).size < allNames.length)
    causes.push(invalid('spec.versions', versions, 'must contain unique version names'));
  if (versions.filter((version) => version['storage'] === true).length !== 1) {
    causes.push(
      invalid('spec.versions', versions, 'must have exactly one version marked as storage version'),
    );
  }
}

function checkVersionSchema(version: JsonObject, path: string, ownPath: string, causes: Cause[]): void {
  const schema = schemaOf(version);
  if (schema === undefined) causes.push(required(`${ownPath}.openAPIV3Schema`));
  else causes.push(...validateSchema(schema, `${path}.openAPIV3Schema`));
}

function checkSubresources(version: JsonObject, path: string, causes: Cause[]): void {
  const scale = objectAt(version, 'subresources')['scale'];
  if (!isObject(scale)) return;
  checkReplicasPath(scale, 'specReplicasPath', ['.spec.'], 'should be a json path under .spec', path, causes);
  checkReplicasPath(
    scale,
    'statusReplicasPath',
    ['.status.'],
    'should be a json path under .status',
    path,
    causes,
  );
  if (text(scale['labelSelectorPath']) !== '') {
    checkReplicasPath(
      scale,
      'labelSelectorPath',
      ['.spec.', '.status.'],
      'should be a json path under either .spec or .status',
      path,
      causes,
    );
  }
}

function checkReplicasPath(
  scale: JsonObject,
  key: string,
  prefixes: readonly string[],
  detail: string,
  path: string,
  causes: Cause[],
): void {
  const value = text(scale[key]);
  const at = `${path}.scale.${key}`;
  if (value === '') causes.push(required(at));
  else if (!value.startsWith('.'))
    causes.push(invalid(at, value, 'must be a simple json path starting with .'));
  else if (!prefixes.some((prefix) => value.startsWith(prefix))) causes.push(invalid(at, value, detail));
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

function checkColumns(version: JsonObject, path: string, causes: Cause[]): void {
  for (const [index, column] of listOf(version['additionalPrinterColumns']).entries()) {
    const at = `${path}[${index}]`;
    const [name, type, format, jsonPath] = [
      text(column['name']),
      text(column['type']),
      text(column['format']),
      text(column['jsonPath']),
    ];
    if (name === '') causes.push(required(`${at}.name`));
    if (type === '') causes.push(required(`${at}.type`, `must be one of ${columnTypes.join(',')}`));
    else if (!columnTypes.includes(type))
      causes.push(invalid(`${at}.type`, type, `must be one of ${columnTypes.join(',')}`));
    if (format !== '' && !columnFormats.includes(format))
      causes.push(invalid(`${at}.format`, format, `must be one of ${columnFormats.join(',')}`));
    if (jsonPath === '') causes.push(required(`${at}.JSONPath`));
    else if (!jsonPath.startsWith('.'))
      causes.push(invalid(`${at}.JSONPath`, jsonPath, 'must be a simple json path starting with .'));
    else if (compileJsonPath(jsonPath) === undefined)
      causes.push(invalid(`${at}.JSONPath`, jsonPath, 'must be a valid json path'));
  }
}

function checkSelectableFields(version: JsonObject, path: string, causes: Cause[]): void {
  const fields = listOf(version['selectableFields']);
  const schema = schemaOf(version);
  if (fields.length === 0 || schema === undefined) return;
  const seen = new Set<string>();
  for (const [index, field] of fields.entries()) {
    const at = `${path}[${index}].jsonPath`;
    const jsonPath = text(field['jsonPath']);
    if (jsonPath === '') {
      causes.push(required(at));
      continue;
    }
    const found = validFieldPath(jsonPath, schema, false);
    if (found.problem !== undefined) {
      causes.push(invalid(at, jsonPath, `is an invalid path: ${found.problem}`));
      continue;
    }
    if (/^metadata\b/.test(found.path))
      causes.push(invalid(at, jsonPath, 'must not point to fields in metadata'));
    if (!['string', 'boolean', 'integer'].includes(found.schema.type ?? '')) {
      causes.push(
        invalid(
          at,
          jsonPath,
          'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        ),
      );
    }
    if (seen.has(found.path)) causes.push(duplicate(at, jsonPath));
    seen.add(found.path);
  }
}

const label = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const labelDetail = `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`;
const subdomainDetail = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`;

function checkNames(names: JsonObject, causes: Cause[]): void {
  for (const key of ['plural', 'singular', 'kind', 'listKind']) {
    const value = text(names[key]);
    const mixed = key === 'kind' || key === 'listKind';
    if (value === '') causes.push(required(`spec.names.${key}`));
    else if (!label.test(mixed ? value.toLowerCase() : value)) {
      causes.push(
        invalid(
          `spec.names.${key}`,
          value,
          mixed ? `may have mixed case, but should otherwise match: ${labelDetail}` : labelDetail,
        ),
      );
    }
  }
  if (text(names['kind']) !== '' && names['kind'] === names['listKind']) {
    causes.push(
      invalid('spec.names.listKind', text(names['listKind']), 'kind and listKind may not be the same'),
    );
  }
  for (const key of ['shortNames', 'categories']) {
    const list = names[key];
    for (const [index, value] of (Array.isArray(list) ? list : []).entries()) {
      if (!label.test(text(value))) causes.push(invalid(`spec.names.${key}[${index}]`, value, labelDetail));
    }
  }
}

function checkImmutable(spec: JsonObject, old: JsonObject, established: boolean, causes: Cause[]): void {
  const fixed = established ? ['scope', 'names.kind', 'group', 'names.plural'] : ['group', 'names.plural'];
  for (const path of fixed) {
    const [before, after] = [at(old, path), at(spec, path)];
    if (!equal(before, after)) causes.push(invalid(child('spec', path), after ?? null, 'field is immutable'));
  }
}

function at(object: JsonObject, path: string): Json | undefined {
  return path
    .split('.')
    .reduce<Json | undefined>((value, key) => (isObject(value) ? value[key] : undefined), object);
}

/** Whether a definition's kind is served. */
export function isEstablished(crd: JsonObject): boolean {
  return listOf(objectAt(crd, 'status')['conditions']).some(
    (condition) => condition['type'] === 'Established' && condition['status'] === 'True',
  );
}

function checkStoredVersions(crd: JsonObject, causes: Cause[]): void {
  const stored = objectAt(crd, 'status')['storedVersions'];
  const list = Array.isArray(stored) ? stored.map(text) : [];
  const versions = versionsOf(objectAt(crd, 'spec'));
  if (list.length === 0) {
    causes.push(invalid('status.storedVersions', list, 'must have at least one stored version'));
    return;
  }
  for (const version of versions) {
    const name = text(version['name']);
    if (version['storage'] === true && !list.includes(name))
      causes.push(invalid('status.storedVersions', list, `must have the storage version ${name}`));
  }
  for (const [index, name] of list.entries()) {
    if (versions.some((version) => version['name'] === name)) continue;
    causes.push(
      invalid(
        `status.storedVersions[${index}]`,
        name,
        `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
      ),
    );
  }
}

const approval = 'api-approved.kubernetes.io';

/** Groups of the Kubernetes community need an approved API. */
function checkApproval(crd: JsonObject, old: JsonObject | undefined, causes: Cause[]): void {
  const group = text(objectAt(crd, 'spec')['group']);
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group)) return;
  const state = (object: JsonObject): string =>
    text(objectAt(objectAt(object, 'metadata'), 'annotations')[approval]);
  const value = state(crd);
  if (old !== undefined && state(old) === value) return;
  const field = `metadata.annotations[${approval}]`;
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  if (value === '')
    causes.push(required(field, `protected groups must have approval annotation "${approval}", ${see}`));
  else if (!value.startsWith('unapproved') && !URL.canParse(value)) {
    causes.push(
      invalid(
        field,
        value,
        `protected groups must have approval annotation "${approval}" with either a URL or a reason starting with "unapproved", ${see}`,
      ),
    );
  }
}

/** The schema of a version as it stands in the definition. */
function schemaOf(version: JsonObject): Schema | undefined {
  const schema = objectAt(version, 'schema')['openAPIV3Schema'];
  // The definition's own schema gives these fields their types; what they mean is checked here.
  return isObject(schema) ? (schema as Schema) : undefined;
}

function versionsOf(spec: JsonObject): JsonObject[] {
  return listOf(spec['versions']);
}

function listOf(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function objectAt(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  return isObject(value) ? value : {};
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

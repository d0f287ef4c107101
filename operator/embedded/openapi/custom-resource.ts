/**
 * Custom resources as OpenAPI: the document to publish, and the schema of the whole object to work with.
 */
import { isObject, type Json, type JsonObject, type Schema } from '../schema/schema.ts';
import { builtinDocument, builtinType } from './documents.ts';
import { definitionOf, restricted } from './version2.ts';

/**
 * The schema of a whole custom resource in one version, `apiVersion`, `kind` and `metadata` included: what apply and typed merging need.
 * Made anew on each call; keep it with the definition.
 */
export function customResourceSchema(crd: JsonObject, version: string): Schema | undefined {
  const own = ownSchema(crd, version);
  return own === undefined ? undefined : withMetadata(own, true);
}

/** The OpenAPI v3 document of one version of a custom resource, as JSON. Several kinds of a group-version are merged by {@link mergeDocuments}. */
export function customResourceDocument(crd: JsonObject, version: string): JsonObject {
  const { group, kind, plural, namespaced } = identity(crd);
  const gvk = { group, version, kind };
  const own = ownSchema(crd, version);
  const root = own === undefined ? { type: 'object' } : documented(own, true);
  const name = typeName(crd, version);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' },
    paths: paths(crd, version, { base: `/apis/${group}/${version}`, plural, namespaced, gvk, name }),
    components: {
      schemas: {
        ...metadataTypes(),
        [name]: { ...root, 'x-kubernetes-group-version-kind': [gvk] },
        [`${name}List`]: listSchema(crd, version),
      },
    },
  };
}

/** The v2 definitions of one version of a custom resource. */
export function customResourceDefinitions(crd: JsonObject, version: string): JsonObject {
  const { group, kind } = identity(crd);
  const own = ownSchema(crd, version);
  const open = own === undefined || own['x-kubernetes-preserve-unknown-fields'] === true;
  const root = open ? { type: 'object' } : documented(restricted(own), true);
  const name = typeName(crd, version);
  const schema = { ...root, 'x-kubernetes-group-version-kind': [{ group, version, kind }] };
  return {
    [name]: definitionOf(schema),
    [`${name}List`]: definitionOf(listSchema(crd, version)),
  };
}

function typeName(crd: JsonObject, version: string): string {
  const { group, kind } = identity(crd);
  return `${group.split('.').toReversed().join('.')}.${version}.${kind}`;
}

function listSchema(crd: JsonObject, version: string): JsonObject {
  const { group, kind, listKind, plural } = identity(crd);
  return {
    description: `${listKind} is a list of ${kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      ...typeMeta,
      items: {
        description: `List of ${plural}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md`,
        type: 'array',
        items: { $ref: `${prefix}${typeName(crd, version)}` },
      },
      metadata: {
        description:
          'Standard list metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds',
        $ref: `${prefix}${meta}ListMeta`,
      },
    },
    'x-kubernetes-group-version-kind': [{ group, version, kind: listKind }],
  };
}

/** Joins the documents of the kinds of one group-version. */
export function mergeDocuments(documents: readonly JsonObject[]): JsonObject {
  const part = (document: JsonObject, ...keys: string[]): JsonObject =>
    keys.reduce<JsonObject>((value, key) => {
      const inner = value[key];
      return isObject(inner) ? inner : {};
    }, document);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' },
    paths: Object.assign({}, ...documents.map((document) => part(document, 'paths'))),
    components: {
      schemas: Object.assign({}, ...documents.map((document) => part(document, 'components', 'schemas'))),
    },
  };
}

const prefix = '#/components/schemas/';
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.';

const typeMeta: JsonObject = {
  apiVersion: {
    description:
      'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources',
    type: 'string',
  },
  kind: {
    description:
      'Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds',
    type: 'string',
  },
};

function ownSchema(crd: JsonObject, version: string): Schema | undefined {
  const found = versionOf(crd, version);
  const schema = isObject(found?.['schema']) ? found['schema']['openAPIV3Schema'] : undefined;
  // The API server accepted the definition: this is a structural schema.
  return isObject(schema) ? (schema as Schema) : undefined;
}

function versionOf(crd: JsonObject, version: string): JsonObject | undefined {
  const spec = crd['spec'];
  const versions = isObject(spec) ? spec['versions'] : undefined;
  return Array.isArray(versions)
    ? versions.filter(isObject).find((each) => each['name'] === version)
    : undefined;
}

function identity(crd: JsonObject): {
  group: string;
  kind: string;
  listKind: string;
  plural: string;
  namespaced: boolean;
} {
  const spec = isObject(crd['spec']) ? crd['spec'] : {};
  const names = isObject(spec['names']) ? spec['names'] : {};
  const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
  const kind = text(names['kind']);
  return {
    group: text(spec['group']),
    kind,
    listKind: text(names['listKind']) === '' ? `${kind}List` : text(names['listKind']),
    plural: text(names['plural']),
    namespaced: spec['scope'] === 'Namespaced',
  };
}

function withMetadata(schema: Schema, root: boolean): Schema {
  const metadata = builtinType(`${meta}ObjectMeta`);
  const embedded = root || schema['x-kubernetes-embedded-resource'] === true;
  const properties = mapped(schema.properties, (property) => withMetadata(property, false));
  const named =
    embedded && metadata !== undefined
      ? { ...properties, apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata }
      : properties;
  return {
    ...schema,
    ...(named === undefined ? {} : { properties: named }),
    ...(schema.items === undefined ? {} : { items: withMetadata(schema.items, false) }),
    ...(typeof schema.additionalProperties === 'object'
      ? { additionalProperties: withMetadata(schema.additionalProperties, false) }
      : {}),
  };
}

function mapped<T>(
  properties: Readonly<Record<string, Schema>> | undefined,
  change: (schema: Schema) => T,
): Record<string, T> | undefined {
  return properties === undefined
    ? undefined
    : Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, change(property)]));
}

/** The published form: metadata by reference. */
function documented(schema: Schema, root: boolean): JsonObject {
  // A schema is JSON; only its type says more.
  const plain = schema as JsonObject;
  const embedded = root || schema['x-kubernetes-embedded-resource'] === true;
  const properties = mapped(schema.properties, (property) => documented(property, false));
  const reference = {
    description:
      "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
    allOf: [{ $ref: `${prefix}${meta}ObjectMeta` }],
    default: {},
  };
  const named: JsonObject | undefined = embedded
    ? { ...properties, ...typeMeta, metadata: reference }
    : properties;
  return {
    ...plain,
    ...(named === undefined ? {} : { properties: named }),
    ...(schema.items === undefined ? {} : { items: documented(schema.items, false) }),
    ...(typeof schema.additionalProperties === 'object'
      ? { additionalProperties: documented(schema.additionalProperties, false) }
      : {}),
  };
}

/** ObjectMeta, ListMeta and what they refer to, with descriptions, out of a built-in document. */
function metadataTypes(): JsonObject {
  const text = builtinDocument('scheduling.k8s.io/v1')?.toString('utf8') ?? '{}';
  // Our own generated document.
  const document = JSON.parse(text) as { components?: { schemas?: JsonObject } };
  const schemas = document.components?.schemas ?? {};
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => name.startsWith(meta)));
}

type Place = {
  readonly base: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly gvk: JsonObject;
  readonly name: string;
};

function paths(crd: JsonObject, version: string, place: Place): JsonObject {
  const root = `${place.base}/${place.namespaced ? 'namespaces/{namespace}/' : ''}${place.plural}`;
  const operation = (action: string, more: JsonObject = {}): JsonObject => ({
    responses: { 200: { description: 'OK' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': place.gvk,
    ...more,
  });
  const write = (action: string): JsonObject =>
    operation(action, { parameters: parameters(['dryRun', 'fieldManager', 'fieldValidation']) });
  const patch = operation('patch', {
    parameters: parameters(['dryRun', 'fieldManager', 'fieldValidation', 'force']),
    requestBody: { content: patchTypes },
  });
  const one: JsonObject = { get: operation('get'), put: write('put'), patch };
  const found = versionOf(crd, version);
  const subresources = isObject(found?.['subresources']) ? found['subresources'] : {};
  return {
    ...(place.namespaced ? { [`${place.base}/${place.plural}`]: { get: operation('list') } } : {}),
    [root]: { get: operation('list'), post: write('post'), delete: operation('deletecollection') },
    [`${root}/{name}`]: { ...one, delete: operation('delete') },
    ...(isObject(subresources['status']) ? { [`${root}/{name}/status`]: one } : {}),
    ...(isObject(subresources['scale']) ? { [`${root}/{name}/scale`]: one } : {}),
  };
}

const patchTypes: JsonObject = Object.fromEntries(
  ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'].map(
    (type) => [type, { schema: { $ref: `${prefix}${meta}Patch` } }],
  ),
);

function parameters(names: readonly string[]): Json[] {
  return names.map((name) => ({
    name,
    in: 'query',
    schema: { type: name === 'force' ? 'boolean' : 'string', uniqueItems: true },
  }));
}

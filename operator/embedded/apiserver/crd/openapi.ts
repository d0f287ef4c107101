/** The OpenAPI v3 document of a custom group-version, made of the definitions' own schemas. */
import { builtinType } from '../../openapi/documents.ts';
import { isObject } from '../../schema/schema.ts';
import type { Cluster } from '../cluster.ts';
import type { JsonObject } from '../objects.ts';
import { apiVersionOf, type ResourceType } from '../resources.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const LIST_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta';

export function customDocument(cluster: Cluster, groupVersion: string): object {
  const types = cluster.catalog.all().filter((type) => type.custom && apiVersionOf(type) === groupVersion);
  const schemas: JsonObject = { [META]: plain(META), [LIST_META]: plain(LIST_META) };
  const paths: JsonObject = {};
  for (const type of types) {
    const name = schemaName(type);
    schemas[name] = objectSchema(cluster, type);
    schemas[`${name}List`] = listSchema(type, name);
    paths[collectionPath(type)] = collectionOperations(type, name);
    paths[`${collectionPath(type)}/{name}`] = objectOperations(type, name);
  }
  return { openapi: '3.0.0', info: { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' }, paths, components: { schemas } };
}

/** Group reversed, as Kubernetes names its own: `ai.shopmind.v1alpha1.ShopMindTenant`. */
const schemaName = ({ group, version, kind }: ResourceType): string =>
  [...group.split('.').toReversed(), version, kind].join('.');

function plain(name: string): JsonObject {
  // Descriptions and references are resolved away in the shared schema; what is left is JSON without cycles here.
  const copy: unknown = JSON.parse(JSON.stringify(builtinType(name) ?? { type: 'object' }));
  return isObject(copy as JsonObject) ? (copy as JsonObject) : {};
}

function identityOf({ group, version }: ResourceType, kind: string): JsonObject {
  return { 'x-kubernetes-group-version-kind': [{ group, version, kind }] };
}

const KIND_FIELDS: JsonObject = {
  apiVersion: {
    type: 'string',
    description: 'APIVersion defines the versioned schema of this representation of an object.',
  },
  kind: { type: 'string', description: 'Kind is a string value representing the REST resource this object represents.' },
};

function objectSchema(cluster: Cluster, type: ResourceType): JsonObject {
  // A definition's schema came as JSON and is kept as it came.
  const schema = (cluster.rulesOf(type).schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }) as JsonObject;
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const metadata: JsonObject = { description: "Standard object's metadata.", allOf: [{ $ref: `#/components/schemas/${META}` }] };
  return { ...schema, properties: { ...properties, ...KIND_FIELDS, metadata }, ...identityOf(type, type.kind) };
}

function listSchema(type: ResourceType, name: string): JsonObject {
  return {
    type: 'object',
    description: `${type.listKind} is a list of ${type.kind}`,
    required: ['items'],
    properties: {
      ...KIND_FIELDS,
      metadata: { allOf: [{ $ref: `#/components/schemas/${LIST_META}` }] },
      items: { type: 'array', items: { allOf: [{ $ref: `#/components/schemas/${name}` }] } },
    },
    ...identityOf(type, type.listKind),
  };
}

const collectionPath = ({ group, version, plural, namespaced }: ResourceType): string =>
  `/apis/${group}/${version}/${namespaced ? 'namespaces/{namespace}/' : ''}${plural}`;

const answer = (name: string): JsonObject => ({
  200: { description: 'OK', content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } } },
});

const body = (name: string): JsonObject => ({
  content: { '*/*': { schema: { $ref: `#/components/schemas/${name}` } } },
});

/** Query parameters by which kubectl learns that the server validates fields and dry-runs. */
const WRITE_PARAMETERS: JsonObject[] = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({
  name,
  in: 'query',
  schema: { type: 'string', uniqueItems: true },
}));

function operation(type: ResourceType, action: string, rest: JsonObject): JsonObject {
  const { group, version, kind } = type;
  return { ...rest, 'x-kubernetes-action': action, 'x-kubernetes-group-version-kind': { group, version, kind } };
}

function collectionOperations(type: ResourceType, name: string): JsonObject {
  return {
    get: operation(type, 'list', { responses: answer(`${name}List`) }),
    post: operation(type, 'post', { parameters: WRITE_PARAMETERS, requestBody: body(name), responses: answer(name) }),
  };
}

function objectOperations(type: ResourceType, name: string): JsonObject {
  const patchBody: JsonObject = {
    content: Object.fromEntries(
      ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'].map((media) => [media, { schema: { type: 'object' } }]),
    ),
  };
  return {
    get: operation(type, 'get', { responses: answer(name) }),
    put: operation(type, 'put', { parameters: WRITE_PARAMETERS, requestBody: body(name), responses: answer(name) }),
    patch: operation(type, 'patch', { parameters: WRITE_PARAMETERS, requestBody: patchBody, responses: answer(name) }),
    delete: operation(type, 'delete', { parameters: WRITE_PARAMETERS, responses: answer(name) }),
  };
}

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { decodingError } from './decoding.ts';
import {
  builtinDocument,
  builtinDocuments,
  builtinSchema,
  builtinType,
  builtinTypeName,
} from './documents.ts';
import { customResourceDocument, customResourceSchema, mergeDocuments } from './custom-resource.ts';
import { isObject, type JsonObject } from '../schema/schema.ts';

test('every document is there, is JSON, and has the hash it is announced with', () => {
  for (const { groupVersion, hash } of builtinDocuments()) {
    const text = builtinDocument(groupVersion);
    assert.ok(text !== undefined, groupVersion);
    assert.equal(createHash('sha256').update(text).digest('hex').toUpperCase(), hash);
    assert.ok(isObject(JSON.parse(text.toString('utf8'))));
  }
  assert.equal(builtinDocument('nobody.example.com/v1'), undefined);
});

test('schemas are resolved and know how lists merge', () => {
  const deployment = builtinSchema({ group: 'apps', version: 'v1', kind: 'Deployment' });
  const containers =
    deployment?.properties?.['spec']?.properties?.['template']?.properties?.['spec']?.properties?.[
      'containers'
    ];
  assert.equal(containers?.['x-kubernetes-patch-merge-key'], 'name');
  assert.equal(containers?.items?.properties?.['image']?.type, 'string');
  assert.equal(builtinTypeName(containers?.items ?? {}), 'Container');
  assert.equal(builtinSchema({ group: 'apps', version: 'v2', kind: 'Deployment' }), undefined);
});

test('a type that refers to itself is a cycle', () => {
  const props = builtinType('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps');
  assert.equal(props?.properties?.['not']?.properties, props?.properties);
});

const wrong: readonly (readonly [JsonObject, string])[] = [
  [
    { spec: { replicas: 'x' } },
    'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    { spec: { replicas: 1.5 } },
    'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    { metadata: { labels: { a: 1 } } },
    'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
  ],
  [
    { spec: { template: { spec: { containers: {} } } } },
    'json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container',
  ],
];

for (const [body, expected] of wrong) {
  test(`a body with ${JSON.stringify(body)} cannot be decoded`, () => {
    assert.equal(
      decodingError(body, { group: 'apps', version: 'v1', kind: 'Deployment' }),
      `Deployment in version "v1" cannot be handled as a Deployment: ${expected}`,
    );
  });
}

test('what fits can be decoded, also with unknown fields and nulls', () => {
  const body = {
    spec: {
      replicas: null,
      unknown: 1,
      strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } },
      template: { spec: { containers: [{ resources: { limits: { cpu: '100m', memory: 1 } } }] } },
    },
  };
  assert.equal(decodingError(body, { group: 'apps', version: 'v1', kind: 'Deployment' }), undefined);
  assert.equal(
    decodingError({ data: { a: '###' } }, { group: '', version: 'v1', kind: 'Secret' }),
    'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0',
  );
});

const crd: JsonObject = {
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', listKind: 'WidgetList' },
    versions: [
      {
        name: 'v1',
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: 'A widget',
            properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
          },
        },
      },
    ],
  },
};

test('a custom kind is published with metadata, kinds and patch types', () => {
  const document = JSON.parse(JSON.stringify(customResourceDocument(crd, 'v1')));
  const schema = document.components.schemas['com.example.v1.Widget'];
  assert.equal(schema.description, 'A widget');
  assert.deepEqual(schema['x-kubernetes-group-version-kind'], [
    { group: 'example.com', version: 'v1', kind: 'Widget' },
  ]);
  assert.ok(
    document.components.schemas['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'].description.length > 0,
  );
  const path = document.paths['/apis/example.com/v1/namespaces/{namespace}/widgets/{name}'];
  assert.ok(path.patch.requestBody.content['application/apply-patch+yaml'] !== undefined);
  assert.ok(
    document.paths['/apis/example.com/v1/namespaces/{namespace}/widgets/{name}/status'] !== undefined,
  );
});

test('documents of several kinds become one', () => {
  const other = structuredClone(crd);
  (other['spec'] as JsonObject)['names'] = { plural: 'gadgets', kind: 'Gadget', listKind: 'GadgetList' };
  const merged = JSON.parse(
    JSON.stringify(mergeDocuments([customResourceDocument(crd, 'v1'), customResourceDocument(other, 'v1')])),
  );
  assert.ok(
    'com.example.v1.Widget' in merged.components.schemas &&
      'com.example.v1.Gadget' in merged.components.schemas,
  );
});

test('the schema of a whole custom resource knows its metadata', () => {
  const schema = customResourceSchema(crd, 'v1');
  assert.equal(schema?.properties?.['spec']?.properties?.['size']?.type, 'integer');
  assert.equal(
    schema?.properties?.['metadata']?.properties?.['finalizers']?.['x-kubernetes-list-type'],
    'set',
  );
});

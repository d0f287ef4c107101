/**
 * The API keeps its promises: generated files are fresh, every field is described and bounded, defaults are complete.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { generatedFiles } from './generate.ts';
import { customResourceDefinitions, PENDING_STATUS, SCHEMAS, withDefaults } from './index.ts';
import type { Structural, TenantSpec } from './index.ts';

test('every generated file is what npm run generate would write', async () => {
  for (const [path, content] of generatedFiles()) {
    const written = await readFile(new URL(`../${path}`, import.meta.url), 'utf8');
    assert.equal(written, content, `${path} is stale: run npm run generate`);
  }
});

test('every field has a description, and every string, list, map and number a bound', () => {
  for (const [kind, schema] of Object.entries(SCHEMAS)) {
    for (const part of ['spec', 'status']) {
      const root = schema.properties?.[part];
      assert.ok(root);
      for (const [path, field] of fields(`${kind}.${part}`, root)) {
        assert.ok(field.description, `${path} has no description`);
        assert.ok(bounded(field), `${path} has no bound`);
      }
    }
  }
});

test('a tenant that names only itself and its host is complete after defaulting', () => {
  const schema = SCHEMAS.ShopMindTenant.properties?.['spec'];
  assert.ok(schema);
  const spec = withDefaults(schema, { displayName: 'Acme', hosts: ['acme.localhost'] });
  const expected: TenantSpec = {
    displayName: 'Acme',
    hosts: ['acme.localhost'],
    plan: 'starter',
    environment: 'production',
    placement: 'pooled',
    locales: ['en'],
    currencies: ['EUR'],
    domains: [],
    payments: { provider: 'stripe' },
    quotas: { requestsPerMinute: 100_000 },
    deletionPolicy: 'Retain',
    suspended: false,
  };
  assert.deepEqual(spec, expected);
});

test('from the moment it is stored an object says that it is not looked at yet, in both versions', () => {
  for (const { spec } of customResourceDefinitions()) {
    for (const { name, schema } of spec.versions) {
      const status = schema.openAPIV3Schema.properties?.['status'];
      assert.deepEqual(status?.default, PENDING_STATUS);
      const { conditions } = PENDING_STATUS;
      assert.deepEqual(
        conditions.map(({ type, status: is, reason }) => [type, is, reason]),
        [['Ready', 'Unknown', 'Pending']],
        `${spec.names.kind} ${name}`,
      );
      const condition = status.properties?.['conditions']?.items;
      for (const field of condition?.required ?? []) assert.ok(Object.hasOwn(conditions[0], field), field);
    }
  }
});

test('both kinds have short names, the category, a status subresource and printer columns; Service scales', () => {
  const [tenant, service] = customResourceDefinitions();
  assert.deepEqual(tenant?.spec.names.shortNames, ['smt', 'tenant']);
  assert.deepEqual(service?.spec.names.shortNames, ['smsvc']);
  for (const crd of [tenant, service]) {
    assert.deepEqual(crd?.spec.names.categories, ['shopmind']);
    assert.deepEqual(crd?.spec.versions[0]?.subresources.status, {});
  }
  assert.deepEqual(
    tenant?.spec.versions[0]?.additionalPrinterColumns.map(({ name }) => name),
    ['Ready', 'Plan', 'Placement', 'URL', 'Age', 'Message'],
  );
  assert.equal(service?.spec.versions[0]?.subresources.scale?.specReplicasPath, '.spec.replicas');
});

function* fields(path: string, schema: Structural): Generator<[string, Structural]> {
  yield [path, schema];
  for (const [name, child] of Object.entries(schema.properties ?? {}))
    yield* fields(`${path}.${name}`, child);
  if (schema.items !== undefined) yield* fields(`${path}[]`, schema.items);
  if (schema.additionalProperties !== undefined) yield* fields(`${path}.*`, schema.additionalProperties);
}

function bounded(schema: Structural): boolean {
  if (schema.type === 'array') return schema.maxItems !== undefined;
  if (schema.type === 'integer') return schema.minimum !== undefined && schema.maximum !== undefined;
  if (schema.type === 'string') return schema.maxLength !== undefined || schema.enum !== undefined;
  return schema.additionalProperties === undefined || schema.maxProperties !== undefined;
}

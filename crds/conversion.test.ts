/**
 * Conversion loses nothing, both ways, for every spec the schemas allow, and never stumbles over what they do not allow.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { prune } from '../operator/embedded/schema/prune.ts';
import type { JsonObject, Schema } from '../operator/embedded/schema/schema.ts';
import { convert, CONVERTIBLE, GROUP, OLD_SCHEMAS, OLD_VERSION, SCHEMAS, VERSION } from './index.ts';
import type { Convertible, Structural } from './index.ts';
import { arbitraryOf } from './testing/arbitrary.ts';

const NEW = `${GROUP}/${VERSION}`;
const OLD = `${GROUP}/${OLD_VERSION}`;

function objectsOf(kind: string, apiVersion: string, schema: Structural): fc.Arbitrary<Convertible> {
  const part = (name: string): fc.Arbitrary<unknown> => {
    const field = schema.properties?.[name];
    assert.ok(field);
    return arbitraryOf(field);
  };
  const metadata = fc.record({
    name: fc.constant('acme'),
    labels: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
  });
  return fc
    .record(
      { metadata, spec: part('spec'), status: part('status') },
      { requiredKeys: ['metadata', 'spec'], noNullPrototype: true },
    )
    .map((rest) => ({ apiVersion, kind, ...rest }));
}

/** Lists with keys have no order that means anything; the old version keeps domains in a map. */
function ordered(object: Convertible): unknown {
  const sorted = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.toSorted((a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1))
      : value;
  const spec = object['spec'] as Readonly<Record<string, unknown>>;
  return 'domains' in spec ? { ...object, spec: { ...spec, domains: sorted(spec['domains']) } } : object;
}

function unknownFields(object: Convertible, schema: Structural): readonly string[] {
  // The two rooms describe the same JSON with types of their own.
  return prune(structuredClone(object) as unknown as JsonObject, schema as unknown as Schema);
}

for (const kind of ['ShopMindTenant', 'Service'] as const) {
  test(`a ${kind} of v1beta1 comes back from v1alpha1 as it was`, () => {
    fc.assert(
      fc.property(objectsOf(kind, NEW, SCHEMAS[kind]), (object) => {
        const old = convert(object, OLD);
        assert.equal(old.apiVersion, OLD);
        assert.deepEqual(unknownFields(old, OLD_SCHEMAS[kind]), []);
        assert.deepEqual(convert(old, NEW), ordered(object));
      }),
    );
  });

  test(`a ${kind} of v1alpha1 comes back from v1beta1 as it was`, () => {
    fc.assert(
      fc.property(objectsOf(kind, OLD, OLD_SCHEMAS[kind]), (object) => {
        const converted = convert(object, NEW);
        assert.equal(converted.apiVersion, NEW);
        assert.deepEqual(unknownFields(converted, SCHEMAS[kind]), []);
        assert.deepEqual(convert(converted, OLD), object);
      }),
    );
  });

  test(`whatever stands in a ${kind}, conversion changes nothing but the spec and does not stumble`, () => {
    const anything = fc.record({
      metadata: fc.jsonValue(),
      spec: fc.oneof(
        fc.jsonValue(),
        fc.record({ domains: fc.jsonValue(), env: fc.jsonValue() }),
        fc.record({ domains: fc.array(fc.jsonValue()), env: fc.array(fc.jsonValue()) }),
      ),
      status: fc.jsonValue(),
    });
    fc.assert(
      fc.property(
        anything,
        fc.constantFrom(...CONVERTIBLE),
        fc.constantFrom(...CONVERTIBLE),
        (rest, from, to) => {
          const converted = convert({ apiVersion: from, kind, ...rest }, to);
          assert.deepEqual(
            [converted.metadata, converted.status, converted.apiVersion, converted.kind],
            [rest.metadata, rest.status, to, kind],
          );
        },
      ),
    );
  });
}

test('what changes is what the versions spell differently', () => {
  const spec = { displayName: 'Acme', domains: { orders: { enabled: true }, catalog: { enabled: false } } };
  assert.deepEqual(convert({ apiVersion: OLD, kind: 'ShopMindTenant', spec }, NEW), {
    apiVersion: NEW,
    kind: 'ShopMindTenant',
    spec: {
      displayName: 'Acme',
      domains: [
        { enabled: false, name: 'catalog' },
        { enabled: true, name: 'orders' },
      ],
    },
  });
  const env = [
    { name: 'A', value: '1' },
    { name: 'B', secretRef: { name: 's', key: 'k' } },
  ];
  assert.deepEqual(convert({ apiVersion: OLD, kind: 'Service', spec: { env } }, NEW)['spec'], {
    env: [
      { name: 'A', value: '1' },
      { name: 'B', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
    ],
  });
});

test('versions and kinds that are not ours are refused by name', () => {
  assert.throws(
    () => convert({ apiVersion: NEW, kind: 'ShopMindTenant' }, 'shopmind.ai/v2'),
    /known are shopmind/,
  );
  assert.throws(() => convert({ apiVersion: OLD, kind: 'Widget' }, NEW), /Widget is no kind of ours/);
});

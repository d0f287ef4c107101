import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createCache, deepFreeze, trim } from './cache.ts';
import { compareVersions, keyOf, refOf, type KubeObject } from './types.ts';

const object = (name: string, version: number, extra: Partial<KubeObject['metadata']> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: String(version), ...extra },
});

describe('a cache', () => {
  test('finds objects by namespace, label and custom index, also after they changed', () => {
    const cache = createCache({ first: ({ metadata }) => [metadata.name[0] ?? ''] });
    cache.upsert(object('apple', 1, { labels: { tenant: 'acme' } }));
    cache.upsert(object('avocado', 2, { labels: { tenant: 'bolt' } }));
    cache.upsert(object('apple', 3, { namespace: 'other', uid: 'x', labels: { tenant: 'acme' } }));
    const names = (found: readonly KubeObject[]): string[] =>
      found.map(({ metadata }) => metadata.name).toSorted();
    assert.deepEqual(names(cache.inNamespace('shop')), ['apple', 'avocado']);
    assert.deepEqual(names(cache.withLabel('tenant', 'acme')), ['apple', 'apple']);
    assert.deepEqual(names(cache.byIndex('first', 'a')), ['apple', 'apple', 'avocado']);
    cache.upsert(object('avocado', 4, { labels: { tenant: 'acme' } }));
    assert.equal(cache.withLabel('tenant', 'bolt').length, 0);
    assert.equal(cache.withLabel('tenant', 'acme').length, 3);
    cache.remove(object('avocado', 5));
    assert.equal(cache.withLabel('tenant', 'acme').length, 2);
    assert.throws(() => cache.byIndex('unknown', 'x'), RangeError);
  });

  test('keeps what it holds from being changed', () => {
    const cache = createCache();
    cache.upsert(object('a', 1, { labels: { x: '1' } }));
    const kept = cache.get('shop/a');
    assert.throws(() => {
      if (kept?.metadata.labels !== undefined) kept.metadata.labels['x'] = '2';
    }, TypeError);
  });

  test('drops what only takes room', () => {
    const trimmed = trim(
      object('a', 1, {
        managedFields: [{}],
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', kept: 'yes' },
      }),
    );
    assert.equal(trimmed.metadata.managedFields, undefined);
    assert.deepEqual(trimmed.metadata.annotations, { kept: 'yes' });
  });

  test('ends in the newest state of every object, in whatever order updates come', () => {
    const update = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      version: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(fc.array(update, { maxLength: 60 }), (updates) => {
        const cache = createCache();
        for (const { name, version } of updates) cache.upsert(object(name, version));
        for (const name of ['a', 'b', 'c']) {
          const versions = updates.filter((each) => each.name === name).map(({ version }) => version);
          const kept = cache.get(`shop/${name}`)?.metadata.resourceVersion;
          assert.equal(kept, versions.length === 0 ? undefined : String(Math.max(...versions)));
        }
        assert.equal(cache.inNamespace('shop').length, cache.size);
      }),
    );
  });

  test('an ordinary Deployment costs less than 10 KiB', () => {
    const cache = createCache();
    const count = 2000;
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < count; index += 1) {
      cache.upsert(trim(JSON.parse(JSON.stringify(deployment(index))) as KubeObject));
    }
    globalThis.gc?.();
    const each = (process.memoryUsage().heapUsed - before) / count;
    // Without --expose-gc garbage counts too, so the bound holds all the more.
    assert.ok(each < 10_240, `${Math.round(each)} bytes an object`);
    assert.equal(cache.size, count);
  });

  test('versions of any length compare as numbers, and nothing else does', () => {
    assert.ok((compareVersions('9', '10') ?? 0) < 0);
    assert.ok((compareVersions('18446744073709551616', '18446744073709551615') ?? 0) > 0);
    assert.equal(compareVersions('7', '7'), 0);
    assert.equal(compareVersions('abc', '7'), undefined);
    assert.equal(compareVersions(undefined, '7'), undefined);
  });

  test('a key names one object and gives it back', () => {
    assert.deepEqual(refOf(keyOf({ namespace: 'shop', name: 'a' })), { namespace: 'shop', name: 'a' });
    assert.deepEqual(refOf(keyOf({ name: 'cluster-scoped' })), { name: 'cluster-scoped' });
  });

  test('freezing reaches the last leaf', () => {
    const value = deepFreeze({ a: [{ b: {} }] });
    assert.ok(Object.isFrozen(value.a[0]?.b));
  });
});

function deployment(index: number): object {
  const name = `shop-${index}`;
  const labels = {
    'app.kubernetes.io/name': name,
    'app.kubernetes.io/part-of': 'shopmind',
    'app.kubernetes.io/managed-by': 'shopmind',
    'shopmind.ai/tenant': `tenant-${index}`,
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      ...object(name, index).metadata,
      labels,
      generation: 3,
      creationTimestamp: '2026-11-24T00:00:00Z',
      managedFields: Array.from({ length: 3 }, () => ({
        manager: 'x',
        fieldsV1: { 'f:spec': { 'f:a': {} } },
      })),
    },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: 'runtime',
              image: 'shopmind/runtime:1',
              env: Array.from({ length: 15 }, (_, at) => ({
                name: `VARIABLE_${at}`,
                value: `value ${index}-${at}`,
              })),
              ports: [{ containerPort: 8080, name: 'http', protocol: 'TCP' }],
              resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
              livenessProbe: { httpGet: { path: '/livez', port: 9090, scheme: 'HTTP' }, periodSeconds: 10 },
              readinessProbe: { httpGet: { path: '/readyz', port: 9090, scheme: 'HTTP' }, periodSeconds: 5 },
            },
          ],
        },
      },
    },
    status: {
      replicas: 2,
      conditions: ['Available', 'Progressing'].map((type) => ({
        type,
        status: 'True',
        reason: 'R',
        message: 'text',
      })),
    },
  };
}

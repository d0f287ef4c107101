/**
 * A plan as people read it: real diffs, what the server filled in left out, and never a Secret's value.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PLAIN } from '../terminal/style.ts';
import { MASK, masked, renderPlan } from './render.ts';
import type { Plan } from './tenants.ts';

const WORDS = { calm: 'nothing would change', brief: false };
const PLAN: Plan = {
  about: 'tenant',
  unconfirmed: 0,
  objects: [
    {
      action: 'create',
      object: { apiVersion: 'v1', kind: 'Secret', namespace: 'tenant-acme', name: 'database' },
      fields: [],
      after: {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'database', namespace: 'tenant-acme' },
        data: { DATABASE_URL: 'cG9zdGdyZXM6Ly94' },
      },
    },
    {
      action: 'change',
      object: {
        apiVersion: 'shopmind.ai/v1beta1',
        kind: 'Service',
        namespace: 'tenant-acme',
        name: 'runtime',
      },
      fields: ['spec.scaling.max'],
      before: { kind: 'Service', spec: { scaling: { min: 1, max: 2 } } },
      after: {
        apiVersion: 'shopmind.ai/v1beta1',
        kind: 'Service',
        metadata: { name: 'runtime' },
        spec: { scaling: { min: 1, max: 4 } },
      },
    },
    { action: 'delete', object: { apiVersion: 'v1', kind: 'ConfigMap', name: 'old' }, fields: [] },
  ],
  dataPlane: ['CREATE SCHEMA tenant_acme'],
};

test('made, changed and removed objects, and the data plane', () => {
  assert.equal(
    renderPlan('acme', PLAN, PLAIN, WORDS),
    `tenant acme
  + Secret tenant-acme/database
      @@ -0,0 +1,7 @@
      +apiVersion: v1
      +kind: Secret
      +metadata:
      +  name: database
      +  namespace: tenant-acme
      +data:
      +  DATABASE_URL: <masked>
  ~ Service tenant-acme/runtime  (spec.scaling.max)
      @@ -1,5 +1,8 @@
      +apiVersion: shopmind.ai/v1beta1
       kind: Service
      +metadata:
      +  name: runtime
       spec:
         scaling:
           min: 1
      -    max: 2
      +    max: 4
  - ConfigMap old
  ! CREATE SCHEMA tenant_acme
  1 to make, 1 to change, 1 to remove, 1 on the data plane`,
  );
});

test('nothing is said in one line', () => {
  assert.equal(
    renderPlan('acme', { about: 'tenant', objects: [], dataPlane: [], unconfirmed: 0 }, PLAIN, WORDS),
    'tenant acme: nothing would change',
  );
});

test('whatever a Secret holds, its keys are shown and its values are not', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string({ minLength: 12 })), (data) => {
      const secret = { kind: 'Secret', metadata: { name: 's' }, data, stringData: data };
      const shown = masked(secret) as { data: Record<string, string>; stringData: Record<string, string> };
      assert.deepEqual(Object.keys(shown.data).toSorted(), Object.keys(data).toSorted());
      for (const value of [...Object.values(shown.data), ...Object.values(shown.stringData)])
        assert.equal(value, MASK);
    }),
  );
});

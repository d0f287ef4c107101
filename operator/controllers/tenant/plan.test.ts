/**
 * The plan says what the reconcile would do: all of it for a new tenant, nothing for a settled one.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InventoryItem } from '../../../crds/index.ts';
import { parsePlatform } from '../../resources/platform.ts';
import { BARE } from '../../resources/surroundings.ts';
import { httpRoutes, resourceOf } from '../kinds.ts';
import { createTestWorld, withPool } from '../testing/world.ts';
import type { TestWorld } from '../testing/world.ts';
import { planTenant } from './plan.ts';

const SPEC = { displayName: 'Acme', hosts: ['acme.localhost'], placement: 'dedicated' };
const platform = parsePlatform(
  { BLOBS_URL: 'file:///b/', PAYMENTS_URL: 'http://processor.shopmind-system.svc:8090' },
  {
    DATABASE_ADMIN_URL: 'postgres://postgres:x@postgres.shopmind-system.svc:5432/shopmind',
    SECRETS_KEY: Buffer.alloc(32).toString('base64'),
  },
);

function planned(world: TestWorld): string[] {
  const tenant = world.tenant('acme') ?? assert.fail();
  const live = (item: InventoryItem) =>
    world.get(resourceOf(item), item.namespace === undefined ? item.name : `${item.namespace}/${item.name}`);
  const { objects } = planTenant(tenant, platform, { live, surroundings: BARE, dataPlane: [] });
  return objects.map(({ action, object, fields }) => [action, object.kind, object.name, ...fields].join(' '));
}

test('a new tenant plans everything it will have, in the order it will come', () => {
  const world = createTestWorld();
  world.putTenant('acme', SPEC);
  assert.deepEqual(planned(world), [
    'create Namespace tenant-acme',
    'create ResourceQuota plan',
    'create LimitRange plan',
    'create NetworkPolicy default-deny',
    'create NetworkPolicy runtime',
    'create Secret acme-admin',
    'create Secret database',
    'create Service runtime',
    'create HTTPRoute acme',
    'create ReferenceGrant tenant-acme',
  ]);
});

test('a settled tenant plans nothing; a changed spec plans the fields that differ; drift shows too', async () => {
  const world = withPool(createTestWorld());
  world.putTenant('acme', SPEC);
  await world.settle();
  assert.deepEqual(planned(world), []);
  world.putTenant('acme', { ...SPEC, hosts: ['acme.example'], plan: 'growth' });
  assert.deepEqual(planned(world), [
    'change ResourceQuota plan spec.hard.limits.memory spec.hard.pods spec.hard.requests.cpu spec.hard.requests.memory',
    'change LimitRange plan spec.limits',
    'change Service runtime spec.backup.keep spec.resources.cpu spec.resources.memory spec.scaling.max spec.scaling.requestsPerSecond',
    'change HTTPRoute acme spec.hostnames',
  ]);
  await world.settle();
  world.remove(httpRoutes, 'tenant-acme/acme');
  assert.deepEqual(planned(world), ['create HTTPRoute acme']);
});

test('a domain that loses its own Service plans to delete it', async () => {
  const world = withPool(createTestWorld());
  world.putTenant('acme', { ...SPEC, domains: [{ name: 'orders', scaling: { min: 1, max: 2 } }] });
  await world.settle();
  world.putTenant('acme', SPEC);
  assert.ok(planned(world).includes('delete Service orders'));
});

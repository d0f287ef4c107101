/** Rotations in a whole cluster in memory: the pool's and a dedicated tenant's, killed at every write. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANNOTATIONS } from '../../crds/index.ts';
import { credentialsIn, loginsOf } from './credentials.ts';
import { deployments, secrets } from './kinds.ts';
import { decoded } from './secrets.ts';
import { SECRET_STAMP } from './service/canary/delivery.ts';
import { createTestWorld, withPool } from './testing/world.ts';
import type { TestWorld } from './testing/world.ts';

const POOL = 'shopmind-system/database';
const OWN = 'tenant-acme/database';
const GRACE_MS = 70_000;

const known = (world: TestWorld, key: string) => {
  const found = credentialsIn(decoded(world.get(secrets, key)));
  assert.ok(found, `${key} holds credentials`);
  return found;
};
const stampIn = (world: TestWorld, key: string): string | undefined =>
  world.get(deployments, key)?.spec?.template.metadata?.annotations?.[SECRET_STAMP];

async function started(): Promise<TestWorld> {
  const world = withPool(createTestWorld());
  world.putTenant('acme', { displayName: 'Acme', hosts: ['acme.localhost'], placement: 'dedicated' });
  await world.settle();
  return world;
}

const request = (world: TestWorld, key: string): void => {
  const annotations = { [ANNOTATIONS.rotateAt]: '2026-05-04T00:00:00Z' };
  if (key === POOL) world.annotateService('runtime', annotations);
  else world.annotate('acme', annotations);
};

for (const [key, deployment] of [
  [POOL, 'shopmind-system/runtime'],
  [OWN, 'tenant-acme/runtime'],
] as const) {
  test(`${key}: a rotation rolls the Pods over, keeps the former login until then and a while, and ends`, async () => {
    const world = await started();
    const before = known(world, key);
    const stamp = stampIn(world, deployment);
    assert.ok(stamp);
    request(world, key);
    await world.settle();
    const meanwhile = known(world, key);
    assert.deepEqual(meanwhile.former, before.current);
    assert.notDeepEqual(meanwhile.current, before.current);
    assert.notEqual(stampIn(world, deployment), stamp);
    await world.clock.advance(GRACE_MS);
    await world.settle();
    assert.deepEqual(loginsOf(known(world, key)), [meanwhile.current]);
  });

  test(`${key}: killed at any write, a rotation ends with one login that the Pods have`, async () => {
    for (let write = 1; write <= 8; write++) {
      for (const afterwards of [false, true]) {
        const world = await started();
        const before = known(world, key);
        request(world, key);
        world.failWrite(write, afterwards);
        await world.reconcile();
        world.restart();
        await world.settle();
        await world.clock.advance(GRACE_MS);
        await world.settle();
        const after = known(world, key);
        assert.equal(loginsOf(after).length, 1, `write ${write}`);
        assert.notDeepEqual(after.current, before.current, `write ${write}`);
        assert.equal(after.request, '2026-05-04T00:00:00Z');
      }
    }
  });
}

test('a rotation whose Pods do not come up keeps both logins', async () => {
  const world = await started();
  world.podsReady = false;
  request(world, OWN);
  await world.settle();
  await world.clock.advance(10 * GRACE_MS);
  await world.settle();
  assert.notEqual(known(world, OWN).former, undefined);
});

/**
 * Tables of moves: there and back ends as if it had always been so, whichever write or step fails on the way; what is
 * called off leaves no trace; a tenant is never written at two places.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCondition } from '../../kube/conditions.ts';
import { deployments, httpRoutes, namespaces, referenceGrants, secrets, shopServices } from '../kinds.ts';
import { createTestWorld, withPool } from '../testing/world.ts';
import type { TestWorld } from '../testing/world.ts';
import { valuesIn } from '../testing/values.ts';

const POOLED = { displayName: 'Acme', hosts: ['acme.localhost'] };
const DEDICATED = { ...POOLED, placement: 'dedicated' };
const SIDES = [
  ['pooled', POOLED, 'dedicated', DEDICATED],
  ['dedicated', DEDICATED, 'pooled', POOLED],
] as const;

async function settled(...specs: readonly object[]): Promise<TestWorld> {
  const world = withPool(createTestWorld());
  for (const spec of specs) {
    world.putTenant('acme', spec);
    await world.settle();
  }
  return world;
}

function condition(world: TestWorld, type: string): string | undefined {
  const found = findCondition(world.tenant('acme')?.status?.conditions, type);
  return found && `${found.status} ${found.reason}`;
}

function move(world: TestWorld) {
  return world.tenant('acme')?.status?.move;
}

/** Everything but the record of the move: what a tenant that never moved has too. */
function withoutMove(world: TestWorld): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(world.snapshot()).map(([key, object]) => {
      if (!key.startsWith('shopmindtenants')) return [key, object];
      const { status, ...rest } = object as { status: { move?: unknown; conditions: { type: string }[] } };
      const { move: _, conditions, ...kept } = status;
      return [
        key,
        { ...rest, status: { ...kept, conditions: conditions.filter(({ type }) => type !== 'Placed') } },
      ];
    }),
  );
}

/** Runs until the move is in that phase, with Pods that do not come up or a gateway that is away to hold it there. */
async function heldIn(world: TestWorld, spec: object, phase: 'Preparing' | 'Routing'): Promise<void> {
  if (phase === 'Preparing') world.podsReady = false;
  else world.gateway = 'away';
  world.putTenant('acme', spec);
  await world.settle();
  assert.equal(move(world)?.phase, phase);
}

for (const [from, before, to, after] of SIDES) {
  test(`from ${from} to ${to}: the tenant ends as one that was always ${to}, with the same admin key`, async () => {
    const world = await settled(before);
    const token = (namespace: string): string | undefined =>
      valuesIn(world.get(secrets, `${namespace}/acme-admin`))['token'];
    const [old, next] =
      from === 'pooled' ? ['shopmind-system', 'tenant-acme'] : ['tenant-acme', 'shopmind-system'];
    const key = token(old);
    world.told.length = 0;
    world.putTenant('acme', after);
    await world.settle();
    assert.equal(condition(world, 'Ready'), 'True Ready');
    assert.equal(condition(world, 'Placed'), 'True Moved');
    assert.deepEqual(move(world), {
      from,
      to,
      phase: 'Done',
      message: `is ${to} now`,
      startedAt: move(world)?.startedAt,
      endedAt: move(world)?.endedAt,
      rows: 2_003,
      frozenMilliseconds: 120,
    });
    assert.equal(token(next), key);
    assert.equal(token(old), undefined);
    assert.deepEqual(withoutMove(world), withoutMove(await settled(after)));
    const steps = world.told.filter((told) => !told.startsWith('ensure'));
    const way = from === 'pooled' ? 'shop tenant_acme' : 'tenant_acme shop';
    assert.deepEqual(
      steps.filter((step, index) => steps.indexOf(step) === index),
      [
        `begin acme ${way}`,
        'copy acme',
        'freeze acme',
        'settle acme',
        'verify acme',
        'switch acme',
        'clean acme',
        'end acme',
      ],
    );
    assert.deepEqual([...world.moves.schemas], to === 'dedicated' ? ['tenant_acme'] : []);
    world.writes.length = 0;
    await world.settle();
    assert.deepEqual(world.writes, [], 'and then it stays');
  });

  for (const afterwards of [false, true]) {
    test(`from ${from} to ${to}: the same whichever write ${afterwards ? 'loses its answer' : 'fails'}`, async () => {
      const whole = await settled(before);
      whole.writes.length = 0;
      whole.putTenant('acme', after);
      await whole.settle();
      const expected = whole.snapshot();
      assert.ok(whole.writes.length > 15, `${whole.writes.length} writes`);
      for (let n = 1; n <= whole.writes.length; n++) {
        const world = await settled(before);
        world.failWrite(n, afterwards);
        world.putTenant('acme', after);
        await world.settle();
        assert.deepEqual(world.snapshot(), expected, `write ${n} (${whole.writes[n - 1]})`);
      }
    });

    test(`from ${from} to ${to}: the same whichever step of the data plane ${afterwards ? 'loses its answer' : 'fails'}`, async () => {
      const whole = await settled(before);
      whole.told.length = 0;
      whole.putTenant('acme', after);
      await whole.settle();
      const steps = whole.told.length;
      for (let n = 1; n <= steps; n++) {
        const world = await settled(before);
        world.failStep(n, afterwards);
        world.putTenant('acme', after);
        await world.settle();
        assert.deepEqual(world.snapshot(), whole.snapshot(), `step ${n} (${whole.told[n - 1]})`);
        assert.deepEqual([...world.moves.schemas], [...whole.moves.schemas]);
      }
    });
  }

  test(`from ${from} to ${to} and called off before the switch: as if nothing had been`, async () => {
    const world = await settled(before);
    const expected = withoutMove(world);
    // Whatever waits for Pods waits here; the pool's are up, so that its copy is interrupted by a broken step instead.
    if (to === 'dedicated') await heldIn(world, after, 'Preparing');
    else {
      world.holdStep('settle acme');
      world.putTenant('acme', after);
      await world.settle();
      assert.equal(world.moves.isOpen('acme'), false, 'nobody may write while both sides are compared');
    }
    assert.equal(condition(world, 'Ready')?.startsWith('False'), true);
    world.podsReady = true;
    world.holdStep(undefined);
    world.putTenant('acme', before);
    await world.settle();
    assert.equal(move(world)?.phase, 'Aborted');
    assert.equal(condition(world, 'Placed'), 'True CalledOff');
    assert.equal(world.moves.isOpen('acme'), true);
    assert.deepEqual(withoutMove(world), expected);
    assert.deepEqual([...world.moves.schemas], from === 'dedicated' ? ['tenant_acme'] : []);
  });

  test(`from ${from} to ${to}: set back after the switch, it arrives first and then comes back`, async () => {
    const world = await settled(before);
    const expected = withoutMove(world);
    await heldIn(world, after, 'Routing');
    assert.equal(world.tenant('acme')?.status?.dataRef?.placement, to);
    world.putTenant('acme', before);
    world.gateway = 'accepts';
    await world.settle();
    assert.deepEqual([move(world)?.from, move(world)?.to, move(world)?.phase], [to, from, 'Done']);
    assert.deepEqual(withoutMove(world), expected);
  });

  for (const phase of ['Preparing', 'Routing'] as const) {
    test(`deleted while it moves from ${from} to ${to}, ${phase === 'Preparing' ? 'before' : 'after'} the switch, it leaves nothing on either side`, async () => {
      const empty = withPool(createTestWorld());
      await empty.settle();
      const world = await settled({ ...before, deletionPolicy: 'Delete' });
      if (phase === 'Preparing') {
        world.holdStep('freeze acme');
        world.putTenant('acme', { ...after, deletionPolicy: 'Delete' });
        await world.settle();
      } else await heldIn(world, { ...after, deletionPolicy: 'Delete' }, phase);
      world.holdStep(undefined);
      world.deleteTenant('acme');
      await world.settle();
      assert.deepEqual(world.snapshot(), empty.snapshot());
      assert.deepEqual([...world.moves.schemas], []);
      assert.equal(world.moves.homes.size, 0);
    });
  }

  test(`a tenant suspended on its way from ${from} to ${to} arrives suspended, and opens there`, async () => {
    const world = await settled(before);
    world.holdStep('settle acme');
    world.putTenant('acme', after);
    await world.settle();
    world.putTenant('acme', { ...after, suspended: true });
    world.holdStep(undefined);
    await world.settle();
    assert.equal(condition(world, 'Ready'), 'False Suspended');
    assert.equal(move(world)?.phase, 'Done');
    world.putTenant('acme', after);
    await world.settle();
    assert.deepEqual(withoutMove(world), withoutMove(await settled(after)));
  });
}

test('Pods that do not come up hold the move before anything is frozen, and the shop goes on where it is', async () => {
  const world = await settled(POOLED);
  await heldIn(world, DEDICATED, 'Preparing');
  assert.equal(condition(world, 'Placed'), 'False Preparing');
  assert.match(
    findCondition(world.tenant('acme')?.status?.conditions, 'Placed')?.message ?? '',
    /tenant-acme\/runtime/,
  );
  assert.ok(world.get(httpRoutes, 'shopmind-system/acme'), 'requests go where they went');
  assert.equal(world.get(httpRoutes, 'tenant-acme/acme'), undefined);
  assert.equal(world.told.includes('freeze acme'), false);
  assert.deepEqual(world.tenant('acme')?.status?.dataRef, { placement: 'pooled', schema: 'shop' });
  world.writes.length = 0;
  await world.settle();
  assert.deepEqual(world.writes, [], 'waiting writes nothing');
});

for (const [from, before, to, after] of SIDES) {
  test(`from ${from} to ${to}: while the old rows may still be read it waits in silence`, async () => {
    const world = await settled(before);
    world.moves.sinceSwitchMs = 1_000;
    world.putTenant('acme', after);
    await world.settle();
    assert.equal(condition(world, 'Placed'), 'False Cleaning');
    world.writes.length = 0;
    await world.settle();
    assert.deepEqual(world.writes, [], 'waiting writes nothing');
    world.moves.sinceSwitchMs = 60_000;
    await world.settle();
    assert.equal(condition(world, 'Placed'), 'True Moved');
  });
}

test('a dedicated tenant that leaves keeps the Services it has until it has left', async () => {
  const own = {
    ...DEDICATED,
    autoscaling: { min: 3, max: 5 },
    domains: [{ name: 'orders', scaling: { min: 2, max: 4 } }],
  };
  const world = await settled(own);
  const services = ['runtime', 'orders'].map((name) => world.get(shopServices, `tenant-acme/${name}`)?.spec);
  const route = world.get(httpRoutes, 'tenant-acme/acme');
  world.holdStep('freeze acme');
  world.putTenant('acme', POOLED);
  await world.settle();
  assert.deepEqual(
    ['runtime', 'orders'].map((name) => world.get(shopServices, `tenant-acme/${name}`)?.spec),
    services,
  );
  assert.deepEqual(world.get(httpRoutes, 'tenant-acme/acme'), route);
  world.holdStep(undefined);
  await world.settle();
  for (const [type, key] of [
    [namespaces, 'tenant-acme'],
    [shopServices, 'tenant-acme/orders'],
    [deployments, 'tenant-acme/runtime'],
    [referenceGrants, 'shopmind-system/tenant-acme'],
  ] as const)
    assert.equal(world.get(type, key), undefined, key);
});

test('rows of an earlier tenant stop a move before it begins; setting placement back makes all as it was', async () => {
  const world = await settled(POOLED);
  const expected = withoutMove(world);
  world.moves.occupied.add('acme@tenant_acme');
  world.putTenant('acme', DEDICATED);
  await world.settle();
  assert.equal(condition(world, 'Stalled'), 'True TargetNotEmpty');
  world.putTenant('acme', POOLED);
  await world.settle();
  assert.deepEqual(withoutMove(world), expected);
});

test("the merchant's own payment keys must be where the tenant goes before it goes", async () => {
  const payments = { secretRef: { name: 'stripe' } };
  const world = withPool(createTestWorld());
  const keys = (namespace: string): void =>
    world.put(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'stripe', namespace },
      data: { secretKey: 'YQ==', publishableKey: 'YQ==', webhookSecret: 'YQ==' },
    });
  keys('shopmind-system');
  world.putTenant('acme', { ...POOLED, payments });
  await world.settle();
  assert.equal(condition(world, 'Ready'), 'True Ready');
  world.putTenant('acme', { ...DEDICATED, payments });
  await world.settle();
  assert.equal(condition(world, 'Placed'), 'False PaymentSecret');
  keys('tenant-acme');
  await world.settle();
  assert.equal(condition(world, 'Placed'), 'True Moved');
});

test('an operator that sees an old status after the move has ended does not begin it again', async () => {
  const world = await settled(POOLED);
  world.holdStep('settle acme');
  world.putTenant('acme', DEDICATED);
  await world.settle();
  const stale = structuredClone(world.tenant('acme')?.status);
  world.holdStep(undefined);
  await world.settle();
  const expected = withoutMove(world);
  world.told.length = 0;
  world.putTenantStatus('acme', stale ?? assert.fail());
  await world.settle();
  assert.equal(move(world)?.phase, 'Done');
  assert.deepEqual(withoutMove(world), expected);
  assert.deepEqual(
    world.told.filter((told) => /begin|copy|freeze|switch|clean/.test(told)),
    [],
  );
});

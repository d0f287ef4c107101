/**
 * Takes a deleted tenant apart: traffic, then workloads, then data by policy, then the ground it stood on.
 * Every step looks whether it is done already, so that being killed between two of them costs nothing.
 */
import { FINALIZER } from '../../../crds/index.ts';
import type { ReconcileContext, Result } from '../../kube/controller.ts';
import { hasFinalizer, removeFinalizer } from '../../kube/finalizers.ts';
import { tenants } from '../kinds.ts';
import type { TenantObject } from '../kinds.ts';
import type { Finding } from '../status.ts';
import type { World } from '../world.ts';
import { remainsOf } from './recollect.ts';
import { isGround, isRunning, isTraffic, isWorkload, removeAll } from './parts.ts';

/** How far the teardown came; `done` when the finalizer is off. */
export interface Teardown {
  readonly finding: Finding | undefined;
  readonly result: Result;
}

/** A deletion is pushed by events; this is for what sends none. */
const LOOK_AGAIN_MS = 5_000;

export async function teardown(
  world: World,
  context: ReconcileContext,
  tenant: TenantObject,
): Promise<Teardown> {
  if (!hasFinalizer(tenant, FINALIZER)) return { finding: undefined, result: {} };
  const { name } = tenant.metadata;
  const { deletionPolicy } = tenant.spec;
  const inventory = remainsOf(world, tenant);
  world.provisioned.delete(name);
  for (const subject of ['serves', 'arrives', 'import']) world.watchers.forget(`${subject}/${name}`);

  if (!(await removeAll(world, context, inventory.filter(isTraffic))))
    return waiting('DeletingTraffic', 'takes the shop off the gateway');
  const dataPlane = await world.dataPlane(world.platform());
  // Without data nothing was ever registered; asking would only fail where there is no database yet.
  if (tenant.status?.dataRef !== undefined) await dataPlane.unregister(name);

  const workloads = inventory.filter(isWorkload);
  if (!(await removeAll(world, context, workloads)) || isRunning(world, name)) {
    return waiting('DeletingWorkloads', "waits for the tenant's Pods to end");
  }

  if (tenant.status?.dataRef !== undefined) {
    const done = await dataPlane.destroyTenant(tenant, tenant.status.dataRef.schema);
    if (done.length > 0) {
      context.log.info({ actions: done, deletionPolicy }, 'data of a deleted tenant');
      world.events.record(tenant, {
        type: 'Normal',
        reason: 'DataRemoved',
        message: done.join('; ').slice(0, 1000),
      });
    }
  }

  if (!(await removeAll(world, context, inventory.filter(isGround))))
    return waiting('DeletingGround', 'waits for the namespace and the Secrets to go');
  await removeFinalizer(context.client, tenants, tenant, FINALIZER, { signal: context.signal });
  return { finding: undefined, result: {} };
}

function waiting(reason: string, message: string): Teardown {
  return {
    finding: { type: 'Deleting', state: 'waiting', reason, message },
    result: { requeueAfterMs: LOOK_AGAIN_MS },
  };
}

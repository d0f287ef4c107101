/**
 * Reconciles one ShopMindTenant: claims it, works through the phases, prunes, reports. Level-triggered and idempotent;
 * at steady state it reads caches and memory and writes nothing.
 */
import { ANNOTATIONS, FINALIZER } from '../../../crds/index.ts';
import type { InventoryItem, TenantStatus } from '../../../crds/index.ts';
import type { Reconcile, ReconcileContext, Result } from '../../kube/controller.ts';
import { addFinalizer, isDeleting } from '../../kube/finalizers.ts';
import { union } from '../../kube/inventory.ts';
import { enabledDomains, namespaceOf, schemaOf } from '../../resources/presets.ts';
import { tenants } from '../kinds.ts';
import type { TenantObject } from '../kinds.ts';
import { prune } from '../objects.ts';
import { databasePasswordForSure, generate, valuesForSure } from '../secrets.ts';
import { conditionsOf, isOnItsWay } from '../status.ts';
import type { Finding } from '../status.ts';
import { outlookOf, surroundingsOf, unseenOf } from '../surroundings.ts';
import { createPatience } from '../patience.ts';
import type { Patience } from '../patience.ts';
import { troubleOf } from '../troubles.ts';
import type { World } from '../world.ts';
import { createUrges } from '../urges.ts';
import { adminSecretName, desiredObjects, inventoryItems } from './desired.ts';
import type { TenantCredentials } from './desired.ts';
import { originOf, PHASES } from './phases.ts';
import type { Visit } from './phases.ts';
import { teardown } from './teardown.ts';

/** Types of the phases' conditions, in order. */
const TYPES = PHASES.map(({ type }) => type);
/** Steady tenants are looked at this often, spread so that they do not come all at once: drift that sends no event. */
const RESYNC_MS = 600_000;
/** What needs a person is looked at again this often, in case the person mended something we do not watch. */
const STUCK_MS = 60_000;

export interface TenantReconcilerOptions {
  /** Asks for another visit of the tenant. */
  readonly enqueue: (tenant: string, why: string) => void;
  readonly random?: () => number;
  /** How long a wait stays out of the status; see `patience.ts`. None by default. */
  readonly patienceMs?: number;
}

export function createTenantReconciler(world: World, options: TenantReconcilerOptions): Reconcile {
  const random = options.random ?? Math.random;
  const urged = createUrges();
  const patience = createPatience(world.clock, options.patienceMs ?? 0);
  return async (key, context) => {
    const tenant = world.cacheOf(tenants).get(key);
    if (tenant === undefined) {
      urged.forget(key);
      patience.end(key);
    }
    if (tenant === undefined || tenant.metadata.annotations?.[ANNOTATIONS.paused] === 'true') return {};
    const wake = (why: string): void => options.enqueue(key, why);
    if (urged.isNew(key, tenant.metadata.annotations?.[ANNOTATIONS.reconcileAt])) world.distrust();
    const outcome = isDeleting(tenant)
      ? await visitDeleted(world, context, tenant, wake)
      : await visit(world, context, tenant, wake, patience);
    return outcome.requeueAfterMs === undefined && !isDeleting(tenant)
      ? { requeueAfterMs: RESYNC_MS * (0.8 + 0.4 * random()) }
      : outcome;
  };
}

async function visit(
  world: World,
  context: ReconcileContext,
  seen: TenantObject,
  wake: Visit['wake'],
  patience: Patience,
): Promise<Result> {
  const tenant = await addFinalizer(context.client, tenants, seen, FINALIZER, { signal: context.signal });
  const findings: Finding[] = [];
  let status: Partial<TenantStatus> = {};
  let wanted: readonly InventoryItem[] = tenant.status?.inventory ?? [];
  let failure: unknown;
  try {
    const platform = world.platform();
    const credentials = await credentialsOf(world, context, tenant);
    const surroundings = surroundingsOf(outlookOf(world), platform);
    const objects = desiredObjects(tenant, platform, credentials, surroundings);
    wanted = union(inventoryItems(objects), unseenOf(world, wanted));
    status = { endpoints: endpointsOf(originOf({ tenant, platform })), dataRef: dataRefOf(tenant) };
    await announce(world, context, tenant, wanted, status);
    const dataPlane = await world.dataPlane(platform);
    const run: Visit = {
      tenant,
      world,
      context,
      platform,
      surroundings,
      dataPlane,
      credentials,
      objects,
      wake,
    };
    for (const phase of PHASES) {
      const { proceed, status: part, ...finding } = await phase.run(run);
      findings.push(finding);
      status = { ...status, ...part };
      if (!proceed) break;
    }
    await prune(world, context, tenant.status?.inventory ?? [], wanted);
  } catch (error) {
    const trouble = troubleOf(error);
    failure = trouble === undefined || !trouble.passes ? error : undefined;
    if (trouble === undefined) throw error;
    const type = TYPES[findings.length] ?? 'DataPlaneReady';
    findings.push({
      type,
      state: trouble.passes ? 'waiting' : 'stuck',
      reason: trouble.reason,
      message: trouble.message,
    });
    if (trouble.passes) wakeWhenUp(world, wake);
    else if (type === 'DataPlaneReady') status = { ...status, plan: await pendingActions(world, tenant) };
    context.log[trouble.passes ? 'info' : 'warn']({ err: error }, trouble.message);
  }
  const untoldMs = isOnItsWay(tenant, findings) ? patience.leftMs(tenant.metadata.name) : 0;
  if (untoldMs > 0) return { requeueAfterMs: untoldMs };
  patience.end(tenant.metadata.name);
  await report(world, context, tenant, findings, { ...status, inventory: wanted });
  if (failure !== undefined || findings.some(({ state }) => state === 'stuck'))
    return { requeueAfterMs: STUCK_MS };
  return {};
}

async function visitDeleted(
  world: World,
  context: ReconcileContext,
  tenant: TenantObject,
  wake: Visit['wake'],
): Promise<Result> {
  let finding: Finding | undefined;
  let result: Result;
  try {
    ({ finding, result } = await teardown(world, context, tenant));
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble === undefined) throw error;
    if (trouble.passes) wakeWhenUp(world, wake);
    context.log.warn({ err: error }, trouble.message);
    finding = {
      type: 'Deleting',
      state: trouble.passes ? 'waiting' : 'stuck',
      reason: trouble.reason,
      message: trouble.message,
    };
    result = { requeueAfterMs: STUCK_MS };
  }
  if (finding !== undefined) await report(world, context, tenant, [finding], {});
  return result;
}

/**
 * The first thing that is written: what will be made (so that nothing made is ever lost) and that work has begun.
 */
async function announce(
  world: World,
  context: ReconcileContext,
  tenant: TenantObject,
  wanted: readonly InventoryItem[],
  status: Partial<TenantStatus>,
): Promise<void> {
  const before = tenant.status?.inventory ?? [];
  const both = union(before, wanted);
  if (both.length === before.length && tenant.status?.dataRef !== undefined) return;
  const finding: Finding = {
    type: 'DataPlaneReady',
    state: 'waiting',
    reason: 'Provisioning',
    message: 'provisions the data plane',
  };
  await report(world, context, tenant, [finding], { ...status, inventory: both });
}

async function report(
  world: World,
  context: ReconcileContext,
  tenant: TenantObject,
  findings: readonly Finding[],
  parts: Partial<TenantStatus>,
): Promise<void> {
  const { conditions: before, ...rest } = tenant.status ?? {};
  const generation = tenant.metadata.generation ?? 0;
  const conditions = conditionsOf(
    before,
    isDeleting(tenant) ? [] : TYPES,
    findings,
    {
      generation,
      readyMessage: `open at ${parts.endpoints?.storefront ?? ''}`,
      off: tenant.spec.suspended
        ? {
            reason: 'Suspended',
            message: 'suspended: requests are answered 503; set spec.suspended: false to open again',
          }
        : undefined,
    },
    world.clock,
  );
  // What is still to be done is only known to who is stuck in it.
  const { catalog, plan: _, ...kept } = rest;
  const keepCatalog = catalog !== undefined && findings.length < TYPES.length ? { catalog } : {};
  const status: TenantStatus = {
    ...kept,
    ...keepCatalog,
    ...parts,
    observedGeneration: generation,
    conditions,
    ...(parts.inventory === undefined ? {} : { inventory: union(parts.inventory, []) }),
  };
  announceTransition(world, tenant, conditions);
  await world.applier.applyStatus(context.client, tenants, tenant, status, { signal: context.signal });
}

/** What the data plane still lacks, for the status of a tenant that is stuck. */
async function pendingActions(world: World, tenant: TenantObject): Promise<readonly string[]> {
  const { metadata, spec } = tenant;
  try {
    const dataPlane = await world.dataPlane(world.platform());
    const schema = schemaOf(metadata.name, spec.placement);
    const actions = await dataPlane.planTenant({ tenant, schema, domains: enabledDomains(spec) });
    return actions.slice(0, 64).map((action) => action.slice(0, 256));
  } catch {
    // The trouble itself may be that no plan can be made; the condition says so.
    return [];
  }
}

/** Becoming ready, and getting stuck, are told once each. */
function announceTransition(
  world: World,
  tenant: TenantObject,
  conditions: TenantStatus['conditions'],
): void {
  const was = (type: string): string | undefined =>
    tenant.status?.conditions?.find((one) => one.type === type)?.status;
  for (const { type, status, reason, message } of conditions ?? []) {
    if (status !== 'True' || was(type) === 'True') continue;
    if (type === 'Ready') world.events.record(tenant, { type: 'Normal', reason, message });
    if (type === 'Stalled')
      world.events.record(tenant, { type: 'Warning', reason, message: message.slice(0, 1000) });
  }
}

/** Kept where they are, made where they are not. */
async function credentialsOf(
  world: World,
  context: ReconcileContext,
  tenant: TenantObject,
): Promise<TenantCredentials> {
  const { name } = tenant.metadata;
  const { placement } = tenant.spec;
  const namespace = namespaceOf(name, placement);
  const admin = await valuesForSure(world, context, { namespace, name: adminSecretName(name) });
  const password =
    placement === 'dedicated' ? await databasePasswordForSure(world, context, namespace) : undefined;
  return {
    adminToken: admin?.['token'] ?? generate('smk_'),
    databasePassword: password ?? generate(),
  };
}

function endpointsOf(origin: string): NonNullable<TenantStatus['endpoints']> {
  return { storefront: origin, admin: `${origin}/api/admin`, api: `${origin}/api` };
}

function dataRefOf({
  metadata: { name },
  spec: { placement },
}: TenantObject): NonNullable<TenantStatus['dataRef']> {
  return { placement, schema: schemaOf(name, placement) };
}

/** Databases and processors send no events: one poll for all who wait. */
function wakeWhenUp(world: World, wake: Visit['wake']): void {
  world.whenUp(() => wake('the data plane answers'));
}

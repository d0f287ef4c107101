/**
 * Reconciles one ShopMindTenant: claims it, works through the phases, prunes, reports. Level-triggered and idempotent;
 * at steady state it reads caches and memory and writes nothing.
 */
import { ANNOTATIONS, FINALIZER } from '../../../crds/index.ts';
import type { Placement, TenantStatus } from '../../../crds/index.ts';
import type { Reconcile, ReconcileContext, Result } from '../../kube/controller.ts';
import { addFinalizer, isDeleting } from '../../kube/finalizers.ts';
import { union } from '../../kube/inventory.ts';
import { enabledDomains, homeOf, namespaceOf, schemaOf } from '../../resources/presets.ts';
import { attend } from '../backups/attend.ts';
import { withBackups } from '../backups/conditions.ts';
import { tenants } from '../kinds.ts';
import type { TenantObject } from '../kinds.ts';
import { isAdopting, prune } from '../objects.ts';
import { credentialsDueInMs, credentialsFor } from '../rotation.ts';
import { generate, valuesForSure, valuesOf } from '../secrets.ts';
import { conditionsOf, isOnItsWay } from '../status.ts';
import type { Finding } from '../status.ts';
import { outlookOf, surroundingsOf, unseenOf } from '../surroundings.ts';
import { createPatience } from '../patience.ts';
import type { Patience } from '../patience.ts';
import { troubleOf } from '../troubles.ts';
import type { World } from '../world.ts';
import { createUrges } from '../urges.ts';
import { adminSecretName, desiredObjects, inventoryItems, NO_CREDENTIALS } from './desired.ts';
import type { TenantCredentials } from './desired.ts';
import {
  advance,
  conclusion,
  findingOf,
  homeIn,
  isNews,
  isSame,
  isUnderWay,
  placedAt,
  refuseSystemsThatStay,
  PLACED,
  statusOf,
  whereabouts,
} from './move.ts';
import type { Journey, MoveStatus, MoveVisit, Progress } from './move.ts';
import { originOf, PHASES } from './phases.ts';
import type { Visit } from './phases.ts';
import { isUntold, recollected } from './recollect.ts';
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
    const whole = recollected(world, tenant);
    const outcome = isDeleting(tenant)
      ? await visitDeleted(world, context, whole, wake)
      : await visit(world, context, whole, wake, patience);
    return outcome.requeueAfterMs === undefined && !isDeleting(tenant)
      ? { requeueAfterMs: RESYNC_MS * (0.8 + 0.4 * random()) }
      : outcome;
  };
}

/** What a visit is going to report. */
interface Draft {
  /** Types of the conditions that must be there, in order. */
  types: readonly string[];
  readonly findings: Finding[];
  status: Partial<TenantStatus>;
  /** Something was learnt that is said only once: the status must keep it, or it is asked again for ever. */
  heard?: boolean;
  requeueAfterMs?: number;
}

async function visit(
  world: World,
  context: ReconcileContext,
  seen: TenantObject,
  wake: Visit['wake'],
  patience: Patience,
): Promise<Result> {
  const tenant = await addFinalizer(context.client, tenants, seen, FINALIZER, { signal: context.signal });
  const draft: Draft = { types: TYPES, findings: [], status: {} };
  let failure: unknown;
  try {
    await work(world, context, tenant, draft, wake);
  } catch (error) {
    const trouble = troubleOf(error);
    failure = trouble === undefined || !trouble.passes ? error : undefined;
    if (trouble === undefined) throw error;
    const type = draft.types[draft.findings.length] ?? 'DataPlaneReady';
    draft.findings.push({
      type,
      state: trouble.passes ? 'waiting' : 'stuck',
      reason: trouble.reason,
      message: trouble.message,
    });
    if (trouble.passes) wakeWhenUp(world, wake, trouble.system);
    else if (type === 'DataPlaneReady')
      draft.status = { ...draft.status, plan: await pendingActions(world, tenant) };
    context.log[trouble.passes ? 'info' : 'warn']({ err: error }, trouble.message);
  }
  await attendTo(world, context, tenant, draft);
  // Whoever moves is always told of: where the rows are is part of it.
  const isMoving = draft.types !== TYPES;
  const mayWait = !isMoving && draft.heard !== true && isOnItsWay(tenant, draft.findings);
  const untoldMs = mayWait ? patience.leftMs(tenant.metadata.name) : 0;
  if (untoldMs > 0) return { requeueAfterMs: untoldMs };
  patience.end(tenant.metadata.name);
  await report(world, context, tenant, draft);
  if (failure !== undefined || draft.findings.some(({ state }) => state === 'stuck'))
    return { requeueAfterMs: Math.min(STUCK_MS, draft.requeueAfterMs ?? Infinity) };
  return draft.requeueAfterMs === undefined ? {} : { requeueAfterMs: draft.requeueAfterMs };
}

/** What somebody asked of the tenant's backups, whatever else is the matter with it. */
async function attendTo(
  world: World,
  context: ReconcileContext,
  tenant: TenantObject,
  draft: Draft,
): Promise<void> {
  try {
    const { operation, requeueAfterMs = Infinity } = await attend(world, context, world.platform(), {
      object: tenant,
      tenant: tenant.metadata.name,
      namespace: namespaceOf(tenant.metadata.name, homeOf(tenant)),
    });
    if (operation !== undefined) draft.status = { ...draft.status, operation };
    if (requeueAfterMs < (draft.requeueAfterMs ?? Infinity)) draft.requeueAfterMs = requeueAfterMs;
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble === undefined) throw error;
    context.log.warn({ err: error }, trouble.message);
    draft.requeueAfterMs = Math.min(draft.requeueAfterMs ?? Infinity, STUCK_MS);
  }
}

/** The phases where the tenant is, then those of its move, if it is in one; what nobody wants is pruned when it is in none. */
async function work(
  world: World,
  context: ReconcileContext,
  tenant: TenantObject,
  draft: Draft,
  wake: Visit['wake'],
): Promise<void> {
  const platform = world.platform();
  const surroundings = surroundingsOf(outlookOf(world), platform);
  const dataPlane = await world.dataPlane(platform);
  const { home, journey } = await whereabouts(tenant, dataPlane);
  if (journey !== undefined && journey.record === undefined) refuseSystemsThatStay(tenant, platform);
  const at = async (placement: Placement): Promise<Visit> => {
    const placed = placedAt(world, tenant, placement);
    const credentials = await credentialsOf(world, context, placed, {
      dataPlane,
      platform,
      mayBegin: journey === undefined,
    });
    const objects = desiredObjects(placed, platform, credentials, surroundings);
    return {
      tenant: placed,
      world,
      context,
      platform,
      surroundings,
      dataPlane,
      credentials,
      objects,
      wake,
    };
  };
  const here = await at(home);
  const sides = journey && { from: await at(journey.from), to: await at(journey.to) };
  const made = sides === undefined ? [here] : [sides.from, sides.to];
  const inventory = union(
    tenant.status?.inventory ?? [],
    made.flatMap(({ objects }) => inventoryItems(objects)),
  );
  draft.status = {
    endpoints: endpointsOf(originOf({ tenant, platform })),
    dataRef: dataRefOf(tenant, home),
    inventory,
  };
  if (journey !== undefined || isUnderWay(tenant.status?.move)) draft.types = [...TYPES, PLACED];
  await announce(world, context, tenant, draft);
  const proceed = await workThrough(here, draft);
  const dueInMs =
    home === 'dedicated' ? credentialsDueInMs(world, platform, here.credentials.database) : Infinity;
  if (dueInMs < RESYNC_MS) draft.requeueAfterMs = dueInMs;
  let end = journey === undefined ? here : undefined;
  if (sides !== undefined && journey !== undefined && proceed) {
    const progress = await moveOn(world, context, tenant, draft, { ...sides, journey });
    if (progress.phase === 'Done') end = sides.to;
    if (progress.phase === 'Aborted') end = sides.from;
  } else if (journey === undefined) concludeMove(world, tenant, draft, home);
  if (end === undefined) return;
  const wanted = union(inventoryItems(end.objects), unseenOf(world, inventory));
  await prune(world, context, inventory, wanted);
  draft.status = { ...draft.status, inventory: wanted };
}

/** @returns whether every phase was reached */
async function workThrough(run: Visit, draft: Draft): Promise<boolean> {
  for (const phase of PHASES) {
    const { proceed, heard, status, ...finding } = await run.context.spans.part(
      `phase ${phase.type}`,
      {},
      () => phase.run(run),
    );
    draft.findings.push(finding);
    if (heard === true) draft.heard = true;
    draft.status = { ...draft.status, ...status };
    if (!proceed) return false;
  }
  return true;
}

/** Takes the move as far as it goes now; each phase is in the status before it begins. */
async function moveOn(
  world: World,
  context: ReconcileContext,
  tenant: TenantObject,
  draft: Draft,
  trip: Pick<MoveVisit, 'from' | 'to' | 'journey'>,
): Promise<Progress> {
  const { name } = tenant.metadata;
  let { journey } = trip;
  const tell = async (phase: MoveStatus['phase'], message: string): Promise<void> => {
    const known = draft.status.move ?? tenant.status?.move;
    if (!isNews(known, journey, phase)) return;
    if (!isSame(known, journey)) {
      const { from, to } = journey;
      world.events.record(tenant, {
        type: 'Normal',
        reason: 'Moving',
        message: `moves from ${from} to ${to}`,
      });
    }
    noteMove(world, tenant, draft, journey, { phase, message });
    const finding = findingOf(journey, { phase, message });
    await report(world, context, tenant, { ...draft, findings: [...draft.findings, finding] });
  };
  const { dataPlane } = trip.from;
  const inventory = draft.status.inventory ?? [];
  const progress = await advance({ ...trip, wanted: tenant.spec.placement, inventory, tell });
  // How many rows it has moved by now, and for how long nobody could write.
  const { move: record } = await dataPlane.moves.find(name);
  journey = { ...journey, record: record ?? journey.record };
  noteMove(world, tenant, draft, journey, progress);
  draft.findings.push(findingOf(journey, progress));
  if (progress.requeueAfterMs !== undefined) draft.requeueAfterMs = progress.requeueAfterMs;
  return progress;
}

/** A move that the data plane has forgotten has ended; the status may not know yet. */
function concludeMove(world: World, tenant: TenantObject, draft: Draft, home: Placement): void {
  const before = tenant.status?.move;
  if (!isUnderWay(before)) return;
  const progress = conclusion(before.to === home ? 'Done' : 'Aborted', home);
  noteMove(world, tenant, draft, { ...before, record: undefined }, progress);
  draft.findings.push(findingOf(before, progress));
}

function noteMove(
  world: World,
  tenant: TenantObject,
  draft: Draft,
  journey: Journey,
  progress: Progress,
): void {
  const { phase, message } = progress;
  const before = draft.status.move ?? tenant.status?.move;
  draft.status = {
    ...draft.status,
    dataRef: dataRefOf(tenant, homeIn(journey, phase)),
    move: statusOf(before, journey, progress, world.clock.now()),
  };
  if (phase !== 'Done' && phase !== 'Aborted') return;
  world.events.record(tenant, {
    type: 'Normal',
    reason: phase === 'Done' ? 'Moved' : 'MoveCalledOff',
    message,
  });
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
    ({ finding, result } = await context.spans.part('teardown', {}, () => teardown(world, context, tenant)));
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble === undefined) throw error;
    if (trouble.passes) wakeWhenUp(world, wake, trouble.system);
    context.log.warn({ err: error }, trouble.message);
    finding = {
      type: 'Deleting',
      state: trouble.passes ? 'waiting' : 'stuck',
      reason: trouble.reason,
      message: trouble.message,
    };
    result = { requeueAfterMs: STUCK_MS };
  }
  if (finding !== undefined)
    await report(world, context, tenant, { types: [], findings: [finding], status: {} });
  return result;
}

/**
 * Written before anything is made: what will be made (so that nothing made is ever lost) and that work has begun. Of a new tenant that
 * says nothing which its label would not (`recollected`), and mostly it is Ready a moment later; so it is said when its first visit failed.
 */
async function announce(
  world: World,
  context: ReconcileContext,
  tenant: TenantObject,
  draft: Draft,
): Promise<void> {
  const { status } = tenant;
  const isKnown =
    status?.dataRef !== undefined && draft.status.inventory?.length === status.inventory?.length;
  if (isUntold(tenant) ? context.failures === 0 : isKnown) return;
  const finding: Finding = {
    type: 'DataPlaneReady',
    state: 'waiting',
    reason: 'Provisioning',
    message: 'provisions the data plane',
  };
  await report(world, context, tenant, { ...draft, findings: [finding] });
}

async function report(
  world: World,
  context: ReconcileContext,
  tenant: TenantObject,
  { types, findings, status: parts }: Draft,
): Promise<void> {
  const { conditions: before, ...rest } = tenant.status ?? {};
  const generation = tenant.metadata.generation ?? 0;
  const phases = conditionsOf(
    before,
    types,
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
  const conditions = withBackups(world, phases, {
    namespace: namespaceOf(tenant.metadata.name, homeOf(tenant)),
    tenant: tenant.metadata.name,
    generation,
  });
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
    const home = tenant.status?.dataRef?.schema;
    const actions = await dataPlane.planTenant({ tenant, schema, domains: enabledDomains(spec), home });
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

/**
 * Kept where they are, made where they are not; the admin key goes along with a tenant that moves. Of a new tenant the caches are
 * believed: a Secret they have not seen yet is not replaced, it refuses to be made (`applyAll`).
 */
async function credentialsOf(
  world: World,
  context: ReconcileContext,
  tenant: TenantObject,
  { dataPlane, platform, mayBegin }: Pick<Visit, 'dataPlane' | 'platform'> & { readonly mayBegin: boolean },
): Promise<TenantCredentials> {
  const { name } = tenant.metadata;
  const { placement } = tenant.spec;
  const believe = isUntold(tenant) && !isAdopting(tenant);
  const valuesAt: ValuesAt = async (ref) =>
    believe ? valuesOf(world, ref) : valuesForSure(world, context, ref);
  const adminToken = (await adminTokenOf(tenant, valuesAt)) ?? generate('smk_');
  if (placement === 'pooled') return { ...NO_CREDENTIALS, adminToken };
  const database = await credentialsFor(world, context, {
    namespace: namespaceOf(name, placement),
    role: schemaOf(name, placement),
    owners: [tenant],
    platform,
    mayBegin,
  });
  return { adminToken, database, addresses: await dataPlane.addresses(name, database.current.password) };
}

type ValuesAt = (ref: {
  readonly namespace: string;
  readonly name: string;
}) => Promise<Readonly<Record<string, string>> | undefined>;

async function adminTokenOf(tenant: TenantObject, valuesAt: ValuesAt): Promise<string | undefined> {
  const { name } = tenant.metadata;
  const home = homeOf(tenant);
  // Just after a switch the status may not know yet; and then the key of the place that was left may be gone already.
  for (const placement of isUnderWay(tenant.status?.move) ? [home, other(home)] : [home]) {
    const ref = { namespace: namespaceOf(name, placement), name: adminSecretName(name) };
    const token = (await valuesAt(ref))?.['token'];
    if (token !== undefined) return token;
  }
  return undefined;
}

function endpointsOf(origin: string): NonNullable<TenantStatus['endpoints']> {
  return { storefront: origin, admin: `${origin}/api/admin`, api: `${origin}/api` };
}

function dataRefOf(
  { metadata: { name } }: TenantObject,
  placement: Placement,
): NonNullable<TenantStatus['dataRef']> {
  return { placement, schema: schemaOf(name, placement) };
}

function other(placement: Placement): Placement {
  return placement === 'pooled' ? 'dedicated' : 'pooled';
}

/** Databases and processors send no events: one poll for all who wait. */
function wakeWhenUp(world: World, wake: Visit['wake'], system?: string): void {
  world.whenUp(() => wake('the data plane answers'), system);
}

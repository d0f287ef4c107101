/**
 * A tenant moves to another placement: a list of phases, each of which brings the move one step on or waits. How far it
 * came is read from the data plane, where the steps that matter commit; the status tells it to people. Killed anywhere, the
 * next visit goes on; until the switch, setting spec.placement back calls it off.
 */
import { DOMAINS, MOVE_PHASES, overrideOf } from '../../../crds/index.ts';
import type { InventoryItem, Placement, TenantStatus } from '../../../crds/index.ts';
import { isTrue, timestamp } from '../../kube/conditions.ts';
import { obsolete } from '../../kube/inventory.ts';
import type { DataPlane } from '../../provisioners/data-plane.ts';
import type { MoveRecord } from '../../provisioners/postgres/move/moves.ts';
import { homeOf, hostOf, namespaceOf, placementOf, RUNTIME, schemaOf } from '../../resources/presets.ts';
import { loginsOf } from '../credentials.ts';
import { shopServices } from '../kinds.ts';
import type { ServiceObject, TenantObject } from '../kinds.ts';
import { applyAll } from '../objects.ts';
import type { Finding } from '../status.ts';
import { backendsOf } from '../../../runtime/platform/backends/index.ts';
import { POOL_SCOPE } from '../../../runtime/platform/names/index.ts';
import type { PlatformConfig } from '../../resources/platform.ts';
import type { World } from '../world.ts';
import { inventoryItems } from './desired.ts';
import { isTraffic, isRunning, isWorkload, removeAll } from './parts.ts';
import { ownPaymentKeys, routeAcceptance, targetOf } from './phases.ts';
import type { Visit } from './phases.ts';

/** Type of the condition of a tenant that moves or has moved. */
export const PLACED = 'Placed';

export type MoveStatus = NonNullable<TenantStatus['move']>;
type PhaseName = MoveStatus['phase'];

export interface Journey {
  readonly from: Placement;
  readonly to: Placement;
  /** What the data plane knows of it; absent before it has begun there. */
  readonly record: MoveRecord | undefined;
}

/** Where a tenant's rows are, and the move it is in. */
export interface Whereabouts {
  readonly home: Placement;
  readonly journey: Journey | undefined;
}

/** A visit of a tenant that moves. */
export interface MoveVisit {
  /** The tenant at the placement it leaves and at the one it goes to: what it has there and with which secrets. */
  readonly from: Visit;
  readonly to: Visit;
  readonly journey: Journey;
  /** What the tenant's spec asks for by now. */
  readonly wanted: Placement;
  /** Objects of both sides. */
  readonly inventory: readonly InventoryItem[];
  /** Writes how far the move came. */
  readonly tell: (phase: PhaseName, message: string) => Promise<void>;
}

/** How far a visit brought the move. */
export interface Progress {
  readonly phase: PhaseName;
  readonly message: string;
  /** Reason, when a person has to do something. */
  readonly stuck?: string | undefined;
  readonly requeueAfterMs?: number | undefined;
}

/** Why a phase is not done yet. */
interface Wait {
  readonly message: string;
  /** Reason, when a person has to do something. */
  readonly stuck?: string;
  /** For what sends no event. */
  readonly afterMs?: number;
}

interface MovePhase {
  readonly name: PhaseName;
  readonly doing: string;
  readonly run: (visit: MoveVisit) => Promise<Wait | undefined>;
}

const FORTH: readonly MovePhase[] = [
  { name: 'Preparing', doing: 'makes the place it goes to', run: prepare },
  { name: 'Copying', doing: 'copies rows while the shop goes on', run: copy },
  { name: 'Freezing', doing: 'takes no more changes and lets the last ones end', run: freeze },
  { name: 'Settling', doing: 'brings over what changed during the copy', run: settle },
  { name: 'Verifying', doing: 'compares both sides', run: verify },
  { name: 'Switching', doing: 'makes the copy the original', run: switchOver },
  { name: 'Routing', doing: 'sends requests there', run: route },
  { name: 'Cleaning', doing: 'removes what was left behind', run: clean },
];

const BACK: readonly MovePhase[] = [
  { name: 'Aborting', doing: 'is called off: what was made is removed again', run: callOff },
];

/** Where to go on, by what the data plane has committed. */
const RESUMES: Readonly<Record<Exclude<MoveRecord['state'], 'aborting'>, PhaseName>> = {
  copying: 'Preparing',
  frozen: 'Freezing',
  switched: 'Routing',
  cleaning: 'Cleaning',
};

/** Longest that a visit copies before it looks at the world again. */
const COPY_MS = 1_000;
/** Gateways and runtimes that have not heard yet may read the old rows this long after the switch. */
const GRACE_MS = 5_000;
const LOOK_AGAIN_MS = 500;

/** Asks the data plane only about a tenant that moves, as spec and status tell. */
export async function whereabouts(tenant: TenantObject, dataPlane: DataPlane): Promise<Whereabouts> {
  const { placement } = tenant.spec;
  const known = homeOf(tenant);
  if (known === placement && !isUnderWay(tenant.status?.move)) return { home: known, journey: undefined };
  const { home: schema, move: record } = await dataPlane.moves.find(tenant.metadata.name);
  const home = schema === undefined ? known : placementOf(schema);
  if (record !== undefined)
    return { home, journey: { from: placementOf(record.from), to: placementOf(record.to), record } };
  return { home, journey: home === placement ? undefined : { from: home, to: placement, record } };
}

/**
 * What a broker, a queue or an index holds of a tenant does not move with its rows: its events would be heard by nobody.
 * @throws ImmovableError before such a move begins
 */
export function refuseSystemsThatStay(tenant: TenantObject, platform: PlatformConfig): void {
  const { name } = tenant.metadata;
  const used = { ...backendsOf(platform.backends, POOL_SCOPE), ...backendsOf(platform.backends, name) };
  const staying = Object.keys(used).filter((port) => port !== 'cache');
  if (staying.length > 0) throw new ImmovableError(name, staying);
}

/** The tenant has data where moves do not reach. */
export class ImmovableError extends Error {
  readonly remedy = 'set spec.placement back; export the tenant and create it anew to place it elsewhere';
  constructor(tenant: string, ports: readonly string[]) {
    super(`${tenant} cannot move while ${ports.join(', ')} are kept outside the database`);
    this.name = 'ImmovableError';
  }
}

export function isUnderWay(move: MoveStatus | undefined): move is MoveStatus {
  return move !== undefined && move.phase !== 'Done' && move.phase !== 'Aborted';
}

/**
 * The tenant as it is at a placement. Its spec says how it shall be where it goes; a dedicated tenant that leaves keeps
 * the Services it has, so that nothing is scaled or routed anew under its shoppers.
 */
export function placedAt(world: World, tenant: TenantObject, placement: Placement): TenantObject {
  if (tenant.spec.placement === placement) return tenant;
  const { autoscaling: _, rollout: __, domains, ...spec } = tenant.spec;
  const plain = domains.map(({ scaling: ___, ...domain }) => domain);
  if (placement === 'pooled') return { ...tenant, spec: { ...spec, placement, domains: plain } };
  const own = world.cacheOf(shopServices).inNamespace(namespaceOf(tenant.metadata.name, placement));
  const serviceNamed = (name: string): ServiceObject | undefined =>
    own.find(({ metadata }) => metadata.name === name);
  const alone = DOMAINS.flatMap((name) => {
    const scaling = serviceNamed(name)?.spec.scaling;
    return scaling === undefined
      ? []
      : [{ ...(overrideOf(tenant.spec, name) ?? { name, enabled: true }), scaling }];
  });
  const kept = plain.filter(({ name }) => alone.every((other) => other.name !== name));
  const autoscaling = serviceNamed(RUNTIME)?.spec.scaling;
  const canary = own.find(({ spec: { traffic } }) => traffic?.canary !== undefined)?.spec.traffic?.canary;
  return {
    ...tenant,
    spec: {
      ...spec,
      placement,
      domains: [...kept, ...alone],
      ...(autoscaling === undefined ? {} : { autoscaling }),
      ...(canary === undefined ? {} : { rollout: { strategy: 'canary', canary } }),
    },
  };
}

/** Works through the phases until one has to wait. */
export async function advance(visit: MoveVisit): Promise<Progress> {
  const { journey } = visit;
  const phases = phasesFor(journey, visit.wanted);
  const calledOff = phases === BACK;
  // A visit begins where the data plane's last commit left the move: phases it is past already are gone through in silence.
  const told = phases.findIndex(({ name }) => name === visit.to.tenant.status?.move?.phase);
  for (const [index, { name, doing, run }] of phases.entries()) {
    if (index >= told) await visit.tell(name, doing);
    const wait = await run(visit);
    if (wait !== undefined)
      return { phase: name, message: wait.message, stuck: wait.stuck, requeueAfterMs: wait.afterMs };
  }
  return calledOff ? conclusion('Aborted', journey.from) : conclusion('Done', journey.to);
}

/** The last word on a move. */
export function conclusion(phase: 'Done' | 'Aborted', home: Placement): Progress {
  return { phase, message: phase === 'Done' ? `is ${home} now` : `was called off: stays ${home}` };
}

/** The condition of a tenant that moves or has moved. */
export function findingOf({ to }: Pick<Journey, 'to'>, { phase, message, stuck }: Progress): Finding {
  if (phase === 'Done') return { type: PLACED, state: 'ready', reason: 'Moved', message };
  if (phase === 'Aborted') return { type: PLACED, state: 'ready', reason: 'CalledOff', message };
  return {
    type: PLACED,
    state: stuck === undefined ? 'waiting' : 'stuck',
    reason: stuck ?? phase,
    message: `moves to ${to}: ${message}`,
  };
}

/** The move as the status tells it. */
export function statusOf(
  before: MoveStatus | undefined,
  { from, to, record }: Journey,
  { phase, message }: Pick<Progress, 'phase' | 'message'>,
  now: Date,
): MoveStatus {
  const same = isSame(before, { from, to }) ? before : undefined;
  const rows = record?.rows ?? same?.rows;
  const frozen =
    record !== undefined && record.switchedMs > 0 ? Math.round(record.frozenMs) : same?.frozenMilliseconds;
  return {
    from,
    to,
    phase,
    message: message.slice(0, 1024),
    startedAt: same?.startedAt ?? timestamp(now),
    ...(rows === undefined ? {} : { rows }),
    ...(frozen === undefined ? {} : { frozenMilliseconds: frozen }),
    ...(phase === 'Done' || phase === 'Aborted' ? { endedAt: timestamp(now) } : {}),
  };
}

/** Where the rows are in a phase. */
export function homeIn({ from, to }: Pick<Journey, 'from' | 'to'>, phase: PhaseName): Placement {
  return phase === 'Routing' || phase === 'Cleaning' || phase === 'Done' ? to : from;
}

function phasesFor({ record, to }: Journey, wanted: Placement): readonly MovePhase[] {
  const state = record?.state ?? 'copying';
  if (state === 'aborting') return BACK;
  if (wanted !== to && (state === 'copying' || state === 'frozen')) return BACK;
  return FORTH.slice(FORTH.findIndex(({ name }) => name === RESUMES[state]));
}

/**
 * Whether a phase is news. Phases that are looked at again on each visit are told once, unless the move fell back, as it
 * does when both sides differ.
 */
export function isNews(before: MoveStatus | undefined, journey: Journey, phase: PhaseName): boolean {
  if (!isSame(before, journey)) return true;
  const place = MOVE_PHASES.indexOf(before.phase);
  const fellBack = journey.record?.state === 'copying' && place > MOVE_PHASES.indexOf('Freezing');
  return fellBack || MOVE_PHASES.indexOf(phase) > place;
}

/** Whether the status says that this move has left the phase behind. */
function isPast({ status }: TenantObject, phase: PhaseName): boolean {
  const { move } = status ?? {};
  return isUnderWay(move) && MOVE_PHASES.indexOf(move.phase) > MOVE_PHASES.indexOf(phase);
}

export function isSame(
  before: MoveStatus | undefined,
  { from, to }: Pick<Journey, 'from' | 'to'>,
): before is MoveStatus {
  return isUnderWay(before) && before.from === from && before.to === to;
}

/** Namespace and Secrets, then schema and login, then Pods that are ready and have nothing to do yet. */
async function prepare({ to, journey }: MoveVisit): Promise<Wait | undefined> {
  const { tenant, world, context, dataPlane, objects } = to;
  const { name } = tenant.metadata;
  await applyAll(world, context, tenant, objects.ground);
  const keys = await ownPaymentKeys(to);
  if (keys.problem !== undefined) {
    const { state, reason, message } = keys.problem;
    return state === 'stuck' ? { message, stuck: reason } : { message };
  }
  await dataPlane.moves.begin(name, wayOf(name, journey));
  await ensureTarget(to, journey);
  await applyAll(world, context, tenant, objects.services);
  const namespace = namespaceOf(name, journey.to);
  const pending = [...new Set(hostOf(tenant).values())]
    .map((service) => `${namespace}/${service}`)
    .filter((key) => !isTrue(world.cacheOf(shopServices).get(key)?.status?.conditions, 'Available'));
  if (pending.length === 0) return undefined;
  return { message: `waits for Service ${pending.join(', ')}` };
}

async function copy({ to }: MoveVisit): Promise<Wait | undefined> {
  const done = await to.dataPlane.moves.copy(to.tenant.metadata.name, COPY_MS);
  return done ? undefined : { message: 'copies rows while the shop goes on', afterMs: 1 };
}

async function freeze({ to, journey }: MoveVisit): Promise<Wait | undefined> {
  // A move that is taken up again may find an operator with newer migrations.
  await ensureTarget(to, journey);
  const drained = await to.dataPlane.moves.freeze(to.tenant.metadata.name);
  return drained ? undefined : { message: 'waits for transactions that began before the freeze', afterMs: 1 };
}

async function settle({ to }: MoveVisit): Promise<undefined> {
  await to.dataPlane.moves.settle(to.tenant.metadata.name);
}

async function verify({ to }: MoveVisit): Promise<undefined> {
  await to.dataPlane.moves.verify(to.tenant.metadata.name);
}

async function switchOver({ to }: MoveVisit): Promise<undefined> {
  await to.dataPlane.moves.switchOver(to.tenant.metadata.name);
}

/** The new route first, so that there is always one; then the old one goes. */
async function route({ to, inventory }: MoveVisit): Promise<Wait | undefined> {
  const { tenant, world, context, objects } = to;
  const { name } = tenant.metadata;
  await applyAll(world, context, tenant, objects.routes);
  await removeAll(world, context, obsolete(inventory, inventoryItems(objects)).filter(isTraffic));
  if (routeAcceptance(to)?.status !== 'True')
    return { message: 'waits for the gateway to take the new route' };
  // Once is enough: an answer is handed out once, and asking anew on each visit would wake the next one, for ever.
  if (tenant.spec.suspended || isPast(tenant, 'Routing')) return undefined;
  const target = targetOf(to, [...hostOf(tenant).values()][0]);
  const answer = world.watchers.poll(
    `arrives/${name}`,
    async () => ((await world.runtime.serves(target)) ? true : undefined),
    () => to.wake('the runtime serves the tenant that moved'),
  );
  return answer === undefined ? { message: 'waits for the runtime to serve the tenant' } : undefined;
}

/** Workloads that were left behind go first, then rows, schema and login; the ground is pruned once all is done. */
async function clean({ to, from, inventory, journey }: MoveVisit): Promise<Wait | undefined> {
  const { tenant, world, context, dataPlane } = to;
  const { name } = tenant.metadata;
  const since = journey.record?.switchedMs ?? 0;
  if (journey.record?.state !== 'cleaning' && since < GRACE_MS)
    return { message: 'waits until nobody reads the old rows any more', afterMs: GRACE_MS - since + 1 };
  const left = obsolete(inventory, inventoryItems(to.objects)).filter(isWorkload);
  if (!(await removeAll(world, context, left)) || (journey.from === 'dedicated' && isRunning(world, name)))
    return { message: 'waits for the Pods that were left behind to end', afterMs: LOOK_AGAIN_MS };
  const done = await dataPlane.moves.clean(name);
  from.context.log.info({ actions: done }, 'removed what a move left behind');
  await dataPlane.moves.end(name);
  return undefined;
}

/** Open again where it was; then what was made elsewhere goes, workloads first. */
async function callOff({ to, from, inventory, journey }: MoveVisit): Promise<Wait | undefined> {
  const { world, context, dataPlane, tenant } = from;
  const { name } = tenant.metadata;
  // Without a record nothing was made outside Kubernetes.
  if (journey.record !== undefined) await dataPlane.moves.callOff(name);
  const left = obsolete(inventory, inventoryItems(from.objects)).filter(isWorkload);
  if (!(await removeAll(world, context, left)) || (journey.to === 'dedicated' && isRunning(world, name)))
    return { message: 'is called off: waits for the Pods made for it to end', afterMs: LOOK_AGAIN_MS };
  if (journey.record === undefined) return undefined;
  const done = await dataPlane.moves.discard(name);
  to.context.log.info({ actions: done }, 'removed what a move that was called off had made');
  await dataPlane.moves.end(name);
  return undefined;
}

async function ensureTarget(
  { dataPlane, tenant, context, credentials }: Visit,
  { to }: Journey,
): Promise<void> {
  if (to !== 'dedicated') return;
  const done = await dataPlane.ensureTarget(
    schemaOf(tenant.metadata.name, to),
    loginsOf(credentials.database),
  );
  if (done.length > 0) context.log.info({ actions: done }, 'made a schema for a tenant that moves');
}

function wayOf(name: string, { from, to }: Journey): { readonly from: string; readonly to: string } {
  return { from: schemaOf(name, from), to: schemaOf(name, to) };
}

/**
 * Does what annotation `shopmind.ai/operation` of a tenant, or of the pool's Service, asks for: writes it down, has a Job work on it,
 * and says in the status how far it came. A Job that is lost is made again; one that gives up is called off, so that no shop stays
 * closed.
 */
import { ANNOTATIONS, parseRequest, SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import type { OperationRequest, OperationStatus } from '../../../crds/index.ts';
import type { ReconcileContext } from '../../kube/controller.ts';
import type { CronJob, Job } from '../../kube/resources.ts';
import type { Desk, Wish } from '../../recovery/desk.ts';
import type { Operation } from '../../recovery/operations.ts';
import { waitsForPeople } from '../../recovery/tenant/restore.ts';
import { ownLabels } from '../../resources/chart.ts';
import type { Manifest } from '../../resources/chart.ts';
import type { PlatformConfig } from '../../resources/platform.ts';
import { OPERATION_LABEL, operationJob } from '../../resources/recovery.ts';
import { RUNTIME } from '../../resources/presets.ts';
import { cronJobs, jobs } from '../kinds.ts';
import type { ServiceObject, TenantObject } from '../kinds.ts';
import { applyAll, remove } from '../objects.ts';
import type { World } from '../world.ts';

/** How often one is looked at that is under way, ms: its steps send no events. */
const LOOK_MS = 1_000;

export interface Attended {
  /** For the status; absent: nothing was ever asked for. */
  readonly operation?: OperationStatus;
  readonly requeueAfterMs?: number;
}

/** On whose behalf. */
export interface Subject {
  readonly object: TenantObject | ServiceObject;
  /** Absent: the whole cluster, on the pool's Service. */
  readonly tenant?: string;
  /** Where the tenant's nightly backups are made. */
  readonly namespace: string;
}

export async function attend(
  world: World,
  context: ReconcileContext,
  platform: PlatformConfig,
  subject: Subject,
): Promise<Attended> {
  const told = subject.object.status?.operation;
  const before: Attended = told === undefined ? {} : { operation: told };
  const request = parseRequest(subject.object.metadata.annotations?.[ANNOTATIONS.operation]);
  if (request === undefined || isDone(request, told)) return before;
  const desk = await world.desk(platform);
  const asked = await ask(world, desk, platform, subject, request);
  if (asked === undefined) return before;
  const operation = await seeTo(world, context, desk, platform, subject, request, asked);
  announce(world, subject, told, operation);
  const isUnderWay = operation.state === 'Running' && !waitsForPeople(operation);
  return { operation: statusOf(operation), ...(isUnderWay ? { requeueAfterMs: LOOK_MS } : {}) };
}

/** Whether the status says the end of it already. */
function isDone({ verb, id }: OperationRequest, told: OperationStatus | undefined): boolean {
  if (told?.id !== id) return false;
  if (told.state === 'Beside') return verb === 'restore';
  return told.state !== 'Running';
}

/** The operation that is meant, begun if it was not. @returns undefined where there is none of that id */
async function ask(
  world: World,
  desk: Desk,
  platform: PlatformConfig,
  subject: Subject,
  request: OperationRequest,
): Promise<Operation | undefined> {
  const { verb, id } = request;
  const known = await desk.find(id);
  // An id may be written by hand: another tenant's operation is none of this one's business.
  if (known !== undefined && known.tenant !== (subject.tenant ?? null)) return undefined;
  if (verb === 'abort' || verb === 'swap') {
    if (known === undefined || known.state !== 'Running') return known;
    if (verb === 'abort') return desk.abort(id, 'it was called off');
    return waitsForPeople(known) ? desk.swap(id) : known;
  }
  if (known !== undefined) return known;
  const wish: Wish = {
    id,
    kind: verb,
    arguments: verb === 'restore' ? { to: new Date(request.to).toISOString(), mode: request.mode } : {},
    ...(subject.tenant === undefined ? {} : { tenant: subject.tenant }),
  };
  const why = refusal(world, platform, subject, verb);
  return why === undefined ? desk.begin(wish) : desk.refuse(wish, why);
}

function refusal(
  world: World,
  platform: PlatformConfig,
  subject: Subject,
  verb: 'backup' | 'restore' | 'drill',
): string | undefined {
  if (verb === 'drill' && subject.tenant !== undefined) return 'the whole cluster is drilled: ask the pool';
  if (verb === 'backup' && subject.tenant !== undefined)
    return nightly(world, subject) === undefined
      ? `nothing backs the tenant up: see spec.backup, and whether blobs outlive their Pods (BLOBS_CLAIM)`
      : undefined;
  return platform.archive === undefined
    ? 'there is no archive to do it with: set ARCHIVE_URL in Secret or ConfigMap shopmind-system/platform'
    : undefined;
}

/** Has a Job work on it, and takes note of the Job's end where the work itself could not. */
async function seeTo(
  world: World,
  context: ReconcileContext,
  desk: Desk,
  platform: PlatformConfig,
  subject: Subject,
  request: OperationRequest,
  operation: Operation,
): Promise<Operation> {
  const { id } = operation;
  const names = [id, `${id}-swap`];
  const wanted = jobFor(world, platform, subject, operation, request.verb === 'swap' ? `${id}-swap` : id);
  if (operation.state !== 'Running') {
    if (request.verb === 'abort') for (const name of names) await removeJob(world, context, name);
    return operation;
  }
  if (waitsForPeople(operation)) return operation;
  if (wanted === undefined) return desk.abort(id, 'what it needs was taken out of the configuration');
  const { name, namespace = '' } = wanted.metadata;
  const job = world.cacheOf(jobs).get(`${namespace}/${name}`);
  if (job === undefined) {
    await applyAll(world, context, subject.object, [wanted]);
    return operation;
  }
  const end = endOf(job);
  if (end === undefined) return operation;
  // What it wrote last may be younger than what we read.
  const now = (await desk.find(id)) ?? operation;
  if (now.state !== 'Running' || waitsForPeople(now)) return now;
  if (end.type === 'Complete' && isTenantBackup(operation))
    return desk.succeed(id, `${operation.tenant ?? ''} is backed up, beside its blobs`);
  const said = end.message ?? end.reason ?? 'it ended without a word';
  return desk.abort(
    id,
    `Job ${namespace}/${name} gave up: ${said}; see kubectl logs -n ${namespace} job/${name}`,
  );
}

function jobFor(
  world: World,
  platform: PlatformConfig,
  subject: Subject,
  operation: Operation,
  name: string,
): Manifest | undefined {
  const { id, kind } = operation;
  if (isTenantBackup(operation)) {
    const schedule = nightly(world, subject);
    return schedule === undefined ? undefined : backupOf(schedule, id, subject.tenant ?? '');
  }
  const { archive } = platform;
  if (archive === undefined) return undefined;
  const tenant = subject.tenant === undefined ? {} : { tenant: subject.tenant };
  return operationJob({ archive, images: world.images }, { name, id, kind, ...tenant });
}

/** Rows and objects of one tenant, as each night; the rest is done with the archive. */
function isTenantBackup({ kind, tenant }: Operation): boolean {
  return kind === 'backup' && tenant !== null;
}

function nightly(world: World, { namespace }: Subject): CronJob | undefined {
  return world
    .cacheOf(cronJobs)
    .inNamespace(namespace)
    .find(({ metadata }) => metadata.name.endsWith('-backup'));
}

/** As the nightly one, for this tenant alone. */
function backupOf({ metadata: { namespace = '' }, spec }: CronJob, id: string, tenant: string): Manifest {
  const template = structuredClone(spec?.jobTemplate.spec);
  for (const container of template?.template.spec?.containers ?? [])
    container.env = [...(container.env ?? []), { name: 'BACKUP_TENANT', value: tenant }];
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: id, namespace, labels: { ...ownLabels('backup', tenant), [OPERATION_LABEL]: id } },
    spec: { ...template, ttlSecondsAfterFinished: 86_400 },
  };
}

export function endOf(job: Job): { type: string; reason?: string; message?: string } | undefined {
  return job.status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
}

async function removeJob(world: World, context: ReconcileContext, name: string): Promise<void> {
  const job = world.cacheOf(jobs).get(`${SYSTEM_NAMESPACE}/${name}`);
  if (job === undefined || endOf(job) !== undefined) return;
  await remove(world, context, { apiVersion: 'batch/v1', kind: 'Job', namespace: SYSTEM_NAMESPACE, name });
}

function statusOf(operation: Operation): OperationStatus {
  const { id, kind, state, message, arguments: wish, startedAt, endedAt, frozenMs } = operation;
  const { to } = wish;
  return {
    id,
    // The kinds that can be asked for.
    kind: kind as OperationStatus['kind'],
    state: waitsForPeople(operation) ? 'Beside' : state,
    ...(message === '' ? {} : { message: message.slice(0, 1024) }),
    ...(typeof to === 'string' ? { to } : {}),
    startedAt: startedAt.toISOString(),
    ...(endedAt === null ? {} : { endedAt: endedAt.toISOString() }),
    // Of one under way it grows by itself: its end is told.
    ...(endedAt === null || frozenMs === 0 ? {} : { frozenMilliseconds: Math.round(frozenMs) }),
  };
}

function announce(
  world: World,
  { object }: Subject,
  told: OperationStatus | undefined,
  { id, kind, state, message }: Operation,
): void {
  const isNews = told?.id !== id || told.state === 'Running';
  if (state === 'Running' || !isNews) return;
  const name = `${kind[0]?.toUpperCase()}${kind.slice(1)}`;
  world.events.record(object, {
    type: state === 'Failed' ? 'Warning' : 'Normal',
    reason: `${name}${state}`,
    message: message.slice(0, 1000),
  });
}

/** Whether the Service is the one that stands for the whole cluster. */
export function isPool({ metadata, spec }: ServiceObject): boolean {
  return metadata.namespace === SYSTEM_NAMESPACE && metadata.name === RUNTIME && spec.tenant === undefined;
}

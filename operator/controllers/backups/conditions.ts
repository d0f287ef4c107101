/**
 * Whether a tenant, or the pool, could be brought back, as conditions beside those that make it Ready: a shop without a backup goes on
 * selling. Pure, from the caches and from what is known of the archive.
 */
import { LABELS } from '../../../crds/index.ts';
import type { Condition } from '../../../crds/index.ts';
import { removeCondition, setCondition } from '../../kube/conditions.ts';
import type { NewCondition } from '../../kube/conditions.ts';
import type { Job } from '../../kube/resources.ts';
import { jobs } from '../kinds.ts';
import type { World } from '../world.ts';
import { endOf } from './attend.ts';

const BACKED_UP = 'BackedUp';
const RECOVERABLE = 'Recoverable';

type Finding = Pick<NewCondition, 'status' | 'reason' | 'message'>;

/** @param namespace of the nightly backups. @param tenant absent: the pool */
export function withBackups(
  world: World,
  conditions: readonly Condition[],
  { namespace, tenant, generation }: { namespace: string; tenant?: string; generation: number },
): readonly Condition[] {
  const set = (all: readonly Condition[], type: string, finding: Finding | undefined): readonly Condition[] =>
    finding === undefined
      ? removeCondition(all, type)
      : setCondition(all, { type, ...finding, observedGeneration: generation }, world.clock);
  const withBackup = set(conditions, BACKED_UP, backedUp(world, namespace, tenant));
  return tenant === undefined ? set(withBackup, RECOVERABLE, recoverable(world)) : withBackup;
}

function backedUp(world: World, namespace: string, tenant: string | undefined): Finding | undefined {
  const failed = failedBackup(world, namespace, tenant);
  if (failed !== undefined) return failed;
  const verdict = world.archive.verdict();
  if (verdict === undefined) return undefined;
  const { ok, reason, message } = verdict;
  return { status: ok ? 'True' : 'False', reason, message };
}

/** The last backup that ended, if it failed. Nightly ones of the pool are of all its tenants. */
function failedBackup(world: World, namespace: string, tenant: string | undefined): Finding | undefined {
  const last = world
    .cacheOf(jobs)
    .inNamespace(namespace)
    .filter(({ metadata: { labels = {} } }) => {
      if (labels[LABELS.name] !== 'backup') return false;
      const of = labels[LABELS.tenant];
      return of === undefined || of === tenant;
    })
    .filter((job) => endOf(job) !== undefined)
    .toSorted((a, b) => (startOf(a) < startOf(b) ? -1 : 1))
    .at(-1);
  const end = last === undefined ? undefined : endOf(last);
  if (last === undefined || end?.type !== 'Failed') return undefined;
  const { name, labels = {} } = last.metadata;
  const whose = labels[LABELS.tenant] ?? 'the pooled tenants';
  const again = tenant === undefined ? '' : `; then kubectl shopmind backup ${tenant}`;
  return {
    status: 'False',
    reason: 'BackupFailed',
    message: `postgresql: backup of ${whose}: Job ${namespace}/${name}: ${end.message ?? end.reason ?? 'failed'}: see kubectl logs -n ${namespace} job/${name}${again}`,
  };
}

function startOf({ metadata, status }: Job): string {
  const time = status?.startTime ?? metadata.creationTimestamp ?? '';
  return new Date(time).toISOString();
}

function recoverable(world: World): Finding | undefined {
  if (world.archive.verdict() === undefined) return undefined;
  const drill = world.archive.drill();
  if (drill === undefined)
    return {
      status: 'Unknown',
      reason: 'NeverDrilled',
      message: 'no restore was tried yet: kubectl shopmind drill',
    };
  const { state, message } = drill;
  return state === 'Succeeded'
    ? { status: 'True', reason: 'DrillSucceeded', message }
    : {
        status: 'False',
        reason: 'DrillFailed',
        message: `${message}; then kubectl shopmind drill`.slice(0, 2048),
      };
}

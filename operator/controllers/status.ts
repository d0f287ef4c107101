/**
 * Conditions of both kinds, in the words of kstatus. Pure.
 */
import type { Condition } from '../../crds/index.ts';
import { findCondition, isTrue, kstatus, setConditions } from '../kube/conditions.ts';
import type { NewCondition } from '../kube/conditions.ts';
import type { Clock } from '../kube/clock.ts';

/** What a phase found: one condition of its own. */
export interface Finding {
  /** Type of the phase's condition, for example `DataPlaneReady`. */
  readonly type: string;
  /** `waiting` passes by itself; `stuck` needs a person. */
  readonly state: 'ready' | 'waiting' | 'stuck';
  readonly reason: string;
  readonly message: string;
}

export interface Summary {
  readonly generation: number;
  /** Says that the object is deliberately not serving; overrides everything but `stuck`. */
  readonly off?: { readonly reason: string; readonly message: string } | undefined;
  /** Message of Ready when everything is. */
  readonly readyMessage: string;
}

/**
 * The findings as conditions, and Ready, Reconciling and Stalled drawn from them.
 * Phases that were not reached keep their last condition, or are Unknown on the first visit.
 */
export function conditionsOf(
  before: readonly Condition[] | undefined,
  types: readonly string[],
  findings: readonly Finding[],
  { generation, off, readyMessage }: Summary,
  clock: Pick<Clock, 'now'>,
): readonly Condition[] {
  const phases: NewCondition[] = types.flatMap((type) => {
    const finding = findings.find((one) => one.type === type);
    if (finding !== undefined) {
      return [
        {
          type,
          status: finding.state === 'ready' ? 'True' : 'False',
          reason: finding.reason,
          message: finding.message,
          observedGeneration: generation,
        } as const,
      ];
    }
    if (findCondition(before, type) !== undefined) return [];
    const unknown = {
      type,
      status: 'Unknown',
      reason: 'Pending',
      message: 'not looked at yet',
      observedGeneration: generation,
    };
    return [unknown as NewCondition];
  });
  return setConditions(
    before ?? [],
    [...overall(findings, types, generation, off, readyMessage), ...phases],
    clock,
  );
}

/** Whether the findings are nothing but waits, of an object that is new or whose status says already that this generation is worked on. */
export function isOnItsWay(
  object: {
    readonly metadata: { readonly generation?: number };
    readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
  },
  findings: readonly Finding[],
): boolean {
  const { metadata, status } = object;
  const isTold =
    status?.observedGeneration === metadata.generation && isTrue(status?.conditions, 'Reconciling');
  return (
    (status?.observedGeneration === undefined || isTold) &&
    findings.some(({ state }) => state === 'waiting') &&
    findings.every(({ state }) => state !== 'stuck')
  );
}

function overall(
  findings: readonly Finding[],
  types: readonly string[],
  generation: number,
  off: Summary['off'],
  readyMessage: string,
): readonly NewCondition[] {
  const stuck = findings.find(({ state }) => state === 'stuck');
  if (stuck !== undefined) return kstatus('stalled', stuck.reason, stuck.message, generation);
  const waiting = findings.find(({ state }) => state === 'waiting');
  if (waiting !== undefined) return kstatus('progressing', waiting.reason, waiting.message, generation);
  const unseen = types.find((type) => !findings.some((one) => one.type === type));
  if (unseen !== undefined)
    return kstatus('progressing', 'Pending', `${unseen} is not looked at yet`, generation);
  const ready = kstatus('ready', 'Ready', readyMessage, generation);
  if (off === undefined) return ready;
  return ready.map((one) => (one.type === 'Ready' ? { ...one, status: 'False' as const, ...off } : one));
}

/**
 * Status conditions as Kubernetes keeps them: one per type, transition times that move only when the status does.
 */
import type { Clock } from './clock.ts';

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** CamelCase word for machines. */
  readonly reason: string;
  /** Sentence for people: what is the matter and what to do. */
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

export type NewCondition = Omit<Condition, 'lastTransitionTime'>;

/** The conditions with this one set; the order stays, new types go to the end. */
export function setCondition(
  conditions: readonly Condition[],
  condition: NewCondition,
  clock: Pick<Clock, 'now'>,
): readonly Condition[] {
  const before = findCondition(conditions, condition.type);
  const lastTransitionTime =
    before !== undefined && before.status === condition.status
      ? before.lastTransitionTime
      : timestamp(clock.now());
  const next = { ...condition, lastTransitionTime };
  if (before === undefined) return [...conditions, next];
  return conditions.map((each) => (each.type === condition.type ? next : each));
}

export const setConditions = (
  conditions: readonly Condition[],
  changes: readonly NewCondition[],
  clock: Pick<Clock, 'now'>,
): readonly Condition[] => changes.reduce((all, change) => setCondition(all, change, clock), conditions);

export const findCondition = (
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined => conditions?.find((condition) => condition.type === type);

export const isTrue = (conditions: readonly Condition[] | undefined, type: string): boolean =>
  findCondition(conditions, type)?.status === 'True';

export const removeCondition = (conditions: readonly Condition[], type: string): readonly Condition[] =>
  conditions.filter((condition) => condition.type !== type);

/**
 * The three conditions of kstatus, which `kubectl wait`, Flux and Argo read.
 * `ready`: as asked for. `progressing`: on its way. `stalled`: will not get there unless somebody changes something.
 */
export function kstatus(
  state: 'ready' | 'progressing' | 'stalled',
  reason: string,
  message: string,
  observedGeneration: number,
): readonly NewCondition[] {
  const one = (type: string, isSo: boolean, calmReason: string): NewCondition => ({
    type,
    status: isSo ? 'True' : 'False',
    reason: isSo ? reason : calmReason,
    message: isSo ? message : '',
    observedGeneration,
  });
  return [
    { type: 'Ready', status: state === 'ready' ? 'True' : 'False', reason, message, observedGeneration },
    one('Reconciling', state === 'progressing', state === 'ready' ? 'Done' : 'Stalled'),
    one('Stalled', state === 'stalled', 'NotStalled'),
  ];
}

/** RFC 3339 in whole seconds, as metav1.Time is written. */
export const timestamp = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;

/** RFC 3339 with microseconds, as metav1.MicroTime is written. */
export const microTimestamp = (date: Date): string => date.toISOString().replace('Z', '000Z');

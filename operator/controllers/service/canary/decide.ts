/**
 * The next step of a delivery: what was written down, what is running and what was counted, made into what shall be
 * written down next. Pure and level-triggered: it asks nobody what happened, and deciding twice changes nothing.
 *
 *   Idle ──new template──► Progressing ──last step passed──► Promoting ──stable rolled out, canary drained──► Idle
 *                            │    ▲                              (a person may promote at any step)
 *               too little known  │ enough                     ▼ gates failed, Pods never ready, a person aborted
 *                            ▼    │                          RolledBack ──new template, or retry──► Progressing
 *                            Paused
 */
import type { Canary, CanaryAnalysis, CanaryStatus } from '../../../../crds/index.ts';
import type { Figures } from '../../traffic/traffic.ts';
import { parseCommand } from './command.ts';
import type { Command } from './command.ts';
import { errorRate, judge } from './figures.ts';

/** What the Pods of one revision's Deployment are doing. */
export interface Pods {
  /** Revision of the template the live Deployment has; `undefined`: there is no Deployment. */
  readonly revision: string | undefined;
  /** Pods of this very template that are available; none of another one is left if `isSettled`. */
  readonly available: number;
  readonly isSettled: boolean;
  /** Why the Deployment makes no progress. */
  readonly failing?: string | undefined;
}

export interface Situation {
  /** Absent: no canary is asked for, templates roll out directly. */
  readonly canary: Canary | undefined;
  /** Revision of the template that the spec asks for. */
  readonly desired: string;
  readonly before: CanaryStatus | undefined;
  readonly stable: Pods;
  readonly test: Pods;
  /** The Service is scaled to nothing: there are no requests to test anything with. */
  readonly isHibernated: boolean;
  /** Pods the stable revision is asked to have now, and at most. */
  readonly pods: number;
  readonly most: number;
  /** Weight in the live route; 0 without one. */
  readonly liveWeight: number;
  /** Whether a gateway has taken the live route as it is. */
  readonly isAcknowledged: boolean;
  /** Value of the annotation. */
  readonly command: string | undefined;
  /** Of the step under way; read when `needsFigures` was answered. */
  readonly figures: Figures | undefined;
  readonly now: Date;
}

export interface Decision {
  /** `undefined`: nothing is delivered and nothing needs to be remembered. */
  readonly status: CanaryStatus | undefined;
  /** The decision cannot be made without figures: read them and ask again. */
  readonly needsFigures?: true;
  /** When time alone brings the next decision. */
  readonly requeueAfterMs?: number;
  /** A command that was not followed, and why. */
  readonly ignored?: string;
}

/** How long requests under way have after the gateway has taken the weight of 0, before the Pods are told to stop. */
export const DRAIN_MS = 2000;
/** After this time without a gateway's word the Pods are stopped all the same: nobody routes to them. */
export const ACKNOWLEDGE_MS = 30_000;

export function decide(situation: Situation): Decision {
  const before = situation.before ?? recovered(situation);
  if (situation.canary === undefined) return withoutCanary(situation, before);
  const heard = hear(situation, before);
  const decision = deliver({ ...situation, canary: situation.canary }, heard.before, heard.verb);
  return heard.ignored === undefined ? decision : { ...decision, ignored: heard.ignored };
}

/**
 * What would be written down next, of what can be told beforehand: a delivery under way stays where it is, because time and
 * figures move it; one that the spec newly asks for begins.
 */
export function foreseen(situation: Situation): CanaryStatus | undefined {
  const { canary, before, desired } = situation;
  if (canary === undefined || before === undefined || !isUnderWay(before, desired))
    return decide(situation).status;
  return before;
}

function isUnderWay(before: CanaryStatus, desired: string): boolean {
  const { phase, stable, canary, refused } = before;
  if (desired === refused) return phase === 'RolledBack';
  if (desired === stable) return phase === 'Idle' || phase === 'Promoting';
  return desired === canary && !isOver(before);
}

/** Pods the canary shall have: its share of those there would be without it, never none. */
export function podsFor(status: CanaryStatus, canary: Canary | undefined, pods: number): number {
  const share = Math.max(status.weight, stepOf(canary, status.step)?.weight ?? status.weight);
  return Math.max(1, Math.ceil((Math.max(pods, status.floor ?? 0) * share) / 100));
}

type Verb = Command['verb'];
type Asked = Situation & { readonly canary: Canary };

function deliver(s: Asked, before: CanaryStatus, verb: Verb | undefined): Decision {
  const isPromoting = before.phase === 'Promoting';
  if (verb === 'rollback' || (verb === 'abort' && isPromoting)) return leaveStable(s, before);
  if (isPromoting) return promote(s, before);
  if (s.desired === before.stable) return rest(s, before, 'Idle', servingMessage(before));
  if (s.desired === before.refused && verb !== 'retry') return rest(s, before, 'RolledBack', before.message);
  const { refused: _, ...fresh } = before;
  if (s.isHibernated) {
    return rest(s, fresh, 'Idle', `hibernated: revision ${s.desired} is delivered when the Service wakes`);
  }
  if (before.canary !== s.desired || isOver(before)) return begin(s, fresh);
  if (verb === 'abort') return rollBack(s, before, 'a person aborted it');
  if (verb === 'promote') return promote(s, promoted(s, before, 'a person promoted it'));
  return advance(s, before);
}

// ── the steps ────────────────────────────────────────────────────────────────────────────────────

/** A new revision takes the place of an older one that was under test only once that one is out of traffic. */
function begin(s: Asked, before: CanaryStatus): Decision {
  if (before.canary !== undefined && !isDrained(s, before)) {
    const phase = isOver(before) ? before.phase : 'Progressing';
    return drain(s, before, phase, 'a newer revision takes its place: waits for its requests to end');
  }
  const { analysis: _, since: __, failures: ___, quietSince: ____, ...kept } = before;
  return advance(s, {
    ...kept,
    phase: 'Progressing',
    canary: s.desired,
    step: 1,
    steps: s.canary.steps.length,
    weight: 0,
    floor: Math.max(s.pods, 1),
    message: '',
  });
}

/** Raises the weight to that of the step, once there are Pods to carry it; watches what it has until then, and after. */
function advance(s: Asked, before: CanaryStatus): Decision {
  if (!isRaising(s, before)) return watch(s, before);
  const { revision, available, isSettled, failing } = s.test;
  const isOurs = revision === before.canary;
  if (isOurs && failing !== undefined) return rollBack(s, before, `its Pods do not become ready: ${failing}`);
  const isCarried = isOurs && isSettled && available >= podsFor(before, s.canary, s.pods);
  if (isCarried && !isPaused(s, before)) return raise(s, before);
  // Without requests there is nothing to watch.
  return before.weight === 0 ? { status: quiet(s, before) } : watch(s, before);
}

function raise(s: Asked, before: CanaryStatus): Decision {
  const { analysis: _, ...kept } = before;
  const raised: CanaryStatus = {
    ...kept,
    steps: s.canary.steps.length,
    weight: stepOf(s.canary, before.step).weight,
    since: s.now.toISOString(),
    failures: 0,
  };
  const status = quiet(s, raised);
  return { status, requeueAfterMs: nextLook(s, status) };
}

/** Looked at every interval, judged, and moved on when the step's time is over. */
function watch(s: Asked, before: CanaryStatus): Decision {
  const inMs = nextLook(s, before);
  // Held for lack of figures it stays until it is looked at again.
  if (inMs > 0) {
    const isHeld =
      before.phase === 'Paused' && before.analysis?.verdict === 'Waiting' && !isPaused(s, before);
    return { status: isHeld ? before : quiet(s, before), requeueAfterMs: inMs };
  }
  if (s.figures === undefined) return { status: before, needsFigures: true };
  const analysis =
    s.test.available === 0 ? withoutPods(s.figures, s.now) : judge(s.figures, s.canary.gates, s.now);
  const failures = (before.failures ?? 0) + (analysis.verdict === 'Failed' ? 1 : 0);
  const looked: CanaryStatus = { ...before, analysis, failures: Math.min(failures, 100) };
  if (failures >= s.canary.gates.failureLimit) return rollBack(s, looked, analysis.message);
  if (
    isRaising(s, looked) ||
    isPaused(s, looked) ||
    !isStepOver(s, looked) ||
    analysis.verdict === 'Failed'
  ) {
    const status = quiet(s, looked);
    return { status, requeueAfterMs: nextLook(s, status) };
  }
  if (analysis.verdict === 'Waiting') {
    const status: CanaryStatus = { ...looked, phase: 'Paused', message: withoutFigures(looked, analysis) };
    return { status, requeueAfterMs: nextLook(s, status) };
  }
  const step = Math.min(looked.step ?? 1, s.canary.steps.length);
  if (step === s.canary.steps.length) return promote(s, promoted(s, looked, 'it passed every step'));
  return advance(s, { ...looked, step: step + 1 });
}

/** The stable Deployment takes the new template while the canary goes on serving; then the canary's requests move over. */
function promote(s: Asked, before: CanaryStatus): Decision {
  const { revision, isSettled, available } = s.stable;
  const isCarried =
    revision === before.stable && isSettled && available >= Math.min(before.floor ?? 1, s.most);
  // Requests that have moved over already do not come back when a Pod of the stable revision restarts.
  if (before.weight > 0 && !isCarried) return { status: before };
  if (isDrained(s, before)) return { status: idle(before, servingMessage(before)) };
  return drain(s, before, 'Promoting', `waits for the last requests of the canary's Pods`);
}

/** Nothing to deliver: what is left of a canary goes. */
function rest(s: Asked, before: CanaryStatus, phase: 'Idle' | 'RolledBack', message: string): Decision {
  const { refused: _, ...rest } = before;
  const kept: CanaryStatus = phase === 'RolledBack' ? before : rest;
  if (before.canary !== undefined && !isDrained(s, before)) return drain(s, kept, phase, message);
  if (phase === 'Idle') return { status: idle(kept, message) };
  const { canary: __, floor: ___, step: ____, steps: _____, quietSince: ______, ...left } = kept;
  return { status: { ...left, phase, weight: 0, message } };
}

function rollBack(s: Asked, before: CanaryStatus, why: string): Decision {
  const at = before.weight > 0 ? ` at ${before.weight} % of the requests` : '';
  const message =
    `revision ${before.canary} was rolled back${at}: ${why}; ` +
    `mend the spec, or annotate the Service with shopmind.ai/canary: retry@${before.canary} to try it again`;
  return drain(s, { ...before, refused: s.desired }, 'RolledBack', message.slice(0, 1024));
}

/** A person leaves the stable revision for the one before, which is known to work: no steps, a rolling update. */
function leaveStable(s: Asked, before: CanaryStatus): Decision {
  const { previous, stable, ...kept } = before;
  const message =
    `a person rolled back revision ${stable} to ${previous}; ` +
    `change the spec, or annotate the Service with shopmind.ai/canary: retry@${s.desired} to deliver revision ${s.desired} again`;
  const left: CanaryStatus = { ...kept, stable: previous ?? stable, refused: s.desired, message };
  return rest(s, left, 'RolledBack', message);
}

/** Not asked for (any more): the wanted template rolls out directly, and what is left of a canary goes. */
function withoutCanary(s: Situation, before: CanaryStatus): Decision {
  if (before.canary === undefined || isDrained(s, before)) return { status: undefined };
  const { refused: _, ...kept } = before;
  return drain(s, { ...kept, stable: s.desired }, 'Idle', 'no canary is asked for: its last requests end');
}

/** Weight 0, and the time its last requests need counted from when no gateway sends it new ones. */
function drain(s: Situation, before: CanaryStatus, phase: CanaryStatus['phase'], message: string): Decision {
  const { quietSince, ...rest } = before;
  const now = s.now.toISOString();
  // Also when a crash came between the status and the route: what counts is the route.
  if (before.weight > 0 || s.liveWeight > 0) {
    return { status: { ...rest, phase, weight: 0, since: now, message }, requeueAfterMs: ACKNOWLEDGE_MS };
  }
  const isQuiet = s.liveWeight === 0 && s.isAcknowledged;
  const status: CanaryStatus = {
    ...before,
    phase,
    message,
    ...(isQuiet && quietSince === undefined ? { quietSince: now } : {}),
  };
  return { status, requeueAfterMs: Math.max(1, drainLeft(s, status)) };
}

// ── what is the case ─────────────────────────────────────────────────────────────────────────────

/**
 * No request is with the canary any more, nor will one come: the gateway has the route without it, and those under way
 * had their time.
 */
function isDrained(s: Situation, before: CanaryStatus): boolean {
  return before.weight === 0 && s.liveWeight === 0 && drainLeft(s, before) === 0;
}

function drainLeft(s: Situation, { since, quietSince }: CanaryStatus): number {
  const left = (from: string, ms: number): number => Math.max(0, Date.parse(from) + ms - s.now.getTime());
  if (quietSince !== undefined) return left(quietSince, DRAIN_MS);
  // Without a weight there never was a request.
  if (since === undefined) return 0;
  return s.isAcknowledged ? DRAIN_MS : left(since, ACKNOWLEDGE_MS);
}

/** Written down as rolled back or at rest: a canary of this revision would begin anew. */
const isOver = ({ phase }: CanaryStatus): boolean => phase === 'RolledBack' || phase === 'Idle';

function stepOf(canary: Canary, step: number | undefined): Canary['steps'][number];
function stepOf(canary: Canary | undefined, step: number | undefined): Canary['steps'][number] | undefined;
function stepOf(canary: Canary | undefined, step = 1): Canary['steps'][number] | undefined {
  // The spec may have fewer steps than when it began.
  return canary?.steps[Math.min(step, canary.steps.length) - 1];
}

function isStepOver(s: Asked, status: CanaryStatus): boolean {
  return s.now.getTime() >= endOf(s, status);
}

function endOf(s: Asked, { since, step }: CanaryStatus): number {
  return Date.parse(since ?? s.now.toISOString()) + stepOf(s.canary, step).durationSeconds * 1000;
}

/** Time until it is looked at next: every interval, and when the step's time is over. */
function nextLook(s: Asked, status: CanaryStatus): number {
  const last = Date.parse(status.analysis?.at ?? status.since ?? s.now.toISOString());
  const end = endOf(s, status);
  const regular = last + s.canary.intervalSeconds * 1000;
  return Math.max(0, (last < end ? Math.min(regular, end) : regular) - s.now.getTime());
}

function isRaising(s: Asked, { weight, step }: CanaryStatus): boolean {
  return weight < stepOf(s.canary, step).weight;
}

function isPaused(s: Situation, { canary }: CanaryStatus): boolean {
  const command = s.command === undefined ? undefined : parseCommand(s.command);
  return command?.verb === 'pause' && command.revision === canary;
}

function withoutPods({ requests, errors }: Figures, at: Date): CanaryAnalysis {
  return {
    at: at.toISOString(),
    requests,
    errors,
    errorRate: errorRate({ requests, errors }),
    verdict: 'Failed',
    message: 'none of its Pods is ready',
  };
}

/**
 * The command, if this revision is meant and it was not followed yet. What was heard is written down, so that it acts
 * once; taking the annotation away makes the operator forget it.
 */
function hear(
  s: Situation,
  before: CanaryStatus,
): { readonly before: CanaryStatus; readonly verb?: Verb; readonly ignored?: string } {
  const { command: last, ...silent } = before;
  if (s.command === undefined) return { before: silent };
  const value = s.command.slice(0, 256);
  if (value === last) return { before };
  const heard: CanaryStatus = { ...before, command: value };
  const command = parseCommand(value);
  if (command === undefined) {
    const example = `promote@${before.canary ?? s.desired}`;
    return {
      before: heard,
      ignored: `"${value}" is no command: write <verb>@<revision>, for example ${example}`,
    };
  }
  const { verb, revision } = command;
  if (isSo(before, command)) return { before: heard };
  // Going back from what is under test is aborting it.
  if (verb === 'rollback' && revision === before.canary && revision !== before.stable) {
    return { before: heard, verb: 'abort' };
  }
  const meant = verb === 'rollback' ? before.stable : verb === 'retry' ? before.refused : before.canary;
  const isPossible = verb !== 'rollback' || before.previous !== undefined;
  if (revision === meant && isPossible) return { before: heard, verb };
  return { before: heard, ignored: `${value} does not fit: ${situationOf(before)}` };
}

/** What was asked for is the case already. */
function isSo({ phase, stable, refused }: CanaryStatus, { verb, revision }: Command): boolean {
  if (verb === 'promote') return revision === stable;
  return (verb === 'abort' || verb === 'rollback') && phase === 'RolledBack' && revision === refused;
}

function situationOf({ phase, stable, canary, refused }: CanaryStatus): string {
  return `${phase}, stable ${stable}${canary === undefined ? '' : `, canary ${canary}`}${refused === undefined ? '' : `, refused ${refused}`}`;
}

/** The status was lost or never written: what runs says where it stands. */
function recovered(s: Situation): CanaryStatus {
  const stable = s.stable.revision ?? s.desired;
  const canary = s.test.revision;
  if (canary === undefined) return { phase: 'Idle', stable, weight: 0, message: '' };
  const since = s.now.toISOString();
  const common = { stable, canary, weight: s.liveWeight, since, floor: Math.max(s.pods, 1), message: '' };
  if (canary === stable) return { ...common, phase: 'Promoting' };
  const steps = s.canary?.steps ?? [];
  const at = steps.findIndex(({ weight }) => weight >= s.liveWeight);
  return { ...common, phase: 'Progressing', step: (at < 0 ? steps.length - 1 : at) + 1 };
}

// ── what is said ─────────────────────────────────────────────────────────────────────────────────

function promoted(s: Asked, before: CanaryStatus, why: string): CanaryStatus {
  return {
    ...before,
    phase: 'Promoting',
    previous: before.stable,
    stable: s.desired,
    // Whatever the autoscaler gave the canary under full load is what the stable Pods have to carry.
    floor: Math.max(before.floor ?? 1, Math.min(s.test.available, 1000)),
    message: `revision ${s.desired} becomes the stable one: ${why}`,
  };
}

function idle(before: CanaryStatus, message: string): CanaryStatus {
  const { stable, previous, analysis, command } = before;
  return {
    phase: 'Idle',
    stable,
    weight: 0,
    message,
    ...(previous === undefined ? {} : { previous }),
    ...(analysis === undefined ? {} : { analysis }),
    ...(command === undefined ? {} : { command }),
  };
}

/** The same state in its own words: whether it is held by a person, waits for Pods or goes its way. */
function quiet(s: Asked, status: CanaryStatus): CanaryStatus {
  const { canary, weight, step = 1, steps = step } = status;
  if (isPaused(s, status)) {
    const message = `held at ${weight} % by annotation shopmind.ai/canary: pause@${canary}; resume@${canary} goes on`;
    return { ...status, phase: 'Paused', message };
  }
  const share = `${weight} % of the requests go to revision ${canary}, step ${step} of ${steps}`;
  if (!isRaising(s, status)) return { ...status, phase: 'Progressing', message: share };
  const next = stepOf(s.canary, step).weight;
  const needed = counted(podsFor(status, s.canary, s.pods), 'Pod');
  return { ...status, phase: 'Progressing', message: `${share}: waits for ${needed} to carry ${next} %` };
}

function withoutFigures({ weight, canary }: CanaryStatus, { message }: CanaryAnalysis): string {
  return (
    `held at ${weight} %: ${message}; it goes on by itself as soon as there is enough, ` +
    `or annotate the Service with shopmind.ai/canary: promote@${canary}`
  ).slice(0, 1024);
}

function servingMessage({ stable }: CanaryStatus): string {
  return `revision ${stable} serves every request`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

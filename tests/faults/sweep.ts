/**
 * Kill after every write (after Sieve): tenants live their lives, and in each step the operator dies at the k-th write of each,
 * for every k there is. Each time another process takes over and must bring everyone where the undisturbed life arrived. Many
 * tenants share a death: each stands at a write of its own when it comes.
 */
import { expectArrivals, NotConverged, pause, quiet, settled } from './convergence.ts';
import { holdAt, type Moment } from './holding.ts';
import type { Life, Step } from './lives.ts';
import { LEASE_LOST, type LogLine } from './operator-process.ts';
import type { Hooks } from './proxy.ts';
import { handedOutTo, type Handed, type TenantState } from './state.ts';
import { kill, tail, type Operator, type World } from './world.ts';

export interface CrashPoint {
  readonly step: string;
  readonly moment: Moment;
  readonly index: number;
  /** The write at which it died. */
  readonly write: string;
  /** From the death to the state of the undisturbed life. */
  readonly milliseconds: number;
  /** Why it did not get there. */
  readonly failure?: string;
}

export interface SweepOptions {
  readonly life: Life;
  readonly moment: Moment;
  /** Which of the writes, from 1; absent: every one until there are no more, or each `every`-th. */
  readonly indices?: readonly number[];
  readonly every?: number;
  readonly prefix: string;
  readonly onPoint?: (point: CrashPoint) => void;
}

/** The states of an undisturbed life after each of its steps. */
export type Baseline = readonly TenantState[];

/**
 * Tenants that share a death. Who stands keeps a worker of the operator, one of its sixteen; or one of its eight connections to
 * the database.
 */
const WIDTH: Readonly<Record<Moment, number>> = {
  'after an API write': 12,
  'before an API write': 12,
  'after an SQL write': 6,
};
/** Nobody who is to be stopped has written for this long: they wait for those who stand. */
const STALL_MS: Readonly<Record<Moment, number>> = {
  'after an API write': 10_000,
  'before an API write': 10_000,
  // Schemas are made one after another: here it is the rule.
  'after an SQL write': 5_000,
};
/** Whoever has arrived may have something more to say. */
const TAIL_MS = 500;

export async function undisturbed(world: World, life: Life, name: string): Promise<Baseline> {
  const course = createCourse(world);
  const states: TenantState[] = [];
  try {
    for (const step of life) {
      await course.begin(step);
      await step.act(world, name);
      states.push(await settled(world, name, course.operator()));
      await step.afterwards?.(world, name);
    }
    const complaints = course.complaints();
    if (complaints.length > 0) throw new NotConverged(`the operator complains:\n${complaints.join('\n')}`);
  } finally {
    await course.end();
  }
  return states;
}

/** One tenant of a cohort. */
interface Candidate {
  readonly name: string;
  readonly index: number;
  /** Steps in which it is stopped. */
  readonly targets: ReadonlySet<Step>;
}

/** @returns every crash point, those included that did not converge */
export async function sweep(
  world: World,
  baseline: Baseline,
  { life, moment, indices, every = 1, prefix, onPoint }: SweepOptions,
): Promise<readonly CrashPoint[]> {
  const points: CrashPoint[] = [];
  /** The first index that a step does not have. */
  const ends = new Map<Step, number>();
  /** Killed too early: they waited behind one who stood. */
  const missed = new Map<number, Set<Step>>();
  const course = createCourse(world);
  let born = 0;

  const candidate = (index: number, targets: ReadonlySet<Step>): Candidate => ({
    name: `${prefix}${String((born += 1)).padStart(3, '0')}`,
    index,
    targets,
  });
  const isOpen = (step: Step, index: number): boolean => index < (ends.get(step) ?? Number.POSITIVE_INFINITY);

  /** One life of a cohort; what comes before a step is lived through each time: only a tenant that lived can be deleted. */
  async function live(cohort: readonly Candidate[]): Promise<void> {
    const isTarget = ({ targets, index }: Candidate, step: Step): boolean =>
      targets.has(step) && isOpen(step, index);
    const last = life.findLastIndex((step) => cohort.some((one) => isTarget(one, step)));
    let alive = cohort;
    for (const [at, step] of life.entries()) {
      if (at > last && step.isEnd !== true) continue;
      const expected = baseline[at];
      if (expected === undefined) throw new Error(`there is no undisturbed ${step.name}`);
      const armed = alive.filter((one) => isTarget(one, step));
      const fates = await course.take(step, expected, {
        moment,
        names: alive.map(({ name }) => name),
        indices: new Map(armed.map(({ name, index }) => [name, index])),
      });
      judge(step, alive, armed, fates);
      // What follows of a broken life says nothing.
      alive = alive.filter(({ name }) => fates.get(name)?.failure === undefined);
      for (const { name } of alive) await step.afterwards?.(world, name);
    }
  }

  function judge(
    step: Step,
    alive: readonly Candidate[],
    armed: readonly Candidate[],
    fates: ReadonlyMap<string, Fate>,
  ): void {
    for (const one of alive) {
      const { write, milliseconds = 0, failure } = fates.get(one.name) ?? {};
      if (write === undefined && failure === undefined) continue;
      const point: CrashPoint = {
        step: step.name,
        moment,
        index: one.index,
        write: write ?? 'none',
        milliseconds,
        ...(failure === undefined ? {} : { failure }),
      };
      points.push(point);
      onPoint?.(point);
    }
    const fate = ({ name }: Candidate): Fate | undefined => fates.get(name);
    const highest = Math.max(0, ...armed.filter((one) => fate(one)?.write !== undefined).map(byIndex));
    const beyond = armed.filter((one) => fate(one)?.hadNone === true).map(byIndex);
    const end = Math.min(...beyond.filter((index) => index > highest));
    if (end < (ends.get(step) ?? Number.POSITIVE_INFINITY)) ends.set(step, end);
    for (const one of armed.filter((each) => fate(each)?.missed === true))
      missed.set(one.index, (missed.get(one.index) ?? new Set()).add(step));
  }

  try {
    const targets = new Set(life.filter(({ isPrelude }) => isPrelude !== true));
    const width = WIDTH[moment];
    for (let turn = 0; ; turn += width) {
      const due = Array.from({ length: width }, (_, nth) =>
        indices === undefined ? 1 + (turn + nth) * every : indices[turn + nth],
      ).filter((index) => index !== undefined && [...targets].some((step) => isOpen(step, index)));
      if (due.length === 0) break;
      await live(due.flatMap((index) => (index === undefined ? [] : [candidate(index, targets)])));
    }
    // Fewer at a time, in the end one by one: alone nobody waits behind anybody.
    for (let fewer = width; missed.size > 0;) {
      fewer = Math.max(1, Math.floor(fewer / 2));
      const due = [...missed]
        .filter(([index, steps]) => [...steps].some((step) => isOpen(step, index)))
        .map(([index, steps]) => candidate(index, steps));
      missed.clear();
      for (let at = 0; at < due.length; at += fewer) await live(due.slice(at, at + fewer));
    }
  } finally {
    await course.end();
  }
  return points;
}

const byIndex = ({ index }: Candidate): number => index;

/** What became of a tenant in a step. */
interface Fate {
  /** The write at which it stood when the operator died; absent where it did not stand. */
  readonly write?: string;
  readonly milliseconds?: number;
  /** The step was through before that many writes. */
  readonly hadNone?: boolean;
  /** The operator died before it got that far. */
  readonly missed?: boolean;
  /** Why it is not where it should be. */
  readonly failure?: string;
}

interface Trial {
  readonly moment: Moment;
  readonly names: readonly string[];
  /** At which of its writes each tenant is stopped; whoever is not in it is not. */
  readonly indices: ReadonlyMap<string, number>;
}

/** The operator through the steps of a life: it dies, comes back, and comes back as another version. */
interface Course {
  operator(): Operator;
  begin(step: Step): Promise<void>;
  take(step: Step, expected: TenantState, trial: Trial): Promise<ReadonlyMap<string, Fate>>;
  complaints(): readonly string[];
  end(): Promise<void>;
}

function createCourse(world: World): Course {
  let current: Operator | undefined;
  let image = 'shopmind/runtime:1';

  const operator = (): Operator => {
    if (current === undefined) throw new Error('no operator runs');
    return current;
  };
  const start = async (hooks: Hooks = {}): Promise<void> => {
    current = await world.startOperator({ runtimeImage: image, hooks, restarts: true });
  };
  const stop = async (): Promise<void> => {
    const old = current;
    current = undefined;
    // Whoever killed it has an error of its own to tell.
    if (old === undefined || old.process.hasEnded()) return;
    const code = await old.process.stop();
    await old.proxy.close();
    if (code !== 0) throw new Error(`the operator ended with ${code}: ${tail(old.process)}`);
  };

  /** An operator of the step's own version. Where the step is the new version itself, `hooks` see its first request. */
  async function begin(step: Step, hooks: Hooks = {}): Promise<void> {
    const wanted = step.image ?? (step.name === 'create' ? 'shopmind/runtime:1' : image);
    if (current === undefined || wanted !== image) {
      await stop();
      image = wanted;
      await start(step.image === undefined ? {} : hooks);
      // What it finds to do at its start is no part of the step.
      if (step.image === undefined) await quiet(operator());
    }
    operator().proxy.hooks = hooks;
  }

  /** Until each stands, has arrived, or waits for one who stands. */
  async function act(step: Step, expected: TenantState, { moment, names, indices }: Trial) {
    const holding = holdAt(moment, indices, names);
    world.sql.hooks = holding.sqlHooks;
    await begin(step, holding.hooks);
    const known = await handedOutTo(world, names);
    const acted = Promise.all(names.map((name) => step.act(world, name)));
    const arrivals = expectArrivals(world, new Map(names.map((name) => [name, expected])));
    const failures = new Map<string, string>();
    const standsAt = (name: string): string | undefined =>
      indices.has(name) ? holding.heldAt(name) : undefined;
    const stands = (name: string): boolean => standsAt(name) !== undefined;
    const armedGoOn = (): boolean => [...indices.keys()].some((name) => !stands(name));
    for (;;) {
      for (const [name, error] of await arrivals.look()) failures.set(name, error.message);
      const under = arrivals.under().filter((name) => !stands(name));
      const anyStands = names.some(stands);
      // Without a death everybody has to arrive; with one it is enough to have come to one's write.
      const going = anyStands ? under.filter((name) => indices.has(name)) : under;
      const stalls = anyStands && performance.now() - holding.lastWriteAt() > STALL_MS[moment];
      const isQuiet = performance.now() - holding.lastWriteAt() > TAIL_MS;
      if ((going.length === 0 && (isQuiet || !armedGoOn())) || stalls) break;
      await pause();
    }
    return { standsAt, bury: holding.bury, known, acted, arrivals, failures };
  }

  /** It dies; another takes over and brings everyone where they belong. */
  async function die(
    {
      names,
      acted,
      known,
    }: { names: readonly string[]; acted: Promise<unknown>; known: ReadonlyMap<string, Handed> },
    bury: () => void,
    expected: TenantState,
  ): Promise<{ readonly failures: ReadonlyMap<string, string>; readonly took: ReadonlyMap<string, number> }> {
    const gone = kill(operator());
    world.sql.cut();
    bury();
    await gone;
    world.sql.hooks = {};
    current = undefined;
    const began = performance.now();
    const visible = await handedOutTo(world, names);
    await start();
    await acted;
    const arrivals = expectArrivals(world, new Map(names.map((name) => [name, expected])));
    const failures = new Map<string, string>();
    const took = new Map<string, number>();
    while (arrivals.under().length > 0) {
      for (const [name, error] of await arrivals.look()) failures.set(name, error.message);
      for (const name of names)
        if (arrivals.hasArrived(name) && !took.has(name))
          took.set(name, Math.round(performance.now() - began));
      await pause();
    }
    const now = await handedOutTo(world, names);
    for (const name of names) {
      const changed = changedOf({ ...known.get(name), ...visible.get(name) }, now.get(name) ?? {});
      if (changed.length > 0) failures.set(name, `handed out and changed since: ${changed.join(', ')}`);
    }
    for (const complaint of self.complaints())
      for (const name of concerned(complaint, names))
        failures.set(name, `the operator complains: ${complaint}`);
    return { failures, took };
  }

  const self: Course = {
    operator,
    begin: (step) => begin(step),
    async take(step, expected, trial) {
      const { standsAt, bury, known, acted, arrivals, failures } = await act(step, expected, trial);
      const { names, indices } = trial;
      const stood = new Map(names.map((name) => [name, standsAt(name)]));
      const fates = new Map<string, Fate>();
      if (names.every((name) => stood.get(name) === undefined)) {
        operator().proxy.hooks = {};
        world.sql.hooks = {};
        await acted;
        for (const name of names) {
          const failure = failures.get(name);
          fates.set(name, failure === undefined ? { hadNone: indices.has(name) } : { failure });
        }
        return fates;
      }
      const arrivedBefore = new Set(names.filter((name) => arrivals.hasArrived(name)));
      const late = await die({ names, acted, known }, bury, expected);
      for (const name of names) {
        const write = stood.get(name);
        const failure = failures.get(name) ?? late.failures.get(name);
        const milliseconds = late.took.get(name);
        fates.set(name, {
          ...(write === undefined ? {} : { write }),
          ...(milliseconds === undefined ? {} : { milliseconds }),
          ...(failure === undefined ? {} : { failure }),
          hadNone: write === undefined && indices.has(name) && arrivedBefore.has(name),
          missed: write === undefined && indices.has(name) && !arrivedBefore.has(name),
        });
      }
      return fates;
    },
    complaints() {
      const { process } = operator();
      return [...process.log.filter(isComplaint).map((line) => JSON.stringify(line)), ...process.noise];
    },
    end: stop,
  };
  return self;
}

/** Errors are for people: a process that takes over after a crash has none to tell. */
const isComplaint = ({ level, msg }: LogLine): boolean => level >= 50 && msg !== LEASE_LOST;

/** Whom a complaint names; where it names nobody, everybody. */
function concerned(complaint: string, names: readonly string[]): readonly string[] {
  const words = complaint.split(/[^a-z0-9]+/);
  const named = names.filter((name) => words.includes(name));
  return named.length === 0 ? names : named;
}

/** Credentials that were handed out stay what they are, as long as they exist; that they exist is part of the state. */
function changedOf(before: Handed, after: Handed): readonly string[] {
  return Object.keys(before).filter((key) => key in after && after[key] !== before[key]);
}

/** For messages of tests. */
export const describeFailures = (points: readonly CrashPoint[]): string =>
  points
    .filter(({ failure }) => failure !== undefined)
    .map(({ step, moment, index, write, failure }) => `${step}, ${moment} ${index} (${write}):\n${failure}`)
    .join('\n\n');

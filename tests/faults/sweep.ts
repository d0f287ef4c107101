/**
 * Kill after every write (after Sieve): a tenant lives its life, and in each step the operator dies at the k-th write,
 * for every k there is. Each time another process takes over and must arrive where the undisturbed life arrived.
 */
import { BOUND_MS, converge, NotConverged, quiet, settled } from './convergence.ts';
import type { Life, Step } from './lives.ts';
import { LEASE_LOST, type LogLine } from './operator-process.ts';
import { isCounted, type Hooks, type Seen } from './proxy.ts';
import { isWrite, type SqlHooks } from './sql-proxy.ts';
import { differences, handedOut, stateOf, type TenantState } from './state.ts';
import { kill, tail, type Operator, type World } from './world.ts';

/** Where the operator dies: when a write was applied and before it learns of that, or just before it is applied. */
export type Moment = 'after an API write' | 'before an API write' | 'after an SQL write';

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
  /** Which of the writes, from 1; absent: every one until there are no more. */
  readonly indices?: readonly number[];
  readonly prefix: string;
  readonly onPoint?: (point: CrashPoint) => void;
}

/** The states of an undisturbed life after each of its steps. */
export type Baseline = readonly TenantState[];

export async function undisturbed(world: World, life: Life, name: string): Promise<Baseline> {
  const run = createRun(world);
  const states: TenantState[] = [];
  try {
    for (const step of life) {
      await run.begin(step);
      await step.act(world, name);
      states.push(await settled(world, name, run.operator()));
      await step.afterwards?.(world, name);
    }
    run.assertNoComplaints();
  } finally {
    await run.end();
  }
  return states;
}

/** @returns every crash point, those included that did not converge */
export async function sweep(
  world: World,
  baseline: Baseline,
  { life, moment, indices, prefix, onPoint }: SweepOptions,
): Promise<readonly CrashPoint[]> {
  const points: CrashPoint[] = [];
  /** Steps whose writes have all had their turn. */
  const exhausted = new Set<Step>(life.filter(({ isPrelude }) => isPrelude === true));
  const run = createRun(world);
  try {
    for (let turn = 0; exhausted.size < life.length; turn += 1) {
      const index = indices === undefined ? turn + 1 : indices[turn];
      if (index === undefined) break;
      // What comes before a step is lived through each time: only a tenant that lived can be deleted.
      const last = life.findLastIndex((step) => !exhausted.has(step));
      const steps = life.filter((step, at) => at <= last || step.isEnd === true);
      const name = `${prefix}${String(index).padStart(3, '0')}`;
      for (const step of steps) {
        const expected = baseline[life.indexOf(step)];
        if (expected === undefined) throw new Error(`there is no undisturbed ${step.name}`);
        const point = exhausted.has(step)
          ? await run.plain(step, name, expected)
          : await run.crash(step, name, expected, { moment, index });
        if (point === undefined) exhausted.add(step);
        else {
          points.push(point);
          onPoint?.(point);
        }
        // What follows of a broken life says nothing.
        if (point?.failure !== undefined) break;
        await step.afterwards?.(world, name);
      }
    }
  } finally {
    await run.end();
  }
  return points;
}

interface Run {
  operator(): Operator;
  begin(step: Step): Promise<void>;
  plain(step: Step, name: string, expected: TenantState): Promise<CrashPoint | undefined>;
  /** `undefined`: the step has fewer writes than that. */
  crash(
    step: Step,
    name: string,
    expected: TenantState,
    at: { readonly moment: Moment; readonly index: number },
  ): Promise<CrashPoint | undefined>;
  assertNoComplaints(): void;
  end(): Promise<void>;
}

function createRun(world: World): Run {
  let current: Operator | undefined;
  let image = 'shopmind/runtime:1';

  const operator = (): Operator => {
    if (current === undefined) throw new Error('no operator runs');
    return current;
  };
  const restart = async (hooks: Hooks = {}): Promise<void> => {
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
      await restart(step.image === undefined ? {} : hooks);
      // What it finds to do at its start is no part of the step.
      if (step.image === undefined) await quiet(operator());
    }
    operator().proxy.hooks = hooks;
  }

  const self: Run = {
    operator,
    begin: (step) => begin(step),
    async plain(step, name, expected) {
      await begin(step);
      await step.act(world, name);
      await converge(world, name, expected);
      return undefined;
    },
    async crash(step, name, expected, { moment, index }) {
      const death = armed(world, moment, index, () => current);
      await begin(step, death.hooks);
      if (death.sqlHooks !== undefined) world.sql.hooks = death.sqlHooks;
      const known = await handedOut(world, name);
      const acted = step.act(world, name);
      const arrived = acted
        .then(() => converge(world, name, expected))
        .then(
          () => 'arrived' as const,
          (error: unknown) => error,
        );
      const outcome = await Promise.race([death.happened, arrived]);
      if (outcome === 'arrived' || outcome instanceof NotConverged) {
        disarm();
        if (outcome === 'arrived') return undefined;
        return failed(step, { moment, index, write: 'none', began: 0 }, outcome);
      }
      if (outcome instanceof Error) throw outcome;
      const began = performance.now();
      const write = String(outcome);
      await death.buried;
      disarm();
      current = undefined;
      const seen = { ...known, ...(await handedOut(world, name)) };
      await restart();
      try {
        await acted;
        await converge(world, name, expected);
        await unchanged(world, name, seen);
        self.assertNoComplaints();
      } catch (error) {
        if (!(error instanceof NotConverged)) throw error;
        return failed(step, { moment, index, write, began }, error);
      }
      return {
        step: step.name,
        moment,
        index,
        write,
        milliseconds: Math.round(performance.now() - began),
      };
    },
    assertNoComplaints() {
      const { process } = operator();
      const complaints = process.log.filter(isComplaint);
      if (complaints.length > 0 || process.noise.length > 0)
        throw new NotConverged(
          `the operator complains:\n  ${[...complaints.map((line) => JSON.stringify(line)), ...process.noise].join('\n  ')}`,
        );
    },
    end: stop,
  };

  function disarm(): void {
    if (current !== undefined) current.proxy.hooks = {};
    world.sql.hooks = {};
  }
  return self;
}

/** Errors are for people: a process that takes over after a crash has none to tell. */
const isComplaint = ({ level, msg }: LogLine): boolean => level >= 50 && msg !== LEASE_LOST;

function failed(
  step: Step,
  {
    moment,
    index,
    write,
    began,
  }: { readonly moment: Moment; readonly index: number; readonly write: string; readonly began: number },
  error: NotConverged,
): CrashPoint {
  const milliseconds = began === 0 ? BOUND_MS : Math.round(performance.now() - began);
  return { step: step.name, moment, index, write, milliseconds, failure: error.message };
}

/** Credentials that were handed out stay what they are, as long as they exist; that they exist is part of the state. */
async function unchanged(
  world: World,
  name: string,
  before: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const after = await handedOut(world, name);
  const broken = Object.keys(before).filter((key) => key in after && after[key] !== before[key]);
  if (broken.length > 0) throw new NotConverged(`handed out and changed since: ${broken.join(', ')}`);
}

interface Death {
  readonly hooks: Hooks;
  readonly sqlHooks: SqlHooks | undefined;
  /** Resolves with the write at which it came. */
  readonly happened: Promise<string>;
  /** Resolves when the process is gone and nothing of it is under way. */
  readonly buried: Promise<void>;
}

/** Kills the operator at its `index`-th write from now. */
function armed(world: World, moment: Moment, index: number, victim: () => Operator | undefined): Death {
  const happened = Promise.withResolvers<string>();
  const buried = Promise.withResolvers<void>();
  let counted = 0;
  let fatal: Seen | undefined;
  const strike = (what: string): 'cut' => {
    happened.resolve(what);
    const operator = victim();
    // It dies while it starts: whoever starts it sees that, and it is awaited by its name.
    if (operator !== undefined) void kill(operator).then(() => buried.resolve(), buried.reject);
    else void world.killStarting().then(() => buried.resolve(), buried.reject);
    world.sql.cut();
    return 'cut';
  };
  if (moment === 'after an SQL write') {
    const after = (statement: string): 'deliver' | 'cut' => {
      if (!isWrite(statement)) return 'deliver';
      counted += 1;
      return counted === index ? strike(statement.replaceAll(/\s+/g, ' ').slice(0, 80)) : 'deliver';
    };
    return { hooks: {}, sqlHooks: { after }, happened: happened.promise, buried: buried.promise };
  }
  const hooks: Hooks = {
    before(seen) {
      if (!isCounted(seen)) return 'pass';
      counted += 1;
      if (counted !== index) return 'pass';
      fatal = seen;
      return moment === 'before an API write' ? strike(`${seen.method} ${seen.what}`) : 'pass';
    },
    after: (seen) => (seen === fatal ? strike(`${seen.method} ${seen.what}`) : 'deliver'),
  };
  return { hooks, sqlHooks: undefined, happened: happened.promise, buried: buried.promise };
}

/** For messages of tests. */
export const describeFailures = (points: readonly CrashPoint[]): string =>
  points
    .filter(({ failure }) => failure !== undefined)
    .map(({ step, moment, index, write, failure }) => `${step}, ${moment} ${index} (${write}):\n${failure}`)
    .join('\n\n');

export { differences, stateOf };

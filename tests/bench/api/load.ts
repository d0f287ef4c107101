/**
 * Shoppers without think time: each does its next step as soon as the last one is answered, for as long as it is measured. What the
 * servers cost meanwhile is read from /proc, so that a machine that is shared with the load gives comparable figures all the same.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Pool, type Dispatcher } from 'undici';
import { memoryOf, processTree } from '../../support/processes.ts';
import { treeCpuSeconds } from '../cpu.ts';
import { quantile } from '../../support/quantile.ts';

/** Somebody who shops. Throws when an answer is not what it must be: the flow counts as failed and begins anew. */
export type Flow = (send: Send, shopper: number, round: number) => Promise<void>;

export interface Step {
  readonly method?: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether the answer is right, beyond its status. */
  readonly holds?: (text: string) => boolean;
  /** Where the request goes, if not to the shop: its processor. */
  readonly origin?: string;
}

export interface StepAnswer {
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** @throws Error when the answer is not right */
export type Send = (name: string, step: Step) => Promise<StepAnswer>;

export interface LoadOptions {
  readonly origin: string;
  readonly shoppers: number;
  readonly warmSeconds: number;
  readonly seconds: number;
  /** Processes by what they are; each with all it has started. */
  readonly servers: Readonly<Record<string, number>>;
  readonly flow: Flow;
  /** Asked for half-way through the warming up. */
  readonly warmed?: (() => Promise<void>) | undefined;
  /** How many flows are finished behind the shoppers' backs, so far. */
  readonly finished?: (() => Promise<number>) | undefined;
  /** Begun as measuring begins. @returns ended with it, and told how many flows there were */
  readonly watch?: (() => Promise<(flows: number) => Promise<string>>) | undefined;
}

/** In which shoppers who begin at the same moment come apart: what they wait for each other then is no figure of a shop. */
const SETTLING_MS = 2000;

export interface Measured {
  readonly requestsPerSecond: number;
  readonly flowsPerSecond: number;
  /** Flows that were finished behind the shoppers' backs; the rest cost their time later: `cpuMsUntilRest`. */
  readonly finishedPerSecond: number | undefined;
  /** Of single requests, ms. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** 0 to 1. */
  readonly failed: number;
  readonly firstFailure: string | undefined;
  readonly cpuMsPerRequest: number;
  readonly cpuMsPerFlow: number;
  /** A flow, with all that is caught up with when the shoppers have left: until the servers rest. */
  readonly cpuMsUntilRest: number;
  /** By server, ms a flow. */
  readonly cpuMs: Readonly<Record<string, number>>;
  /** By server, MB (proportional set size), at the end. */
  readonly memory: Readonly<Record<string, number>>;
  /** Share of one processor that the load itself took. */
  readonly load: number;
  /** By the name of the step, ms. */
  readonly steps: Readonly<Record<string, { readonly p50: number; readonly p99: number }>>;
  /** What `watch` had to tell. */
  readonly seen: string | undefined;
}

export async function measure(options: LoadOptions): Promise<Measured> {
  const { origin, shoppers, servers, flow } = options;
  const pools = new Map<string, Pool>();
  const poolOf = (to: string): Pool => {
    const known = pools.get(to) ?? new Pool(to, { connections: shoppers, pipelining: 1 });
    pools.set(to, known);
    return known;
  };
  const seen = {
    latencies: new Map<string, number[]>(),
    flows: 0,
    failed: 0,
    firstFailure: undefined as string | undefined,
  };
  let isMeasuring = false;

  const send: Send = async (name, step) => {
    const began = performance.now();
    const failure = await attempt(poolOf(step.origin ?? origin), name, step);
    if (isMeasuring) {
      const mine = seen.latencies.get(name) ?? [];
      seen.latencies.set(name, mine);
      mine.push(performance.now() - began);
    }
    if (!('problem' in failure)) return failure;
    if (isMeasuring) seen.failed += 1;
    throw new Error(failure.problem);
  };
  let flowsInAll = 0;
  const crowd = crowdOf(shoppers, async (shopper, round) => {
    try {
      await flow(send, shopper, round);
      flowsInAll += 1;
      if (isMeasuring) seen.flows += 1;
    } catch (error) {
      seen.firstFailure ??= error instanceof Error ? error.message : String(error);
      await pause(5);
    }
  });

  const leaveWarm = crowd();
  await pause(options.warmSeconds * 500);
  await options.warmed?.();
  await pause(options.warmSeconds * 500);
  await leaveWarm();
  await atRest(servers);

  const [restedBefore, flowsBefore] = [sum(await cpuOf(servers)), flowsInAll];
  const leave = crowd();
  await pause(SETTLING_MS);
  const finishedBefore = await options.finished?.();
  const watched = await options.watch?.();
  const [cpuBefore, loadBefore, began] = [await cpuOf(servers), process.cpuUsage(), performance.now()];
  isMeasuring = true;
  await pause(options.seconds * 1000);
  isMeasuring = false;
  const seconds = (performance.now() - began) / 1000;
  const [cpuAfter, load] = [await cpuOf(servers), process.cpuUsage(loadBefore)];
  const finished = await options.finished?.();
  const memory = await memoryOfAll(servers);
  const told = await watched?.(seen.flows);
  await leave();
  await atRest(servers);
  const untilRest = 1000 * (sum(await cpuOf(servers)) - restedBefore);
  await Promise.all([...pools.values()].map((pool) => pool.close()));

  const byStep = Object.fromEntries(
    [...seen.latencies].map(([name, ms]) => [name, ms.toSorted((a, b) => a - b)]),
  );
  const latencies = Object.values(byStep)
    .flat()
    .toSorted((a, b) => a - b);
  const spent = mapValues(cpuAfter, (after, name) => 1000 * (after - (cpuBefore[name] ?? 0)));
  const total = sum(spent);
  return {
    requestsPerSecond: latencies.length / seconds,
    flowsPerSecond: seen.flows / seconds,
    finishedPerSecond:
      finished === undefined || finishedBefore === undefined
        ? undefined
        : (finished - finishedBefore) / seconds,
    p50: quantile(latencies, 0.5),
    p95: quantile(latencies, 0.95),
    p99: quantile(latencies, 0.99),
    failed: seen.failed / Math.max(1, latencies.length),
    firstFailure: seen.firstFailure,
    cpuMsPerRequest: total / latencies.length,
    cpuMsPerFlow: total / seen.flows,
    cpuMsUntilRest: untilRest / (flowsInAll - flowsBefore),
    cpuMs: mapValues(spent, (ms) => ms / seen.flows),
    memory,
    load: (load.user + load.system) / 1e6 / seconds,
    steps: mapValues(byStep, (ms) => ({ p50: quantile(ms, 0.5), p99: quantile(ms, 0.99) })),
    seen: told,
  };
}

/** @returns begins them all, who go on counting their rounds, and then ends them: each at the end of the round they are at */
function crowdOf(
  shoppers: number,
  play: (shopper: number, round: number) => Promise<void>,
): () => () => Promise<void> {
  const rounds = Array.from({ length: shoppers }, () => 0);
  return () => {
    let isOver = false;
    const playing = rounds.map(async (_, shopper) => {
      while (!isOver) {
        const round = rounds[shopper] ?? 0;
        rounds[shopper] = round + 1;
        await play(shopper, round);
      }
    });
    return async () => {
      isOver = true;
      await Promise.all(playing);
    };
  };
}

async function attempt(
  pool: Pool,
  name: string,
  step: Step,
): Promise<StepAnswer | { readonly problem: string }> {
  const { method = 'GET', path, headers, body = null, holds } = step;
  const request: Dispatcher.RequestOptions = {
    method,
    path,
    body,
    ...(headers === undefined ? {} : { headers }),
  };
  try {
    const answer = await pool.request(request);
    const text = await answer.body.text();
    if (answer.statusCode < 400 && (holds === undefined || holds(text)))
      return { text, headers: answer.headers };
    return { problem: `${name} answered ${answer.statusCode}: ${text.slice(0, 300)}` };
  } catch (error) {
    return { problem: `${name}: ${String(error)}` };
  }
}

/**
 * Waits until the servers have nothing left to do: for two seconds they take less than a tenth of a processor, which is more than polling
 * takes and less than any work. @throws Error when they are not done after two minutes
 */
async function atRest(servers: LoadOptions['servers']): Promise<void> {
  let [before, resting] = [sum(await cpuOf(servers)), 0];
  for (let second = 0; second < 120; second += 1) {
    await pause(1000);
    const now = sum(await cpuOf(servers));
    resting = now - before < 0.1 ? resting + 1 : 0;
    if (resting === 2) return;
    before = now;
  }
  throw new Error('the servers are still at work two minutes after the shoppers have left');
}

function sum(values: Readonly<Record<string, number>>): number {
  return Object.values(values).reduce((total, value) => total + value, 0);
}

async function cpuOf(servers: LoadOptions['servers']): Promise<Record<string, number>> {
  return each(servers, treeCpuSeconds);
}

async function memoryOfAll(servers: LoadOptions['servers']): Promise<Record<string, number>> {
  return each(servers, async (root) => {
    const sizes = await Promise.all((await processTree(root)).map(({ pid }) => memoryOf(pid)));
    return sizes.reduce((sum, bytes) => sum + bytes, 0) / 1e6;
  });
}

async function each<In, Out>(
  values: Readonly<Record<string, In>>,
  work: (value: In) => Promise<Out>,
): Promise<Record<string, Out>> {
  const entries = Object.entries(values).map(async ([name, value]) => [name, await work(value)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

function mapValues<In, Out>(
  values: Readonly<Record<string, In>>,
  change: (value: In, name: string) => Out,
): Record<string, Out> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value, name)]));
}

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

export interface Measured {
  readonly requestsPerSecond: number;
  readonly flowsPerSecond: number;
  /** Flows that were finished behind the shoppers' backs; those that were not will cost their time later. */
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
  const phase = { isMeasuring: false, isOver: false };

  const send: Send = async (name, step) => {
    const began = performance.now();
    const failure = await attempt(poolOf(step.origin ?? origin), name, step);
    if (phase.isMeasuring) {
      const mine = seen.latencies.get(name) ?? [];
      seen.latencies.set(name, mine);
      mine.push(performance.now() - began);
    }
    if (!('problem' in failure)) return failure;
    if (phase.isMeasuring) seen.failed += 1;
    throw new Error(failure.problem);
  };
  const shopper = async (index: number): Promise<void> => {
    for (let round = 0; !phase.isOver; round += 1) {
      try {
        await flow(send, index, round);
        if (phase.isMeasuring) seen.flows += 1;
      } catch (error) {
        seen.firstFailure ??= error instanceof Error ? error.message : String(error);
        await pause(5);
      }
    }
  };

  const crowd = Promise.all(Array.from({ length: shoppers }, (_, index) => shopper(index)));
  await pause(options.warmSeconds * 500);
  await options.warmed?.();
  await pause(options.warmSeconds * 500);
  const finishedBefore = await options.finished?.();
  const watched = await options.watch?.();
  const [cpuBefore, loadBefore, began] = [await cpuOf(servers), process.cpuUsage(), performance.now()];
  phase.isMeasuring = true;
  await pause(options.seconds * 1000);
  phase.isMeasuring = false;
  const seconds = (performance.now() - began) / 1000;
  const [cpuAfter, load] = [await cpuOf(servers), process.cpuUsage(loadBefore)];
  const finished = await options.finished?.();
  const memory = await memoryOfAll(servers);
  const told = await watched?.(seen.flows);
  phase.isOver = true;
  await crowd;
  await Promise.all([...pools.values()].map((pool) => pool.close()));

  const byStep = Object.fromEntries(
    [...seen.latencies].map(([name, ms]) => [name, ms.toSorted((a, b) => a - b)]),
  );
  const latencies = Object.values(byStep)
    .flat()
    .toSorted((a, b) => a - b);
  const spent = mapValues(cpuAfter, (after, name) => 1000 * (after - (cpuBefore[name] ?? 0)));
  const total = Object.values(spent).reduce((sum, ms) => sum + ms, 0);
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
    cpuMs: mapValues(spent, (ms) => ms / seen.flows),
    memory,
    load: (load.user + load.system) / 1e6 / seconds,
    steps: mapValues(byStep, (ms) => ({ p50: quantile(ms, 0.5), p99: quantile(ms, 0.99) })),
    seen: told,
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

/**
 * Probes: the pure counting of answers, and the loop that asks.
 * A container that is not ready yet is asked in quick succession, so that it is ready as soon as it says so.
 */
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect } from 'node:net';
import type { Container, Probe } from '../controllers/machinery/wire.ts';
import { sleep } from '../sleep.ts';

export type ProbeKind = 'startup' | 'readiness' | 'liveness';

export interface ProbeLimits {
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

export interface ProbeState {
  /** Undefined before the first verdict. */
  readonly verdict: boolean | undefined;
  readonly successes: number;
  readonly failures: number;
}

export const UNKNOWN: ProbeState = { verdict: undefined, successes: 0, failures: 0 };

/** Where a probe goes when it names no host. */
export interface ProbeTarget {
  readonly host: string;
  readonly container: Container;
  /** Runs a command beside the container; resolves with its exit code, 124 when it took too long. */
  exec(command: readonly string[], timeoutMs: number): Promise<{ code: number; output: string }>;
}

export interface ProbeAnswer {
  readonly ok: boolean;
  readonly message: string;
}

const FIRST_RETRY_MS = 25;
const MAX_RETRY_MS = 100;
/** After so long without being ready a container is asked at its own period. */
const EAGER_MS = 60_000;
const MAX_MESSAGE = 500;

/** With Kubernetes' defaults. */
export function probeLimits(probe: Probe, kind: ProbeKind): ProbeLimits {
  return {
    initialDelayMs: (probe.initialDelaySeconds ?? 0) * 1e3,
    periodMs: (probe.periodSeconds || 10) * 1e3,
    timeoutMs: (probe.timeoutSeconds || 1) * 1e3,
    successThreshold: kind === 'readiness' ? probe.successThreshold || 1 : 1,
    failureThreshold: probe.failureThreshold || 3,
  };
}

/** Counts one answer. */
export function count(state: ProbeState, ok: boolean, limits: ProbeLimits): ProbeState {
  if (ok) {
    const successes = state.successes + 1;
    return { verdict: successes >= limits.successThreshold ? true : state.verdict, successes, failures: 0 };
  }
  const failures = state.failures + 1;
  return { verdict: failures >= limits.failureThreshold ? false : state.verdict, successes: 0, failures };
}

/** How long to wait before the next question. */
export function nextDelay(
  kind: ProbeKind,
  state: ProbeState,
  limits: ProbeLimits,
  attempt: number,
  ageMs: number,
): number {
  const eager = kind !== 'liveness' && state.verdict !== true && ageMs < EAGER_MS;
  return eager ? Math.min(FIRST_RETRY_MS * 2 ** attempt, MAX_RETRY_MS, limits.periodMs) : limits.periodMs;
}

export interface ProbeLoop {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  readonly target: ProbeTarget;
  readonly signal: AbortSignal;
  /** Called when the verdict is reached or changes. */
  onVerdict(ok: boolean, answer: ProbeAnswer): void;
  /** Called for every failure that counts in full. */
  onFailure(answer: ProbeAnswer): void;
}

/** Asks until the signal; a startup probe ends with its first success. */
export async function runProbe({
  kind,
  probe,
  target,
  signal,
  onVerdict,
  onFailure,
}: ProbeLoop): Promise<void> {
  const limits = probeLimits(probe, kind);
  const began = performance.now();
  // Liveness is first asked one period after the start: a process needs its moment.
  await sleep(
    kind === 'liveness'
      ? Math.max(limits.initialDelayMs, Math.min(limits.periodMs, 1e3))
      : limits.initialDelayMs,
    signal,
  );
  let state = UNKNOWN;
  let countedAt = -Infinity;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const answer = await ask(probe, target, limits.timeoutMs);
    if (signal.aborted) return;
    const now = performance.now();
    const before = state.verdict;
    // Quick questions share one failure per period: the threshold keeps the time it stands for.
    const counts = answer.ok || now - countedAt >= limits.periodMs * 0.9;
    if (counts) {
      state = count(state, answer.ok, limits);
      countedAt = answer.ok ? -Infinity : now;
      if (!answer.ok && attempt > 0) onFailure(answer);
    }
    if (state.verdict !== undefined && state.verdict !== before) onVerdict(state.verdict, answer);
    else if (state.verdict === false && counts && kind !== 'readiness') onVerdict(false, answer);
    if (kind === 'startup' && state.verdict === true) return;
    await sleep(nextDelay(kind, state, limits, attempt, now - began - limits.initialDelayMs), signal);
  }
}

/** Asks once. Never throws: what goes wrong is the answer. */
export async function ask(probe: Probe, target: ProbeTarget, timeoutMs: number): Promise<ProbeAnswer> {
  try {
    if (probe.httpGet) return await askHttp(probe.httpGet, target, timeoutMs);
    if (probe.tcpSocket) return await askTcp(probe.tcpSocket, target, timeoutMs);
    if (probe.exec) return await askCommand(probe.exec.command ?? [], target, timeoutMs);
    return { ok: false, message: 'the embedded cluster has probes by httpGet, tcpSocket and exec only' };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

export interface HttpGet {
  readonly host?: string;
  readonly path?: string;
  readonly port: number | string;
  readonly scheme?: string;
  readonly httpHeaders?: readonly { name: string; value: string }[];
}

/** One GET on a connection of its own; 200 to 399 is well. */
export function askHttp(get: HttpGet, target: ProbeTarget, timeoutMs: number): Promise<ProbeAnswer> {
  const tls = get.scheme === 'HTTPS';
  return new Promise((resolve) => {
    const outgoing = (tls ? requestTls : request)(
      {
        host: get.host ?? target.host,
        port: portNumber(get.port, target.container),
        path: get.path ?? '/',
        agent: false,
        ...(tls ? { rejectUnauthorized: false } : {}),
        headers: {
          'user-agent': 'kube-probe/shopmind',
          connection: 'close',
          ...Object.fromEntries((get.httpHeaders ?? []).map(({ name, value }) => [name, value])),
        },
      },
      (response) => {
        const status = response.statusCode ?? 0;
        clearTimeout(timer);
        response.resume();
        response.once('error', () => undefined);
        resolve(
          status >= 200 && status < 400
            ? { ok: true, message: '' }
            : { ok: false, message: `HTTP probe failed with statuscode: ${status}` },
        );
      },
    );
    const timer = setTimeout(() => {
      outgoing.destroy(new Error(`Get "${get.path ?? '/'}": no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    outgoing.once('error', (error) => {
      clearTimeout(timer);
      resolve({ ok: false, message: error.message || 'connection failed' });
    });
    outgoing.end();
  });
}

function askTcp(
  { host, port }: { host?: string; port: number | string },
  target: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host: host ?? target.host, port: portNumber(port, target.container) });
    const answer = (ok: boolean, message: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ ok, message });
    };
    const timer = setTimeout(
      () => answer(false, `dial tcp: no connection within ${timeoutMs} ms`),
      timeoutMs,
    );
    socket.once('connect', () => answer(true, ''));
    socket.once('error', (error) => answer(false, error.message));
  });
}

async function askCommand(
  command: readonly string[],
  target: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeAnswer> {
  const { code, output } = await target.exec(command, timeoutMs);
  return {
    ok: code === 0,
    message: code === 0 ? '' : `command exited with ${code}: ${output.slice(0, MAX_MESSAGE)}`,
  };
}

/** @throws Error when a name is not one of the container's ports */
export function portNumber(port: number | string, container: Container): number {
  if (typeof port === 'number') return port;
  if (/^\d+$/.test(port)) return Number(port);
  const found = (container.ports ?? []).find(({ name }) => name === port);
  if (!found) throw new Error(`container ${container.name} has no port named "${port}"`);
  return found.containerPort;
}

/** Calls of the Kubernetes API: bounded in time, by the rate and by the lease; counted and traced; repeated where that is safe. */
import type { CallOptions, ClientOptions, Fence } from './client-types.ts';
import { sleep, systemClock } from './clock.ts';
import { errorOfAnswer, KubeError, subject, type Asked } from './errors.ts';
import { createBucket } from './ratelimit.ts';
import { NO_SPANS } from './spans.ts';
import { createTransport, isStaleSocket, type TransportAnswer } from './transport.ts';

export const PATCH_TYPES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

export interface Call extends Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface Calls {
  /** @param fence what a write must not outlive @throws KubeError for every answer that is no success */
  call(asked: Call, fence: Fence | undefined): Promise<TransportAnswer>;
  /** An answer that comes line by line, for as long as the server writes it. @throws KubeError */
  lines(
    asked: Asked,
    path: string,
    stream: CallOptions & { inactivityMs?: number; onOpen?: () => void },
    onLine: (line: string) => void,
  ): Promise<void>;
  close(): void;
}

export function createCalls(options: ClientOptions): Calls {
  const clock = options.clock ?? systemClock;
  const transport = createTransport(options.connection, clock);
  const bucket =
    options.limit === undefined
      ? undefined
      : createBucket(options.limit.perSecond, options.limit.burst, clock);
  const host = options.connection.server.host;
  const userAgent = options.userAgent ?? 'shopmind-kube/1';
  const observe = options.observe ?? (() => undefined);
  const spans = options.spans ?? NO_SPANS;

  async function call(asked: Call, fence: Fence | undefined): Promise<TransportAnswer> {
    const write = asked.method !== 'GET';
    for (let tries = 0; ; tries += 1) {
      const wait = bucket?.reserve() ?? 0;
      if (wait > 0) await sleep(clock, wait, asked.signal);
      const answer = await attempt(asked, write ? fence : undefined, tries === 0);
      if (answer === undefined) continue;
      if (answer.status < 300) return answer;
      const retryAfterMs = retryAfter(answer, clock.now());
      const error = errorOfAnswer(answer.status, answer.body, asked, retryAfterMs);
      if (!mayRepeat(answer.status, retryAfterMs) || tries >= (options.retries ?? 5)) throw error;
      await sleep(clock, retryAfterMs ?? Math.min(1000 * 2 ** tries, 15_000), asked.signal);
    }
  }

  /** `undefined`: an idle connection had died before the request could reach the server, so it is sent once more. */
  async function attempt(
    asked: Call,
    guard: Fence | undefined,
    first: boolean,
  ): Promise<TransportAnswer | undefined> {
    const started = clock.monotonic();
    const done = (code: string): void =>
      observe({
        method: asked.method,
        verb: asked.verb,
        host,
        code,
        seconds: (clock.monotonic() - started) / 1000,
      });
    try {
      const timeoutMs = boundedByFence(asked.timeoutMs ?? options.timeoutMs ?? 30_000, guard, asked);
      return await spans.call(
        `${asked.verb} ${asked.type?.plural ?? 'api'}`,
        { 'http.request.method': asked.method },
        async (note) => {
          const answer = await transport.request({
            method: asked.method,
            path: asked.path,
            headers: { 'user-agent': userAgent, ...asked.headers },
            body: asked.body,
            timeoutMs,
            signal: asked.signal,
          });
          note('http.response.status_code', answer.status);
          done(String(answer.status));
          return answer;
        },
      );
    } catch (error) {
      done('<error>');
      if (first && isStaleSocket(error) && isRepeatable(asked)) return undefined;
      throw error;
    }
  }

  async function lines(
    asked: Asked,
    path: string,
    stream: CallOptions & { inactivityMs?: number; onOpen?: () => void },
    onLine: (line: string) => void,
  ): Promise<void> {
    const started = clock.monotonic();
    const done = (code: string): void =>
      observe({ method: 'GET', verb: asked.verb, host, code, seconds: (clock.monotonic() - started) / 1000 });
    let answer: TransportAnswer;
    try {
      answer = await transport.lines(
        {
          method: 'GET',
          path,
          headers: { 'user-agent': userAgent },
          timeoutMs: stream.timeoutMs ?? options.timeoutMs ?? 30_000,
          signal: stream.signal,
        },
        { onLine, onOpen: stream.onOpen, inactivityMs: stream.inactivityMs ?? 90_000 },
      );
    } catch (error) {
      done('<error>');
      throw error;
    }
    done(String(answer.status));
    if (answer.status !== 200) {
      const retryAfterMs = retryAfter(answer, clock.now());
      throw errorOfAnswer(answer.status, answer.body, asked, retryAfterMs);
    }
  }

  return { call, lines, close: () => transport.close() };
}

/** A write must not outlive the lease it was sent under. */
function boundedByFence(timeoutMs: number, fence: Fence | undefined, asked: Asked): number {
  if (fence === undefined) return timeoutMs;
  const left = fence.remainingMs();
  if (left > 0) return Math.min(timeoutMs, left);
  throw new KubeError({
    code: 0,
    reason: 'NotLeader',
    message: `${subject(asked)} was not sent: this process no longer holds the lease`,
    remedy: 'Nothing to do: the replica that holds the lease does the work.',
  });
}

/** Only what the server refused before doing anything is safe to repeat for every verb. */
const mayRepeat = (status: number, retryAfterMs: number | undefined): boolean =>
  status === 429 || (status === 503 && retryAfterMs !== undefined);

const isRepeatable = (call: Call): boolean =>
  call.method === 'GET' || (call.method === 'PATCH' && call.headers?.['content-type'] === PATCH_TYPES.apply);

/** Retry-After in seconds or as a date; at most a minute is believed. */
function retryAfter(answer: TransportAnswer, now: Date): number | undefined {
  const header = answer.headers['retry-after'];
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now.getTime();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 60_000) : undefined;
}

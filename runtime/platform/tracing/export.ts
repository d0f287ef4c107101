/**
 * Sends spans to an OTLP/HTTP receiver, some at a time. What cannot be sent is counted and forgotten: nothing here waits for the
 * receiver but the sending itself, and no more is kept than a bounded queue and the one batch on its way.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { jsonIn } from '../json/index.ts';
import { exportRequest } from './otlp.ts';
import type { Span } from './span.ts';

export interface ExporterOptions {
  readonly url: string;
  readonly resource: Readonly<Record<string, string | undefined>>;
  readonly onTrouble: (error: unknown) => void;
  /** Spans that wait, at most. Default 4,096. */
  readonly room?: number;
  /** Spans of one request, at most. Default 512. */
  readonly batch?: number;
  /** From a span's end to its sending, at most, while all is well. Default 1 s. */
  readonly delayMilliseconds?: number;
  /** The receiver's answer is waited for so long. Default 10 s. */
  readonly answerMilliseconds?: number;
  /** After a failure; each next pause is twice as long. Default 1 s. */
  readonly firstPauseMilliseconds?: number;
  /** What is left when the process ends has so long to go. Default 1 s. */
  readonly goodbyeMilliseconds?: number;
}

/** Spans since the start, by what became of them. */
export interface TraceReport {
  readonly sent: number;
  /** There was no room: more is recorded than the receiver takes. */
  readonly overflowed: number;
  /** The receiver could not be reached, or did not answer, as often as it was tried. */
  readonly unreachable: number;
  /** It would not have them, or is no OTLP receiver. */
  readonly refused: number;
}

export interface Exporter {
  push(span: Span): void;
  report(): TraceReport;
  close(): Promise<void>;
}

const TRIES = 5;
const MOST_PAUSE_MS = 30_000;
/** Of an answer: whoever says more is no receiver of traces. */
const MOST_ANSWER_BYTES = 65_536;
/** What a clock that was set differs by. */
const DRIFT_MS = 5;

export function createExporter(options: ExporterOptions): Exporter {
  const {
    room = 4_096,
    batch = 512,
    delayMilliseconds = 1_000,
    answerMilliseconds = 10_000,
    goodbyeMilliseconds = 1_000,
  } = options;
  const target = targetOf(options.url);
  const report = { sent: 0, overflowed: 0, unreachable: 0, refused: 0 };
  const closing = new AbortController();
  let queue: Span[] = [];
  let epoch = performance.timeOrigin;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;
  let isWell = true;
  let isClosing = false;

  function push(span: Span): void {
    if (queue.length >= room || isClosing) {
      report.overflowed += 1;
      return;
    }
    queue.push(span);
    if (sending !== undefined) return;
    if (queue.length >= batch) flush();
    else if (timer === undefined) {
      timer = setTimeout(flush, delayMilliseconds);
      timer.unref();
    }
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    sending = sendAll().finally(() => {
      sending = undefined;
      // What came meanwhile waits for company, unless there is enough of it.
      if (queue.length > 0 && timer === undefined && !closing.signal.aborted)
        timer = setTimeout(flush, delayMilliseconds).unref();
    });
  }

  async function sendAll(): Promise<void> {
    do {
      const some = queue.splice(0, batch);
      const { outcome, rejected } = await deliver(exportRequest(some, options.resource, epochNow()));
      report.refused += rejected;
      report[outcome] += some.length - rejected;
    } while (queue.length >= batch || (isClosing && queue.length > 0));
  }

  async function deliver(body: string): Promise<Delivery> {
    let pause = options.firstPauseMilliseconds ?? 1_000;
    for (let tries = 1; ; tries += 1) {
      const answer = await post(body);
      if ('rejected' in answer) {
        isWell = true;
        return { outcome: 'sent', rejected: answer.rejected };
      }
      if (isWell) options.onTrouble(answer.error);
      isWell = false;
      if (!answer.mayRepeat) return { outcome: 'refused', rejected: 0 };
      if (tries >= TRIES || isClosing) return { outcome: 'unreachable', rejected: 0 };
      await rest(Math.max(pause, answer.afterMilliseconds));
      pause *= 2;
    }
  }

  async function rest(milliseconds: number): Promise<void> {
    const most = Math.min(milliseconds, MOST_PAUSE_MS) * (0.8 + Math.random() * 0.4);
    // A process that ends does not wait for it.
    await sleep(most, undefined, { ref: false, signal: closing.signal }).catch(() => undefined);
  }

  async function post(body: string): Promise<Taken | Refusal> {
    try {
      const answer = await fetch(target, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(answerMilliseconds), closing.signal]),
      });
      const text = await beginningOf(answer);
      if (answer.ok) return judge(text);
      return {
        error: new Error(`The receiver of traces answers ${answer.status}.`),
        mayRepeat: REPEATABLE.has(answer.status),
        afterMilliseconds: Number(answer.headers.get('retry-after') ?? 0) * 1_000 || 0,
      };
    } catch (error) {
      return { error, mayRepeat: true, afterMilliseconds: 0 };
    }
  }

  /** The monotonic clock does not know when somebody sets the other one, nor for how long the machine slept. */
  function epochNow(): number {
    const now = Date.now() - performance.now();
    if (Math.abs(now - epoch) > DRIFT_MS) epoch = now;
    return epoch;
  }

  return {
    push,
    report: () => report,
    async close() {
      isClosing = true;
      const late = setTimeout(() => closing.abort(), goodbyeMilliseconds);
      await sending;
      if (queue.length > 0 && !closing.signal.aborted) flush();
      await sending;
      clearTimeout(late);
      closing.abort();
      clearTimeout(timer);
      report.unreachable += queue.length;
      queue = [];
    },
  };
}

interface Delivery {
  readonly outcome: 'sent' | 'unreachable' | 'refused';
  /** How many of a batch that was sent the receiver threw away. */
  readonly rejected: number;
}

interface Taken {
  readonly rejected: number;
}

interface Refusal {
  readonly error: unknown;
  readonly mayRepeat: boolean;
  readonly afterMilliseconds: number;
}

/** As the specification of OTLP/HTTP names them. */
const REPEATABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** A receiver answers with a JSON object, an empty one mostly; a page says that somebody else lives there. */
function judge(text: string): Taken | Refusal {
  const answer = text === '' ? {} : jsonIn(text);
  if (typeof answer === 'object' && answer !== null) return { rejected: rejectedIn(answer) };
  const error = new Error('What TRACES_URL names is no OTLP receiver.');
  return { error, mayRepeat: false, afterMilliseconds: 0 };
}

function rejectedIn(answer: object): number {
  const partial = 'partialSuccess' in answer ? answer.partialSuccess : undefined;
  if (typeof partial !== 'object' || partial === null || !('rejectedSpans' in partial)) return 0;
  const count = Number(partial.rejectedSpans);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

async function beginningOf(answer: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body ?? []) {
    parts.push(part);
    size += part.length;
    // Leaving the loop ends the answer.
    if (size > MOST_ANSWER_BYTES) break;
  }
  return Buffer.concat(parts).toString('utf8');
}

/** `http://collector:4318`: where no path is said, the usual one is meant. */
function targetOf(text: string): string {
  const url = new URL(text);
  if (url.pathname === '/') url.pathname = '/v1/traces';
  return url.href;
}

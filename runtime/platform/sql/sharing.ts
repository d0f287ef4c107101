/**
 * Single statements of a tenant that have to wait for a connection share the one that comes free: one BEGIN, one COMMIT, one wait for the
 * disk and one round trip for all of them. Nobody waits so that others may come along: where a connection is free, a statement goes at once.
 *
 * A way to the server costs several times what a statement by key does, so that under load each costs a fraction of what it does alone. No statement
 * shares with another tenant's, whose locks it would wait for. What the server refuses has had no effect, and is asked for again statement by
 * statement: whose fault it was fails alone, and with its own error.
 */
import type { TenantId } from '../ports.ts';
import type { Statement, WireResult } from './wire.ts';

/** What is asked for as one: all of it is done, or nothing. */
export interface Ask {
  readonly tenant: TenantId;
  readonly statements: readonly Statement[];
}

export interface SharingOptions {
  /** Runs the statements in their order in one transaction. `begun` is called when it has a connection. */
  readonly run: (
    tenant: TenantId,
    statements: readonly Statement[],
    begun: () => void,
  ) => Promise<WireResult[]>;
  /** Whether what `run` threw may be one ask's fault; otherwise everybody gets it. */
  readonly isSomebodys: (error: unknown) => boolean;
  /** Transactions under way, at most. */
  readonly atOnce: number;
  /** Asks of one transaction, at most. */
  readonly most: number;
  /** What takes longer than this, once it has a connection, shares nothing the next time, until it has been quick once. Milliseconds. */
  readonly slowMilliseconds: number;
}

export interface Sharing {
  /** @throws what `run` throws for this ask alone, or for all where that is nobody's fault */
  ask(ask: Ask): Promise<WireResult[]>;
}

interface Waiting extends Ask {
  resolve(results: WireResult[]): void;
  reject(error: unknown): void;
}

/** More texts than this are not remembered as slow: somebody builds them from data. */
const MOST_SLOW = 500;

export function createSharing({ run, isSomebodys, ...limits }: SharingOptions): Sharing {
  const queue: Waiting[] = [];
  const slow = new Set<string>();
  let running = 0;
  let beginning = false;

  /** After whatever else has come in this turn of the event loop. */
  function begin(): void {
    if (beginning || running >= limits.atOnce) return;
    beginning = true;
    setImmediate(() => {
      beginning = false;
      while (running < limits.atOnce && queue.length > 0) void serve(take());
    });
  }

  /** The oldest, and what its tenant asks for besides: a share of it where others are free to take theirs. */
  function take(): readonly Waiting[] {
    const tenant = queue[0]?.tenant;
    const share = Math.min(limits.most, Math.ceil(queue.length / (limits.atOnce - running)));
    const taken: Waiting[] = [];
    const left: Waiting[] = [];
    for (const each of queue) (each.tenant === tenant && taken.length < share ? taken : left).push(each);
    queue.splice(0, queue.length, ...left);
    return taken;
  }

  async function serve(asks: readonly Waiting[]): Promise<void> {
    running += 1;
    const [first] = asks;
    if (asks.length === 1 && first !== undefined) await alone(first).then(first.resolve, first.reject);
    else await shared(asks);
    running -= 1;
    if (queue.length > 0) begin();
  }

  async function shared(asks: readonly Waiting[]): Promise<void> {
    const tenant = asks[0]?.tenant ?? '';
    const watch = stopwatch();
    try {
      const results = await run(
        tenant,
        asks.flatMap(({ statements }) => statements),
        watch.start,
      );
      let at = 0;
      for (const { statements, resolve } of asks) resolve(results.slice(at, (at += statements.length)));
      // Whose it was shows the next time, when each of them goes alone.
      if (watch.milliseconds() > limits.slowMilliseconds) for (const each of asks) note(each, true);
    } catch (error) {
      if (isSomebodys(error))
        await Promise.all(asks.map((each) => alone(each).then(each.resolve, each.reject)));
      else for (const { reject } of asks) reject(error);
    }
  }

  async function alone(ask: Ask): Promise<WireResult[]> {
    const watch = stopwatch();
    const results = await run(ask.tenant, ask.statements, watch.start);
    note(ask, watch.milliseconds() > limits.slowMilliseconds);
    return results;
  }

  function note({ statements }: Ask, isSlow: boolean): void {
    for (const { text } of statements) {
      if (!isSlow) slow.delete(text);
      else if (slow.size < MOST_SLOW) slow.add(text);
    }
  }

  return {
    ask(ask) {
      if (ask.statements.some(({ text }) => slow.has(text))) return alone(ask);
      return new Promise((resolve, reject) => {
        queue.push({ ...ask, resolve, reject });
        begin();
      });
    },
  };
}

function stopwatch(): { start(): void; milliseconds(): number } {
  let began = performance.now();
  return {
    start: () => void (began = performance.now()),
    milliseconds: () => performance.now() - began,
  };
}

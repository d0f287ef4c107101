/**
 * Single statements that have to wait for a connection share the one that comes free: one BEGIN, one COMMIT, one wait for the disk and one round
 * trip for all of them. Nobody waits so that others may come along: where a connection is free, a statement goes at once.
 *
 * A way to the server costs several times what a statement by key does, so that under load each costs a fraction of what it does alone. What writes
 * shares with its own tenant's only: it would wait for the locks of another's. Reads lock nothing, and share with whoever waits too, so that
 * thousands of shops that are each asked now and then are served as cheaply as one that is asked all the time; but not with a tenant whose way
 * was long, or refused, a moment ago. What the server refuses has had no effect, and is asked for again statement by statement: whose fault it was fails
 * alone, and with its own error.
 */
import type { TenantId } from '../ports.ts';
import type { Statement, WireResult } from './wire.ts';

/** What is asked for as one: all of it is done, or nothing. */
export interface Ask {
  readonly tenant: TenantId;
  readonly statements: readonly Statement[];
}

export interface SharingOptions {
  /** Runs them in their order in one transaction, and answers each with its results. `begun` is called when it has a connection. */
  readonly run: (asks: readonly Ask[], begun: () => void) => Promise<readonly WireResult[][]>;
  /** Whether what `run` threw may be one ask's fault; otherwise everybody gets it. */
  readonly isSomebodys: (error: unknown) => boolean;
  /** Transactions under way, at most. */
  readonly atOnce: number;
  /** Asks of one transaction, at most. */
  readonly most: number;
  /** What takes longer than this, once it has a connection, shares nothing the next time, until it has been quick once. Milliseconds. */
  readonly slowMilliseconds: number;
  /** Whether one transaction may be of several tenants. */
  readonly mixes: boolean;
  /**
   * Whose takes longer than this, once it has a connection, and several times as long as is usual, shares with no other tenant's for as long
   * as `APART_MS` says. Milliseconds.
   */
  readonly longMilliseconds: number;
  /** Milliseconds since any moment. Default: this process's. */
  readonly now?: () => number;
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
/** For so long a tenant is left to itself after its way was long. */
const APART_MS = 10_000;
/** More tenants than this are not remembered as long. */
const MOST_APART = 1_000;
/** How many times as long as usual is long: where everything is slow it is the server, and sharing helps. */
const UNUSUAL = 4;
/** What the latest way counts in what is usual. */
const LATEST = 1 / 32;

export function createSharing(options: SharingOptions): Sharing {
  const { run, isSomebodys, now = () => performance.now(), ...limits } = options;
  const queue: Waiting[] = [];
  const slow = new Set<string>();
  /** Tenants, and until when they are left to themselves; whoever came first goes first. */
  const apart = new Map<TenantId, number>();
  /** What a way takes, once it has a connection. */
  let usual = 0;
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

  /** The oldest, and what may go with it: a share of it where others are free to take theirs. */
  function take(): readonly Waiting[] {
    const tenant = queue[0]?.tenant;
    const isMixed = limits.mixes && tenant !== undefined && mayMix(tenant);
    const share = Math.min(limits.most, Math.ceil(queue.length / (limits.atOnce - running)));
    const taken: Waiting[] = [];
    const left: Waiting[] = [];
    for (const each of queue) {
      const fits = each.tenant === tenant || (isMixed && mayMix(each.tenant));
      (fits && taken.length < share ? taken : left).push(each);
    }
    queue.splice(0, queue.length, ...left);
    // Whose turn it is, is told the server once for each tenant.
    return isMixed
      ? taken.toSorted((a, b) => (a.tenant < b.tenant ? -1 : a.tenant > b.tenant ? 1 : 0))
      : taken;
  }

  function mayMix(tenant: TenantId): boolean {
    const until = apart.get(tenant);
    if (until === undefined) return true;
    if (until > now()) return false;
    apart.delete(tenant);
    return true;
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
    const watch = stopwatch(now);
    try {
      const results = await run(asks, watch.start);
      for (const [index, { resolve }] of asks.entries()) resolve(results[index] ?? []);
      noteWay(asks, watch.milliseconds());
      // Whose it was shows the next time, when each of them goes alone.
      if (watch.milliseconds() > limits.slowMilliseconds) for (const each of asks) note(each, true);
    } catch (error) {
      if (isSomebodys(error))
        await Promise.all(asks.map((each) => alone(each).then(each.resolve, (own) => refused(each, own))));
      else for (const { reject } of asks) reject(error);
    }
  }

  /** Nobody else's is asked for twice again because of it. */
  function refused({ tenant, reject }: Waiting, error: unknown): void {
    leave(tenant);
    reject(error);
  }

  async function alone(ask: Ask): Promise<WireResult[]> {
    const watch = stopwatch(now);
    const [results = []] = await run([ask], watch.start);
    note(ask, watch.milliseconds() > limits.slowMilliseconds);
    noteWay([ask], watch.milliseconds());
    return results;
  }

  function noteWay(asks: readonly Ask[], milliseconds: number): void {
    const isLong = milliseconds > Math.max(limits.longMilliseconds, usual * UNUSUAL);
    usual += (milliseconds - usual) * LATEST;
    if (isLong) for (const { tenant } of asks) leave(tenant);
  }

  function leave(tenant: TenantId): void {
    if (!limits.mixes) return;
    if (apart.size >= MOST_APART) apart.clear();
    apart.set(tenant, now() + APART_MS);
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

function stopwatch(now: () => number): { start(): void; milliseconds(): number } {
  let began = now();
  return {
    start: () => void (began = now()),
    milliseconds: () => now() - began,
  };
}

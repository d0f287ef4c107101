/**
 * Small transactions of several tenants that are asked for at about the same time share one: one BEGIN, one COMMIT, one wait for the disk, one
 * round trip. For background work, which is many small transactions; no request waits for another tenant's.
 *
 * What is asked for while one is under way goes together with the next. One that the server refuses has had no effect, and is asked for again
 * tenant by tenant: whose fault it was fails alone, and with its own error.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TenantId } from '../ports.ts';
import type { Statement, WireResult } from './wire.ts';

/** What one tenant asks for. */
export interface Part {
  readonly tenant: TenantId;
  readonly statements: readonly Statement[];
}

export interface TogetherOptions {
  /** Runs all parts in their order in one transaction, and answers each with its results. */
  readonly all: (parts: readonly Part[]) => Promise<readonly WireResult[][]>;
  /** Runs one part in a transaction of its own. */
  readonly alone: (part: Part) => Promise<WireResult[]>;
  /** Whether what `all` threw may be one tenant's fault; otherwise everybody gets it. */
  readonly isSomebodys: (error: unknown) => boolean;
  /** Parts of one transaction, at most. */
  readonly most: number;
  /** Transactions under way, at most. */
  readonly atOnce: number;
  /** From the beginning of one to that of the next, at least, unless it is full. The first after a pause waits for nobody. */
  readonly restMilliseconds: number;
}

export interface Together {
  /** @throws what `alone` throws for this part, or `all` where that is nobody's fault */
  ask(tenant: TenantId, statements: readonly Statement[]): Promise<WireResult[]>;
}

interface Waiting extends Part {
  resolve(results: WireResult[]): void;
  reject(error: unknown): void;
}

export function createTogether({ all, alone, isSomebodys, ...limits }: TogetherOptions): Together {
  const queue: Waiting[] = [];
  let running = 0;
  let gathering = false;
  let began = -Infinity;

  /** One gathers at a time, so that two that begin at once do not share what belongs together. */
  async function start(): Promise<void> {
    if (gathering || running >= limits.atOnce) return;
    gathering = true;
    // At least until whoever else asks in this turn of the event loop has asked.
    const rest = limits.restMilliseconds - (performance.now() - began);
    await sleep(queue.length >= limits.most ? 0 : Math.max(rest, 0));
    gathering = false;
    began = performance.now();
    running++;
    await serve(take(queue, limits.most));
    running--;
    if (queue.length > 0) void start();
  }

  async function serve(parts: readonly Waiting[]): Promise<void> {
    const [first] = parts;
    if (parts.length === 1 && first !== undefined) return serveAlone(first);
    try {
      const results = await all(parts);
      for (const [index, part] of parts.entries()) part.resolve(results[index] ?? []);
    } catch (error) {
      if (isSomebodys(error)) await Promise.all(parts.map(serveAlone));
      else for (const part of parts) part.reject(error);
    }
  }

  function serveAlone(part: Waiting): Promise<void> {
    return alone(part).then(part.resolve, part.reject);
  }

  return {
    ask: (tenant, statements) =>
      new Promise((resolve, reject) => {
        queue.push({ tenant, statements, resolve, reject });
        void start();
      }),
  };
}

/**
 * The oldest of the queue, ordered by tenant: two processes that lock rows of the same tenants do not wait for each other. Of a tenant
 * that has asked twice, the second stays for the next time, after what the first has done.
 */
function take(queue: Waiting[], most: number): readonly Waiting[] {
  const taken = new Map<TenantId, Waiting>();
  for (const part of queue) {
    if (taken.size === most) break;
    if (!taken.has(part.tenant)) taken.set(part.tenant, part);
  }
  const mine = new Set(taken.values());
  queue.splice(0, queue.length, ...queue.filter((part) => !mine.has(part)));
  return [...mine].toSorted((a, b) => (a.tenant < b.tenant ? -1 : 1));
}

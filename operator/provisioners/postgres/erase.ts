/**
 * Removes a tenant's rows from a table that others share, so that these do not notice: a batch at a time, in the order of the
 * primary key, each batch short, and the more sessions are at work beside it, the longer the rest between two.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { deleteNext } from './citus.ts';
import type { Session } from './database.ts';
import type { TenantTable } from './tables.ts';

/** How a batch is run: by itself, or in a transaction that holds what must be held. */
export type InBatch = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

/**
 * @param observer asked how busy the server is
 * @returns rows that were removed. Rows that arrive meanwhile may stay: whoever must have none calls again until it answers 0
 */
export async function eraseRows(
  observer: Session,
  inBatch: InBatch,
  {
    schema,
    table,
    tenant,
  }: { readonly schema: string; readonly table: TenantTable; readonly tenant: string },
): Promise<number> {
  let size = FIRST_BATCH;
  let busy = await othersAtWork(observer);
  let after: readonly string[] | undefined;
  for (let total = 0; ;) {
    const began = performance.now();
    const { changed, last } = await inBatch(async (session) => {
      const values = [tenant, ...(after ?? [])];
      const [answer] = await session.query<Batch>(
        deleteNext(schema, table, size, after !== undefined),
        values,
      );
      return answer ?? { changed: 0, last: null };
    });
    total += changed;
    // Fewer than asked for are no proof of the end: another may have removed some at the same moment.
    if (last === null) return total;
    after = last;
    const took = performance.now() - began;
    size = nextSize(size, took);
    busy = SMOOTH * busy + (1 - SMOOTH) * (await othersAtWork(observer));
    await sleep(restOf(took, busy));
  }
}

/** Rows of the next batch: as many as would have taken the time a batch may take, in steps of at most twice or half. */
export function nextSize(size: number, tookMs: number): number {
  const fitting = (size * BATCH_MS) / Math.max(tookMs, 0.1);
  return Math.round(Math.min(Math.max(fitting, size / 2, SMALLEST), size * 2, LARGEST));
}

/**
 * Milliseconds of rest after a batch: none on an idle server, several times what the batch took where others work.
 * @param busy sessions at work beside this one, on average
 */
export function restOf(tookMs: number, busy: number): number {
  return tookMs * Math.min(busy * REST_FOR_EACH, MOST_REST);
}

interface Batch {
  readonly changed: number;
  /** Primary key of the last row looked at, as text; null when there was none. */
  readonly last: readonly string[] | null;
}

/** Short beside what a shopper notices, long beside a round trip. */
const BATCH_MS = 20;
const FIRST_BATCH = 200;
const SMALLEST = 50;
const LARGEST = 5_000;
const REST_FOR_EACH = 1;
const MOST_REST = 3;
const SMOOTH = 0.8;

async function othersAtWork(observer: Session): Promise<number> {
  const [answer] = await observer.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
      where state = 'active' and backend_type = 'client backend' and pid <> pg_backend_pid()`,
  );
  return answer?.count ?? 0;
}

/**
 * Claims that are outlived: several workers, any of which may go silent with a task in its hands until its lease is over and come back to
 * end it when another has long taken it. Whatever the order, each task is done once by whoever holds it, and by nobody else.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import { z } from 'zod';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { until } from '../../../tests/support/wait.ts';
import { manualClock } from '../clock.ts';
import { ShopError } from '../errors.ts';
import type { TaskRun } from '../ports.ts';
import type { PostgresSql } from '../sql/postgres.ts';
import { createTaskQueue } from './queue.ts';

const TASKS = 3;
const WORKERS = 3;
/** Of one worker at once. */
const ROOM = 2;
const LEASE_SECONDS = 30;
/** Longer than any pause after a failure. */
const LONG_MS = 400_000;

const steps = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('end' as const),
        which: fc.nat(9),
        how: fc.constantFrom('done' as const, 'fail' as const, 'away' as const),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('pass' as const),
        seconds: fc.constantFrom(1, 10, LEASE_SECONDS - 1, LEASE_SECONDS, 45),
      }),
    },
  ),
  { minLength: 4, maxLength: 24 },
);

let database: TestDatabase;
let sql: PostgresSql;
before(async () => {
  database = await startTestDatabase([]);
  sql = database.open({ connections: 6 });
});
after(() => database.stop());

test('however long workers are silent, each task is done by its holder, once, and nobody else’s end counts', async () => {
  let number = 0;
  let outlived = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      const world = await startWorld(`fenced-${(number += 1)}`);
      try {
        for (const step of plan) {
          if (step.do === 'pass') world.pass(step.seconds * 1_000);
          else await world.end(step.which, step.how);
          await world.quiet();
        }
        while (world.faults.length === 0 && !(await world.isOver())) {
          // Whoever was silent comes back first.
          while (world.open() > 0) {
            await world.end(0, 'done');
            // There is room again: what is over is taken before anybody else ends.
            await world.quiet();
            if (world.faults.length > 0) break;
          }
          world.pass(LONG_MS);
          await world.quiet();
        }
        assert.deepEqual(world.faults, []);
        assert.equal(world.done.size, TASKS);
        outlived += world.outlived();
      } finally {
        await world.close();
      }
    }),
    { numRuns: 25 },
  );
  assert.ok(outlived > 10, `only ${outlived} runs were outlived: this shows nothing`);
});

interface Run {
  readonly n: number;
  readonly fence: number;
  readonly ended: PromiseWithResolvers<void>;
}

interface Row {
  readonly id: string;
  readonly state: string;
  readonly fence: number;
  readonly lease_until: Date | null;
}

async function startWorld(tenant: string) {
  const clock = manualClock(new Date());
  const faults: string[] = [];
  const done = new Set<number>();
  const latest = new Map<number, number>();
  const runs: Run[] = [];
  /** Ends that have been written, or tried to. */
  let written = 0;
  let outlived = 0;

  const watched: PostgresSql = {
    ...sql,
    async query(of, text, values, options) {
      const answer = await sql.query(of, text, values, options);
      if (/DELETE FROM tasks|SET state = '(?:waiting|dead)'/.test(text)) written += 1;
      return answer;
    },
  } as PostgresSql; // the same functions, of the same types

  const handle = ({ payload, fence }: TaskRun): Promise<void> => {
    const { n } = payload as { n: number }; // parsed by the definition
    if (done.has(n)) faults.push(`task ${n} runs although it is done`);
    if (fence <= (latest.get(n) ?? 0)) faults.push(`task ${n} has fence ${fence} after ${latest.get(n)}`);
    latest.set(n, fence);
    const ended = Promise.withResolvers<void>();
    runs.push({ n, fence, ended });
    return ended.promise;
  };
  const queues = Array.from({ length: WORKERS }, () =>
    createTaskQueue({
      sql: watched,
      clock,
      log: pino({ level: 'silent' }),
      serves: (of) => of === tenant,
      sweepMilliseconds: 5,
      perTenant: ROOM,
      definitions: [
        {
          name: 'f.work',
          payload: z.object({ n: z.int() }),
          maxAttempts: 1_000,
          leaseSeconds: LEASE_SECONDS,
        },
      ],
    }),
  );
  await sql.transaction(tenant, (tx) =>
    tx.enqueue(
      ...Array.from({ length: TASKS }, (_, n) => ({ name: 'f.work', payload: { n }, runAt: clock.now() })),
    ),
  );
  for (const queue of queues) queue.work('f.work', handle);

  const rowOf = async (n: number): Promise<Row | undefined> =>
    (
      await sql.query<Row>(
        tenant,
        `SELECT id, state, fence, lease_until FROM tasks WHERE tenant_id = $1 AND payload->>'n' = $2`,
        [tenant, String(n)],
      )
    ).rows[0];

  /** Resolves when whatever is due has been taken, or nobody has room. */
  async function quiet(): Promise<void> {
    await until(
      async () => {
        const { rows } = await sql.query<{ due: number }>(
          tenant,
          `SELECT count(*)::int AS due FROM tasks WHERE tenant_id = $1
             AND (state = 'waiting' AND run_at <= $2 OR state = 'running' AND lease_until <= $2)`,
          [tenant, clock.now()],
        );
        return rows[0]?.due === 0 || runs.length >= WORKERS * ROOM ? true : undefined;
      },
      { withinMs: 30_000, everyMs: 2, what: 'whatever is due is taken' },
    );
    // What was taken has been handed out, too.
    await until(
      async () => {
        const { rows } = await sql.query<{ n: number; fence: number }>(
          tenant,
          `SELECT (payload->>'n')::int AS n, fence FROM tasks WHERE tenant_id = $1 AND state = 'running'`,
          [tenant],
        );
        return rows.every(({ n, fence }) => latest.get(n) === Number(fence)) ? true : undefined;
      },
      { withinMs: 30_000, everyMs: 2, what: 'whatever is taken runs' },
    );
  }

  async function end(which: number, how: 'done' | 'fail' | 'away'): Promise<void> {
    const [run] = runs.splice(which % Math.max(1, runs.length), 1);
    if (run === undefined) return;
    const before = await rowOf(run.n);
    const isHolder = before?.state === 'running' && Number(before.fence) === run.fence;
    const already = written;
    if (how === 'done') run.ended.resolve();
    else if (how === 'fail') run.ended.reject(new Error('It did not work.'));
    else run.ended.reject(new ShopError('unavailable', 'Something is away.', { retryAfterSeconds: 1 }));
    await until(() => (written > already ? true : undefined), {
      withinMs: 30_000,
      everyMs: 1,
      what: 'the end is written',
    });
    const now = await rowOf(run.n);
    if (isHolder && how === 'done') {
      if (now !== undefined) faults.push(`task ${run.n} was done by its holder and is still there`);
      done.add(run.n);
    } else if (isHolder) {
      if (now === undefined) faults.push(`task ${run.n} failed and is gone`);
    } else if (before !== undefined) {
      outlived += 1;
      // Another may take it at the same moment; nobody may let it go.
      const isSame =
        now?.state === before.state && now.lease_until?.getTime() === before.lease_until?.getTime();
      if (now === undefined || Number(now.fence) < Number(before.fence))
        faults.push(`task ${run.n} was ended by somebody who no longer had it`);
      else if (Number(now.fence) === Number(before.fence) && !isSame)
        faults.push(`task ${run.n} was changed by somebody who no longer had it`);
    } else if (now !== undefined) faults.push(`task ${run.n} was done and has come back`);
  }

  await quiet();
  return {
    faults,
    done,
    end,
    quiet,
    open: () => runs.length,
    outlived: () => outlived,
    pass: (milliseconds: number) => clock.advance(milliseconds),
    async isOver(): Promise<boolean> {
      const { rows } = await sql.query(tenant, 'SELECT id FROM tasks WHERE tenant_id = $1', [tenant]);
      return rows.length === 0;
    },
    async close(): Promise<void> {
      for (const { ended } of runs.splice(0)) ended.resolve();
      await Promise.all(queues.map((queue) => queue.close()));
    },
  };
}

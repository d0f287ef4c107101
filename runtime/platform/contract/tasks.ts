/** What every tasks adapter must keep: at least once, not before its time, fenced, retried, dead in the end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import type { TaskDefinition } from '../definition.ts';
import { ShopError } from '../errors.ts';
import type { Sql, TaskRun, Tasks } from '../ports.ts';

export interface TasksUnderTest {
  readonly sql: Sql;
  /** A new adapter on the same backend, as another process would have it. */
  open(definitions: readonly TaskDefinition[]): Tasks & { settled(): Promise<void> };
  dead(tenant: string): Promise<readonly { name: string; attempts: number; last_error: string }[]>;
}

const define = (name: string, leaseSeconds = 30): TaskDefinition => ({
  name,
  payload: z.object({ n: z.int() }),
  maxAttempts: 3,
  leaseSeconds,
});

/** Registers the suite. */
export function tasksContract(adapter: string, setUp: () => Promise<TasksUnderTest>): void {
  let number = 0;
  const fresh = () => `tasks-${++number}-${process.pid}`;

  test(`${adapter}: each task runs once although several workers wait for it`, async () => {
    const { sql, open } = await setUp();
    const tenant = fresh();
    const runs: number[] = [];
    const handler = ({ payload }: TaskRun) => {
      runs.push((payload as { n: number }).n); // parsed by the definition
      return Promise.resolve();
    };
    const workers = [1, 2, 3].map(() => open([define('c.once')]));
    for (const worker of workers) worker.work('c.once', handler);
    await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        sql.transaction(tenant, (tx) => tx.enqueue({ name: 'c.once', payload: { n } })),
      ),
    );
    await until(() => runs.length >= 40);
    for (const worker of workers) await worker.settled();
    assert.deepEqual(
      runs.toSorted((a, b) => a - b),
      Array.from({ length: 40 }, (_, n) => n),
    );
    for (const worker of workers) await worker.close();
  });

  test(`${adapter}: a task waits for its time, and a key waits once`, async () => {
    const { sql, open } = await setUp();
    const tenant = fresh();
    const worker = open([define('c.later')]);
    const ran: { n: unknown; at: number }[] = [];
    const at = Date.now() + 300;
    for (let n = 0; n < 3; n++) {
      await sql.transaction(tenant, (tx) =>
        tx.enqueue({ name: 'c.later', payload: { n }, key: 'k', runAt: new Date(at) }),
      );
    }
    // Only now, so that none has had its time before the last one came.
    worker.work('c.later', ({ payload }) => {
      ran.push({ n: payload, at: Date.now() });
      return Promise.resolve();
    });
    await until(() => ran.length > 0);
    await worker.settled();
    assert.deepEqual(
      ran.map(({ n }) => n),
      [{ n: 0 }],
    );
    assert.ok((ran[0]?.at ?? 0) >= at - 1, 'not before its time');
    await worker.close();
  });

  test(`${adapter}: a failing task is retried, then dead and visible; a bad payload too`, async () => {
    const { sql, open, dead } = await setUp();
    const tenant = fresh();
    const worker = open([define('c.fail'), define('c.bad')]);
    let attempts = 0;
    worker.work('c.fail', () => {
      attempts++;
      throw new Error('always');
    });
    worker.work('c.bad', () => Promise.resolve());
    await sql.transaction(tenant, (tx) =>
      tx.enqueue({ name: 'c.fail', payload: { n: 1 } }, { name: 'c.bad', payload: { n: 'one' } }),
    );
    await until(async () => (await dead(tenant)).length === 2);
    assert.equal(attempts, 3);
    const rows = (await dead(tenant)).toSorted((a, b) => a.name.localeCompare(b.name));
    assert.deepEqual(
      rows.map(({ name, attempts }) => [name, attempts]),
      [
        ['c.bad', 3],
        ['c.fail', 3],
      ],
    );
    assert.match(rows[1]?.last_error ?? '', /always/);
    await worker.close();
  });

  test(`${adapter}: a try in which something was away does not count, however long it is away`, async () => {
    const { sql, open } = await setUp();
    const tenant = fresh();
    const worker = open([define('c.away')]);
    const attempts: number[] = [];
    worker.work('c.away', ({ attempt }) => {
      attempts.push(attempt);
      if (attempts.length <= 5)
        throw new ShopError('unavailable', 'The store is away.', { retryAfterSeconds: 1 });
      return Promise.resolve();
    });
    await sql.transaction(tenant, (tx) => tx.enqueue({ name: 'c.away', payload: { n: 1 } }));
    await until(() => attempts.length > 5);
    await worker.settled();
    assert.deepEqual(attempts, [1, 1, 1, 1, 1, 1], 'of three that it may have');
    await worker.close();
  });

  test(`${adapter}: a slow task does not keep the others of its tenant waiting`, async () => {
    const { sql, open } = await setUp();
    const tenant = fresh();
    const worker = open([define('c.slow'), define('c.quick')]);
    const gate = Promise.withResolvers<void>();
    let quick = 0;
    worker.work('c.slow', () => gate.promise);
    worker.work('c.quick', () => Promise.resolve(void quick++));
    await sql.transaction(tenant, (tx) => tx.enqueue({ name: 'c.slow', payload: { n: 1 } }));
    await sql.transaction(tenant, (tx) => tx.enqueue({ name: 'c.quick', payload: { n: 1 } }));
    await until(() => quick === 1);
    gate.resolve();
    await worker.close();
  });

  test(`${adapter}: a worker that stops gives its task back at once`, async () => {
    const { sql, open } = await setUp();
    const tenant = fresh();
    const first = open([define('c.move')]);
    const started = Promise.withResolvers<void>();
    first.work('c.move', ({ signal }) => {
      started.resolve();
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true }),
      );
    });
    await sql.transaction(tenant, (tx) => tx.enqueue({ name: 'c.move', payload: { n: 1 } }));
    await started.promise;
    await first.close();
    const second = open([define('c.move')]);
    const attempt = Promise.withResolvers<number>();
    second.work('c.move', (run) => Promise.resolve(attempt.resolve(run.attempt)));
    await second.settled();
    assert.equal(await attempt.promise, 1, 'being stopped is no failed attempt');
    await second.close();
  });
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('It did not happen within a minute.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

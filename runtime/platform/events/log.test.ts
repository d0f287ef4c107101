import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { endOf, kill } from '../../../tests/support/ended.ts';
import { own } from '../../../tests/support/owned.ts';
import { untilSeen } from '../../../tests/support/wait.ts';
import { systemClock } from '../clock.ts';
import { eventsContract } from '../contract/events.ts';
import { breakPledge, PLEDGES } from '../contract/pledges.ts';
import { tasksContract } from '../contract/tasks.ts';
import type { PostgresSql } from '../sql/postgres.ts';
import { createTaskQueue } from '../tasks/queue.ts';
import { createEventLog } from './log.ts';

const log = pino({ level: 'silent' });
let database: TestDatabase;
let sql: PostgresSql;

before(async () => {
  database = await startTestDatabase([]);
  await database.admin.query(PLEDGES);
  sql = open();
});
after(() => database.stop());

const open = () => database.open({ connections: 8 });
const events = (sweepMilliseconds = 50) =>
  createEventLog({
    sql,
    clock: systemClock,
    log,
    sweepMilliseconds,
    firstPauseMilliseconds: 5,
    maxAttempts: 5,
  });

eventsContract('event log in PostgreSQL', () =>
  Promise.resolve({
    sql,
    open: () => events(),
    refuseCommit: breakPledge,
    async deadLetters(tenant, consumer) {
      const { rows } = await sql.query<{ key: string; type: string }>(
        tenant,
        'SELECT key, type FROM dead_letters WHERE tenant_id = $1 AND consumer = $2',
        [tenant, consumer],
      );
      return rows;
    },
  }),
);

tasksContract('task queue in PostgreSQL', () =>
  Promise.resolve({
    sql,
    open: (definitions) =>
      createTaskQueue({
        sql,
        clock: systemClock,
        log,
        definitions,
        sweepMilliseconds: 50,
        firstPauseMilliseconds: 5,
      }),
    async dead(tenant) {
      const { rows } = await sql.query<{ name: string; attempts: number; last_error: string }>(
        tenant,
        `SELECT name, attempts, last_error FROM tasks WHERE tenant_id = $1 AND state = 'dead'`,
        [tenant],
      );
      return rows;
    },
  }),
);

test('an event of another process arrives at once, without the sweep', async (context) => {
  const other = open();
  const publisher = createEventLog({ sql: other, clock: systemClock, log, sweepMilliseconds: 60_000 });
  const consumer = events(60_000);
  let arrived = Promise.withResolvers<void>();
  await consumer.subscribe('latency', ['x.thing'], () => Promise.resolve(arrived.resolve()));
  const times: number[] = [];
  for (let n = 0; n < 21; n++) {
    arrived = Promise.withResolvers<void>();
    await other.transaction('latency', (tx) =>
      tx.emit({ topic: 'x.thing', type: 'x.thing.done', key: 'k', payload: {} }),
    );
    const committed = performance.now();
    await arrived.promise;
    times.push(performance.now() - committed);
  }
  const median = times.toSorted((a, b) => a - b)[10] ?? Infinity;
  context.diagnostic(`median of ${times.length}: ${median.toFixed(1)} ms`);
  // A few milliseconds; the sweep would come after a minute.
  assert.ok(median < 10_000, `median ${median.toFixed(1)} ms`);
  await publisher.close();
  await consumer.close();
  await other.close();
});

test('a tenant that was deleted and made anew under the same name is followed again', async () => {
  const tenant = 'phoenix';
  const log = events(60_000);
  const heard: unknown[] = [];
  let arrived = Promise.withResolvers<void>();
  await log.subscribe('phoenix', ['x.thing'], (event) => {
    if (event.tenant === tenant) heard.push(event.payload);
    return Promise.resolve(event.tenant === tenant ? arrived.resolve() : undefined);
  });
  for (let life = 0; life < 3; life++) {
    arrived = Promise.withResolvers();
    await sql.transaction(tenant, (tx) =>
      tx.emit({ topic: 'x.thing', type: 'x.thing.done', key: 'k', payload: { life } }),
    );
    await arrived.promise;
    await log.settled();
    for (const table of ['event_log', 'event_heads', 'consumer_positions', 'promised_events']) {
      await database.admin.query(`DELETE FROM shop.${table} WHERE tenant_id = $1`, [tenant]);
    }
  }
  assert.deepEqual(heard, [{ life: 0 }, { life: 1 }, { life: 2 }]);
  await log.close();
});

test('events of rows that many transactions fight for come in the order the transactions won', async () => {
  const tenant = 'crowded';
  await database.admin.query(`CREATE TABLE shop.counters (tenant_id text, id text, n int);
    ALTER TABLE shop.counters ENABLE ROW LEVEL SECURITY; ALTER TABLE shop.counters FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON shop.counters USING (tenant_id = current_setting('app.tenant', true)); GRANT ALL ON shop.counters TO shop_runtime;
    INSERT INTO shop.counters SELECT 'crowded', 'k' || n, 0 FROM generate_series(0, 4) n`);
  const other = open();
  const logs = [
    events(),
    createEventLog({ sql: other, clock: systemClock, log, sweepMilliseconds: 50 }),
  ] as const;
  const heard = new Map<string, number[]>();
  let total = 0;
  for (const each of logs) {
    await each.subscribe('crowd', ['x.count'], (event) => {
      if (event.tenant !== tenant) return Promise.resolve();
      total++;
      const { n } = event.payload as { n: number }; // emitted below
      heard.set(event.key, [...(heard.get(event.key) ?? []), n]);
      return Promise.resolve();
    });
  }
  const rounds = 400;
  await Promise.all(
    Array.from({ length: rounds }, (_, round) =>
      (round % 2 === 0 ? sql : other).transaction(tenant, async (tx) => {
        const key = `k${round % 5}`;
        const { rows } = await tx.query<{ n: number }>(
          'UPDATE counters SET n = n + 1 WHERE tenant_id = $1 AND id = $2 RETURNING n',
          [tenant, key],
        );
        await tx.emit({ topic: 'x.count', type: 'x.count.up', key, payload: { n: rows[0]?.n } });
      }),
    ),
  );
  await untilSeen(
    async () => {
      for (const each of logs) await each.settled();
      return total;
    },
    (seen) => seen >= rounds,
    { everyMs: 1, what: 'every event is heard' },
  );
  for (const [key, numbers] of heard) {
    assert.deepEqual(
      numbers,
      Array.from({ length: rounds / 5 }, (_, n) => n + 1),
      key,
    );
  }
  for (const each of logs) await each.close();
  await other.close();
});

test('a lock that a dead process still holds delays its tenant, and loses nothing', async () => {
  const tenant = 'held';
  const log = events();
  let heard = 0;
  const arrived = Promise.withResolvers<void>();
  await log.subscribe('held', ['x.thing'], (event) => {
    if (event.tenant === tenant && ++heard === 2) arrived.resolve();
    return Promise.resolve();
  });
  const emit = () =>
    sql.transaction(tenant, (tx) =>
      tx.emit({ topic: 'x.thing', type: 'x.thing.done', key: 'k', payload: {} }),
    );
  await emit();
  await log.settled();
  assert.equal(heard, 1);
  const ghost = await database.admin.connect();
  await ghost.query(`BEGIN; SELECT 1 FROM shop.consumer_positions WHERE tenant_id = 'held' FOR UPDATE`);
  await emit();
  await log.settled();
  assert.equal(heard, 1, 'it is another’s at the moment');
  await ghost.query('ROLLBACK');
  ghost.release();
  await arrived.promise;
  await log.close();
});

test('a process killed between commit and publish, again and again, loses no event and repeats no effect', async () => {
  const tenant = 'killed';
  await database.admin.query(`CREATE TABLE IF NOT EXISTS shop.effects (tenant_id text, event_id text, n int);
    ALTER TABLE shop.effects ENABLE ROW LEVEL SECURITY; ALTER TABLE shop.effects FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON shop.effects USING (tenant_id = current_setting('app.tenant', true)); GRANT ALL ON shop.effects TO shop_runtime`);
  let acknowledged = 0;
  for (let round = 0; round < 4; round++) {
    const child = fork(new URL('./log.crash.ts', import.meta.url), [database.url, tenant], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    own(child);
    let mine = 0;
    child.on('message', () => {
      acknowledged++;
      mine++;
    });
    await untilSeen(
      () => mine,
      (told) => told >= 40 + round * 13,
      { everyMs: 1, what: 'enough is emitted', hopeless: () => endOf(child) },
    );
    await kill(child);
  }
  const survivor = events();
  await survivor.subscribe('effects', ['x.thing'], async (event, tx) => {
    await tx.query('INSERT INTO effects VALUES ($1, $2, $3)', [
      event.tenant,
      event.id,
      (event.payload as { n: number }).n,
    ]);
  });
  // The server may not have noticed yet that the killed process is gone, and still hold its locks.
  const state = async () => {
    const { rows } = await database.admin.query<
      Record<'waiting' | 'published' | 'behind' | 'effects' | 'events', number>
    >(
      `SELECT (SELECT count(*)::int FROM shop.promised_events WHERE tenant_id = $1) AS waiting,
              (SELECT count(*)::int FROM shop.event_log WHERE tenant_id = $1) AS published,
              (SELECT (h.position - c.position)::int FROM shop.event_heads h JOIN shop.consumer_positions c USING (tenant_id)
                 WHERE tenant_id = $1 AND consumer = 'effects') AS behind,
              (SELECT count(*)::int FROM shop.effects WHERE tenant_id = $1) AS effects,
              (SELECT count(DISTINCT event_id)::int FROM shop.effects WHERE tenant_id = $1) AS events`,
      [tenant],
    );
    assert.ok(rows[0]);
    return rows[0];
  };
  const last = await untilSeen(
    async () => {
      await survivor.settled();
      return state();
    },
    ({ waiting, behind }) => waiting === 0 && behind === 0,
    { everyMs: 1, what: 'everything is published and handled' },
  );
  await survivor.close();
  assert.equal(last.effects, last.events, 'no effect twice');
  assert.equal(last.effects, last.published, 'every event took effect');
  assert.ok(last.effects >= acknowledged, `${acknowledged} acknowledged, ${last.effects} took effect`);
});

test('a task whose worker was killed is claimed again when its lease ends, and the old fence is worth nothing', async () => {
  const tenant = 'lease';
  const past = new Date(Date.now() - 1_000);
  await sql.query(
    tenant,
    `INSERT INTO tasks (tenant_id, id, name, payload, state, run_at, attempts, fence, lease_until, created_at, updated_at)
     VALUES ($1, 'tsk_1', 'l.orphan', '{}', 'running', $2, 1, 7, $2, $2, $2)`,
    [tenant, past],
  );
  const { z } = await import('zod');
  const queue = createTaskQueue({
    sql,
    clock: systemClock,
    log,
    sweepMilliseconds: 20,
    definitions: [{ name: 'l.orphan', payload: z.object({}), maxAttempts: 5, leaseSeconds: 30 }],
  });
  const ran = Promise.withResolvers<{ attempt: number; fence: number }>();
  queue.work('l.orphan', ({ attempt, fence }) => Promise.resolve(ran.resolve({ attempt, fence })));
  assert.deepEqual(await ran.promise, { attempt: 2, fence: 8 });
  await queue.settled();
  const { rows } = await sql.query(tenant, 'SELECT id FROM tasks WHERE tenant_id = $1', [tenant]);
  assert.deepEqual(rows, []);
  await queue.close();
});

test('a worker claims no more tasks than it has room for, whatever plan the server makes', async () => {
  const tenant = 'room';
  const { z } = await import('zod');
  const definitions = [{ name: 'l.room', payload: z.object({}), maxAttempts: 5, leaseSeconds: 30 }];
  await sql.transaction(tenant, (tx) =>
    tx.enqueue(...Array.from({ length: 40 }, () => ({ name: 'l.room', payload: {} }))),
  );
  // An empty table's plan, in which the question for due tasks was asked once for each of them.
  const queue = createTaskQueue({
    sql,
    clock: systemClock,
    log,
    definitions,
    sweepMilliseconds: 20,
    perTenant: 3,
  });
  let running = 0;
  let most = 0;
  queue.work('l.room', async () => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running -= 1;
  });
  const left = async (): Promise<number> =>
    (await sql.query(tenant, 'SELECT id FROM tasks WHERE tenant_id = $1', [tenant])).rowCount;
  await untilSeen(
    async () => {
      await queue.settled();
      return left();
    },
    (tasks) => tasks === 0,
    { everyMs: 1, what: 'every task is done' },
  );
  assert.equal(most, 3);
  await queue.close();
});

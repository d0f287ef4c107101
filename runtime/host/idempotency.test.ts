import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../tests/support/database.ts';
import { manualClock } from '../platform/clock.ts';
import { ShopError } from '../platform/errors.ts';
import type { PostgresSql } from '../platform/sql/postgres.ts';
import { createIdempotency, type Answer, type Idempotency, type Keep } from './idempotency.ts';

const clock = manualClock();
let database: TestDatabase;
let sql: PostgresSql;
let idempotency: Idempotency;

before(async () => {
  database = await startTestDatabase([]);
  sql = database.open({ clock, connections: 4 });
  idempotency = createIdempotency(sql, clock);
});
after(() => database.stop());

const ANSWER: Answer = { status: 200, headers: {}, body: Buffer.from('done') };
let requests = 0;
const ask = (key: string, work: (keep: Keep) => Promise<Answer>): Promise<Answer> =>
  idempotency.once(
    { tenant: 'acme', scope: 'add', key, fingerprint: ['same'], requestId: `req_${++requests}` },
    work,
  );

/** Something that takes effect each time: one more task. */
const effect = (key: string, keep: Keep): Promise<void> =>
  sql.transaction('acme', async (tx) => {
    await tx.enqueue({ name: 'x.thing', payload: { key } });
    await keep(tx, ANSWER);
  });

async function effects(key: string): Promise<number> {
  const { rows } = await sql.query(
    'acme',
    `select id from tasks where tenant_id = $1 and payload ->> 'key' = $2`,
    ['acme', key],
  );
  return rows.length;
}

test('whoever repeats a request whose COMMIT was answered by nobody hears the answer, and nothing happens twice', async () => {
  const key = 'lost-answer';
  const cut = ask(key, async (keep) => {
    await effect(key, keep);
    throw new ShopError('unavailable', 'The connection broke when COMMIT was on its way.');
  });
  await assert.rejects(cut, { code: 'unavailable' });
  const again = await ask(key, () => assert.fail('it was done'));
  assert.equal(again.body.toString(), 'done');
  assert.equal(again.headers['idempotency-replayed'], 'true');
  assert.equal(await effects(key), 1);
});

test('what was given up before it took effect is done by the next who asks', async () => {
  const key = 'given-up';
  const early = ask(key, () => Promise.reject(new ShopError('unavailable', 'The database is away.')));
  await assert.rejects(early, { code: 'unavailable' });
  await ask(key, async (keep) => {
    await effect(key, keep);
    return ANSWER;
  });
  assert.equal(await effects(key), 1);
});

test('who slept past the lease, and was followed, takes no effect any more', async () => {
  const key = 'slept-too-long';
  const asleep = Promise.withResolvers<void>();
  const wake = Promise.withResolvers<void>();
  const sleeper = ask(key, async (keep) => {
    asleep.resolve();
    await wake.promise;
    await effect(key, keep);
    return ANSWER;
  });
  await asleep.promise;
  clock.advance(60_000);
  await ask(key, async (keep) => {
    await effect(key, keep);
    return ANSWER;
  });
  wake.resolve();
  await assert.rejects(sleeper, { code: 'idempotency_in_flight' });
  assert.equal(await effects(key), 1);
});

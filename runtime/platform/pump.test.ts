import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { createPump } from './pump.ts';

const log = pino({ level: 'silent' });

test('a key runs once at a time, and again when it was asked for meanwhile, however often', async () => {
  let running = 0;
  let runs = 0;
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const pump = createPump({
    name: 't',
    concurrency: 4,
    log,
    async run() {
      assert.equal(++running, 1);
      await gates[runs++]?.promise;
      running--;
    },
  });
  for (let n = 0; n < 5; n++) pump.kick('a');
  gates[0]?.resolve();
  gates[1]?.resolve();
  await pump.idle();
  assert.equal(runs, 2);
});

test('no more keys run at once than are allowed, and all get their turn', async () => {
  let running = 0;
  let most = 0;
  const done: string[] = [];
  const pump = createPump({
    name: 't',
    concurrency: 3,
    log,
    async run(key) {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      done.push(key);
    },
  });
  for (let n = 0; n < 20; n++) pump.kick(String(n));
  await pump.idle();
  assert.equal(most, 3);
  assert.equal(done.length, 20);
});

test('a failure is tried again after a pause, and does not hold up other keys', async () => {
  let tries = 0;
  const healed = Promise.withResolvers<void>();
  const others: string[] = [];
  const pump = createPump({
    name: 't',
    concurrency: 1,
    log,
    run(key) {
      if (key !== 'bad') return Promise.resolve(void others.push(key));
      if (++tries < 3) return Promise.reject(new Error('not yet'));
      healed.resolve();
      return Promise.resolve();
    },
  });
  pump.kick('bad');
  pump.kick('good');
  await healed.promise;
  assert.deepEqual(others, ['good']);
  await pump.close();
  pump.kick('good');
  await pump.idle();
  assert.deepEqual(others, ['good'], 'closed means closed');
});

test('what was away for a minute is found back within two seconds', async ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let away = true;
  let done = 0;
  const pump = createPump({
    name: 't',
    concurrency: 1,
    log,
    run: () => (away ? Promise.reject(new Error('away')) : Promise.resolve(void done++)),
  });
  const pass = async (milliseconds: number): Promise<void> => {
    for (let passed = 0; passed < milliseconds; passed += 50) {
      mock.timers.tick(50);
      // A failed run has to have set its timer before the clock goes on.
      await pump.idle();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  pump.kick('a');
  await pass(60_000);
  away = false;
  await pass(2_000);
  assert.equal(done, 1);
});

/** The clock that a pump reads, and its timers: time passes when a test says so. */
function timed(mock: TestContext['mock']): {
  now: () => number;
  pass: (milliseconds: number) => Promise<void>;
} {
  mock.timers.enable({ apis: ['setTimeout'] });
  let at = 0;
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    now: () => at,
    async pass(milliseconds) {
      await settled();
      at += milliseconds;
      mock.timers.tick(milliseconds);
      await settled();
    },
  };
}

test('a key rests between its runs, unless it has work now; who waits for idleness waits for what comes after the rest', async ({
  mock,
}) => {
  const { now, pass } = timed(mock);
  let runs = 0;
  const answers = ['now', 'later', undefined] as const;
  const pump = createPump({
    name: 't',
    concurrency: 1,
    log,
    restMilliseconds: { least: 40, most: 40 },
    run: () => Promise.resolve(answers[runs++]),
    now,
  });
  let isIdle = false;
  const idle = async (): Promise<void> => {
    isIdle = false;
    await pump.idle();
    isIdle = true;
  };
  pump.kick('a');
  void idle();
  await pass(39);
  assert.equal(runs, 2, 'what it had to do at once it did before it rested');
  assert.ok(!isIdle);
  await pass(1);
  assert.equal(runs, 3);
  assert.ok(isIdle);
  pump.kick('a');
  void idle();
  await pass(39);
  assert.equal(runs, 3);
  await pass(1);
  assert.equal(runs, 4, 'a kick during the rest is not lost');
  assert.ok(isIdle);
});

test('a run that was slow is followed by a rest that is longer, up to the longest', async ({ mock }) => {
  const { now, pass } = timed(mock);
  let runs = 0;
  const pump = createPump({
    name: 't',
    concurrency: 1,
    log,
    restMilliseconds: { least: 1, most: 60, times: 3 },
    async run() {
      runs += 1;
      await pass(30);
    },
    now,
  });
  pump.kick('a');
  pump.kick('a');
  while (now() < 30) await pass(0);
  await pass(59);
  assert.equal(runs, 1);
  await pass(1);
  assert.equal(runs, 2);
  await pump.close();
});

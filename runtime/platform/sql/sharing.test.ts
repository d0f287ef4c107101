import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSharing, type Ask } from './sharing.ts';
import type { WireResult } from './wire.ts';

const LIMITS = {
  atOnce: 1,
  most: 3,
  slowMilliseconds: 10_000,
  longMilliseconds: 10_000,
  mixes: false,
  isSomebodys: () => true,
};

/** Answers each statement with its text, when it is told to. */
function server() {
  const runs: { readonly tenant: string; readonly texts: readonly string[]; end: () => void }[] = [];
  const run = (asks: readonly Ask[]): Promise<WireResult[][]> => {
    const ended = Promise.withResolvers<WireResult[][]>();
    const texts = asks.flatMap(({ statements }) => statements.map(({ text }) => text));
    const end = (): void =>
      texts.length > 1 && texts.includes('bad')
        ? ended.reject(new Error('somebody’s'))
        : texts[0] === 'bad'
          ? ended.reject(new Error('bad'))
          : ended.resolve(
              asks.map(({ statements }) =>
                statements.map(({ text }) => ({ rows: [{ text }], rowCount: 1, command: 'SELECT' })),
              ),
            );
    runs.push({ tenant: [...new Set(asks.map(({ tenant }) => tenant))].join(), texts, end });
    return ended.promise;
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  return { run, runs, turn };
}

const ask = (tenant: string, ...texts: string[]) => ({
  tenant,
  statements: texts.map((text) => ({ text })),
});
/** Of those who asked for so much, in turn. */
const EACH_ITS_OWN = [['one'], ['two'], ['three'], ['four', 'five'], ['six'], ['seven']];
const answers = (results: readonly WireResult[]): unknown[] => results.map(({ rows }) => rows[0]?.['text']);

test('what waits shares the next transaction with its tenant’s only, oldest first, and each gets its own answer', async () => {
  const { run, runs, turn } = server();
  const sharing = createSharing({ ...LIMITS, run });
  const first = sharing.ask(ask('a', 'one'));
  await turn();
  assert.deepEqual(runs[0]?.texts, ['one'], 'where nobody waits, nobody is waited for');
  const waiting = [
    ask('a', 'two'),
    ask('b', 'three'),
    ask('a', 'four', 'five'),
    ask('a', 'six'),
    ask('a', 'seven'),
  ].map(sharing.ask);
  for (let index = 0; index < 4; index += 1) {
    await turn();
    runs[index]?.end();
  }
  assert.deepEqual((await Promise.all([first, ...waiting])).map(answers), EACH_ITS_OWN);
  assert.deepEqual(
    runs.map(({ tenant, texts }) => [tenant, ...texts]),
    [
      ['a', 'one'],
      ['a', 'two', 'four', 'five', 'six'],
      ['b', 'three'],
      ['a', 'seven'],
    ],
  );
});

test('what fails, fails alone and with its own error; the others are asked for again', async () => {
  const { run, runs, turn } = server();
  const sharing = createSharing({ ...LIMITS, run });
  const first = sharing.ask(ask('a', 'one'));
  await turn();
  const [good, bad] = [sharing.ask(ask('a', 'good')), sharing.ask(ask('a', 'bad'))];
  runs[0]?.end();
  await first;
  await turn();
  assert.deepEqual(runs[1]?.texts, ['good', 'bad']);
  runs[1]?.end();
  await turn();
  for (const each of runs.slice(2)) each.end();
  assert.deepEqual(answers(await good), ['good']);
  await assert.rejects(bad, /^Error: bad$/);
});

test('what is nobody’s fault is everybody’s: nothing is asked for again', async () => {
  const { run, runs, turn } = server();
  const sharing = createSharing({ ...LIMITS, run, isSomebodys: () => false });
  const first = sharing.ask(ask('a', 'one'));
  await turn();
  const both = [sharing.ask(ask('a', 'good')), sharing.ask(ask('a', 'bad'))];
  runs[0]?.end();
  await first;
  await turn();
  runs[1]?.end();
  for (const each of both) await assert.rejects(each, /somebody’s/);
  assert.equal(runs.length, 2);
});

test('waiting for a connection makes nobody slow', async () => {
  const { run, runs, turn } = server();
  const begun: (() => void)[] = [];
  let time = 0;
  const sharing = createSharing({
    ...LIMITS,
    slowMilliseconds: 20,
    now: () => time,
    run: (asks, started) => {
      begun.push(started);
      return run(asks);
    },
  });
  const first = sharing.ask(ask('a', 'one'));
  await turn();
  time += 40;
  begun[0]?.();
  runs[0]?.end();
  await first;
  const [again, other] = [sharing.ask(ask('a', 'one')), sharing.ask(ask('a', 'two'))];
  await turn();
  assert.deepEqual(runs[1]?.texts, ['one', 'two']);
  runs[1]?.end();
  await Promise.all([again, other]);
});

test('what was slow shares nothing until it has been quick', async () => {
  const { run, runs, turn } = server();
  const sharing = createSharing({ ...LIMITS, run, slowMilliseconds: -1 });
  const first = sharing.ask(ask('a', 'slow'));
  await turn();
  runs[0]?.end();
  await first;
  const [again, other] = [sharing.ask(ask('a', 'slow')), sharing.ask(ask('a', 'other'))];
  await turn();
  assert.deepEqual(
    runs.slice(1).map(({ texts }) => texts),
    [['slow'], ['other']],
    'it waits for nobody, and nobody for it',
  );
  for (const each of runs) each.end();
  await Promise.all([again, other]);
});

test('reads share with whoever waits, each tenant’s beside each other, and each gets its own answer', async () => {
  const { run, runs, turn } = server();
  const sharing = createSharing({ ...LIMITS, most: 4, mixes: true, run });
  const first = sharing.ask(ask('a', 'one'));
  await turn();
  const waiting = [
    ask('c', 'two'),
    ask('b', 'three'),
    ask('c', 'four', 'five'),
    ask('b', 'six'),
    ask('a', 'seven'),
  ].map(sharing.ask);
  for (let index = 0; index < 3; index += 1) {
    runs[index]?.end();
    await turn();
  }
  assert.deepEqual((await Promise.all([first, ...waiting])).map(answers), EACH_ITS_OWN);
  assert.deepEqual(
    runs.map(({ tenant, texts }) => [tenant, ...texts]),
    [
      ['a', 'one'],
      ['b,c', 'three', 'six', 'two', 'four', 'five'],
      ['a', 'seven'],
    ],
  );
});

test('of several tenants, whose fails, fails alone, and shares with nobody for a while', async () => {
  const { run, runs, turn } = server();
  const sharing = createSharing({ ...LIMITS, mixes: true, run });
  const first = sharing.ask(ask('a', 'one'));
  await turn();
  const [good, bad] = [sharing.ask(ask('b', 'good')), sharing.ask(ask('c', 'bad'))];
  runs[0]?.end();
  await first;
  await turn();
  assert.deepEqual([runs[1]?.tenant, runs[1]?.texts], ['b,c', ['good', 'bad']]);
  runs[1]?.end();
  await turn();
  for (const each of runs.slice(2)) each.end();
  assert.deepEqual(answers(await good), ['good']);
  await assert.rejects(bad, /^Error: bad$/);
  const busy = sharing.ask(ask('a', 'two'));
  await turn();
  const later = [ask('b', 'three'), ask('c', 'four'), ask('d', 'five')].map(sharing.ask);
  for (let index = 4; index < 7; index += 1) {
    runs[index]?.end();
    await turn();
  }
  await Promise.all([busy, ...later]);
  assert.deepEqual(
    runs.slice(5).map(({ tenant }) => tenant),
    ['b,d', 'c'],
  );
});

test('whose way was long shares with its own only for a while, and others with each other', async () => {
  const { run, runs, turn } = server();
  let now = 0;
  const sharing = createSharing({ ...LIMITS, longMilliseconds: 50, now: () => now, mixes: true, run });
  const first = sharing.ask(ask('long', 'report'));
  await turn();
  now = 60;
  runs[0]?.end();
  await first;

  const round = async (): Promise<readonly string[][]> => {
    const before = runs.length;
    const asked = [sharing.ask(ask('a', 'one'))];
    await turn();
    asked.push(...[ask('long', 'two'), ask('b', 'three'), ask('long', 'four')].map(sharing.ask));
    for (let index = before; index < runs.length; index += 1) {
      runs[index]?.end();
      await turn();
    }
    await Promise.all(asked);
    return runs.slice(before + 1).map(({ tenant, texts }) => [tenant, ...texts]);
  };
  assert.deepEqual(await round(), [
    ['long', 'two', 'four'],
    ['b', 'three'],
  ]);
  now = 20_000;
  assert.deepEqual(await round(), [['b,long', 'three', 'two', 'four']]);
});

test('where every way is long it is the server’s, and whoever waits shares', async () => {
  const { run, runs, turn } = server();
  let now = 0;
  const sharing = createSharing({ ...LIMITS, longMilliseconds: 50, now: () => now, mixes: true, run });
  const one = async (tenant: string): Promise<void> => {
    const answer = sharing.ask(ask(tenant, 'one'));
    await turn();
    now += 60;
    runs.at(-1)?.end();
    await answer;
  };
  for (let count = 0; count < 20; count += 1) await one(`t${count}`);
  await one('late');
  const first = sharing.ask(ask('a', 'one'));
  await turn();
  const both = [sharing.ask(ask('late', 'two')), sharing.ask(ask('b', 'three'))];
  runs.at(-1)?.end();
  await first;
  await turn();
  runs.at(-1)?.end();
  await Promise.all(both);
  assert.deepEqual([runs.at(-1)?.tenant, runs.at(-1)?.texts], ['b,late', ['three', 'two']]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSharing } from './sharing.ts';
import type { Statement, WireResult } from './wire.ts';

const LIMITS = { atOnce: 1, most: 3, slowMilliseconds: 10_000, isSomebodys: () => true };

/** Answers each statement with its text, when it is told to. */
function server() {
  const runs: { readonly tenant: string; readonly texts: readonly string[]; end: () => void }[] = [];
  const run = (tenant: string, statements: readonly Statement[]): Promise<WireResult[]> => {
    const ended = Promise.withResolvers<WireResult[]>();
    const texts = statements.map(({ text }) => text);
    const end = (): void =>
      texts.length > 1 && texts.includes('bad')
        ? ended.reject(new Error('somebody’s'))
        : texts[0] === 'bad'
          ? ended.reject(new Error('bad'))
          : ended.resolve(texts.map((text) => ({ rows: [{ text }], rowCount: 1, command: 'SELECT' })));
    runs.push({ tenant, texts, end });
    return ended.promise;
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  return { run, runs, turn };
}

const ask = (tenant: string, ...texts: string[]) => ({
  tenant,
  statements: texts.map((text) => ({ text })),
});
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
  assert.deepEqual((await Promise.all([first, ...waiting])).map(answers), [
    ['one'],
    ['two'],
    ['three'],
    ['four', 'five'],
    ['six'],
    ['seven'],
  ]);
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
  const sharing = createSharing({
    ...LIMITS,
    slowMilliseconds: 20,
    run: (tenant, statements, started) => {
      begun.push(started);
      return run(tenant, statements);
    },
  });
  const first = sharing.ask(ask('a', 'one'));
  await turn();
  await new Promise((resolve) => setTimeout(resolve, 40));
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

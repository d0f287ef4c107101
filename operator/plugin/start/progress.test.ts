import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { createProgress } from './progress.ts';

test('off a terminal each finished step is one line with its time, without colour codes', () => {
  let clock = 0;
  // A PassThrough stands for a stderr that is no terminal: isTTY is absent.
  const out = new PassThrough() as unknown as NodeJS.WriteStream;
  const progress = createProgress({ out, now: () => clock, colour: false });
  const finish = progress.step('database');
  clock = 1_500;
  finish('PostgreSQL 18');
  finish('a second call says nothing');
  progress.close();
  assert.equal(String((out as unknown as PassThrough).read()), '✓ database: PostgreSQL 18 1.5s\n');
});

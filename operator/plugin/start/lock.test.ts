import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ownFolder } from '../../../tests/support/owned.ts';
import { Failure } from '../failure.ts';
import { lockDataDir } from './lock.ts';

let dir: string;
beforeEach(async () => {
  dir = ownFolder('lock');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test('a second start on the same folder is refused and names the first process', async () => {
  const release = await lockDataDir(dir);
  await assert.rejects(
    lockDataDir(dir),
    (error) => error instanceof Failure && error.message.includes(String(process.pid)),
  );
  await release();
  await (
    await lockDataDir(dir)
  )();
});

test('the lock of a killed process is taken over', async () => {
  await writeFile(join(dir, 'start.pid'), '4194303 12345\n');
  const release = await lockDataDir(dir);
  assert.match(await readFile(join(dir, 'start.pid'), 'utf8'), new RegExp(`^${process.pid} `));
  await release();
});

test('a stranger who was given the old pid does not hold the lock', async () => {
  await writeFile(join(dir, 'start.pid'), `${process.pid} 1\n`);
  await (
    await lockDataDir(dir)
  )();
});

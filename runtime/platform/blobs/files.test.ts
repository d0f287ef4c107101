import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ownFolder } from '../../../tests/support/owned.ts';
import { blobsContract } from '../contract/blobs.ts';
import { createFileBlobs } from './files.ts';

const folder = ownFolder('blobs');
after(() => rmSync(folder, { recursive: true, force: true }));

blobsContract('blobs in files', () => Promise.resolve(createFileBlobs(mkdtempSync(join(folder, 'store-')))));

test('no draft is left behind, and a key may be a folder of another', async () => {
  const base = mkdtempSync(join(folder, 'store-'));
  const blobs = createFileBlobs(base);
  await blobs.put('a', 'things', 'k', Buffer.from('1'), 'x/y');
  await blobs.put('a', 'things', 'k/l', Buffer.from('2'), 'x/y');
  assert.deepEqual(readdirSync(join(base, 'a', 'things')).toSorted(), ['k', 'k.blob']);
  assert.deepEqual(readdirSync(join(base, '_drafts')), []);
});

test('what a killed process was writing is removed a day later, and what another one writes stays', async () => {
  const base = mkdtempSync(join(folder, 'store-'));
  const drafts = join(base, '_drafts');
  mkdirSync(drafts);
  const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * 3_600_000);
  for (const [name, hours] of [
    ['left', 25],
    ['written', 23],
  ] as const) {
    writeFileSync(join(drafts, name), 'half of it');
    utimesSync(join(drafts, name), hoursAgo(hours), hoursAgo(hours));
  }
  await createFileBlobs(base).put('a', 'things', 'k', Buffer.from('1'), 'x/y');
  assert.deepEqual(readdirSync(drafts), ['written']);
});

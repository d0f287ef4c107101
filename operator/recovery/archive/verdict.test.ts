/** When the archive keeps its promise, and what is said when it does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lossMs, verdictOf, type ArchiveState } from './verdict.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const ago = (seconds: number): Date => new Date(NOW - seconds * 1000);
const PLEDGE = { rpoMs: 300_000, keepMs: 7 * 86_400_000 };
const GOOD: ArchiveState = {
  now: ago(0),
  location: 's3://backups',
  through: ago(20),
  since: ago(86_400),
  bases: [{ name: 'b', endedAt: ago(86_400).toISOString(), bytes: 1 }],
  beatAt: ago(1),
  problem: null,
  gapFrom: null,
  gapTo: null,
  isUnbounded: false,
};

for (const [what, state, ok, reason, message] of [
  ['nothing was ever written', undefined, false, 'ArchiveStarting', /first base backup/],
  ['no base backup is there', { ...GOOD, bases: [] }, false, 'ArchiveStarting', /comes by itself/],
  [
    'its beginning fails',
    { ...GOOD, bases: [], problem: 'no route' },
    false,
    'ArchiveStarting',
    /^no route: /,
  ],
  ['it is up to date', GOOD, true, 'Archived', /last 7 days .* s3:\/\/backups$/],
  ['the store is away for less than is promised', { ...GOOD, through: ago(299) }, true, 'Archived', /./],
  [
    'the store is away',
    { ...GOOD, through: ago(301), problem: 'full' },
    false,
    'ArchiveLags',
    /11:54:59.* full: see/,
  ],
  [
    'the archiver is dead',
    { ...GOOD, through: ago(400), beatAt: ago(390) },
    false,
    'ArchiverSilent',
    /nothing was heard/,
  ],
  [
    'the log was cut',
    { ...GOOD, gapFrom: ago(900) },
    false,
    'ArchiveGap',
    /lacks the log after 2026-11-25T11:45/,
  ],
  [
    'the cut is mended',
    { ...GOOD, gapFrom: ago(900), gapTo: ago(600) },
    true,
    'ArchivedWithGap',
    /between .*11:45.* and .*11:50/,
  ],
  [
    'the cut is forgotten',
    { ...GOOD, gapFrom: ago(9e5), gapTo: ago(8e5) },
    true,
    'Archived',
    /[^0-9]backups$/,
  ],
  [
    'the server would fill its disk',
    { ...GOOD, isUnbounded: true },
    false,
    'SlotUnbounded',
    /max_slot_wal_keep_size/,
  ],
] as const)
  test(`${what}: ${reason}`, () => {
    const verdict = verdictOf(state, PLEDGE);
    assert.deepEqual([verdict.ok, verdict.reason], [ok, reason]);
    assert.match(verdict.message, message);
  });

test('what would be lost is what came since, or everything', () => {
  assert.equal(lossMs(GOOD), 20_000);
  assert.equal(lossMs({ ...GOOD, bases: [] }), undefined);
});

/** How moments are named, when an operation has ended for who follows it, and what is shown of backups. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../failure.ts';
import { momentOf } from './ask.ts';
import { hasEnded, lineOf } from './follow.ts';
import { textOf } from './list.ts';
import { planText, reachable } from './whole.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const RESTORE = { verb: 'restore', id: 'restore-0123456789', to: '', mode: 'beside' } as const;
const SWAP = { verb: 'swap', id: RESTORE.id } as const;
const running = {
  id: RESTORE.id,
  kind: 'restore',
  state: 'Running',
  startedAt: '2026-11-25T12:00:00Z',
} as const;

for (const [text, expected] of [
  ['10m', '2026-11-25T11:50:00.000Z'],
  ['1h30m', '2026-11-25T10:30:00.000Z'],
  ['2026-11-25T11:00:00Z', '2026-11-25T11:00:00.000Z'],
  ['2026-11-25T12:30:00.250+01:00', '2026-11-25T11:30:00.250Z'],
] as const)
  test(`--to ${text} is ${expected}`, () => assert.equal(momentOf(text, NOW), expected));

for (const text of ['yesterday', '2026-11-25T11:00:00', '2026-11-25', '2026-11-25T13:00:00Z', '10 minutes'])
  test(`--to ${text} is refused`, () => assert.throws(() => momentOf(text, NOW), Failure));

test('beside is where a restore ends and a swap begins', () => {
  const beside = { ...running, state: 'Beside' } as const;
  assert.equal(hasEnded(beside, RESTORE), true);
  assert.equal(hasEnded(beside, SWAP), false);
  assert.equal(hasEnded(running, RESTORE), false);
  assert.equal(hasEnded({ ...running, state: 'Failed' }, SWAP), true);
});

test('an operation in one line', () => {
  assert.equal(lineOf(running), 'restore-0123456789 Running');
  assert.equal(
    lineOf({ ...running, state: 'Succeeded', message: 'it is open', frozenMilliseconds: 40 }),
    'restore-0123456789 Succeeded: it is open (no changes for 40 ms)',
  );
});

test('without an archive it says how to have one; with one, how far back one can go, and where not', () => {
  assert.match(textOf({ conditions: [] }, NOW), /none: set ARCHIVE_URL/);
  const text = textOf(
    {
      archive: {
        location: 's3://backups',
        since: '2026-11-20T12:00:00Z',
        gapFrom: '2026-11-22T12:00:00Z',
        gapTo: '2026-11-22T13:00:00Z',
        bases: [{ name: '2026-11-20', endedAt: '2026-11-20T12:00:00Z', megabytes: 12 }],
      },
      conditions: [
        { type: 'BackedUp', status: 'False', reason: 'ArchiveLags', message: 'late', lastTransitionTime: '' },
      ],
      nightly: { schedule: '5 3 * * *', lastSuccess: '2026-11-25T03:05:00Z' },
      operation: running,
    },
    NOW,
  );
  for (const part of [
    /from 2026-11-20T12:00:00Z on/,
    /but for those between 2026-11-22T12:00:00Z and 2026-11-22T13:00:00Z/,
    /2026-11-20 +5d +12 MiB/,
    /Nightly +5 3 \* \* \* UTC, last 8h55m ago/,
    /BackedUp +False: late/,
    /Last +restore-0123456789 Running/,
  ])
    assert.match(text, part);
});

const ARCHIVE = {
  location: 's3://backups',
  since: '2026-11-20T12:00:00Z',
  gapFrom: '2026-11-22T12:00:00Z',
  gapTo: '2026-11-22T13:00:00Z',
  bases: [
    { name: 'old', endedAt: '2026-11-20T12:00:00Z', megabytes: 12 },
    { name: 'young', endedAt: '2026-11-25T11:55:00Z', megabytes: 14 },
  ],
};

for (const [to, isReached] of [
  ['2026-11-20T12:00:00.000Z', true],
  ['2026-11-20T11:59:59.999Z', false],
  ['2026-11-22T12:00:00.000Z', true],
  ['2026-11-22T12:30:00.000Z', false],
  ['2026-11-22T13:00:00.000Z', true],
] as const)
  test(`the archive ${isReached ? 'leads' : 'does not lead'} to ${to}`, () => {
    if (isReached) assert.equal(reachable(ARCHIVE, to), ARCHIVE);
    else assert.throws(() => reachable(ARCHIVE, to), Failure);
  });

test('without an archive nothing is planned', () => assert.throws(() => reachable(undefined, ''), Failure));

test('the plan of a whole restore: what happens when, what it needs, what is lost and who comes back empty', () => {
  const shops = [
    { name: 'acme', made: '2026-11-01T00:00:00Z' },
    { name: 'dawn', made: '2026-11-25T11:52:00Z' },
  ];
  const to = '2026-11-25T11:50:00.000Z';
  const atOnce = planText(ARCHIVE, shops, { to, mode: 'swap', now: NOW });
  for (const part of [
    /what it was at 2026-11-25T11:50:00\.000Z, 10m ago, from s3:\/\/backups/,
    /1\. every shop \(2\) is closed for changes/,
    /2\. .* base backup old \(12 MiB, 5d old\)/,
    /until step 5 it can be called off/,
    /Empty: +dawn, made since/,
  ])
    assert.match(atOnce, part);
  const beside = planText(ARCHIVE, shops, { to, mode: 'beside', now: NOW });
  assert.match(beside, /1\. the cluster is restored[\s\S]*4\. it waits for --swap[\s\S]*5\. every shop/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planBucket, type ObservedBucket } from './plan.ts';

const wanted = { prefix: 'eu/', keepVersionsDays: 30, isRead: true };
const absent: ObservedBucket = {
  exists: false,
  versions: false,
  lifecycle: [],
  cors: [],
  endsUploads: false,
};

/** The bucket after what was planned. */
function applied(observed: ObservedBucket, actions: ReturnType<typeof planBucket>): ObservedBucket {
  return actions.reduce<ObservedBucket>((bucket, action) => {
    if (action.kind === 'create') return { ...bucket, exists: true };
    if (action.kind === 'versions') return { ...bucket, versions: true };
    return action.kind === 'lifecycle'
      ? { ...bucket, lifecycle: action.rules }
      : { ...bucket, cors: action.rules };
  }, observed);
}

test('a bucket that is not there is made whole, and then needs nothing', () => {
  const actions = planBucket('shop', wanted, absent);
  assert.deepEqual(
    actions.map(({ text }) => text),
    [
      'CREATE BUCKET shop',
      'KEEP VERSIONS IN BUCKET shop',
      'SET LIFECYCLE OF BUCKET shop (versions, backups)',
      'SET CORS OF BUCKET shop',
    ],
  );
  assert.deepEqual(planBucket('shop', wanted, applied(absent, actions)), []);
});

test('rules of others are kept; ours are set again when they drift, and go when they are not wanted', () => {
  const theirs = {
    ID: 'theirs',
    Status: 'Enabled' as const,
    Filter: { Prefix: 'logs/' },
    Expiration: { Days: 7 },
  };
  const whole = applied(
    { ...absent, lifecycle: [theirs] },
    planBucket('shop', wanted, { ...absent, lifecycle: [theirs] }),
  );
  assert.ok(whole.lifecycle.includes(theirs));
  const drifted = {
    ...whole,
    lifecycle: whole.lifecycle.map((rule) => ({ ...rule, Status: 'Disabled' as const })),
  };
  const [action, ...others] = planBucket('shop', wanted, drifted);
  assert.deepEqual([action?.kind, others.length], ['lifecycle', 0]);
  const closed = planBucket('shop', { ...wanted, isRead: false }, whole);
  assert.deepEqual(applied(whole, closed).cors, []);
});

test('a server without CORS of buckets is not asked for it; snapshots expire only where somebody says so', () => {
  const actions = planBucket(
    'shop',
    { ...wanted, keepSnapshotsDays: 90 },
    { ...absent, cors: undefined, endsUploads: true },
  );
  assert.deepEqual(actions.at(-1)?.text, 'SET LIFECYCLE OF BUCKET shop (versions, backups, snapshots)');
  assert.ok(!JSON.stringify(actions).includes('AbortIncompleteMultipartUpload'));
});

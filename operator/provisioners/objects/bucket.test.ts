import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemError } from '../system.ts';
import { createBucketSystem, planBucket, ruleFor } from './bucket.ts';

const SHOPS = { name: 'shops', prefix: 'live/' };

test('a bucket that is missing is made, keeps former versions and drops them in time', () => {
  const kinds = planBucket(SHOPS, { exists: false, versioned: false, rules: [] }).map(({ kind }) => kind);
  assert.deepEqual(kinds, ['create', 'version', 'lifecycle']);
});

test('nothing is to be done where all is so, whatever rules others have', () => {
  const rules = [{ ID: 'theirs', Status: 'Enabled' as const }, ruleFor('live/')];
  assert.deepEqual(planBucket(SHOPS, { exists: true, versioned: true, rules }), []);
});

test('a rule of ours that somebody changed is set again; one for another prefix is another rule', () => {
  const changed = { ...ruleFor('live/'), NoncurrentVersionExpiration: { NoncurrentDays: 1 } };
  for (const rules of [[changed], [ruleFor('')]]) {
    const actions = planBucket(SHOPS, { exists: true, versioned: true, rules });
    assert.deepEqual(
      actions.map(({ kind }) => kind),
      ['lifecycle'],
    );
  }
});

test('a store that is away says so, and that waiting helps', async () => {
  const system = createBucketSystem('s3://key:secret@shops?endpoint=http://127.0.0.1:1');
  await assert.rejects(
    system.ensure({ name: 'pool', domains: [], login: { user: 'u', password: 'p' } }),
    (error) => error instanceof SystemError && error.transient && !error.message.includes('secret'),
  );
  await system.end();
});

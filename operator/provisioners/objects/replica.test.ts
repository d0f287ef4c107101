import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isReplicated, withReplica } from './replica.ts';

const ARN = 'arn:minio:replication::1:copy';
const THEIRS =
  '<Rule><ID>theirs</ID><Status>Enabled</Status><Priority>4</Priority><Destination><Bucket>x</Bucket></Destination></Rule>';

test('our rule is added beside those of others, once, with a priority of its own', () => {
  assert.equal(isReplicated(undefined, ARN, 'eu/'), false);
  const first = withReplica(`<ReplicationConfiguration>${THEIRS}</ReplicationConfiguration>`, ARN, 'eu/');
  assert.ok(first.includes(THEIRS) && first.includes('<Priority>5</Priority>'));
  assert.equal(isReplicated(first, ARN, 'eu/'), true);
  assert.equal(withReplica(first, ARN, 'eu/'), first);
});

test('whatever of it is changed is seen: another place or folder, a switch turned off', () => {
  const right = withReplica(undefined, ARN, 'a&b/');
  assert.equal(isReplicated(right, ARN, 'a&b/'), true);
  for (const [from, to] of [
    ['<Status>Enabled</Status><Priority>', '<Status>Disabled</Status><Priority>'],
    ['<DeleteReplication><Status>Enabled', '<DeleteReplication><Status>Disabled'],
    ['a&amp;b/', 'b/'],
    [ARN, 'arn:minio:replication::2:copy'],
  ] as const)
    assert.equal(isReplicated(right.replace(from, to), ARN, 'a&b/'), false, from);
});

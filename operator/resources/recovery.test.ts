/** The archiver and the Jobs of recovery: no more than they need, and nothing of a login where anybody could read it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePlatform, PlatformConfigError } from './platform.ts';
import { archiver, drillSchedule, operationJob } from './recovery.ts';

const IMAGES = {
  runtime: 'shopmind/runtime',
  recovery: 'shopmind/recovery:1',
  pullPolicy: 'IfNotPresent',
} as const;
const SECRET = {
  DATABASE_ADMIN_URL: 'postgres://root:hush@db/shopmind',
  SECRETS_KEY: Buffer.alloc(32).toString('base64'),
  ARCHIVE_URL: 's3://key:hush@backups/shopmind?region=eu-west-1',
};

function input(
  config: Readonly<Record<string, string>> = {},
  secret: Readonly<Record<string, string>> = SECRET,
) {
  const { archive } = parsePlatform({ BLOBS_URL: 'file:///blobs/', ...config }, secret);
  if (archive === undefined) throw new Error('there is an archive');
  return { archive, images: IMAGES };
}

const JOB = { name: 'restore-1', id: 'restore-1', kind: 'restore', tenant: 'acme' };

test('the archiver knows its own login only, and one of it runs', () => {
  const [login, deployment] = archiver({
    ...input(),
    databaseUrl: 'postgres://shop_archiver.1:x@db/s',
    revision: 'r',
  });
  assert.equal(login?.kind, 'Secret');
  const text = JSON.stringify(deployment);
  assert.doesNotMatch(text, /hush|DATABASE_ADMIN_URL|SECRETS_KEY/);
  assert.match(text, /"strategy":\{"type":"Recreate"\}/);
  assert.match(text, /"automountServiceAccountToken":false/);
  assert.match(text, /"readOnlyRootFilesystem":true/);
});

test('a Job of an operation holds no login in its text, and names the operation', () => {
  const text = JSON.stringify(operationJob(input(), JOB));
  assert.doesNotMatch(text, /hush/);
  assert.match(text, /"args":\["restore","restore-1"\]/);
  assert.match(text, /"shopmind.ai\/operation":"restore-1"/);
  assert.match(text, /"name":"scratch","emptyDir":\{\}|"emptyDir":\{\},"name":"scratch"/);
});

test('a copy of a big cluster gets a volume of its own', () => {
  assert.match(JSON.stringify(operationJob(input({ RECOVERY_SCRATCH: '200Gi' }), JOB)), /"storage":"200Gi"/);
});

test('drills are weekly, at another time, or on demand only', () => {
  assert.match(JSON.stringify(drillSchedule(input())), /"schedule":"23 5 \* \* 0"/);
  assert.match(
    JSON.stringify(drillSchedule(input({ DRILL_SCHEDULE: '0 4 * * *' }))),
    /"schedule":"0 4 \* \* \*"/,
  );
  assert.deepEqual(drillSchedule(input({ DRILL_SCHEDULE: 'off' })), []);
});

const FOLDER = { ...SECRET, ARCHIVE_URL: 'file:///archive/' };
for (const [what, config, secret, message] of [
  ['a folder of each Pod', {}, FOLDER, /ARCHIVE_CLAIM/],
  ['another store', {}, { ...SECRET, ARCHIVE_URL: 'ftp://x/' }, /file:\/\/ or s3:\/\//],
  ['a schedule that is none', { DRILL_SCHEDULE: '0 25 * * *' }, SECRET, /DRILL_SCHEDULE/],
  ['a size that is none', { RECOVERY_SCRATCH: 'plenty' }, SECRET, /RECOVERY_SCRATCH/],
] as const)
  test(`${what} is refused, and the key is named`, () => {
    assert.throws(
      () => input(config, secret),
      (error) => error instanceof PlatformConfigError && message.test(error.message),
    );
  });

test('an archive in a claim is mounted where its address says', () => {
  const text = JSON.stringify(operationJob(input({ ARCHIVE_CLAIM: 'archive' }, FOLDER), JOB));
  assert.match(text, /"claimName":"archive"/);
  assert.match(text, /"mountPath":"\/archive"/);
});

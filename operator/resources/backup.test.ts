/**
 * Backups as CronJobs: where they are wanted and could last, with no more than they need, fitting into quota and range.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backupJob } from './backup.ts';
import { environment } from './environment.ts';
import { servicesOf } from './presets.ts';
import { parsePlatform } from './platform.ts';
import { service, tenant, workloadInput } from './testing/inputs.ts';
import { blobFolder } from './workload.ts';
import type { WorkloadInput } from './workload.ts';

const NIGHTLY = { schedule: '5 3 * * *', keep: 9 };
const HOSTED = { domains: ['catalog'], tenant: 'acme', backup: NIGHTLY };

function platform(config: Readonly<Record<string, string>> = {}) {
  return parsePlatform(
    { BLOBS_URL: 'file:///srv/blobs/', PAYMENTS_URL: 'http://p:8090', ...config },
    {
      DATABASE_ADMIN_URL: 'postgres://root:hush@db/shopmind',
      SECRETS_KEY: Buffer.alloc(32).toString('base64'),
    },
  );
}

function input(
  spec: object,
  config: Readonly<Record<string, string>> = { BLOBS_CLAIM: 'blobs' },
): WorkloadInput {
  const own = platform(config);
  return {
    ...workloadInput(spec),
    platformEnv: environment(service(spec), own, new Map(), 8080),
    blobs: blobFolder(own, undefined),
  };
}

test('a backup runs the runtime with one argument, as the login of its Service, and is told only what it needs', () => {
  const [job] = backupJob(input(HOSTED));
  const text = JSON.stringify(job);
  assert.equal(job?.metadata.name, 'runtime-backup');
  assert.match(text, /"args":\["backup"\]/);
  const names = [...text.matchAll(/"name":"([A-Z_]+)"/g)].map(([, name]) => name);
  assert.deepEqual(names, ['SHOPMIND_TENANT', 'BLOBS_URL', 'DATABASE_URL', 'BACKUP_KEEP']);
  assert.match(text, /"secretKeyRef":\{"key":"DATABASE_URL","name":"database"\}/);
  assert.match(text, /"claimName":"blobs"/);
  assert.doesNotMatch(text, /hush|SECRETS_KEY/);
  // Network policies open the way to the database by this label; the Service's selector must not find the Pod.
  assert.match(text, /"shopmind.ai\/tenant":"acme"/);
  assert.doesNotMatch(text, /"shopmind.ai\/service"/);
});

for (const [what, spec, config, jobs] of [
  ['none is asked for', { domains: ['catalog'] }, { BLOBS_CLAIM: 'blobs' }, 0],
  ['blobs last as long as a Pod', HOSTED, {}, 0],
  ['blobs are in a claim', HOSTED, { BLOBS_CLAIM: 'blobs' }, 1],
  ['blobs are in one folder for all', HOSTED, { BLOBS_SHARED: 'true' }, 1],
] as const) {
  test(`${jobs === 1 ? 'there is a backup' : 'there is no backup'} when ${what}`, () => {
    assert.equal(backupJob(input(spec, config)).length, jobs);
  });
}

test('who hibernates is not backed up anew', () => {
  assert.match(JSON.stringify(backupJob(input({ ...HOSTED, replicas: 0 }))), /"suspend":true/);
  assert.match(JSON.stringify(backupJob(input(HOSTED))), /"suspend":false/);
});

for (const [what, spec, expected] of [
  ['production keeps by plan', { plan: 'enterprise' }, 30],
  ['staging has none', { environment: 'staging' }, undefined],
  ['what the spec says wins', { environment: 'staging', backup: { keep: 3 } }, 3],
  ['production can do without', { backup: { enabled: false } }, undefined],
] as const) {
  test(`${what}: one Service of the tenant carries the backup`, () => {
    const backups = [
      ...servicesOf(
        tenant({
          placement: 'dedicated',
          domains: [{ name: 'orders', scaling: { min: 1, max: 2 } }],
          ...spec,
        }),
      ).values(),
    ].flatMap(({ backup }) => (backup === undefined ? [] : [backup]));
    assert.deepEqual(
      backups.map(({ keep }) => keep),
      expected === undefined ? [] : [expected],
    );
  });
}

test('tenants are backed up at night, not all at once, and always at their own minute', () => {
  const at = (name: string) =>
    servicesOf({ ...tenant({ placement: 'dedicated' }), metadata: { name } }).get('runtime')?.backup
      ?.schedule;
  const schedules = Array.from({ length: 60 }, (_, index) => at(`t${index}`));
  assert.ok(new Set(schedules).size > 40);
  assert.ok(schedules.every((schedule) => /^[0-5]?\d [1-4] \* \* \*$/.test(schedule ?? '')));
  assert.equal(at('acme'), at('acme'));
});

/**
 * What is asked of backups is written down once, worked on by a Job, and told to its end; whatever gives up leaves no shop closed; and
 * conditions say what could not be brought back.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANNOTATIONS } from '../../../crds/index.ts';
import { findCondition } from '../../kube/conditions.ts';
import { DRILL, ARCHIVER } from '../../resources/recovery.ts';
import { cronJobs, deployments, jobs, secrets, shopServices } from '../kinds.ts';
import type { ServiceObject } from '../kinds.ts';
import { createTestWorld, withPool } from '../testing/world.ts';
import type { TestWorld } from '../testing/world.ts';

const POOLED = { displayName: 'Acme', hosts: ['acme.localhost'] };
const ARCHIVE = { ARCHIVE_URL: 'file:///archive/', BLOBS_SHARED: 'true' };
const RESTORE = 'restore-0123456789';
const TO = '2026-11-25T12:00:00.000Z';
const asking = (verb: string, id = RESTORE, mode = 'swap'): Record<string, string> => ({
  [ANNOTATIONS.operation]: verb === 'restore' ? `restore ${id} to=${TO} mode=${mode}` : `${verb} ${id}`,
});

async function settled(config: Readonly<Record<string, string>> = ARCHIVE): Promise<TestWorld> {
  const world = withPool(createTestWorld());
  Object.assign(world.config, config);
  world.putTenant('acme', POOLED);
  await world.settle();
  return world;
}

const operationOf = (world: TestWorld) => world.tenant('acme')?.status?.operation;
const pool = (world: TestWorld): ServiceObject | undefined =>
  world.get<ServiceObject>(shopServices, 'shopmind-system/runtime');

async function ask(world: TestWorld, annotations: Readonly<Record<string, string>>): Promise<void> {
  world.annotate('acme', annotations);
  await world.reconcile();
}

function endJob(world: TestWorld, key: string, type: 'Complete' | 'Failed', message = ''): void {
  const job = world.get(jobs, key) ?? assert.fail(`there is no Job ${key}`);
  const condition = { type, status: 'True', reason: type, message };
  world.put(jobs, { ...structuredClone(job), status: { startTime: TO, conditions: [condition] } });
}

test('a restore is begun once, has one Job, and its end is told; the Job that is cleaned up begins nothing anew', async () => {
  const world = await settled();
  await ask(world, asking('restore'));
  await world.reconcile();
  assert.deepEqual(world.keys(jobs), [`shopmind-system/${RESTORE}`]);
  assert.deepEqual([operationOf(world)?.state, operationOf(world)?.to], ['Running', TO]);
  const job = JSON.stringify(world.get(jobs, `shopmind-system/${RESTORE}`));
  assert.match(job, /"args":\["restore","restore-0123456789"\]/);
  assert.match(job, /"automountServiceAccountToken":false/);
  world.desk.change(RESTORE, {
    state: 'Succeeded',
    message: 'open',
    endedAt: world.clock.now(),
    frozenMs: 12.4,
  });
  endJob(world, `shopmind-system/${RESTORE}`, 'Complete');
  await world.reconcile();
  assert.deepEqual([operationOf(world)?.state, operationOf(world)?.frozenMilliseconds], ['Succeeded', 12]);
  assert.ok(world.events.includes('Normal RestoreSucceeded acme'));
  world.remove(jobs, `shopmind-system/${RESTORE}`);
  world.putTenantStatus('acme', { ...world.tenant('acme')?.status, operation: undefined } as never);
  world.restart();
  await world.settle();
  assert.deepEqual(world.keys(jobs), []);
  assert.equal(operationOf(world)?.state, 'Succeeded');
});

test('a Job that is lost under way is made again', async () => {
  const world = await settled();
  await ask(world, asking('restore'));
  world.remove(jobs, `shopmind-system/${RESTORE}`);
  await world.reconcile();
  assert.deepEqual(world.keys(jobs), [`shopmind-system/${RESTORE}`]);
});

test('a Job that gives up is called off, so that the shop is open again, and the status says where to look', async () => {
  const world = await settled();
  await ask(world, asking('restore'));
  world.desk.change(RESTORE, { step: 'Frozen' });
  endJob(world, `shopmind-system/${RESTORE}`, 'Failed', 'Job has reached the specified backoff limit');
  await world.reconcile();
  assert.equal(operationOf(world)?.state, 'Failed');
  assert.match(
    operationOf(world)?.message ?? '',
    /backoff limit; see kubectl logs -n shopmind-system job\/restore-/,
  );
  assert.ok(world.events.includes('Warning RestoreFailed acme'));
});

test('beside, it waits for people without a Job, until they say swap', async () => {
  const world = await settled();
  await ask(world, asking('restore', RESTORE, 'beside'));
  world.desk.change(RESTORE, { step: 'Staged' });
  endJob(world, `shopmind-system/${RESTORE}`, 'Complete');
  await world.settle();
  assert.equal(operationOf(world)?.state, 'Beside');
  await ask(world, asking('swap'));
  assert.equal(operationOf(world)?.state, 'Running');
  assert.ok(world.keys(jobs).includes(`shopmind-system/${RESTORE}-swap`));
});

test('the whole cluster is asked for at the pool: one Job without a tenant, beside until swap, and its end is told there', async () => {
  const world = await settled();
  const annotate = async (text: string): Promise<void> => {
    const object = pool(world) ?? assert.fail('there is a pool');
    const annotations = { ...object.metadata.annotations, [ANNOTATIONS.operation]: text };
    world.put(shopServices, { ...object, metadata: { ...object.metadata, annotations } });
    await world.reconcile();
  };
  await annotate(`restore ${RESTORE} to=${TO} mode=beside`);
  assert.deepEqual(world.keys(jobs), [`shopmind-system/${RESTORE}`]);
  assert.equal(world.desk.operations.get(RESTORE)?.tenant, null);
  world.desk.change(RESTORE, { step: 'Staged' });
  endJob(world, `shopmind-system/${RESTORE}`, 'Complete');
  await world.settle();
  assert.equal(pool(world)?.status?.operation?.state, 'Beside');
  await annotate(`swap ${RESTORE}`);
  assert.ok(world.keys(jobs).includes(`shopmind-system/${RESTORE}-swap`));
  world.desk.change(RESTORE, {
    state: 'Succeeded',
    message: 'open',
    endedAt: world.clock.now(),
    frozenMs: 9,
  });
  await world.settle();
  const { operation } = pool(world)?.status ?? {};
  assert.deepEqual([operation?.state, operation?.frozenMilliseconds], ['Succeeded', 9]);
});

test('called off under way: its Job goes', async () => {
  const world = await settled();
  await ask(world, asking('restore'));
  await ask(world, asking('abort'));
  assert.equal(operationOf(world)?.state, 'Failed');
  assert.deepEqual(world.keys(jobs), []);
});

for (const [what, config, request, message] of [
  ['without an archive', {}, asking('restore'), /set ARCHIVE_URL/],
  ['while another has the tenant', ARCHIVE, asking('restore'), /another has the tenant/],
  ['of a tenant that nothing backs up', ARCHIVE, asking('backup', 'backup-0123456789'), /spec\.backup/],
  ['that is no tenant’s business', ARCHIVE, asking('drill', 'drill-0123456789'), /ask the pool/],
] as const)
  test(`an operation ${what} is refused, and the status says why`, async () => {
    const world = await settled(config);
    if (what.includes('another')) world.desk.busy.add('acme');
    await ask(world, request);
    assert.equal(operationOf(world)?.state, 'Failed');
    assert.match(operationOf(world)?.message ?? '', message);
    assert.deepEqual(world.keys(jobs), []);
  });

test('another tenant’s operation is not touched by whoever guesses its id', async () => {
  const world = await settled();
  world.putTenant('bolt', { ...POOLED, hosts: ['bolt.localhost'] });
  await world.settle();
  world.annotate('bolt', asking('restore'));
  await world.reconcile();
  await ask(world, asking('abort'));
  assert.equal(world.desk.operations.get(RESTORE)?.state, 'Running');
  assert.equal(operationOf(world), undefined);
});

test('a tenant is backed up as each night, but alone; a failure is a condition until one succeeds', async () => {
  const world = await settled();
  world.put(cronJobs, {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'runtime-backup', namespace: 'shopmind-system' },
    spec: {
      jobTemplate: { spec: { template: { spec: { containers: [{ name: 'backup', args: ['backup'] }] } } } },
    },
  } as never);
  await ask(world, asking('backup', 'backup-0123456789'));
  const job = JSON.stringify(world.get(jobs, 'shopmind-system/backup-0123456789'));
  assert.match(job, /"env":\[\{"name":"BACKUP_TENANT","value":"acme"\}\]/);
  endJob(world, 'shopmind-system/backup-0123456789', 'Failed', 'no space left');
  await world.reconcile();
  const failed = findCondition(world.tenant('acme')?.status?.conditions, 'BackedUp');
  assert.deepEqual([failed?.status, failed?.reason], ['False', 'BackupFailed']);
  assert.match(
    failed?.message ?? '',
    /postgresql: backup of acme: .*no space left: see kubectl logs .*kubectl shopmind backup acme/,
  );
  assert.equal(findCondition(world.tenant('acme')?.status?.conditions, 'Ready')?.status, 'True');
  endJob(world, 'shopmind-system/backup-0123456789', 'Complete');
  await world.reconcile();
  assert.notEqual(
    findCondition(world.tenant('acme')?.status?.conditions, 'BackedUp')?.reason,
    'BackupFailed',
  );
});

test('the archiver stands where an archive is named, with its own login only, and goes with the name', async () => {
  const world = await settled();
  await world.keepArchive();
  assert.ok(world.get(deployments, `shopmind-system/${ARCHIVER}`) !== undefined);
  assert.ok(world.get(cronJobs, `shopmind-system/${DRILL}`) !== undefined);
  const values = world.get(secrets, `shopmind-system/${ARCHIVER}`);
  const address = Buffer.from(values?.data?.['DATABASE_URL'] ?? '', 'base64');
  assert.match(address.toString(), /^postgres:\/\/shop_archiver\.[0-9a-f]{8}:/);
  world.writes.length = 0;
  await world.keepArchive();
  assert.deepEqual(world.writes, []);
  delete world.config['ARCHIVE_URL'];
  await world.keepArchive();
  assert.equal(world.get(deployments, `shopmind-system/${ARCHIVER}`), undefined);
  // The archiver holds its slot until it has ended.
  assert.notEqual(world.get(secrets, `shopmind-system/${ARCHIVER}`), undefined);
  await world.keepArchive();
  assert.equal(world.desk.retired, 2);
  assert.equal(world.get(secrets, `shopmind-system/${ARCHIVER}`), undefined);
});

test('an archive that lags is a condition of every tenant and of the pool, whose status says what can be restored', async () => {
  const world = await settled();
  const at = (secondsAgo: number): Date => new Date(world.clock.now().getTime() - secondsAgo * 1000);
  const state = {
    now: at(0),
    location: 'file:///archive/',
    through: at(20),
    since: at(86_400),
    bases: [{ name: 'b1', endedAt: at(86_400).toISOString(), bytes: 3 << 20 }],
    beatAt: at(1),
    problem: null,
    gapFrom: null,
    gapTo: null,
    isUnbounded: false,
  };
  world.desk.found = state;
  await world.keepArchive();
  await world.settle();
  const conditionOf = (type: string) => [
    findCondition(world.tenant('acme')?.status?.conditions, type)?.reason,
    findCondition(pool(world)?.status?.conditions, type)?.reason,
  ];
  assert.deepEqual(conditionOf('BackedUp'), ['Archived', 'Archived']);
  assert.deepEqual(conditionOf('Recoverable'), [undefined, 'NeverDrilled']);
  assert.deepEqual(
    pool(world)?.status?.archive?.bases.map(({ megabytes }) => megabytes),
    [3],
  );
  world.writes.length = 0;
  world.desk.found = { ...state, through: at(10) };
  await world.keepArchive();
  await world.settle();
  assert.deepEqual(world.writes, []);
  world.desk.found = { ...state, through: at(400), problem: 'no space left' };
  await world.keepArchive();
  await world.settle();
  assert.deepEqual(conditionOf('BackedUp'), ['ArchiveLags', 'ArchiveLags']);
  const lag = findCondition(world.tenant('acme')?.status?.conditions, 'BackedUp')?.message ?? '';
  assert.match(
    lag,
    /^archive: what was committed after .* is not in file:\/\/\/archive\/: no space left: see/,
  );
});

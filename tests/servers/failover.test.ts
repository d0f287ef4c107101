/**
 * A failover between a real primary that is written all the time and its streaming standby: what was acknowledged is there
 * afterwards, or it is known how much is not; and the old primary acknowledges nothing once it can be closed.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test, type TestContext } from 'node:test';
import pg from 'pg';
import { openDatabase } from '../../operator/provisioners/postgres/database.ts';
import { loadCatalogue } from '../../operator/provisioners/postgres/desired.ts';
import { createDirectory } from '../../operator/provisioners/postgres/directory.ts';
import { createPostgres } from '../../operator/provisioners/postgres/postgres.ts';
import { decoded } from '../../operator/controllers/secrets.ts';
import { coreEvents, configMaps, secrets } from '../../operator/kube/resources.ts';
import { startPluginCluster, type PluginCluster } from '../../operator/plugin/testing/cluster.ts';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json as readJson } from 'node:stream/consumers';
import { createSealer } from '../../operator/provisioners/sealing.ts';
import { shelf } from '../../operator/provisioners/testing/definition.ts';
import { failover, planFailover } from '../../operator/recovery/failover/failover.ts';
import { BOUNDS, RefusedError } from '../../operator/recovery/failover/verdict.ts';
import { ownFolder } from '../support/owned.ts';
import { until } from '../support/wait.ts';
import { directoryRow, startWriter, type Writer } from '../support/writers.ts';
import { surroundings } from './failover.ts';
import { startPostgres, type PostgresServer } from './postgres.ts';

const UNFENCED = { ...BOUNDS, unfenced: true };

let folder: string;
let file: string;
let west: PostgresServer;
let east: PostgresServer;
let writer: Writer;
let rounds = 0;

before(async () => {
  folder = ownFolder('failover');
});
after(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  file = join(folder, `state-${++rounds}`);
  west = await startPostgres();
  const database = await openDatabase(west.adminUrl);
  const catalogue = await loadCatalogue([shelf]);
  await createPostgres(database, catalogue).ensure(catalogue.pool());
  await createDirectory(database, createSealer(Buffer.alloc(32).toString('base64'))).ensure(
    directoryRow('acme'),
    {},
  );
  await database.close();
});
afterEach(async () => {
  // One that waits for an answer gets none before its server ends.
  const stopped = writer.stop();
  await east.stop();
  await west.stop();
  await stopped;
});

const around = () => surroundings(file, { west: west.adminUrl, east: east.adminUrl });

/** @param synchronous the primary acknowledges nothing that the standby has not */
async function replicate(synchronous: boolean): Promise<void> {
  // Before the copy is made, which then waits for standbys of its own like the original.
  if (synchronous) await asAdmin(west, `alter system set synchronous_standby_names = 'standby_1'`);
  east = await west.standby();
  if (synchronous) await asAdmin(west, 'select pg_reload_conf()');
  const awaited = synchronous ? 'sync' : 'async';
  await until(
    async () =>
      (await asAdmin(west, `select 1 from pg_stat_replication where sync_state = '${awaited}'`)).length > 0 ||
      undefined,
    { withinMs: 20_000, what: `the standby follows (${awaited})` },
  );
  writer = startWriter(west.adminUrl, 'acme', 5);
  await writer.more(50);
}

test('a planned one under writes, the process killed again and again: nothing is lost, the old primary is closed', async (t) => {
  await replicate(false);
  const { lines, verdict } = await planFailover(around(), 'east', BOUNDS);
  assert.deepEqual([verdict.refusals, verdict.synchronous], [[], false]);
  assert.equal(lines.length, 8);

  const began = performance.now();
  let lives = 0;
  for (let code: number | null = null; code !== 0; lives++) {
    assert.ok(lives < 60, 'it does not come to an end');
    const child = fork(join(import.meta.dirname, 'failover.crash.ts'), [file, west.adminUrl, east.adminUrl], {
      stdio: 'inherit',
    });
    // Each life is longer than the last: they end at other places.
    const timer = setTimeout(() => child.kill('SIGKILL'), 300 + 100 * lives);
    [code] = (await once(child, 'exit')) as [number | null];
    clearTimeout(timer);
  }
  t.diagnostic(`${lives} lives, ${seconds(began)}`);
  assert.ok(lives > 1);

  const record = await failover(around(), 'east', BOUNDS);
  assert.deepEqual([record.state, record.facts.fence, record.facts.lostBytes], ['Succeeded', 'closed', 0]);
  await assertThere(writer);
  await assert.rejects(asAdmin(west, 'select 1'), /not currently accepting connections/);
  await west.restart();
  await assert.rejects(asAdmin(west, 'select 1'), /not currently accepting connections/);
  await assertServes(east);
});

test('a synchronous primary is killed: everything acknowledged is there, and the old one acknowledges nothing more', async (t) => {
  await replicate(true);
  assert.equal((await planFailover(around(), 'east', BOUNDS)).verdict.synchronous, true);
  await west.kill();
  await assert.rejects(failover(around(), 'east', BOUNDS), RefusedError);
  const began = performance.now();
  const record = await failover(around(), 'east', UNFENCED);
  await assertServes(east);
  t.diagnostic(`from the command to the first change acknowledged: ${seconds(began)}`);
  assert.deepEqual([record.facts.fence, record.facts.waitsForNobody], ['unreachable', true]);
  await assertThere(writer);

  // Back, and nobody has told it: its commits wait for a standby that follows another history.
  const before = writer.acknowledged.length;
  await west.start();
  const { answer } = await startStraggler(west);
  const closed = await failover(around(), 'east', BOUNDS);
  assert.equal(closed.facts.fence, 'closed');
  await assert.rejects(answer, /terminat/);
  assert.equal(writer.acknowledged.length, before);
  await assert.rejects(asAdmin(west, 'select 1'), /not currently accepting connections/);
});

test('an asynchronous primary is killed while the standby is behind: what is lost is refused, then measured', async (t: TestContext) => {
  await replicate(false);
  const had = writer.acknowledged.length;
  const last = writer.acknowledged[had - 1]?.id ?? '';
  await until(async () => (await journal()).has(last) || undefined, {
    withinMs: 10_000,
    what: 'the standby has what was acknowledged',
  });
  await cutOff();
  await writer.more(40);
  await west.kill();
  await assert.rejects(
    failover(around(), 'east', { ...BOUNDS, maxLagMs: 0 }),
    (error: Error) => error instanceof RefusedError && /--unfenced --accept-loss/.test(error.remedy),
  );
  const record = await failover(around(), 'east', { ...UNFENCED, acceptLoss: true });
  assert.equal(record.facts.lostBytes, undefined, 'nobody can know it yet');
  await assertServes(east);
  const there = await journal();
  const lost = writer.acknowledged.filter(({ id }) => !there.has(id));
  assert.ok(writer.acknowledged.slice(0, had).every(({ id }) => there.has(id)));
  assert.ok(lost.length > 0);
  await west.start();
  const closed = await failover(around(), 'east', BOUNDS);
  assert.equal(closed.facts.fence, 'closed');
  assert.ok((closed.facts.lostBytes ?? 0) > 0);
  t.diagnostic(`${lost.length} acknowledged transactions are lost, ${closed.facts.lostBytes} bytes of log`);
});

test('the command: plan, refusal, failover, status; configuration, journal, operation and people are told', async () => {
  await replicate(false);
  const cluster = await startPluginCluster();
  const told: { text?: string }[] = [];
  const hook = createServer(async (request, response) => {
    told.push((await readJson(request)) as { text?: string }); // checked below
    response.end();
  });
  hook.listen(0, '127.0.0.1');
  await once(hook, 'listening');
  const { port } = hook.address() as AddressInfo; // it listens on TCP
  try {
    const secretsKey = Buffer.alloc(32).toString('base64');
    await putPlatform(cluster, 'platform', west.adminUrl, {
      SECRETS_KEY: secretsKey,
      NOTIFY_URL: `http://127.0.0.1:${port}/`,
    });
    await putPlatform(cluster, 'region-west', west.adminUrl, {});
    const unknown = await cluster.run('failover', '--to', 'east', '--yes');
    assert.match(unknown.stderr, /Secret shopmind-system\/region-east/);
    await putPlatform(cluster, 'region-east', east.adminUrl, {});

    const planned = await cluster.run('failover', '--to', 'east', '--dry-run');
    assert.equal(planned.code, 0, planned.stderr);
    assert.match(planned.stdout, /CHECK the standby in east: .* asynchronous\nCLOSE the primary in west/);
    assert.match((await cluster.run('failover', '--status')).stdout, /never was/);

    // Frozen: connections are taken, and nobody answers.
    await west.pause();
    const refused = await cluster.run('failover', '--to', 'east', '--yes');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /does not answer.*\n.*--unfenced/);
    await west.resume();

    const done = await cluster.run('failover', '--to', 'east', '--yes');
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /went over from west to east.*Nothing is lost\. west lets nobody in\./);
    await assertThere(writer);
    const system = { namespace: 'shopmind-system' };
    const secret = await cluster.client.get(secrets, { ...system, name: 'platform' });
    assert.equal(decoded(secret)?.['DATABASE_ADMIN_URL'], east.adminUrl);
    assert.equal(decoded(secret)?.['SECRETS_KEY'], secretsKey);
    const config = await cluster.client.get(configMaps, { ...system, name: 'platform' });
    assert.equal(config.data?.['REGION'], 'east');
    assert.match(told[0]?.text ?? '', /from west to east/);
    const events = await cluster.client.listAll(coreEvents, system);
    assert.ok(events.items.some(({ reason }) => reason === 'FailedOver'));
    const [operation] = (await asAdmin(
      east,
      `select state, arguments from platform.operations where kind = 'failover'`,
    )) as object[];
    assert.deepEqual(operation, { state: 'Succeeded', arguments: { from: 'west', to: 'east' } });

    const status = await cluster.run('failover', '--status', '-w');
    assert.match(
      status.stdout,
      /Begun\n.*Checked\n.*Closed\n.*Promoting\n.*Promoted\n.*Switched\n.*Arrived\n.*Warmed\n.*Notified\nThe platform went over/,
    );
    assert.ok(
      ![done, status, planned].some(({ stdout, stderr }) => `${stdout}${stderr}`.includes('postgres://')),
    );
    const again = await cluster.run('failover', '--to', 'east', '--yes');
    assert.equal(again.code, 0, again.stderr);
    assert.equal(told.length, 1);
    assert.equal((await cluster.run('failover', '--call-off', '--yes')).code, 1);
  } finally {
    hook.close();
    await cluster.close();
  }
});

async function putPlatform(
  cluster: PluginCluster,
  name: string,
  databaseAdminUrl: string,
  more: Readonly<{ [key: string]: string }>,
): Promise<void> {
  const metadata = { namespace: 'shopmind-system', name };
  const values = Object.entries({ DATABASE_ADMIN_URL: databaseAdminUrl, ...more });
  const data = Object.fromEntries(values.map(([key, value]) => [key, Buffer.from(value).toString('base64')]));
  await cluster.client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, data });
  if (name !== 'platform') return;
  const config = { REGION: 'west', BLOBS_URL: 'file:///blobs' };
  await cluster.client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: config });
}

/** A change on the old primary, by somebody who does not know. Resolves when it waits for a standby that will not come. */
async function startStraggler(server: PostgresServer): Promise<{ readonly answer: Promise<unknown> }> {
  const answer = asAdmin(server, `insert into shop.journal values ('acme', 'too-late')`);
  answer.catch(() => undefined);
  await until(
    async () =>
      (
        await asAdmin(
          server,
          `select 1 from pg_stat_activity where wait_event = 'SyncRep' and query like '%too-late%' and pid <> pg_backend_pid()`,
        )
      ).length > 0 || undefined,
    { withinMs: 10_000, what: 'it waits' },
  );
  return { answer };
}

/** The standby hears no more of its primary, which goes on. */
async function cutOff(): Promise<void> {
  await until(
    async () => {
      await asAdmin(
        west,
        `select pg_terminate_backend(active_pid) from pg_replication_slots where active_pid is not null`,
      );
      await asAdmin(west, `select pg_drop_replication_slot(slot_name) from pg_replication_slots`);
      return true;
    },
    { withinMs: 20_000, what: 'the slot is gone' },
  );
}

function seconds(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}

async function asAdmin(server: PostgresServer, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.adminUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

async function journal(): Promise<ReadonlySet<string>> {
  const rows = (await asAdmin(east, 'select id from shop.journal')) as { id: string }[]; // as selected
  return new Set(rows.map(({ id }) => id));
}

async function assertThere({ acknowledged }: Writer): Promise<void> {
  const there = await journal();
  assert.ok(acknowledged.length >= 50);
  assert.deepEqual(
    acknowledged.filter(({ id }) => !there.has(id)),
    [],
    'acknowledged, and lost',
  );
}

/** It acknowledges a change. */
async function assertServes(server: PostgresServer): Promise<void> {
  await asAdmin(server, `insert into shop.journal values ('acme', 'afterwards')`);
}

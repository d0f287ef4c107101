/**
 * Recovery of a real PostgreSQL that is written all the time: the cluster, or one tenant alone, is brought back to a moment chosen at
 * random, and holds exactly what was committed by then.
 */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { openDatabase, type Database } from '../../operator/provisioners/postgres/database.ts';
import { loadCatalogue } from '../../operator/provisioners/postgres/desired.ts';
import { createDirectory } from '../../operator/provisioners/postgres/directory.ts';
import { createPostgres } from '../../operator/provisioners/postgres/postgres.ts';
import { createSealer } from '../../operator/provisioners/sealing.ts';
import { shelf } from '../../operator/provisioners/testing/definition.ts';
import { archiverLogin, ensureArchiver } from '../../operator/recovery/archive/login.ts';
import { readArchive, verdictOf } from '../../operator/recovery/archive/verdict.ts';
import { runArchiver, type Beat } from '../../operator/recovery/archive/archiver.ts';
import { listBases } from '../../operator/recovery/archive/base.ts';
import { restoreBeside, type Beside } from '../../operator/recovery/beside/restore.ts';
import { restoreCluster } from '../../operator/recovery/cluster/restore.ts';
import { RecoveryFailedError } from '../../operator/recovery/beside/server.ts';
import { createOperations, type Operation } from '../../operator/recovery/operations.ts';
import { openStore, type ArchiveStore } from '../../operator/recovery/store/store.ts';
import { restoreTenant } from '../../operator/recovery/tenant/restore.ts';
import { besideSource } from '../../operator/recovery/tenant/source.ts';
import { ownFolder } from '../support/owned.ts';
import { now, directoryRow, startWriter, type Writer } from '../support/writers.ts';
import { until } from '../support/wait.ts';
import { binariesOf, startPostgres, type PostgresServer } from './postgres.ts';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const LOGIN = archiverLogin('pool', 'secret of the pool');
const ACCESS = { logins: [LOGIN], walKeep: '1GB' };
const PLEDGE = { rpoMs: 300_000, keepMs: 86_400_000 };
const TENANTS = ['acme', 'bolt', 'coil'] as const;
/** Moments tried in each test. */
const ROUNDS = 2;

for (const version of [18, 15] as const) {
  describe(`PostgreSQL ${version}, seed ${SEED}`, { timeout: 600_000 }, () => {
    const random = generator(SEED + version);
    let folder: string;
    let server: PostgresServer;
    let database: Database;
    let store: ArchiveStore;
    let archive: Archiving;
    let writers: Readonly<Record<string, Writer>>;

    before(async () => {
      folder = ownFolder('recovery');
      // What the server itself keeps of each commit's time is the measure.
      server = await startPostgres({ version, settings: { track_commit_timestamp: 'on' } });
      database = await openDatabase(server.adminUrl);
      const catalogue = await loadCatalogue([shelf]);
      await createPostgres(database, catalogue).ensure(catalogue.pool());
      const directory = createDirectory(database, createSealer(Buffer.alloc(32).toString('base64')));
      for (const tenant of TENANTS) await directory.ensure(directoryRow(tenant), {});
      assert.ok((await ensureArchiver(database, ACCESS)).length > 3);
      await until(async () => (await ensureArchiver(database, ACCESS)).length === 0 || undefined, {
        what: 'nothing is left to do',
      });
      store = await openStore(pathToFileURL(join(folder, 'store')).href);
      archive = startArchiving(server, store);
      writers = Object.fromEntries(TENANTS.map((tenant) => [tenant, startWriter(server.adminUrl, tenant)]));
      await archive.reaches(now());
    });

    after(async () => {
      for (const writer of Object.values(writers)) await writer.stop();
      await archive.stop();
      await database.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    });

    const beside = (target: Date | 'latest', signal = new AbortController().signal): Promise<Beside> =>
      restoreBeside(store, {
        target,
        binaries: binariesOf(version),
        user: 'postgres',
        database: 'shopmind',
        within: tmpdir(),
        signal,
      });

    test('the cluster comes back as it was at a moment chosen at random, for every tenant', async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const moment = await momentDuringWrites(writers, random);
        await archive.reaches(moment.getTime());
        const expected = await committedBy(database, moment);
        const copy = await beside(moment);
        try {
          const there = await journal(copy.url);
          assert.deepEqual(there, expected);
          for (const tenant of TENANTS) assertAcknowledged(writers, tenant, there[tenant] ?? [], moment);
        } finally {
          await copy.stop();
        }
      }
    });

    test('one tenant comes back as it was, to the transaction, and its neighbours lose nothing', async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const moment = await momentDuringWrites(writers, random);
        await archive.reaches(moment.getTime());
        const expected = await committedBy(database, moment);
        await writers['acme']?.stop();
        const ended = await restore(moment);
        assert.equal(ended.state, 'Succeeded', ended.message);
        assert.deepEqual((await journal(server.adminUrl))['acme'], expected['acme']);
        assertAcknowledged(writers, 'acme', expected['acme'] ?? [], moment);
        // The rows that change and go are those of the same moment.
        const last = Number(expected['acme']?.at(-1)?.slice(1));
        const [state] = await database.query<{ count: string; names: string[]; doubled: boolean }>(
          `select (select count::text from shop.counters where tenant_id = 'acme'),
             (select array_agg(name order by name) from shop.oddments where tenant_id = 'acme') as names,
             (select bool_and(doubled = 2 * price and bytes = sha256(name::bytea) and body->>'text' like E'line\\u2028%')
                from shop.oddments where tenant_id = 'acme') as doubled`,
        );
        assert.equal(Number(state?.count), expected['acme']?.length);
        assert.equal(state?.names.at(-1), expected['acme']?.at(-1));
        assert.ok((state?.names.length ?? 0) <= 40 && last > 0);
        assert.equal(state?.doubled, true);
        for (const tenant of ['bolt', 'coil']) await assertNothingLost(database, writers, tenant);
        await database.query(`delete from shop.journal where tenant_id = 'acme'`);
        await database.query(`delete from shop.oddments where tenant_id = 'acme'`);
        await database.query(`delete from shop.counters where tenant_id = 'acme'`);
        writers = { ...writers, acme: startWriter(server.adminUrl, 'acme') };
        await writers['acme']?.more(50);
        await archive.reaches(now());
      }
    });

    test('a tenant that is being written is closed for the exchange, and open again afterwards', async () => {
      const moment = new Date();
      await archive.reaches(moment.getTime());
      await writers['acme']?.more(20);
      const ended = await restore(moment);
      assert.equal(ended.state, 'Succeeded', ended.message);
      assert.ok(ended.frozenMs > 0);
      await writers['acme']?.more(20);
      const [open] = await database.query<{ frozen: boolean }>(
        `select frozen from platform.tenants where id = 'acme'`,
      );
      assert.equal(open?.frozen, false);
    });

    test('killed after any step, a restore is gone on with and ends the same', async () => {
      await writers['acme']?.stop();
      const moment = new Date();
      await archive.reaches(moment.getTime());
      const expected = (await committedBy(database, moment))['acme'];
      const copy = await beside(moment);
      for (const step of ['Begun', 'Staged', 'Frozen', 'Exchanged']) {
        const operations = createOperations(database);
        const operation = await operations.begin({
          kind: 'restore',
          tenant: 'acme',
          arguments: { to: moment.toISOString() },
        });
        await database.query(`delete from shop.journal where tenant_id = 'acme'`);
        // Dies before the first statement that would leave the step.
        const dying = dyingAfter(database, step);
        await assert.rejects(restore(moment, dying, copy), /killed/);
        assert.equal((await operations.get(operation.id)).state, 'Running');
        const ended = await restore(moment, database, copy);
        assert.equal(ended.id, operation.id);
        assert.equal(ended.state, 'Succeeded', ended.message);
        assert.deepEqual((await journal(server.adminUrl))['acme'], expected, `killed after ${step}`);
      }
      await copy.stop();
      writers = { ...writers, acme: startWriter(server.adminUrl, 'acme') };
    });

    test('the archive goes on without a gap over a crash of the server, and of the archiver', async () => {
      await server.kill();
      await server.start();
      await writers['bolt']?.more(20);
      await archive.kill();
      await writers['bolt']?.more(20);
      archive = startArchiving(server, store);
      const moment = await momentDuringWrites(writers, random);
      await archive.reaches(moment.getTime());
      const expected = await committedBy(database, moment);
      const copy = await beside(moment);
      assert.deepEqual(await journal(copy.url), expected);
      await copy.stop();
      assert.equal((await listBases(store)).length, 1);
    });

    test('an archiver that is away for too long fills nobody’s disk: the hole is told, and closed by a base backup', async () => {
      assert.equal(verdictOf(await readArchive(database), PLEDGE).reason, 'Archived');
      await archive.kill();
      const before = (await readArchive(database))?.through;
      // What a limit of 10 GB does after 10 GB, one of nothing does after two segments.
      await database.query(`alter system set max_slot_wal_keep_size = '0'`);
      await database.query('select pg_reload_conf()');
      await until(
        async () => {
          await database.query('select pg_switch_wal()');
          await database.query('create table if not exists filler (); drop table filler');
          await database.query('checkpoint');
          const [slot] = await database.query<{ status: string }>(
            `select wal_status as status from pg_replication_slots where slot_name = 'shopmind'`,
          );
          return slot?.status === 'lost' ? true : undefined;
        },
        { what: 'the server throws the log of the slot away', withinMs: 30_000 },
      );
      await database.query(`alter system set max_slot_wal_keep_size = '1GB'`);
      await database.query('select pg_reload_conf()');
      archive = startArchiving(server, store);
      await archive.reaches(now());
      const state = await readArchive(database);
      assert.equal(verdictOf(state, PLEDGE).reason, 'ArchivedWithGap');
      assert.deepEqual(state?.gapFrom, before);
      assert.equal((await listBases(store)).length, 2);
      const moment = await momentDuringWrites(writers, random);
      await archive.reaches(moment.getTime());
      const expected = await committedBy(database, moment);
      const copy = await beside(moment);
      assert.deepEqual(await journal(copy.url), expected);
      await copy.stop();
    });

    test('a moment that nothing leads to is refused, with the reason', async () => {
      await assert.rejects(beside(new Date(Date.now() - 86_400_000)), RecoveryFailedError);
      await assert.rejects(beside(new Date(Date.now() + 86_400_000)), /ends before the moment/);
    });

    test('the whole cluster is put back in place while everybody writes: exactly what was committed by then, and what came after it was open again', async () => {
      const moment = await momentDuringWrites(writers, random);
      await archive.reaches(moment.getTime());
      const expected = await committedBy(database, moment);
      const operations = createOperations(database);
      const operation = await operations.begin({
        kind: 'restore',
        arguments: { to: moment.toISOString(), mode: 'swap' },
      });
      const ended = await restoreCluster(operation, {
        database,
        url: server.adminUrl,
        operations,
        catalogue: await loadCatalogue([shelf]),
        at: moment,
        erasures: { tables: shelf.tables, sealer: createSealer(Buffer.alloc(32).toString('base64')) },
        async open() {
          const { url, stop } = await beside(moment);
          return { url, close: stop };
        },
      });
      assert.equal(ended.state, 'Succeeded', ended.message);
      for (const tenant of TENANTS) await writers[tenant]?.more(5);
      for (const tenant of TENANTS) await writers[tenant]?.stop();
      const openedAt = Date.parse(String(ended.result['exchangedAt']));
      const there = await journal(server.adminUrl);
      for (const tenant of TENANTS) {
        const since = new Set(
          writers[tenant]?.acknowledged.filter(({ at }) => at >= openedAt).map(({ id }) => id),
        );
        const ids = there[tenant] ?? [];
        assert.deepEqual(
          ids.filter((id) => !since.has(id)),
          expected[tenant],
        );
        assert.equal(ids.filter((id) => since.has(id)).length, since.size);
        assert.ok(since.size >= 5 && (writers[tenant]?.refused() ?? 0) > 0);
      }
      // The archive goes on over it: the next moment can be restored to.
      await archive.reaches(now());
    });

    async function restore(moment: Date, on: Database = database, made?: Beside): Promise<Operation> {
      const operations = createOperations(on);
      const operation = await operations.begin({
        kind: 'restore',
        tenant: 'acme',
        arguments: { to: moment.toISOString() },
      });
      return restoreTenant(operation, {
        database: on,
        operations,
        erasures: { tables: shelf.tables, sealer: createSealer(Buffer.alloc(32).toString('base64')) },
        async open() {
          const copy = made ?? (await beside(moment));
          const former = await openDatabase(copy.url);
          return {
            source: await besideSource(former, 'acme', moment),
            async close() {
              await former.close();
              if (made === undefined) await copy.stop();
            },
          };
        },
      });
    }
  });
}

interface Archiving {
  /** Resolves when everything committed by then is in the store. */
  reaches(time: number): Promise<void>;
  stop(): Promise<void>;
  /** Ends without storing what it holds, as `kill -9` does. */
  kill(): Promise<void>;
}

/** By the archiver's own login, which may do nothing else. */
function archiverUrl(server: PostgresServer): string {
  const url = new URL(server.adminUrl);
  url.username = LOGIN.user;
  url.password = LOGIN.password;
  return url.href;
}

function startArchiving(server: PostgresServer, store: ArchiveStore): Archiving {
  const stop = new AbortController();
  let beat: Beat | undefined;
  let isDead = false;
  const problems: object[] = [];
  const mortal: ArchiveStore = {
    ...store,
    put: (key, body) => (isDead ? Promise.reject(new Error('killed')) : store.put(key, body)),
  };
  const archiving = async (): Promise<void> => {
    const database = await openDatabase(archiverUrl(server), { max: 2 });
    await runArchiver(database, mortal, {
      url: archiverUrl(server),
      slot: 'shopmind',
      intervalMs: 600,
      baseEveryMs: 3_600_000,
      keepMs: 86_400_000,
      signal: stop.signal,
      log: { info: () => undefined, error: (facts) => void problems.push(facts) },
      onBeat: (now) => void (beat = now),
    });
    await database.close();
  };
  const running = archiving();
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  return {
    reaches: (time) =>
      until(
        async () =>
          beat?.base !== undefined && beat.through !== undefined && beat.through.getTime() > time
            ? true
            : undefined,
        { what: `the archive reaches ${new Date(time).toISOString()}`, withinMs: 30_000 },
      ).then(() => undefined),
    stop: end,
    async kill() {
      isDead = true;
      await end();
    },
  };
}

/** A moment in the middle of what the writers do next. */
async function momentDuringWrites(
  writers: Readonly<Record<string, Writer>>,
  random: () => number,
): Promise<Date> {
  await writers['bolt']?.more(5 + Math.floor(random() * 60));
  await new Promise((resolve) => setTimeout(resolve, random() * 400));
  const moment = new Date();
  await writers['bolt']?.more(10);
  return moment;
}

type Journal = Readonly<Record<string, readonly string[]>>;

/** By the server's own record of when each row's transaction committed. */
async function committedBy(database: Database, moment: Date): Promise<Journal> {
  const rows = await database.query<{ tenant: string; ids: string[] }>(
    `select tenant_id as tenant, array_agg(id order by id) as ids from shop.journal
      where pg_xact_commit_timestamp(xmin) <= $1::timestamptz group by tenant_id order by 1`,
    [moment.toISOString()],
  );
  return Object.fromEntries(rows.map(({ tenant, ids }) => [tenant, ids]));
}

async function journal(url: string): Promise<Journal> {
  const database = await openDatabase(url, { max: 1 });
  try {
    const rows = await database.query<{ tenant: string; ids: string[] }>(
      'select tenant_id as tenant, array_agg(id order by id) as ids from shop.journal group by tenant_id order by 1',
    );
    return Object.fromEntries(rows.map(({ tenant, ids }) => [tenant, ids]));
  } finally {
    await database.close();
  }
}

/** All that was acknowledged by the moment is there, and nothing that was only asked for after it. */
function assertAcknowledged(
  writers: Readonly<Record<string, Writer>>,
  tenant: string,
  there: readonly string[],
  moment: Date,
): void {
  const all = writers[tenant]?.acknowledged ?? [];
  const present = new Set(there);
  const time = moment.getTime();
  assert.deepEqual(
    all.filter(({ id, at }) => at <= time && !present.has(id)),
    [],
    'acknowledged before, and lost',
  );
  assert.deepEqual(
    all.filter(({ id, sentAt }) => sentAt > time + 1 && present.has(id)),
    [],
    'asked for after, and there',
  );
}

async function assertNothingLost(
  database: Database,
  writers: Readonly<Record<string, Writer>>,
  tenant: string,
): Promise<void> {
  const acknowledged = (writers[tenant]?.acknowledged ?? []).map(({ id }) => id);
  const rows = await database.query<{ id: string }>('select id from shop.journal where tenant_id = $1', [
    tenant,
  ]);
  const there = new Set(rows.map(({ id }) => id));
  assert.ok(acknowledged.length > 0);
  assert.deepEqual(
    acknowledged.filter((id) => !there.has(id)),
    [],
  );
}

/** A database whose caller dies as soon as the operation has come to `step` and anything more is asked for. */
function dyingAfter(database: Database, step: string): Database {
  const killed = (): Error => Object.assign(new Error('killed: terminated'), {});
  const check = async (text: string): Promise<void> => {
    const [row] = await database.query<{ step: string }>(
      `select step from platform.operations where state = 'Running'`,
    );
    if (row?.step === step && !text.startsWith('select')) throw killed();
  };
  return {
    async query(text, values) {
      await check(text);
      return database.query(text, values);
    },
    async session(work) {
      await check('session');
      return database.session(work);
    },
    close: () => Promise.resolve(),
  };
}

/** mulberry32: the same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

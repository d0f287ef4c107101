/**
 * Where backups lie, files and a real S3 server (MinIO): an object is there whole or not at all, whatever is killed. And a real
 * PostgreSQL archived to S3 while the store goes away and a backup is torn halfway, brought back from there.
 */
import assert from 'node:assert/strict';
import { execFile, fork } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { openDatabase } from '../../operator/provisioners/postgres/database.ts';
import { loadCatalogue } from '../../operator/provisioners/postgres/desired.ts';
import { createDirectory } from '../../operator/provisioners/postgres/directory.ts';
import { createPostgres } from '../../operator/provisioners/postgres/postgres.ts';
import { createSealer } from '../../operator/provisioners/sealing.ts';
import { shelf } from '../../operator/provisioners/testing/definition.ts';
import { runArchiver, type Beat } from '../../operator/recovery/archive/archiver.ts';
import { listBases, takeBaseBackup } from '../../operator/recovery/archive/base.ts';
import { openReplication } from '../../operator/recovery/archive/replication.ts';
import { fetchCluster } from '../../operator/recovery/beside/fetch.ts';
import { restoreBeside } from '../../operator/recovery/beside/restore.ts';
import { startBeside, UNPRIVILEGED } from '../../operator/recovery/beside/server.ts';
import { openS3 } from '../../operator/recovery/store/s3.ts';
import {
  NotStoredError,
  openStore,
  read,
  type ArchiveStore,
  type StoredObject,
} from '../../operator/recovery/store/store.ts';
import { openBucket } from '../../runtime/platform/objects/index.ts';
import { firstMessage, kill } from '../support/ended.ts';
import { ownFolder } from '../support/owned.ts';
import { until } from '../support/wait.ts';
import { directoryRow, startWriter } from '../support/writers.ts';
import { startMinio, type MinioServer } from './minio.ts';
import { binariesOf, startPostgres } from './postgres.ts';

const run = promisify(execFile);
let minio: MinioServer;
let folder: string;
let stores = 0;

before(async () => {
  minio = await startMinio();
  folder = ownFolder('archive');
});
after(async () => {
  await minio.stop();
  await rm(folder, { recursive: true, force: true });
});

async function all(listed: AsyncIterable<StoredObject>): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const one of listed) objects.push(one);
  return objects;
}

/** As small as S3 lets them be. */
const PARTS = { partBytes: 5 << 20 };

const STORES: Readonly<Record<string, () => Promise<string>>> = {
  files: async () => pathToFileURL(join(folder, `store-${++stores}`)).href,
  S3: () => minio.bucket('archive', `of tests/store-${++stores}`),
};

for (const [kind, makeAddress] of Object.entries(STORES)) {
  describe(`backups in ${kind}`, () => {
    let at: string;
    let store: ArchiveStore;
    before(async () => {
      at = await makeAddress();
      store = kind === 'S3' ? openS3(at, PARTS) : await openStore(at);
    });
    after(() => store.close());

    test('an object is read as it was put, replaced whole, and gone when it is removed', async () => {
      await store.put('wal/one', Buffer.from('first'));
      await store.put('wal/one', Readable.from([Buffer.from('sec'), Buffer.from('ond')]));
      assert.equal((await read(store, 'wal/one')).toString(), 'second');
      await store.remove('wal/one');
      await store.remove('wal/one');
      await assert.rejects(read(store, 'wal/one'), NotStoredError);
      await assert.rejects(store.put('../elsewhere', Buffer.from('x')), RangeError);
      assert.doesNotMatch(store.location, /root-of-tests/);
    });

    test('what begins alike is listed in the order of its keys, with size and time', async () => {
      const began = Date.now();
      for (const key of ['base/b/x', 'base/a/y', 'base/a/x', 'base-other', 'basement/z'])
        await store.put(key, Buffer.from(key));
      const listed = await all(store.list('base/'));
      assert.deepEqual(
        listed.map(({ key, size }) => [key, size]),
        [
          ['base/a/x', 8],
          ['base/a/y', 8],
          ['base/b/x', 8],
        ],
      );
      for (const { modified } of listed) assert.ok(Math.abs(modified.getTime() - began) < 60_000);
      const alike = await all(store.list('base'));
      assert.deepEqual(
        alike.map(({ key }) => key),
        ['base-other', 'base/a/x', 'base/a/y', 'base/b/x', 'basement/z'],
      );
    });

    test('a stream that breaks leaves what was there', async () => {
      await store.put('base/whole', Buffer.from('whole'));
      const breaking = Readable.from(
        (async function* () {
          yield Buffer.alloc(12 << 20);
          throw new Error('the server went away');
        })(),
        { objectMode: false },
      );
      await assert.rejects(store.put('base/whole', breaking), /the server went away/);
      assert.equal((await read(store, 'base/whole')).toString(), 'whole');
    });

    test('a process killed halfway leaves nothing to be seen, and what it left is swept away', async () => {
      const child = fork(join(import.meta.dirname, 'archive.crash.ts'), [at, 'torn/base.tar.zst'], {
        stdio: 'inherit',
      });
      await firstMessage(child);
      await kill(child);
      assert.deepEqual(await all(store.list('torn/')), []);
      await assert.rejects(read(store, 'torn/base.tar.zst'), NotStoredError);
      await store.sweep(new Date(Date.now() - 60_000));
      // MinIO tells nobody what uploads there are below a folder; it ends them by itself after a day.
      if (kind === 'files') assert.equal((await drafts(at)).length, 1, 'it might still be written');
      await store.sweep(new Date());
      if (kind === 'files') assert.deepEqual(await drafts(at), []);
      await store.put('torn/base.tar.zst', Buffer.from('whole'));
      assert.equal((await read(store, 'torn/base.tar.zst')).toString(), 'whole');
    });
  });
}

test('a server is archived to S3 and brought back from there, over a backup torn halfway and a store that was away', async () => {
  const address = await minio.bucket('archive', 'server');
  const server = await startPostgres();
  const database = await openDatabase(server.adminUrl);
  const store = await openStore(address);
  try {
    const catalogue = await loadCatalogue([shelf]);
    await createPostgres(database, catalogue).ensure(catalogue.pool());
    const sealer = createSealer(Buffer.alloc(32).toString('base64'));
    await createDirectory(database, sealer).ensure(directoryRow('acme'), {});
    // Several parts when it is compressed.
    await database.query(
      `create table ballast as select string_agg(sha512((n * 1000 + m)::text::bytea), '') as bytes
         from generate_series(1, 200) n, generate_series(1, 1000) m group by n`,
    );
    const writer = startWriter(server.adminUrl, 'acme');

    await tornBackup(server.adminUrl, address);
    assert.deepEqual(await listBases(store), [], 'half of one is none');

    let beat: Beat | undefined;
    const stop = new AbortController();
    const archiving = runArchiver(database, store, {
      url: server.adminUrl,
      slot: 'shopmind',
      intervalMs: 600,
      baseEveryMs: 3_600_000,
      keepMs: 86_400_000,
      signal: stop.signal,
      log: { info: () => undefined, error: () => undefined },
      onBeat: (now) => void (beat = now),
    });
    const reaches = (time: Date) =>
      until(() => (beat?.base !== undefined && (beat.through ?? 0) > time) || undefined, {
        withinMs: 60_000,
        what: `the archive reaches ${time.toISOString()}`,
      });
    await writer.more(20);
    await reaches(new Date());

    await minio.kill();
    await writer.more(20);
    await minio.start();
    await writer.more(20);
    const moment = new Date();
    await writer.more(20);
    await reaches(moment);
    await writer.stop();
    stop.abort();
    await archiving;

    assert.equal((await listBases(store)).length, 1);
    const copy = await restoreBeside(store, {
      target: moment,
      binaries: binariesOf(18),
      user: 'postgres',
      database: 'shopmind',
      signal: new AbortController().signal,
    });
    try {
      const former = await openDatabase(copy.url, { max: 1 });
      const rows = await former.query<{ id: string }>('select id from shop.journal');
      await former.close();
      const there = new Set(rows.map(({ id }) => id));
      const time = moment.getTime();
      for (const { id, at, sentAt } of writer.acknowledged) {
        if (at <= time) assert.ok(there.has(id), `${id} was acknowledged before, and is lost`);
        if (sentAt > time + 1) assert.ok(!there.has(id), `${id} was asked for after, and is there`);
      }
    } finally {
      await copy.stop();
    }
    assert.deepEqual(await fetchedJournal(store, writer.acknowledged, moment), []);
  } finally {
    store.close();
    await database.close();
    await server.stop();
  }
});

/**
 * As whoever has no server any more does it: the archive in a folder, and a server of theirs over it.
 * @returns what was acknowledged before the moment and is not there
 */
async function fetchedJournal(
  store: ArchiveStore,
  acknowledged: readonly { readonly id: string; readonly at: number }[],
  moment: Date,
): Promise<string[]> {
  const { signal } = new AbortController();
  const place = ownFolder('fetched');
  const options = {
    folder: join(place, 'data'),
    target: 'latest',
    signal,
    onProgress: () => undefined,
  } as const;
  await fetchCluster(store, options);
  await assert.rejects(fetchCluster(store, options), /is not empty/);
  if (UNPRIVILEGED !== undefined)
    await run('chown', ['-R', `${UNPRIVILEGED.uid}:${UNPRIVILEGED.gid}`, place]);
  const server = await startBeside({
    folder: place,
    binaries: binariesOf(18),
    user: 'postgres',
    database: 'shopmind',
    settings: {},
    signal,
  });
  try {
    const database = await openDatabase(server.url, { max: 1 });
    const rows = await database.query<{ id: string }>('select id from shop.journal');
    await database.close();
    const there = new Set(rows.map(({ id }) => id));
    return acknowledged.flatMap(({ id, at }) => (at <= moment.getTime() && !there.has(id) ? [id] : []));
  } finally {
    await server.stop();
  }
}

async function drafts(address: string): Promise<string[]> {
  return (await readdir(fileURLToPath(address), { recursive: true })).filter((name) =>
    name.includes('draft'),
  );
}

/** A base backup whose connection to the server is cut once the first part is in the store: nothing of it stays, parts neither. */
async function tornBackup(url: string, address: string): Promise<void> {
  const database = await openDatabase(url, { max: 2 });
  const store = openS3(address, PARTS);
  const bucket = openBucket(address);
  let key = '';
  const watched: ArchiveStore = {
    ...store,
    put(name, body) {
      key = name;
      return store.put(name, body);
    },
  };
  const unfinished = async (): Promise<number> => {
    const { Uploads = [] } = await bucket.client.send(
      new ListMultipartUploadsCommand({ Bucket: bucket.name, Prefix: bucket.prefix + key }),
    );
    return Uploads.length;
  };
  const replication = await openReplication(url);
  const taken = takeBaseBackup(replication, database, watched);
  taken.catch(() => undefined);
  await until(async () => (key !== '' && (await unfinished()) > 0) || undefined, {
    withinMs: 60_000,
    everyMs: 5,
    what: 'a part of the backup is in the store',
  });
  await database.query(
    `select pg_terminate_backend(pid) from pg_stat_replication where application_name = 'shopmind-archive'`,
  );
  await assert.rejects(taken);
  assert.equal(await unfinished(), 0, 'parts that nobody will ever see are not kept');
  await replication.close().catch(() => undefined);
  bucket.close();
  store.close();
  await database.close();
}

/**
 * What a disaster costs: how much is lost (RPO, against 5 minutes) and how long until it is back (RTO, against 1 hour), measured on a
 * cluster of a size of one's choice, and what follows from it for bigger ones.
 *
 *     npm run bench:recovery -- --megabytes 1024
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { openDatabase, type Database } from '../../operator/provisioners/postgres/database.ts';
import { loadCatalogue } from '../../operator/provisioners/postgres/desired.ts';
import { createDirectory } from '../../operator/provisioners/postgres/directory.ts';
import { createPostgres } from '../../operator/provisioners/postgres/postgres.ts';
import { createSealer } from '../../operator/provisioners/sealing.ts';
import { shelf } from '../../operator/provisioners/testing/definition.ts';
import { runArchiver, type Beat } from '../../operator/recovery/archive/archiver.ts';
import { takeBaseBackup } from '../../operator/recovery/archive/base.ts';
import { openReplication } from '../../operator/recovery/archive/replication.ts';
import { restoreBeside } from '../../operator/recovery/beside/restore.ts';
import { createOperations } from '../../operator/recovery/operations.ts';
import { openStore, type ArchiveStore } from '../../operator/recovery/store/store.ts';
import { restoreTenant } from '../../operator/recovery/tenant/restore.ts';
import { besideSource } from '../../operator/recovery/tenant/source.ts';
import { binariesOf, startPostgres } from '../servers/postgres.ts';
import { ownFolder } from '../support/owned.ts';
import { directoryRow, startWriter } from '../support/writers.ts';
import { until } from '../support/wait.ts';

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '64' },
    'interval-ms': { type: 'string', default: '10000' },
    /** How long tenants are written before the disaster. */
    'write-seconds': { type: 'string', default: '15' },
  },
});
const megabytes = Number(values.megabytes);
const intervalMs = Number(values['interval-ms']);
const writeSeconds = Number(values['write-seconds']);

const RPO_S = 300;
const RTO_S = 3600;
const MB = 1 << 20;
/** Of the rows, those of the tenant that is brought back alone. */
const SHARE = 0.1;

const folder = ownFolder('bench');
const server = await startPostgres({ settings: { shared_buffers: '256MB', max_wal_size: '4GB' } });
const database = await openDatabase(server.adminUrl);
const store = await openStore(pathToFileURL(join(folder, 'store')).href);
const stop = new AbortController();
let beat: Beat | undefined;
let sent = 0;
let isLost = false;
try {
  await prepare(database);
  const archiving = runArchiver(database, counted(store), {
    url: server.adminUrl,
    slot: 'bench',
    intervalMs,
    baseEveryMs: 86_400_000,
    keepMs: 86_400_000,
    signal: stop.signal,
    log: { info: () => undefined, error: () => undefined },
    onBeat: (now) => void (beat = now),
  });
  await until(() => (beat?.base === undefined ? undefined : true), {
    what: 'the first base backup',
    withinMs: 60_000,
  });
  const filled = await timed(() => fill(database, megabytes));
  const replication = await openReplication(server.adminUrl);
  const based = await timed(() => takeBaseBackup(replication, database, store));
  await replication.close();
  const size = based.value.size / MB;

  const writers = ['acme', 'bolt', 'coil'].map((tenant) => startWriter(server.adminUrl, tenant, 2));
  await new Promise((resolve) => setTimeout(resolve, writeSeconds * 1000));
  // The whole place is gone: the archiver stores nothing of what it holds.
  isLost = true;
  await server.kill();
  const diedAt = Date.now();
  stop.abort();
  await archiving;
  for (const writer of writers) await writer.stop();
  const acknowledged = writers.flatMap((writer) => writer.acknowledged);

  const cluster = await timed(() =>
    restoreBeside(store, {
      target: 'latest',
      binaries: binariesOf(18),
      user: 'postgres',
      database: 'shopmind',
      signal: new AbortController().signal,
    }),
  );
  const copy = await openDatabase(cluster.value.url);
  const [there] = await copy.query<{ rows: number }>('select count(*)::int as rows from shop.journal');
  const lost = acknowledged.length - (there?.rows ?? 0);
  const reached = cluster.value.reached?.getTime() ?? diedAt;
  const lastAcknowledged = Math.max(...acknowledged.map(({ at }) => at));
  const rpo = Math.max(0, lastAcknowledged - reached) / 1000;

  // One tenant alone: the server is back, and its rows are exchanged for those of the copy.
  await server.start();
  const operations = createOperations(database);
  const operation = await operations.begin({ kind: 'restore', tenant: 'acme', arguments: { to: 'latest' } });
  const tenant = await timed(() =>
    restoreTenant(operation, {
      database,
      operations,
      erasures: { tables: shelf.tables, sealer: createSealer(Buffer.alloc(32).toString('base64')) },
      open: async () => ({
        source: await besideSource(copy, 'acme', new Date()),
        close: async () => undefined,
      }),
    }),
  );
  if (tenant.value.state !== 'Succeeded') throw new Error(tenant.value.message);
  await copy.close();
  await cluster.value.stop();

  const rate = size / cluster.seconds;
  const tenantRows = Number(tenant.value.result['rows']);
  const print = (text = ''): void => void process.stdout.write(`${text}\n`);
  print(`cluster             ${size.toFixed(0)} MB (filled in ${filled.seconds.toFixed(1)} s)`);
  print(`base backup         ${based.seconds.toFixed(1)} s, ${(size / based.seconds).toFixed(0)} MB/s`);
  print(
    `log sent            ${(sent / MB).toFixed(1)} MB compressed, stored every ${intervalMs / 2000} s at most`,
  );
  print(
    `acknowledged        ${acknowledged.length} transactions before the server was killed; ${Math.max(0, lost)} not in the archive`,
  );
  print(
    `RPO                 ${rpo.toFixed(1)} s between the last acknowledged and the last restored (aim: ${RPO_S} s)`,
  );
  print(
    `RTO, cluster        ${cluster.seconds.toFixed(1)} s from the store to a server that answers (aim: ${RTO_S} s)`,
  );
  print(
    `RTO, one tenant     ${(cluster.seconds + tenant.seconds).toFixed(1)} s = ${cluster.seconds.toFixed(1)} s beside + ${tenant.seconds.toFixed(1)} s for ${tenantRows.toLocaleString('en')} rows; closed for ${(tenant.value.frozenMs / 1000).toFixed(1)} s`,
  );
  print();
  print(
    `Extrapolated, as if time grew with size: ${size.toFixed(0)} MB / ${cluster.seconds.toFixed(1)} s = ${rate.toFixed(0)} MB/s.`,
  );
  for (const gigabytes of [10, 100, 500])
    print(`  ${gigabytes} GB / ${rate.toFixed(0)} MB/s = ${((gigabytes * 1024) / rate / 60).toFixed(1)} min`);
  print(
    `  ${RTO_S} s × ${rate.toFixed(0)} MB/s = ${((RTO_S * rate) / 1024).toFixed(0)} GB is what comes back within the hour, base and log together, with disks like these.`,
  );
  print(
    `RPO does not grow with size: it is the interval of the archive and the way to the store, as long as the store takes`,
  );
  print(`the log faster than it is written; a store that is away adds its absence.`);
  process.exitCode = rpo <= RPO_S && cluster.seconds + tenant.seconds <= RTO_S ? 0 : 1;
} finally {
  stop.abort();
  await database.close().catch(() => undefined);
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function prepare(database: Database): Promise<void> {
  const catalogue = await loadCatalogue([shelf]);
  await createPostgres(database, catalogue).ensure(catalogue.pool());
  const directory = createDirectory(database, createSealer(Buffer.alloc(32).toString('base64')));
  for (const tenant of ['acme', 'bolt', 'coil']) await directory.ensure(directoryRow(tenant), {});
}

/** Rows of about 1 kB, which compress no better than those of a shop. */
async function fill(database: Database, megabytes: number): Promise<void> {
  const rows = Math.ceil((megabytes * MB) / 1_150);
  for (const [tenant, share] of [
    ['acme', SHARE],
    ['coil', 1 - SHARE],
  ] as const) {
    for (let from = 1; from <= rows * share; from += 20_000)
      await database.query(
        `insert into shop.oddments (tenant_id, name, body, bytes, price, at)
          select $1, 'fill' || i, jsonb_build_object('text', (select string_agg(md5((i * j)::text), ' ') from generate_series(1, 24) j)),
            sha256(i::text::bytea), i, now()
          from generate_series($2::int, $3::int) i`,
        [tenant, from, Math.min(from + 19_999, Math.floor(rows * share))],
      );
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly seconds: number }> {
  const began = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - began) / 1000 };
}

/** The store, and how many bytes of the log it was sent. */
function counted(store: ArchiveStore): ArchiveStore {
  return {
    ...store,
    async put(key, body) {
      if (isLost) throw new Error('the place is gone');
      if (Buffer.isBuffer(body) && key.startsWith('wal/')) sent += body.length;
      await store.put(key, body);
    },
  };
}

/**
 * Base backups in the store: `base/<time>/base.tar.zst`, the server's own manifest of checksums, and `backup.json`, which is written
 * last: without it there is no backup.
 */
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { constants, createZstdCompress } from 'node:zlib';
import { z } from 'zod';
import { backupName } from '../../../runtime/platform/backup-form/index.ts';
import type { Session } from '../../provisioners/postgres/database.ts';
import { read } from '../store/store.ts';
import type { ArchiveStore } from '../store/store.ts';
import { formatLsn } from './lsn.ts';
import type { Replication } from './replication.ts';

const BaseBackup = z.object({
  /** Time it was begun, as in keys. */
  name: z.string(),
  startedAt: z.coerce.date(),
  /** The cluster can be restored to this moment and to later ones. */
  endedAt: z.coerce.date(),
  system: z.string(),
  timeline: z.int(),
  start: z.string(),
  end: z.string(),
  segmentSize: z.int(),
  /** `15.14`, of the server; another one of the same major version restores it. */
  version: z.string(),
  /** Bytes of the cluster, before compression. */
  size: z.int(),
  /** What a server needs to be told to take this cluster up. */
  settings: z.record(z.string(), z.string()),
});
export type BaseBackup = z.infer<typeof BaseBackup>;

/** Limits a recovering server must not have lower than the one whose log it reads, and libraries its tables need. */
const SETTINGS = [
  'max_connections',
  'max_prepared_transactions',
  'max_locks_per_transaction',
  'max_worker_processes',
  'shared_preload_libraries',
];

export const ARCHIVE = 'base.tar.zst';
export const MANIFEST = 'backup_manifest';
const RECORD = 'backup.json';

/**
 * Takes one; a backup that was begun and not ended stays behind without its record, until `pruneBases` removes it.
 * @param session on the same server, for what the replication protocol does not tell
 */
export async function takeBaseBackup(
  replication: Replication,
  session: Session,
  store: ArchiveStore,
): Promise<BaseBackup> {
  const startedAt = await serverTime(session);
  const name = backupName(startedAt);
  const tar = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  const manifest: Buffer[] = [];
  const target = tar.pipe(new PassThrough());
  const stored = store.put(`base/${name}/${ARCHIVE}`, target);
  // If the store fails nobody drinks from the stream any more; waiting for it would be for ever.
  const broken = stored.then(() => new Promise<never>(() => undefined));
  let size = 0;
  const taken = await Promise.race([
    broken,
    replication.baseBackup(`shopmind ${name}`, {
      write(kind, chunk) {
        if (kind === 'manifest') return manifest.push(chunk) > 0;
        size += chunk.length;
        return tar.write(chunk);
      },
      drained: async () => void (await once(tar, 'drain')),
    }),
  ]).catch(async (error: unknown) => {
    // The store waits for an end that does not come, and would keep half of it.
    target.destroy(error instanceof Error ? error : new Error(String(error)));
    await stored.catch(() => undefined);
    throw error;
  });
  tar.end();
  await stored;
  await store.put(`base/${name}/${MANIFEST}`, Buffer.concat(manifest));
  const backup: BaseBackup = {
    name,
    startedAt,
    endedAt: await serverTime(session),
    system: (await replication.identify()).system,
    timeline: taken.timeline,
    start: formatLsn(taken.start),
    end: formatLsn(taken.end),
    segmentSize: await segmentSizeOf(session),
    version: await replication.show('server_version'),
    size,
    settings: await settingsOf(session),
  };
  await store.put(`base/${name}/${RECORD}`, Buffer.from(`${JSON.stringify(backup, undefined, 2)}\n`));
  return backup;
}

/** The whole ones, oldest first. */
export async function listBases(store: ArchiveStore): Promise<readonly BaseBackup[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('base/')) if (key.endsWith(`/${RECORD}`)) keys.push(key);
  const bases: BaseBackup[] = [];
  for (const key of keys.toSorted()) {
    const text = (await read(store, key)).toString('utf8');
    bases.push(BaseBackup.parse(JSON.parse(text)));
  }
  return bases;
}

/**
 * Removes base backups that ended before `since`, but for the youngest of them: to reach `since` itself, it is needed.
 * Also what was begun before the youngest whole one and never ended.
 * @returns those kept, oldest first
 */
export async function pruneBases(store: ArchiveStore, since: Date): Promise<readonly BaseBackup[]> {
  const bases = await listBases(store);
  const needed = bases.findLastIndex(({ endedAt }) => endedAt <= since);
  const kept = bases.slice(Math.max(0, needed));
  const youngest = kept.at(-1);
  if (youngest === undefined) return [];
  const names = new Set(kept.map(({ name }) => name));
  const stale: string[] = [];
  for await (const { key } of store.list('base/')) {
    const [, name = ''] = key.split('/');
    if (!names.has(name) && name < youngest.name) stale.push(key);
  }
  // The record first: from then on nobody takes it for a backup.
  for (const key of stale.toSorted((a, b) => Number(b.endsWith(RECORD)) - Number(a.endsWith(RECORD))))
    await store.remove(key);
  await store.sweep(youngest.startedAt);
  return kept;
}

async function serverTime(session: Session): Promise<Date> {
  const [row] = await session.query<{ now: Date }>('select clock_timestamp() as now');
  if (row === undefined) throw new Error('the server does not tell the time');
  return row.now;
}

async function settingsOf(session: Session): Promise<Record<string, string>> {
  const rows = await session.query<{ name: string; setting: string }>(
    'select name, setting from pg_settings where name = any ($1::text[])',
    [SETTINGS],
  );
  return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
}

async function segmentSizeOf(session: Session): Promise<number> {
  const [row] = await session.query<{ size: number }>(
    `select setting::int as size from pg_settings where name = 'wal_segment_size'`,
  );
  return row?.size ?? 0;
}

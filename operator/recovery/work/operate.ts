/**
 * One operation, from wherever it is to its end: a Job calls it again with the same id until it has ended.
 */
import { rm, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { openDatabase, type Database } from '../../provisioners/postgres/database.ts';
import { loadCatalogue } from '../../provisioners/postgres/desired.ts';
import { createSealer } from '../../provisioners/sealing.ts';
import { DOMAINS } from '../../../runtime/domains/index.ts';
import { platform } from '../../../runtime/platform/sql/definition.ts';
import { takeBaseBackup } from '../archive/base.ts';
import { openReplication } from '../archive/replication.ts';
import { restoreBeside, type Beside } from '../beside/restore.ts';
import type { WorkConfig } from '../config.ts';
import { restoreCluster } from '../cluster/restore.ts';
import { drill } from '../drill/drill.ts';
import { createOperations, type Operation, type Operations } from '../operations.ts';
import { openStore, type ArchiveStore } from '../store/store.ts';
import type { Replay } from '../subjects/memory.ts';
import { restoreTenant } from '../tenant/restore.ts';
import { besideSource } from '../tenant/source.ts';
import { reached } from './reached.ts';

interface Work {
  readonly database: Database;
  readonly operations: Operations;
  readonly store: ArchiveStore;
  readonly config: WorkConfig;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * @param word `backup`, `restore` or `drill`
 * @param id of the operation; absent: a drill of its own, or the one that was broken off
 * @returns the operation as it is now: ended, or beside, where people decide
 * @throws what may work when it is tried again
 */
export async function operate(
  word: string,
  id: string | undefined,
  config: WorkConfig,
  log: Logger,
  signal: AbortSignal,
): Promise<Operation> {
  const database = await openDatabase(config.DATABASE_ADMIN_URL, { max: 4 });
  const store = await openStore(config.ARCHIVE_URL);
  const operations = createOperations(database);
  try {
    const work = { database, operations, store, config, log, signal };
    const operation = await begun(work, word, id);
    if (operation.state !== 'Running') return operation;
    if (operation.kind === 'restore')
      return await (operation.tenant === null ? restoreAll(operation, work) : restore(operation, work));
    if (operation.kind === 'drill') return await inOneGo(operation, work, drillOf);
    return await inOneGo(operation, work, baseBackup);
  } finally {
    store.close();
    await database.close();
  }
}

async function begun({ operations }: Work, word: string, id: string | undefined): Promise<Operation> {
  if (id !== undefined) return operations.get(id);
  if (word !== 'drill') throw new Error(`${word} needs the id of its operation`);
  return operations.begin({ kind: 'drill', arguments: {} });
}

/** Of operations without steps: begun anew by whoever comes after a kill, ended by what becomes of it. */
async function inOneGo(
  { id }: Operation,
  work: Work,
  act: (work: Work, id: string) => Promise<{ readonly message: string; readonly result: object }>,
): Promise<Operation> {
  const { operations, signal, log } = work;
  try {
    const { message, result } = await act(work, id);
    await operations.end(id, 'Succeeded', message, { ...result });
  } catch (error) {
    // We were told to end: whoever is started in our place begins anew.
    signal.throwIfAborted();
    log.error({ err: error }, 'the operation failed');
    await operations.end(id, 'Failed', explained(error));
  }
  return operations.get(id);
}

async function baseBackup({ database, store, config }: Work): Promise<{ message: string; result: object }> {
  const replication = await openReplication(config.DATABASE_ADMIN_URL);
  try {
    const { name, size, endedAt } = await takeBaseBackup(replication, database, store);
    return {
      message: `base backup ${name} of ${Math.ceil(size / (1 << 20))} MiB is in ${store.location}`,
      result: { base: name, bytes: size, endedAt: endedAt.toISOString() },
    };
  } finally {
    await replication.close();
  }
}

function restore(operation: Operation, work: Work): Promise<Operation> {
  const { database, operations, log } = work;
  const to = new Date(String(operation.arguments['to']));
  const tenant = operation.tenant ?? '';
  return restoreTenant(operation, {
    database,
    operations,
    erasures: erasuresOf(work),
    onProgress: (what) => log.info({ id: operation.id }, what),
    async open() {
      const copy = await copyAt(work, operation.id, to);
      try {
        const former = await openDatabase(copy.url);
        return {
          source: await besideSource(former, tenant, to),
          async close() {
            await former.close();
            await copy.stop();
          },
        };
      } catch (error) {
        await copy.stop();
        throw error;
      }
    },
  });
}

async function restoreAll(operation: Operation, work: Work): Promise<Operation> {
  const { database, operations, config, log } = work;
  const at = new Date(String(operation.arguments['to']));
  return restoreCluster(operation, {
    database,
    url: config.DATABASE_ADMIN_URL,
    operations,
    catalogue: await loadCatalogue(),
    at,
    erasures: erasuresOf(work),
    onProgress: (what) => log.info({ id: operation.id }, what),
    async open() {
      const { url, stop } = await copyAt(work, operation.id, at);
      return { url, close: stop };
    },
  });
}

function erasuresOf({ config }: Work): Replay {
  return {
    tables: [platform, ...DOMAINS].flatMap(({ tables }) => tables),
    sealer: createSealer(config.SECRETS_KEY),
  };
}

function drillOf(work: Work, id: string): Promise<{ message: string; result: object }> {
  const { database, operations } = work;
  return drill({
    database,
    copyAt: (moment) => copyAt(work, id, moment),
    tell: (what) => operations.tell(id, what),
  });
}

/** The cluster as it was then, once the archive reaches so far. */
async function copyAt(work: Work, id: string, moment: Date): Promise<Beside> {
  const { database, operations, store, config, log, signal } = work;
  const tell = (what: string): void => {
    log.info({ id }, what);
    // Nothing depends on it.
    operations.tell(id, what).catch(() => undefined);
  };
  await reached(database, moment, { withinMs: 2000 * config.ARCHIVE_RPO_SECONDS, tell, signal });
  const within = join(config.SCRATCH, `shopmind-${id}`);
  // What somebody who was killed left of it.
  await rm(within, { recursive: true, force: true });
  await mkdir(within, { recursive: true, mode: 0o711 });
  const { username, pathname } = new URL(config.DATABASE_ADMIN_URL);
  const copy = await restoreBeside(store, {
    target: moment,
    binaries: config.POSTGRES_BIN ?? `/usr/lib/postgresql/${await majorOf(database)}/bin`,
    user: decodeURIComponent(username),
    database: decodeURIComponent(pathname.slice(1)),
    within,
    signal,
    onProgress: tell,
  });
  return {
    ...copy,
    async stop() {
      await copy.stop();
      await rm(within, { recursive: true, force: true });
    },
  };
}

async function majorOf(database: Database): Promise<number> {
  const [row] = await database.query<{ major: number }>(
    `select current_setting('server_version_num')::int / 10000 as major`,
  );
  return row?.major ?? 0;
}

function explained(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'remedy' in error ? `${error.message}: ${String(error.remedy)}` : error.message;
}

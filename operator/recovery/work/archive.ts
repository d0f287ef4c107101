/**
 * The archiver as a process: ready while the archive keeps its promise, by the same verdict that the operator's conditions show.
 */
import type { Logger } from 'pino';
import { Gauge, Registry } from 'prom-client';
import { serveHealth } from '../../kube/health.ts';
import { openDatabase } from '../../provisioners/postgres/database.ts';
import { runArchiver } from '../archive/archiver.ts';
import { ARCHIVER_SLOT } from '../archive/login.ts';
import { lossMs, readArchive, verdictOf, type ArchiveState } from '../archive/verdict.ts';
import type { ArchiveConfig } from '../config.ts';
import { openStore } from '../store/store.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export async function keepArchive(config: ArchiveConfig, log: Logger, signal: AbortSignal): Promise<void> {
  const pledge = {
    rpoMs: config.ARCHIVE_RPO_SECONDS * 1000,
    keepMs: config.ARCHIVE_KEEP_DAYS * DAY_MS,
  };
  const database = await openDatabase(config.DATABASE_URL, { max: 2 });
  const store = await openStore(config.ARCHIVE_URL);
  let state: ArchiveState | undefined;
  let readAt = performance.now();
  const registry = new Registry();
  registry.registerMetric(
    new Gauge({
      name: 'shopmind_archive_loss_seconds',
      help: 'What would be lost if the database were gone now.',
      registers: [],
      collect() {
        const loss = lossMs(state);
        if (loss !== undefined) this.set((loss + performance.now() - readAt) / 1000);
      },
    }),
  );
  const complaint = (): string | undefined => {
    const verdict = verdictOf(
      state === undefined ? undefined : later(state, performance.now() - readAt),
      pledge,
    );
    return verdict.ok ? undefined : verdict.message;
  };
  const look = async (): Promise<void> => {
    try {
      state = await readArchive(database);
      readAt = performance.now();
    } catch (error) {
      log.warn({ err: error }, 'the state of the archive cannot be read');
    }
  };
  const health = await serveHealth({
    host: config.POD_IP,
    port: config.ADMIN_PORT,
    registry,
    ready: { archive: complaint },
  });
  try {
    await runArchiver(database, store, {
      url: config.DATABASE_URL,
      slot: ARCHIVER_SLOT,
      intervalMs: config.ARCHIVE_INTERVAL_SECONDS * 1000,
      baseEveryMs: config.ARCHIVE_BASE_HOURS * HOUR_MS,
      keepMs: pledge.keepMs,
      signal,
      log,
      onBeat: () => void look(),
    });
  } finally {
    await health.close();
    store.close();
    await database.close();
  }
}

/** As it is some time after it was read, if nothing was heard since. */
function later(state: ArchiveState, ms: number): ArchiveState {
  return { ...state, now: new Date(state.now.getTime() + ms) };
}

/** `fetch FOLDER [MOMENT]`: the archived cluster in a folder, for whoever has no server any more. */
import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { fetchCluster } from '../beside/fetch.ts';
import { RecoveryFailedError } from '../beside/server.ts';
import type { FetchConfig } from '../config.ts';
import { openStore } from '../store/store.ts';

/** @throws RecoveryFailedError, WalGapError, DamagedBackupError */
export async function fetchInto(
  [folder, moment]: readonly string[],
  { ARCHIVE_URL }: FetchConfig,
  log: Pick<Logger, 'info'>,
  signal: AbortSignal,
): Promise<void> {
  if (folder === undefined || (moment !== undefined && Number.isNaN(Date.parse(moment))))
    throw new RecoveryFailedError(
      'fetch is told a folder and, if not the last there is, a moment',
      'say it as: fetch /data 2026-11-25T12:00:00Z',
    );
  const store = await openStore(ARCHIVE_URL);
  try {
    const base = await fetchCluster(store, {
      folder: resolve(folder),
      target: moment === undefined ? 'latest' : new Date(moment),
      signal,
      onProgress: (what) => log.info(what),
    });
    log.info({ base: base.name, folder }, 'it is there: start a server of the same major version over it');
  } finally {
    store.close();
  }
}

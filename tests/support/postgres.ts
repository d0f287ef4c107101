/** The throw-away PostgreSQL of tests that need nothing but npm packages. */
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { startPostgres, type PostgresOptions, type PostgresServer } from '../servers/postgres.ts';
import { locked } from './lock.ts';

export type TestPostgres = Pick<PostgresServer, 'port' | 'adminUrl' | 'pid' | 'kill' | 'start' | 'stop'>;

/** Takes about two seconds, most of it initdb; in a run of many files (tests/run.ts) all but the first copy what that one made. */
export async function startTestPostgres(settings: PostgresOptions['settings'] = {}): Promise<TestPostgres> {
  const run = process.env['SHOPMIND_TEST_RUN'];
  return startPostgres(run === undefined ? { settings } : { settings, copyOf: await emptyIn(run) });
}

/** The data folder of a server that has database `shopmind` and nothing in it. */
async function emptyIn(run: string): Promise<string> {
  const folder = join(run, 'postgres');
  await locked(`${folder}.lock`, async () => {
    if (existsSync(folder)) return;
    const server = await startPostgres();
    try {
      await server.end();
      await rename(server.data, folder);
    } finally {
      await server.stop();
    }
  });
  return folder;
}

/** The throw-away PostgreSQL of tests that need nothing but npm packages. */
import { startPostgres, type PostgresOptions, type PostgresServer } from '../servers/postgres.ts';

export type TestPostgres = Pick<PostgresServer, 'port' | 'adminUrl' | 'pid' | 'kill' | 'start' | 'stop'>;

/** Takes about two seconds, most of it initdb. */
export function startTestPostgres(settings: PostgresOptions['settings'] = {}): Promise<TestPostgres> {
  return startPostgres({ settings });
}

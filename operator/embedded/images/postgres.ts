/**
 * The image `shopmind/postgres`: prepares PostgreSQL's binaries and data, then becomes the server (`execve`), so that no
 * Node process stays beside it. As root it runs under an unprivileged user, which PostgreSQL insists on.
 *
 *   PGDATA              where the data lies, also below folders that the server's user cannot enter
 *   POSTGRES_PASSWORD   of the role `postgres`; a new value takes effect at the next start
 *   POSTGRES_DB         made on the first start; default `postgres`
 *   POSTGRES_CLIENTS    networks that may connect, with commas between; default 127.0.0.0/8
 *   POD_IP, PGPORT      where it listens; default 127.0.0.1 and 5432
 *
 * Arguments go to the server, for example `-c max_connections=100`.
 */
import { parseEnvironment, PrepareError } from './postgres/environment.ts';
import { prepareBinaries } from './postgres/binaries.ts';
import { findAccount } from './postgres/account.ts';
import { prepareData } from './postgres/data.ts';
import { becomeServer } from './postgres/server.ts';

try {
  const environment = parseEnvironment(process.env);
  const account = findAccount(environment.dataDir);
  const binaries = await prepareBinaries(account);
  const dataDir = await prepareData(environment, binaries, account);
  becomeServer(environment, binaries, account, dataDir, process.argv.slice(2));
} catch (error) {
  if (!(error instanceof PrepareError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

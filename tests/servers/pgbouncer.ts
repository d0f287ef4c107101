/**
 * A PgBouncer of a test's own on loopback, in transaction mode, before a PostgreSQL that asks for passwords: it is told who may come in
 * by the database, as docs/pooler.md says. The program is Debian's package `pgbouncer` (1.18), which keeps no prepared statements.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { ownFolder } from '../support/owned.ts';
import { freePort } from '../support/port.ts';
import { startProgram } from './process.ts';

export interface PgBouncer {
  /** For `DATABASE_POOLER_URL`: without a login, and said to keep no prepared statements. */
  readonly address: string;
  /** Transactions it has carried so far. */
  transactions(): Promise<number>;
  pid(): number;
  kill(): Promise<void>;
  /** After `kill`. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

export interface PgBouncerOptions {
  /** Most sessions of the server for each login; as many transactions are under way at a time. */
  readonly sessions: number;
}

/**
 * Makes what docs/pooler.md asks for in the database, then resolves when the pooler takes connections.
 * @param adminUrl of a superuser
 */
export async function startPgBouncer(adminUrl: string, { sessions }: PgBouncerOptions): Promise<PgBouncer> {
  if (!existsSync(PROGRAM)) throw new Error(`there is no ${PROGRAM}: apt-get install pgbouncer`);
  const { hostname, port: serverPort } = new URL(adminUrl);
  const folder = ownFolder('pgbouncer');
  const port = await freePort();
  const password = randomBytes(18).toString('base64url');
  const configuration = join(folder, 'pgbouncer.ini');
  const users = join(folder, 'users.txt');
  await asked(adminUrl, (await lookup()).replace("'…'", `'${password}'`));
  await writeFile(users, `"pooler" "${password}"\n`, { mode: 0o600 });
  await writeFile(
    configuration,
    `[databases]
shopmind = host=${hostname} port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
pool_mode = transaction
default_pool_size = ${sessions}
auth_type = scram-sha-256
auth_file = ${users}
auth_user = pooler
auth_query = select name, verifier from pooler.login($1)
admin_users = pooler
server_login_retry = 1
`,
    { mode: 0o600 },
  );
  // It refuses to run as root.
  const nobody = process.getuid?.() === 0 ? 65_534 : undefined;
  if (nobody !== undefined)
    for (const file of [folder, configuration, users]) await chown(file, nobody, nobody);
  const console = `postgres://pooler:${password}@127.0.0.1:${port}/pgbouncer`;
  try {
    const program = await startProgram({
      command: PROGRAM,
      args: [...(nobody === undefined ? [] : ['-u', 'nobody']), configuration],
      folder,
      ready: async () => void (await asked(console, 'show version')),
    });
    return {
      address: `postgres://127.0.0.1:${port}/shopmind?prepared=false`,
      async transactions() {
        const stats = await asked(console, 'show stats_totals');
        return Number(stats.find(({ database }) => database === 'shopmind')?.['xact_count'] ?? 0);
      },
      pid: () => program.pid(),
      kill: () => program.kill(),
      start: () => program.start(),
      async stop() {
        await program.kill();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

const PROGRAM = '/usr/sbin/pgbouncer';

/** The statements that the page tells an administrator to run. */
async function lookup(): Promise<string> {
  const page = await readFile(join(import.meta.dirname, '../../docs/pooler.md'), 'utf8');
  const [, statements] = /^```sql\n(.*?)^```$/ms.exec(page) ?? [];
  if (statements === undefined) throw new Error('docs/pooler.md holds no statements for the database');
  return statements;
}

async function asked(url: string, text: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(text);
    return rows;
  } finally {
    await client.end();
  }
}

/**
 * `shopmind psql TENANT`: the tenant's own login, its schema, its rows. Finds the way to the database and opens a prompt there.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secrets, type TenantObject } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { DATABASE_SECRET } from '../../resources/environment.ts';
import { homeOf, namespaceOf, schemaOf } from '../../resources/presets.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { wayTo } from '../data/reach.ts';
import { EXIT, Failure } from '../failure.ts';
import { findTenant } from '../tenant/find.ts';
import { sessionSettings, type Login } from './login.ts';
import { builtInPrompt } from './prompt.ts';

export async function psql({ cli, args: [name = ''], rest, flags }: Call): Promise<number> {
  return withCluster(cli, async (client) => {
    const tenant = await findTenant(client, name);
    const url = await loginUrl(client, tenant);
    const way = await wayTo(client, url.hostname, Number(url.port || '5432'));
    url.hostname = way.host;
    url.port = String(way.port);
    const login: Login = {
      tenant: name,
      // While it moves, the rows are where they were.
      schema: schemaOf(name, homeOf(tenant)),
      url,
      write: flags.on('write'),
    };
    cli.note(
      cli.notes.dim(
        `${name}: schema ${login.schema} as ${url.username}, ${login.write ? 'CHANGES ARE ALLOWED' : 'read-only'}${way.via === 'address' ? '' : `, by ${way.via}`}`,
      ),
    );
    try {
      const code = flags.on('builtIn') ? undefined : await openPsql(login, rest);
      return code ?? (await builtInPrompt(cli, login, rest));
    } finally {
      way.close();
    }
  });
}

async function loginUrl(client: Client, tenant: TenantObject): Promise<URL> {
  const { name } = tenant.metadata;
  const namespace = namespaceOf(name, homeOf(tenant));
  const secret = await client.find(secrets, { namespace, name: DATABASE_SECRET });
  const value = secret?.data?.['DATABASE_URL'];
  if (value === undefined) {
    throw new Failure(
      `tenant "${name}" has no database login yet: Secret ${namespace}/${DATABASE_SECRET} is not there`,
      {
        exitCode: EXIT.unavailable,
        remedy: `Wait until it is Ready: kubectl shopmind wait ${name}`,
      },
    );
  }
  return new URL(Buffer.from(value, 'base64').toString('utf8'));
}

/** What psql is told by its environment; the password is in the file only. */
export function psqlEnvironment(login: Login, passFile: string): Readonly<Record<string, string>> {
  const { url } = login;
  const options = Object.entries(sessionSettings(login)).map(([name, value]) => `-c ${name}=${value}`);
  const mode = url.searchParams.get('sslmode');
  return {
    PGHOST: url.hostname,
    PGPORT: url.port,
    PGUSER: decodeURIComponent(url.username),
    PGDATABASE: url.pathname.slice(1),
    PGPASSFILE: passFile,
    PGOPTIONS: options.join(' '),
    PGAPPNAME: 'kubectl-shopmind',
    ...(mode === null ? {} : { PGSSLMODE: mode }),
  };
}

/** @returns its exit code; `undefined` when there is no psql */
async function openPsql(login: Login, args: readonly string[]): Promise<number | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'shopmind-psql-'));
  // ^C belongs to psql, which ends the statement and not itself.
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  try {
    const passFile = join(folder, 'pgpass');
    const password = decodeURIComponent(login.url.password).replaceAll(/[:\\]/g, '\\$&');
    await writeFile(passFile, `*:*:*:*:${password}\n`, { mode: 0o600 });
    const child = spawn('psql', [...args], {
      stdio: 'inherit',
      env: { ...process.env, ...psqlEnvironment(login, passFile) },
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? EXIT.interrupted;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  } finally {
    process.off('SIGINT', ignore);
    await rm(folder, { recursive: true, force: true });
  }
}

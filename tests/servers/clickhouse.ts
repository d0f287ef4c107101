/**
 * ClickHouse's engine on loopback: chDB (26.9), from PyPI's wheel `chdb-core`, behind a small HTTP server of ours. The engine is real; its HTTP
 * interface and its store of users are not, and tests/servers/clickhouse/server.py says what exactly. No package carries the server itself.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../cluster/binaries.ts';
import { locked } from '../support/lock.ts';
import { ownFolder } from '../support/owned.ts';
import { freePort } from '../support/port.ts';
import { startProgram, type Program } from './process.ts';

const VERSION = '26.9.0';

export interface ClickhouseServer extends Pick<Program, 'pid' | 'kill' | 'start' | 'pause' | 'resume'> {
  /** `clickhouse+http://admin:…@127.0.0.1:…`: may do everything. */
  readonly adminAddress: string;
  /** The same without a login. */
  readonly address: string;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** @throws Error that says what to install */
export async function startClickhouse(): Promise<ClickhouseServer> {
  const packages = await engineFolder();
  const folder = ownFolder('clickhouse');
  const password = randomBytes(18).toString('base64url');
  const port = await freePort();
  try {
    const program = await startProgram({
      command: 'python3',
      args: [join(import.meta.dirname, 'clickhouse/server.py'), 'serve', String(port), folder],
      // On the command line every process of the machine would see it.
      env: { ADMIN_PASSWORD: password, PYTHONPATH: packages },
      folder,
      ready: async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/ping`);
        if (!answer.ok) throw new Error(`it answers ${answer.status}`);
      },
    });
    return {
      ...program,
      adminAddress: `clickhouse+http://admin:${password}@127.0.0.1:${port}/`,
      address: `clickhouse+http://127.0.0.1:${port}/`,
      async stop() {
        await program.end();
        await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** 550 MB, fetched once, without what it would need to speak to pandas. */
async function engineFolder(): Promise<string> {
  const folder = join(cacheFolder(), `chdb-core-${VERSION}`);
  if (existsSync(folder)) return folder;
  await locked(join(cacheFolder(), 'chdb-core.lock'), async () => {
    if (existsSync(folder)) return;
    const partial = `${folder}.${process.pid}`;
    process.stderr.write(`chdb-core ${VERSION}: fetching from PyPI; this is done once\n`);
    try {
      await mkdir(partial, { recursive: true });
      const args = [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--no-deps',
        '--only-binary=:all:',
        '--target',
        partial,
      ];
      await promisify(execFile)('python3', [...args, `chdb-core==${VERSION}`], { timeout: 400_000 });
      await rename(partial, folder);
    } catch (cause) {
      throw new Error(`chdb-core ${VERSION} could not be fetched: apt-get install python3 python3-pip`, {
        cause,
      });
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  });
  return folder;
}

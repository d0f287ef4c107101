/**
 * An Elasticsearch of a test's own: one node of 7.17, the last version published as a library, on loopback, in a folder that goes with it.
 * Real, but for its parts that are not published: no users and rights, no painless, no lifecycle policies (they belong to X-Pack).
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../cluster/binaries.ts';
import { locked } from '../support/lock.ts';
import { ownFolder } from '../support/owned.ts';
import { freePort } from '../support/port.ts';
import { startProgram } from './process.ts';

export interface ElasticsearchServer {
  /** `elasticsearch+http://127.0.0.1:…`; everybody may do everything. */
  readonly adminAddress: string;
  readonly url: string;
  pid(): number;
  kill(): Promise<void>;
  /** After `kill`. */
  start(): Promise<void>;
  /** Ends it in good order and starts it again. */
  restart(): Promise<void>;
  /** Connections stay open and nobody answers. */
  pause(): Promise<void>;
  resume(): void;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Resolves when the node serves: after some four seconds; the first call on a machine fetches 32 MB of jars with Maven. */
export async function startElasticsearch(): Promise<ElasticsearchServer> {
  const jars = await jarsFolder();
  const folder = ownFolder('elasticsearch');
  try {
    await mkdir(join(folder, 'config'));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const server = await startProgram({
      command: 'java',
      args: ['-Xmx400m', '-cp', `${jars}/*:${jars}`, 'Launcher', folder, String(port)],
      folder,
      // With thirty jobs on two cores a node that was killed has taken a minute and a half to find its shards again.
      withinMs: 300_000,
      ready: async () => {
        const answer = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=1s`, {
          signal: AbortSignal.timeout(3_000),
        });
        if (!answer.ok) throw new Error(`it answers ${answer.status}`);
      },
    });
    return {
      adminAddress: `elasticsearch+${url}/`,
      url,
      pid: () => server.pid(),
      kill: () => server.kill(),
      start: () => server.start(),
      async restart() {
        await server.end();
        await server.start();
      },
      pause: () => server.pause(),
      resume: () => server.resume(),
      async stop() {
        await server.kill();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

const SOURCES = join(import.meta.dirname, 'elasticsearch');

/** The jars and the compiled launcher, made once in the user's cache, of a name that changes with them. */
async function jarsFolder(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['pom.xml', 'Launcher.java']) hash.update(await readFile(join(SOURCES, file)));
  const folder = join(cacheFolder(), `elasticsearch-7.17.28-${hash.digest('hex').slice(0, 8)}`);
  if (await isThere(folder)) return folder;
  await locked(`${folder}.lock`, async () => {
    if (!(await isThere(folder))) await fetchJars(folder);
  });
  return folder;
}

async function fetchJars(folder: string): Promise<void> {
  process.stderr.write('elasticsearch: fetching its jars; this is done once\n');
  const partial = await mkdtemp(`${folder}.partial-`);
  try {
    // Maven writes beside the pom.
    await copyFile(join(SOURCES, 'pom.xml'), join(partial, 'pom.xml'));
    const run = (command: string, args: readonly string[]) =>
      promisify(execFile)(command, [...args], { cwd: partial, timeout: 300_000 }).catch((cause: unknown) => {
        throw new Error(`${command} failed; it needs maven and a JDK 17: apt-get install maven`, { cause });
      });
    await run('mvn', [
      '-q',
      '-B',
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      '-DoutputDirectory=.',
    ]);
    await run('javac', ['-cp', '*', '-d', '.', join(SOURCES, 'Launcher.java')]);
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

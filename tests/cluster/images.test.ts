/**
 * The image of backups and recoveries, whole: built from its Containerfile as an OCI layout, unpacked, and its entry point run in it
 * as its user, on a real database. (The other images are run by kubelet, in shops.test.ts.) And what the Containerfiles have alike.
 */
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { openDatabase } from '../../operator/provisioners/postgres/database.ts';
import { loadCatalogue } from '../../operator/provisioners/postgres/desired.ts';
import { createDirectory } from '../../operator/provisioners/postgres/directory.ts';
import { createPostgres } from '../../operator/provisioners/postgres/postgres.ts';
import { createSealer } from '../../operator/provisioners/sealing.ts';
import { archiverLogin, ensureArchiver } from '../../operator/recovery/archive/login.ts';
import { ownFolder } from '../support/owned.ts';
import { freePort } from '../support/port.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/wait.ts';
import { directoryRow } from '../support/writers.ts';
import { buildImages } from './images.ts';

const run = promisify(execFile);
const top = join(import.meta.dirname, '../..');
const USER = 65_532;
const UNSHARE = '/usr/bin/unshare';
/** Mounts what every container has; it goes with the process, which the program replaces in the end. */
const ENTER = `
for each in proc dev; do /bin/mount --rbind /$each "$0/$each" || exit 1; done
user=$1; shift
exec /usr/sbin/chroot --userspec "$user" "$0" /bin/sh -c "$@"`;
const BEGIN = 'cd "$0" && exec "$@"';
const LOGIN = archiverLogin('pool', 'a secret of this test');
const KEY = Buffer.alloc(32).toString('base64');

/** Why no image can be run here; nothing when one can. */
function whyNotRun(): string | undefined {
  if (process.platform !== 'linux') return 'what is in an image runs on Linux only';
  if (process.getuid?.() !== 0)
    return 'a container without a container runtime is a chroot, which needs root';
  const { status } = spawnSync(UNSHARE, ['--mount', '/bin/true']);
  return status === 0 ? undefined : `no mounts of its own can be had here (${UNSHARE} --mount)`;
}

/** Its instructions up to the second FROM. */
async function firstStage(file: string): Promise<readonly string[]> {
  const lines = (await readFile(join(top, file), 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('ARG '));
  return lines.slice(
    0,
    lines.findIndex((line, index) => index > 0 && line.startsWith('FROM ')),
  );
}

test('the packages of three images are installed by the same words, so that a builder does it once', async () => {
  const operator = await firstStage('operator/Containerfile');
  assert.ok(operator.length > 3);
  for (const file of ['operator/recovery/Containerfile', 'runtime/gateway/Containerfile'])
    assert.deepEqual(await firstStage(file), operator, file);
});

describe('the image shopmind/recovery', { skip: whyNotRun() ?? false }, () => {
  let folder: string;
  let image: Image;
  let postgres: TestPostgres;

  before(async () => {
    folder = ownFolder('image');
    const archive = join(folder, 'image.tar');
    await buildImages(['shopmind/recovery'], archive);
    image = await unpack(archive, folder);
    postgres = await startTestPostgres({ track_commit_timestamp: 'on' });
  });

  after(async () => {
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('is started as nobody, by its own entry point, from its own folder', () => {
    assert.deepEqual(
      [image.user, image.workdir, image.entrypoint],
      [String(USER), '/app', ['/usr/local/bin/node', 'operator/recovery/main.ts']],
    );
  });

  test('has the server that restores where recoveries look for it', async () => {
    const { code, output } = await image.start(['/usr/lib/postgresql/18/bin/postgres', '--version'], {})
      .ended;
    assert.equal(code, 0, output);
    assert.match(output, /^postgres \(PostgreSQL\) 18[.]/);
  });

  test('says which variables it lacks, and ends', async () => {
    const { code, output } = await image.run(['archive'], {}).ended;
    assert.equal(code, 1, output);
    for (const name of ['DATABASE_URL', 'ARCHIVE_URL']) assert.match(output, new RegExp(name));
    const work = await image.run(['drill'], {}).ended;
    assert.equal(work.code, 1, work.output);
    assert.match(work.output, /DATABASE_ADMIN_URL.*SECRETS_KEY/s);
  });

  test('archives a database until it is told to end', async () => {
    const database = await openDatabase(postgres.adminUrl);
    try {
      const catalogue = await loadCatalogue();
      await createPostgres(database, catalogue).ensure(catalogue.pool());
      await createDirectory(database, createSealer(KEY)).ensure(directoryRow('acme'), {});
      await ensureArchiver(database, { logins: [LOGIN], walKeep: '1GB' });
    } finally {
      await database.close();
    }
    await mkdir(join(image.root, 'archive'));
    await chown(join(image.root, 'archive'), USER, USER);
    const port = await freePort();
    const archiver = image.run(['archive'], {
      ARCHIVE_URL: 'file:///archive',
      ARCHIVE_INTERVAL_SECONDS: '1',
      DATABASE_URL: `postgres://${LOGIN.user}:${LOGIN.password}@127.0.0.1:${postgres.port}/shopmind`,
      POD_IP: '127.0.0.1',
      ADMIN_PORT: String(port),
    });
    let said = '';
    try {
      await until(
        async () => {
          const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
          said = (await answer?.text()) ?? 'no answer';
          return answer?.ok === true ? true : undefined;
        },
        { withinMs: 60_000, what: 'the archive keeps its promise', tell: async () => said },
      );
      assert.equal((await readdir(join(image.root, 'archive/base'))).length, 1);
    } finally {
      archiver.stop();
      const { code, output } = await archiver.ended;
      assert.equal(code, 0, output);
    }
  });
});

interface Image {
  /** Its files. */
  readonly root: string;
  readonly user: string;
  readonly workdir: string;
  readonly entrypoint: readonly string[];
  /** A program in a container of it: its files only, its user, its environment. */
  start(command: readonly string[], env: Readonly<Record<string, string>>): Running;
  /** Its entry point likewise. */
  run(args: readonly string[], env: Readonly<Record<string, string>>): Running;
}

interface Running {
  stop(): void;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

/** What a container runtime does with the first image of an OCI layout. */
async function unpack(archive: string, folder: string): Promise<Image> {
  const [layout, root] = [join(folder, 'layout'), join(folder, 'root')];
  for (const each of [layout, root, join(root, 'proc'), join(root, 'dev')])
    await mkdir(each, { mode: 0o755 });
  await run('tar', ['-xf', archive, '-C', layout]);
  const blob = (digest: string): string => join(layout, 'blobs', digest.replace(':', '/'));
  const json = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, 'utf8'));
  // Written by oci.ts, by the image specification.
  const index = (await json(join(layout, 'index.json'))) as { manifests: { digest: string }[] };
  const manifest = (await json(blob(index.manifests[0]?.digest ?? ''))) as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  const { config } = (await json(blob(manifest.config.digest))) as {
    config: { User: string; WorkingDir: string; Env: string[]; Entrypoint: string[] };
  };
  for (const { digest } of manifest.layers) await run('tar', ['-xf', blob(digest), '-C', root]);
  await rm(layout, { recursive: true });
  await run('chmod', ['1777', join(root, 'tmp')]);
  const { User: user, WorkingDir: workdir, Env: own, Entrypoint: entrypoint } = config;
  const start: Image['start'] = (command, env) => {
    const given = [...own, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
    const enter = ['--mount', '/bin/sh', '-c', ENTER, root, `${user}:${user}`, BEGIN, workdir];
    const child = spawn(UNSHARE, [...enter, ...command], {
      env: Object.fromEntries(given.map((pair) => pair.split(/=(.*)/s).slice(0, 2))),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return {
      stop: () => void child.kill('SIGTERM'),
      ended: Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]).then(
        ([[code], stdout, stderr]) => ({ code: code as number | null, output: stdout + stderr }),
      ),
    };
  };
  return { root, user, workdir, entrypoint, start, run: (args, env) => start([...entrypoint, ...args], env) };
}

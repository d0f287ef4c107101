/**
 * The images of the test cluster, from the Containerfiles of the repository, in one archive that containerd reads.
 * `node tests/cluster/images.ts FILE.tar` writes it and prints how large each image is.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
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
  const scratch = await mkdtemp(join(tmpdir(), 'shopmind-images-'));
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
  const libraries = await librariesOf([process.execPath, await realpath('/bin/sh')]);
  const bare = await makeRoot(join(scratch, 'distroless'), libraries);
  const slim = join(scratch, 'slim');
  for (const folder of ['usr/bin', 'usr/local/bin']) await mkdir(join(slim, folder), { recursive: true });
  await copyFile('/bin/sh', join(slim, 'usr/bin/sh'));
  await symlink(NODE, join(slim, 'usr/local/bin/node'));
  const path = '/usr/local/bin:/usr/bin';
  return {
    scratch: {},
    'docker.io/library/golang:1.26': {},
    'docker.io/library/node:24-bookworm-slim': { layers: [bare, slim], settings: { env: { PATH: path } } },
    'gcr.io/distroless/nodejs24-debian12:nonroot': {
      layers: [bare],
      settings: { user: '65532', env: { PATH: path, SSL_CERT_FILE: CERTIFICATES } },
    },
  };
}

/** Where the distroless image has it. */
const NODE = '/nodejs/bin/node';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** A root file system of Node, its libraries, a user, and nothing else. */
async function makeRoot(folder: string, libraries: readonly string[]): Promise<string> {
  for (const each of ['etc/ssl/certs', 'tmp', 'usr/bin', 'usr/lib', 'usr/lib64', dirname(NODE)]) {
    await mkdir(join(folder, each), { recursive: true });
  }
  // As Debian has it: one tree of libraries, with links where programs look.
  for (const each of ['lib', 'lib64', 'bin']) await symlink(`usr/${each}`, join(folder, each));
  await copyFile(process.execPath, join(folder, NODE));
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
  for (const { name, bytes, ownBytes } of await buildImages([...CLUSTER_IMAGES, ...SHOP_IMAGES], archive)) {
    const mib = (size: number): string => `${(size / 2 ** 20).toFixed(1)} MiB`.padStart(11);
    process.stdout.write(`${name.padEnd(40)} ${mib(bytes)} of which its own ${mib(ownBytes)}\n`);
  }
}

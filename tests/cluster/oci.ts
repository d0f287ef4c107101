/**
 * Writes images as an OCI layout in one tar file (image-spec v1.1), which containerd, podman and skopeo read without a registry.
 * The same content gives the same bytes: layers carry no times and no owners, and one that several images share is there once.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { Built } from './containerfile.ts';

const run = promisify(execFile);

export interface ImageSize {
  readonly name: string;
  /** Bytes of all its layers, uncompressed. */
  readonly bytes: number;
  /** Bytes of those that no earlier image of this archive has. */
  readonly ownBytes: number;
}

interface Blob {
  readonly digest: string;
  readonly size: number;
}

/** @param images full names with tags, for example `docker.io/shopmind/operator:test` */
export async function writeArchive(
  archive: string,
  images: Readonly<Record<string, Built>>,
  scratch: string,
): Promise<ImageSize[]> {
  const layout = await mkdtemp(join(scratch, 'layout-'));
  const blobs = join(layout, 'blobs/sha256');
  await mkdir(blobs, { recursive: true });
  const packed = new Map<string, Blob>();
  const seen = new Set<string>();
  const sizes: ImageSize[] = [];
  const manifests: object[] = [];
  for (const [name, image] of Object.entries(images)) {
    const layers: Blob[] = [];
    for (const folder of image.layers) {
      const layer = packed.get(folder) ?? (await packLayer(folder, blobs));
      packed.set(folder, layer);
      layers.push(layer);
    }
    const config = await writeBlob(JSON.stringify(configOf(image, layers)), blobs);
    const manifest = await writeBlob(JSON.stringify(manifestOf(config, layers)), blobs);
    manifests.push({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      ...manifest,
      annotations: { 'io.containerd.image.name': name },
    });
    const sum = (some: readonly Blob[]): number => some.reduce((total, { size }) => total + size, 0);
    sizes.push({ name, bytes: sum(layers), ownBytes: sum(layers.filter(({ digest }) => !seen.has(digest))) });
    for (const { digest } of layers) seen.add(digest);
  }
  await writeFile(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  await writeFile(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  await run('tar', ['-cf', archive, '-C', layout, '.']);
  await rm(layout, { recursive: true });
  return sizes;
}

async function packLayer(folder: string, blobs: string): Promise<Blob> {
  const partial = join(blobs, '.partial');
  const nobodys = ['--owner=0', '--group=0', '--numeric-owner', '--mode=a+rX,u+w,go-w', '--mtime=@0'];
  await run('tar', ['--sort=name', '--format=gnu', ...nobodys, '-cf', partial, '-C', folder, '.']);
  const hash = createHash('sha256');
  await pipeline(createReadStream(partial), hash);
  const hex = hash.digest('hex');
  const { size } = await stat(partial);
  await rename(partial, join(blobs, hex));
  return { digest: `sha256:${hex}`, size };
}

async function writeBlob(text: string, blobs: string): Promise<Blob> {
  const hex = createHash('sha256').update(text).digest('hex');
  await writeFile(join(blobs, hex), text);
  return { digest: `sha256:${hex}`, size: Buffer.byteLength(text) };
}

function configOf({ settings }: Built, layers: readonly Blob[]): object {
  return {
    created: '1970-01-01T00:00:00Z',
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: {
      User: settings.user,
      WorkingDir: settings.workdir,
      Env: Object.entries(settings.env).map(([name, value]) => `${name}=${value}`),
      Entrypoint: settings.entrypoint,
      ExposedPorts: Object.fromEntries(settings.ports.map((port) => [`${port}/tcp`, {}])),
      Labels: settings.labels,
    },
    // The layers are not compressed, so both digests are one.
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
  };
}

function manifestOf(config: Blob, layers: readonly Blob[]): object {
  return {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: layers.map((layer) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer })),
  };
}

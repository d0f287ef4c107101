/**
 * A Pod's volumes as folders of this machine. There is no mount namespace: a container learns where a volume lies
 * from the variable `SHOPMIND_VOLUME_<NAME>` (upper case, dashes as underscores), and `mountPath` is not used.
 */
import { lstat, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { ConfigError, type Env, type References } from './env.ts';
import { podField, resourceField, type PodPlace } from './fields.ts';
import type { Container, Pod, Volume } from '../controllers/machinery/wire.ts';

export interface VolumeSources extends References {
  /** A token of the Pod's ServiceAccount. */
  token(audience: string | undefined): Promise<string>;
  /** PEM of the API server's authority. */
  readonly ca: string;
}

/** A file by its path in the volume. */
type Files = Map<string, { data: Buffer; mode: number }>;

const DEFAULT_MODE = 0o644;

/**
 * Makes every volume under `dir` and returns where each lies, by name.
 * @throws ConfigError when a source is missing
 */
export async function makeVolumes(
  pod: Pod,
  place: PodPlace,
  dir: string,
  sources: VolumeSources,
): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  for (const volume of pod.spec.volumes ?? [])
    paths.set(volume.name, await makeVolume(volume, pod, place, join(dir, volume.name), sources));
  return paths;
}

export function volumeEnv(container: Container, paths: ReadonlyMap<string, string>): Env {
  return Object.fromEntries(
    (container.volumeMounts ?? []).flatMap(({ name, subPath }) => {
      const path = paths.get(name);
      return path === undefined ? [] : [[volumeVariable(name), subPath ? join(path, inside(subPath)) : path]];
    }),
  );
}

const volumeVariable = (name: string): string =>
  `SHOPMIND_VOLUME_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;

async function makeVolume(
  volume: Volume,
  pod: Pod,
  place: PodPlace,
  path: string,
  sources: VolumeSources,
): Promise<string> {
  if (volume.hostPath) return hostPath(volume.hostPath.path, volume.hostPath.type);
  if (volume.emptyDir) {
    await mkdir(path, { recursive: true });
    return path;
  }
  const files = await volumeFiles(volume, pod, place, sources);
  if (!files)
    throw new ConfigError(`volume "${volume.name}": the embedded cluster has no volumes of this type`);
  await writeFiles(path, files);
  return path;
}

async function hostPath(path: string, type = ''): Promise<string> {
  const present = await stat(path).catch(() => undefined);
  if (!present && (type === 'DirectoryOrCreate' || type === '')) await makeFolder(path);
  if (!present && type === 'FileOrCreate') await writeFile(path, '', { flag: 'a' });
  if (type === 'Directory' && !present?.isDirectory())
    throw new ConfigError(`hostPath type check failed: ${path} is not a directory`);
  if (type === 'File' && !present?.isFile())
    throw new ConfigError(`hostPath type check failed: ${path} is not a file`);
  return path;
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    // A link to a folder that is still to be made: whoever made the link makes the folder.
    if (!(await lstat(path).catch(() => undefined))?.isSymbolicLink()) throw error;
  }
}

async function volumeFiles(
  volume: Volume,
  pod: Pod,
  place: PodPlace,
  sources: VolumeSources,
): Promise<Files | undefined> {
  if (volume.secret) {
    const { secretName = '', items, optional, defaultMode } = volume.secret;
    return secretFiles(sources, secretName, items, optional, defaultMode);
  }
  if (volume.configMap) {
    const { name = '', items, optional, defaultMode } = volume.configMap;
    return configMapFiles(sources, name, items, optional, defaultMode);
  }
  if (volume.downwardAPI)
    return downwardFiles(pod, place, volume.downwardAPI.items, volume.downwardAPI.defaultMode);
  if (!volume.projected) return undefined;
  const mode = volume.projected.defaultMode;
  const files: Files = new Map();
  for (const source of volume.projected.sources ?? []) {
    const part = source.secret
      ? secretFiles(sources, source.secret.name ?? '', source.secret.items, source.secret.optional, mode)
      : source.configMap
        ? configMapFiles(
            sources,
            source.configMap.name ?? '',
            source.configMap.items,
            source.configMap.optional,
            mode,
          )
        : source.downwardAPI
          ? downwardFiles(pod, place, source.downwardAPI.items, mode)
          : source.serviceAccountToken
            ? new Map([
                [
                  source.serviceAccountToken.path,
                  {
                    data: Buffer.from(await sources.token(source.serviceAccountToken.audience)),
                    mode: 0o600,
                  },
                ],
              ])
            : new Map();
    for (const [path, file] of part) files.set(path, file);
  }
  return files;
}

type Items = readonly { key: string; path: string; mode?: number }[] | undefined;

function secretFiles(
  sources: References,
  name: string,
  items: Items,
  optional = false,
  mode = DEFAULT_MODE,
): Files {
  const found = sources.secret(name);
  if (!found && !optional) throw new ConfigError(`secret "${name}" not found`);
  const data = Object.entries(found?.data ?? {}).map(
    ([key, text]) => [key, Buffer.from(text, 'base64')] as const,
  );
  return select(new Map(data), items, optional, mode, `secret "${name}"`);
}

function configMapFiles(
  sources: References,
  name: string,
  items: Items,
  optional = false,
  mode = DEFAULT_MODE,
): Files {
  const found = sources.configMap(name);
  if (!found && !optional) throw new ConfigError(`configmap "${name}" not found`);
  const data = new Map([
    ...Object.entries(found?.data ?? {}).map(([key, text]) => [key, Buffer.from(text)] as const),
    ...Object.entries(found?.binaryData ?? {}).map(
      ([key, text]) => [key, Buffer.from(text, 'base64')] as const,
    ),
  ]);
  return select(data, items, optional, mode, `configmap "${name}"`);
}

function select(
  data: Map<string, Buffer>,
  items: Items,
  optional: boolean,
  mode: number,
  where: string,
): Files {
  if (!items) return new Map([...data].map(([key, value]) => [key, { data: value, mode }]));
  const files: Files = new Map();
  for (const item of items) {
    const value = data.get(item.key);
    if (value) files.set(item.path, { data: value, mode: item.mode ?? mode });
    else if (!optional) throw new ConfigError(`key "${item.key}" not found in ${where}`);
  }
  return files;
}

interface DownwardItem {
  path: string;
  mode?: number;
  fieldRef?: { fieldPath: string };
  resourceFieldRef?: { containerName?: string; resource: string; divisor?: string };
}

function downwardFiles(
  pod: Pod,
  place: PodPlace,
  items: readonly DownwardItem[] | undefined,
  mode = DEFAULT_MODE,
): Files {
  const files: Files = new Map();
  for (const item of items ?? []) {
    const { fieldRef, resourceFieldRef } = item;
    const container = pod.spec.containers.find(({ name }) => name === resourceFieldRef?.containerName);
    const value = fieldRef
      ? podField(pod, place, fieldRef.fieldPath)
      : resourceFieldRef &&
        container &&
        resourceField(container, resourceFieldRef.resource, resourceFieldRef.divisor);
    if (value === undefined) throw new ConfigError(`downwardAPI item "${item.path}" names no known field`);
    files.set(item.path, { data: Buffer.from(value), mode: item.mode ?? mode });
  }
  return files;
}

/** Replaces the folder as a whole, so that a reader never sees half of it. */
async function writeFiles(path: string, files: Files): Promise<void> {
  const fresh = `${path}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true, mode: 0o755 });
  for (const [name, { data, mode }] of files) {
    const file = join(fresh, inside(name));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, data, { mode });
  }
  await rm(path, { recursive: true, force: true });
  await rename(fresh, path);
}

/** A path that cannot leave its folder. */
function inside(path: string): string {
  const clean = normalize(path);
  if (isAbsolute(clean) || clean.startsWith('..')) throw new ConfigError(`path "${path}" leaves its volume`);
  return clean;
}

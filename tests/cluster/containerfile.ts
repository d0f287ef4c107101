/**
 * Builds images from Containerfiles without a daemon, a registry or root: enough of the language for ours. A build stage is a
 * folder of this machine in which commands run; each COPY of the last stage is a layer. What is not understood is refused.
 */
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, lstat, mkdir, mkdtemp, readFile, readdir, readlink, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, matchesGlob, relative, resolve } from 'node:path';
import { cacheFolder } from './binaries.ts';
import { locked } from '../support/lock.ts';

/** The file system and settings a stage begins with. */
export interface Base {
  /** Folders that are its layers, lowest first; none for `scratch`, and for stages that only build. */
  readonly layers?: readonly string[];
  readonly settings?: Partial<Settings>;
}

/** What a container of the image is started with. */
export interface Settings {
  readonly user: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly ports: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface BuildContext {
  /** Folder that COPY reads from, less what its `.dockerignore` names. */
  readonly context: string;
  /** Folders that `COPY --from=name` may read too, as `--build-context name=folder` of buildah and docker. */
  readonly contexts?: Readonly<Record<string, string>>;
  /** The images that FROM may name. */
  readonly bases: Readonly<Record<string, Base>>;
  /** Temporary; the folders of layers are made in it. */
  readonly scratch: string;
  /** Layers made so far, by what they copy: files that several images take from the same place are copied once. */
  readonly made: Map<string, string>;
}

/** Folders to be packed as layers, lowest first, and the settings. */
export interface Built {
  readonly layers: readonly string[];
  readonly settings: Settings;
}

interface Instruction {
  readonly line: number;
  readonly word: string;
  readonly rest: string;
}

interface Stage {
  readonly name: string;
  readonly from: string;
  readonly steps: readonly Instruction[];
}

const NOTHING: Settings = { user: '0', workdir: '/', env: {}, entrypoint: [], ports: [], labels: {} };

/** @throws Error naming file and line when the file asks for what is not understood here, or a command fails. */
export async function buildContainerfile(file: string, around: BuildContext): Promise<Built> {
  const stages = parse(await readFile(file, 'utf8'), file);
  const ignored = await readIgnored(around.context);
  const folders: Record<string, string> = { ...around.contexts };
  const final = stages.at(-1);
  if (final === undefined) throw new Error(`${file} has no FROM`);
  const bases: Record<string, Base> = {};
  const building = { file, around, ignored, folders, bases };
  for (const stage of stages.slice(0, -1)) {
    folders[stage.name] = await buildStage(stage, building);
    bases[stage.name] = baseOf(stage, building);
  }
  return assemble(final, building);
}

interface Building {
  readonly file: string;
  readonly around: BuildContext;
  readonly ignored: (path: string) => boolean;
  /** Finished stages and named contexts. */
  readonly folders: Readonly<Record<string, string>>;
  /** What finished stages began with: their files are in no folder of the stage. */
  readonly bases: Readonly<Record<string, Base>>;
}

/** A stage's folder, kept between runs under the digest of its instructions and of the files it copies. */
async function buildStage(stage: Stage, building: Building): Promise<string> {
  baseOf(stage, building);
  const key = await digestOf(stage, building);
  const place = join(cacheFolder(), 'stages', key);
  await locked(`${place}.lock`, async () => {
    if (await isFolder(place)) return;
    const partial = `${place}.partial`;
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    let workdir = '/';
    for (const step of stage.steps) {
      if (step.word === 'WORKDIR') workdir = step.rest;
      else if (step.word === 'COPY') await copy(step, workdir, partial, building);
      else if (step.word === 'RUN') await runIn(join(partial, workdir), step, building.file);
      else throw refused(building.file, step, 'in a stage that builds');
      await mkdir(join(partial, workdir), { recursive: true });
    }
    await rename(partial, place);
  });
  return place;
}

async function assemble(stage: Stage, building: Building): Promise<Built> {
  const base = baseOf(stage, building);
  const layers = [...(base.layers ?? [])];
  let settings: Settings = { ...NOTHING, ...base.settings };
  for (const step of stage.steps) {
    if (step.word === 'COPY') {
      layers.push(await layerOf(step, settings.workdir, building));
    } else settings = set(settings, step, building.file);
  }
  return { layers, settings };
}

async function layerOf(step: Instruction, workdir: string, building: Building): Promise<string> {
  const { made, scratch } = building.around;
  const from = /^--from=(\S+) /.exec(step.rest)?.[1];
  const key = JSON.stringify([
    from === undefined ? '' : building.folders[from],
    workdir,
    step.rest.replace(/^--from=\S+ /, ''),
  ]);
  const known = made.get(key);
  if (known !== undefined) return known;
  const layer = await mkdtemp(join(scratch, 'layer-'));
  await copy(step, workdir, layer, building);
  made.set(key, layer);
  return layer;
}

function set(settings: Settings, step: Instruction, file: string): Settings {
  switch (step.word) {
    case 'WORKDIR':
      return { ...settings, workdir: step.rest };
    case 'USER':
      return { ...settings, user: step.rest };
    case 'ENV':
      return { ...settings, env: { ...settings.env, ...pairs(step.rest) } };
    case 'LABEL':
      return { ...settings, labels: { ...settings.labels, ...pairs(step.rest) } };
    case 'EXPOSE':
      return { ...settings, ports: step.rest.split(' ') };
    case 'ENTRYPOINT':
      return { ...settings, entrypoint: words(step, file) };
    default:
      throw refused(file, step, 'in the last stage');
  }
}

/** `COPY [--from=NAME] SOURCE… TARGET`: a folder's content, or files, as the language has it. */
async function copy(step: Instruction, workdir: string, root: string, building: Building): Promise<void> {
  const parts = step.rest.split(' ').filter((part) => part !== '');
  const from = parts[0]?.startsWith('--from=') === true ? parts.shift()?.slice('--from='.length) : undefined;
  const target = parts.pop();
  if (target === undefined || parts.length === 0 || parts.some((part) => part.startsWith('--')))
    throw refused(building.file, step, 'with these arguments');
  const source = from === undefined ? building.around.context : building.folders[from];
  if (source === undefined)
    throw new Error(`${building.file}:${step.line}: there is no stage or context ${from}`);
  const place = join(root, target.startsWith('/') ? target : join(workdir, target));
  for (const part of parts) {
    const path = await foundIn([source, ...(building.bases[from ?? '']?.layers ?? []).toReversed()], part);
    const folder = (await stat(path)).isDirectory();
    const into =
      !folder && (target.endsWith('/') || parts.length > 1 || target === '.')
        ? join(place, basename(path))
        : place;
    await mkdir(folder ? into : dirname(into), { recursive: true });
    await cp(path, into, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file) => from !== undefined || !building.ignored(relative(source, file)),
    });
  }
}

/** The path in the first of these folders that has it; links are followed as inside the image, where `/` is the top of all of them. */
async function foundIn(folders: readonly string[], path: string): Promise<string> {
  for (const folder of folders) {
    const full = join(folder, path);
    const found = await lstat(full).catch(() => undefined);
    if (found === undefined) continue;
    return found.isSymbolicLink() && folders.length > 1
      ? foundIn(folders, resolve('/', dirname(path), await readlink(full)))
      : full;
  }
  // Says which file is not there.
  return join(folders[0] ?? '', path);
}

/** Runs a command of a stage on this machine; it may name files below its own folder only, which relative paths do. */
async function runIn(cwd: string, step: Instruction, file: string): Promise<void> {
  await mkdir(cwd, { recursive: true });
  process.stderr.write(`${basename(dirname(file))}: ${step.rest}\n`);
  const path = `${dirname(process.execPath)}:${process.env['PATH']}`;
  const env = { ...process.env, PATH: path };
  const child = spawn('sh', ['-ec', step.rest], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      tail.push(...text.split('\n').filter((line) => line !== ''));
      tail.splice(0, Math.max(0, tail.length - 20));
    });
  }
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error([`${file}:${step.line}: RUN ended with ${code}:`, ...tail].join('\n'));
}

/** Of everything a stage depends on: its instructions, this machine's kind, its base, and the content of what it copies. */
async function digestOf(stage: Stage, building: Building): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([process.arch, process.version, stage.from]));
  for (const step of stage.steps) {
    hash.update(`\0${step.word} ${step.rest}\0`);
    if (step.word !== 'COPY') continue;
    const parts = step.rest.split(' ').slice(0, -1);
    if (parts[0]?.startsWith('--from=') === true) {
      // Its folder is named by its own digest.
      hash.update(building.folders[parts[0].slice('--from='.length)] ?? '');
      continue;
    }
    for (const part of parts) await digestPath(part, building, hash);
  }
  return hash.digest('hex').slice(0, 24);
}

async function digestPath(
  path: string,
  building: Building,
  hash: ReturnType<typeof createHash>,
): Promise<void> {
  if (building.ignored(path)) return;
  const full = join(building.around.context, path);
  if (!(await stat(full)).isDirectory()) {
    hash.update(`${path}\0`).update(await readFile(full));
    return;
  }
  for (const name of (await readdir(full)).toSorted()) await digestPath(join(path, name), building, hash);
}

function baseOf(stage: Stage, { file, around }: Building): Base {
  const base = around.bases[stage.from];
  if (base === undefined)
    throw new Error(
      `${file}: FROM ${stage.from}: only ${Object.keys(around.bases).join(', ')} can be had here`,
    );
  return base;
}

/** Instructions by stage; comments gone, continued lines joined. */
function parse(text: string, file: string): Stage[] {
  const stages: { name: string; from: string; steps: Instruction[] }[] = [];
  // Of ARG before the first FROM, which only FROM sees.
  const given: Record<string, string> = {};
  let pending = '';
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    pending += line.replace(/\\$/, ' ');
    if (line.endsWith('\\')) continue;
    const [, word = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(pending.trim()) ?? [];
    const step = { line: index + 1, word: word.toUpperCase(), rest: rest.replaceAll(/\s+/g, ' ') };
    pending = '';
    if (step.word === 'FROM') {
      const [, image = '', name = ''] = /^(\S+)(?: [Aa][Ss] (\S+))?$/.exec(step.rest) ?? [];
      const from = image.replaceAll(/\$\{(\w+)\}/g, (_, argument: string) => {
        const value = given[argument];
        if (value === undefined)
          throw new Error(`${file}:${step.line}: there is no ARG ${argument} before it`);
        return value;
      });
      stages.push({ from, name: name === '' ? String(stages.length) : name, steps: [] });
    } else {
      const stage = stages.at(-1);
      if (stage !== undefined) stage.steps.push(step);
      else if (step.word === 'ARG' && step.rest.includes('=')) Object.assign(given, pairs(step.rest));
      else throw new Error(`${file}:${step.line}: ${step.word} before FROM, other than ARG with a value`);
    }
  }
  return stages;
}

function pairs(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(' ').map((pair) => {
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      return [name, value.replaceAll('"', '')];
    }),
  );
}

function words(step: Instruction, file: string): string[] {
  const value: unknown = JSON.parse(step.rest);
  if (Array.isArray(value) && value.every((word) => typeof word === 'string')) return value;
  throw refused(file, step, 'other than as a list of words');
}

function refused(file: string, step: Instruction, where: string): Error {
  return new Error(`${file}:${step.line}: ${step.word} ${where} is not understood here`);
}

/** The patterns of `.dockerignore`: globs from its folder, `!` takes back, the last that matches counts. */
async function readIgnored(context: string): Promise<(path: string) => boolean> {
  const text = await readFile(join(context, '.dockerignore'), 'utf8').catch(() => '');
  const patterns = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ keep: line.startsWith('!'), glob: line.replace(/^!/, '').replace(/\/$/, '') }));
  return (path) => {
    let ignored = false;
    for (const { keep, glob } of patterns) {
      // What stands below an ignored folder is ignored with it.
      if (ancestors(path).some((one) => matchesGlob(one, glob))) ignored = !keep;
    }
    return ignored;
  };
}

function ancestors(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

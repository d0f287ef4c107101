/**
 * Reads manifests from files and remembers where every field stands, so that any later refusal,
 * ours or the API server's, can name file, line and field.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { isMap, isNode, isScalar, LineCounter, parseAllDocuments, type Document } from 'yaml';
import { EXIT, Failure } from '../failure.ts';

/** One YAML document of a file. */
export interface Manifest {
  readonly file: string;
  readonly object: ManifestObject;
  /** `file:line` of a field given as the API server writes it: `spec.hosts[0]`, `spec.domains[chat].scaling`. */
  place(field: string): string;
}

export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [key: string]: unknown;
}

const MAX_FILE_BYTES = 1024 * 1024;
/** Lists and changes other files; read by `kubectl apply -k`, not here. */
const KUSTOMIZATION = 'kustomization.yaml';

/**
 * Loads `path`: a YAML file, or a folder whose `*.yaml` files and direct subfolders' `tenant.yaml` are read.
 * @throws Failure naming file, line and column when something is not a Kubernetes object in valid YAML.
 */
export async function loadManifests(path: string): Promise<Manifest[]> {
  const files = await manifestFiles(path);
  if (files.length === 0) {
    throw new Failure(`${path} holds no tenant`, {
      exitCode: EXIT.badInput,
      remedy:
        'Give a YAML file, or a folder with *.yaml files or <name>/tenant.yaml in it. ' +
        'Overlays are for `kubectl apply -k`.',
    });
  }
  const loaded: Manifest[] = [];
  for (const file of files) loaded.push(...parseManifests(await readBounded(file), displayName(file)));
  refuseDuplicates(loaded);
  return loaded;
}

/** Parses the documents of one file. Exported for tests; `file` is only used in messages. */
export function parseManifests(text: string, file: string): Manifest[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, strict: true, uniqueKeys: true });
  const manifests: Manifest[] = [];
  for (const document of documents) {
    const [error] = document.errors;
    if (error !== undefined) throw yamlFailure(file, lines, error.pos[0], firstLine(error.message));
    if (isEmpty(document as Document)) continue;
    manifests.push(toManifest(document as Document, lines, file));
  }
  return manifests;
}

function isEmpty({ contents }: Document): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

async function manifestFiles(path: string): Promise<string[]> {
  const info = await stat(path).catch((cause: unknown) => {
    throw new Failure(`cannot read ${path}`, {
      exitCode: EXIT.badInput,
      cause,
      remedy: 'Check the path given to --tenants.',
    });
  });
  if (info.isFile()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries.toSorted((a, b) => a.name.localeCompare(b.name));
  const files: string[] = [];
  for (const entry of names) {
    if (entry.isFile() && entry.name !== KUSTOMIZATION && /\.ya?ml$/.test(entry.name)) {
      files.push(join(path, entry.name));
    }
    if (entry.isDirectory()) {
      const tenant = join(path, entry.name, 'tenant.yaml');
      if (await isFile(tenant)) files.push(tenant);
    }
  }
  return files;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

async function readBounded(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > MAX_FILE_BYTES) {
    throw new Failure(`${displayName(file)} is ${size} bytes; a manifest may have ${MAX_FILE_BYTES}`, {
      exitCode: EXIT.badInput,
    });
  }
  return readFile(file, 'utf8');
}

function toManifest(document: Document, lines: LineCounter, file: string): Manifest {
  const start = isNode(document.contents) ? (document.contents.range?.[0] ?? 0) : 0;
  const object: unknown = document.toJS({ maxAliasCount: 100 });
  const missing = missingField(object);
  if (missing !== undefined) throw yamlFailure(file, lines, start, `${missing} is missing`);
  return {
    file,
    // Checked field by field in missingField.
    object: object as ManifestObject,
    place: (field) => `${file}:${lines.linePos(offsetOf(document, fieldPath(field)) ?? start).line}`,
  };
}

function missingField(object: unknown): string | undefined {
  if (typeof object !== 'object' || object === null)
    return 'an object with apiVersion, kind and metadata.name';
  const { apiVersion, kind, metadata } = object as {
    apiVersion?: unknown;
    kind?: unknown;
    metadata?: { name?: unknown } | null;
  };
  if (typeof apiVersion !== 'string') return 'apiVersion (a string such as shopmind.ai/v1beta1)';
  if (typeof kind !== 'string') return 'kind (a string such as ShopMindTenant)';
  if (typeof metadata?.name !== 'string') return 'metadata.name (a string)';
  return undefined;
}

/** `spec.domains[chat].x[0]` → ['spec', 'domains', 'chat', 'x', 0]. */
function fieldPath(field: string): (string | number)[] {
  return [...field.matchAll(/[^.[\]]+/g)].map(([part]) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** The offset of the deepest part of the path that exists; the key's own position where there is one. */
function offsetOf(document: Document, path: readonly (string | number)[]): number | undefined {
  let offset: number | undefined;
  for (let depth = 1; depth <= path.length; depth += 1) {
    const parent: unknown = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    const part = path[depth - 1];
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && key.value === part)
      : undefined;
    const node: unknown = pair === undefined ? document.getIn(path.slice(0, depth), true) : pair.key;
    if (!isNode(node) || node.range === undefined || node.range === null) break;
    offset = node.range[0];
  }
  return offset;
}

function refuseDuplicates(manifests: readonly Manifest[]): void {
  const seen = new Map<string, Manifest>();
  for (const manifest of manifests) {
    const { kind, metadata } = manifest.object;
    const key = `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
    const first = seen.get(key);
    if (first !== undefined) {
      throw new Failure(`${kind} "${metadata.name}" is declared twice`, {
        exitCode: EXIT.badInput,
        details: [first.place('metadata.name'), manifest.place('metadata.name')],
        remedy: 'Remove or rename one of them.',
      });
    }
    seen.set(key, manifest);
  }
}

function yamlFailure(file: string, lines: LineCounter, offset: number, what: string): Failure {
  const { line, col } = lines.linePos(offset);
  return new Failure(`${file}:${line}:${col}: ${what}`, {
    exitCode: EXIT.badInput,
    remedy: 'Nothing was applied.',
  });
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? text).replace(/ at line \d+, column \d+:?$/, '');
}

function displayName(file: string): string {
  const short = relative(process.cwd(), file);
  return short.startsWith('..') ? file : short;
}

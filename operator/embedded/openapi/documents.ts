/**
 * The built-in API groups as OpenAPI v3: documents to serve, and resolved schemas to work with. Everything is loaded on first use.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { GroupVersionKind, Schema } from '../schema/schema.ts';
import { linkTypes } from './link.ts';

/** One document of the list at `/openapi/v3`. `hash` changes whenever the document does. */
export type DocumentEntry = { readonly groupVersion: string; readonly hash: string };

/** The group-versions that have a document (`v1`, `apps/v1`, …) with their hashes. */
export function builtinDocuments(): readonly DocumentEntry[] {
  return Object.entries(index().documents).map(([groupVersion, { hash }]) => ({ groupVersion, hash }));
}

/** The OpenAPI v3 document of a group-version as JSON text in UTF-8; undefined when it is not a built-in one. Inflated anew on each call. */
export function builtinDocument(groupVersion: string): Buffer | undefined {
  const entry = index().documents[groupVersion];
  return entry === undefined ? undefined : brotliDecompressSync(readFileSync(join(directory, entry.file)));
}

/** The schema of a built-in kind (no descriptions); undefined when there is none. The first call loads all types, some 10 ms. */
export function builtinSchema(gvk: GroupVersionKind): Schema | undefined {
  return types().byKind.get(kindKey(gvk));
}

/** The schema of a built-in type by its OpenAPI name, such as `io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta`. */
export function builtinType(name: string): Schema | undefined {
  return types().byName.get(name);
}

/** The Go name of the type of a built-in schema node, such as `PodSpec`; undefined for nodes that are no struct of their own. */
export function builtinTypeName(schema: Schema): string | undefined {
  return schema.properties === undefined ? undefined : types().names.get(schema.properties);
}

const directory = join(import.meta.dirname, 'generated');

type Index = { documents: Record<string, { file: string; hash: string; bytes: number }> };
type Types = {
  readonly byName: ReadonlyMap<string, Schema>;
  readonly byKind: ReadonlyMap<string, Schema>;
  /** Copies of a type (a field with a default of its own) share its properties: they are the type's identity. */
  readonly names: WeakMap<object, string>;
};

/** Remembers what a function answered first. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

// Our own generated file: its shape is known.
const index = once(() => JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8')) as Index);

const types = once((): Types => {
  const byName = linkTypes(
    JSON.parse(brotliDecompressSync(readFileSync(join(directory, 'types.json.br'))).toString('utf8')),
  );
  const byKind = new Map<string, Schema>();
  for (const schema of byName.values())
    for (const gvk of schema['x-kubernetes-group-version-kind'] ?? []) byKind.set(kindKey(gvk), schema);
  const names = new WeakMap<object, string>();
  for (const [name, { properties }] of byName)
    if (properties !== undefined) names.set(properties, name.slice(name.lastIndexOf('.') + 1));
  return { byName, byKind, names };
});

function kindKey({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}/${kind}`;
}

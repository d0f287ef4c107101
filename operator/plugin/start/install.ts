/**
 * Puts manifests into a cluster in an order that works: definitions, namespaces, then everything else.
 * Server-side apply throughout, so that a second start changes only what is different.
 */
import { setTimeout } from 'node:timers/promises';
import { isNotFound, KubeError } from '../../kube/errors.ts';
import type { Client } from '../../kube/client.ts';
import { customResourceDefinitions, KNOWN_RESOURCES, resourceFor } from '../../kube/resources.ts';
import { apiVersionOf } from '../../kube/types.ts';
import type { KubeObject, ResourceType } from '../../kube/types.ts';
import { convert } from '../../../crds/index.ts';
import type { Convertible } from '../../../crds/index.ts';
import { EXIT, Failure } from '../failure.ts';
import { OLD_KINDS, shopServices, tenants } from '../../controllers/kinds.ts';
import type { Manifest } from './manifests.ts';

const KNOWN = [...KNOWN_RESOURCES, tenants, shopServices, ...OLD_KINDS];
const APPLY = { fieldManager: 'shopmind-start', force: true };

/** Kinds that must exist before objects that need them. */
const FIRST = ['CustomResourceDefinition', 'Namespace', 'ServiceAccount', 'Secret', 'ConfigMap'];

/** Applies all of them; resolves when the API server has them and its new definitions are served. */
export async function install(client: Client, objects: readonly KubeObject[]): Promise<void> {
  for (const kind of FIRST) {
    await Promise.all(
      objects.filter((object) => object.kind === kind).map((object) => applyOne(client, object)),
    );
  }
  const definitions = objects.filter((object) => object.kind === 'CustomResourceDefinition');
  await Promise.all(definitions.map((definition) => established(client, definition.metadata.name)));
  await Promise.all(
    objects.filter(({ kind }) => !FIRST.includes(kind)).map((object) => applyOne(client, object)),
  );
}

/**
 * Applies what a person wrote. Everything is tried without effect first, so that one bad field leaves nothing half-applied.
 * @throws Failure with one line a problem: `file:line: field: what is wrong`.
 */
export async function applyManifests(
  client: Client,
  manifests: readonly Manifest[],
  signal: AbortSignal,
): Promise<void> {
  const problems = (
    await Promise.all(manifests.map((manifest) => patiently(() => refusals(client, manifest), signal)))
  ).flat();
  if (problems.length > 0) {
    throw new Failure(
      `${problems.length === 1 ? 'a manifest was' : 'manifests were'} refused; nothing was applied`,
      {
        exitCode: EXIT.badInput,
        details: problems,
        remedy: 'Mend the named lines and start again.',
      },
    );
  }
  for (const { object } of manifests)
    await patiently(() => applyOne(client, object, { strict: true }), signal);
}

/**
 * The object as the API server would store it. Changes nothing.
 * @throws Failure with the places of what the server would refuse.
 */
export async function previewManifest<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  manifest: Manifest,
): Promise<T> {
  try {
    const written = typeOf(manifest.object) ?? type;
    const stored = await client.apply(written, manifest.object, {
      ...APPLY,
      dryRun: true,
      fieldValidation: 'Strict',
    });
    // An object of one of our kinds, in the version its file is written in; the one asked for has the type's.
    return convert(stored as unknown as Convertible, apiVersionOf(type)) as unknown as T;
  } catch (error) {
    const problems = refusalOf(error, manifest);
    throw new Failure('a manifest would be refused', {
      exitCode: EXIT.badInput,
      details: problems,
      cause: error,
    });
  }
}

async function refusals(client: Client, manifest: Manifest): Promise<readonly string[]> {
  if (typeOf(manifest.object) === undefined) {
    return [
      `${manifest.place('kind')}: ${manifest.object.apiVersion} ${manifest.object.kind} is no kind this cluster serves`,
    ];
  }
  try {
    await applyOne(client, manifest.object, { strict: true, dryRun: true });
    return [];
  } catch (error) {
    return refusalOf(error, manifest);
  }
}

/** One line a problem. Rethrows what is no refusal. */
function refusalOf(error: unknown, manifest: Manifest): readonly string[] {
  if (!(error instanceof KubeError) || (isPassing(error) && !isUndeclared(error))) throw error;
  return error.causes.length === 0
    ? [`${manifest.place(fieldIn(error.message))}: ${error.message}`]
    : error.causes.map(({ field, message }) => `${manifest.place(field)}: ${field}: ${message}`);
}

/** kube-apiserver answers 500 when an apply names a field that no schema declares (its structuredmerge.go). */
function isUndeclared({ message }: KubeError): boolean {
  return message.includes('field not declared in schema');
}

/** Nothing that was written is wrong: the server, or the webhook behind it, is not up to it yet. */
function isPassing({ retryable, code }: KubeError): boolean {
  return retryable || code === 0;
}

/** Tries again while the failure may pass, for as long as an operator takes to come back. */
async function patiently<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof KubeError) || !isPassing(error) || performance.now() > deadline) throw error;
    }
    await setTimeout(100, undefined, { signal });
  }
}

/** A message without causes may still quote its field: `strict decoding error: unknown field "spec.colour"`. */
function fieldIn(message: string): string {
  return (
    /unknown field "([^"]+)"/.exec(message)?.[1] ??
    /: [.](\S+): field not declared/.exec(message)?.[1] ??
    /\b((?:spec|metadata)[.][^\s:,"]+)/.exec(message)?.[1] ??
    'metadata.name'
  );
}

async function applyOne(
  client: Client,
  object: KubeObject,
  { strict = false, dryRun = false }: { strict?: boolean; dryRun?: boolean } = {},
): Promise<void> {
  const type = typeOf(object);
  if (type === undefined) throw new Failure(`no resource is known for ${object.apiVersion} ${object.kind}`);
  await client.apply(type, object, {
    ...APPLY,
    dryRun,
    ...(strict ? { fieldValidation: 'Strict' } : {}),
  });
}

function typeOf(object: { apiVersion: string; kind: string }): ResourceType | undefined {
  return resourceFor(object, KNOWN);
}

/** A definition is served a moment after it is stored; its condition says when. */
async function established(client: Client, name: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (performance.now() < deadline) {
    try {
      const definition = await client.get(customResourceDefinitions, { name });
      const conditions = definition.status?.conditions ?? [];
      if (conditions.some(({ type, status }) => type === 'Established' && status === 'True')) return;
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    await setTimeout(20);
  }
  throw new Failure(`the API server does not serve ${name}`, { exitCode: EXIT.unavailable });
}

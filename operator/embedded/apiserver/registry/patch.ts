/** Patching: JSON, merge, strategic merge and apply. */
import { applyConfiguration } from '../../patch/apply.ts';
import { PatchError } from '../../patch/error.ts';
import { applyJsonPatch } from '../../patch/json-patch.ts';
import { applyMergePatch } from '../../patch/merge-patch.ts';
import { applyStrategicMergePatch } from '../../patch/strategic-merge-patch.ts';
import { isObject, type Schema } from '../../schema/schema.ts';
import type { Cluster } from '../cluster.ts';
import { ApiError, badRequest, notFound, unsupportedMediaType, type StatusDetails } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { clone, type Json, type JsonObject, type KubeObject } from '../objects.ts';
import { apiVersionOf, type ResourceType } from '../resources.ts';
import type { Part } from '../rules.ts';
import { createObject } from './create.ts';
import {
  asObject,
  NO_SOURCE,
  parseBody,
  pruneUnknown,
  sourceOf,
  warningsOf,
  yamlProblemOf,
} from './decode.ts';
import { applied, tracked, writeContext } from './managed.ts';
import type { WriteOptions } from './options.ts';
import { updateObject } from './update.ts';
import type { Target } from './write.ts';

export interface PatchOutcome {
  readonly object: KubeObject;
  readonly created: boolean;
}

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';
const APPLY_YAML = 'application/apply-patch+yaml';

/** Patches an object; an apply creates the one that is missing. */
export async function patchObject(
  cluster: Cluster,
  exchange: Exchange,
  target: Target,
  part: Part,
  body: string,
  options: WriteOptions,
): Promise<PatchOutcome> {
  const { type } = target;
  const contentType = patchTypeOf(exchange.contentType);
  if (contentType === APPLY_YAML) return applyObject(cluster, exchange, target, part, body, options);
  if (exchange.query.get('force') !== null)
    throw badOption('force', 'Forbidden: may not be specified for non-apply patch', 'FieldValueForbidden');
  const patch = await parseBody(body, 'application/json');
  const source = await sourceOf(body, options.fieldValidation);
  const schema = wholeSchemaOf(cluster, type);
  const wanted = (old: KubeObject): KubeObject => {
    const object = asObject(patched(contentType, old, patch, type, schema), type);
    pruneUnknown(object, type, schema, options.fieldValidation, source, exchange.warnings);
    return object;
  };
  const change = { part, wanted, track: tracked(cluster, type, part, options) };
  return { object: await updateObject(cluster, target, change, options, exchange), created: false };
}

/** The schema of everything an object of this kind may hold. */
function wholeSchemaOf(cluster: Cluster, type: ResourceType): Schema | undefined {
  const { wholeSchema, schema } = cluster.rulesOf(type);
  return wholeSchema ?? schema;
}

/** The media type of a patch, without its parameters. */
export const patchTypeOf = (contentType: string): string => contentType.split(';')[0]?.trim() ?? '';

/**
 * An object with a patch applied; the object given is not changed.
 * @throws {ApiError} 400 or 422 for a patch that is malformed or does not fit, 415 for a type that is not served
 */
export function patched(
  contentType: string,
  object: KubeObject,
  patch: Json,
  type: ResourceType,
  schema: Schema | undefined,
): JsonObject {
  return translated(type, object.metadata.name, () => {
    switch (contentType) {
      case JSON_PATCH:
        return applyJsonPatch(object, patch);
      case MERGE_PATCH:
        return applyMergePatch(clone(object), asPatchObject(patch));
      case STRATEGIC_PATCH:
        if (type.custom || !schema) throw unsupportedMediaType([JSON_PATCH, MERGE_PATCH, APPLY_YAML]);
        return clone(applyStrategicMergePatch(object, asPatchObject(patch), schema));
      default:
        throw unsupportedMediaType([
          JSON_PATCH,
          MERGE_PATCH,
          ...(type.custom ? [] : [STRATEGIC_PATCH]),
          APPLY_YAML,
        ]);
    }
  });
}

function asPatchObject(patch: Json): JsonObject {
  if (!isObject(patch))
    throw badRequest(
      'error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}',
    );
  return patch;
}

async function applyObject(
  cluster: Cluster,
  exchange: Exchange,
  target: Target,
  part: Part,
  body: string,
  options: WriteOptions,
): Promise<PatchOutcome> {
  const { type, namespace, name } = target;
  if (!exchange.query.get('fieldManager'))
    throw badOption('fieldManager', 'Required value: is required for apply patch', 'FieldValueRequired');
  const config = asConfiguration(await parseBody(body, 'application/yaml'), target);
  const source = await sourceOf(body, options.fieldValidation);
  // The text of an apply is YAML, whatever it looks like; as such it is read only where that is needed.
  const problem = source.duplicates.length > 0 ? await yamlProblemOf(body) : source.yamlProblem;
  const context = { ...writeContext(cluster, type, part, options), force: options.force };
  const apply = (live: JsonObject): KubeObject => {
    const merged = translated(type, name, () => applyConfiguration(live, config, context));
    refuse(problem, options, exchange.warnings);
    const object = clone(asObject(merged, type));
    pruneUnknown(object, type, context.schema, options.fieldValidation, NO_SOURCE, exchange.warnings);
    return object;
  };
  const exists = () => cluster.store.get({ resource: type.storage, namespace, name }) !== undefined;
  for (;;) {
    if (exists()) {
      const change = { part, wanted: (old: KubeObject) => apply(old), track: applied };
      return { object: await updateObject(cluster, target, change, options, exchange), created: false };
    }
    if (part !== '') throw notFound(type, name);
    const object = apply({});
    if (object.metadata.uid)
      throw new ApiError(
        409,
        'Conflict',
        `Operation cannot be fulfilled on ${type.plural} "${name}": uid mismatch: the provided object specified uid ${object.metadata.uid}, and no existing object was found`,
      );
    // A version asks for what is there; of what is made by this very apply the server says none.
    delete (object.metadata as Partial<typeof object.metadata>).resourceVersion;
    try {
      return {
        object: await createObject(cluster, type, namespace, object, options, exchange, applied),
        created: true,
      };
    } catch (error) {
      // Somebody else created it while admission was asked: what is there now is applied to.
      if (!(error instanceof ApiError && error.reason === 'AlreadyExists' && exists())) throw error;
    }
  }
}

/** @throws {ApiError} 400 under strict validation */
function refuse(problem: string, { fieldValidation }: WriteOptions, warnings: Set<string>): void {
  if (problem === '') return;
  if (fieldValidation === 'Strict')
    throw badRequest(`error strict decoding YAML: error converting YAML to JSON: ${problem}`);
  for (const warning of warningsOf(problem)) warnings.add(warning);
}

/** The applied configuration, which names its type and may leave its name and namespace to the path. */
function asConfiguration(value: Json, { type, namespace, name }: Target): JsonObject {
  if (!isObject(value)) throw badRequest('the applied configuration is not an object');
  const config = clone(value);
  if (config['apiVersion'] !== apiVersionOf(type) || config['kind'] !== type.kind) asObject(config, type);
  const metadata = isObject(config['metadata']) ? config['metadata'] : {};
  if (metadata['name'] !== undefined && metadata['name'] !== name)
    throw badRequest(
      `the name of the object (${String(metadata['name'])}) does not match the name on the URL (${name})`,
    );
  if (type.namespaced && metadata['namespace'] !== undefined && metadata['namespace'] !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  config['metadata'] = { ...metadata, name, ...(type.namespaced ? { namespace } : {}) };
  return config;
}

function translated<T>(type: ResourceType, name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    const details: StatusDetails = {
      name,
      ...(type.group === '' ? {} : { group: type.group }),
      kind: type.plural,
      ...(error.causes.length === 0 ? {} : { causes: error.causes }),
    };
    throw new ApiError(error.code, error.reason, error.message, details, error);
  }
}

function badOption(name: string, message: string, reason: string): ApiError {
  return new ApiError(422, 'Invalid', `PatchOptions.meta.k8s.io "" is invalid: ${name}: ${message}`, {
    group: 'meta.k8s.io',
    kind: 'PatchOptions',
    causes: [{ reason, message, field: name }],
  });
}

/** Patching: JSON, merge, strategic merge and apply. */
import { isObject } from '../../schema/schema.ts';
import type { Cluster } from '../cluster.ts';
import { badRequest, unsupportedMediaType } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { clone, type Json, type JsonObject, type KubeObject } from '../objects.ts';
import type { Part } from '../rules.ts';
import { asObject, parseBody } from './decode.ts';
import { tracked } from './managed.ts';
import type { WriteOptions } from './options.ts';
import { updateObject } from './update.ts';
import type { Target } from './write.ts';

export interface PatchOutcome {
  readonly object: KubeObject;
  readonly created: boolean;
}

export async function patchObject(
  cluster: Cluster,
  exchange: Exchange,
  target: Target,
  part: Part,
  body: string,
  options: WriteOptions,
): Promise<PatchOutcome> {
  const contentType = exchange.contentType.split(';')[0]?.trim() ?? '';
  const patch = await parseBody(body, contentType);
  if (contentType !== 'application/merge-patch+json')
    throw unsupportedMediaType(['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml']);
  if (!isObject(patch)) throw badRequest('a merge patch is a JSON object');
  const wanted = (old: KubeObject) => asObject(merged(clone(old), patch), target.type);
  const change = { part, wanted, track: tracked(cluster, target.type, part, options) };
  return { object: await updateObject(cluster, target, change, options, exchange), created: false };
}

function merged(value: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(value) ? value : {};
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) delete result[name];
    else result[name] = merged(result[name], change);
  }
  return result;
}

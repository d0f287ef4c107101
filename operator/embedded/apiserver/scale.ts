/** The scale subresource: replicas of a workload, or of a custom resource that says where it keeps them. */
import type { Cluster } from './cluster.ts';
import { methodNotAllowed, notFound } from './errors.ts';
import { readBody, sendJson, type Exchange } from './exchange.ts';
import { at, clone, fields, number, text, type Json, type JsonObject, type KubeObject } from './objects.ts';
import { isObject } from '../schema/schema.ts';
import { asObject, parseBody } from './registry/decode.ts';
import { tracked } from './registry/managed.ts';
import { patched, patchTypeOf } from './registry/patch.ts';
import { writeOptions } from './registry/options.ts';
import { updateObject } from './registry/update.ts';
import type { ResourcePath } from './request.ts';
import type { ResourceType } from './resources.ts';
import type { ScalePaths } from './rules.ts';

const BUILT_IN_PATHS: ScalePaths = {
  spec: ['spec', 'replicas'],
  status: ['status', 'replicas'],
  selector: undefined,
};

export const isScale = (path: ResourcePath): boolean => path.subresource === 'scale';

export async function serveScale(
  cluster: Cluster,
  exchange: Exchange,
  path: ResourcePath,
  type: ResourceType,
  verb: string,
): Promise<void> {
  const paths = cluster.rulesOf(type).scale ?? BUILT_IN_PATHS;
  const entry = cluster.store.get({ resource: type.storage, namespace: path.namespace, name: path.name });
  if (!entry) throw notFound(type, path.name);
  await cluster.codec.prepare([entry], type);
  if (verb === 'get') {
    sendJson(exchange, 200, JSON.stringify(scaleOf(cluster.codec.read(entry, type), paths)));
    return;
  }
  if (verb !== 'update' && verb !== 'patch') throw methodNotAllowed();
  const options = writeOptions(exchange.query, exchange.userAgent);
  const body = await parseBody(
    await readBody(exchange),
    exchange.method === 'PUT' ? exchange.contentType : 'application/json',
  );
  const change = {
    part: 'scale' as const,
    wanted: (old: KubeObject) => rescaled(old, wantedScale(exchange, body, old, paths, type), paths),
    track: tracked(cluster, type, 'scale', options),
  };
  const made = await updateObject(
    cluster,
    { type, namespace: path.namespace, name: path.name },
    change,
    options,
    exchange,
  );
  sendJson(exchange, 200, JSON.stringify(scaleOf(made, paths)));
}

function wantedScale(
  exchange: Exchange,
  body: Json,
  old: KubeObject,
  paths: ScalePaths,
  type: ResourceType,
): KubeObject {
  const whole =
    exchange.method === 'PUT'
      ? body
      : patched(
          patchTypeOf(exchange.contentType),
          asObject(scaleOf(old, paths), type, 'Scale', 'autoscaling/v1'),
          body,
          type,
          SCALE_SCHEMA,
        );
  return asObject(whole, type, 'Scale', 'autoscaling/v1');
}

/** Without lists, a scale needs no more than this to be merged strategically. */
const SCALE_SCHEMA = { type: 'object' };

function rescaled(old: KubeObject, scale: KubeObject, paths: ScalePaths): KubeObject {
  const object = clone(old);
  if (scale.metadata.resourceVersion) object.metadata.resourceVersion = scale.metadata.resourceVersion;
  if (scale.metadata.uid) object.metadata.uid = scale.metadata.uid;
  setAt(object, paths.spec, number(at(scale, 'spec', 'replicas')) ?? 0);
  return object;
}

function setAt(object: JsonObject, path: readonly string[], value: Json): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    object[name] = value;
    return;
  }
  const child = object[name];
  const parent: JsonObject = isObject(child) ? child : {};
  object[name] = parent;
  setAt(parent, rest, value);
}

function scaleOf(object: KubeObject, paths: ScalePaths): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = paths.selector
    ? text(at(object, ...paths.selector))
    : selectorText(at(object, 'spec', 'selector'));
  const replicas = number(at(object, ...paths.spec));
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      resourceVersion,
      creationTimestamp,
    },
    spec: replicas === undefined ? {} : { replicas },
    status: { replicas: number(at(object, ...paths.status)) ?? 0, ...(selector === '' ? {} : { selector }) },
  };
}

/** A label selector object in the form of a query string. */
export function selectorText(selector: Json | undefined): string {
  const labels = Object.entries(fields(at(selector, 'matchLabels') ?? selector)).filter(
    ([, value]) => typeof value === 'string',
  );
  const parts = labels.map(([key, value]) => `${key}=${text(value)}`);
  const expressions = at(selector, 'matchExpressions');
  for (const expression of Array.isArray(expressions) ? expressions : []) {
    const key = text(at(expression, 'key'));
    const values = at(expression, 'values');
    const list = `(${(Array.isArray(values) ? values : []).map(String).join(',')})`;
    const operator = text(at(expression, 'operator'));
    if (operator === 'In') parts.push(`${key} in ${list}`);
    if (operator === 'NotIn') parts.push(`${key} notin ${list}`);
    if (operator === 'Exists') parts.push(key);
    if (operator === 'DoesNotExist') parts.push(`!${key}`);
  }
  return parts.join(',');
}

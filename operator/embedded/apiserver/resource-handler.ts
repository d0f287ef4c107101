/** Answers requests for resources: reads the verb from method and path and hands it to who does it. */
import { setImmediate } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { methodNotAllowed, noSuchPath, notFound } from './errors.ts';
import { readBody, sendJson, wantedForm, wantedInclude, type Exchange } from './exchange.ts';
import { formText, listText, objectText } from './forms.ts';
import { listPage } from './list.ts';
import { metricsPage } from './metrics.ts';
import { isObject } from '../schema/schema.ts';
import type { JsonObject, KubeObject } from './objects.ts';
import { createObject } from './registry/create.ts';
import { asObject, parseBody, pruneUnknown, sourceOf } from './registry/decode.ts';
import { deleteObject } from './registry/delete.ts';
import { deleteOptions, writeOptions, type WriteOptions } from './registry/options.ts';
import { patchObject } from './registry/patch.ts';
import { tracked } from './registry/managed.ts';
import { updateObject } from './registry/update.ts';
import type { Target } from './registry/write.ts';
import type { ResourcePath } from './request.ts';
import type { ResourceType } from './resources.ts';
import type { Part } from './rules.ts';
import { serveReview } from './reviews.ts';
import { isScale, serveScale } from './scale.ts';
import { serveSubresource } from './subresources.ts';
import { serveWatch } from './watch.ts';

/** Parts of an object that are read and written like the whole. */
const PARTS: ReadonlySet<string> = new Set([
  '',
  'status',
  'finalize',
  'ephemeralcontainers',
  'resize',
  'approval',
] satisfies Part[]);

const DELETIONS_AT_A_TIME = 100;
const NEEDS_NAME: ReadonlySet<string> = new Set(['update', 'patch']);

/** The verb of a request as discovery and RBAC name it. */
export function verbOf(exchange: Exchange, path: ResourcePath): string {
  switch (exchange.method) {
    case 'GET':
    case 'HEAD':
      if (path.watch || isTrue(exchange.query.get('watch'))) return 'watch';
      return path.name === '' ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return path.name === '' ? 'deletecollection' : 'delete';
    default:
      throw methodNotAllowed();
  }
}

const isTrue = (value: string | null): boolean => value === 'true' || value === '1' || value === '';

/** Answers a request for a resource that is served. */
export async function serveResource(
  cluster: Cluster,
  exchange: Exchange,
  path: ResourcePath,
  type: ResourceType,
  verb: string,
): Promise<void> {
  if (path.subresource !== '' && !type.subresources.some(({ name }) => name === path.subresource))
    throw noSuchPath();
  if (path.subresource === '' && !type.verbs.includes(verb)) throw methodNotAllowed();
  if (path.name === '' && NEEDS_NAME.has(verb)) throw methodNotAllowed();
  if (type.namespaced && path.namespace === '' && (path.name !== '' || verb === 'create'))
    throw methodNotAllowed();
  const { deprecation } = type.custom ? cluster.rulesOf(type) : {};
  if (deprecation !== undefined) exchange.warnings.add(deprecation);
  if (isScale(path)) return serveScale(cluster, exchange, path, type, verb);
  if (!PARTS.has(path.subresource)) return serveSubresource(cluster, exchange, path, type, verb);
  if (type.group === 'metrics.k8s.io') return serveMetrics(cluster, exchange, path, type);
  if (type.verbs.length === 1) return serveReview(cluster, exchange, path, type);
  switch (verb) {
    case 'watch':
      return watch(cluster, exchange, path, type);
    case 'list':
      return list(cluster, exchange, path, type);
    case 'get':
      return get(cluster, exchange, path, type);
    case 'create':
      return create(cluster, exchange, path, type);
    case 'update':
      return update(cluster, exchange, path, type);
    case 'patch':
      return patch(cluster, exchange, path, type);
    case 'delete':
      return remove(cluster, exchange, path, type);
    default:
      return removeAll(cluster, exchange, path, type);
  }
}

/** The namespace a collection request is about; undefined for all of them. */
const scopeOf = (path: ResourcePath, type: ResourceType): string | undefined =>
  !type.namespaced ? '' : path.namespace === '' ? undefined : path.namespace;

function watch(cluster: Cluster, exchange: Exchange, path: ResourcePath, type: ResourceType): void {
  const name = path.name === '' ? undefined : path.name;
  const request = {
    type,
    namespace: scopeOf(path, type),
    name,
    query: exchange.query,
    form: wantedForm(exchange),
    include: wantedInclude(exchange),
  };
  serveWatch(cluster, request, exchange.response);
}

async function list(
  cluster: Cluster,
  exchange: Exchange,
  path: ResourcePath,
  type: ResourceType,
): Promise<void> {
  const form = wantedForm(exchange);
  const page = await listPage(cluster, type, scopeOf(path, type), exchange.query);
  sendJson(exchange, 200, listText(cluster, type, page, form, wantedInclude(exchange)));
}

async function get(
  cluster: Cluster,
  exchange: Exchange,
  path: ResourcePath,
  type: ResourceType,
): Promise<void> {
  const form = wantedForm(exchange);
  const entry = cluster.store.get({ resource: type.storage, namespace: path.namespace, name: path.name });
  if (!entry) throw notFound(type, path.name);
  await cluster.codec.prepare([entry], type);
  sendJson(exchange, 200, objectText(cluster, type, entry, form, wantedInclude(exchange)));
}

const optionsOf = (exchange: Exchange): WriteOptions => writeOptions(exchange.query, exchange.userAgent);

const targetOf = (path: ResourcePath, type: ResourceType): Target => ({
  type,
  namespace: path.namespace,
  name: path.name,
});

async function create(
  cluster: Cluster,
  exchange: Exchange,
  path: ResourcePath,
  type: ResourceType,
): Promise<void> {
  if (path.name !== '') throw methodNotAllowed();
  const options = optionsOf(exchange);
  const object = await decode(cluster, exchange, type, options);
  const track = tracked(cluster, type, '', options);
  const made = await createObject(cluster, type, path.namespace, object, options, exchange, track);
  send(cluster, exchange, 201, type, made);
}

async function update(
  cluster: Cluster,
  exchange: Exchange,
  path: ResourcePath,
  type: ResourceType,
): Promise<void> {
  const options = optionsOf(exchange);
  const object = await decode(cluster, exchange, type, options);
  // The path names the part; PARTS has been asked before.
  const part = path.subresource as Part;
  const change = {
    part,
    wanted: () => structuredClone(object),
    track: tracked(cluster, type, part, options),
  };
  send(
    cluster,
    exchange,
    200,
    type,
    await updateObject(cluster, targetOf(path, type), change, options, exchange),
  );
}

async function decode(
  cluster: Cluster,
  exchange: Exchange,
  type: ResourceType,
  options: WriteOptions,
): Promise<KubeObject> {
  const body = await readBody(exchange);
  const object = asObject(await parseBody(body, exchange.contentType), type);
  const source = await sourceOf(body, options.fieldValidation);
  const { schema, wholeSchema } = cluster.rulesOf(type);
  pruneUnknown(object, type, wholeSchema ?? schema, options.fieldValidation, source, exchange.warnings);
  return object;
}

async function patch(
  cluster: Cluster,
  exchange: Exchange,
  path: ResourcePath,
  type: ResourceType,
): Promise<void> {
  const body = await readBody(exchange);
  const outcome = await patchObject(
    cluster,
    exchange,
    targetOf(path, type),
    path.subresource as Part,
    body,
    optionsOf(exchange),
  );
  send(cluster, exchange, outcome.created ? 201 : 200, type, outcome.object);
}

async function deletionBody(exchange: Exchange): Promise<JsonObject> {
  const body = await readBody(exchange);
  if (body.trim() === '') return {};
  const value = await parseBody(body, exchange.contentType);
  return isObject(value) ? value : {};
}

async function remove(
  cluster: Cluster,
  exchange: Exchange,
  path: ResourcePath,
  type: ResourceType,
): Promise<void> {
  const options = deleteOptions(exchange.query, await deletionBody(exchange));
  const { gone, object } = await deleteObject(cluster, targetOf(path, type), options, exchange);
  if (!gone || type.storage === '/pods') return send(cluster, exchange, 200, type, object);
  const details = {
    name: path.name,
    ...(type.group === '' ? {} : { group: type.group }),
    kind: type.plural,
    uid: object.metadata.uid,
  };
  sendJson(
    exchange,
    200,
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }),
  );
}

async function removeAll(
  cluster: Cluster,
  exchange: Exchange,
  path: ResourcePath,
  type: ResourceType,
): Promise<void> {
  const options = deleteOptions(exchange.query, await deletionBody(exchange));
  const page = await listPage(cluster, type, scopeOf(path, type), exchange.query);
  for (const [index, { namespace, name }] of page.entries.entries()) {
    // Lets others be served, and watchers be sent what has gone already.
    if (index % DELETIONS_AT_A_TIME === DELETIONS_AT_A_TIME - 1) await setImmediate();
    try {
      await deleteObject(cluster, { type, namespace, name }, options, exchange);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  sendJson(exchange, 200, listText(cluster, type, page, wantedForm(exchange), wantedInclude(exchange)));
}

const isGone = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 404;

function send(
  cluster: Cluster,
  exchange: Exchange,
  code: number,
  type: ResourceType,
  object: KubeObject,
): void {
  sendJson(exchange, code, formText(cluster, type, object, wantedForm(exchange), wantedInclude(exchange)));
}

function serveMetrics(cluster: Cluster, exchange: Exchange, path: ResourcePath, type: ResourceType): void {
  sendJson(exchange, 200, metricsPage(cluster, exchange, path, type));
}

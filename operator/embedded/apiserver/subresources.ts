/** The subresources that are actions rather than parts of an object. */
import type { Cluster } from './cluster.ts';
import { ApiError, badRequest, methodNotAllowed, notFound } from './errors.ts';
import { readBody, sendJson, type Exchange } from './exchange.ts';
import { clone, fields, number, text, at, items, type KubeObject } from './objects.ts';
import { serveLog } from './logs.ts';
import { asObject, parseBody } from './registry/decode.ts';
import { tracked } from './registry/managed.ts';
import { writeOptions } from './registry/options.ts';
import { updateObject } from './registry/update.ts';
import type { ResourcePath } from './request.ts';
import type { ResourceType } from './resources.ts';
import { notOffered } from './streams/upgrade.ts';
import { evict } from './eviction.ts';

export async function serveSubresource(
  cluster: Cluster,
  exchange: Exchange,
  path: ResourcePath,
  type: ResourceType,
  verb: string,
): Promise<void> {
  const entry = cluster.store.get({ resource: type.storage, namespace: path.namespace, name: path.name });
  if (!entry) throw notFound(type, path.name);
  await cluster.codec.prepare([entry], type);
  const object = cluster.codec.read(entry, type);
  switch (`${type.plural}/${path.subresource} ${verb}`) {
    case 'pods/log get':
      return serveLog(cluster, exchange, object);
    case 'pods/binding create':
      return bind(cluster, exchange, path, type);
    case 'pods/eviction create':
      return evict(cluster, exchange, object, type);
    case 'serviceaccounts/token create':
      return issueToken(cluster, exchange, object);
    default:
      break;
  }
  if (path.subresource === 'portforward') throw badRequest('Upgrade request required');
  if (path.subresource === 'exec' || path.subresource === 'attach') throw notOffered(path.subresource);
  throw methodNotAllowed();
}

async function bind(
  cluster: Cluster,
  exchange: Exchange,
  path: ResourcePath,
  type: ResourceType,
): Promise<void> {
  const body = await parseBody(await readBody(exchange), exchange.contentType);
  const node = text(at(fields(body), 'target', 'name'));
  const options = writeOptions(exchange.query, exchange.userAgent);
  const wanted = (old: KubeObject): KubeObject => {
    const pod = clone(old);
    if (text(at(pod, 'spec', 'nodeName')) !== '')
      throw new ApiError(
        409,
        'Conflict',
        `Operation cannot be fulfilled on pods/binding "${path.name}": pod ${path.name} is already assigned to node "${text(at(pod, 'spec', 'nodeName'))}"`,
      );
    pod['spec'] = { ...fields(pod['spec']), nodeName: node };
    const conditions = items(at(pod, 'status', 'conditions')).filter(
      (one) => text(at(one, 'type')) !== 'PodScheduled',
    );
    const scheduled = {
      type: 'PodScheduled',
      status: 'True',
      lastProbeTime: null,
      lastTransitionTime: cluster
        .now()
        .toISOString()
        .replace(/\.\d+Z$/, 'Z'),
    };
    pod['status'] = { ...fields(pod['status']), conditions: [...conditions, scheduled] };
    return pod;
  };
  const change = { part: 'binding' as const, wanted, track: tracked(cluster, type, 'binding', options) };
  await updateObject(
    cluster,
    { type, namespace: path.namespace, name: path.name },
    change,
    options,
    exchange,
  );
  sendJson(
    exchange,
    201,
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }),
  );
}

const DEFAULT_TOKEN_SECONDS = 3_600;
const SHORTEST_TOKEN_SECONDS = 600;
const TOKEN_REQUEST = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };

async function issueToken(cluster: Cluster, exchange: Exchange, account: KubeObject): Promise<void> {
  const body = await parseBody(await readBody(exchange), exchange.contentType);
  const request = asObject(body, { ...tokenType(cluster), ...TOKEN_REQUEST });
  const { name, namespace = '', uid } = account.metadata;
  const asked = number(at(request, 'spec', 'expirationSeconds')) ?? DEFAULT_TOKEN_SECONDS;
  const seconds = Math.max(asked, SHORTEST_TOKEN_SECONDS);
  const audiences = items(at(request, 'spec', 'audiences')).map(String);
  const { token, expiresAt } = cluster.tokens.issue(namespace, name, uid, audiences, seconds);
  const expirationTimestamp = expiresAt.toISOString().replace(/\.\d+Z$/, 'Z');
  const spec = { ...fields(request['spec']), expirationSeconds: seconds };
  const metadata = {
    name,
    namespace,
    creationTimestamp: cluster
      .now()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z'),
  };
  sendJson(
    exchange,
    201,
    JSON.stringify({
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata,
      spec,
      status: { token, expirationTimestamp },
    }),
  );
}

function tokenType(cluster: Cluster): ResourceType {
  const type = cluster.catalog.find('authentication.k8s.io', 'v1', 'tokenreviews');
  if (!type) throw new Error('the catalogue of built-in resources lacks token reviews');
  return type;
}

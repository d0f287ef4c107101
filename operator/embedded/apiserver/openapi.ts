/** The OpenAPI documents, by which kubectl explains and validates: the built-in ones as published, and those of custom resources. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { builtinDocument, builtinDocuments } from '../openapi/documents.ts';
import {
  customResourceDefinitions,
  customResourceDocument,
  mergeDocuments,
} from '../openapi/custom-resource.ts';
import { builtinDefinitions } from '../openapi/version2.ts';
import type { Cluster } from './cluster.ts';
import { DEFINITIONS } from './crd/custom-resources.ts';
import { at, parseStored, text, type KubeObject } from './objects.ts';
import { noSuchPath, notAcceptable } from './errors.ts';
import { sendJson, type Exchange } from './exchange.ts';
import { VERSION } from './discovery.ts';

interface Document {
  readonly hash: string;
  readonly text: () => Buffer;
}

/** Documents of custom resources by group and version, made anew when the definitions change. */
interface Shelf {
  readonly revision: number;
  readonly documents: ReadonlyMap<string, Document>;
}

const shelves = new WeakMap<Cluster, Shelf>();
const ROOT = '/openapi/v3';
/** A document under its hash never changes. */
const FOREVER = 'public, immutable, max-age=31536000';
const COMPRESSED_FROM = 16 * 1024;

export function serveOpenApi(cluster: Cluster, exchange: Exchange): void {
  const { path } = exchange;
  if (path === '/openapi/v2') return serveVersion2(cluster, exchange);
  const documents = documentsOf(cluster);
  if (path === ROOT) return sendJson(exchange, 200, JSON.stringify({ paths: pathsOf(documents) }));
  const document = documents.get(path.slice(ROOT.length + 1));
  if (!document || !path.startsWith(`${ROOT}/`)) throw noSuchPath();
  const etag = `"${document.hash.toUpperCase()}"`;
  const headers = { etag, vary: 'Accept-Encoding, Accept', ...cachingOf(exchange, document.hash) };
  if (exchange.request.headers['if-none-match'] === etag) {
    exchange.response.writeHead(304, headers).end();
    return;
  }
  sendDocument(exchange, document.text(), headers);
}

function sendDocument(exchange: Exchange, body: Buffer, headers: Readonly<Record<string, string>>): void {
  const compress =
    body.length > COMPRESSED_FROM &&
    /\bgzip\b/.test(String(exchange.request.headers['accept-encoding'] ?? ''));
  const sent = compress ? gzipSync(body, { level: 1 }) : body;
  exchange.response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': sent.length,
    ...(compress ? { 'content-encoding': 'gzip' } : {}),
    ...headers,
  });
  exchange.response.end(sent);
}

function cachingOf(exchange: Exchange, hash: string): Record<string, string> {
  return exchange.query.get('hash')?.toUpperCase() === hash.toUpperCase()
    ? { 'cache-control': FOREVER }
    : { 'cache-control': 'no-cache, private' };
}

function pathsOf(documents: ReadonlyMap<string, Document>): object {
  return Object.fromEntries(
    [...documents].map(([name, { hash }]) => [
      name,
      { serverRelativeURL: `${ROOT}/${name}?hash=${hash.toUpperCase()}` },
    ]),
  );
}

const documentName = (groupVersion: string): string =>
  groupVersion.includes('/') ? `apis/${groupVersion}` : `api/${groupVersion}`;

function documentsOf(cluster: Cluster): ReadonlyMap<string, Document> {
  const revision = cluster.catalog.revision();
  const known = shelves.get(cluster);
  if (known?.revision === revision) return known.documents;
  const documents = new Map<string, Document>();
  const served = new Set(
    cluster.catalog.all().map(({ group, version }) => (group === '' ? version : `${group}/${version}`)),
  );
  for (const { groupVersion, hash } of builtinDocuments())
    if (served.has(groupVersion))
      documents.set(documentName(groupVersion), {
        hash,
        text: () => builtinDocument(groupVersion) ?? Buffer.from('{}'),
      });
  for (const groupVersion of new Set(customGroupVersions(cluster))) {
    const text = Buffer.from(JSON.stringify(customDocument(cluster, groupVersion)));
    const hash = createHash('sha512').update(text).digest('hex').slice(0, 64);
    documents.set(documentName(groupVersion), { hash, text: () => text });
  }
  shelves.set(cluster, { revision, documents });
  return documents;
}

/** What the definitions of a group-version say, as one document. */
function customDocument(cluster: Cluster, groupVersion: string): object {
  const served = servedDefinitions(cluster).filter(
    ([crd, version]) => `${text(at(crd, 'spec', 'group'))}/${version}` === groupVersion,
  );
  return mergeDocuments(served.map(([crd, version]) => customResourceDocument(crd, version)));
}

/** The definitions of custom resources with each of their versions that is served. */
function servedDefinitions(cluster: Cluster): [KubeObject, string][] {
  const versions = Map.groupBy(
    cluster.catalog.all().filter((type) => type.custom),
    ({ storage }) => storage,
  );
  return cluster.store.list(DEFINITIONS).flatMap((entry) => {
    const crd = parseStored(entry.json);
    const storage = `${text(at(crd, 'spec', 'group'))}/${text(at(crd, 'spec', 'names', 'plural'))}`;
    return (versions.get(storage) ?? []).map(({ version }): [KubeObject, string] => [crd, version]);
  });
}

const customGroupVersions = (cluster: Cluster): string[] =>
  cluster.catalog
    .all()
    .filter(({ custom }) => custom)
    .map(({ group, version }) => `${group}/${version}`);

/** Paths are left out: whoever still reads this version looks for the definitions of kinds. */
function serveVersion2(cluster: Cluster, exchange: Exchange): void {
  if (!/json|\*\/\*|^$/.test(exchange.accept)) throw notAcceptable(['application/json']);
  const hash = createHash('sha256');
  for (const [name, document] of documentsOf(cluster)) hash.update(`${name} ${document.hash} `);
  const etag = `"${hash.digest('hex').toUpperCase()}"`;
  const headers = { etag, vary: 'Accept', 'cache-control': 'no-cache, private' };
  if (exchange.request.headers['if-none-match'] === etag) {
    exchange.response.writeHead(304, headers).end();
    return;
  }
  sendDocument(exchange, Buffer.from(version2Text(cluster)), headers);
}

const builtin = new WeakMap<Cluster, string>();

function version2Text(cluster: Cluster): string {
  let known = builtin.get(cluster);
  if (known === undefined) builtin.set(cluster, (known = builtinDefinitions()));
  const custom = servedDefinitions(cluster).map(([crd, version]) => customResourceDefinitions(crd, version));
  const texts = custom.map((definitions) => JSON.stringify(definitions).slice(1, -1));
  const info = JSON.stringify({ title: 'Kubernetes', version: VERSION['gitVersion'] });
  return `{"swagger":"2.0","info":${info},"paths":{},"definitions":{${[known, ...texts].join(',')}}}`;
}

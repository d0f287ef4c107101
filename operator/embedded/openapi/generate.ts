/**
 * Writes `generated/`: the OpenAPI v3 documents of the built-in API groups, trimmed, as kube-apiserver publishes them.
 *
 *   node operator/embedded/openapi/generate.ts [DIRECTORY]
 *
 * DIRECTORY is a checkout or module directory of k8s.io/kubernetes v1.34.4; without it, `go mod download` fetches the module.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const version = 'v1.34.4';

const groupVersions = [
  'v1',
  'admissionregistration.k8s.io/v1',
  'apiextensions.k8s.io/v1',
  'apiregistration.k8s.io/v1',
  'apps/v1',
  'authentication.k8s.io/v1',
  'authorization.k8s.io/v1',
  'autoscaling/v1',
  'autoscaling/v2',
  'batch/v1',
  'certificates.k8s.io/v1',
  'coordination.k8s.io/v1',
  'discovery.k8s.io/v1',
  'events.k8s.io/v1',
  'networking.k8s.io/v1',
  'node.k8s.io/v1',
  'policy/v1',
  'rbac.authorization.k8s.io/v1',
  'scheduling.k8s.io/v1',
  'storage.k8s.io/v1',
];

type Node = { [key: string]: unknown };
type Document = {
  openapi: string;
  info: Node;
  paths: Record<string, Node>;
  components: { schemas: Record<string, Node> };
};
type Index = { version: string; documents: Record<string, { file: string; hash: string; bytes: number }> };

/** Makes the files anew from the sources in a directory. */
function generate(source: string, target: string): void {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const index: Index = { version, documents: {} };
  const types: Record<string, unknown> = {};
  for (const groupVersion of groupVersions) {
    const document = read(source, groupVersion);
    const text = JSON.stringify(trimmed(document));
    const file = `${groupVersion.replace('/', '_')}.json.br`;
    writeFileSync(join(target, file), compress(text));
    index.documents[groupVersion] = {
      file,
      hash: createHash('sha256').update(text).digest('hex').toUpperCase(),
      bytes: Buffer.byteLength(text),
    };
    for (const [name, schema] of Object.entries(document.components.schemas))
      types[name] = opened(name, bare(schema));
  }
  writeFileSync(join(target, 'types.json.br'), compress(JSON.stringify(types)));
  writeFileSync(join(target, 'index.json'), `${JSON.stringify(index, null, 2)}\n`);
  writeFileSync(join(target, 'NOTICE'), notice);
}

const notice = `The *.json.br files here are derived from api/openapi-spec/v3 of Kubernetes ${version} (https://github.com/kubernetes/kubernetes),
Copyright The Kubernetes Authors, licensed under the Apache License, Version 2.0 (https://www.apache.org/licenses/LICENSE-2.0).
They were changed: documents were trimmed to what clients read, and types.json holds the schemas of all documents without
descriptions. They are made by operator/embedded/openapi/generate.ts.
`;

function read(source: string, groupVersion: string): Document {
  const name =
    groupVersion === 'v1' ? 'api__v1_openapi.json' : `apis__${groupVersion.replace('/', '__')}_openapi.json`;
  // The file is one of Kubernetes' own documents: its shape is known.
  return JSON.parse(readFileSync(join(source, 'api/openapi-spec/v3', name), 'utf8')) as Document;
}

function compress(text: string): Buffer {
  return brotliCompressSync(text, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 },
  });
}

/** Paths keep what kubectl looks at: kinds, actions, patch types and the names of query parameters. */
function trimmed(document: Document): Node {
  const paths = Object.fromEntries(
    Object.entries(document.paths).map(([path, item]) => [path, trimmedPath(item)]),
  );
  return {
    openapi: document.openapi,
    info: document.info,
    paths,
    components: { schemas: document.components.schemas },
  };
}

const methods = new Set(['get', 'post', 'put', 'patch', 'delete']);

function trimmedPath(item: Node): Node {
  return Object.fromEntries(
    Object.entries(item)
      .filter(([method]) => methods.has(method))
      // What stands under a method is an operation object.
      .map(([method, operation]) => [method, trimmedOperation(method, operation as Node)]),
  );
}

function trimmedOperation(method: string, operation: Node): Node {
  const { operationId, 'x-kubernetes-action': action, 'x-kubernetes-group-version-kind': kind } = operation;
  const kept: Node = {
    operationId,
    responses: { 200: { description: 'OK' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': kind,
  };
  if (method !== 'patch' && method !== 'post' && method !== 'put') return kept;
  const parameters = trimmedParameters(operation['parameters']);
  return {
    ...kept,
    // An empty list is not what it is after a round through Kubernetes' own types.
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(method === 'patch' ? { requestBody: operation['requestBody'] } : {}),
  };
}

function trimmedParameters(parameters: unknown): Node[] {
  if (!Array.isArray(parameters)) return [];
  return parameters.map(({ name, in: place, schema }: Node) => ({ name, in: place, schema }));
}

/** A schema without descriptions. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => key !== 'description' || typeof inner !== 'string')
      .map(([key, inner]) => [key, bare(inner)]),
  );
}

/** A type of which nothing is said (RawExtension, FieldsV1, JSON) holds anything. */
function opened(name: string, schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  const says = ['properties', 'additionalProperties', 'items', 'oneOf', 'format', '$ref', 'allOf'].some(
    (key) => key in schema,
  );
  const object = !('type' in schema) || schema.type === 'object';
  if (says || !object) return schema;
  const atomic =
    name === 'io.k8s.apimachinery.pkg.runtime.RawExtension' ? { 'x-kubernetes-map-type': 'atomic' } : {};
  return { ...schema, 'x-kubernetes-preserve-unknown-fields': true, ...atomic };
}

/** The directory of the Go module, downloaded when it is not there yet. */
function moduleDirectory(): string {
  const output = execFileSync('go', ['mod', 'download', '-json', `k8s.io/kubernetes@${version}`], {
    cwd: tmpdir(),
    encoding: 'utf8',
  });
  // The tool answers with one JSON object that has the directory.
  return (JSON.parse(output) as { Dir: string }).Dir;
}

generate(process.argv[2] ?? moduleDirectory(), join(import.meta.dirname, 'generated'));

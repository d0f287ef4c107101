/**
 * Writes `generated/messages.json.br`: the protobuf messages of the Kubernetes API and what each field is called in JSON,
 * as the tags of the Go types tell.
 *
 *   node operator/embedded/apiserver/protobuf/generate.ts
 *
 * `go mod download` fetches the modules.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import type { Field, Messages } from './messages.ts';

const VERSION = 'v0.34.4';

/** Packages by the short name that stands before their types: module, folder, and what others import them as. */
const PACKAGES: readonly (readonly [name: string, module: string, folder: string])[] = [
  ['meta/v1', 'k8s.io/apimachinery', 'pkg/apis/meta/v1'],
  ['apiextensions.k8s.io/v1', 'k8s.io/apiextensions-apiserver', 'pkg/apis/apiextensions/v1'],
  ...(
    [
      ['v1', 'core/v1'],
      ['admissionregistration.k8s.io/v1', 'admissionregistration/v1'],
      ['apps/v1', 'apps/v1'],
      ['authentication.k8s.io/v1', 'authentication/v1'],
      ['authorization.k8s.io/v1', 'authorization/v1'],
      ['autoscaling/v1', 'autoscaling/v1'],
      ['autoscaling/v2', 'autoscaling/v2'],
      ['batch/v1', 'batch/v1'],
      ['coordination.k8s.io/v1', 'coordination/v1'],
      ['discovery.k8s.io/v1', 'discovery/v1'],
      ['events.k8s.io/v1', 'events/v1'],
      ['networking.k8s.io/v1', 'networking/v1'],
      ['policy/v1', 'policy/v1'],
      ['rbac.authorization.k8s.io/v1', 'rbac/v1'],
      ['scheduling.k8s.io/v1', 'scheduling/v1'],
      ['storage.k8s.io/v1', 'storage/v1'],
    ] as const
  ).map(([name, folder]) => [name, 'k8s.io/api', folder] as const),
];

/** Types of other packages that are values in JSON. */
const VALUES: Readonly<Record<string, string>> = {
  'resource.Quantity': 'quantity',
  'intstr.IntOrString': 'intOrString',
  'runtime.RawExtension': 'json',
  'types.UID': 'string',
  'types.NodeName': 'string',
};

const META_VALUES: Readonly<Record<string, string>> = {
  Time: 'time',
  MicroTime: 'time',
  Duration: 'duration',
  FieldsV1: 'json',
};

const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'bool',
  int: 'int',
  int32: 'int',
  int64: 'int',
  uint16: 'int',
  float64: 'double',
  byte: 'byte',
};

interface GoType {
  /** What a named type stands for, when it is not a struct. */
  readonly alias: string | undefined;
  readonly fields: readonly GoField[];
}

interface GoField {
  readonly type: string;
  readonly json: string;
  readonly number: number;
  readonly inline: boolean;
  readonly optional: boolean;
}

const directory = mkdtempSync(join(tmpdir(), 'protobuf-'));
try {
  const types = new Map<string, GoType>();
  for (const [name, module, folder] of PACKAGES)
    readPackage(name, join(moduleDirectory(module), folder), types);
  const messages: Record<string, Field[]> = {};
  for (const [name, type] of types)
    if (type.alias === undefined) messages[name] = type.fields.map((field) => fieldOf(name, field, types));
  const text = JSON.stringify(messages satisfies Messages);
  writeFileSync(join(import.meta.dirname, 'generated', 'messages.json.br'), brotliCompressSync(text));
  process.stdout.write(`${Object.keys(messages).length} messages, ${text.length} bytes\n`);
} finally {
  rmSync(directory, { recursive: true });
}

function moduleDirectory(module: string): string {
  writeFileSync(join(directory, 'go.mod'), 'module generate\n');
  const told = execFileSync('go', ['mod', 'download', '-json', `${module}@${VERSION}`], {
    cwd: directory,
    encoding: 'utf8',
  });
  // What go prints of a module names its directory.
  return (JSON.parse(told) as { Dir: string }).Dir;
}

function readPackage(name: string, folder: string, types: Map<string, GoType>): void {
  for (const file of readdirSync(folder)) {
    if (!file.startsWith('types') || !file.endsWith('.go') || file.endsWith('_test.go')) continue;
    const source = readFileSync(join(folder, file), 'utf8').replaceAll(/\/\/.*$/gm, '');
    for (const [, type = '', body = ''] of source.matchAll(/^type (\w+) struct \{$([\s\S]*?)^\}/gm))
      types.set(`${name}.${type}`, { alias: undefined, fields: readFields(body) });
    for (const [, type = ''] of source.matchAll(/^type (\w+) struct ?\{\}/gm))
      types.set(`${name}.${type}`, { alias: undefined, fields: [] });
    for (const [, type = '', alias = ''] of source.matchAll(
      /^(?:type|\t)[ ]*(\w+) ((?:\[\]|map\[\w+\])?[\w.*]+)$/gm,
    ))
      if (alias !== 'struct' && !types.has(`${name}.${type}`))
        types.set(`${name}.${type}`, { alias, fields: [] });
  }
}

function readFields(body: string): GoField[] {
  const fields: GoField[] = [];
  for (const [, declared = '', tag = ''] of body.matchAll(/^\s*([^`\n]+?)\s*`([^`]*)`/gm)) {
    const number = /protobuf:"\w+,(\d+)/.exec(tag)?.[1];
    const json = /json:"([^"]*)"/.exec(tag)?.[1] ?? '';
    if (number === undefined) continue;
    const [name = '', ...options] = json.split(',');
    const type = declared.trim().split(/\s+/).at(-1) ?? '';
    fields.push({
      type,
      json: name,
      number: Number(number),
      inline: options.includes('inline'),
      optional: options.includes('omitempty'),
    });
  }
  return fields;
}

function fieldOf(message: string, field: GoField, types: ReadonlyMap<string, GoType>): Field {
  const packageName = message.slice(0, message.lastIndexOf('.'));
  const pointer = field.type.startsWith('*');
  const shape = shapeOf(pointer ? field.type.slice(1) : field.type, packageName, types);
  // A pointer is sent only where it is set; all else is always sent, and left out of JSON when it is empty.
  return [field.number, field.inline ? '' : field.json, shape, field.optional && !pointer ? 1 : 0];
}

/** The shape of a Go type: a scalar, `m:` and a message, `[]` and the shape of items, `{}` and that of values. */
function shapeOf(type: string, packageName: string, types: ReadonlyMap<string, GoType>): string {
  if (type.startsWith('*')) return shapeOf(type.slice(1), packageName, types);
  if (type === '[]byte') return 'bytes';
  if (type.startsWith('[]')) return `[]${shapeOf(type.slice(2), packageName, types)}`;
  const map = /^map\[[\w.]+\](.+)$/.exec(type);
  if (map) return `{}${shapeOf(map[1] ?? '', packageName, types)}`;
  const scalar = SCALARS[type] ?? VALUES[type];
  if (scalar !== undefined) return scalar;
  const [qualifier, local = ''] = type.includes('.') ? type.split('.', 2) : [undefined, type];
  return namedShape(qualifier === undefined ? packageName : importedPackage(qualifier, type), local, types);
}

function namedShape(packageName: string, name: string, types: ReadonlyMap<string, GoType>): string {
  if (packageName === 'meta/v1' && META_VALUES[name] !== undefined) return META_VALUES[name];
  if (packageName === 'apiextensions.k8s.io/v1' && name === 'JSON') return 'json';
  const found = types.get(`${packageName}.${name}`);
  if (!found) throw new Error(`${packageName}.${name} is not among the types read`);
  if (found.alias === undefined) return `m:${packageName}.${name}`;
  // Lists that stand for themselves are messages with one field.
  if (name === 'ExtraValue' || name === 'Verbs') return 'strings';
  return shapeOf(found.alias, packageName, types);
}

function importedPackage(qualifier: string, type: string): string {
  if (qualifier === 'metav1') return 'meta/v1';
  if (
    qualifier === 'v1' ||
    qualifier === 'corev1' ||
    qualifier === 'apiv1' ||
    qualifier === 'k8s_api_v1' ||
    qualifier === 'core'
  )
    return 'v1';
  if (qualifier === 'authenticationv1') return 'authentication.k8s.io/v1';
  if (qualifier === 'autoscalingv1') return 'autoscaling/v1';
  throw new Error(`the package of ${type} is not known`);
}

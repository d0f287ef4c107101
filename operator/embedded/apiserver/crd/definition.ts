/** Reads a CustomResourceDefinition: the resources it makes and the rules of their kind. */
import { customResourceSchema } from '../../openapi/custom-resource.ts';
import { isObject, type Schema } from '../../schema/schema.ts';
import { at, fields, items, text, type Json, type KubeObject } from '../objects.ts';
import { ALL_VERBS, type Path, type ResourceType, type Subresource } from '../resources.ts';
import type { ScalePaths } from '../rules.ts';
import { readClient, type WebhookClient } from '../webhooks/call.ts';

/** One version of a custom resource. */
export interface CustomVersion {
  readonly type: ResourceType;
  readonly served: boolean;
  readonly deprecationWarning: string | undefined;
  /** What the definition says of the object. */
  readonly schema: Schema | undefined;
  /** The same with what every object has: apiVersion, kind and metadata. */
  readonly wholeSchema: Schema | undefined;
  readonly scale: ScalePaths | undefined;
  readonly printerColumns: readonly PrinterColumn[];
}

export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
  readonly jsonPath: string;
}

export interface Definition {
  readonly name: string;
  readonly storage: string;
  readonly group: string;
  readonly versions: readonly CustomVersion[];
  readonly stored: CustomVersion;
  /** Absent where versions differ in their apiVersion only. */
  readonly conversion?: WebhookConversion;
}

export interface WebhookConversion {
  readonly client: WebhookClient;
  /** Of ConversionReview, as the webhook prefers them. */
  readonly reviewVersions: readonly string[];
}

const STATUS_VERBS: readonly string[] = ['get', 'patch', 'update'];

/** Undefined when the definition is not whole; its validation has told its author so. */
export function readDefinition(crd: KubeObject): Definition | undefined {
  const spec = fields(crd['spec']);
  const group = text(spec['group']);
  const plural = text(at(spec, 'names', 'plural'));
  const listed = items(spec['versions']);
  const storageVersion = text(
    at(
      listed.find((version) => at(version, 'storage') === true),
      'name',
    ),
  );
  const versions = listed.map((version) => readVersion(crd, spec, group, plural, storageVersion, version));
  const stored = versions.find(({ type }) => type.version === storageVersion);
  if (!stored) return undefined;
  const conversion = readConversion(at(spec, 'conversion'));
  return {
    name: crd.metadata.name,
    storage: `${group}/${plural}`,
    group,
    versions,
    stored,
    ...(conversion ? { conversion } : {}),
  };
}

function readConversion(conversion: Json | undefined): WebhookConversion | undefined {
  if (at(conversion, 'strategy') !== 'Webhook') return undefined;
  return {
    client: readClient(fields(at(conversion, 'webhook', 'clientConfig'))),
    reviewVersions: items(at(conversion, 'webhook', 'conversionReviewVersions')).map(String),
  };
}

function readVersion(
  crd: KubeObject,
  spec: Json,
  group: string,
  plural: string,
  storageVersion: string,
  version: Json,
): CustomVersion {
  const names = fields(at(spec, 'names'));
  const kind = text(names['kind']);
  const scale = at(version, 'subresources', 'scale');
  const subresources: Subresource[] = [];
  if (isObject(scale))
    subresources.push({
      name: 'scale',
      kind: 'Scale',
      group: 'autoscaling',
      version: 'v1',
      verbs: STATUS_VERBS,
    });
  if (isObject(at(version, 'subresources', 'status')))
    subresources.push({ name: 'status', kind, verbs: STATUS_VERBS });
  const name = text(at(version, 'name'));
  const schema = at(version, 'schema', 'openAPIV3Schema');
  const deprecated = at(version, 'deprecated') === true;
  return {
    type: {
      group,
      version: name,
      plural,
      kind,
      singular: text(names['singular']) || kind.toLowerCase(),
      listKind: text(names['listKind']) || `${kind}List`,
      namespaced: text(at(spec, 'scope')) === 'Namespaced',
      shortNames: items(names['shortNames']).map(String),
      categories: items(names['categories']).map(String),
      verbs: ALL_VERBS,
      subresources,
      storage: `${group}/${plural}`,
      storageVersion,
      generation: true,
      statusOnCreate: false,
      selectableFields: selectableFieldsOf(version),
      custom: true,
    },
    served: at(version, 'served') === true,
    deprecationWarning: deprecated
      ? text(at(version, 'deprecationWarning')) || `${group}/${name} ${kind} is deprecated`
      : undefined,
    // The schema of a stored definition has been checked to be a structural one.
    schema: isObject(schema) ? (schema as Schema) : undefined,
    wholeSchema: customResourceSchema(crd, name),
    scale: isObject(scale) ? scalePathsOf(scale) : undefined,
    printerColumns: items(at(version, 'additionalPrinterColumns')).map(readColumn),
  };
}

function selectableFieldsOf(version: Json): Record<string, Path> {
  const paths = items(at(version, 'selectableFields')).map((one) => text(at(one, 'jsonPath')));
  return Object.fromEntries(paths.map((path) => [path.replace(/^\./, ''), parseJsonPath(path)]));
}

function scalePathsOf(scale: Json): ScalePaths {
  const selector = text(at(scale, 'labelSelectorPath'));
  return {
    spec: parseJsonPath(text(at(scale, 'specReplicasPath'))),
    status: parseJsonPath(text(at(scale, 'statusReplicasPath'))),
    selector: selector === '' ? undefined : parseJsonPath(selector),
  };
}

function readColumn(column: Json): PrinterColumn {
  const priority = at(column, 'priority');
  return {
    name: text(at(column, 'name')),
    type: text(at(column, 'type')),
    format: text(at(column, 'format')),
    description: text(at(column, 'description')),
    priority: typeof priority === 'number' ? priority : 0,
    jsonPath: text(at(column, 'jsonPath')),
  };
}

const STEP = /\.([A-Za-z_$][\w$-]*)|\[['"]([^'"]+)['"]\]/g;

/** The names in a path of fields, such as `.spec.replicas` or `.metadata.labels['a.b/c']`. */
function parseJsonPath(path: string): string[] {
  const dotted = path.startsWith('.') || path.startsWith('[') ? path : `.${path}`;
  return [...dotted.matchAll(STEP)].map((step) => step[1] ?? step[2] ?? '');
}

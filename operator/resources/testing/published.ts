/**
 * Judges manifests by the schemas their own projects publish: Kubernetes' OpenAPI, and the CustomResourceDefinitions of the
 * Gateway API, Istio, KEDA, Prometheus and External Secrets. Unknown fields are mistakes, as with `kubectl --validate=strict`.
 */
import { readFileSync } from 'node:fs';
import { customResourceDefinitions } from '../../../crds/index.ts';
import { builtinSchema } from '../../embedded/openapi/documents.ts';
import { applyDefaults } from '../../embedded/schema/default.ts';
import { prune } from '../../embedded/schema/prune.ts';
import { validateRules } from '../../embedded/schema/rules.ts';
import type { JsonObject, Schema } from '../../embedded/schema/schema.ts';
import { validate } from '../../embedded/schema/validate.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Manifest } from '../chart.ts';

interface Definition extends KubeObject {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

/** Definitions of the kinds that a cluster may lack. */
export function optionalDefinitions(): readonly Definition[] {
  return definitionsIn('crds/optional-kinds.yaml');
}

/** What is wrong with a manifest, one line a mistake; empty: nothing. @throws RangeError for a kind without a known schema */
export function mistakesIn(manifest: Manifest): readonly string[] {
  const schema = schemaOf(manifest);
  // A copy, because pruning changes it; a manifest is plain JSON.
  const object = structuredClone(manifest) as unknown as JsonObject;
  const at = `${manifest.kind} ${manifest.metadata.name}`;
  const unknown = prune(object, schema);
  // As the server does before it judges.
  applyDefaults(object, schema);
  return [
    ...unknown.map((field) => `${at}: ${field} is unknown`),
    ...[...validate(object, schema), ...validateRules(object, schema)].map(
      ({ field, message }) => `${at}: ${field}: ${message}`,
    ),
  ];
}

const CUSTOM: ReadonlyMap<string, Schema> = new Map(
  [
    ...optionalDefinitions(),
    ...definitionsIn('../crds/gateway-api.yaml'),
    // Our own, of the same shape.
    ...(customResourceDefinitions() as readonly unknown[] as readonly Definition[]),
  ].flatMap(({ spec }) =>
    spec.versions.map(
      ({ name, schema }) => [`${spec.group}/${name} ${spec.names.kind}`, schema.openAPIV3Schema] as const,
    ),
  ),
);

function schemaOf({ apiVersion, kind }: Manifest): Schema {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const schema = CUSTOM.get(`${apiVersion} ${kind}`) ?? builtinSchema({ group, version, kind });
  if (schema === undefined) throw new RangeError(`no schema is known of ${apiVersion} ${kind}`);
  return schema;
}

/** Documents of JSON, one a line. */
function definitionsIn(file: string): readonly Definition[] {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Definition => JSON.parse(line));
}

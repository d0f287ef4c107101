/**
 * The installation as a Helm chart, made of the same builders: they are run once with names in place of values, and once more
 * without each value that may be empty or false, so that what comes out is a template with its conditions.
 */
import { z } from 'zod';
import { SYSTEM_NAMESPACE } from '../../crds/index.ts';
import type { Manifest } from './chart.ts';
import { installManifests } from './install.ts';
import { defaultValues, InstallValues, VERSION_OF_IMAGES } from './values.ts';

type Json = unknown;
type JsonObject = Readonly<Record<string, Json>>;
type Path = readonly string[];

/** A choice: its path within the values, and its default. */
interface Choice {
  readonly path: Path;
  readonly fallback: Json;
}

/** Path within the chart to content. `definitions` are what the chart's `crds/` holds, by file name. */
export function chartFiles(definitions: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const files = new Map([
    ['Chart.yaml', chartYaml()],
    ['values.yaml', valuesYaml()],
    ['values.schema.json', `${JSON.stringify(valuesSchema(), undefined, 2)}\n`],
    ['templates/NOTES.txt', NOTES],
    ...templates(),
  ]);
  for (const [name, text] of definitions) files.set(`crds/${name}`, text);
  return files;
}

function chartYaml(): string {
  return `${GENERATED}
apiVersion: v2
name: shopmind
description: Thousands of AI-assisted shops on any Kubernetes
type: application
version: ${VERSION_OF_IMAGES}
appVersion: "${VERSION_OF_IMAGES}"
kubeVersion: ">=1.30.0-0"
`;
}

/** One file for each process or concern, in the order in which the installation is printed. */
function templates(): ReadonlyMap<string, string> {
  const choices = choicesOf(defaultValues(), []);
  const whole = synthesise(choices, undefined);
  const without = choices
    .filter(({ fallback }) => isEmptiable(fallback))
    .map((choice) => ({ choice, objects: byIdentity(synthesise(choices, choice)) }));
  const files = new Map<string, string>();
  for (const manifest of whole) {
    const gates = without.flatMap(({ choice, objects }) => {
      const reduced = objects.get(identityOf(manifest));
      return reduced === undefined ? [{ path: [], choice }] : gatesBetween(manifest, reduced, [], choice);
    });
    const text = emitDocument(manifest, gates, choices);
    const file = `templates/${fileOf(manifest)}.yaml`;
    files.set(file, `${files.get(file) ?? `${GENERATED}\n`}---\n${text}`);
  }
  return files;
}

/** Builds with a name in place of each value; of `left` the empty value, so that what depends on it goes. */
function synthesise(choices: readonly Choice[], left: Choice | undefined): readonly Manifest[] {
  const values = choices.reduce<Json>((tree, choice) => {
    const value = choice === left ? emptyOf(choice.fallback) : placeholderOf(choice);
    return withValue(tree, choice.path, value);
  }, {});
  // The builders put values where they belong and look at nothing of them but whether they are empty.
  return installManifests(values as InstallValues);
}

/** Where a manifest loses a field when a choice is empty. @throws Error when it changes in another way */
function gatesBetween(whole: Json, reduced: Json, path: Path, choice: Choice): readonly Gate[] {
  if (Array.isArray(whole) && Array.isArray(reduced)) {
    if (whole.length !== reduced.length)
      throw new Error(
        `${choice.path.join('.')} changes the length of ${path.join('.')}: make it a field of its own`,
      );
    return whole.flatMap((item, at) => gatesBetween(item, reduced[at], [...path, String(at)], choice));
  }
  if (!isObject(whole) || !isObject(reduced)) return [];
  return Object.keys(whole).flatMap((key) =>
    key in reduced
      ? gatesBetween(whole[key], reduced[key], [...path, key], choice)
      : [{ path: [...path, key], choice }],
  );
}

/** A part of a manifest that is there only when a choice is not empty. */
interface Gate {
  readonly path: Path;
  readonly choice: Choice;
}

function emitDocument(manifest: Manifest, gates: readonly Gate[], choices: readonly Choice[]): string {
  const body = emit(manifest, { gates, choices, path: [], indent: 0 });
  const conditions = gates
    .filter(({ path }) => path.length === 0)
    .map(({ choice }) => `.Values.${choice.path.join('.')}`);
  // A release in the system namespace itself was given that namespace by its user.
  if (manifest.kind === 'Namespace') conditions.push(`ne .Release.Namespace "${SYSTEM_NAMESPACE}"`);
  return conditions.reduce((text, condition) => `{{- if ${condition} }}\n${text}{{- end }}\n`, body);
}

interface Emission {
  readonly gates: readonly Gate[];
  readonly choices: readonly Choice[];
  readonly path: Path;
  readonly indent: number;
}

/** YAML in block style, one line a scalar; ends with a line feed. */
function emit(value: JsonObject, emission: Emission): string {
  return Object.entries(value)
    .map(([key, field]) => {
      const path = [...emission.path, key];
      const text = emitField(`${' '.repeat(emission.indent)}${key}:`, field, { ...emission, path });
      const gate = emission.gates.find((one) => one.path.join('\n') === path.join('\n'));
      return gate === undefined
        ? text
        : `{{- if .Values.${gate.choice.path.join('.')} }}\n${text}{{- end }}\n`;
    })
    .join('');
}

function emitField(head: string, value: Json, emission: Emission): string {
  const { indent } = emission;
  const structured = structureOf(value, emission.choices);
  if (structured !== undefined)
    return `${head}\n{{ toYaml .Values.${structured.path.join('.')} | indent ${indent + 2} }}\n`;
  if (Array.isArray(value) && value.length > 0)
    return `${head}\n${emitList(value, { ...emission, indent: indent + 2 })}`;
  if (isObject(value) && Object.keys(value).length > 0)
    return `${head}\n${emit(value, { ...emission, indent: indent + 2 })}`;
  return `${head} ${scalar(value, emission)}\n`;
}

function emitList(items: readonly Json[], emission: Emission): string {
  const dash = `${' '.repeat(emission.indent)}- `;
  return items
    .map((item, at) => {
      const inner = { ...emission, path: [...emission.path, String(at)], indent: emission.indent + 2 };
      if (!isObject(item)) return `${dash}${scalar(item, inner)}\n`;
      return `${dash}${emit(item, inner).trimStart()}`;
    })
    .join('');
}

const PLAIN = /^[A-Za-z/][A-Za-z0-9./_-]*$/;
const RESERVED = /^(true|false|null|yes|no|on|off|y|n)$/i;

function scalar(value: Json, { choices, path }: Emission): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  const whole = choices.find((choice) => nameOf(choice) === value);
  // A variable's value is text, whatever it looks like.
  if (whole !== undefined && typeof whole.fallback === 'number' && path.at(-1) !== 'value')
    return `{{ ${reference(whole)} }}`;
  if (PLAIN.test(value) && !RESERVED.test(value)) return value;
  const quoted = JSON.stringify(value);
  if (quoted.includes('{{')) throw new Error(`${path.join('.')} would be read as a template`);
  return choices.reduce(
    (text, choice) => text.replaceAll(nameOf(choice), `{{ ${reference(choice)} }}`),
    quoted,
  );
}

function reference({ path, fallback }: Choice): string {
  // Helm reads every number as a float, and writes large ones with an exponent.
  return `.Values.${path.join('.')}${typeof fallback === 'number' ? ' | int' : ''}`;
}

/** The choice of a map or a list that stands here as a whole. */
function structureOf(value: Json, choices: readonly Choice[]): Choice | undefined {
  const text = JSON.stringify(value);
  return choices.find(
    (choice) => typeof choice.fallback === 'object' && JSON.stringify(placeholderOf(choice)) === text,
  );
}

/** What stands for a value while the template is made: of the same kind, so that builders can walk it. */
function placeholderOf(choice: Choice): Json {
  const name = nameOf(choice);
  if (Array.isArray(choice.fallback)) return [{ key: name }];
  return isObject(choice.fallback) ? { [name]: name } : name;
}

function choicesOf(tree: Json, path: Path): readonly Choice[] {
  if (!isObject(tree) || Object.keys(tree).length === 0) return [{ path, fallback: tree }];
  return Object.entries(tree).flatMap(([key, value]) => choicesOf(value, [...path, key]));
}

/** The name of a choice in what is built; in brackets that no manifest has. */
function nameOf({ path, fallback }: Choice): Json & string {
  // A builder asks a boolean only whether it is true, which any text is.
  return `⟦${path.join('.')}${typeof fallback === 'boolean' ? '?' : ''}⟧`;
}

function isEmptiable(fallback: Json): boolean {
  return (
    typeof fallback === 'boolean' || fallback === '' || (typeof fallback === 'object' && fallback !== null)
  );
}

function emptyOf(fallback: Json): Json {
  if (typeof fallback === 'boolean') return false;
  if (typeof fallback === 'string') return '';
  return Array.isArray(fallback) ? [] : {};
}

function withValue(tree: Json, [key, ...rest]: Path, value: Json): Json {
  if (key === undefined) return value;
  const before = isObject(tree) ? tree : {};
  return { ...before, [key]: withValue(before[key], rest, value) };
}

function byIdentity(manifests: readonly Manifest[]): ReadonlyMap<string, Manifest> {
  return new Map(manifests.map((manifest) => [identityOf(manifest), manifest]));
}

function identityOf({ apiVersion, kind, metadata }: Manifest): string {
  return `${apiVersion} ${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
}

/** Network policies stand together; everything else with the process it belongs to. */
function fileOf({ kind, metadata }: Manifest): string {
  if (kind === 'NetworkPolicy') return 'network-policies';
  if (kind.endsWith('WebhookConfiguration')) return 'webhooks';
  if (kind.startsWith('ValidatingAdmissionPolicy')) return 'admission-policy';
  return metadata.labels?.['app.kubernetes.io/name'] ?? metadata.name;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON Schema of the values, from the schema that `shopmind install` parses them with. */
function valuesSchema(): JsonObject {
  const { $schema, ...schema } = z.toJSONSchema(InstallValues, { io: 'input' });
  const properties = isObject(schema.properties) ? schema.properties : {};
  return {
    $schema,
    title: 'Values of shopmind',
    ...schema,
    // Helm adds it when the chart is part of another.
    properties: { ...properties, global: { type: 'object' } },
  };
}

/** The defaults, each under what it means. */
function valuesYaml(): string {
  return `${GENERATED}\n${describe(defaultValues(), valuesSchema(), 0)}`;
}

function describe(values: Json, schema: Json, indent: number): string {
  if (!isObject(values) || !isObject(schema)) return '';
  const space = ' '.repeat(indent);
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  return Object.entries(values)
    .map(([key, value]) => {
      const field = properties[key];
      const description = isObject(field) ? field['description'] : undefined;
      const comment = typeof description === 'string' ? `${space}# ${description}\n` : '';
      if (isObject(value) && Object.keys(value).length > 0)
        return `${comment}${space}${key}:\n${describe(value, field, indent + 2)}`;
      return `${comment}${space}${key}: ${JSON.stringify(value)}\n`;
    })
    .join('');
}

const GENERATED = '# Generated by `npm run generate`; edit operator/resources/*.ts instead.';

const NOTES = `shopmind {{ .Chart.AppVersion }} is installed in ${SYSTEM_NAMESPACE}.
{{ if eq .Release.Namespace "${SYSTEM_NAMESPACE}" }}
The namespace is yours; hold it to the standard the Pods keep:
  kubectl label namespace ${SYSTEM_NAMESPACE} pod-security.kubernetes.io/enforce=restricted
{{ end }}
ConfigMap and Secret "platform" in ${SYSTEM_NAMESPACE} say where database and blob store are (docs/operating.md);
operator and pool wait for them.

Helm installs definitions once and never changes them. Before an upgrade:
  kubectl shopmind install --crds-only | kubectl apply --server-side -f -

Tenants:
  kubectl get shopmindtenants
`;

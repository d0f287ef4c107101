/**
 * CEL rules of custom resources (`x-kubernetes-validations`): compiled once per schema, run on every write.
 */
import { Optional, type ASTNode, type Environment } from '@marcbachmann/cel-js';
import { child, duplicate, forbidden, goJson, invalid, required } from './cause.ts';
import { kubernetesEnvironment } from './cel-library.ts';
import { forEvaluator, foreignName, goMatches, withoutHas } from './cel-rewrite.ts';
import { celTypes, type CelTypes } from './cel-types.ts';
import { validFieldPath } from './field-path.ts';
import {
  equal,
  isObject,
  type Cause,
  type Json,
  type JsonObject,
  type Schema,
  type ValidationRule,
} from './schema.ts';
import { correlated } from './validate.ts';

/**
 * Runs the rules of a schema on an object.
 *
 * @param old the stored object on an update, for transition rules; what already violated a rule and did not change is let pass.
 * @returns the causes; none when every rule holds.
 */
export function validateRules(object: JsonObject, schema: Schema, old?: JsonObject): Cause[] {
  if (!hasRules(schema)) return [];
  const causes: Cause[] = [];
  visit(
    {
      value: object,
      old,
      schema,
      root: true,
      path: '',
      unchanged: () => old !== undefined && equal(object, old),
    },
    compiledFor(schema),
    causes,
  );
  return causes;
}

/** Why rules of a schema do not compile; none when all do. `path` is that of the schema in its CustomResourceDefinition. */
export function ruleErrors(schema: Schema, path: string): Cause[] {
  const causes: Cause[] = [];
  if (hasRules(schema)) compileErrors(schema, true, path, undefined, compiledFor(schema), causes);
  return causes;
}

/** A CEL expression over an admission request: whether a webhook or policy concerns it. */
export type Condition = {
  /** Why it does not compile, as kube-apiserver tells it. */
  readonly error: string | undefined;
  /** @throws Error when it cannot be told of this request */
  readonly run: (context: Readonly<Record<string, unknown>>) => unknown;
};

let conditionEnvironment: Environment | undefined;

/** Compiles a condition, in which `object`, `oldObject` and `request` are known. */
export function compileCondition(source: string): Condition {
  conditionEnvironment ??= ['object', 'oldObject', 'request'].reduce(
    (environment, name) => environment.registerVariable(name, 'dyn'),
    kubernetesEnvironment().clone(),
  );
  const { error, run } = compileExpression(source, conditionEnvironment, 'bool', 'must evaluate to bool');
  return { error, run };
}

type Compiled = {
  readonly rule: ValidationRule;
  readonly usesOldSelf: boolean;
  readonly fieldPath: string;
  readonly error: string | undefined;
  readonly messageError: string | undefined;
  readonly run: (context: Context) => unknown;
  readonly message: ((context: Context) => unknown) | undefined;
};
type Context = { readonly self: unknown; readonly oldSelf?: unknown };

/** The rules of one custom resource's schema, compiled when they are first needed. */
type Rules = {
  readonly types: CelTypes;
  of(schema: Schema, root: boolean): readonly Compiled[];
};

const known = new WeakMap<Schema, Rules>();

function compiledFor(root: Schema): Rules {
  const before = known.get(root);
  if (before !== undefined) return before;
  const made = makeRules(root);
  known.set(root, made);
  return made;
}

let sharedEnvironment: Environment | undefined;

function makeRules(root: Schema): Rules {
  sharedEnvironment ??= kubernetesEnvironment();
  const typed = sharedEnvironment.clone();
  const evaluator = sharedEnvironment.clone().registerVariable('text', 'string');
  const toDuration = evaluator.parse('duration(text)');
  const types = celTypes(typed, (text) => toDuration({ text }));
  const compiled = new Map<Schema, readonly Compiled[]>();
  const made: Rules = {
    types,
    of: (schema, root) => {
      const before = compiled.get(schema);
      if (before !== undefined) return before;
      const rules = (schema['x-kubernetes-validations'] ?? []).map((rule) => compileRule(rule, schema, root));
      compiled.set(schema, rules);
      return rules;
    },
  };
  // Types must all be there before the first rule is compiled, because a rule's environment is a copy.
  declareTypes(root, true, types);
  const scopes = new Map<string, Environment>();
  const scope = (type: string, optional: boolean): Environment => {
    const key = `${type} ${optional}`;
    const before = scopes.get(key);
    if (before !== undefined) return before;
    const environment = typed.clone();
    environment
      .registerVariable('self', type)
      .registerVariable('oldSelf', optional ? `optional<${type}>` : type);
    scopes.set(key, environment);
    return environment;
  };
  const compileRule = (rule: ValidationRule, schema: Schema, root: boolean): Compiled => {
    const type = types.typeOf(schema, root) ?? 'dyn';
    return compile(rule, scope(type, rule.optionalOldSelf === true), schema);
  };
  return made;
}

function declareTypes(schema: Schema, root: boolean, types: CelTypes): void {
  if (!hasRules(schema)) return;
  types.typeOf(schema, root);
  for (const inner of innerSchemas(schema))
    declareTypes(inner, inner['x-kubernetes-embedded-resource'] === true, types);
}

function innerSchemas(schema: Schema): Schema[] {
  const inner = Object.values(schema.properties ?? {});
  if (schema.items !== undefined) inner.push(schema.items);
  if (typeof schema.additionalProperties === 'object') inner.push(schema.additionalProperties);
  return inner;
}

function compile(rule: ValidationRule, environment: Environment, schema: Schema): Compiled {
  const expression = compileExpression(
    rule.rule,
    environment,
    'bool',
    'cel expression must evaluate to a bool',
  );
  const text = rule.messageExpression;
  const message =
    text === undefined
      ? undefined
      : compileExpression(text, environment, 'string', 'messageExpression must evaluate to a string');
  return {
    rule,
    usesOldSelf: expression.usesOldSelf,
    fieldPath: rule.fieldPath === undefined ? '' : (validFieldPath(rule.fieldPath, schema).path ?? ''),
    error: expression.error,
    messageError:
      message?.error === undefined
        ? undefined
        : message.error.replace(/^compilation failed/, 'messageExpression compilation failed'),
    run: expression.run,
    message: message?.run,
  };
}

type Expression = {
  readonly run: (context: Readonly<Record<string, unknown>>) => unknown;
  readonly error: string | undefined;
  readonly usesOldSelf: boolean;
};

function compileExpression(
  source: string,
  environment: Environment,
  type: string,
  wrongType: string,
): Expression {
  const foreign = foreignName(source);
  if (foreign !== undefined) {
    return { run: () => false, error: explain(source, undeclared(foreign)), usesOldSelf: false };
  }
  try {
    const parsed = environment.parse(forEvaluator(source));
    const usesOldSelf = mentions(parsed.ast, 'oldSelf');
    // The evaluator lets has() ask for fields that cannot be there; said as plain access, they are found.
    const checked = /\bhas\s*\(/.test(source)
      ? environment.check(forEvaluator(withoutHas(source)))
      : parsed.check();
    const problem = checked.valid
      ? checked.type === type || checked.type === 'dyn'
        ? undefined
        : wrongType
      : explain(source, checked.error);
    return { run: (context) => parsed({ ...context }), error: problem, usesOldSelf };
  } catch (error) {
    return { run: () => false, error: explain(source, error), usesOldSelf: false };
  }
}

/** A compile error the way cel-go prints it, with the place marked under the source. */
function explain(source: string, error: unknown): string {
  const { code, summary, range } = isCelError(error)
    ? error
    : { code: '', summary: String(error), range: { start: 0 } };
  const before = source.slice(0, placeOf(source, code, summary, range?.start ?? 0)).split('\n');
  const [line, column] = [before.length, before.at(-1)?.length ?? 0];
  const found = source.split('\n')[line - 1] ?? '';
  return `compilation failed: ERROR: <input>:${line}:${column + 1}: ${wording(code, summary)}\n | ${found}\n | ${'.'.repeat(column)}^`;
}

/** Where cel-go puts the blame: on the dot of a field, on the operator of an operation. */
function placeOf(source: string, code: string, summary: string, start: number): number {
  if (code === 'no_such_key') {
    const field = summary.replace(/^No such key: /, '');
    const at = source.slice(start, start + field.length) === field ? start : source.indexOf(`.${field}`) + 1;
    return Math.max(at - 1, 0);
  }
  const operator = /^no such overload: .+ (\S+) .+$/.exec(summary)?.[1];
  const found = operator === undefined ? -1 : source.indexOf(operator, start);
  return found < 0 ? start : found;
}

function undeclared(name: string): Error & CelError {
  return Object.assign(new Error(name), { code: 'unknown_variable', summary: `Unknown variable: ${name}` });
}

type CelError = {
  readonly code: string;
  readonly summary: string;
  readonly range?: { readonly start: number };
};

function isCelError(error: unknown): error is CelError {
  return error instanceof Error && 'code' in error && 'summary' in error && typeof error.summary === 'string';
}

function wording(code: string, text: string): string {
  const summary = text.replace(goMatches, 'matches');
  if (code === 'no_such_key') return `undefined field '${summary.replace(/^No such key: /, '')}'`;
  if (code === 'unknown_variable')
    return `undeclared reference to '${summary.replace(/^Unknown variable: /, '')}' (in container '')`;
  const operator = /^no such overload: (.+) (\S+) (.+)$/.exec(summary);
  if (operator !== null)
    return `found no matching overload for '_${operator[2]}_' applied to '(${operator[1]}, ${operator[3]})'`;
  return code.includes('token') || code.includes('syntax') || code.includes('unexpected')
    ? `Syntax error: ${summary}`
    : summary;
}

function mentions(node: ASTNode, name: string): boolean {
  if (node.op === 'id') return node.args === name;
  const search = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.some(search);
    return (
      typeof value === 'object' &&
      value !== null &&
      'op' in value &&
      'args' in value &&
      (value.op === 'id' ? value.args === name : search(value.args))
    );
  };
  return search(node.args);
}

const presence = new WeakMap<Schema, boolean>();

/** Whether a schema has rules anywhere, so that others are not walked. */
function hasRules(schema: Schema): boolean {
  const before = presence.get(schema);
  if (before !== undefined) return before;
  presence.set(schema, true);
  const inner = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.items === undefined ? [] : [schema.items]),
  ];
  if (typeof schema.additionalProperties === 'object') inner.push(schema.additionalProperties);
  const found = (schema['x-kubernetes-validations']?.length ?? 0) > 0 || inner.some(hasRules);
  presence.set(schema, found);
  return found;
}

type Visit = {
  readonly value: Json;
  readonly old: Json | undefined;
  readonly schema: Schema;
  /** Whether the value is a resource of its own (the object, or an embedded one). */
  readonly root: boolean;
  readonly path: string;
  /** Whether the value, or the closest one above it that has an old counterpart, is as it was. */
  readonly unchanged: () => boolean;
};

function visit(at: Visit, rules: Rules, causes: Cause[]): void {
  const { value, schema } = at;
  if (value === null || !hasRules(schema)) return;
  if ((schema['x-kubernetes-validations']?.length ?? 0) > 0) runRules(at, rules, causes);
  if (Array.isArray(value)) visitItems(at, value, rules, causes);
  else if (isObject(value)) visitFields(at, value, rules, causes);
}

function visitItems(at: Visit, value: Json[], rules: Rules, causes: Cause[]): void {
  const { items } = at.schema;
  if (items === undefined || !hasRules(items)) return;
  const root = items['x-kubernetes-embedded-resource'] === true;
  for (const [index, item] of value.entries()) {
    const old = correlated(item, at.schema, at.old);
    visit(
      {
        value: item,
        old,
        schema: items,
        root,
        path: `${at.path}[${index}]`,
        unchanged: unchanged(item, old, at.unchanged),
      },
      rules,
      causes,
    );
  }
}

function visitFields(at: Visit, value: JsonObject, rules: Rules, causes: Cause[]): void {
  const before = isObject(at.old) && at.schema['x-kubernetes-map-type'] !== 'atomic' ? at.old : undefined;
  const { properties = {}, additionalProperties } = at.schema;
  for (const key in value) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const schema = property ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    if (schema === undefined || !hasRules(schema)) continue;
    const [item, old] = [
      value[key] ?? null,
      before !== undefined && Object.hasOwn(before, key) ? before[key] : undefined,
    ];
    const path = property === undefined ? `${at.path}[${key}]` : child(at.path, key);
    visit(
      {
        value: item,
        old,
        schema,
        root: schema['x-kubernetes-embedded-resource'] === true,
        path,
        unchanged: unchanged(item, old, at.unchanged),
      },
      rules,
      causes,
    );
  }
}

function unchanged(value: Json, old: Json | undefined, above: () => boolean): () => boolean {
  return () => (old === undefined ? above() : equal(value, old));
}

function runRules(at: Visit, rules: Rules, causes: Cause[]): void {
  const { types } = rules;
  const self = types.toCel(at.value, at.schema, at.root);
  const oldSelf =
    at.old === undefined || at.old === null ? undefined : types.toCel(at.old, at.schema, at.root);
  for (const compiled of rules.of(at.schema, at.root)) {
    const optional = compiled.rule.optionalOldSelf === true;
    if (compiled.usesOldSelf && oldSelf === undefined && !optional) continue;
    const context = { self, oldSelf: optional ? Optional.of(oldSelf) : oldSelf };
    const cause = runRule(compiled, context, at);
    if (cause === undefined) continue;
    if (compiled.usesOldSelf || !at.unchanged()) causes.push(cause);
  }
}

function runRule(compiled: Compiled, context: Context, at: Visit): Cause | undefined {
  const { rule } = compiled;
  const type = at.schema.type ?? 'object';
  const here = at.path === '' ? '<nil>' : at.path;
  if (compiled.error !== undefined) return invalid(here, type, `rule compile error: ${compiled.error}`);
  try {
    if (compiled.run(context) === true) return undefined;
  } catch (error) {
    return invalid(
      here,
      type,
      `${runtimeText(error)} evaluating rule: ${(rule.message ?? rule.rule).trim()}`,
    );
  }
  const field = compiled.fieldPath === '' ? here : child(at.path, compiled.fieldPath);
  return causeOf(rule.reason, field, type, messageOf(compiled, context));
}

function runtimeText(error: unknown): string {
  const text = isCelError(error) ? error.summary : error instanceof Error ? error.message : String(error);
  return text.replace(/^No such key/, 'no such key').replace(goMatches, 'matches');
}

const maximumMessage = 5 * 1024;

function messageOf({ rule, message }: Compiled, context: Context): string {
  const fallback =
    rule.message === undefined || rule.message === ''
      ? `failed rule: ${rule.rule.trim()}`
      : rule.message.trim();
  if (message === undefined) return fallback;
  try {
    const text = message(context);
    const trimmed = typeof text === 'string' ? text.trim() : '';
    return trimmed === '' || trimmed.includes('\n') || trimmed.length > maximumMessage ? fallback : trimmed;
  } catch {
    // A message that cannot be made gives way to the one that is written down, as upstream does.
    return fallback;
  }
}

function causeOf(reason: string | undefined, field: string, type: string, message: string): Cause {
  if (reason === 'FieldValueForbidden') return forbidden(field, message);
  if (reason === 'FieldValueRequired') return required(field, message);
  if (reason === 'FieldValueDuplicate') return duplicate(field, type);
  return invalid(field, type, message);
}

function compileErrors(
  schema: Schema,
  root: boolean,
  path: string,
  uncorrelatable: string | undefined,
  rules: Rules,
  causes: Cause[],
): void {
  if (!hasRules(schema)) return;
  for (const [index, compiled] of rules.of(schema, root).entries())
    ruleCauses(compiled, `${path}.x-kubernetes-validations[${index}]`, uncorrelatable, causes);
  const { items, properties = {}, additionalProperties } = schema;
  const embedded = (inner: Schema): boolean => inner['x-kubernetes-embedded-resource'] === true;
  const below = schema['x-kubernetes-map-type'] === 'atomic' ? (uncorrelatable ?? path) : uncorrelatable;
  for (const [name, property] of Object.entries(properties))
    compileErrors(property, embedded(property), `${path}.properties[${name}]`, below, rules, causes);
  if (typeof additionalProperties === 'object')
    compileErrors(
      additionalProperties,
      embedded(additionalProperties),
      `${path}.additionalProperties`,
      below,
      rules,
      causes,
    );
  if (items !== undefined) {
    const inside = schema['x-kubernetes-list-type'] === 'map' ? uncorrelatable : (uncorrelatable ?? path);
    compileErrors(items, embedded(items), `${path}.items`, inside, rules, causes);
  }
}

function ruleCauses(
  compiled: Compiled,
  path: string,
  uncorrelatable: string | undefined,
  causes: Cause[],
): void {
  const { rule } = compiled;
  if (compiled.error !== undefined) causes.push(invalidRule(`${path}.rule`, rule, compiled.error));
  if (compiled.messageError !== undefined)
    causes.push(invalidRule(`${path}.messageExpression`, rule, compiled.messageError));
  if (compiled.usesOldSelf && uncorrelatable !== undefined) {
    causes.push(
      invalid(
        `${path}.rule`,
        rule.rule,
        `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`,
      ),
    );
  }
  if (!compiled.usesOldSelf && compiled.error === undefined && rule.optionalOldSelf !== undefined) {
    causes.push(
      invalid(
        `${path}.optionalOldSelf`,
        rule.optionalOldSelf,
        'may not be set if oldSelf is not used in rule',
      ),
    );
  }
}

/** The rule is printed as the API server's own type is. */
function invalidRule(field: string, rule: ValidationRule, detail: string): Cause {
  const printed = goJson({
    Rule: rule.rule,
    Message: rule.message ?? '',
    MessageExpression: rule.messageExpression ?? '',
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? '',
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  });
  return { field, reason: 'FieldValueInvalid', message: `Invalid value: ${printed}: ${detail}` };
}

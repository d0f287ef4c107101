/**
 * JSON Schema as OpenAPI has it, of what zod checks. What cannot be said faithfully is refused, by its place: a description that leaves
 * something out is believed by clients until a shop refuses what they send.
 */
import { z, type ZodType } from 'zod';

export type Io = 'input' | 'output';
export type JsonSchema = Record<string, unknown>;

/**
 * Pure. What only words can say, a refinement, is said in the description by its message.
 * @param where of which route and of which part of it; for the error
 * @throws Error for a schema of which JSON Schema would say less or something else
 */
export function jsonSchemaOf(schema: ZodType, io: Io, where: string): JsonSchema {
  const refuse = (path: readonly (string | number)[], what: string): never => {
    throw new Undrawable(`${[where, ...path.filter((step) => !FRAMES.has(step))].join('.')} ${what}`);
  };
  try {
    const { $schema: _, ...drawn } = z.toJSONSchema(schema, {
      io,
      unrepresentable: 'throw',
      override({ zodSchema, jsonSchema, path }) {
        const fail = (what: string): never => refuse(path, what);
        const def = zodSchema._zod.def as Def; // zod's own, of whatever type
        for (const check of [def, ...checksOf(def)]) judge(check, fail);
        if (def.type === 'intersection') fail('is two things at once: extend one of them');
        if (def.type === 'pipe' && io === 'input') {
          if (takesOtherWords(zodSchema)) fail('takes other words than true and false: read it by `flag()`');
          narrow(jsonSchema, def, where, fail);
        }
        say(jsonSchema, def);
      },
    });
    if (JSON.stringify(drawn).includes('"$ref":'))
      refuse([], 'refers to itself, or has an id: say it where it stands');
    return drawn;
  } catch (error) {
    if (error instanceof Undrawable) throw error;
    return refuse(
      [],
      `cannot be said in JSON Schema: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

class Undrawable extends Error {
  override readonly name = 'Undrawable';
}

/** Of a path within a document: what is no name of a field. */
const FRAMES: ReadonlySet<string | number> = new Set([
  'properties',
  'items',
  'anyOf',
  'allOf',
  'oneOf',
  0,
  1,
  2,
  3,
]);

interface Def {
  readonly type?: string;
  readonly check?: string;
  readonly checks?: readonly { readonly _zod: { readonly def: Def } }[];
  readonly pattern?: RegExp;
  /** Words of it, mostly whatever the issue is. */
  readonly error?: (issue: never) => string | { readonly message?: string } | null | undefined;
  readonly in?: ZodType;
  readonly out?: ZodType;
}

const checksOf = ({ checks = [] }: Def): readonly Def[] => checks.map(({ _zod }) => _zod.def);

/** Checks that have a word in JSON Schema, or change what they take and refuse nothing; `custom` is said in words. */
const SAID: ReadonlySet<string> = new Set([
  'custom',
  'greater_than',
  'length_equals',
  'less_than',
  'max_length',
  'min_length',
  'multiple_of',
  'number_format',
  'overwrite',
  'string_format',
]);

type Fail = (what: string) => never;

function judge(check: Def, fail: Fail): void {
  const { check: kind, pattern } = check;
  if (kind !== undefined && !SAID.has(kind)) fail(`has a check that JSON Schema has no word for: ${kind}`);
  if (kind === 'custom' && wordsOf(check) === undefined)
    fail('has a refinement without words: give it a message, which goes into the description');
  if (pattern === undefined) return;
  // JSON Schema knows no flags; its patterns are read as Unicode.
  if (!/^u?$/.test(pattern.flags)) fail(`has a pattern with flags, which would be lost: ${String(pattern)}`);
  if (!isUnicode(pattern.source))
    fail(`has a pattern that is none where it is read as Unicode: ${String(pattern)}`);
}

function isUnicode(source: string): boolean {
  try {
    return new RegExp(source, 'u').unicode;
  } catch {
    return false;
  }
}

/** What is looked at after it was made of something else narrows that, where both are texts. */
function narrow(drawn: JsonSchema, def: Def, where: string, fail: Fail): void {
  const { in: before, out: after } = def;
  if (before === undefined || after === undefined || typeOf(before) === 'transform') return;
  if (typeOf(after) === 'transform') return;
  const narrower = jsonSchemaOf(after, 'input', where);
  if (drawn['type'] === narrower['type']) {
    // What a text is made into is looked at, not the text: a code without its dashes.
    if (!isMade(before)) Object.assign(drawn, narrower);
    return;
  }
  if (drawn['type'] !== 'string') fail(`becomes ${String(narrower['type'])} of ${String(drawn['type'])}`);
  if (narrower['type'] === 'boolean' || narrower['type'] === 'array') replace(drawn, narrower);
  else fail(`becomes ${String(narrower['type'])} of text`);
}

/** Whether it reads yes and no of more than `true` and `false`: zod keeps the words that it takes where the schema is one of those. */
function takesOtherWords({ _zod: { bag } }: z.core.$ZodType): boolean {
  const { truthy, falsy, case: letters } = bag;
  return (
    truthy !== undefined && `${String(truthy)} ${String(falsy)} ${String(letters)}` !== 'true false sensitive'
  );
}

/** As parameters write it: `true`, `false`, and lists with commas. */
function replace(drawn: JsonSchema, by: JsonSchema): void {
  for (const key of Object.keys(drawn)) delete drawn[key];
  Object.assign(drawn, by);
}

/** Whether what comes out of it is no longer what came in. */
function isMade(schema: ZodType): boolean {
  const { type, out } = schema._zod.def as Def; // as in `override`
  return type === 'pipe' && out !== undefined && typeOf(out) === 'transform';
}

const typeOf = (schema: ZodType): string => (schema._zod.def as Def).type ?? '';

function say(drawn: JsonSchema, def: Def): void {
  const said = typeof drawn['description'] === 'string' ? [drawn['description']] : [];
  for (const check of checksOf(def)) {
    const words = check.check === 'custom' ? wordsOf(check) : undefined;
    if (words !== undefined && !said.some((known) => known.includes(words))) said.push(words);
  }
  if (said.length > 0) drawn['description'] = said.join('; ');
}

function wordsOf({ error }: Def): string | undefined {
  const words = error?.({ code: 'custom' } as never); // those that look at it are of no one's here
  return typeof words === 'string' ? words : words?.message;
}

/**
 * Whether an answer is as it must be, whatever was asked. The checks are those of Schemathesis (no server error, declared status, content
 * type and body, forbidden input refused, credentials not ignored) and of RESTler (what was deleted is gone, nothing of another tenant),
 * and some of our own: nothing of the inside is told, and errors are problems.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { isForbidden } from './actors.ts';
import type { Schema } from './operations.ts';
import type { FuzzRequest } from './requests.ts';
import type { Answer, NoAnswer, Sent } from './wire.ts';

/** What is wrong, in words that are the same for the same fault. */
export interface Finding {
  readonly kind: Kind;
  readonly what: string;
}

export type Kind =
  | 'server error'
  | 'no answer'
  | 'undeclared status'
  | 'wrong content type'
  | 'wrong body'
  | 'inside told'
  | 'other tenant told'
  | 'forbidden input taken'
  | 'credentials ignored'
  | 'deleted and still there'
  | 'repetition differs'
  | 'logged'
  | 'crashed'
  | 'grown'
  | 'stuck';

export interface Judge {
  /** @param markers words that only other tenants' data hold */
  judge(request: FuzzRequest, sent: Sent, answer: Answer | NoAnswer, markers: readonly string[]): Finding[];
}

export function createJudge(): Judge {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, coerceTypes: false });
  const lenient = new Ajv2020({ strict: false, validateFormats: false, coerceTypes: true });
  const compiled = new WeakMap<Schema, ValidateFunction>();
  const compile = (schema: Schema, how = ajv): ValidateFunction => {
    const known = compiled.get(schema) ?? how.compile(schema);
    compiled.set(schema, known);
    return known;
  };
  return {
    judge(request, sent, answer, markers) {
      if ('failure' in answer) return judgeSilence(sent, answer);
      const findings = [
        ...judgeStatus(request, sent, answer),
        ...judgeBody(request, sent, answer, compile),
        ...judgeWords(sent, answer, markers),
      ];
      if (answer.status < 400 && isAsMade(request, sent))
        findings.push(...judgeRights(request), ...judgeInput(request, compile, lenient));
      return findings;
    },
  };
}

function judgeSilence(sent: Sent, { failure }: NoAnswer): Finding[] {
  if (sent.cutAt !== undefined) return [];
  // A server that refuses a body early may close before all of it is written.
  if (/ECONNRESET|EPIPE/.test(failure) && (sent.body?.length ?? 0) > 250_000) return [];
  // Ours does not let it out at all.
  if (/unescaped characters|Invalid character|Invalid HTTP/.test(failure)) return [];
  return [{ kind: 'no answer', what: failure }];
}

function judgeStatus({ operation }: FuzzRequest, sent: Sent, { status, body }: Answer): Finding[] {
  if (status >= 500) return [{ kind: 'server error', what: `${status} ${codeIn(body)}` }];
  if (status >= 400 || sent.method !== operation.method) return [];
  const declared = operation.answers.has(status) || status === 304;
  return declared ? [] : [{ kind: 'undeclared status', what: String(status) }];
}

function codeIn(body: Buffer): string {
  return /"code":"(\w+)"/.exec(body.toString('utf8'))?.[1] ?? '';
}

function judgeBody(
  { operation }: FuzzRequest,
  sent: Sent,
  { status, headers, body }: Answer,
  compile: (schema: Schema) => ValidateFunction,
): Finding[] {
  if (sent.method === 'HEAD' || status === 304) return [];
  const type = String(headers['content-type'] ?? '');
  if (status >= 400) {
    // What is no HTTP gets Node's own answer, which has no body.
    if (
      body.length === 0 &&
      /^(400|408|413|431)$/.test(String(status)) &&
      headers['x-request-id'] === undefined
    )
      return [];
    if (SPEAKS_ANOTHER.test(operation.path) && type.startsWith('application/json')) return [];
    if (!type.startsWith('application/problem+json'))
      return [{ kind: 'wrong content type', what: `${status} as ${type || 'nothing'}` }];
    return bodyFindings(body, compile(operation.problem), `problem ${status}`);
  }
  if (sent.method !== operation.method) return [];
  const schema = operation.answers.get(status);
  if (schema === undefined) return [];
  if (!type.startsWith('application/json')) {
    // Operations with a parameter `format` may answer in another one.
    const formats = operation.parameters.some(({ name }) => name === 'format');
    return formats ? [] : [{ kind: 'wrong content type', what: `${status} as ${type || 'nothing'}` }];
  }
  return bodyFindings(body, compile(schema), String(status));
}

/** OpenFeature's remote evaluation and OAuth say themselves what their errors look like. */
const SPEAKS_ANOTHER = /\/(?:ofrep|oauth)\//;

function bodyFindings(body: Buffer, accepts: ValidateFunction, what: string): Finding[] {
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    return [{ kind: 'wrong body', what: `${what} is not JSON` }];
  }
  if (accepts(json)) return [];
  const [error] = accepts.errors ?? [];
  const place = error?.instancePath.replaceAll(/\/\d+/g, '/#') ?? '';
  return [{ kind: 'wrong body', what: `${what}: ${place} ${error?.message ?? ''}` }];
}

/** Words of the machine room: stacks, SQL, paths of ours, PostgreSQL's own messages. */
const INSIDE =
  /\bat [\w.<>]+ \(|\/runtime\/(?:host|domains|platform)\/|node_modules|node:internal|violates (?:check|foreign|unique|not-null) |syntax error at or near|invalid input syntax for|relation "[\w.]+" does not|SQLSTATE|unsupported Unicode escape|invalid byte sequence|Cannot read propert|is not a function|ECONNREFUSED|\bZodError\b/;

function judgeWords(sent: Sent, { headers, body }: Answer, markers: readonly string[]): Finding[] {
  const text = `${JSON.stringify(headers)}${body.toString('utf8')}`;
  const asked = `${sent.target}${JSON.stringify(sent.headers)}${sent.body?.toString('utf8') ?? ''}`;
  const inside = INSIDE.exec(text)?.[0];
  return [
    ...(inside === undefined || asked.includes(inside)
      ? []
      : [{ kind: 'inside told' as const, what: inside }]),
    ...markers
      .filter((marker) => text.includes(marker) && !asked.includes(marker))
      .map((marker) => ({ kind: 'other tenant told' as const, what: marker })),
  ];
}

/** Whether what went over the wire is what the request says. */
function isAsMade({ mangle, operation }: FuzzRequest, { method, cutAt }: Sent): boolean {
  return mangle === undefined && method === operation.method && cutAt === undefined;
}

function judgeRights({ actor, operation }: FuzzRequest): Finding[] {
  return isForbidden(actor, operation)
    ? [{ kind: 'credentials ignored', what: `${actor.kind} was let in` }]
    : [];
}

function judgeInput(
  { operation, path, query, json, bytes, headers }: FuzzRequest,
  compile: (schema: Schema, how?: Ajv2020) => ValidateFunction,
  lenient: Ajv2020,
): Finding[] {
  const taken = (what: string): Finding => ({ kind: 'forbidden input taken', what });
  const findings: Finding[] = [];
  if (operation.body !== undefined && operation.body !== 'raw' && bytes === undefined) {
    const accepts = compile(operation.body);
    // Lengths are counted in characters there and in UTF-16 units here: only what is astral could differ.
    const written = JSON.stringify(json);
    const astral = written !== undefined && /[\u{10000}-\u{10FFFF}]/u.test(written);
    const isAccepted = written === undefined ? accepts(undefined) : acceptsText(accepts, written);
    if (!astral && !isAccepted) {
      const [error] = accepts.errors ?? [];
      findings.push(
        taken(`body${error?.instancePath.replaceAll(/\/\d+/g, '/#') ?? ''} ${error?.message ?? ''}`),
      );
    }
  }
  for (const { name, in: place, schema, required } of operation.parameters) {
    if (place === 'header') {
      const key = headers[name.toLowerCase()];
      if (required && (key === undefined || key.length < 8)) findings.push(taken(`no ${name}`));
      continue;
    }
    const value = place === 'path' ? path[name] : query[name];
    if (value === undefined) {
      if (required) findings.push(taken(`no ${name}`));
      continue;
    }
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') continue;
    // What is empty is left out by clients, and coercion makes 0 of it.
    if (value === '' || /[\u{10000}-\u{10FFFF}]/u.test(String(value))) continue;
    const asObject = { type: 'object', properties: { value: schema } };
    const accepts = wrapped(schema, asObject, compile, lenient);
    const text = String(value).slice(0, 2_000);
    if (!accepts({ value: schema['type'] === 'array' ? text.split(',') : text })) {
      const [error] = accepts.errors ?? [];
      findings.push(taken(`${place} ${name} ${error?.message ?? ''}`));
    }
  }
  return findings;
}

/** Most texts are trimmed before they are looked at, which no schema says, and a password is not. */
const acceptsText = (accepts: ValidateFunction, written: string): boolean =>
  accepts(JSON.parse(written)) || accepts(JSON.parse(written, trimmed));

function trimmed(_name: string, value: unknown): unknown {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : value;
}

const WRAPPED = new WeakMap<Schema, Schema>();

function wrapped(
  schema: Schema,
  made: Schema,
  compile: (schema: Schema, how?: Ajv2020) => ValidateFunction,
  lenient: Ajv2020,
): ValidateFunction {
  const known = WRAPPED.get(schema) ?? made;
  WRAPPED.set(schema, known);
  return compile(known, lenient);
}

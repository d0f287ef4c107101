/**
 * Draws the typed client's operations from the runtime's domain definitions: `node web/api-client/generate.ts`.
 * The output is committed, so that the web builds without the runtime; a test fails when it is stale.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { ZodType } from 'zod';
import { accounts } from '../../runtime/domains/accounts/definition.ts';
import { analytics } from '../../runtime/domains/analytics/definition.ts';
import { catalog } from '../../runtime/domains/catalog/definition.ts';
import { chat } from '../../runtime/domains/chat/definition.ts';
import { marketing } from '../../runtime/domains/marketing/definition.ts';
import { media } from '../../runtime/domains/media/definition.ts';
import { notifications } from '../../runtime/domains/notifications/definition.ts';
import { orders } from '../../runtime/domains/orders/definition.ts';
import { payments } from '../../runtime/domains/payments/definition.ts';
import { recommendations } from '../../runtime/domains/recommendations/definition.ts';
import { HOST_ROUTES } from '../../runtime/host/definition.ts';
import type { RouteDefinition } from '../../runtime/platform/definition.ts';

export const OUTPUT = new URL('./operations.generated.ts', import.meta.url);

/** The text of `operations.generated.ts` as the definitions stand now. */
export function generate(): string {
  const routes = [
    { name: 'host', routes: HOST_ROUTES },
    accounts,
    analytics,
    catalog,
    chat,
    marketing,
    media,
    notifications,
    orders,
    payments,
    recommendations,
  ].flatMap((domain) =>
    domain.routes
      .filter(({ audience }) => audience !== 'provider')
      .map((route) => ({ id: `${domain.name}.${route.id}`, route })),
  );
  return [
    '// Generated from runtime/domains/*/definition.ts by web/api-client/generate.ts. Do not edit.',
    '',
    '/** Every operation: what it takes and what it answers. */',
    'export interface Operations {',
    ...routes.map(({ id, route }) => operation(id, route)),
    '}',
    '',
    '/** Method, path, and whether it wants an Idempotency-Key. */',
    'export const ROUTES: { readonly [Id in keyof Operations]: readonly [method: string, path: string, idempotent: boolean] } = {',
    ...routes.map(
      ({ id, route }) => `  '${id}': ['${route.method}', '${route.path}', ${route.idempotent === true}],`,
    ),
    '};',
    '',
  ].join('\n');
}

function operation(id: string, route: RouteDefinition): string {
  const body = typeof route.body === 'string' ? 'string' : typeOf(route.body, 'input');
  return [
    `  /** ${route.summary} */`,
    `  '${id}': {`,
    `    params: ${typeOf(route.params, 'input')};`,
    `    query: ${typeOf(route.query, 'input')};`,
    `    body: ${body};`,
    `    response: ${typeOf(route.response, 'output')};`,
    '  };',
  ].join('\n');
}

function typeOf(schema: ZodType | undefined, io: 'input' | 'output'): string {
  if (schema === undefined) return 'undefined';
  return print(z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' }), '    ');
}

type Json = z.core.JSONSchema.BaseSchema;

/** JSON Schema, as zod writes it, in TypeScript. */
function print(schema: Json | boolean, indent: string): string {
  if (typeof schema === 'boolean') return schema ? 'unknown' : 'never';
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const union = schema.anyOf ?? schema.oneOf;
  if (union !== undefined) return [...new Set(union.map((one) => print(one, indent)))].join(' | ');
  if (schema.allOf !== undefined) return schema.allOf.map((one) => `(${print(one, indent)})`).join(' & ');
  if (Array.isArray(schema.type)) {
    return schema.type.map((type) => print({ ...schema, type }, indent)).join(' | ');
  }
  switch (schema.type) {
    case 'string':
      return 'string';
    case 'number':
    case 'integer':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'null':
      return 'null';
    case 'array':
      return `readonly (${print(item(schema.items), indent)})[]`;
    case 'object':
      return printObject(schema, indent);
    default:
      return 'unknown';
  }
}

const item = (items: Json['items']): Json | boolean =>
  items === undefined || Array.isArray(items) ? true : items;

function printObject(schema: Json, indent: string): string {
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) {
    const values = schema.additionalProperties;
    return values === undefined || values === false
      ? 'Record<string, never>'
      : `Readonly<Record<string, ${print(values, indent)}>>`;
  }
  const deeper = `${indent}  `;
  const lines = fields.map(([name, field]) => {
    const required = schema.required?.includes(name) === true;
    const text = print(field, deeper);
    return `${deeper}${JSON.stringify(name)}${required ? '' : '?'}: ${text}${required ? '' : ' | undefined'};`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

/** What is committed now; empty when nothing is. */
export async function committed(): Promise<string> {
  return await readFile(OUTPUT, 'utf8').catch(() => '');
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  await writeFile(OUTPUT, generate());
}

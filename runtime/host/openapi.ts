/** The OpenAPI 3.1 document, drawn from the definitions: what is not in a definition does not exist. */
import type { ZodType } from 'zod';
import type { DomainDefinition, RouteDefinition } from '../platform/definition.ts';
import { HOST_DOMAIN } from '../platform/names/index.ts';
import { HOST_ROUTES } from './definition.ts';
import { jsonSchemaOf, type Io } from './json-schema.ts';

/**
 * Pure; the same definitions give the same document.
 * @throws Error naming the route and the field of which the document would not say what is so
 */
export function openApiOf(domains: readonly DomainDefinition[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  const all = [
    ...HOST_ROUTES.map((route) => ({ domain: HOST_DOMAIN, route })),
    ...domains.flatMap(({ name, routes }) => routes.map((route) => ({ domain: name, route }))),
  ];
  for (const { domain, route } of all) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(domain, route);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'ShopMind', version: '1', description: 'One shop, by its host name.' },
    servers: [{ url: '/', description: 'The shop whose host name serves this document.' }],
    tags: [{ name: HOST_DOMAIN, summary: HOST_SUMMARY }, ...domains].map(({ name, summary }) => ({
      name,
      description: summary,
    })),
    paths,
    components: {
      securitySchemes: {
        customer: {
          type: 'http',
          scheme: 'bearer',
          description: 'A session token; also the cookie shopmind_session.',
        },
        merchant: { type: 'http', scheme: 'bearer', description: 'The tenant’s admin key.' },
      },
      schemas: { Problem: PROBLEM },
    },
  };
}

function operationOf(domain: string, route: RouteDefinition): Record<string, unknown> {
  const where = `${domain}.${route.id}`;
  const secured = route.audience === 'merchant' || route.audience === 'customer';
  return {
    operationId: where,
    tags: [domain],
    summary: route.summary,
    ...(secured ? { security: [{ [route.audience]: [] }] } : {}),
    parameters: [
      ...parametersOf(route.params, 'path', where),
      ...parametersOf(route.query, 'query', where),
      ...(route.idempotent ? [IDEMPOTENCY_KEY] : []),
    ],
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: contentOf(route.body, 'input', `${where} body`) } }),
    responses: {
      [String(route.status ?? 200)]: {
        description: route.summary,
        ...(route.response === undefined
          ? {}
          : { content: contentOf(route.response, 'output', `${where} answer`) }),
      },
      default: {
        description: 'A problem.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function contentOf(schema: ZodType | 'raw' | 'stream', io: Io, where: string): Record<string, unknown> {
  return typeof schema === 'string'
    ? { '*/*': {} }
    : { 'application/json': { schema: jsonSchemaOf(schema, io, where) } };
}

function parametersOf(schema: ZodType | undefined, place: 'path' | 'query', where: string): unknown[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = jsonSchemaOf(schema, 'input', `${where} ${place}`) as {
    properties?: Record<string, { type?: string }>;
    required?: string[];
  }; // zod's own document of an object
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
    // One value, with commas.
    ...(property.type === 'array' ? { style: 'form', explode: false } : {}),
  }));
}

const HOST_SUMMARY =
  'The shop itself: what it is, the keys of its merchant’s programs, what was done by whom, and GraphQL.';

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: true,
  description: 'The same key for every repetition of this request.',
  schema: { type: 'string', minLength: 8, maxLength: 255 },
};

const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    remedy: { type: 'string' },
    problems: {
      type: 'array',
      items: { type: 'object', properties: { where: { type: 'string' }, what: { type: 'string' } } },
    },
    requestId: { type: 'string' },
  },
};

/** The OpenAPI 3.1 document, drawn from the definitions: what is not in a definition does not exist. */
import { z, type ZodType } from 'zod';
import type { DomainDefinition, RouteDefinition } from '../platform/definition.ts';
import { HOST_ROUTES } from './definition.ts';

/** Pure; the same definitions give the same document. */
export function openApiOf(domains: readonly DomainDefinition[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  const all = [
    ...HOST_ROUTES.map((route) => ({ domain: 'store', route })),
    ...domains.flatMap(({ name, routes }) => routes.map((route) => ({ domain: name, route }))),
  ];
  for (const { domain, route } of all) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(domain, route);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'ShopMind', version: '1', description: 'One shop, by its host name.' },
    tags: domains.map(({ name, summary }) => ({ name, description: summary })),
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
  const secured = route.audience === 'merchant' || route.audience === 'customer';
  return {
    operationId: `${domain}.${route.id}`,
    tags: [domain],
    summary: route.summary,
    ...(secured ? { security: [{ [route.audience]: [] }] } : {}),
    parameters: [
      ...parametersOf(route.params, 'path'),
      ...parametersOf(route.query, 'query'),
      ...(route.idempotent ? [IDEMPOTENCY_KEY] : []),
    ],
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: contentOf(route.body, 'input') } }),
    responses: {
      [String(route.status ?? 200)]: {
        description: route.summary,
        ...(route.response === undefined ? {} : { content: contentOf(route.response, 'output') }),
      },
      default: {
        description: 'A problem.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function contentOf(schema: ZodType | 'raw' | 'stream', io: 'input' | 'output'): Record<string, unknown> {
  return typeof schema === 'string'
    ? { '*/*': {} }
    : { 'application/json': { schema: jsonSchemaOf(schema, io) } };
}

function jsonSchemaOf(schema: ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

function parametersOf(schema: ZodType | undefined, place: 'path' | 'query'): unknown[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = jsonSchemaOf(schema, 'input') as {
    properties?: Record<string, unknown>;
    required?: string[];
  }; // zod's own document of an object
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
}

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

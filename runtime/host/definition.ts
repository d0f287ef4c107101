/** The routes every runtime process answers itself, whatever domains it hosts. */
import { z } from 'zod';
import type { RouteDefinition } from '../platform/definition.ts';
import { SCOPES } from './keys/scopes.ts';

export const Store = z.object({
  id: z.string(),
  displayName: z.string(),
  branding: z.record(z.string(), z.unknown()),
  locales: z.array(z.string()),
  /** The first is the default. */
  currencies: z.array(z.string()),
  domains: z.array(z.string()),
});
export type Store = z.infer<typeof Store>;

/** A request of GraphQL over HTTP, with persisted queries. */
export const GraphRequest = z.object({
  query: z.string().max(100_000).nullish(),
  operationName: z.string().max(200).nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  extensions: z
    .looseObject({
      persistedQuery: z
        .looseObject({ version: z.literal(1), sha256Hash: z.string().regex(/^[0-9a-f]{64}$/) })
        .optional(),
    })
    .nullish(),
});
export type GraphRequest = z.infer<typeof GraphRequest>;

/** The same as a URL says it. */
const GraphQuery = z.object({
  query: z.string().max(100_000).optional(),
  operationName: z.string().max(200).optional(),
  /** JSON. */
  variables: z.string().max(100_000).optional(),
  /** JSON. */
  extensions: z.string().max(2_000).optional(),
});
export type GraphQuery = z.infer<typeof GraphQuery>;

const GraphResult = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z
    .array(
      z.object({
        message: z.string(),
        path: z.array(z.union([z.string(), z.int()])).optional(),
        locations: z.array(z.object({ line: z.int(), column: z.int() })).optional(),
        extensions: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .optional(),
  extensions: z.record(z.string(), z.unknown()).optional(),
});

/** Who makes it says what it is for. */
export const NewApiKey = z.object({
  name: z.string().trim().min(1).max(100),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  /** Absent: it is good until it is revoked. */
  expiresAt: z.iso.datetime().optional(),
});
export type NewApiKey = z.infer<typeof NewApiKey>;

export const ApiKey = z.object({
  id: z.string(),
  name: z.string(),
  /** Its last four letters. */
  hint: z.string(),
  scopes: z.array(z.string()),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  /** Exact to a minute. */
  usedAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
});
export type ApiKey = z.infer<typeof ApiKey>;

export const AuditQuery = z.object({
  /** Only what is older than this number. */
  before: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type AuditQuery = z.infer<typeof AuditQuery>;

/** An entry that was read before, and kept elsewhere: both, or neither. */
export const AuditCheckQuery = z
  .object({
    seq: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
    hash: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
  })
  .refine(({ seq, hash }) => (seq === undefined) === (hash === undefined), 'Give both seq and hash.');
export type AuditCheckQuery = z.infer<typeof AuditCheckQuery>;

const AuditHead = z.object({ seq: z.int(), hash: z.string() });

/** Something that was begun, or how that ended (`of`). */
export const AuditEntry = AuditHead.extend({
  /** What the hash is of, after the hash before it and the number: the rest, as JSON. */
  text: z.string(),
  at: z.iso.datetime(),
  /** `admin-key`, `key:<id>`, `staff:<id>`, or `person:<who it is at the identity provider>`. */
  actor: z.string().optional(),
  operation: z.string().optional(),
  params: z.record(z.string(), z.unknown()).optional(),
  requestId: z.string().optional(),
  /** SHA-256 of what was sent; of a body that was read while it came, of as much as was read, in the entry of its end. */
  digest: z.string().optional(),
  of: z.int().optional(),
  /** Status of the answer, or code of the error. */
  outcome: z.string().optional(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

export const AuditPage = z.object({ entries: z.array(AuditEntry), head: AuditHead });
export type AuditPage = z.infer<typeof AuditPage>;

export const AuditCheck = z.object({
  intact: z.boolean(),
  /** The first entry that is not as it was written. */
  brokenAt: z.int().optional(),
  /** Whoever keeps this elsewhere sees by it later that nothing was cut off at the end. */
  head: AuditHead,
});
export type AuditCheck = z.infer<typeof AuditCheck>;

export const HOST_ROUTES: readonly RouteDefinition[] = [
  {
    id: 'getStore',
    method: 'GET',
    path: '/api/store',
    summary:
      'The shop as its visitors may know it: name, branding, languages, currencies, what is switched on.',
    audience: 'shopper',
    response: Store,
    cacheSeconds: 5,
  },
  {
    id: 'getOpenApi',
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'This description.',
    audience: 'shopper',
    cacheSeconds: 300,
  },
  {
    id: 'askGraphql',
    method: 'GET',
    path: '/api/graphql',
    summary: 'A GraphQL query, for those that are cached or persisted. Every other route is a field of it.',
    audience: 'shopper',
    query: GraphQuery,
    response: GraphResult,
  },
  {
    id: 'runGraphql',
    method: 'POST',
    path: '/api/graphql',
    summary: 'A GraphQL query or mutation. Every other route is a field of one of them.',
    audience: 'shopper',
    body: GraphRequest,
    response: GraphResult,
  },
  {
    id: 'listApiKeys',
    method: 'GET',
    path: '/api/admin/keys',
    summary: 'Keys by which the merchant’s programs enter, the youngest first.',
    audience: 'merchant',
    people: true,
    response: z.object({ keys: z.array(ApiKey) }),
  },
  {
    id: 'createApiKey',
    method: 'POST',
    path: '/api/admin/keys',
    summary: 'Make a key. It is shown this once; whoever asks twice has two.',
    audience: 'merchant',
    people: true,
    body: NewApiKey,
    response: ApiKey.extend({ key: z.string() }),
    status: 201,
  },
  {
    id: 'revokeApiKey',
    method: 'DELETE',
    path: '/api/admin/keys/{keyId}',
    summary: 'Revoke a key, at once.',
    audience: 'merchant',
    people: true,
    params: z.object({ keyId: z.string().max(80) }),
    status: 204,
  },
  {
    id: 'listAudit',
    method: 'GET',
    path: '/api/admin/audit',
    summary: 'What merchants and their programs changed, and how it ended, the youngest first.',
    audience: 'merchant',
    people: true,
    query: AuditQuery,
    response: AuditPage,
  },
  {
    id: 'checkAudit',
    method: 'GET',
    path: '/api/admin/audit/check',
    summary:
      'Whether the log is as it was written, from an entry whose hash one has kept, or from the first.',
    audience: 'merchant',
    people: true,
    query: AuditCheckQuery,
    response: AuditCheck,
  },
];

/** Of these, what is a way to call all others, or tells of it, and so no part of what it tells. */
export const PROTOCOLS: ReadonlySet<string> = new Set(['getOpenApi', 'askGraphql', 'runGraphql']);

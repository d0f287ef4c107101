/**
 * GraphQL over HTTP: a document, checked against the schema and its limits before anything of it is done, then executed by asking the
 * routes. Documents that come again are neither parsed nor checked again, and need not be sent again (persisted queries).
 */
import { createHash } from 'node:crypto';
import {
  execute,
  GraphQLError,
  Kind,
  specifiedRules,
  validate,
  visit,
  type DocumentNode,
  type FormattedExecutionResult,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
} from 'graphql';
import type { Logger } from 'pino';
import { ShopError } from '../../platform/errors.ts';
import type { Cache } from '../../platform/ports.ts';
import type { GraphRequest } from '../definition.ts';
import type { Invoke, Visit } from '../invoke.ts';
import { toProblem } from '../problem.ts';
import { batched, type Load } from './batch.ts';
import { encode } from './codec.ts';
import { checkCost, MOST_COST } from './cost.ts';
import { createDocuments } from './documents.ts';
import type { Entity, GraphModel, RootField } from './model.ts';
import { schemaOf, type GraphContext } from './schema.ts';

const PERSISTED_SECONDS = 7 * 24 * 60 * 60;

export interface GraphServerOptions {
  readonly model: GraphModel;
  readonly invoke: (visit: Visit) => Invoke;
  /** Where persisted queries are kept. */
  readonly cache: Cache;
  readonly log: Logger;
  /** Whether anybody may look at the schema; otherwise merchants only. */
  readonly open: boolean;
  readonly isMerchant: (visit: Visit) => Promise<boolean>;
}

export interface GraphAnswer {
  /** 200, or what the request failed with before anything was executed. */
  readonly status: number;
  readonly result: FormattedExecutionResult;
  /** Set by what was asked, such as a log-in's cookie. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface GraphRequestOptions {
  /** Of a request by GET, which must change nothing. */
  readonly readOnly: boolean;
  readonly idempotencyKey: string | undefined;
}

export type GraphServer = (
  visit: Visit,
  request: GraphRequest,
  options: GraphRequestOptions,
) => Promise<GraphAnswer>;

export function createGraphServer(options: GraphServerOptions): GraphServer {
  const { model, log, cache } = options;
  const schema = schemaOf(model);
  const documents = createDocuments(check);

  async function textOf({ tenant }: Visit, { query, extensions }: GraphRequest): Promise<string> {
    const hash = extensions?.persistedQuery?.sha256Hash;
    if (hash === undefined) return query ?? '';
    const key = `graphql/${hash}`;
    if (typeof query !== 'string') {
      const known = await cache.get(tenant.id, key);
      if (known !== undefined) return known;
      throw new GraphQLError('PersistedQueryNotFound', { extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } });
    }
    if (sha256(query) !== hash)
      throw new GraphQLError('The query is not the one that sha256Hash names.', { extensions: INVALID });
    await cache.set(tenant.id, key, query, PERSISTED_SECONDS);
    return query;
  }

  function check(document: DocumentNode): Checked {
    const errors = validate(schema, document, specifiedRules, { maxErrors: 20 });
    return { document, errors, looks: looksAtSchema(document) };
  }

  async function run(visit: Visit, request: GraphRequest, how: GraphRequestOptions): Promise<GraphAnswer> {
    const text = await textOf(visit, request);
    if (text.trim() === '') throw new GraphQLError('There is no query.', { extensions: INVALID });
    const { document, errors, looks } = documents.get(text);
    if (errors.length > 0) return refused(errors.map((error) => withCode(error)));
    const operation = operationOf(document, request.operationName ?? undefined);
    if (how.readOnly && operation.operation !== 'query')
      throw new ShopError('invalid_input', 'A GET request may only ask.', { remedy: 'Send it by POST.' });
    if (looks && !options.open && !(await options.isMerchant(visit)))
      throw new ShopError('forbidden', 'The schema is not shown to shoppers.', {
        remedy: 'Read schema.graphql among the documents, or send the merchant’s key.',
      });
    const variables = request.variables ?? {};
    const cost = checkCost({ schema, operation, fragments: fragmentsIn(document), variables });
    const headers: Record<string, string> = {};
    const result = await execute({
      schema,
      document,
      variableValues: variables,
      operationName: request.operationName ?? null,
      contextValue: contextOf(options.invoke(visit), keysFor(model, operation, how.idempotencyKey), headers),
    });
    const formatted = result.errors?.map((error) => tell(visit, error).toJSON());
    return {
      // Without data nothing was executed: the variables were wrong.
      status: result.data === undefined ? 400 : 200,
      headers,
      result: {
        ...(formatted === undefined ? {} : { errors: formatted }),
        ...(result.data === undefined ? {} : { data: result.data }),
        extensions: { cost: { asked: cost, most: MOST_COST } },
      },
    };
  }

  /** The error as its asker may know it: of a bug, only the number. */
  function tell({ requestId, tenant }: Visit, error: GraphQLError): GraphQLError {
    const { originalError } = error;
    if (originalError === undefined || originalError instanceof GraphQLError) return withCode(error);
    const { detail, type: _, title: __, ...rest } = toProblem(originalError, requestId);
    if (rest.status >= 500)
      log.error({ err: originalError, requestId, tenant: tenant.id, path: error.path }, 'a field failed');
    const retry = originalError instanceof ShopError ? originalError.retryAfterSeconds : undefined;
    return new GraphQLError(detail, {
      nodes: error.nodes ?? null,
      path: error.path ?? null,
      extensions: { ...rest, ...(retry === undefined ? {} : { retryAfterSeconds: retry }) },
    });
  }

  return async (visit, request, how) => {
    try {
      return await run(visit, request, how);
    } catch (error) {
      if (error instanceof GraphQLError) return refused([withCode(error)]);
      if (!(error instanceof ShopError)) throw error;
      const told = tell(visit, new GraphQLError(error.message, { originalError: error }));
      return { ...refused([told]), status: toProblem(error, visit.requestId).status };
    }
  };
}

interface Checked {
  readonly document: DocumentNode;
  readonly errors: readonly GraphQLError[];
  /** Whether it asks for the schema itself. */
  readonly looks: boolean;
}

const INVALID = { code: 'invalid_input', status: 400 } as const;

function refused(errors: readonly GraphQLError[]): GraphAnswer {
  return { status: 400, headers: {}, result: { errors: errors.map((error) => error.toJSON()) } };
}

function withCode(error: GraphQLError): GraphQLError {
  if (error.extensions['code'] !== undefined) return error;
  const { nodes = null, source = null, positions = null, path = null } = error;
  return new GraphQLError(error.message, { nodes, source, positions, path, extensions: INVALID });
}

function contextOf(
  invoke: Invoke,
  keyFor: (place: string) => string | undefined,
  headers: Record<string, string>,
): GraphContext {
  const loads = new Map<Entity, Load<unknown>>();
  return {
    async ask(field, args, place) {
      const reply = await invoke(field.operation, {
        ...invocationOf(field, args),
        idempotencyKey: keyFor(place),
      });
      const cookie = reply.headers['set-cookie'];
      if (cookie !== undefined) headers['set-cookie'] = cookie;
      return field.answer === undefined ? true : jsonOf(field.operation.route.path, reply);
    },
    load(entity, key) {
      const load = loads.get(entity) ?? loaderOf(invoke, entity);
      loads.set(entity, load);
      return load(key);
    },
  };
}

function invocationOf({ args }: RootField, given: Readonly<Record<string, unknown>>) {
  const at = (place: string): Record<string, unknown> =>
    Object.fromEntries(
      args
        .filter((one) => one.place === place)
        .flatMap(({ name, field }) => {
          const value = encode(given[name], field.value);
          return value === undefined ? [] : [[name, value]];
        }),
    );
  const { input, body } = at('body');
  const { contentType } = at('contentType');
  return {
    params: at('params'),
    query: at('query'),
    body: typeof body === 'string' ? Buffer.from(body) : input,
    contentType: typeof contentType === 'string' ? contentType : undefined,
  };
}

function loaderOf(invoke: Invoke, { key, load }: Entity): Load<unknown> {
  const nothing = { params: {}, query: {}, body: undefined, idempotencyKey: undefined };
  if (load.kind === 'many') {
    return batched(load.most, async (keys) => {
      const asked = keys.filter((one) => one !== '' && !one.includes(','));
      if (asked.length === 0) return new Map();
      const reply = await invoke(load.operation, { ...nothing, query: { [load.ids]: asked.join(',') } });
      const answer = jsonOf(load.operation.route.path, reply) as Readonly<Record<string, unknown>>; // as its schema says
      const found = answer[load.answers] as readonly Readonly<Record<string, unknown>>[]; // as above
      return new Map(found.map((one) => [String(one[key]), one]));
    });
  }
  return batched(1, async (keys) => {
    const [one = ''] = keys;
    try {
      const reply = await invoke(load.operation, { ...nothing, params: { [load.param]: one } });
      return new Map([[one, jsonOf(load.operation.route.path, reply)]]);
    } catch (error) {
      if (error instanceof ShopError && error.code === 'not_found') return new Map();
      throw error;
    }
  });
}

function jsonOf(path: string, { headers, body }: Awaited<ReturnType<Invoke>>): unknown {
  const type = headers['content-type'] ?? '';
  if (Buffer.isBuffer(body) && type.startsWith('application/json')) return JSON.parse(body.toString('utf8'));
  if (!Buffer.isBuffer(body)) body.destroy();
  throw new ShopError('invalid_input', `This is answered as ${type}, which GraphQL cannot carry.`, {
    remedy: `Ask ${path} itself.`,
  });
}

/**
 * One key of a request is enough for all that it changes: each field has its own, made of the request's and the field's place.
 * Where only one field needs a key it is the request's, so that the same key works by whichever protocol it is repeated.
 */
function keysFor(
  { roots }: GraphModel,
  { operation, selectionSet }: OperationDefinitionNode,
  key: string | undefined,
): (place: string) => string | undefined {
  if (key === undefined || operation !== 'mutation') return () => undefined;
  const idempotent = new Set(
    roots.filter((one) => one.operation.route.idempotent === true).map(({ name }) => name),
  );
  // Fields in fragments count as more than one: nobody has to know how many there are.
  const needing = selectionSet.selections.filter(
    (one) => one.kind !== Kind.FIELD || idempotent.has(one.name.value),
  );
  const [only] = needing;
  return needing.length === 1 && only?.kind === Kind.FIELD ? () => key : (place) => sha256(`${key}/${place}`);
}

function operationOf(document: DocumentNode, name: string | undefined): OperationDefinitionNode {
  const all = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  const found = name === undefined ? all : all.filter((one) => one.name?.value === name);
  const [operation] = found;
  if (operation !== undefined && found.length === 1) return operation;
  const message =
    name === undefined ? 'Say by operationName which operation is meant.' : `There is no operation ${name}.`;
  throw new GraphQLError(message, { extensions: INVALID });
}

function fragmentsIn(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  return new Map(
    document.definitions
      .filter((one) => one.kind === Kind.FRAGMENT_DEFINITION)
      .map((one) => [one.name.value, one]),
  );
}

function looksAtSchema(document: DocumentNode): boolean {
  let looks = false;
  visit(document, {
    Field({ name }) {
      if (['__schema', '__type', '_service'].includes(name.value)) looks = true;
    },
  });
  return looks;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

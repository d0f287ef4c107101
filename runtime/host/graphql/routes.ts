/** The host's routes for GraphQL. The schema is drawn and built when it is first asked for: most processes never are. */
import type { Logger } from 'pino';
import type { DomainDefinition } from '../../platform/definition.ts';
import type { RouteHandler, RouteRequest, RouteResponse } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { Cache } from '../../platform/ports.ts';
import { GraphRequest, type GraphQuery } from '../definition.ts';
import type { Invoke, Visit } from '../invoke.ts';
import { problemsOf } from '../problem.ts';
import type { GraphAnswer, GraphServer } from './server.ts';

export interface GraphRoutesOptions {
  /** Those that are hosted here or reached from here. */
  readonly domains: readonly DomainDefinition[];
  readonly invoke: (visit: Visit) => Invoke;
  readonly isMerchant: (visit: Visit) => Promise<boolean>;
  readonly cache: Cache;
  readonly log: Logger;
  /** Whether anybody may look at the schema. */
  readonly open: boolean;
}

export function graphRoutes({ domains, ...options }: GraphRoutesOptions): Record<string, RouteHandler> {
  let building: Promise<GraphServer> | undefined;

  async function build(): Promise<GraphServer> {
    const [{ createGraphServer }, { graphModel }, { readApi }] = await Promise.all([
      import('./server.ts'),
      import('./model.ts'),
      import('../shapes/api.ts'),
    ]);
    return createGraphServer({ ...options, model: graphModel(await readApi(domains), domains) });
  }

  async function answer(
    request: RouteRequest,
    asked: GraphRequest,
    readOnly: boolean,
  ): Promise<RouteResponse> {
    const server = await (building ??= build());
    const idempotencyKey = request.headers['idempotency-key'];
    return toResponse(request, await server(request, asked, { readOnly, idempotencyKey }));
  }

  return {
    askGraphql: (request) => answer(request, requestIn(request.query as GraphQuery), true), // parsed by its schema
    runGraphql: (request) => answer(request, request.body as GraphRequest, false), // as above
  };
}

/** Who knows the newer type gets the status as well; to others an answer of GraphQL has always been a 200. */
function toResponse({ headers }: RouteRequest, { status, result, headers: set }: GraphAnswer): RouteResponse {
  const knows = headers['accept']?.includes('application/graphql-response+json') === true;
  return {
    status: knows ? status : 200,
    headers: {
      ...set,
      ...(knows ? { 'content-type': 'application/graphql-response+json; charset=utf-8' } : {}),
    },
    json: result,
  };
}

function requestIn({ query, operationName, variables, extensions }: GraphQuery): GraphRequest {
  const parsed = GraphRequest.safeParse({
    query,
    operationName,
    variables: jsonIn('variables', variables),
    extensions: jsonIn('extensions', extensions),
  });
  if (parsed.success) return parsed.data;
  throw new ShopError('invalid_input', 'The query string is not a GraphQL request.', {
    problems: problemsOf(parsed.error, 'query'),
  });
}

function jsonIn(name: string, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ShopError('invalid_input', `query/${name}: is not JSON`, {
      cause: error,
      remedy: 'Send an object in JSON, escaped as URLs want it.',
      problems: [{ where: `query/${name}`, what: 'is not JSON' }],
    });
  }
}

/**
 * One call of a route, whichever way it came: as an HTTP request or a field of a GraphQL query. Who may, what may be said,
 * idempotency, time and answer are the same for both because they are here.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Logger } from 'pino';
import type { ZodType } from 'zod';
import type { Audience, RouteDefinition } from '../platform/definition.ts';
import type { Caller, RouteRequest, RouteResponse } from '../platform/domain.ts';
import { ShopError, type Problem } from '../platform/errors.ts';
import { UNKEPT, unkeptIn } from '../platform/kept.ts';
import { HOST_DOMAIN } from '../platform/names/index.ts';
import type { Tenant } from '../platform/ports.ts';
import type { Access } from './access/access.ts';
import type { Audit } from './audit/audit.ts';
import type { Answer, Idempotency, Keep } from './idempotency.ts';
import { problemsOf } from './problem.ts';
import type { Route } from './routes.ts';
import { elsewhere, requireDomain } from './shop.ts';

export interface CallsOptions {
  readonly access: Access;
  readonly idempotency: Idempotency;
  readonly audit: Pick<Audit, 'begun' | 'ended'>;
  readonly log: Logger;
  /** Handlers are told to stop after this long. Default 30 s. */
  readonly timeoutMilliseconds?: number;
  /** Checks every JSON answer against its schema; on in tests. */
  readonly checkAnswers?: boolean;
}

export interface Input {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

export interface Call {
  readonly route: Route;
  readonly tenant: Tenant;
  readonly caller: Caller;
  /** As {@link checkInput} has made it. */
  readonly input: Input;
  readonly headers: RouteRequest['headers'];
  readonly requestId: string;
  readonly idempotencyKey: string | undefined;
  /** What must be the same for a repetition to be one. */
  readonly fingerprint: readonly (string | Buffer)[];
  /** Calls back once if the caller goes away; answers how to stop listening. */
  readonly whenGone: (tell: () => void) => () => void;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | Readable;
}

export interface Calls {
  /**
   * Who is calling, as `identify` says. @throws ShopError when the shop does not serve this route now, or not to them
   */
  admit(tenant: Tenant, route: Route, identify: (audience: Audience) => Promise<Caller>): Promise<Caller>;
  /** @throws ShopError, and whatever else the handler throws */
  perform(call: Call): Promise<Reply>;
}

const ANYONE: Caller = { kind: 'shopper', customerId: undefined };

/** While nobody can say who somebody is, they look around as guests. */
async function whoever(identify: (audience: Audience) => Promise<Caller>): Promise<Caller> {
  try {
    return await identify('shopper');
  } catch (error) {
    if (error instanceof ShopError && (error.code === 'unavailable' || error.code === 'timeout'))
      return ANYONE;
    throw error;
  }
}

export function createCalls(options: CallsOptions): Calls {
  const timeout = options.timeoutMilliseconds ?? 30_000;

  async function limited(
    { whenGone }: Call,
    work: (signal: AbortSignal) => Promise<RouteResponse>,
  ): Promise<RouteResponse> {
    const stop = new AbortController();
    const late = setTimeout(
      () => stop.abort(new ShopError('timeout', 'The request took too long.', { remedy: 'Try again.' })),
      timeout,
    );
    const forget = whenGone(() => stop.abort(new ShopError('timeout', 'The caller has gone.')));
    try {
      return await work(stop.signal);
    } finally {
      clearTimeout(late);
      forget();
    }
  }

  function toAnswer(definition: RouteDefinition, response: RouteResponse): Answer {
    const status = response.status ?? definition.status ?? 200;
    const text =
      response.jsonText ?? (response.json === undefined ? undefined : JSON.stringify(response.json));
    if (text === undefined) {
      const body = Buffer.isBuffer(response.bytes) ? response.bytes : Buffer.alloc(0);
      return { status, headers: { ...response.headers }, body };
    }
    if (options.checkAnswers && definition.response && status < 300)
      definition.response.parse(JSON.parse(text));
    return {
      status,
      headers: { 'content-type': 'application/json; charset=utf-8', ...response.headers },
      body: Buffer.from(text),
    };
  }

  return {
    async admit(tenant, { domain, definition }, identify) {
      // The database would refuse the change as well; this spares the handler half of its way.
      if (tenant.frozen && definition.method !== 'GET')
        throw elsewhere('This shop takes no changes for the moment: its data are being moved or restored.');
      // Routes of the host itself are there whatever a tenant has switched on.
      if (domain !== HOST_DOMAIN) requireDomain(tenant, domain);
      if (definition.cacheSeconds !== undefined && definition.audience === 'shopper') {
        // What shared caches may keep is the same for everyone: nobody needs to be known.
        if (definition.byGroup !== true) return ANYONE;
        const known = await whoever(identify);
        return (known.groups ?? []).length > 0 ? known : ANYONE;
      }
      const caller = await identify(definition.audience);
      await options.access.requireRoute(tenant, caller, domain, definition);
      return caller;
    },

    perform: (call) => (isAudited(call) ? audited(call) : perform(call)),
  };

  async function perform(call: Call): Promise<Reply> {
    const { route, tenant, caller, input, headers, requestId } = call;
    const { definition } = route;
    const work = (signal: AbortSignal, keep?: Keep): Promise<RouteResponse> =>
      route.handler({
        tenant,
        caller,
        ...input,
        headers,
        requestId,
        signal,
        requireScope: async (scope) => options.access.requireScope(tenant, caller, scope),
        async earn(tx, response) {
          await keep?.(tx, toAnswer(definition, response));
          return response;
        },
      });
    if (definition.idempotent) {
      const once = {
        tenant: tenant.id,
        scope: `${route.operationId}/${caller.kind}/${caller.customerId ?? ''}`,
        key: call.idempotencyKey,
        fingerprint: call.fingerprint,
        requestId,
      };
      return options.idempotency.once(once, async (keep) =>
        toAnswer(definition, await limited(call, (signal) => work(signal, keep))),
      );
    }
    const response = await limited(call, work);
    return response.bytes === undefined || Buffer.isBuffer(response.bytes)
      ? toAnswer(definition, response)
      : {
          status: response.status ?? definition.status ?? 200,
          headers: { ...response.headers },
          body: response.bytes,
        };
  }

  async function audited(call: Call): Promise<Reply> {
    const { route, tenant, caller, input, requestId, fingerprint } = call;
    const stream = input.body instanceof Readable ? watched(input.body) : undefined;
    const { operationId: operation } = route;
    const seq = await options.audit.begun(tenant.id, {
      caller,
      operation,
      params: input.params,
      requestId,
      fingerprint,
    });
    const ended = async (outcome: string): Promise<void> => {
      try {
        await options.audit.ended(tenant.id, seq, outcome, stream?.digest());
      } catch (error) {
        // It is done, and that it was begun is written: nobody is helped by another answer.
        options.log.error(
          { err: error, tenant: tenant.id, requestId, operation, seq },
          'an outcome is not in the audit log',
        );
      }
    };
    try {
      const reply = await perform(
        stream === undefined ? call : { ...call, input: { ...input, body: stream.body } },
      );
      await ended(String(reply.status));
      return reply;
    } catch (error) {
      await ended(error instanceof ShopError ? error.code : 'internal');
      throw error;
    }
  }
}

/** The same bytes, and what they come to once they have passed. */
function watched(body: Readable): { readonly body: Readable; readonly digest: () => string } {
  const hash = createHash('sha256');
  const passing = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      hash.update(chunk);
      yield chunk;
    }
  };
  return { body: Readable.from(passing(), { objectMode: false }), digest: () => hash.copy().digest('hex') };
}

/** What merchants change, whichever way they ask. */
function isAudited({ caller, route: { definition } }: Call): boolean {
  return caller.kind === 'merchant' && definition.method !== 'GET';
}

/** All problems of all three parts at once. @throws ShopError `invalid_input` */
export function checkInput(
  definition: RouteDefinition,
  raw: { readonly params: unknown; readonly query: unknown; readonly body: unknown },
): Input {
  const problems: Problem[] = [];
  const parse = (schema: ZodType | undefined, value: unknown, source: string): unknown => {
    if (!schema) return undefined;
    // The database would refuse the whole statement, and the caller would hear of a fault on our side.
    const unkept = unkeptIn(value);
    if (unkept !== undefined) {
      problems.push({ where: [source, ...unkept].join('/'), what: UNKEPT });
      return undefined;
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    problems.push(...problemsOf(parsed.error, source));
    return undefined;
  };
  const input = {
    params: parse(definition.params, raw.params, 'path'),
    query: parse(definition.query, raw.query, 'query'),
    body: typeof definition.body === 'string' ? raw.body : parse(definition.body, raw.body, 'body'),
  };
  if (problems.length === 0) return input;
  const first = problems[0];
  throw new ShopError(
    'invalid_input',
    first ? `${first.where}: ${first.what}` : 'The request is not valid.',
    { remedy: 'Mend the fields named below.', problems },
  );
}

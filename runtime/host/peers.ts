/**
 * Calls between domains: in process when hosted together, over HTTP otherwise, with a token only our processes can make. The gateway
 * never routes `/internal/`.
 */
import type { DomainService } from '../platform/domain.ts';
import { ShopError, STATUS_OF, type ErrorCode, type Problem } from '../platform/errors.ts';
import type { Tenant } from '../platform/ports.ts';
import type { SpanOptions, Tracer } from '../platform/tracing/tracer.ts';
import type { ServiceTokens } from './service-tokens.ts';
import { isRecord } from './records.ts';

export const INTERNAL_PREFIX = '/internal/';
export const TENANT_HEADER = 'x-shopmind-tenant';
const TIMEOUT_MS = 10_000;

export interface Peers {
  call<Out>(tenant: string, domain: string, operation: string, input: unknown): Promise<Out>;
  /** Serves `/internal/<domain>/<operation>`; the caller has checked the token. */
  serve(tenant: Tenant, path: string, input: unknown): Promise<unknown>;
}

export interface PeersOptions {
  readonly services: ReadonlyMap<string, DomainService>;
  readonly urls: ReadonlyMap<string, string>;
  readonly tenant: (id: string) => Promise<Tenant | undefined>;
  readonly tokens: Pick<ServiceTokens, 'issue'>;
  readonly tracer: Tracer;
}

export function createPeers({ services, urls, tenant: find, tokens, tracer }: PeersOptions): Peers {
  async function locally(
    tenant: Tenant,
    service: DomainService,
    operation: string,
    input: unknown,
  ): Promise<unknown> {
    const run = service.operations[operation];
    const { name } = service.definition;
    if (!run) throw new ShopError('not_found', `${name} has no operation ${operation}.`);
    return tracer.run(`${name}/${operation}`, about(tenant.id, name, operation), () => run(tenant, input));
  }

  function remotely(
    tenant: string,
    url: string,
    domain: string,
    operation: string,
    input: unknown,
  ): Promise<unknown> {
    const client = { ...about(tenant, domain, operation), kind: 'client' } as const;
    return tracer.run(`${domain}/${operation}`, client, () => post(tenant, url, domain, operation, input));
  }

  async function post(
    tenant: string,
    url: string,
    domain: string,
    operation: string,
    input: unknown,
  ): Promise<unknown> {
    const path = `${INTERNAL_PREFIX}${domain}/${operation}`;
    let answer: Response;
    try {
      answer = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${tokens.issue({ tenant, path })}`,
          'content-type': 'application/json',
          [TENANT_HEADER]: tenant,
          ...tracer.headers(),
        },
        body: JSON.stringify({ input }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      const late = error instanceof Error && error.name === 'TimeoutError';
      throw new ShopError(late ? 'timeout' : 'unavailable', `The ${domain} service cannot be reached.`, {
        cause: error,
        remedy: 'Try again in a moment.',
        retryAfterSeconds: 1,
      });
    }
    const body: unknown = await answer.json();
    if (answer.ok) return isRecord(body) ? body['output'] : undefined;
    throw fromProblem(body);
  }

  return {
    async call<Out>(tenantId: string, domain: string, operation: string, input: unknown) {
      const service = services.get(domain);
      const url = urls.get(domain);
      if (service) {
        const tenant = await find(tenantId);
        if (!tenant) throw new ShopError('not_found', `There is no tenant ${tenantId}.`);
        return (await locally(tenant, service, operation, input)) as Out; // the caller knows the operation's answer
      }
      if (url === undefined) {
        throw new ShopError(
          'unavailable',
          `The ${domain} domain is not hosted here and PEERS does not name it.`,
          {
            remedy: `Add ${domain} to SHOPMIND_DOMAINS or PEERS.`,
          },
        );
      }
      return (await remotely(tenantId, url, domain, operation, input)) as Out; // as above
    },
    async serve(tenant, path, input) {
      const [domain = '', operation = ''] = path.slice(INTERNAL_PREFIX.length).split('/');
      const service = services.get(domain);
      if (!service) throw new ShopError('not_found', `The domain ${domain} is not hosted here.`);
      return locally(tenant, service, operation, input);
    },
  };
}

function about(tenant: string, domain: string, operation: string): SpanOptions {
  return {
    attributes: {
      'rpc.system': 'shopmind',
      'rpc.service': domain,
      'rpc.method': operation,
      'shopmind.tenant': tenant,
    },
  };
}

/** What another process answered, as if it had been thrown here. */
export function fromProblem(body: unknown): ShopError {
  const problem = isRecord(body) ? body : {};
  const code = isCode(problem['code']) ? problem['code'] : 'internal';
  const { remedy, problems } = problem;
  return new ShopError(code, String(problem['detail'] ?? 'The other service failed.'), {
    ...(typeof remedy === 'string' ? { remedy } : {}),
    ...(Array.isArray(problems) ? { problems: problems.filter(isProblem) } : {}),
  });
}

function isProblem(value: unknown): value is Problem {
  return isRecord(value) && typeof value['where'] === 'string' && typeof value['what'] === 'string';
}

function isCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(STATUS_OF, value);
}

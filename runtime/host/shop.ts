/** Which shop is asked, by the host name: for requests and for WebSockets alike. */
import { ShopError } from '../platform/errors.ts';
import type { Tenant, Tenants } from '../platform/ports.ts';

export interface ShopsOptions {
  readonly tenants: Tenants;
  /** Set in a dedicated process. */
  readonly onlyTenant: string | undefined;
}

/**
 * The tenant that has this host name and is served by this process.
 * @throws ShopError `not_found`, or `unavailable` when it is closed or elsewhere
 */
export async function shopAt({ tenants, onlyTenant }: ShopsOptions, host: string): Promise<Tenant> {
  const tenant = await tenants.byHost(host);
  if (!tenant || (onlyTenant !== undefined && tenant.id !== onlyTenant)) {
    throw new ShopError('not_found', `There is no shop at ${host}.`, { remedy: 'Check the address.' });
  }
  if (tenant.suspended) {
    throw new ShopError('unavailable', 'This shop is closed for the moment.', {
      remedy: 'Come back later.',
      retryAfterSeconds: 60,
    });
  }
  if (tenant.placement !== (onlyTenant === undefined ? 'pooled' : 'dedicated')) {
    throw elsewhere('This shop has another runtime, which this request did not reach.');
  }
  return tenant;
}

/** @throws ShopError `not_found` where the shop has switched the domain off */
export function requireDomain(tenant: Tenant, domain: string): void {
  if (tenant.domains.includes(domain)) return;
  throw new ShopError('not_found', `This shop has no ${domain}.`, { remedy: 'Its owner can switch it on.' });
}

/** Routes follow a tenant that moves within moments. */
export function elsewhere(message: string): ShopError {
  return new ShopError('unavailable', message, { remedy: 'Try again in a moment.', retryAfterSeconds: 1 });
}

/** The gateway drops forwarded headers from outside and sets its own. */
export function hostNameOf({ headers }: { readonly headers: Headers }): string {
  const forwarded = headers['x-forwarded-host'];
  const name = (typeof forwarded === 'object' ? forwarded[0] : forwarded) ?? String(headers['host'] ?? '');
  return name.replace(/:\d+$/, '').toLowerCase();
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

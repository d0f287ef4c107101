/**
 * The one place that says whether a merchant's caller may do what is asked: an API key by its scopes, a member of the staff by their
 * roles. The shop's admin key, and whom its identity provider calls a merchant, may do everything but speak for a member.
 */
import type { RouteDefinition } from '../../platform/definition.ts';
import type { Caller } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { Tenant } from '../../platform/ports.ts';
import { scopeOf } from '../keys/scopes.ts';
import { FOR_PEOPLE, type Policies } from './policies.ts';

export interface Access {
  /** @throws ShopError `forbidden` when the caller may not call the route */
  requireRoute(
    tenant: Tenant,
    caller: Caller,
    domain: string,
    route: Pick<RouteDefinition, 'method' | 'people' | 'self'>,
  ): Promise<void> | void;
  /** The same where there is no route: over sockets. */
  requireScope(tenant: Tenant, caller: Caller, scope: string): Promise<void> | void;
}

export function createAccess({ policies }: { readonly policies: Pick<Policies, 'allows'> }): Access {
  function requireScope(tenant: Tenant, caller: Caller, scope: string | undefined): Promise<void> | void {
    if (caller.staff !== undefined) return requireOfStaff(tenant, caller.staff, scope);
    if (caller.key === undefined || (scope !== undefined && caller.key.scopes.includes(scope))) return;
    throw scope === undefined
      ? refusal('No API key opens this.', 'Ask with the shop’s admin key, or signed in as an owner.')
      : refusal(`This key has no scope ${scope}.`, 'Make a key that has it, at /api/admin/keys.');
  }

  async function requireOfStaff(
    tenant: Tenant,
    staff: NonNullable<Caller['staff']>,
    scope: string | undefined,
  ): Promise<void> {
    if (await policies.allows(tenant.id, staff, scope ?? FOR_PEOPLE)) return;
    throw scope === undefined
      ? refusal('Only an owner of the shop may do this.', 'Ask an owner to do it.')
      : refusal(`None of your roles has the scope ${scope}.`, 'Ask an owner for a role that has it.');
  }

  return {
    requireRoute(tenant, caller, domain, route) {
      if (caller.kind !== 'merchant') return;
      if (route.self !== true) return requireScope(tenant, caller, scopeOf(domain, route));
      if (caller.staff !== undefined) return;
      throw refusal('This is about a member of the staff.', 'Ask signed in as one.');
    },
    requireScope,
  };
}

function refusal(message: string, remedy: string): ShopError {
  return new ShopError('forbidden', message, { remedy });
}

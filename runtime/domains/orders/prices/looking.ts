/** Whose prices are looked up: those of who asks, or of a customer for whom a merchant puts something together. */
import type { CustomerIdentity, Platform } from '../../../platform/domain.ts';
import type { Tenant } from '../../../platform/ports.ts';

/** For whom prices are looked up, and when. */
export interface Looking {
  readonly now: Date;
  /** Ids of the groups that the shopper is in; a company is one. */
  readonly groups: readonly string[];
}

/** The groups of a customer who is not there to be asked, because a merchant acts for them; none where nobody knows the customer. */
export async function groupsOf(
  platform: Pick<Platform, 'call'>,
  tenant: Tenant,
  customerId: string | undefined,
): Promise<readonly string[]> {
  if (customerId === undefined || !tenant.domains.includes('accounts')) return [];
  const input = { customerId };
  const known = await platform.call<CustomerIdentity | null>(tenant.id, 'accounts', 'identityOf', input);
  return known?.groups ?? [];
}

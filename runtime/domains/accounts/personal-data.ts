/** What a shop has of a customer, for the customer: asked of every domain of the shop, whole or not at all. */
import type { Platform, RouteResponse } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import { PERSONAL_DATA, type PersonalAnswer } from '../../platform/personal.ts';
import type { Tenant } from '../../platform/ports.ts';
import { findById } from './customers.ts';

/** It reads much: nobody needs it often. */
const A_MINUTE = 2;

/**
 * As JSON to keep. What was done as a guest by the same e-mail address is in it: the address is the account's since a mail to it was answered.
 * @throws ShopError `unavailable` when a domain does not answer: half of it would look like all
 */
export async function personalData(
  platform: Pick<Platform, 'sql' | 'call' | 'clock' | 'limits'>,
  tenant: Tenant,
  customerId: string,
): Promise<RouteResponse> {
  const wait = await platform.limits.take(tenant.id, `personal-data/${customerId}`, A_MINUTE);
  if (wait > 0)
    throw new ShopError('rate_limited', 'It was asked for a moment ago.', { retryAfterSeconds: wait });
  const { id, email, email_key: key } = await findById(platform, tenant.id, customerId);
  const names = [...new Set([id, email, key])];
  const domains = await Promise.all(
    tenant.domains.map(async (domain) => {
      const { tables } = await platform.call<PersonalAnswer>(tenant.id, domain, PERSONAL_DATA, { names });
      return { domain, tables };
    }),
  );
  const takenAt = platform.clock.now().toISOString();
  const said = {
    shop: tenant.displayName,
    customer: id,
    takenAt,
    domains: domains.filter(({ tables }) => tables.length > 0),
  };
  return {
    bytes: Buffer.from(`${JSON.stringify(said, undefined, 2)}\n`),
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': `attachment; filename="${tenant.id}-my-data.json"`,
      'cache-control': 'no-store',
    },
  };
}

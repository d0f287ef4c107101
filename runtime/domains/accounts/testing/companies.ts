/** Companies in tests that are about something else: entered by the merchant, with members who are signed in; no mail is read. */
import type { TestHost } from '../../../host/testing.ts';
import type { CompanyRole, MerchantCompany, SpendingLimits } from '../companies/definition.ts';
import type { Session } from '../definition.ts';
import { addMember } from '../companies/members.ts';
import { lockCompany } from '../companies/store.ts';
import { newCustomer, type Rooms } from './customers.ts';

export function newCompany(
  shop: TestHost,
  tenant: string,
  name: string,
  more: object = {},
): Promise<MerchantCompany> {
  const input = { name, country: 'DE', ...more };
  return shop.managed<MerchantCompany>(tenant, 'POST', '/api/admin/accounts/companies', input, 201);
}

export interface TestMember extends Session {
  readonly headers: { readonly authorization: string };
}

/** As a followed invitation makes them. */
export async function newMember(
  shop: Rooms,
  tenant: string,
  companyId: string,
  email: string,
  role: CompanyRole,
  limits: SpendingLimits | null = null,
): Promise<TestMember> {
  const { platform } = shop.host;
  const session = await newCustomer(shop, tenant, email, { firstName: email.split('@')[0] ?? '' });
  await platform.sql.transaction(tenant, async (tx) => {
    const company = await lockCompany(tx, tenant, companyId);
    await addMember(tx, platform, tenant, company, { customerId: session.customer.id, role, limits });
  });
  return { ...session, headers: { authorization: `Bearer ${session.token}` } };
}

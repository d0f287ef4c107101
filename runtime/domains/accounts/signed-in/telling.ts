/**
 * Whoever is signed out everywhere, or has a new password, is told so by mail: it may have been somebody at their browser, or they who
 * found somebody else there.
 */
import type { Platform } from '../../../platform/domain.ts';
import type { Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import type { ToldSecurity } from './definition.ts';

export const TELL_SECURITY = 'accounts.tell-security';

interface Told {
  readonly email: string;
  readonly name: string;
  readonly locale: string | null;
}

/** By the transaction that does it. */
export async function noteSecurity(
  { clock }: Pick<Platform, 'clock'>,
  tx: Transaction,
  what: Omit<ToldSecurity, 'at'>,
): Promise<void> {
  const payload: ToldSecurity = { ...what, at: clock.now().toISOString() };
  await tx.enqueue({ name: TELL_SECURITY, payload, key: `${what.happening}/${what.accountId}` });
}

/** By the task: nothing where the account is gone meanwhile, or the shop sends no mail. */
export async function tellSecurity(
  platform: Pick<Platform, 'sql' | 'call' | 'originOf'>,
  tenant: Tenant,
  { happening, kind, accountId, at }: ToldSecurity,
): Promise<void> {
  if (!tenant.domains.includes('notifications')) return;
  const told = await accountOf(platform, tenant.id, kind, accountId);
  if (told === undefined) return;
  const { email, name, locale } = told;
  const isCustomer = kind === 'customer';
  await platform.call(tenant.id, 'notifications', 'notify', {
    // A task that is repeated writes no second mail.
    key: `security:${happening}:${accountId}:${at}`,
    kind: `${isCustomer ? 'accounts' : 'staff'}.${happening}`,
    to: { email, ...(name === '' ? {} : { name }), ...(locale === null ? {} : { locale }) },
    channels: ['mail'],
    variables: isCustomer ? { link: `${platform.originOf(tenant)}/account/forgot` } : {},
  });
}

async function accountOf(
  { sql }: Pick<Platform, 'sql'>,
  tenant: TenantId,
  kind: ToldSecurity['kind'],
  id: string,
): Promise<Told | undefined> {
  const { rows } = await sql.query<Told>(
    tenant,
    kind === 'customer'
      ? 'SELECT email, first_name AS name, locale FROM customers WHERE tenant_id = $1 AND id = $2'
      : 'SELECT email, name, NULL AS locale FROM staff_members WHERE tenant_id = $1 AND id = $2',
    [tenant, id],
  );
  return rows[0];
}

/**
 * Customers who want to be forgotten. Asking is theirs, and until it is done they may think better of it; it is done by whoever runs the
 * platform (`kubectl shopmind erase`), which reaches every store and gives a signed receipt. The request goes with the customer. Both the
 * wish and its end are told by mail, the end just before there is no address any more.
 */
import type { Platform } from '../../platform/domain.ts';
import type { Tenant, TenantId } from '../../platform/ports.ts';
import type { ErasureRequest, ErasureRequests, ToldErasure } from './shapes.ts';

/** As long as the law gives: a month, in days. */
export const DAYS_TO_ERASE = 30;
const DAY_MS = 24 * 60 * 60 * 1_000;
/** Of one answer; the oldest come first, so that none is hidden behind others. */
const MOST = 200;

type Tools = Pick<Platform, 'sql' | 'clock'>;

export const TELL_ERASURE = 'accounts.tell-erasure';

/** Fine when it was asked for already: the first time counts, and is told. */
export async function askForErasure(
  { sql, clock }: Tools,
  tenant: TenantId,
  customerId: string,
): Promise<ErasureRequest> {
  await sql.transaction(tenant, async (tx) => {
    const { rowCount } = await tx.query(
      `INSERT INTO customer_erasure_requests (tenant_id, customer_id, asked_at) VALUES ($1, $2, $3)
       ON CONFLICT (tenant_id, customer_id) DO NOTHING`,
      [tenant, customerId, clock.now()],
    );
    if (rowCount > 0)
      await tx.enqueue({ name: TELL_ERASURE, payload: { customerId, happening: 'asked' }, key: customerId });
  });
  return erasureOf({ sql }, tenant, customerId);
}

/** Nothing where it was taken back meanwhile, or the shop sends no mail. */
export async function tellErasure(
  platform: Pick<Platform, 'sql' | 'call' | 'originOf'>,
  tenant: Tenant,
  { customerId, happening }: ToldErasure,
): Promise<void> {
  if (!tenant.domains.includes('notifications')) return;
  const { rows } = await platform.sql.query<{
    email: string;
    first_name: string;
    locale: string | null;
    asked_at: Date;
  }>(
    tenant.id,
    `SELECT c.email, c.first_name, c.locale, r.asked_at FROM customer_erasure_requests r
     JOIN customers c ON c.tenant_id = $1 AND c.id = r.customer_id WHERE r.tenant_id = $1 AND r.customer_id = $2`,
    [tenant.id, customerId],
  );
  const [row] = rows;
  if (row === undefined) return;
  await platform.call(tenant.id, 'notifications', 'notify', {
    // Asked for anew after it was taken back, it is told anew.
    key: `erasure:${customerId}:${row.asked_at.getTime()}`,
    kind: happening === 'asked' ? 'accounts.erasure' : 'accounts.erased',
    to: {
      email: row.email,
      ...(row.first_name === '' ? {} : { name: row.first_name }),
      ...(row.locale === null ? {} : { locale: row.locale }),
    },
    channels: ['mail'],
    variables:
      happening === 'asked'
        ? { link: `${platform.originOf(tenant)}/account/data`, due: shown(row.asked_at).dueAt }
        : {},
  });
}

export async function erasureOf(
  { sql }: Pick<Platform, 'sql'>,
  tenant: TenantId,
  customerId: string,
): Promise<ErasureRequest> {
  const { rows } = await sql.query<{ asked_at: Date }>(
    tenant,
    'SELECT asked_at FROM customer_erasure_requests WHERE tenant_id = $1 AND customer_id = $2',
    [tenant, customerId],
  );
  const [row] = rows;
  return row === undefined ? { askedAt: null, dueAt: null } : shown(row.asked_at);
}

/** Fine when nothing was asked for. */
export async function withdrawErasure(
  { sql }: Pick<Platform, 'sql'>,
  tenant: TenantId,
  customerId: string,
): Promise<void> {
  await sql.query(tenant, 'DELETE FROM customer_erasure_requests WHERE tenant_id = $1 AND customer_id = $2', [
    tenant,
    customerId,
  ]);
}

export async function listErasures(
  { sql }: Pick<Platform, 'sql'>,
  tenant: TenantId,
): Promise<ErasureRequests> {
  const { rows } = await sql.query<{ id: string; email: string; asked_at: Date }>(
    tenant,
    `SELECT c.id, c.email, r.asked_at FROM customer_erasure_requests r JOIN customers c ON c.tenant_id = $1 AND c.id = r.customer_id
     WHERE r.tenant_id = $1 ORDER BY r.asked_at, r.customer_id LIMIT ${MOST}`,
    [tenant],
  );
  return {
    requests: rows.map(({ id, email, asked_at: at }) => ({ customerId: id, email, ...shown(at) })),
  };
}

function shown(at: Date): { askedAt: string; dueAt: string } {
  return { askedAt: at.toISOString(), dueAt: new Date(at.getTime() + DAYS_TO_ERASE * DAY_MS).toISOString() };
}

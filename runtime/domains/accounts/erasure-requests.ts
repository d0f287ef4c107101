/**
 * Customers who want to be forgotten. Asking is theirs, and until it is done they may think better of it; it is done by whoever runs the
 * platform (`kubectl shopmind erase`), which reaches every store and gives a signed receipt. The request goes with the customer.
 */
import type { Platform } from '../../platform/domain.ts';
import type { TenantId } from '../../platform/ports.ts';
import type { ErasureRequest, ErasureRequests } from './shapes.ts';

/** As long as the law gives: a month, in days. */
export const DAYS_TO_ERASE = 30;
const DAY_MS = 24 * 60 * 60 * 1_000;
/** Of one answer; the oldest come first, so that none is hidden behind others. */
const MOST = 200;

type Tools = Pick<Platform, 'sql' | 'clock'>;

/** Fine when it was asked for already: the first time counts. */
export async function askForErasure(
  { sql, clock }: Tools,
  tenant: TenantId,
  customerId: string,
): Promise<ErasureRequest> {
  await sql.query(
    tenant,
    `INSERT INTO customer_erasure_requests (tenant_id, customer_id, asked_at) VALUES ($1, $2, $3)
     ON CONFLICT (tenant_id, customer_id) DO NOTHING`,
    [tenant, customerId, clock.now()],
  );
  return erasureOf({ sql }, tenant, customerId);
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

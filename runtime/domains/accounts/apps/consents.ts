/** What each customer has agreed that which app learns, and how they take it back. */
import { ShopError } from '../../../platform/errors.ts';
import type { Clock, SqlRunner, TenantId } from '../../../platform/ports.ts';
import { APP_SCOPES, type AppScope, type ConnectedApp } from './definition.ts';

/** @param since milliseconds since the epoch: an older yes does not count */
export async function hasAgreed(
  sql: SqlRunner,
  tenant: TenantId,
  of: { readonly customerId: string; readonly appId: string; readonly scopes: readonly AppScope[] },
  since: number,
): Promise<boolean> {
  const { rows } = await sql.query(
    `SELECT 1 FROM app_consents WHERE tenant_id = $1 AND customer_id = $2 AND app_id = $3 AND scopes @> $4::text[] AND granted_at >= $5`,
    [tenant, of.customerId, of.appId, of.scopes, new Date(since)],
  );
  return rows.length > 0;
}

/** What was agreed to before stays agreed to. */
export async function agree(
  { clock }: { readonly clock: Clock },
  sql: SqlRunner,
  tenant: TenantId,
  of: { readonly customerId: string; readonly appId: string; readonly scopes: readonly AppScope[] },
): Promise<void> {
  await sql.query(
    `INSERT INTO app_consents AS c (tenant_id, customer_id, app_id, scopes, granted_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (tenant_id, customer_id, app_id) DO UPDATE SET granted_at = excluded.granted_at,
       scopes = ARRAY(SELECT DISTINCT s FROM unnest(c.scopes || excluded.scopes) AS s)`,
    [tenant, of.customerId, of.appId, of.scopes, clock.now()],
  );
}

export async function listConnected(
  sql: SqlRunner,
  tenant: TenantId,
  customerId: string,
): Promise<readonly ConnectedApp[]> {
  const { rows } = await sql.query<{
    id: string;
    name: string;
    scopes: readonly AppScope[];
    granted_at: Date;
  }>(
    `SELECT a.id, a.name, c.scopes, c.granted_at FROM app_consents c JOIN apps a ON a.tenant_id = $1 AND a.id = c.app_id
     WHERE c.tenant_id = $1 AND c.customer_id = $2 ORDER BY a.name, a.id`,
    [tenant, customerId],
  );
  return rows.map(({ id, name, scopes, granted_at }) => ({
    id,
    name,
    scopes: APP_SCOPES.filter((scope) => scopes.includes(scope)),
    connectedAt: granted_at.toISOString(),
  }));
}

/** Takes the yes back, and ends what the app holds. @throws ShopError `not_found` */
export async function disconnect(
  tx: SqlRunner,
  tenant: TenantId,
  customerId: string,
  appId: string,
): Promise<void> {
  const { rowCount } = await tx.query(
    'DELETE FROM app_consents WHERE tenant_id = $1 AND customer_id = $2 AND app_id = $3',
    [tenant, customerId, appId],
  );
  if (rowCount === 0) throw new ShopError('not_found', 'You are not connected with that app.');
  await tx.query('DELETE FROM app_grants WHERE tenant_id = $1 AND customer_id = $2 AND app_id = $3', [
    tenant,
    customerId,
    appId,
  ]);
}

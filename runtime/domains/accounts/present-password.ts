/** Whether a password that was right a moment ago still is: comparing takes its time, in which another may have been set. */
import type { SqlRunner, TenantId } from '../../platform/ports.ts';

/**
 * In the transaction that does what the password is good for. The account stays as it is until that ends: who sets another password
 * waits, and then ends the sessions that were begun by the former one.
 * @param hash what the password was compared with
 */
export async function isPresent(
  tx: SqlRunner,
  accounts: 'customers' | 'staff_members',
  tenant: TenantId,
  id: string,
  hash: string,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `SELECT 1 FROM ${accounts} WHERE tenant_id = $1 AND id = $2 AND password_hash = $3 FOR SHARE`,
    [tenant, id, hash],
  );
  return rowCount === 1;
}

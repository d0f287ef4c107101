/** Whether many sessions are open still, asked at once: of customers and of the staff alike. */
import type { Sql, TenantId } from '../../../platform/ports.ts';
import { hashOf } from '../tokens.ts';

/** Of many tokens those that are of a session now, or were its token before the present one. */
export async function stillOpen(
  sql: Sql,
  table: 'customer_sessions' | 'staff_sessions',
  tenant: TenantId,
  tokens: readonly string[],
  now: Date,
): Promise<ReadonlySet<string>> {
  const ofHash = new Map(tokens.map((token) => [hashOf(token), token]));
  const { rows } = await sql.query<{ token_hash: string; previous_hash: string | null }>(
    tenant,
    `SELECT token_hash, previous_hash FROM ${table} WHERE tenant_id = $1 AND expires_at > $3
       AND (token_hash = ANY ((SELECT $2::text[])::text[]) OR previous_hash = ANY ((SELECT $2::text[])::text[]))`,
    [tenant, [...ofHash.keys()], now],
  );
  const open = rows.flatMap((row) => [row.token_hash, row.previous_hash ?? '']);
  return new Set(open.flatMap((hash) => ofHash.get(hash) ?? []));
}

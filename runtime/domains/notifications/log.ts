/** What was sent, or was to be, and to whom nothing is: for merchants, a page at a time. */
import type { RouteResponse } from '../../platform/domain.ts';
import type { SqlRunner, TenantId } from '../../platform/ports.ts';
import type { DeliveryState } from './schemas.ts';

export interface DeliveryQuery {
  readonly state?: DeliveryState | undefined;
  readonly kind?: string | undefined;
  readonly recipient?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

interface DeliveryRow {
  readonly id: string;
  readonly kind: string;
  readonly channel: string;
  readonly address: string;
  readonly state: string;
  readonly attempts: number;
  readonly problem: string | null;
  readonly subject: string | null;
  readonly locale: string | null;
  readonly provider: string | null;
  readonly reference: string | null;
  readonly created_at: Date;
  readonly ended_at: Date | null;
}

/** Ids are of their time: newest first is the highest first. */
export async function listDeliveries(
  sql: SqlRunner,
  tenant: TenantId,
  asked: DeliveryQuery,
): Promise<RouteResponse> {
  const { rows } = await sql.query<DeliveryRow>(
    `select d.id, d.kind, d.channel, c.address, d.state, d.attempts, d.problem, d.subject, d.locale, d.provider, d.reference,
       d.created_at, d.ended_at
     from notifications_deliveries d join notifications_contacts c on c.tenant_id = d.tenant_id and c.id = d.contact_id
     where d.tenant_id = $1 and ($2::text is null or d.state = $2) and ($3::text is null or d.kind = $3)
       and ($4::text is null or c.address = $4) and ($5::text is null or d.id < $5)
     order by d.id desc limit $6`,
    [
      tenant,
      asked.state ?? null,
      asked.kind ?? null,
      asked.recipient?.toLowerCase() ?? null,
      asked.cursor ?? null,
      asked.limit + 1,
    ],
  );
  const deliveries = rows.slice(0, asked.limit).map(showDelivery);
  return { json: { deliveries, ...cursorOf(deliveries, rows.length > asked.limit) } };
}

export async function listSuppressions(
  sql: SqlRunner,
  tenant: TenantId,
  { cursor, limit }: { readonly cursor?: string; readonly limit: number },
): Promise<RouteResponse> {
  const { rows } = await sql.query<{
    id: string;
    channel: string;
    address: string;
    reason: string | null;
    updated_at: Date;
  }>(
    `select id, channel, address, reason, updated_at from notifications_contacts
     where tenant_id = $1 and state = 'suppressed' and ($2::text is null or id < $2) order by id desc limit $3`,
    [tenant, cursor ?? null, limit + 1],
  );
  const suppressions = rows.slice(0, limit).map(({ updated_at, reason, ...row }) => ({
    ...row,
    reason: reason ?? '',
    at: updated_at.toISOString(),
  }));
  return { json: { suppressions, ...cursorOf(suppressions, rows.length > limit) } };
}

function showDelivery(row: DeliveryRow) {
  return {
    id: row.id,
    kind: row.kind,
    channel: row.channel,
    recipient: row.address,
    state: row.state,
    attempts: row.attempts,
    problem: row.problem ?? undefined,
    subject: row.subject ?? undefined,
    locale: row.locale ?? undefined,
    provider: row.provider ?? undefined,
    reference: row.reference ?? undefined,
    createdAt: row.created_at.toISOString(),
    endedAt: row.ended_at?.toISOString(),
  };
}

function cursorOf(page: readonly { readonly id: string }[], more: boolean): { nextCursor?: string } {
  const last = page.at(-1);
  return more && last !== undefined ? { nextCursor: last.id } : {};
}

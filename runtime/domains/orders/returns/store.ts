/** Returns as stored. Whoever changes one has the order's lock. */
import type { SqlRunner, TenantId, Transaction } from '../../../platform/ports.ts';
import type { Reader } from '../carts.ts';
import type { Exchange } from '../exchanges/schemas.ts';
import type { Returned, ReturnLine, ReturnState } from './schemas.ts';

export interface ReturnRow {
  readonly id: string;
  readonly state: ReturnState;
  readonly asked_by: 'shopper' | 'merchant';
  readonly lines: readonly ReturnLine[];
  readonly note: string | null;
  readonly answer: string | null;
  readonly exchange: Exchange | null;
  readonly asked_at: Date | string;
  readonly updated_at: Date | string;
}

/** The returns of order `o`, oldest first, as JSON, for the statement that reads it; $1 tenant, $2 order. */
export const RETURNS = `(
  select jsonb_agg(jsonb_build_object('id', r.id, 'state', r.state, 'asked_by', r.asked_by, 'lines', r.lines, 'note', r.note,
    'answer', r.answer, 'exchange', r.exchange, 'asked_at', r.asked_at, 'updated_at', r.updated_at) order by r.asked_at, r.id)
  from orders_returns r where r.tenant_id = $1 and r.order_id = $2)`;

export function returnedOf(row: ReturnRow): Returned {
  return {
    id: row.id,
    state: row.state,
    askedBy: row.asked_by,
    lines: [...row.lines],
    note: row.note ?? undefined,
    exchange: row.exchange ?? undefined,
    answer: row.answer ?? undefined,
    // JSON writes the offset as the server's time zone says.
    askedAt: new Date(row.asked_at).toISOString(),
    updatedAt: new Date(row.updated_at).toISOString(),
  };
}

export async function insertReturn(
  tx: Transaction,
  tenant: TenantId,
  orderId: string,
  { id, state, askedBy, lines, note, exchange, askedAt }: Returned,
): Promise<void> {
  await tx.query(
    `insert into orders_returns (tenant_id, order_id, id, state, asked_by, lines, note, asked_at, updated_at, exchange)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8::timestamptz, $8::timestamptz, $9::jsonb)`,
    [tenant, orderId, id, state, askedBy, JSON.stringify(lines), note ?? null, askedAt, asJson(exchange)],
  );
}

export async function updateReturn(
  tx: Transaction,
  tenant: TenantId,
  orderId: string,
  { id, state, lines, answer, exchange, updatedAt }: Returned,
  refundId: string | undefined,
): Promise<void> {
  await tx.query(
    `update orders_returns set state = $4, lines = $5::jsonb, answer = $6, updated_at = $7::timestamptz,
       refund_id = coalesce($8, refund_id), exchange = $9::jsonb
     where tenant_id = $1 and order_id = $2 and id = $3`,
    [
      tenant,
      orderId,
      id,
      state,
      JSON.stringify(lines),
      answer ?? null,
      updatedAt,
      refundId ?? null,
      asJson(exchange),
    ],
  );
}

function asJson(exchange: Exchange | undefined): string | null {
  return exchange === undefined ? null : JSON.stringify(exchange);
}

/** The order of an exchange that a merchant has entered and that waits for its company. */
export async function orderOfWaiting(
  sql: SqlRunner,
  tenant: TenantId,
  returnId: string,
): Promise<string | undefined> {
  const { rows } = await sql.query<{ order_id: string }>(
    `select order_id from orders_returns where tenant_id = $1 and state = 'requested' and id = $2 and asked_by = 'merchant'`,
    [tenant, returnId],
  );
  return rows[0]?.order_id;
}

/** Newest first: ids grow with time. */
export async function listReturns(
  sql: Reader | SqlRunner,
  tenant: TenantId,
  { state, cursor, limit }: { state?: ReturnState | undefined; cursor?: string | undefined; limit: number },
): Promise<{ returns: (Returned & { orderId: string })[]; nextCursor: string | undefined }> {
  const { rows } = await sql.query<ReturnRow & { order_id: string }>(
    `select order_id, id, state, asked_by, lines, note, answer, exchange, asked_at, updated_at from orders_returns
     where tenant_id = $1 and ($2::text is null or state = $2) and ($3::text is null or id < $3) order by id desc limit $4`,
    [tenant, state ?? null, cursor ?? null, limit + 1],
  );
  const page = rows.slice(0, limit);
  return {
    returns: page.map((row) => ({ orderId: row.order_id, ...returnedOf(row) })),
    nextCursor: rows.length > limit ? page.at(-1)?.id : undefined,
  };
}

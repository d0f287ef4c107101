/** Edits as stored, and what an edit makes of an order's lines. Whoever changes either has the order's lock. */
import { ShopError } from '../../../platform/errors.ts';
import type { TenantId, Transaction } from '../../../platform/ports.ts';
import type { Reader } from '../carts.ts';
import type { OrderLine } from '../store.ts';
import type { Outcome } from './outcome.ts';
import type { EditLine, EditState } from './schemas.ts';

export interface StoredEdit {
  readonly id: string;
  readonly orderId: string;
  readonly state: EditState;
  readonly version: number;
  /** The order's version that it was worked out on. */
  readonly orderVersion: number;
  readonly changes: readonly EditLine[];
  readonly reason: string | undefined;
  /** Of one that was made. */
  readonly outcome: Outcome | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

interface EditRow {
  readonly id: string;
  readonly order_id: string;
  readonly state: EditState;
  readonly version: number;
  readonly order_version: number;
  readonly changes: readonly EditLine[];
  readonly reason: string | null;
  readonly outcome: Outcome | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const READ = `select id, order_id, state, version, order_version, changes, reason, outcome, created_at, updated_at
  from orders_edits where tenant_id = $1 and order_id = $2`;

/** @throws ShopError `not_found` */
export async function readEdit(
  sql: Reader,
  tenant: TenantId,
  orderId: string,
  id: string,
): Promise<StoredEdit> {
  const { rows } = await sql.query<EditRow>(`${READ} and id = $3`, [tenant, orderId, id]);
  if (rows[0] === undefined) {
    throw new ShopError('not_found', `The order has no edit ${id}.`, { remedy: 'Look at its edits.' });
  }
  return fromRow(rows[0]);
}

/** Newest first: ids grow with time. */
export async function listEdits(sql: Reader, tenant: TenantId, orderId: string): Promise<StoredEdit[]> {
  const { rows } = await sql.query<EditRow>(`${READ} order by id desc limit ${MOST}`, [tenant, orderId]);
  return rows.map(fromRow);
}
/** An order that was edited as often is not edited any more. */
export const MOST = 100;

export async function insertEdit(tx: Transaction, tenant: TenantId, edit: StoredEdit): Promise<void> {
  await tx.query(
    `insert into orders_edits (tenant_id, order_id, id, state, version, order_version, changes, reason, created_at, updated_at)
     values ($1, $2, $3, 'open', 1, $4, $5::jsonb, $6, $7, $7)`,
    [
      tenant,
      edit.orderId,
      edit.id,
      edit.orderVersion,
      JSON.stringify(edit.changes),
      edit.reason ?? null,
      edit.createdAt,
    ],
  );
}

/** @returns it as it is now */
export async function updateEdit(
  tx: Transaction,
  tenant: TenantId,
  before: StoredEdit,
  change: Partial<Pick<StoredEdit, 'state' | 'orderVersion' | 'changes' | 'reason' | 'outcome'>>,
  now: Date,
): Promise<StoredEdit> {
  const after = { ...before, ...change, version: before.version + 1, updatedAt: now };
  await tx.query(
    `update orders_edits set state = $4, version = $5, order_version = $6, changes = $7::jsonb, reason = $8, outcome = $9::jsonb,
       updated_at = $10
     where tenant_id = $1 and order_id = $2 and id = $3`,
    [
      tenant,
      before.orderId,
      before.id,
      after.state,
      after.version,
      after.orderVersion,
      JSON.stringify(after.changes),
      after.reason ?? null,
      after.outcome === undefined ? null : JSON.stringify(after.outcome),
      now,
    ],
  );
  return after;
}

/** Writes what became of an order's lines: those that are left keep their places, new ones come last. */
export async function writeLines(
  tx: Transaction,
  tenant: TenantId,
  orderId: string,
  lines: readonly OrderLine[],
): Promise<void> {
  await tx.query(
    `delete from orders_order_lines where tenant_id = $1 and order_id = $2 and not variant_id = any ($3::text[])`,
    [tenant, orderId, lines.map(({ variantId }) => variantId)],
  );
  const given = JSON.stringify(lines);
  await tx.query(
    `update orders_order_lines l set quantity = g.quantity, discount = g.discount, discounted = g.discounted, tax = g.tax, tax_rate = g."taxRate"
     from jsonb_to_recordset($3::jsonb) as g ("variantId" text, quantity integer, discount bigint, discounted integer, tax bigint,
       "taxRate" integer)
     where l.tenant_id = $1 and l.order_id = $2 and l.variant_id = g."variantId"`,
    [tenant, orderId, given],
  );
  await tx.query(
    `insert into orders_order_lines (tenant_id, order_id, position, variant_id, product_id, handle, title, variant_title, sku, image,
       options, quantity, unit_price, discount, tax, tax_rate, parts)
     select $1, $2, last.position + row_number() over (), g."variantId", g."productId", g.handle, g.title, g."variantTitle", g.sku,
       g.image, g.options, g.quantity, g."unitPrice", g.discount, g.tax, g."taxRate", g.parts
     from jsonb_to_recordset($3::jsonb) as g ("variantId" text, "productId" text, handle text, title text, "variantTitle" text, sku text,
       image text, options jsonb, quantity integer, "unitPrice" bigint, discount bigint, tax bigint, "taxRate" integer,
       parts jsonb),
       (select coalesce(max(position), -1)::int as position from orders_order_lines where tenant_id = $1 and order_id = $2) as last
     where not exists (
       select from orders_order_lines l where l.tenant_id = $1 and l.order_id = $2 and l.variant_id = g."variantId")`,
    [tenant, orderId, given],
  );
}

function fromRow(row: EditRow): StoredEdit {
  return {
    id: row.id,
    orderId: row.order_id,
    state: row.state,
    version: row.version,
    orderVersion: row.order_version,
    changes: row.changes,
    reason: row.reason ?? undefined,
    outcome: row.outcome ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

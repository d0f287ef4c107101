/**
 * Payments as stored: reading and locking them, writing them, and showing them to who asks.
 */
import { ShopError } from '../../platform/errors.ts';
import type {
  PaymentIntent,
  Sql,
  SqlRunner,
  SqlStatement,
  SqlValue,
  TenantId,
  Transaction,
} from '../../platform/ports.ts';
import { stateOf } from '../../platform/sql/failures.ts';
import type { Named } from './named.ts';
import type { StoredPayment } from './observe.ts';
import type * as s from './schemas.ts';

export interface PaymentRow {
  readonly id: string;
  readonly order_id: string;
  readonly attempt: number;
  readonly intent_id: string | null;
  readonly status: s.PaymentStatus;
  readonly amount: number;
  readonly currency: string;
  readonly captured: number;
  readonly refunded: number;
  readonly bounced: number;
  readonly lost: number;
  readonly disputed: boolean;
  readonly problem: string | null;
  readonly token_hash: string | null;
  /** W3C traceparent of its making. */
  readonly trace: string | null;
}

/** One that the provider knows of. */
export type WithIntent = StoredPayment & { readonly intentId: string };

export const COLUMNS =
  'id, order_id, attempt, intent_id, status, amount, currency, captured, refunded, bounced, lost, disputed, problem, token_hash, trace';
const READ = `select ${COLUMNS} from payments_payments where tenant_id = $1 and id = $2`;

export async function findPayment(
  sql: Sql,
  tenant: TenantId,
  id: string,
): Promise<StoredPayment | undefined> {
  const row = await findRow(sql, tenant, id);
  return row === undefined ? undefined : fromRow(row);
}

export async function findRow(sql: Sql, tenant: TenantId, id: string): Promise<PaymentRow | undefined> {
  const { rows } = await sql.query<PaymentRow>(tenant, READ, [tenant, id]);
  return rows[0];
}

/** Throws `not_found` where the payment is of another order, or has no intent. */
export async function readPayment(sql: Sql, tenant: TenantId, which: Named): Promise<WithIntent> {
  const payment = await findPayment(sql, tenant, which.paymentId);
  if (payment === undefined || !hasIntent(payment) || payment.orderId !== which.orderId)
    throw noPayment(which.orderId);
  return payment;
}

/** Nobody else changes it until this transaction ends. */
export async function lockPayment(
  tx: Transaction,
  tenant: TenantId,
  id: string,
): Promise<StoredPayment | undefined> {
  const { rows } = await tx.query<PaymentRow>(`${READ} for update`, [tenant, id]);
  return rows[0] === undefined ? undefined : fromRow(rows[0]);
}

/** A row that is there already stays as it is, but learns the token that it may lack. */
export async function insertPayment(
  sql: SqlRunner,
  tenant: TenantId,
  payment: StoredPayment,
  now: Date,
  trace: string | undefined,
): Promise<void> {
  const { text, values } = insertionOf(tenant, payment, now, trace);
  await sql.query(text, values);
}

/** The statement of `insertPayment`, for whoever sends it alone. */
export function insertionOf(
  tenant: TenantId,
  payment: StoredPayment,
  now: Date,
  trace: string | undefined,
): SqlStatement {
  return {
    text: `insert into payments_payments (tenant_id, id, order_id, attempt, intent_id, status, amount, currency, token_hash, created_at, updated_at, trace)
      values ($1, $2, $3, $11, $4, $5, $6, $7, $8, $9, $9, $10)
      on conflict (tenant_id, id) do update set token_hash = coalesce(payments_payments.token_hash, excluded.token_hash)`,
    values: [
      tenant,
      payment.id,
      payment.orderId,
      payment.intentId ?? null,
      payment.status,
      payment.amount,
      payment.currency,
      payment.tokenHash ?? null,
      now,
      trace ?? null,
      payment.attempt,
    ],
  };
}

/** With the commit: the row is this transaction's, and nobody asks for it again there. */
export function savePayment(tx: Transaction, tenant: TenantId, payment: StoredPayment, now: Date): void {
  tx.atEnd(SAVE, savedValues(tenant, payment, now));
}

/**
 * As `savePayment`, for whoever has no lock: the server refuses, and all that goes along with it, where the row is not what it was when it was
 * read. `isOvertaken` knows the refusal.
 */
export function savingOver(
  tenant: TenantId,
  before: StoredPayment,
  payment: StoredPayment,
  now: Date,
): SqlStatement {
  return {
    text: `with saved as (
        ${SAVE} and attempt = $12 and intent_id is not distinct from $13 and status = $14 and captured = $15 and refunded = $16
          and disputed = $17 and problem is not distinct from $18 and lost = $19 and bounced = $20 returning id
      ) select 1 / count(*) from saved`,
    values: [
      ...savedValues(tenant, payment, now),
      before.attempt,
      before.intentId ?? null,
      before.status,
      before.captured,
      before.refunded,
      before.disputed,
      before.problem ?? null,
      before.lost,
      before.bounced,
    ],
  };
}

/** Of `savingOver`, or of a row that is there already: somebody else was quicker. */
export function isOvertaken(error: unknown): boolean {
  const state = stateOf(error);
  return state === DIVISION_BY_ZERO || state === UNIQUE_VIOLATION;
}
const DIVISION_BY_ZERO = '22012';
const UNIQUE_VIOLATION = '23505';

const SAVE = `update payments_payments set intent_id = $3, status = $4, captured = $5, refunded = $6, disputed = $7, problem = $8, updated_at = $9, lost = $10, bounced = $11
     where tenant_id = $1 and id = $2`;

function savedValues(tenant: TenantId, payment: StoredPayment, now: Date): readonly SqlValue[] {
  return [
    tenant,
    payment.id,
    payment.intentId ?? null,
    payment.status,
    payment.captured,
    payment.refunded,
    payment.disputed,
    payment.problem ?? null,
    now,
    payment.lost,
    payment.bounced,
  ];
}

export function fromRow(row: PaymentRow): StoredPayment {
  return {
    id: row.id,
    orderId: row.order_id,
    attempt: row.attempt,
    intentId: row.intent_id ?? undefined,
    status: row.status,
    amount: row.amount,
    currency: row.currency,
    captured: row.captured,
    refunded: row.refunded,
    bounced: row.bounced,
    lost: row.lost,
    disputed: row.disputed,
    problem: row.problem ?? undefined,
    tokenHash: row.token_hash ?? undefined,
  };
}

export function hasIntent(payment: StoredPayment): payment is WithIntent {
  return payment.intentId !== undefined;
}

const NOTHING = {
  attempt: 0,
  intentId: undefined,
  amount: 0,
  currency: 'XXX',
  captured: 0,
  refunded: 0,
  bounced: 0,
  lost: 0,
  disputed: false,
  problem: undefined,
  tokenHash: undefined,
};

/** One of which nothing is known yet but its intent. */
export function freshPayment(
  { paymentId: id, orderId }: Named,
  intent: PaymentIntent,
  tokenHash: string | undefined,
): StoredPayment {
  const { id: intentId, amount, currency, metadata } = intent;
  const attempt = Number(metadata['attempt'] ?? 0);
  return { ...NOTHING, id, orderId, attempt, intentId, status: 'pending', amount, currency, tokenHash };
}

/** One that was given up before it had an intent. */
export function givenUpPayment({ paymentId: id, orderId }: Named): StoredPayment {
  return { ...NOTHING, id, orderId, status: 'cancelled' };
}

export function showPayment(payment: StoredPayment): s.Payment {
  const { id: paymentId, tokenHash: _tokenHash, attempt: _attempt, ...rest } = payment;
  return { paymentId, ...rest };
}

/** The same for one that is not there and one that is somebody else's. */
export function noPayment(orderId: string): ShopError {
  return new ShopError('not_found', `There is no payment for order ${orderId} that you may see.`, {
    remedy: 'Check the order and its token.',
  });
}

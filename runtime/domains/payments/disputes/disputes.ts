/**
 * Disputes: heard of by the provider's messages, shown to merchants, answered or conceded by them. What is lost counts as returned in
 * the payment's books, so nobody returns it again.
 */
import { createHash } from 'node:crypto';
import type { Platform, RouteHandler } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import { providerOf } from '../../../platform/payments/payments.ts';
import type { PaymentDispute, TenantId, Transaction } from '../../../platform/ports.ts';
import type { Named } from '../named.ts';
import { observeDispute, type DisputeNews } from './observe.ts';
import type * as s from './schemas.ts';

/** What the merchant just said to the bank. */
export interface Answered {
  readonly evidence: string;
}

export interface Disputes {
  /**
   * Merges what was seen into our row, and tells of the news.
   * @returns whether it was just lost: then its amount belongs to the payment's books in this transaction
   */
  learn(
    tx: Transaction,
    tenant: TenantId,
    which: Named,
    seen: PaymentDispute,
    said?: Answered,
  ): Promise<boolean>;
  readonly routes: Readonly<
    Record<'listDisputes' | 'getDispute' | 'contestDispute' | 'concedeDispute', RouteHandler>
  >;
}

/** @param book merges what was seen of a dispute into its payment and its own row, in one transaction */
export function createDisputes(
  platform: Platform,
  book: (tenant: TenantId, which: Named, seen: PaymentDispute, said?: Answered) => Promise<void>,
): Disputes {
  const now = (): Date => platform.clock.now();

  async function learn(
    tx: Transaction,
    tenant: TenantId,
    which: Named,
    seen: PaymentDispute,
    said?: Answered,
  ): Promise<boolean> {
    const { rows } = await tx.query<DisputeRow>(`${READ} and reference = $2 for update`, [tenant, seen.id]);
    const before = rows[0];
    const { status, news } = observeDispute(before?.status, seen);
    const row: DisputeRow = {
      id: before?.id ?? platform.newId('dsp'),
      reference: seen.id,
      payment_id: which.paymentId,
      order_id: which.orderId,
      status,
      reason: seen.reason,
      amount: seen.amount,
      currency: seen.currency,
      opened_at: seen.openedAt,
      due_at: seen.dueAt ?? before?.due_at ?? null,
      evidence: said?.evidence ?? before?.evidence ?? null,
      answered_at: said === undefined ? (before?.answered_at ?? null) : now(),
    };
    if (news.length > 0 || said !== undefined) await save(tx, tenant, row, now());
    await tell(tx, row, news);
    return news.includes('lost');
  }

  async function tell(tx: Transaction, row: DisputeRow, news: readonly DisputeNews[]): Promise<void> {
    const { evidence: _evidence, ...dispute } = shown(row);
    const payload = { ...dispute, at: now().toISOString() };
    await tx.emit(
      ...news.map((what) => ({
        topic: 'payments.dispute',
        type: `payments.dispute.${what}`,
        key: row.order_id,
        payload,
      })),
    );
  }

  async function mustFind(tenant: TenantId, disputeId: string): Promise<DisputeRow> {
    const { rows } = await platform.sql.query<DisputeRow>(tenant, `${READ} and id = $2`, [tenant, disputeId]);
    if (rows[0] !== undefined) return rows[0];
    throw new ShopError('not_found', `There is no dispute ${disputeId}.`, { remedy: 'List the disputes.' });
  }

  async function noteEvidence(tenant: TenantId, disputeId: string, { evidence }: Answered): Promise<void> {
    await platform.sql.query(
      tenant,
      `update payments_disputes set evidence = $3 where tenant_id = $1 and id = $2 and status = 'needs_response'`,
      [tenant, disputeId, evidence],
    );
  }

  /** Says it to the provider, whose answer is what we note: repeated, it is said once. */
  async function act(
    tenant: TenantId,
    disputeId: string,
    say: (row: DisputeRow) => Promise<PaymentDispute>,
    said?: Answered,
  ): Promise<s.Dispute> {
    const row = await mustFind(tenant, disputeId);
    if (row.status !== 'needs_response' && row.evidence !== (said?.evidence ?? null))
      throw new ShopError('illegal_transition', `This dispute is ${row.status}.`, {
        remedy: 'Wait for what the bank decides; nothing can be added.',
      });
    if (row.status === 'won' || row.status === 'lost') return shown(row);
    // Before it is said: who was cut off after that, and asks again, may find it lost already by the bank's own message.
    if (said !== undefined && row.evidence !== said.evidence) await noteEvidence(tenant, disputeId, said);
    await book(tenant, { paymentId: row.payment_id, orderId: row.order_id }, await say(row), said);
    return shown(await mustFind(tenant, disputeId));
  }

  const { payments } = platform;
  return {
    learn,
    routes: {
      async listDisputes({ tenant, query }) {
        const { status, cursor, limit } = query as s.DisputeQuery; // parsed by the host
        const { rows } = await platform.sql.query<DisputeRow>(
          tenant.id,
          `${READ} and ($2::text is null or status = $2) and ($3::text is null or id < $3) order by id desc limit $4`,
          [tenant.id, status ?? null, cursor ?? null, limit + 1],
        );
        const page = rows.slice(0, limit).map(shown);
        return { json: { disputes: page, nextCursor: rows.length > limit ? page.at(-1)?.id : undefined } };
      },
      async getDispute({ tenant, params }) {
        return { json: shown(await mustFind(tenant.id, idIn(params))) };
      },
      async contestDispute({ tenant, params, body }) {
        const { text } = body as { text: string }; // parsed by the host
        const digest = createHash('sha256').update(text).digest('hex').slice(0, 32);
        const json = await act(
          tenant.id,
          idIn(params),
          ({ id, reference }) =>
            payments.contestDispute(tenant.id, reference, text, `contest-${id}-${digest}`),
          { evidence: text },
        );
        return { json };
      },
      async concedeDispute({ tenant, params }) {
        const json = await act(tenant.id, idIn(params), ({ id, reference }) =>
          payments.concedeDispute(tenant.id, reference, `concede-${id}`),
        );
        return { json };
      },
    },
  };
}

function idIn(params: unknown): string {
  return (params as { disputeId: string }).disputeId; // parsed by the host
}

interface DisputeRow {
  readonly id: string;
  readonly reference: string;
  readonly payment_id: string;
  readonly order_id: string;
  readonly status: s.DisputeStatus;
  readonly reason: string;
  readonly amount: number;
  readonly currency: string;
  readonly opened_at: Date;
  readonly due_at: Date | null;
  readonly evidence: string | null;
  readonly answered_at: Date | null;
}

const READ = `select id, reference, payment_id, order_id, status, reason, amount, currency, opened_at, due_at, evidence, answered_at
  from payments_disputes where tenant_id = $1`;

async function save(tx: Transaction, tenant: TenantId, row: DisputeRow, at: Date): Promise<void> {
  await tx.query(
    `insert into payments_disputes (tenant_id, id, reference, payment_id, order_id, status, reason, amount, currency, opened_at, due_at,
       evidence, answered_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     on conflict (tenant_id, id) do update set status = excluded.status, reason = excluded.reason, amount = excluded.amount,
       due_at = excluded.due_at, evidence = excluded.evidence, answered_at = excluded.answered_at, updated_at = excluded.updated_at`,
    [
      tenant,
      row.id,
      row.reference,
      row.payment_id,
      row.order_id,
      row.status,
      row.reason,
      row.amount,
      row.currency,
      row.opened_at,
      row.due_at,
      row.evidence,
      row.answered_at,
      at,
    ],
  );
}

function shown(row: DisputeRow): s.Dispute {
  return {
    id: row.id,
    paymentId: row.payment_id,
    orderId: row.order_id,
    provider: providerOf(row.reference),
    reference: row.reference,
    status: row.status,
    reason: row.reason,
    amount: row.amount,
    currency: row.currency,
    openedAt: row.opened_at.toISOString(),
    dueAt: row.due_at?.toISOString(),
    evidence: row.evidence ?? undefined,
    answeredAt: row.answered_at?.toISOString(),
  };
}

/**
 * Purchases that somebody of the company has to let pass. What is approved is a copy, made when it was asked for: a cart that has changed,
 * or come to more, is another purchase. Nobody approves their own, and one approval is one order.
 */
import { z } from 'zod';
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import {
  ApprovalLine,
  type Approval,
  type ApprovalQuery,
  type ApprovalState,
  type CompanyHappening,
} from './definition.ts';
import { lockBuyer, ReserveSpending } from './spending.ts';
import { companyEvent, findMember, listMembers, readCompany, runnerOf, type MemberRow } from './store.ts';

export const TELL_APPROVAL = 'accounts.tell-approval';
const DAY_MS = 24 * 60 * 60 * 1_000;
/** To decide, and again to buy. */
const GOOD_FOR_MS = 14 * DAY_MS;
/** Approvers who are written to. */
const MOST_TOLD = 20;

export const RequestApproval = ReserveSpending.extend({
  lines: z.array(ApprovalLine).min(1).max(100),
  purchaseOrder: z.string().max(64).optional(),
  message: z.string().max(2_000).default(''),
});
export type RequestApproval = z.infer<typeof RequestApproval>;

export const WithdrawApproval = ReserveSpending.pick({ purchaseId: true });
export type WithdrawApproval = z.infer<typeof WithdrawApproval>;

interface ApprovalRow {
  readonly id: string;
  readonly company_id: string;
  readonly requested_by: string;
  readonly decided_by: string | null;
  readonly purchase_id: string;
  readonly digest: string;
  readonly lines: Approval['lines'];
  readonly total: number;
  readonly currency: string;
  readonly purchase_order: string | null;
  readonly message: string;
  readonly answer: string | null;
  readonly state: 'waiting' | 'approved' | 'declined' | 'withdrawn';
  readonly created_at: Date;
  readonly decided_at: Date | null;
  readonly expires_at: Date;
  /** Of the order that it became. */
  readonly order_id: string | null;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly email: string | null;
}

/** Which one it is, and whose. */
type Asked = Pick<ApprovalRow, 'id' | 'company_id' | 'requested_by' | 'purchase_id'>;

const READ = `SELECT a.*, c.first_name, c.last_name, c.email,
  (SELECT s.order_id FROM company_spending s WHERE s.tenant_id = a.tenant_id AND s.approval_id = a.id AND s.state = 'spent') AS order_id
  FROM company_approvals a LEFT JOIN customers c ON c.tenant_id = a.tenant_id AND c.id = a.requested_by WHERE a.tenant_id = $1`;

export type Approvals = ReturnType<typeof createApprovals>;

export function createApprovals(platform: Pick<Platform, 'sql' | 'clock' | 'newId' | 'call' | 'originOf'>) {
  const { sql, clock, newId } = platform;

  async function tell(
    tx: Transaction,
    tenant: TenantId,
    { id, company_id, requested_by: customerId, purchase_id: purchaseId }: Asked,
    happening: Extract<CompanyHappening, `approval_${string}`>,
  ): Promise<void> {
    const company = await readCompany(tx, tenant, company_id);
    const about = { customerId, approvalId: id, purchaseId };
    await tx.emit(companyEvent(happening, company, platform, about));
    await tx.enqueue({
      name: TELL_APPROVAL,
      payload: { approvalId: id, happening },
      key: `${id}-${happening}`,
    });
  }

  async function insert(tx: Transaction, tenant: TenantId, input: RequestApproval): Promise<Asked> {
    const { companyId, customerId, purchaseId, digest, lines, total, currency, purchaseOrder, message } =
      input;
    const id = newId('apv');
    await tx.query(
      `INSERT INTO company_approvals (tenant_id, id, company_id, requested_by, purchase_id, digest, lines, total, currency, purchase_order,
         message, state, created_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting', $12, $13)`,
      [
        tenant,
        id,
        companyId,
        customerId,
        purchaseId,
        digest,
        JSON.stringify(lines),
        total,
        currency,
        purchaseOrder ?? null,
        message,
        clock.now(),
        until(),
      ],
    );
    return { id, company_id: companyId, requested_by: customerId, purchase_id: purchaseId };
  }

  /** What they see: approvers the whole company's, buyers their own. */
  function visible(member: MemberRow, row: Pick<ApprovalRow, 'company_id' | 'requested_by'>): boolean {
    if (row.company_id !== member.company_id) return false;
    return member.role !== 'buyer' || row.requested_by === member.customer_id;
  }

  return {
    /**
     * Asks for it. Who asks again for the same has the same approval; one for another content of the cart takes its place.
     * @throws ShopError `forbidden` for who does not buy for the company
     */
    request(tenant: TenantId, input: RequestApproval): Promise<Approval> {
      return sql.transaction(tenant, async (tx) => {
        await lockBuyer(tx, tenant, input.companyId, input.customerId);
        const { rows } = await tx.query<ApprovalRow>(
          `${READ} AND a.purchase_id = $2 AND a.state IN ('waiting', 'approved') FOR UPDATE OF a`,
          [tenant, input.purchaseId],
        );
        const [open] = rows;
        if (open !== undefined && isSame(open, input) && open.expires_at > clock.now()) return show(open);
        if (open !== undefined)
          await tx.query(
            `UPDATE company_approvals SET state = 'withdrawn' WHERE tenant_id = $1 AND id = $2`,
            [tenant, open.id],
          );
        const made = await insert(tx, tenant, input);
        await tell(tx, tenant, made, 'approval_requested');
        return show(await find(tx, tenant, made.id));
      });
    },

    /** Nobody has to decide any longer what came to nothing, or was agreed to otherwise. What was decided stays. May be asked for twice. */
    async withdraw(tenant: TenantId, { purchaseId }: WithdrawApproval): Promise<void> {
      await sql.query(
        tenant,
        `UPDATE company_approvals SET state = 'withdrawn' WHERE tenant_id = $1 AND purchase_id = $2 AND state = 'waiting'`,
        [tenant, purchaseId],
      );
    },

    async list(tenant: TenantId, member: MemberRow, { state, cursor, limit }: ApprovalQuery) {
      const { rows } = await sql.query<ApprovalRow>(
        tenant,
        `${READ} AND a.company_id = $2 AND ($3::text IS NULL OR a.requested_by = $3) AND ($4::text IS NULL OR a.state = $4)
           AND ($5::timestamptz IS NULL OR a.expires_at > $5) AND ($6::text IS NULL OR a.id < $6)
         ORDER BY a.id DESC LIMIT $7`,
        [
          tenant,
          member.company_id,
          member.role === 'buyer' ? member.customer_id : null,
          state ?? null,
          state === 'waiting' ? clock.now() : null,
          cursor ?? null,
          limit + 1,
        ],
      );
      const approvals = rows.slice(0, limit).map(show);
      const last = approvals.at(-1);
      const more = rows.length > limit && last !== undefined ? { nextCursor: last.id } : {};
      return { approvals, ...more };
    },

    /** @throws ShopError `not_found`, also for what is another's */
    async get(tenant: TenantId, member: MemberRow, id: string): Promise<Approval> {
      const row = await find(runnerOf(sql, tenant), tenant, id);
      if (!visible(member, row)) throw noApproval(id);
      return show(row);
    },

    /**
     * Said twice the same way it is said once.
     * @throws ShopError `forbidden` for buyers, and for whoever asked; `illegal_transition` once it was decided otherwise, `gone` once it is over
     */
    decide(
      tenant: TenantId,
      by: string,
      id: string,
      decision: 'approved' | 'declined',
      answer: string | undefined,
    ): Promise<Approval> {
      return sql.transaction(tenant, async (tx) => {
        const row = await find(tx, tenant, id, 'FOR UPDATE OF a');
        const member = await findMember(tx, tenant, by);
        if (member === undefined || !visible(member, row)) throw noApproval(id);
        requireApprover(member, row);
        if (row.state === decision && row.decided_by === by) return show(row);
        if (row.state !== 'waiting')
          throw new ShopError('illegal_transition', `This was ${row.state} already.`, {
            remedy: 'Look at it again.',
          });
        if (row.expires_at <= clock.now())
          throw new ShopError('gone', 'Nobody decided this in time.', { remedy: 'Have it asked for again.' });
        await tx.query(
          `UPDATE company_approvals SET state = $3, decided_by = $4, answer = $5, decided_at = $6, expires_at = $7
           WHERE tenant_id = $1 AND id = $2`,
          [tenant, id, decision, by, answer ?? null, clock.now(), until()],
        );
        await tell(tx, tenant, row, decision === 'approved' ? 'approval_granted' : 'approval_declined');
        return show(await find(tx, tenant, id));
      });
    },

    /** By the task: approvers hear of what waits for them, and whoever asked of what was decided. */
    async mail(
      tenant: Tenant,
      id: string,
      happening: Extract<CompanyHappening, `approval_${string}`>,
    ): Promise<void> {
      if (!tenant.domains.includes('notifications')) return;
      const runner = runnerOf(sql, tenant.id);
      const row = await find(runner, tenant.id, id);
      const { name: company } = await readCompany(runner, tenant.id, row.company_id);
      const requester = await findMember(runner, tenant.id, row.requested_by);
      // Who has left meanwhile buys nothing by it.
      if (requester === undefined) return;
      const asked = happening === 'approval_requested';
      const words = asked ? row.message : (row.answer ?? '');
      const to = asked ? await approversOf(tenant.id, row) : [requester];
      for (const member of to) {
        await platform.call(tenant.id, 'notifications', 'notify', {
          key: `companies:${happening}:${id}:${member.customer_id}`.slice(0, 120),
          kind: KIND_OF[happening],
          to: {
            email: member.email,
            customerId: member.customer_id,
            ...(member.first_name === '' ? {} : { name: member.first_name }),
          },
          channels: ['mail'],
          variables: {
            company,
            total: { amount: row.total, currency: row.currency },
            link: `${platform.originOf(tenant)}/account/company`,
            ...(words === '' ? {} : { words }),
            ...(asked ? { buyer: nameOf(requester) } : {}),
          },
        });
      }
    },
  };

  function until(): Date {
    return new Date(clock.now().getTime() + GOOD_FOR_MS);
  }

  async function find(
    runner: Pick<Transaction, 'query'>,
    tenant: TenantId,
    id: string,
    lock = '',
  ): Promise<ApprovalRow> {
    const { rows } = await runner.query<ApprovalRow>(`${READ} AND a.id = $2 ${lock}`, [tenant, id]);
    const [row] = rows;
    if (row === undefined) throw noApproval(id);
    return row;
  }

  async function approversOf(tenant: TenantId, row: ApprovalRow): Promise<readonly MemberRow[]> {
    const members = await listMembers(runnerOf(sql, tenant), tenant, row.company_id);
    return members
      .filter(({ role, customer_id }) => role !== 'buyer' && customer_id !== row.requested_by)
      .slice(0, MOST_TOLD);
  }

  function show(row: ApprovalRow): Approval {
    return {
      id: row.id,
      state: stateOf(row),
      purchaseId: row.purchase_id,
      requestedBy: {
        customerId: row.requested_by,
        name: row.email === null ? '' : nameOf({ ...row, email: row.email }),
      },
      lines: row.lines.map((line) => ({ ...line })),
      total: { amount: row.total, currency: row.currency },
      purchaseOrder: row.purchase_order,
      message: row.message,
      answer: row.answer,
      orderId: row.order_id,
      createdAt: row.created_at.toISOString(),
      decidedAt: row.decided_at?.toISOString() ?? null,
      expiresAt: row.expires_at.toISOString(),
    };
  }

  function stateOf({ state, order_id, expires_at }: ApprovalRow): ApprovalState {
    if (state === 'approved' && order_id !== null) return 'ordered';
    const isOpen = state === 'approved' || state === 'waiting';
    return isOpen && expires_at <= clock.now() ? 'expired' : state;
  }
}

const KIND_OF = {
  approval_requested: 'companies.approval',
  approval_granted: 'companies.granted',
  approval_declined: 'companies.declined',
} as const;

/** Less than was asked for is the same purchase: what may be more may be less. */
function isSame(open: ApprovalRow, wanted: RequestApproval): boolean {
  return (
    open.requested_by === wanted.customerId &&
    open.company_id === wanted.companyId &&
    open.digest === wanted.digest &&
    open.currency === wanted.currency &&
    open.total >= wanted.total &&
    open.purchase_order === (wanted.purchaseOrder ?? null)
  );
}

function requireApprover(member: MemberRow, row: ApprovalRow): void {
  if (member.role === 'buyer')
    throw new ShopError('forbidden', 'This is for the company’s approvers and admins.', {
      remedy: 'Ask one of them.',
    });
  if (member.customer_id === row.requested_by)
    throw new ShopError('forbidden', 'Nobody approves what they asked for themselves.', {
      remedy: 'Ask another approver or admin.',
    });
}

function nameOf(row: {
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly email: string;
}): string {
  return [row.first_name, row.last_name].filter(Boolean).join(' ') || row.email;
}

function noApproval(id: string): ShopError {
  return new ShopError('not_found', `There is no approval ${id} that you may see.`, {
    remedy: 'List those of your company.',
  });
}

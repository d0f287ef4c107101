/**
 * Who buys for a company: invited by mail, changed and taken out by its admins or the merchant. Each change is made under the
 * company's lock, so that an admin is left and nobody is invited twice.
 */
import type { Platform, RouteRequest } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import { findByEmail } from '../customers.ts';
import { GOOD_FOR_MS, overdue, SEND_LINK, wantsMail, type Links } from '../links.ts';
import type { Passwords } from '../passwords.ts';
import { addCustomer } from '../registrations.ts';
import { keyOf } from '../shapes.ts';
import { nextSweep } from '../sweep.ts';
import type { CompanyInvite, CompanyRole, JoinCompany, MemberPatch, SpendingLimits } from './definition.ts';
import {
  companyEvent,
  findMember,
  lockCompany,
  nobodyCalled,
  noMembership,
  type CompanyRow,
  type InvitationRow,
  type MemberRow,
} from './store.ts';

const MOST_MEMBERS = 500;
const MOST_INVITATIONS = 100;

/** Who changes something: the merchant, or a member, who has to be an admin. */
export type By = { readonly merchant: true } | { readonly customerId: string };

export function createCompanyMembers(
  platform: Pick<Platform, 'sql' | 'clock' | 'newId' | 'call' | 'originOf'>,
  { links, passwords }: { readonly links: Links; readonly passwords: Passwords },
) {
  const { sql, clock, newId } = platform;

  /** Under the company's lock, once it is clear that whoever asks may. */
  function change<T>(
    tenant: TenantId,
    companyId: string,
    by: By,
    work: (tx: Transaction, company: CompanyRow) => Promise<T>,
  ): Promise<T> {
    return sql.transaction(tenant, async (tx) => {
      const company = await lockCompany(tx, tenant, companyId);
      if (!('merchant' in by)) requireAdmin(await findMember(tx, tenant, by.customerId), companyId);
      return work(tx, company);
    });
  }

  async function memberIn(
    tx: SqlRunner,
    tenant: TenantId,
    companyId: string,
    customerId: string,
  ): Promise<MemberRow> {
    const member = await findMember(tx, tenant, customerId);
    if (member?.company_id !== companyId) throw nobodyCalled(customerId);
    return member;
  }

  /** Asked under the company's lock. @throws ShopError `conflict` */
  async function requireAnotherAdmin(tx: SqlRunner, tenant: TenantId, member: MemberRow): Promise<void> {
    if (member.role !== 'admin') return;
    const { rows } = await tx.query(
      `SELECT 1 FROM company_members WHERE tenant_id = $1 AND company_id = $2 AND customer_id <> $3 AND role = 'admin' LIMIT 1`,
      [tenant, member.company_id, member.customer_id],
    );
    if (rows.length > 0) return;
    throw new ShopError('conflict', 'This is the company’s last admin.', {
      remedy: 'Make somebody else an admin first.',
    });
  }

  async function findInvitation(
    runner: SqlRunner,
    tenant: TenantId,
    id: string,
  ): Promise<(InvitationRow & { readonly company_name: string }) | undefined> {
    const { rows } = await runner.query<InvitationRow & { company_name: string }>(
      `SELECT i.*, c.name AS company_name FROM company_invitations i
       JOIN companies c ON c.tenant_id = i.tenant_id AND c.id = i.company_id
       WHERE i.tenant_id = $1 AND i.id = $2 AND i.expires_at > $3 AND c.state = 'approved'`,
      [tenant, id, clock.now()],
    );
    return rows[0];
  }

  return {
    /** @throws ShopError `conflict` for a company that may not buy, who is a member already, or one too many */
    invite(
      tenant: Tenant,
      companyId: string,
      by: By,
      { email, role, limits }: CompanyInvite,
    ): Promise<InvitationRow> {
      wantsMail(tenant, 'nobody can be invited');
      return change(tenant.id, companyId, by, async (tx, company) => {
        requireApproved(company);
        await requireRoom(tx, tenant.id, companyId, keyOf(email));
        return addInvitation(tx, platform, tenant.id, companyId, { email, role, limits });
      });
    },

    /** @throws ShopError `not_found` */
    withdraw(tenant: TenantId, companyId: string, by: By, id: string): Promise<void> {
      return change(tenant, companyId, by, async (tx) => {
        const { rowCount } = await tx.query(
          'DELETE FROM company_invitations WHERE tenant_id = $1 AND company_id = $2 AND id = $3',
          [tenant, companyId, id],
        );
        if (rowCount === 0)
          throw new ShopError('not_found', `There is no invitation ${id}.`, {
            remedy: 'List the company’s members.',
          });
        await links.forget(tx, tenant, id);
      });
    },

    /** By the task: who has an account is asked to join with it, who has none to choose a password. */
    async sendInvitation(tenant: Tenant, id: string): Promise<void> {
      const invitation = await findInvitation(
        { query: (text, values) => sql.query(tenant.id, text, values) },
        tenant.id,
        id,
      );
      if (invitation === undefined) return;
      const known = await findByEmail(platform, tenant.id, invitation.email);
      const token = await links.make(tenant.id, 'company', id);
      const page = known === undefined ? 'company' : 'company-member';
      await platform.call(tenant.id, 'notifications', 'notify', {
        key: `companies.invitation:${id}:${token.slice(0, 8)}`,
        kind: 'companies.invitation',
        to: {
          email: invitation.email,
          ...(known === undefined || known.first_name === '' ? {} : { name: known.first_name }),
        },
        channels: ['mail'],
        variables: {
          company: invitation.company_name,
          link: `${platform.originOf(tenant)}/api/accounts/pages/${page}#${token}`,
        },
      });
    },

    /**
     * Whoever has the link has the mailbox, and so is whose account has its address; one is made where there is none.
     * @throws ShopError `gone` for a link that is used up, `conflict` for who buys for a company already, `invalid_input` without a
     *   password where one is needed
     */
    async join({ tenant, body, signal }: RouteRequest): Promise<void> {
      const { token, password } = body as JoinCompany; // parsed by the route's schema
      const id = await links.find(tenant.id, 'company', token);
      if (id === undefined) throw overdue();
      const hash = password === undefined ? undefined : await passwords.hash(password, signal);
      await sql.transaction(tenant.id, async (tx) => {
        const invitation = await findInvitation(tx, tenant.id, id);
        if (invitation === undefined || !(await links.use(tx, tenant.id, 'company', token))) throw overdue();
        const company = await lockCompany(tx, tenant.id, invitation.company_id);
        const customerId = await customerOf(tx, tenant.id, invitation.email, hash);
        await addMember(tx, platform, tenant.id, company, { customerId, ...invitation });
        await tx.query('DELETE FROM company_invitations WHERE tenant_id = $1 AND id = $2', [tenant.id, id]);
      });
    },

    /** @throws ShopError `not_found`, `forbidden`, `conflict` for the last admin */
    update(
      tenant: TenantId,
      companyId: string,
      by: By,
      customerId: string,
      { role, limits }: MemberPatch,
    ): Promise<MemberRow> {
      return change(tenant, companyId, by, async (tx, company) => {
        const before = await memberIn(tx, tenant, companyId, customerId);
        if (role !== undefined && role !== 'admin') await requireAnotherAdmin(tx, tenant, before);
        const after: MemberRow = {
          ...before,
          role: role ?? before.role,
          limits: limits === undefined ? before.limits : limits,
        };
        await tx.query(
          'UPDATE company_members SET role = $3, limits = $4 WHERE tenant_id = $1 AND customer_id = $2',
          [tenant, customerId, after.role, jsonOf(after.limits)],
        );
        await tx.emit(companyEvent('member_changed', company, platform, { customerId, role: after.role }));
        return after;
      });
    },

    /** An admin takes others out, everybody themselves. @throws as `update` */
    remove(tenant: TenantId, companyId: string, by: By, customerId: string): Promise<void> {
      const leaves = !('merchant' in by) && by.customerId === customerId;
      // Whether they are in it is asked under the lock.
      return change(tenant, companyId, leaves ? { merchant: true } : by, async (tx, company) => {
        const member = await memberIn(tx, tenant, companyId, customerId);
        if (!('merchant' in by)) await requireAnotherAdmin(tx, tenant, member);
        await tx.query('DELETE FROM company_members WHERE tenant_id = $1 AND customer_id = $2', [
          tenant,
          customerId,
        ]);
        await tx.emit(companyEvent('member_left', company, platform, { customerId, role: member.role }));
      });
    },

    async removeExpired(tenant: TenantId): Promise<void> {
      await sql.query(tenant, 'DELETE FROM company_invitations WHERE tenant_id = $1 AND expires_at <= $2', [
        tenant,
        clock.now(),
      ]);
    },
  };

  /** Whose account has the address; one is made where there is none. */
  async function customerOf(
    tx: Transaction,
    tenant: TenantId,
    email: string,
    hash: string | undefined,
  ): Promise<string> {
    const { rows } = await tx.query<{ id: string }>(
      'SELECT id FROM customers WHERE tenant_id = $1 AND email_key = $2',
      [tenant, keyOf(email)],
    );
    const [known] = rows;
    if (known !== undefined) return known.id;
    if (hash === undefined)
      throw new ShopError('invalid_input', 'There is no account of this address yet.', {
        remedy: 'Choose a password.',
        problems: [{ where: 'body/password', what: 'is needed' }],
      });
    const fresh = { email, first_name: '', last_name: '', accepts_marketing: false, locale: null };
    const { id } = await addCustomer({ clock, newId }, tx, tenant, fresh, hash);
    return id;
  }
}

/** In the transaction that makes it; the mail is the task's. Whoever was invited before has what was said last. */
export async function addInvitation(
  tx: Transaction,
  { clock, newId }: Pick<Platform, 'clock' | 'newId'>,
  tenant: TenantId,
  companyId: string,
  { email, role, limits }: CompanyInvite,
): Promise<InvitationRow> {
  const { rows } = await tx.query<InvitationRow>(
    `INSERT INTO company_invitations (tenant_id, id, company_id, email, email_key, role, limits, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (tenant_id, company_id, email_key) DO UPDATE
       SET role = excluded.role, limits = excluded.limits, expires_at = excluded.expires_at
     RETURNING *`,
    [
      tenant,
      newId('cin'),
      companyId,
      email,
      keyOf(email),
      role,
      jsonOf(limits),
      clock.now(),
      new Date(clock.now().getTime() + GOOD_FOR_MS.company),
    ],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('An invitation was written without a result.');
  await tx.enqueue({
    name: SEND_LINK,
    payload: { purpose: 'company', invitationId: row.id },
    key: `company/${row.id}`,
  });
  await tx.enqueue(nextSweep(clock));
  return row;
}

/** In the transaction that makes it, under the company's lock. @throws ShopError `conflict` for who buys for a company already */
export async function addMember(
  tx: Transaction,
  platform: Pick<Platform, 'clock'>,
  tenant: TenantId,
  company: CompanyRow,
  {
    customerId,
    role,
    limits,
  }: {
    readonly customerId: string;
    readonly role: CompanyRole;
    readonly limits: SpendingLimits | null;
  },
): Promise<void> {
  const { rowCount } = await tx.query(
    `INSERT INTO company_members (tenant_id, customer_id, company_id, role, limits, joined_at)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
    [tenant, customerId, company.id, role, jsonOf(limits), platform.clock.now()],
  );
  if (rowCount === 0)
    throw new ShopError('conflict', 'This account buys for a company already.', {
      remedy: 'Leave that one first, or use another address.',
    });
  await tx.emit(companyEvent('member_joined', company, platform, { customerId, role }));
}

/** @throws ShopError `not_found` for who is not in it, `forbidden` for who is not its admin */
export function requireAdmin(member: MemberRow | undefined, companyId: string): void {
  if (member?.company_id !== companyId) throw noMembership();
  if (member.role === 'admin') return;
  throw new ShopError('forbidden', 'This is for the company’s admins.', { remedy: 'Ask one of them.' });
}

function requireApproved({ state }: Pick<CompanyRow, 'state'>): void {
  if (state === 'approved') return;
  throw new ShopError('conflict', `A company that is ${state} cannot do this.`, {
    remedy: 'The shop has to approve it first.',
  });
}

async function requireRoom(
  tx: SqlRunner,
  tenant: TenantId,
  companyId: string,
  emailKey: string,
): Promise<void> {
  const { rows } = await tx.query<{ is_member: boolean; members: number; invitations: number }>(
    `SELECT EXISTS (SELECT 1 FROM company_members m JOIN customers c ON c.tenant_id = m.tenant_id AND c.id = m.customer_id
         WHERE m.tenant_id = $1 AND m.company_id = $2 AND c.email_key = $3) AS is_member,
       (SELECT count(*)::int FROM company_members WHERE tenant_id = $1 AND company_id = $2) AS members,
       (SELECT count(*)::int FROM company_invitations WHERE tenant_id = $1 AND company_id = $2 AND email_key <> $3) AS invitations`,
    [tenant, companyId, emailKey],
  );
  const [found] = rows;
  if (found?.is_member === true)
    throw new ShopError('conflict', 'Somebody of this address is a member already.', {
      remedy: 'Change their role.',
    });
  if ((found?.members ?? 0) < MOST_MEMBERS && (found?.invitations ?? 0) < MOST_INVITATIONS) return;
  throw new ShopError(
    'conflict',
    `A company has at most ${MOST_MEMBERS} members and ${MOST_INVITATIONS} invitations.`,
    { remedy: 'Remove those who have left, or take invitations back.' },
  );
}

function jsonOf(limits: SpendingLimits | null | undefined): string | null {
  return limits === null || limits === undefined ? null : JSON.stringify(limits);
}

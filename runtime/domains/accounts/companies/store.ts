/** Rows of companies, their members and invitations: how they are found, locked and shown. */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { NewEvent, Sql, SqlRunner, TenantId, Transaction } from '../../../platform/ports.ts';
import type { Address } from '../shapes.ts';
import type {
  Company,
  CompanyEvent,
  CompanyHappening,
  CompanyInvitation,
  CompanyMember,
  CompanyRole,
  CompanyState,
  MerchantCompany,
  SpendingLimits,
} from './definition.ts';

export interface CompanyRow {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly country: string;
  readonly tax_id: string | null;
  readonly state: CompanyState;
  readonly net_days: number | null;
  readonly message: string;
  readonly requested_by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** A member with the names of their account. */
export interface MemberRow {
  readonly customer_id: string;
  readonly company_id: string;
  readonly email: string;
  readonly first_name: string;
  readonly last_name: string;
  readonly role: CompanyRole;
  readonly limits: SpendingLimits | null;
  readonly joined_at: Date;
}

export interface InvitationRow {
  readonly id: string;
  readonly company_id: string;
  readonly email: string;
  readonly role: CompanyRole;
  readonly limits: SpendingLimits | null;
  readonly created_at: Date;
  readonly expires_at: Date;
}

export type ListedCompany = CompanyRow & { readonly group_ids: readonly string[]; readonly members: number };

export const LISTED = `SELECT c.*,
  ARRAY(SELECT g.group_id FROM company_groups g WHERE g.tenant_id = c.tenant_id AND g.company_id = c.id ORDER BY g.group_id) AS group_ids,
  (SELECT count(*)::int FROM company_members m WHERE m.tenant_id = c.tenant_id AND m.company_id = c.id) AS members
  FROM companies c`;

const MEMBERS = `SELECT m.customer_id, m.company_id, m.role, m.limits, m.joined_at, c.email, c.first_name, c.last_name
  FROM company_members m JOIN customers c ON c.tenant_id = m.tenant_id AND c.id = m.customer_id WHERE m.tenant_id = $1`;

export function runnerOf(sql: Sql, tenant: TenantId): SqlRunner {
  return { query: (text, values) => sql.query(tenant, text, values) };
}

/** Keeps others from changing it, its members and its invitations until the transaction ends. @throws ShopError `not_found` */
export async function lockCompany(tx: Transaction, tenant: TenantId, id: string): Promise<CompanyRow> {
  const { rows } = await tx.query<CompanyRow>(
    'SELECT * FROM companies WHERE tenant_id = $1 AND id = $2 FOR UPDATE',
    [tenant, id],
  );
  const [row] = rows;
  if (row === undefined) throw noCompany(id);
  return row;
}

/** @throws ShopError `not_found` */
export async function readCompany(runner: SqlRunner, tenant: TenantId, id: string): Promise<ListedCompany> {
  const { rows } = await runner.query<ListedCompany>(`${LISTED} WHERE c.tenant_id = $1 AND c.id = $2`, [
    tenant,
    id,
  ]);
  const [row] = rows;
  if (row === undefined) throw noCompany(id);
  return row;
}

export async function findMember(
  runner: SqlRunner,
  tenant: TenantId,
  customerId: string,
): Promise<MemberRow | undefined> {
  const { rows } = await runner.query<MemberRow>(`${MEMBERS} AND m.customer_id = $2`, [tenant, customerId]);
  return rows[0];
}

export async function listMembers(
  runner: SqlRunner,
  tenant: TenantId,
  companyId: string,
): Promise<readonly MemberRow[]> {
  const { rows } = await runner.query<MemberRow>(
    `${MEMBERS} AND m.company_id = $2 ORDER BY m.joined_at, m.customer_id`,
    [tenant, companyId],
  );
  return rows;
}

export async function listInvitations(
  runner: SqlRunner,
  tenant: TenantId,
  companyId: string,
  now: Date,
): Promise<readonly InvitationRow[]> {
  const { rows } = await runner.query<InvitationRow>(
    'SELECT * FROM company_invitations WHERE tenant_id = $1 AND company_id = $2 AND expires_at > $3 ORDER BY created_at, id',
    [tenant, companyId, now],
  );
  return rows;
}

export async function listCompanyAddresses(
  runner: SqlRunner,
  tenant: TenantId,
  companyId: string,
): Promise<Address[]> {
  const { rows } = await runner.query<AddressRow>(
    'SELECT id, address, is_default FROM company_addresses WHERE tenant_id = $1 AND company_id = $2 ORDER BY is_default DESC, created_at, id',
    [tenant, companyId],
  );
  return rows.map(toAddress);
}

export interface AddressRow {
  readonly id: string;
  readonly address: Omit<Address, 'id' | 'isDefault'>;
  readonly is_default: boolean;
}

export function toAddress({ id, address, is_default: isDefault }: AddressRow): Address {
  return { ...address, id, isDefault };
}

export function toCompany(row: CompanyRow): Company {
  return {
    id: row.id,
    name: row.name,
    country: row.country,
    taxId: row.tax_id,
    state: row.state,
    netDays: row.net_days,
    createdAt: row.created_at.toISOString(),
    version: row.version,
  };
}

export function toMerchantCompany(row: ListedCompany): MerchantCompany {
  return {
    ...toCompany(row),
    message: row.message,
    groupIds: [...row.group_ids],
    members: row.members,
  };
}

export function toMember(row: MemberRow): CompanyMember {
  return {
    customerId: row.customer_id,
    email: row.email,
    firstName: row.first_name,
    lastName: row.last_name,
    role: row.role,
    limits: row.limits,
    joinedAt: row.joined_at.toISOString(),
  };
}

export function toInvitation(row: InvitationRow): CompanyInvitation {
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    limits: row.limits,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  };
}

/** @param about of events about somebody in it */
export function companyEvent(
  happening: CompanyHappening,
  row: CompanyRow,
  { clock }: Pick<Platform, 'clock'>,
  about: Pick<CompanyEvent, 'customerId' | 'role' | 'approvalId' | 'purchaseId'> = {},
): NewEvent {
  const { id, name, country, tax_id: taxId, state, net_days: netDays } = row;
  const at = clock.now().toISOString();
  const payload: CompanyEvent = { id, name, country, taxId, state, netDays, at, ...about };
  return { topic: 'accounts.company', type: `accounts.company.${happening}`, key: id, payload };
}

function noCompany(id: string): ShopError {
  return new ShopError('not_found', `There is no company ${id}.`, {
    remedy: 'GET /api/admin/accounts/companies lists them.',
  });
}

/** Also to whoever is in another company: nobody learns which there are. */
export function noMembership(): ShopError {
  return new ShopError('not_found', 'You buy for no company here.', {
    remedy: 'Ask for a company account, or have somebody invite you.',
  });
}

export function nobodyCalled(customerId: string): ShopError {
  return new ShopError('not_found', `Nobody in this company is ${customerId}.`, {
    remedy: 'List its members.',
  });
}

/** The life of a company: asked for, approved, changed, blocked; its addresses and its groups. Changes are made under its lock. */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import { noAddress } from '../addresses.ts';
import type { Address, AddressInput } from '../shapes.ts';
import { wantsMail } from '../links.ts';
import type { CompanyPatch, CompanyQuery, CompanyRequest, CompanyState, NewCompany } from './definition.ts';
import { addInvitation, addMember, requireAdmin } from './members.ts';
import {
  companyEvent,
  findMember,
  LISTED,
  listCompanyAddresses,
  lockCompany,
  readCompany,
  toAddress,
  type AddressRow,
  type CompanyRow,
  type ListedCompany,
} from './store.ts';
import { readTaxId } from './tax-ids.ts';

const MOST_ADDRESSES = 50;
export const TELL_COMPANY = 'accounts.tell-company';

export type Companies = ReturnType<typeof createCompanies>;

export function createCompanies(platform: Pick<Platform, 'sql' | 'clock' | 'newId'>) {
  const { sql, clock, newId } = platform;

  async function insert(
    tx: Transaction,
    tenant: TenantId,
    row: Pick<CompanyRow, 'name' | 'country' | 'tax_id' | 'state' | 'net_days' | 'message' | 'requested_by'>,
  ): Promise<CompanyRow> {
    const { rows } = await tx.query<CompanyRow>(
      `INSERT INTO companies (tenant_id, id, version, name, country, tax_id, state, net_days, message, requested_by, created_at, updated_at)
       VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $10) RETURNING *`,
      [
        tenant,
        newId('cmp'),
        row.name,
        row.country,
        row.tax_id,
        row.state,
        row.net_days,
        row.message,
        row.requested_by,
        clock.now(),
      ],
    );
    const [made] = rows;
    if (made === undefined) throw new Error('A company was written without a result.');
    return made;
  }

  async function insertAddress(
    tx: Transaction,
    tenant: TenantId,
    companyId: string,
    { isDefault: _asked, ...address }: AddressInput,
    isDefault: boolean,
  ): Promise<Address> {
    const { rows } = await tx.query<AddressRow>(
      `INSERT INTO company_addresses (tenant_id, id, company_id, address, is_default, created_at)
       VALUES ($1, $2, $3, $4, $5, $6) RETURNING id, address, is_default`,
      [tenant, newId('cad'), companyId, JSON.stringify(address), isDefault, clock.now()],
    );
    const [made] = rows;
    if (made === undefined) throw new Error('An address was written without a result.');
    return toAddress(made);
  }

  /** Moves it on and says so; one that is there already is left alone. */
  function become(tenant: TenantId, id: string, state: CompanyState): Promise<ListedCompany> {
    return sql.transaction(tenant, async (tx) => {
      const before = await lockCompany(tx, tenant, id);
      if (before.state !== state) {
        await tx.query(
          'UPDATE companies SET state = $3, version = version + 1, updated_at = $4 WHERE tenant_id = $1 AND id = $2',
          [tenant, id, state, clock.now()],
        );
        const happening = state === 'approved' ? 'approved' : 'blocked';
        await tx.emit(companyEvent(happening, { ...before, state }, platform));
        if (before.state === 'requested' && state === 'approved')
          await tx.enqueue({ name: TELL_COMPANY, payload: { companyId: id }, key: id });
      }
      return readCompany(tx, tenant, id);
    });
  }

  /** Under the lock, for an admin of it. */
  function asAdmin<T>(
    tenant: TenantId,
    companyId: string,
    customerId: string,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    return sql.transaction(tenant, async (tx) => {
      await lockCompany(tx, tenant, companyId);
      requireAdmin(await findMember(tx, tenant, customerId), companyId);
      return work(tx);
    });
  }

  return {
    /** @throws ShopError `conflict` for who buys for a company already, `invalid_input` for a tax id of another form */
    async request(tenant: TenantId, customerId: string, input: CompanyRequest): Promise<CompanyRow> {
      const { name, country, taxId, address, message } = input;
      const tax_id = taxIdOf(country, taxId);
      return sql.transaction(tenant, async (tx) => {
        const company = await insert(tx, tenant, {
          name,
          country,
          tax_id,
          state: 'requested',
          net_days: null,
          message,
          requested_by: customerId,
        });
        await addMember(tx, platform, tenant, company, { customerId, role: 'admin', limits: null });
        if (address !== undefined) await insertAddress(tx, tenant, company.id, address, true);
        await tx.emit(companyEvent('requested', company, platform, { customerId }));
        return company;
      });
    },

    /** @throws ShopError `invalid_input`; `conflict` where an admin is to be invited and no mail is sent */
    create(tenant: Tenant, input: NewCompany): Promise<ListedCompany> {
      const { name, country, taxId, netDays, admin } = input;
      const tax_id = taxIdOf(country, taxId);
      if (admin !== undefined) wantsMail(tenant, 'nobody can be invited');
      return sql.transaction(tenant.id, async (tx) => {
        const company = await insert(tx, tenant.id, {
          name,
          country,
          tax_id,
          state: 'approved',
          net_days: netDays ?? null,
          message: '',
          requested_by: null,
        });
        await tx.emit(companyEvent('approved', company, platform));
        if (admin !== undefined)
          await addInvitation(tx, platform, tenant.id, company.id, { email: admin, role: 'admin' });
        return readCompany(tx, tenant.id, company.id);
      });
    },

    approve: (tenant: TenantId, id: string) => become(tenant, id, 'approved'),
    block: (tenant: TenantId, id: string) => become(tenant, id, 'blocked'),

    update(tenant: TenantId, id: string, { name, taxId, netDays }: CompanyPatch): Promise<ListedCompany> {
      return sql.transaction(tenant, async (tx) => {
        const before = await lockCompany(tx, tenant, id);
        const after: CompanyRow = {
          ...before,
          name: name ?? before.name,
          tax_id: taxId === undefined ? before.tax_id : taxIdOf(before.country, taxId ?? undefined),
          net_days: netDays === undefined ? before.net_days : netDays,
        };
        await tx.query(
          `UPDATE companies SET name = $3, tax_id = $4, net_days = $5, version = version + 1, updated_at = $6
           WHERE tenant_id = $1 AND id = $2`,
          [tenant, id, after.name, after.tax_id, after.net_days, clock.now()],
        );
        await tx.emit(companyEvent('changed', after, platform));
        return readCompany(tx, tenant, id);
      });
    },

    setGroups(tenant: TenantId, id: string, wanted: readonly string[]): Promise<ListedCompany> {
      const groupIds = [...new Set(wanted)].toSorted();
      return sql.transaction(tenant, async (tx) => {
        const company = await lockCompany(tx, tenant, id);
        const { rows } = await tx.query<{ id: string }>(
          'SELECT id FROM customer_groups WHERE tenant_id = $1 AND id = ANY ($2::text[]) ORDER BY id FOR SHARE',
          [tenant, groupIds],
        );
        const unknown = groupIds.find((groupId) => !rows.some((row) => row.id === groupId));
        if (unknown !== undefined)
          throw new ShopError('invalid_input', `There is no group ${unknown}.`, {
            remedy: 'GET /api/admin/accounts/groups lists them.',
            problems: [{ where: 'body/groupIds', what: `${unknown}: no such group` }],
          });
        await tx.query(
          'DELETE FROM company_groups WHERE tenant_id = $1 AND company_id = $2 AND group_id <> ALL ($3::text[])',
          [tenant, id, groupIds],
        );
        await tx.query(
          `INSERT INTO company_groups (tenant_id, company_id, group_id) SELECT $1, $2, unnest($3::text[]) ON CONFLICT DO NOTHING`,
          [tenant, id, groupIds],
        );
        await tx.emit(companyEvent('changed', company, platform));
        return readCompany(tx, tenant, id);
      });
    },

    async list(tenant: TenantId, { state, q, cursor, limit }: CompanyQuery) {
      const { rows } = await sql.query<ListedCompany>(
        tenant,
        `${LISTED} WHERE c.tenant_id = $1 AND ($2::text IS NULL OR c.state = $2)
           AND ($3::text IS NULL OR strpos(lower(c.name), lower($3)) > 0 OR starts_with(coalesce(c.tax_id, ''), upper($3)))
           AND ($4::text IS NULL OR c.id < $4)
         ORDER BY c.id DESC LIMIT $5`,
        [tenant, state ?? null, q ?? null, cursor ?? null, limit + 1],
      );
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return { page, nextCursor: rows.length > limit ? last?.id : undefined };
    },

    /** The first address, and any that says so, becomes the default one. @throws ShopError `forbidden`, `not_found`, `conflict` */
    saveAddress(
      tenant: TenantId,
      companyId: string,
      customerId: string,
      id: string | undefined,
      input: AddressInput,
    ): Promise<Address> {
      return asAdmin(tenant, companyId, customerId, async (tx) => {
        const present = await listCompanyAddresses(tx, tenant, companyId);
        if (id !== undefined && !present.some((each) => each.id === id)) throw noAddress();
        if (id === undefined && present.length >= MOST_ADDRESSES)
          throw new ShopError('conflict', `There are ${MOST_ADDRESSES} addresses already.`, {
            remedy: 'Delete one that is not used.',
          });
        const others = present.filter((each) => each.id !== id);
        const isDefault = input.isDefault || !others.some((each) => each.isDefault);
        if (isDefault)
          await tx.query(
            'UPDATE company_addresses SET is_default = false WHERE tenant_id = $1 AND company_id = $2',
            [tenant, companyId],
          );
        if (id === undefined) return insertAddress(tx, tenant, companyId, input, isDefault);
        const { isDefault: _asked, ...address } = input;
        await tx.query(
          'UPDATE company_addresses SET address = $3, is_default = $4 WHERE tenant_id = $1 AND id = $2',
          [tenant, id, JSON.stringify(address), isDefault],
        );
        return { ...address, id, isDefault };
      });
    },

    /** @throws ShopError `forbidden`, `not_found` */
    removeAddress(tenant: TenantId, companyId: string, customerId: string, id: string): Promise<void> {
      return asAdmin(tenant, companyId, customerId, async (tx) => {
        const { rowCount } = await tx.query(
          'DELETE FROM company_addresses WHERE tenant_id = $1 AND company_id = $2 AND id = $3',
          [tenant, companyId, id],
        );
        if (rowCount === 0) throw noAddress();
      });
    },
  };
}

/** @throws ShopError `invalid_input` */
function taxIdOf(country: string, written: string | undefined): string | null {
  if (written === undefined) return null;
  const read = readTaxId(country, written);
  if (read !== undefined) return read;
  throw new ShopError('invalid_input', `No tax id of ${country} looks like this.`, {
    remedy: 'Write it as it stands on your bills.',
    problems: [{ where: 'body/taxId', what: `is none of ${country}` }],
  });
}

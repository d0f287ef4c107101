/** Handlers of the merchant's view of customers. */
import type { DomainService, Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, TenantId, Transaction } from '../../../platform/ports.ts';
import { listAddresses } from '../addresses.ts';
import { toCustomer, type CustomerRow } from '../customers.ts';
import type * as d from './definition.ts';

const MOST_GROUPS = 100;

interface GroupRow {
  readonly id: string;
  readonly name: string;
  readonly created_at: Date;
  readonly customers: number;
}

/** A customer's row with the ids of their groups. */
type ListedRow = CustomerRow & { readonly group_ids: readonly string[] };

const WITH_GROUPS = `SELECT c.*, ARRAY(SELECT m.group_id FROM customer_group_members m
  WHERE m.tenant_id = c.tenant_id AND m.customer_id = c.id ORDER BY m.group_id) AS group_ids FROM customers c`;
const GROUPS = `SELECT g.id, g.name, g.created_at, (SELECT count(*)::int FROM customer_group_members m
  WHERE m.tenant_id = g.tenant_id AND m.group_id = g.id) AS customers FROM customer_groups g WHERE g.tenant_id = $1`;

/** @param granted what the customer says now; written in the transaction that takes it */
export async function noteConsent(
  tx: Transaction,
  { clock, newId }: Pick<Platform, 'clock' | 'newId'>,
  tenant: TenantId,
  customerId: string,
  { granted, source }: Pick<d.Consent, 'granted' | 'source'>,
): Promise<void> {
  await tx.query(
    `INSERT INTO customer_consents (tenant_id, id, customer_id, purpose, granted, source, at) VALUES ($1, $2, $3, 'marketing', $4, $5, $6)`,
    [tenant, newId('con'), customerId, granted, source, clock.now()],
  );
}

export async function consentsOf(
  { sql }: Platform,
  tenant: TenantId,
  customerId: string,
): Promise<d.Consent[]> {
  const { rows } = await sql.query<Omit<d.Consent, 'at'> & { at: Date }>(
    tenant,
    'SELECT purpose, granted, source, at FROM customer_consents WHERE tenant_id = $1 AND customer_id = $2 ORDER BY at DESC, id DESC LIMIT 200',
    [tenant, customerId],
  );
  return rows.map(({ at, ...row }) => ({ ...row, at: at.toISOString() }));
}

export function createCustomerRoutes(platform: Platform): DomainService['routes'] {
  const { sql, clock, newId } = platform;
  const runnerOf = (tenant: TenantId): SqlRunner => ({
    query: (text, values) => sql.query(tenant, text, values),
  });

  async function listed(runner: SqlRunner, tenant: TenantId, id: string): Promise<d.ListedCustomer> {
    const { rows } = await runner.query<ListedRow>(`${WITH_GROUPS} WHERE c.tenant_id = $1 AND c.id = $2`, [
      tenant,
      id,
    ]);
    const [row] = rows;
    if (row === undefined) throw new ShopError('not_found', `There is no customer ${id}.`);
    return toListed(row);
  }

  async function groupById(runner: SqlRunner, tenant: TenantId, id: string): Promise<d.CustomerGroup> {
    const { rows } = await runner.query<GroupRow>(`${GROUPS} AND g.id = $2`, [tenant, id]);
    const [row] = rows;
    if (row === undefined) throw noGroup(id);
    return toGroup(row);
  }

  return {
    async adminListCustomers({ tenant, query }) {
      const { q, group, cursor, limit } = query as d.CustomerQuery;
      const { rows } = await sql.query<ListedRow>(
        tenant.id,
        `${WITH_GROUPS} WHERE c.tenant_id = $1
           AND ($2::text IS NULL OR c.email_key LIKE $2 || '%' OR lower(c.first_name || ' ' || c.last_name) LIKE '%' || $2 || '%')
           AND ($3::text IS NULL OR EXISTS (SELECT 1 FROM customer_group_members m
             WHERE m.tenant_id = c.tenant_id AND m.customer_id = c.id AND m.group_id = $3))
           AND ($4::text IS NULL OR c.id < $4)
         ORDER BY c.id DESC LIMIT $5`,
        [tenant.id, q === undefined ? null : literal(q), group ?? null, cursor ?? null, limit + 1],
      );
      const customers = rows.slice(0, limit).map(toListed);
      const last = customers.at(-1);
      const more = rows.length > limit && last !== undefined ? { nextCursor: last.id } : {};
      return { json: { customers, ...more } };
    },

    async adminGetCustomer({ tenant, params }) {
      const { customerId } = params as { customerId: string };
      const json: d.CustomerDetail = {
        ...(await listed(runnerOf(tenant.id), tenant.id, customerId)),
        addresses: await listAddresses(platform, tenant.id, customerId),
        consents: await consentsOf(platform, tenant.id, customerId),
      };
      return { json };
    },

    async adminSetCustomerGroups({ tenant, params, body }) {
      const { customerId } = params as { customerId: string };
      const groupIds = [...new Set((body as d.GroupsInput).groupIds)].toSorted();
      const json = await sql.transaction(tenant.id, async (tx) => {
        // The customer's row orders changes to what is theirs.
        await tx.query('SELECT 1 FROM customers WHERE tenant_id = $1 AND id = $2 FOR UPDATE', [
          tenant.id,
          customerId,
        ]);
        await listed(tx, tenant.id, customerId);
        const { rows } = await tx.query<{ id: string }>(
          'SELECT id FROM customer_groups WHERE tenant_id = $1 AND id = ANY ($2::text[]) ORDER BY id FOR SHARE',
          [tenant.id, groupIds],
        );
        const unknown = groupIds.find((id) => !rows.some((row) => row.id === id));
        if (unknown !== undefined)
          throw new ShopError('invalid_input', `There is no group ${unknown}.`, {
            remedy: 'GET /api/admin/accounts/groups lists them.',
            problems: [{ where: 'body/groupIds', what: `${unknown}: no such group` }],
          });
        await tx.query(
          'DELETE FROM customer_group_members WHERE tenant_id = $1 AND customer_id = $2 AND group_id <> ALL ($3::text[])',
          [tenant.id, customerId, groupIds],
        );
        await tx.query(
          `INSERT INTO customer_group_members (tenant_id, group_id, customer_id) SELECT $1, unnest($3::text[]), $2
           ON CONFLICT DO NOTHING`,
          [tenant.id, customerId, groupIds],
        );
        return listed(tx, tenant.id, customerId);
      });
      return { json };
    },

    async adminListGroups({ tenant }) {
      const { rows } = await sql.query<GroupRow>(tenant.id, `${GROUPS} ORDER BY g.name`, [tenant.id]);
      return { json: { groups: rows.map(toGroup) } };
    },

    async adminCreateGroup({ tenant, body }) {
      const { name } = body as d.GroupInput;
      const json = await sql.transaction(tenant.id, async (tx) => {
        const { rows } = await tx.query<GroupRow>(
          `INSERT INTO customer_groups (tenant_id, id, name, created_at)
           SELECT $1, $2, $3, $4 WHERE (SELECT count(*) FROM customer_groups WHERE tenant_id = $1) < ${MOST_GROUPS}
           ON CONFLICT (tenant_id, name) DO NOTHING RETURNING id, name, created_at, 0 AS customers`,
          [tenant.id, newId('grp'), name, clock.now()],
        );
        const [row] = rows;
        if (row !== undefined) return toGroup(row);
        throw new ShopError(
          'conflict',
          `There is a group ${name} already, or there are ${MOST_GROUPS} groups.`,
          {
            remedy: 'Choose another name, or delete a group that nobody uses.',
          },
        );
      });
      return { json };
    },

    async adminRenameGroup({ tenant, params, body }) {
      const { groupId } = params as { groupId: string };
      const { name } = body as d.GroupInput;
      const json = await sql.transaction(tenant.id, async (tx) => {
        const { rows } = await tx.query<{ id: string }>(
          'SELECT id FROM customer_groups WHERE tenant_id = $1 AND (id = $2 OR name = $3) ORDER BY id FOR UPDATE',
          [tenant.id, groupId, name],
        );
        if (rows.some(({ id }) => id !== groupId))
          throw new ShopError('conflict', `There is a group ${name} already.`, {
            remedy: 'Choose another name.',
          });
        await tx.query('UPDATE customer_groups SET name = $3 WHERE tenant_id = $1 AND id = $2', [
          tenant.id,
          groupId,
          name,
        ]);
        return groupById(tx, tenant.id, groupId);
      });
      return { json };
    },

    async adminDeleteGroup({ tenant, params }) {
      const { groupId } = params as { groupId: string };
      const { rowCount } = await sql.query(
        tenant.id,
        'DELETE FROM customer_groups WHERE tenant_id = $1 AND id = $2',
        [tenant.id, groupId],
      );
      if (rowCount === 0) throw noGroup(groupId);
      return {};
    },
  };
}

/** What LIKE would read as a pattern is a letter. */
function literal(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\\%_]/g, '\\$&');
}

function toListed(row: ListedRow): d.ListedCustomer {
  return { ...toCustomer(row), groupIds: [...row.group_ids] };
}

function toGroup({ id, name, created_at, customers }: GroupRow): d.CustomerGroup {
  return { id, name, createdAt: created_at.toISOString(), customers };
}

function noGroup(id: string): ShopError {
  return new ShopError('not_found', `There is no group ${id}.`, {
    remedy: 'GET /api/admin/accounts/groups lists them.',
  });
}

/**
 * Members, roles and what they come to. Every change takes the policy's lock first and leaves it with another stamp: by that each
 * process sees, with the next request, that what it keeps is not the present state.
 */
import { randomUUID } from 'node:crypto';
import type { Platform, StaffPolicy } from '../../../platform/domain.ts';
import { ShopError, type Problem } from '../../../platform/errors.ts';
import type { SqlRunner, Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import { SEND_LINK, type Links } from '../links.ts';
import type { Passkeys } from '../passkeys/passkeys.ts';
import { keyOf } from '../shapes.ts';
import { nextSweep } from '../sweep.ts';
import type { Invitation, RoleInput, StaffMember, StaffPatch, StaffRole } from './definition.ts';
import { OWNER, PRESETS, presetNamed } from './roles.ts';
import type { StaffSessions } from './sessions.ts';

export interface MemberRow {
  readonly id: string;
  readonly version: number;
  readonly email: string;
  readonly email_key: string;
  readonly name: string;
  readonly password_hash: string | null;
  readonly roles: readonly string[];
  readonly created_at: Date;
}

interface RoleRow {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
}

const MOST_STAFF = 200;
const MOST_ROLES = 50;

export type Members = ReturnType<typeof createMembers>;

export function createMembers(
  { sql, clock, newId }: Pick<Platform, 'sql' | 'clock' | 'newId'>,
  {
    sessions,
    links,
    passkeys,
  }: {
    readonly sessions: StaffSessions;
    readonly links: Links;
    readonly passkeys: Pick<Passkeys, 'forget'>;
  },
) {
  /** One change of a shop's staff after the other. */
  function change<Result>(tenant: TenantId, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    return sql.transaction(tenant, async (tx) => {
      await tx.query(
        `INSERT INTO staff_policies (tenant_id, stamp) VALUES ($1, $2)
         ON CONFLICT (tenant_id) DO UPDATE SET stamp = excluded.stamp`,
        [tenant, randomUUID()],
      );
      return work(tx);
    });
  }

  async function rolesOf(runner: SqlRunner, tenant: TenantId): Promise<readonly RoleRow[]> {
    const { rows } = await runner.query<RoleRow>(
      'SELECT id, name, scopes FROM staff_roles WHERE tenant_id = $1 ORDER BY created_at, id',
      [tenant],
    );
    return rows;
  }

  async function requireRoles(tx: SqlRunner, tenant: TenantId, roles: readonly string[]): Promise<void> {
    const own = await rolesOf(tx, tenant);
    const unknown = roles.filter((role) => !presetNamed(role) && !own.some(({ id }) => id === role));
    if (unknown.length === 0) return;
    throw new ShopError('invalid_input', `There is no role ${unknown.join(', ')}.`, {
      remedy: 'GET /api/admin/accounts/roles lists them.',
      problems: [{ where: 'body/roles', what: `${unknown.join(', ')}: no such role` }],
    });
  }

  async function memberIn(tx: SqlRunner, tenant: TenantId, id: string): Promise<MemberRow> {
    const { rows } = await tx.query<MemberRow>(
      'SELECT * FROM staff_members WHERE tenant_id = $1 AND id = $2',
      [tenant, id],
    );
    const [row] = rows;
    if (row !== undefined) return row;
    throw new ShopError('not_found', `Nobody of the staff is ${id}.`, {
      remedy: 'GET /api/admin/accounts/staff lists them.',
    });
  }

  /** Asked under the policy's lock. An owner who has not accepted yet is none to rely on. */
  async function requireAnotherOwner(tx: SqlRunner, tenant: TenantId, member: MemberRow): Promise<void> {
    if (member.password_hash === null || !member.roles.includes(OWNER)) return;
    const { rows } = await tx.query(
      `SELECT 1 FROM staff_members WHERE tenant_id = $1 AND id <> $2 AND password_hash IS NOT NULL AND '${OWNER}' = ANY (roles) LIMIT 1`,
      [tenant, member.id],
    );
    if (rows.length > 0) return;
    throw new ShopError('conflict', 'This is the shop’s last owner.', {
      remedy: 'Give somebody else the role owner first; one who was invited has to accept.',
    });
  }

  async function ownRole(tx: SqlRunner, tenant: TenantId, id: string): Promise<RoleRow> {
    if (presetNamed(id))
      throw new ShopError('conflict', `Every shop has the role ${id} as it is.`, {
        remedy: 'Make a role of your own.',
      });
    const role = (await rolesOf(tx, tenant)).find((one) => one.id === id);
    if (role !== undefined) return role;
    throw new ShopError('not_found', `There is no role ${id}.`, {
      remedy: 'GET /api/admin/accounts/roles lists them.',
    });
  }

  return {
    async list(tenant: TenantId): Promise<StaffMember[]> {
      const { rows } = await sql.query<MemberRow>(
        tenant,
        'SELECT * FROM staff_members WHERE tenant_id = $1 ORDER BY created_at, id',
        [tenant],
      );
      return rows.map(toMember);
    },

    async byId(tenant: TenantId, id: string): Promise<MemberRow | undefined> {
      const { rows } = await sql.query<MemberRow>(
        tenant,
        'SELECT * FROM staff_members WHERE tenant_id = $1 AND id = $2',
        [tenant, id],
      );
      return rows[0];
    },

    async byEmail(tenant: TenantId, email: string): Promise<MemberRow | undefined> {
      const { rows } = await sql.query<MemberRow>(
        tenant,
        'SELECT * FROM staff_members WHERE tenant_id = $1 AND email_key = $2',
        [tenant, keyOf(email)],
      );
      return rows[0];
    },

    /** @throws ShopError `conflict` for who is a member already, or one too many */
    invite(tenant: TenantId, { email, name, roles }: Invitation): Promise<StaffMember> {
      return change(tenant, async (tx) => {
        await requireRoles(tx, tenant, roles);
        const { rows: counted } = await tx.query<{ count: number }>(
          'SELECT count(*)::int AS count FROM staff_members WHERE tenant_id = $1 AND email_key <> $2',
          [tenant, keyOf(email)],
        );
        if ((counted[0]?.count ?? 0) >= MOST_STAFF)
          throw new ShopError('conflict', `A shop has at most ${MOST_STAFF} members of staff.`, {
            remedy: 'Remove those who have left.',
          });
        const { rows } = await tx.query<MemberRow>(
          `INSERT INTO staff_members AS m (tenant_id, id, version, email, email_key, name, roles, created_at, updated_at)
           VALUES ($1, $2, 1, $3, $4, $5, $6::text[], $7, $7)
           ON CONFLICT (tenant_id, email_key) DO UPDATE
             SET roles = excluded.roles, name = excluded.name, version = m.version + 1, updated_at = excluded.updated_at
             WHERE m.password_hash IS NULL
           RETURNING *`,
          [tenant, newId('stf'), email, keyOf(email), name, roles, clock.now()],
        );
        const [row] = rows;
        if (row === undefined)
          throw new ShopError('conflict', 'Somebody of this address is a member already.', {
            remedy: 'Change their roles.',
          });
        await tx.enqueue({
          name: SEND_LINK,
          payload: { purpose: 'invitation', accountId: row.id },
          key: `invitation/${row.id}`,
        });
        await tx.enqueue(nextSweep(clock));
        return toMember(row);
      });
    },

    update(tenant: TenantId, id: string, { name, roles }: StaffPatch): Promise<StaffMember> {
      return change(tenant, async (tx) => {
        const member = await memberIn(tx, tenant, id);
        if (roles !== undefined) {
          await requireRoles(tx, tenant, roles);
          if (!roles.includes(OWNER)) await requireAnotherOwner(tx, tenant, member);
        }
        const { rows } = await tx.query<MemberRow>(
          `UPDATE staff_members SET name = coalesce($3, name), roles = coalesce($4::text[], roles), version = version + 1, updated_at = $5
           WHERE tenant_id = $1 AND id = $2 RETURNING *`,
          [tenant, id, name ?? null, roles ?? null, clock.now()],
        );
        return toMember(rows[0] ?? member);
      });
    },

    remove(tenant: TenantId, id: string): Promise<void> {
      return change(tenant, async (tx) => {
        await requireAnotherOwner(tx, tenant, await memberIn(tx, tenant, id));
        await links.forget(tx, tenant, id);
        await passkeys.forget(tx, tenant, id);
        await sessions.endAll(tx, tenant, id);
        await tx.query('DELETE FROM staff_members WHERE tenant_id = $1 AND id = $2', [tenant, id]);
      });
    },

    async roles(tenant: TenantId): Promise<StaffRole[]> {
      const own = await rolesOf(runnerOf(tenant), tenant);
      return [...PRESETS.map((one) => toRole(one, true)), ...own.map((one) => toRole(one, false))];
    },

    createRole(tenant: Tenant, input: RoleInput): Promise<StaffRole> {
      requireScopes(tenant, input.scopes);
      return change(tenant.id, async (tx) => {
        if ((await rolesOf(tx, tenant.id)).length >= MOST_ROLES)
          throw new ShopError('conflict', `A shop has at most ${MOST_ROLES} roles of its own.`, {
            remedy: 'Delete those that nobody has.',
          });
        const role = { id: newId('rol'), ...input };
        await tx.query(
          'INSERT INTO staff_roles (tenant_id, id, name, scopes, created_at) VALUES ($1, $2, $3, $4::text[], $5)',
          [tenant.id, role.id, role.name, unique(role.scopes), clock.now()],
        );
        return toRole({ ...role, scopes: unique(role.scopes) }, false);
      });
    },

    updateRole(tenant: Tenant, id: string, { name, scopes }: RoleInput): Promise<StaffRole> {
      requireScopes(tenant, scopes);
      return change(tenant.id, async (tx) => {
        await ownRole(tx, tenant.id, id);
        await tx.query(
          'UPDATE staff_roles SET name = $3, scopes = $4::text[] WHERE tenant_id = $1 AND id = $2',
          [tenant.id, id, name, unique(scopes)],
        );
        return toRole({ id, name, scopes: unique(scopes) }, false);
      });
    },

    removeRole(tenant: TenantId, id: string): Promise<void> {
      return change(tenant, async (tx) => {
        await ownRole(tx, tenant, id);
        const { rows } = await tx.query<{ name: string; email: string }>(
          'SELECT name, email FROM staff_members WHERE tenant_id = $1 AND $2 = ANY (roles) LIMIT 5',
          [tenant, id],
        );
        if (rows.length > 0)
          throw new ShopError('conflict', 'There are members who have this role.', {
            remedy: `Take it from ${rows.map(({ email }) => email).join(', ')} first.`,
          });
        await tx.query('DELETE FROM staff_roles WHERE tenant_id = $1 AND id = $2', [tenant, id]);
      });
    },

    /** One statement, so that the stamp is of what it is read with. */
    async policy(tenant: TenantId): Promise<StaffPolicy> {
      const { rows } = await sql.query<{
        stamp: string | null;
        members: StaffPolicy['members'];
        own: StaffPolicy['roles'];
      }>(
        tenant,
        `SELECT (SELECT stamp FROM staff_policies WHERE tenant_id = $1) AS stamp,
           (SELECT coalesce(json_agg(json_build_object('id', id, 'roles', roles)), '[]') FROM staff_members WHERE tenant_id = $1) AS members,
           (SELECT coalesce(json_agg(json_build_object('id', id, 'scopes', scopes)), '[]') FROM staff_roles WHERE tenant_id = $1) AS own`,
        [tenant],
      );
      const { stamp, members, own } = rows[0] ?? { stamp: null, members: [], own: [] };
      const presets = PRESETS.map(({ id, scopes }) => ({ id, scopes }));
      return { stamp: stamp ?? '', roles: [...presets, ...own], members };
    },
  };

  function runnerOf(tenant: TenantId): SqlRunner {
    return { query: (text, values) => sql.query(tenant, text, values) };
  }
}

export function toMember(row: MemberRow): StaffMember {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    roles: [...row.roles],
    state: row.password_hash === null ? 'invited' : 'active',
    createdAt: row.created_at.toISOString(),
    version: row.version,
  };
}

function toRole({ id, name, scopes }: RoleRow, isPreset: boolean): StaffRole {
  return { id, name, scopes: [...scopes], isPreset };
}

/** @throws ShopError `invalid_input` for what the shop does not have */
function requireScopes(tenant: Tenant, scopes: readonly string[]): void {
  const problems = scopes.flatMap((scope, index): Problem[] =>
    tenant.domains.includes(scope.split(':')[0] ?? '')
      ? []
      : [{ where: `body/scopes/${index}`, what: `${scope}: this shop has ${tenant.domains.join(', ')}` }],
  );
  if (problems.length === 0) return;
  throw new ShopError('invalid_input', 'A role can only be good for what the shop has.', { problems });
}

function unique(scopes: readonly string[]): string[] {
  return [...new Set(scopes)].toSorted();
}

/**
 * Sessions: a token of 256 random bits that names its tenant, kept as a hash, ending after a month without use. A browser exchanges it each
 * day for the next one. Whoever comes with one that was exchanged before ends the session: of the two who have it, one has stolen it
 * (RFC 9700, refresh token rotation).
 */
import type { CompanyMembership, CustomerIdentity } from '../../platform/domain.ts';
import type { Clock, Sql, SqlRunner, TenantId } from '../../platform/ports.ts';
import { endGrants } from './apps/grants.ts';
import { hashOf, newToken } from './tokens.ts';

export interface Sessions {
  /** A new token; run in the transaction that logs in. */
  begin(tx: SqlRunner, tenant: TenantId, customerId: string): Promise<{ token: string; expiresAt: Date }>;
  /** Whose it is, with the groups they are in now; a company is a group of those who buy for it. */
  find(tenant: TenantId, token: string): Promise<CustomerIdentity | undefined>;
  /** Whose it is, and when they logged in, for whoever asks how long ago that was. */
  begunWith(tenant: TenantId, token: string): Promise<{ customerId: string; at: Date } | undefined>;
  /** The next token; undefined when the session is over, as it is by a token that was exchanged some minutes ago. */
  renew(tenant: TenantId, token: string): Promise<RenewedSession | undefined>;
  /** What a session of this customer would say, for whoever acts for them. */
  of(tenant: TenantId, customerId: string): Promise<CustomerIdentity | undefined>;
  end(tenant: TenantId, token: string): Promise<void>;
  /** After a change of password: whoever else is logged in is not any more, nor are apps that were signed in to. */
  endOthers(tx: SqlRunner, tenant: TenantId, customerId: string): Promise<void>;
  removeExpired(tenant: TenantId): Promise<void>;
}

export interface RenewedSession {
  readonly customerId: string;
  readonly token: string;
  readonly expiresAt: Date;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
const IDLE_MS = 30 * DAY_MS;
/** However busy: then a log-in is due. */
const LONGEST_MS = 180 * DAY_MS;
/** Writing "seen now" at every request would make every read a write. */
const SEEN_EVERY_MS = 60 * 60 * 1_000;

/** Answers get lost, and requests are on their way while a token is exchanged: so long the one before is as good. */
const GRACE_MS = 2 * 60 * 1_000;

/**
 * Which groups they are in and which company they buy for come along: looks by key, which find nothing for most, instead of questions
 * at each price and at their checkout.
 */
const identities = (from: string, customer: string): string =>
  `c.id AS company_id, m.role, ARRAY(SELECT g.group_id FROM customer_group_members g
    WHERE g.tenant_id = $1 AND g.customer_id = ${customer}
    UNION SELECT g.group_id FROM company_groups g WHERE g.tenant_id = $1 AND g.company_id = c.id) AS groups FROM ${from} s
  LEFT JOIN company_members m ON m.tenant_id = s.tenant_id AND m.customer_id = ${customer}
  LEFT JOIN companies c ON c.tenant_id = m.tenant_id AND c.id = m.company_id AND c.state = 'approved' WHERE s.tenant_id = $1`;

const FIND = `SELECT s.customer_id, s.seen_at, ${identities('customer_sessions', 's.customer_id')} AND s.token_hash = $2 AND s.expires_at > $3`;
/** What was exchanged too long ago to be on its way takes the session with it. */
const END_EXCHANGED =
  'DELETE FROM customer_sessions WHERE tenant_id = $1 AND previous_hash = $2 AND rotated_at <= $3';
/** The session whose token this was a moment ago. One statement: meanwhile its token may be exchanged again. */
const FIND_EXCHANGED = `WITH ended AS (${END_EXCHANGED}) SELECT s.customer_id, s.seen_at, ${identities('customer_sessions', 's.customer_id')}
  AND s.previous_hash = $2 AND s.rotated_at > $3 AND s.expires_at > $4`;
const OF = `SELECT s.id AS customer_id, ${identities('customers', 's.id')} AND s.id = $2`;

interface IdentityRow {
  readonly customer_id: string;
  readonly company_id: string | null;
  readonly role: CompanyMembership['role'] | null;
  readonly groups: readonly string[];
}

interface SessionRow extends IdentityRow {
  readonly seen_at: Date;
}

export function createSessions(sql: Sql, clock: Clock): Sessions {
  const later = (milliseconds: number) => new Date(clock.now().getTime() + milliseconds);

  return {
    async begin(tx, tenant, customerId) {
      const token = newToken(`sms_${tenant}.`);
      const expiresAt = later(IDLE_MS);
      await tx.query(
        `INSERT INTO customer_sessions (tenant_id, token_hash, customer_id, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $4, $5)`,
        [tenant, hashOf(token), customerId, clock.now(), expiresAt],
      );
      return { token, expiresAt };
    },
    async find(tenant, token) {
      if (!token.startsWith(`sms_${tenant}.`)) return undefined;
      const hash = hashOf(token);
      const { rows } = await sql.query<SessionRow>(tenant, FIND, [tenant, hash, clock.now()]);
      const [row] = rows;
      if (row === undefined) {
        // Only here, so that nobody else pays for it.
        const values = [tenant, hash, later(-GRACE_MS), clock.now()];
        const { rows: exchanged } = await sql.query<SessionRow>(tenant, FIND_EXCHANGED, values);
        return exchanged[0] && identityOf(exchanged[0]);
      }
      if (clock.now().getTime() - row.seen_at.getTime() > SEEN_EVERY_MS) {
        await sql.query(
          tenant,
          `UPDATE customer_sessions SET seen_at = $3, expires_at = least($4::timestamptz, created_at + $5 * interval '1 millisecond')
           WHERE tenant_id = $1 AND token_hash = $2`,
          [tenant, hash, clock.now(), later(IDLE_MS), LONGEST_MS],
        );
      }
      return identityOf(row);
    },
    async begunWith(tenant, token) {
      const { rows } = await sql.query<{ customer_id: string; created_at: Date }>(
        tenant,
        `SELECT customer_id, created_at FROM customer_sessions WHERE tenant_id = $1 AND expires_at > $3
           AND (token_hash = $2 OR (previous_hash = $2 AND rotated_at > $4))`,
        [tenant, hashOf(token), clock.now(), later(-GRACE_MS)],
      );
      const [row] = rows;
      return row && { customerId: row.customer_id, at: row.created_at };
    },
    async renew(tenant, token) {
      const next = newToken(`sms_${tenant}.`);
      const hash = hashOf(token);
      // With one that was exchanged a moment ago: its answer was lost. The next one takes the place of that, and the grace does not begin anew.
      const { rows } = await sql.query<{ customer_id: string; expires_at: Date }>(
        tenant,
        `UPDATE customer_sessions SET token_hash = $3, previous_hash = $2, seen_at = $4,
           rotated_at = CASE WHEN token_hash = $2 THEN $4::timestamptz ELSE rotated_at END,
           expires_at = least($5::timestamptz, created_at + $6 * interval '1 millisecond')
         WHERE tenant_id = $1 AND expires_at > $4 AND (token_hash = $2 OR (previous_hash = $2 AND rotated_at > $7))
         RETURNING customer_id, expires_at`,
        [tenant, hash, hashOf(next), clock.now(), later(IDLE_MS), LONGEST_MS, later(-GRACE_MS)],
      );
      const [row] = rows;
      if (row !== undefined) return { customerId: row.customer_id, token: next, expiresAt: row.expires_at };
      await sql.query(tenant, END_EXCHANGED, [tenant, hash, later(-GRACE_MS)]);
      return undefined;
    },
    async of(tenant, customerId) {
      const { rows } = await sql.query<IdentityRow>(tenant, OF, [tenant, customerId]);
      return rows[0] && identityOf(rows[0]);
    },
    async end(tenant, token) {
      await sql.query(
        tenant,
        'DELETE FROM customer_sessions WHERE tenant_id = $1 AND (token_hash = $2 OR previous_hash = $2)',
        [tenant, hashOf(token)],
      );
    },
    async endOthers(tx, tenant, customerId) {
      await tx.query('DELETE FROM customer_sessions WHERE tenant_id = $1 AND customer_id = $2', [
        tenant,
        customerId,
      ]);
      await endGrants(tx, tenant, customerId);
    },
    async removeExpired(tenant) {
      await sql.query(tenant, 'DELETE FROM customer_sessions WHERE tenant_id = $1 AND expires_at <= $2', [
        tenant,
        clock.now(),
      ]);
    },
  };
}

function identityOf({
  customer_id: customerId,
  company_id: id,
  role,
  groups,
}: IdentityRow): CustomerIdentity {
  if (id === null || role === null) return { customerId, groups: groups.toSorted() };
  return { customerId, groups: [...groups, id].toSorted(), company: { id, role } };
}

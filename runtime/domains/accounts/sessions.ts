/**
 * Sessions: a token of 256 random bits that names its tenant, kept as a hash, ending after a month without use. A browser exchanges it each
 * day for the next one. Whoever comes with one that was exchanged before ends the session: of the two who have it, one has stolen it
 * (RFC 9700, refresh token rotation).
 */
import type { CompanyMembership, CustomerIdentity } from '../../platform/domain.ts';
import type { Clock, NewId, Sql, SqlRunner, TenantId } from '../../platform/ports.ts';
import { endGrants } from './apps/grants.ts';
import { MOST_SHOWN, type OpenSession } from './signed-in/definition.ts';
import type { Device } from './signed-in/devices.ts';
import { shown, type OpenRow } from './signed-in/open.ts';
import { stillOpen } from './signed-in/still-open.ts';
import { hashOf, newToken } from './tokens.ts';

export interface Sessions {
  /** A new token; run in the transaction that logs in. */
  begin(
    tx: SqlRunner,
    tenant: TenantId,
    customerId: string,
    device: Device,
  ): Promise<{ token: string; expiresAt: Date }>;
  /**
   * Whose it is, with the groups they are in now; a company is a group of those who buy for it.
   * @param again of whoever came in by it and has been here since: that it was exchanged meanwhile is no sign of a thief
   */
  find(tenant: TenantId, token: string, again?: boolean): Promise<CustomerIdentity | undefined>;
  /** Those of these tokens that are of a session, or were before the present one: of whoever came in by it and has been here since. */
  stillOpen(tenant: TenantId, tokens: readonly string[]): Promise<ReadonlySet<string>>;
  /** Whose it is, and when they logged in, for whoever asks how long ago that was. */
  begunWith(tenant: TenantId, token: string): Promise<Begun | undefined>;
  /** The same for what is to be of this session: whoever ends it meanwhile waits for the transaction, and ends what came of it, too. */
  hold(tx: SqlRunner, tenant: TenantId, token: string): Promise<Begun | undefined>;
  /** The next token; undefined when the session is over, as it is by a token that was exchanged some minutes ago. */
  renew(tenant: TenantId, token: string): Promise<RenewedSession | undefined>;
  /** What a session of this customer would say, for whoever acts for them. */
  of(tenant: TenantId, customerId: string): Promise<CustomerIdentity | undefined>;
  /** Where they are logged in. @param token of the one that asks */
  list(tenant: TenantId, customerId: string, token: string): Promise<readonly OpenSession[]>;
  end(tenant: TenantId, token: string): Promise<void>;
  /** @param token of the one that asks. @returns which it was; undefined when they have none of this id */
  endOne(
    tenant: TenantId,
    customerId: string,
    id: string,
    token: string,
  ): Promise<{ readonly isCurrent: boolean } | undefined>;
  /** Whoever is logged in is not any more, nor are apps that were signed in to. */
  endAll(tx: SqlRunner, tenant: TenantId, customerId: string): Promise<void>;
  removeExpired(tenant: TenantId): Promise<void>;
}

export interface Begun {
  readonly customerId: string;
  readonly at: Date;
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

const BEGUN = `SELECT customer_id, created_at FROM customer_sessions WHERE tenant_id = $1 AND expires_at > $3
  AND (token_hash = $2 OR (previous_hash = $2 AND rotated_at > $4))`;

/** Those of before they had names have one of what their token is, which names nothing else. */
const NAME = `coalesce(id, 'ses_' || md5(token_hash))`;
const IS_CURRENT = `(token_hash = $3 OR previous_hash IS NOT DISTINCT FROM $3)`;

const FIND = `SELECT s.customer_id, s.seen_at, ${identities('customer_sessions', 's.customer_id')} AND s.token_hash = $2 AND s.expires_at > $3`;
/** What was exchanged too long ago to be on its way takes the session with it. */
const END_EXCHANGED =
  'DELETE FROM customer_sessions WHERE tenant_id = $1 AND previous_hash = $2 AND rotated_at <= $3';
/** The session whose token this was a moment ago. One statement: meanwhile its token may be exchanged again. */
const FIND_EXCHANGED = `WITH ended AS (${END_EXCHANGED}) SELECT s.customer_id, s.seen_at, ${identities('customer_sessions', 's.customer_id')}
  AND s.previous_hash = $2 AND s.rotated_at > $3 AND s.expires_at > $4`;
const FIND_FORMER = `SELECT s.customer_id, s.seen_at, ${identities('customer_sessions', 's.customer_id')} AND s.previous_hash = $2 AND s.expires_at > $3`;
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

interface BegunRow {
  readonly customer_id: string;
  readonly created_at: Date;
}

export function createSessions(
  sql: Sql,
  { clock, newId }: { readonly clock: Clock; readonly newId: NewId },
): Sessions {
  const later = (milliseconds: number) => new Date(clock.now().getTime() + milliseconds);
  const begunValues = (tenant: TenantId, token: string) => [
    tenant,
    hashOf(token),
    clock.now(),
    later(-GRACE_MS),
  ];

  return {
    async begin(tx, tenant, customerId, { browser, system }) {
      const token = newToken(`sms_${tenant}.`);
      const expiresAt = later(IDLE_MS);
      await tx.query(
        `INSERT INTO customer_sessions (tenant_id, token_hash, customer_id, created_at, seen_at, expires_at, id, browser, system)
         VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8)`,
        [tenant, hashOf(token), customerId, clock.now(), expiresAt, newId('ses'), browser, system],
      );
      return { token, expiresAt };
    },
    async find(tenant, token, again = false) {
      if (!token.startsWith(`sms_${tenant}.`)) return undefined;
      const hash = hashOf(token);
      const { rows } = await sql.query<SessionRow>(tenant, FIND, [tenant, hash, clock.now()]);
      const [row] = rows;
      if (row === undefined && again) {
        const { rows: former } = await sql.query<SessionRow>(tenant, FIND_FORMER, [
          tenant,
          hash,
          clock.now(),
        ]);
        return former[0] && identityOf(former[0]);
      }
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
    stillOpen: (tenant, tokens) => stillOpen(sql, 'customer_sessions', tenant, tokens, clock.now()),
    async begunWith(tenant, token) {
      const { rows } = await sql.query<BegunRow>(tenant, BEGUN, begunValues(tenant, token));
      return rows[0] && begunOf(rows[0]);
    },
    async hold(tx, tenant, token) {
      const { rows } = await tx.query<BegunRow>(`${BEGUN} FOR KEY SHARE`, begunValues(tenant, token));
      return rows[0] && begunOf(rows[0]);
    },
    async renew(tenant, token) {
      const next = newToken(`sms_${tenant}.`);
      const hash = hashOf(token);
      // With one that was exchanged a moment ago: its answer was lost. The next one takes the place of that, and the grace does not begin anew.
      const { rows } = await sql.query<{ customer_id: string; expires_at: Date }>(
        tenant,
        `UPDATE customer_sessions SET token_hash = $3, previous_hash = $2, seen_at = $4, id = ${NAME},
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
    async list(tenant, customerId, token) {
      const { rows } = await sql.query<OpenRow>(
        tenant,
        `SELECT ${NAME} AS id, browser, system, created_at, seen_at, expires_at, ${IS_CURRENT} AS is_current FROM customer_sessions
         WHERE tenant_id = $1 AND customer_id = $2 AND expires_at > $4
         ORDER BY is_current DESC, seen_at DESC, created_at DESC, 1 LIMIT ${MOST_SHOWN}`,
        [tenant, customerId, hashOf(token), clock.now()],
      );
      return rows.map(shown);
    },
    async end(tenant, token) {
      await sql.query(
        tenant,
        'DELETE FROM customer_sessions WHERE tenant_id = $1 AND (token_hash = $2 OR previous_hash = $2)',
        [tenant, hashOf(token)],
      );
    },
    async endOne(tenant, customerId, id, token) {
      const { rows } = await sql.query<{ is_current: boolean }>(
        tenant,
        `DELETE FROM customer_sessions WHERE tenant_id = $1 AND customer_id = $2 AND ${NAME} = $4 RETURNING ${IS_CURRENT} AS is_current`,
        [tenant, customerId, hashOf(token), id],
      );
      return rows[0] && { isCurrent: rows[0].is_current };
    },
    // The sessions first: what is made of one holds it, and is there by now.
    async endAll(tx, tenant, customerId) {
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

function begunOf({ customer_id: customerId, created_at: at }: BegunRow): Begun {
  return { customerId, at };
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

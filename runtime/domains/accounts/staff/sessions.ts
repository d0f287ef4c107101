/**
 * Sessions of the staff: a token is good for an hour of work and is then exchanged for the next one. One that is exchanged a second
 * time ends the session: of the two who have it, one has stolen it (RFC 9700, refresh token rotation).
 */
import type { StaffIdentity } from '../../../platform/domain.ts';
import type { Clock, NewId, Sql, SqlRunner, TenantId } from '../../../platform/ports.ts';
import { MOST_SHOWN, type OpenSession } from '../signed-in/definition.ts';
import type { Device } from '../signed-in/devices.ts';
import { shown, type OpenRow } from '../signed-in/open.ts';
import { stillOpen } from '../signed-in/still-open.ts';
import { hashOf, newToken } from '../tokens.ts';

export interface StaffToken {
  readonly staffId: string;
  readonly token: string;
  /** Until then it is good for work; until `expiresAt` for the next one. */
  readonly staleAt: Date;
  readonly expiresAt: Date;
}

export interface StaffSessions {
  /** Run in the transaction that signs in. */
  begin(tx: SqlRunner, tenant: TenantId, staffId: string, device: Device): Promise<StaffToken>;
  /** Who comes with it, and the state of the policy that says what they may; one statement. */
  find(tenant: TenantId, token: string): Promise<StaffIdentity | undefined>;
  /** Those of these tokens that are of a session, or were before the present one. */
  stillOpen(tenant: TenantId, tokens: readonly string[]): Promise<ReadonlySet<string>>;
  /** The next token; undefined when the session is over, as it is after a token's second use. */
  renew(tenant: TenantId, token: string): Promise<StaffToken | undefined>;
  /** Where they are signed in. @param token of the one that asks */
  list(tenant: TenantId, staffId: string, token: string): Promise<readonly OpenSession[]>;
  end(tenant: TenantId, token: string): Promise<void>;
  /** @returns whether they had one of this id */
  endOne(tenant: TenantId, staffId: string, id: string): Promise<boolean>;
  endAll(tx: SqlRunner, tenant: TenantId, staffId: string): Promise<void>;
  /** All but the one with this token. */
  endOthers(tx: SqlRunner, tenant: TenantId, staffId: string, token: string): Promise<void>;
  removeExpired(tenant: TenantId): Promise<void>;
}

const MINUTE_MS = 60 * 1_000;
const WORK_MS = 60 * MINUTE_MS;
/** A night between two days of work is too long; a lunch is not. */
const IDLE_MS = 12 * 60 * MINUTE_MS;
const LONGEST_MS = 14 * 24 * 60 * MINUTE_MS;
/** Answers get lost, and requests are on their way while a token is exchanged. */
const GRACE_MS = 30 * 1_000;

interface Row {
  readonly id: string;
  readonly staff_id: string;
  readonly created_at: Date;
  readonly rotated_at: Date;
  readonly is_previous: boolean;
}

export function createStaffSessions(
  sql: Sql,
  { clock, newId }: { readonly clock: Clock; readonly newId: NewId },
): StaffSessions {
  const ago = (milliseconds: number): Date => new Date(clock.now().getTime() - milliseconds);

  function next(tenant: TenantId, staffId: string, createdAt: Date): StaffToken {
    const now = clock.now().getTime();
    const expiresAt = new Date(Math.min(now + IDLE_MS, createdAt.getTime() + LONGEST_MS));
    return {
      staffId,
      token: newToken(`smf_${tenant}.`),
      staleAt: new Date(Math.min(now + WORK_MS, expiresAt.getTime())),
      expiresAt,
    };
  }

  return {
    async begin(tx, tenant, staffId, { browser, system }) {
      const now = clock.now();
      const made = next(tenant, staffId, now);
      await tx.query(
        `INSERT INTO staff_sessions (tenant_id, id, staff_id, token_hash, created_at, rotated_at, expires_at, browser, system)
         VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8)`,
        [tenant, newId('sse'), staffId, hashOf(made.token), now, made.expiresAt, browser, system],
      );
      return made;
    },

    async find(tenant, token) {
      const { rows } = await sql.query<StaffIdentity>(
        tenant,
        `SELECT s.staff_id AS id, p.stamp AS policy FROM staff_sessions s JOIN staff_policies p ON p.tenant_id = s.tenant_id
         WHERE s.tenant_id = $1 AND s.expires_at > $3
           AND ((s.token_hash = $2 AND s.rotated_at > $4) OR (s.previous_hash = $2 AND s.rotated_at > $5))`,
        [tenant, hashOf(token), clock.now(), ago(WORK_MS), ago(GRACE_MS)],
      );
      return rows[0];
    },

    stillOpen: (tenant, tokens) => stillOpen(sql, 'staff_sessions', tenant, tokens, clock.now()),

    renew(tenant, token) {
      return sql.transaction(tenant, async (tx) => {
        const hash = hashOf(token);
        const { rows } = await tx.query<Row>(
          `SELECT id, staff_id, created_at, rotated_at, previous_hash IS NOT DISTINCT FROM $2 AS is_previous FROM staff_sessions
           WHERE tenant_id = $1 AND (token_hash = $2 OR previous_hash = $2) AND expires_at > $3 FOR UPDATE`,
          [tenant, hash, clock.now()],
        );
        const [row] = rows;
        if (row === undefined) return undefined;
        if (row.is_previous && row.rotated_at <= ago(GRACE_MS)) {
          await tx.query('DELETE FROM staff_sessions WHERE tenant_id = $1 AND id = $2', [tenant, row.id]);
          return undefined;
        }
        const made = next(tenant, row.staff_id, row.created_at);
        await tx.query(
          `UPDATE staff_sessions SET token_hash = $3, previous_hash = $4, expires_at = $5,
             rotated_at = CASE WHEN $6 THEN rotated_at ELSE $7::timestamptz END
           WHERE tenant_id = $1 AND id = $2`,
          // A lost answer asked for again: the grace does not begin anew.
          [tenant, row.id, hashOf(made.token), hash, made.expiresAt, row.is_previous, clock.now()],
        );
        return row.is_previous ? { ...made, staleAt: new Date(row.rotated_at.getTime() + WORK_MS) } : made;
      });
    },

    async list(tenant, staffId, token) {
      const { rows } = await sql.query<OpenRow>(
        tenant,
        // Its token is exchanged each hour of work: that is when it was seen.
        `SELECT id, browser, system, created_at, rotated_at AS seen_at, expires_at,
           (token_hash = $3 OR previous_hash IS NOT DISTINCT FROM $3) AS is_current FROM staff_sessions
         WHERE tenant_id = $1 AND staff_id = $2 AND expires_at > $4
         ORDER BY is_current DESC, rotated_at DESC, id DESC LIMIT ${MOST_SHOWN}`,
        [tenant, staffId, hashOf(token), clock.now()],
      );
      return rows.map(shown);
    },

    async end(tenant, token) {
      await sql.query(
        tenant,
        'DELETE FROM staff_sessions WHERE tenant_id = $1 AND (token_hash = $2 OR previous_hash = $2)',
        [tenant, hashOf(token)],
      );
    },

    async endOne(tenant, staffId, id) {
      const { rowCount } = await sql.query(
        tenant,
        'DELETE FROM staff_sessions WHERE tenant_id = $1 AND staff_id = $2 AND id = $3',
        [tenant, staffId, id],
      );
      return rowCount > 0;
    },

    async endAll(tx, tenant, staffId) {
      await tx.query('DELETE FROM staff_sessions WHERE tenant_id = $1 AND staff_id = $2', [tenant, staffId]);
    },

    async endOthers(tx, tenant, staffId, token) {
      await tx.query(
        `DELETE FROM staff_sessions WHERE tenant_id = $1 AND staff_id = $2
           AND token_hash <> $3 AND previous_hash IS DISTINCT FROM $3`,
        [tenant, staffId, hashOf(token)],
      );
    },

    async removeExpired(tenant) {
      await sql.query(tenant, 'DELETE FROM staff_sessions WHERE tenant_id = $1 AND expires_at <= $2', [
        tenant,
        clock.now(),
      ]);
    },
  };
}

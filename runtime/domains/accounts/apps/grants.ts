/**
 * One sign-in to an app, from its code to the last token that comes of it. Each step is one statement on one row, so that of two who come
 * at once one is first; a code, or a token, that comes again after its time takes the row with it, and so all that came of it
 * (RFC 9700, 2.1.1 and 4.14). Tokens name their tenant and their row, and are kept as hashes.
 */
import { createHash } from 'node:crypto';
import type { Clock, NewId, SqlRunner, TenantId } from '../../../platform/ports.ts';
import { hashOf, newToken } from '../tokens.ts';
import type { AppScope } from './definition.ts';

export interface Grant {
  readonly id: string;
  readonly app_id: string;
  readonly customer_id: string;
  readonly scopes: readonly AppScope[];
  readonly nonce: string | null;
  readonly signed_in_at: Date;
}

/** What an app is given. */
export interface Issued {
  readonly grant: Grant;
  readonly scopes: readonly AppScope[];
  readonly accessToken: string;
  /** Absent: it was not agreed that the app goes on by itself. */
  readonly refreshToken?: string;
}

export interface NewGrant {
  readonly appId: string;
  readonly customerId: string;
  readonly scopes: readonly AppScope[];
  readonly redirectUri: string;
  readonly nonce: string | undefined;
  /** SHA-256 of what only the app knows that began, base64url. */
  readonly challenge: string;
  readonly signedInAt: Date;
}

export interface Grants {
  /** @returns the code, which is good once and for a minute */
  begin(tx: SqlRunner, tenant: TenantId, grant: NewGrant): Promise<string>;
  /** Must be committed when it answers undefined, too: a code that came twice ends what came of it. */
  exchange(tx: SqlRunner, tenant: TenantId, appId: string, shown: ShownCode): Promise<Issued | undefined>;
  /**
   * The next tokens. Must be committed when it answers undefined, too.
   * @param narrower of its scopes: of the access token alone
   */
  refresh(
    tx: SqlRunner,
    tenant: TenantId,
    appId: string,
    token: string,
    narrower: readonly AppScope[] | undefined,
  ): Promise<Issued | undefined>;
  /** Whose access token this is, what it is good for, and of which app, as long as that is switched on. */
  find(sql: SqlRunner, tenant: TenantId, token: string): Promise<Held | undefined>;
  /** An access token alone, or by a refresh token everything. Nothing happens for a token that is not of this app. */
  revoke(sql: SqlRunner, tenant: TenantId, appId: string, token: string): Promise<void>;
  removeExpired(sql: SqlRunner, tenant: TenantId): Promise<void>;
}

export interface Held {
  readonly customerId: string;
  readonly scopes: readonly AppScope[];
}

export interface ShownCode {
  readonly code: string;
  readonly verifier: string;
  /** Absent where the app does not repeat it, which OAuth 2.1 no longer asks for. */
  readonly redirectUri: string | undefined;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const CODE_MS = MINUTE_MS;
export const ACCESS_SECONDS = 60 * 60;
/** As a session of the shop's own. */
const IDLE_MS = 30 * DAY_MS;
const LONGEST_MS = 180 * DAY_MS;
/** Answers get lost: so long the refresh token before is as good. */
const GRACE_MS = 2 * MINUTE_MS;
/** Of one customer at one app: devices that are signed in, and codes that nobody has come for yet. */
const MOST_EXCHANGED = 20;
const MOST_WAITING = 10;

const PREFIX = { code: 'smc', access: 'smo', refresh: 'smr' } as const;
const COLUMNS = 'id, app_id, customer_id, scopes, nonce, signed_in_at';

export function createGrants(clock: Clock, newId: NewId): Grants {
  const later = (milliseconds: number): Date => new Date(clock.now().getTime() + milliseconds);

  return {
    async begin(tx, tenant, grant) {
      const id = newId('grt');
      const code = tokenFor('code', tenant, id);
      await tx.query(
        `INSERT INTO app_grants (tenant_id, id, app_id, customer_id, scopes, redirect_uri, nonce, signed_in_at, code_hash, code_challenge, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
        [
          tenant,
          id,
          grant.appId,
          grant.customerId,
          grant.scopes,
          grant.redirectUri,
          grant.nonce ?? null,
          grant.signedInAt,
          hashOf(code),
          grant.challenge,
          clock.now(),
          later(CODE_MS),
        ],
      );
      await removeOldest(tx, tenant, grant.customerId, grant.appId, 'exchanged_at IS NULL', MOST_WAITING);
      return code;
    },

    async exchange(tx, tenant, appId, { code, verifier, redirectUri }) {
      const id = grantOf('code', tenant, code);
      if (id === undefined) return undefined;
      const [access, refresh] = [tokenFor('access', tenant, id), tokenFor('refresh', tenant, id)];
      const { rows } = await tx.query<Grant>(
        `UPDATE app_grants SET exchanged_at = $6, access_hash = $7, access_scopes = scopes, access_expires_at = $8,
           refresh_hash = CASE WHEN 'offline_access' = ANY (scopes) THEN $9::text END, rotated_at = $6,
           expires_at = CASE WHEN 'offline_access' = ANY (scopes) THEN $10::timestamptz ELSE $8::timestamptz END
         WHERE tenant_id = $1 AND id = $2 AND app_id = $3 AND code_hash = $4 AND code_challenge = $5 AND exchanged_at IS NULL
           AND expires_at > $6 AND redirect_uri = coalesce($11::text, redirect_uri) RETURNING ${COLUMNS}`,
        [
          tenant,
          id,
          appId,
          hashOf(code),
          challengeOf(verifier),
          clock.now(),
          hashOf(access),
          later(ACCESS_SECONDS * 1_000),
          hashOf(refresh),
          later(IDLE_MS),
          redirectUri ?? null,
        ],
      );
      const [grant] = rows;
      if (grant === undefined) {
        await tx.query(
          `DELETE FROM app_grants WHERE tenant_id = $1 AND id = $2 AND app_id = $3 AND code_hash = $4 AND exchanged_at IS NOT NULL`,
          [tenant, id, appId, hashOf(code)],
        );
        return undefined;
      }
      const { customer_id: customer, scopes } = grant;
      await removeOldest(tx, tenant, customer, appId, 'exchanged_at IS NOT NULL', MOST_EXCHANGED);
      return issued(grant, scopes, access, refresh);
    },

    async refresh(tx, tenant, appId, token, narrower) {
      const id = grantOf('refresh', tenant, token);
      if (id === undefined) return undefined;
      const [access, refresh] = [tokenFor('access', tenant, id), tokenFor('refresh', tenant, id)];
      const { rows } = await tx.query<Grant>(
        `UPDATE app_grants SET refresh_hash = $5, previous_hash = $4,
           rotated_at = CASE WHEN refresh_hash = $4 THEN $6::timestamptz ELSE rotated_at END,
           access_hash = $7, access_expires_at = $8, access_scopes = coalesce($9::text[], scopes),
           expires_at = least($10::timestamptz, created_at + $11 * interval '1 millisecond')
         WHERE tenant_id = $1 AND id = $2 AND app_id = $3 AND expires_at > $6
           AND (refresh_hash = $4 OR (previous_hash = $4 AND rotated_at > $12)) RETURNING ${COLUMNS}`,
        [
          tenant,
          id,
          appId,
          hashOf(token),
          hashOf(refresh),
          clock.now(),
          hashOf(access),
          later(ACCESS_SECONDS * 1_000),
          narrower ?? null,
          later(IDLE_MS),
          LONGEST_MS,
          later(-GRACE_MS),
        ],
      );
      const [grant] = rows;
      if (grant !== undefined) return issued(grant, narrower ?? grant.scopes, access, refresh);
      // Its row is named by a token of it alone: this is one that was exchanged, and of the two who have it one has stolen it.
      await tx.query(
        'DELETE FROM app_grants WHERE tenant_id = $1 AND id = $2 AND app_id = $3 AND refresh_hash IS NOT NULL',
        [tenant, id, appId],
      );
      return undefined;
    },

    async find(sql, tenant, token) {
      const id = grantOf('access', tenant, token);
      if (id === undefined) return undefined;
      const { rows } = await sql.query<{ customer_id: string; scopes: readonly AppScope[] }>(
        `SELECT g.customer_id, ARRAY(SELECT s FROM unnest(g.access_scopes) AS s WHERE s = ANY (a.scopes)) AS scopes
         FROM app_grants g JOIN apps a ON a.tenant_id = $1 AND a.id = g.app_id AND a.enabled
         WHERE g.tenant_id = $1 AND g.id = $2 AND g.access_hash = $3 AND g.access_expires_at > $4`,
        [tenant, id, hashOf(token), clock.now()],
      );
      const [row] = rows;
      return row && { customerId: row.customer_id, scopes: row.scopes };
    },

    async revoke(sql, tenant, appId, token) {
      const [access, refresh] = [grantOf('access', tenant, token), grantOf('refresh', tenant, token)];
      if (access !== undefined)
        await sql.query(
          'UPDATE app_grants SET access_hash = NULL WHERE tenant_id = $1 AND id = $2 AND app_id = $3 AND access_hash = $4',
          [tenant, access, appId, hashOf(token)],
        );
      if (refresh !== undefined)
        await sql.query(
          `DELETE FROM app_grants WHERE tenant_id = $1 AND id = $2 AND app_id = $3 AND refresh_hash IS NOT NULL`,
          [tenant, refresh, appId],
        );
    },

    async removeExpired(sql, tenant) {
      await sql.query('DELETE FROM app_grants WHERE tenant_id = $1 AND expires_at <= $2', [
        tenant,
        clock.now(),
      ]);
    },
  };
}

/** Whoever was signed in anywhere is not any more: at apps neither. */
export async function endGrants(tx: SqlRunner, tenant: TenantId, customerId: string): Promise<void> {
  await tx.query('DELETE FROM app_grants WHERE tenant_id = $1 AND customer_id = $2', [tenant, customerId]);
}

/** RFC 7636, 4.6. */
export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

function issued(
  grant: Grant,
  scopes: readonly AppScope[],
  accessToken: string,
  refreshToken: string,
): Issued {
  const goesOn = grant.scopes.includes('offline_access');
  return { grant, scopes, accessToken, ...(goesOn ? { refreshToken } : {}) };
}

/** @param which condition on its state: which of them are counted */
async function removeOldest(
  tx: SqlRunner,
  tenant: TenantId,
  customerId: string,
  appId: string,
  which: 'exchanged_at IS NULL' | 'exchanged_at IS NOT NULL',
  most: number,
): Promise<void> {
  await tx.query(
    `DELETE FROM app_grants WHERE tenant_id = $1 AND id IN (
       SELECT id FROM app_grants WHERE tenant_id = $1 AND customer_id = $2 AND app_id = $3 AND ${which} ORDER BY id DESC OFFSET ${most})`,
    [tenant, customerId, appId],
  );
}

function tokenFor(kind: keyof typeof PREFIX, tenant: TenantId, grantId: string): string {
  return newToken(`${PREFIX[kind]}_${tenant}.${grantId}.`);
}

/** @returns which grant it names; undefined: it is none of this kind and shop */
function grantOf(kind: keyof typeof PREFIX, tenant: TenantId, token: string): string | undefined {
  const start = `${PREFIX[kind]}_${tenant}.`;
  if (!token.startsWith(start)) return undefined;
  return /^(grt_[0-9a-f]{32})\.[\w-]{43}$/.exec(token.slice(start.length))?.[1];
}

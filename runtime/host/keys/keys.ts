/** A shop's API keys: shown once, kept as hashes, gone the moment they are revoked. */
import { createHash, randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { ApiKeyIdentity } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { Clock, NewId, Sql, Tenant } from '../../platform/ports.ts';
import type { ApiKey, NewApiKey } from '../definition.ts';

export interface KeysOptions {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Logger;
}

export interface Keys {
  /** @returns the key, which nobody can be told again. @throws ShopError `conflict` when the shop has {@link MOST_KEYS} */
  create(tenant: Tenant, key: NewApiKey): Promise<ApiKey & { readonly key: string }>;
  /** The youngest first; revoked ones for as long as they are remembered. */
  list(tenant: Tenant): Promise<ApiKey[]>;
  /** Again changes nothing. @throws ShopError `not_found` */
  revoke(tenant: Tenant, id: string): Promise<void>;
  /** Whose key this is; undefined for one that is unknown, expired or revoked. */
  find(tenant: Tenant, token: string): Promise<ApiKeyIdentity | undefined>;
}

/** In use at a time: more are a leak or a loop. */
export const MOST_KEYS = 50;
/** How exact `usedAt` is: not every request has to write. */
const USED_MS = 60_000;

interface Row {
  readonly id: string;
  readonly name: string;
  readonly hint: string;
  readonly scopes: readonly string[];
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly used_at: Date | null;
  readonly revoked_at: Date | null;
}

const COLUMNS = 'id, name, hint, scopes, created_at, expires_at, used_at, revoked_at';

/** Whether a token has the form of one: it names its shop. The key that comes with a shop begins alike, and names none. */
export function isApiKey(token: string): boolean {
  return /^smk_[a-z0-9-]+\./.test(token);
}

export function createKeys({ sql, clock, newId, log }: KeysOptions): Keys {
  async function noteUse(tenant: Tenant, { id, used_at: usedAt }: Row): Promise<void> {
    const now = clock.now();
    if (tenant.frozen || (usedAt !== null && now.getTime() - usedAt.getTime() < USED_MS)) return;
    await sql.query(tenant.id, 'UPDATE api_keys SET used_at = $3 WHERE tenant_id = $1 AND id = $2', [
      tenant.id,
      id,
      now,
    ]);
  }

  return {
    async create(tenant, { name, scopes, expiresAt }) {
      const key = `smk_${tenant.id}.${randomBytes(32).toString('base64url')}`;
      const { rows } = await sql.query<Row>(
        tenant.id,
        `INSERT INTO api_keys (tenant_id, id, name, hash, hint, scopes, created_at, expires_at)
         SELECT $1, $2, $3, $4, $5, $6::text[], $7, $8::timestamptz
         WHERE (SELECT count(*) FROM api_keys WHERE tenant_id = $1 AND revoked_at IS NULL
                  AND (expires_at IS NULL OR expires_at > $7)) < ${MOST_KEYS}
         RETURNING ${COLUMNS}`,
        [
          tenant.id,
          newId('key'),
          name,
          hashOf(key),
          key.slice(-4),
          [...new Set(scopes)].toSorted(),
          clock.now(),
          expiresAt === undefined ? null : new Date(expiresAt),
        ],
      );
      const [row] = rows;
      if (row !== undefined) return { ...toApiKey(row), key };
      throw new ShopError('conflict', `This shop has ${MOST_KEYS} keys in use.`, {
        remedy: 'Revoke those that nobody uses: usedAt says when each was last seen.',
      });
    },

    async list(tenant) {
      const { rows } = await sql.query<Row>(
        tenant.id,
        `SELECT ${COLUMNS} FROM api_keys WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1000`,
        [tenant.id],
      );
      return rows.map(toApiKey);
    },

    async revoke(tenant, id) {
      const { rows } = await sql.query(
        tenant.id,
        `UPDATE api_keys SET revoked_at = coalesce(revoked_at, $3) WHERE tenant_id = $1 AND id = $2 RETURNING id`,
        [tenant.id, id, clock.now()],
      );
      if (rows.length > 0) return;
      throw new ShopError('not_found', `There is no key ${id}.`, {
        remedy: 'GET /api/admin/keys lists them.',
      });
    },

    async find(tenant, token) {
      const { rows } = await sql.query<Row>(
        tenant.id,
        `SELECT ${COLUMNS} FROM api_keys WHERE tenant_id = $1 AND hash = $2 AND revoked_at IS NULL
           AND (expires_at IS NULL OR expires_at > $3)`,
        [tenant.id, hashOf(token), clock.now()],
      );
      const [row] = rows;
      if (row === undefined) return undefined;
      try {
        await noteUse(tenant, row);
      } catch (error) {
        // When it was last seen is told to people; that is not worth a request.
        log.warn({ err: error, tenant: tenant.id, key: row.id }, 'the use of a key was not noted');
      }
      return { id: row.id, scopes: row.scopes };
    },
  };
}

/** Of 256 random bits: nothing slower is needed. */
function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

function toApiKey({ id, name, hint, scopes, ...row }: Row): ApiKey {
  return {
    id,
    name,
    hint,
    scopes: [...scopes],
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    usedAt: row.used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  };
}

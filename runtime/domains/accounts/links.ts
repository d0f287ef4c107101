/**
 * Links that go out by mail: each is good for one thing, once, for a while. The token is in the message alone; here is its hash. It is
 * made when the message is, by a task, so that whoever asks for one waits the same whether there is an account or not.
 */
import { ShopError } from '../../platform/errors.ts';
import type { Clock, Sql, SqlRunner, Tenant, TenantId } from '../../platform/ports.ts';
import type { LinkPurpose } from './shapes.ts';
import { hashOf, newToken } from './tokens.ts';

export interface Links {
  /** @returns the token of a new link. Those before it stay good: which of two messages is read first, nobody knows */
  make(tenant: TenantId, purpose: LinkPurpose, accountId: string): Promise<string>;
  /** Whose link it is; undefined when it is used, over, or none of ours. */
  find(tenant: TenantId, purpose: LinkPurpose, token: string): Promise<string | undefined>;
  /** Uses it up, and with it every other of its purpose and account. @returns whether it was still good */
  use(tx: SqlRunner, tenant: TenantId, purpose: LinkPurpose, token: string): Promise<boolean>;
  /** All of an account: it is gone. */
  forget(tx: SqlRunner, tenant: TenantId, accountId: string): Promise<void>;
  removeExpired(tenant: TenantId): Promise<void>;
}

export const SEND_LINK = 'accounts.send-link';
const HOUR_MS = 60 * 60 * 1_000;
export const GOOD_FOR_MS: Readonly<Record<LinkPurpose, number>> = {
  invitation: 7 * 24 * HOUR_MS,
  registration: 24 * HOUR_MS,
  reset: HOUR_MS,
  'staff-reset': HOUR_MS,
  company: 7 * 24 * HOUR_MS,
};

export function createLinks(sql: Sql, clock: Clock): Links {
  return {
    async make(tenant, purpose, accountId) {
      const token = newToken();
      await sql.query(
        tenant,
        `INSERT INTO account_links (tenant_id, token_hash, purpose, account_id, expires_at) VALUES ($1, $2, $3, $4, $5)`,
        [tenant, hashOf(token), purpose, accountId, new Date(clock.now().getTime() + GOOD_FOR_MS[purpose])],
      );
      return token;
    },

    async find(tenant, purpose, token) {
      const { rows } = await sql.query<{ account_id: string }>(
        tenant,
        'SELECT account_id FROM account_links WHERE tenant_id = $1 AND token_hash = $2 AND purpose = $3 AND expires_at > $4',
        [tenant, hashOf(token), purpose, clock.now()],
      );
      return rows[0]?.account_id;
    },

    async use(tx, tenant, purpose, token) {
      const { rows } = await tx.query<{ account_id: string }>(
        `DELETE FROM account_links WHERE tenant_id = $1 AND token_hash = $2 AND purpose = $3 AND expires_at > $4
         RETURNING account_id`,
        [tenant, hashOf(token), purpose, clock.now()],
      );
      const [used] = rows;
      if (used === undefined) return false;
      await tx.query('DELETE FROM account_links WHERE tenant_id = $1 AND account_id = $2 AND purpose = $3', [
        tenant,
        used.account_id,
        purpose,
      ]);
      return true;
    },

    async forget(tx, tenant, accountId) {
      await tx.query('DELETE FROM account_links WHERE tenant_id = $1 AND account_id = $2', [
        tenant,
        accountId,
      ]);
    },

    async removeExpired(tenant) {
      await sql.query(tenant, 'DELETE FROM account_links WHERE tenant_id = $1 AND expires_at <= $2', [
        tenant,
        clock.now(),
      ]);
    },
  };
}

/** @param so what cannot be done then. @throws ShopError `conflict` in a shop that sends no mail */
export function wantsMail(tenant: Tenant, so: string): void {
  if (!tenant.domains.includes('notifications'))
    throw new ShopError('conflict', `This shop sends no mail, so ${so}.`, { remedy: 'Write to the shop.' });
}

export function overdue(): ShopError {
  return new ShopError('gone', 'This link is used up, or too old.', { remedy: 'Ask for another one.' });
}

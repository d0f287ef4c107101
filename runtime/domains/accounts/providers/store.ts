/** The providers of a shop, and which of its customers is who there. */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, TenantId } from '../../../platform/ports.ts';
import type { CustomerRow } from '../customers.ts';
import { MOST_PROVIDERS, type Identity, type ProviderInput } from './definition.ts';

export interface ProviderRow {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly client_id: string;
  /** Sealed; null: the client has none. */
  readonly client_secret: Buffer | null;
  /** Of Apple, whose secret is a key: the team, and the key's name. */
  readonly apple_team: string | null;
  readonly apple_key: string | null;
  readonly enabled: boolean;
  readonly updated_at: Date;
}

export async function listProviders(sql: SqlRunner, tenant: TenantId): Promise<readonly ProviderRow[]> {
  const { rows } = await sql.query<ProviderRow>(
    'SELECT * FROM sign_in_providers WHERE tenant_id = $1 ORDER BY name, id',
    [tenant],
  );
  return rows;
}

/** @throws ShopError `not_found`, also when it is switched off */
export async function enabledProvider(sql: SqlRunner, tenant: TenantId, id: string): Promise<ProviderRow> {
  const { rows } = await sql.query<ProviderRow>(
    'SELECT * FROM sign_in_providers WHERE tenant_id = $1 AND id = $2 AND enabled',
    [tenant, id],
  );
  return rows[0] ?? missing();
}

/**
 * Who signs in somewhere else now is somebody else by the same words: with another issuer or client, what was known of people there goes.
 * @throws ShopError `conflict` when there are {@link MOST_PROVIDERS} others
 */
export async function putProvider(
  { clock, sealing }: Pick<Platform, 'clock' | 'sealing'>,
  tx: SqlRunner,
  tenant: TenantId,
  id: string,
  { name, issuer, clientId, clientSecret, apple, enabled }: ProviderInput,
): Promise<ProviderRow> {
  const secret = apple?.privateKey ?? clientSecret;
  const sealed = typeof secret === 'string' ? sealing.seal(tenant, secretOf(id), Buffer.from(secret)) : null;
  await tx.query(
    `DELETE FROM customer_identities i USING sign_in_providers p
     WHERE i.tenant_id = $1 AND i.provider_id = $2 AND p.tenant_id = $1 AND p.id = $2 AND (p.issuer <> $3 OR p.client_id <> $4)`,
    [tenant, id, issuer, clientId],
  );
  const { rows } = await tx.query<ProviderRow>(
    `INSERT INTO sign_in_providers AS p (tenant_id, id, name, issuer, client_id, client_secret, enabled, updated_at, apple_team, apple_key)
     SELECT $1, $2, $3, $4, $5, $6::bytea, $7::boolean, $9::timestamptz, $10::text, $11::text
     WHERE (SELECT count(*) FROM sign_in_providers WHERE tenant_id = $1 AND id <> $2) < ${MOST_PROVIDERS}
     ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, issuer = excluded.issuer, client_id = excluded.client_id,
       client_secret = CASE WHEN $8::boolean THEN p.client_secret ELSE excluded.client_secret END,
       apple_team = CASE WHEN $8::boolean THEN p.apple_team ELSE excluded.apple_team END,
       apple_key = CASE WHEN $8::boolean THEN p.apple_key ELSE excluded.apple_key END,
       enabled = excluded.enabled, updated_at = excluded.updated_at
     RETURNING *`,
    [
      tenant,
      id,
      name,
      issuer,
      clientId,
      sealed,
      enabled,
      secret === undefined,
      clock.now(),
      apple?.teamId ?? null,
      apple?.keyId ?? null,
    ],
  );
  const [row] = rows;
  if (row !== undefined) return row;
  throw new ShopError('conflict', `This shop has ${MOST_PROVIDERS} providers.`, {
    remedy: 'Delete one that nobody signs in by.',
  });
}

/** @throws ShopError `not_found` */
export async function deleteProvider(sql: SqlRunner, tenant: TenantId, id: string): Promise<void> {
  const { rowCount } = await sql.query('DELETE FROM sign_in_providers WHERE tenant_id = $1 AND id = $2', [
    tenant,
    id,
  ]);
  if (rowCount === 0) missing();
}

/** What a sealed secret is, so that it opens as no other. */
export function secretOf(providerId: string): string {
  return `sign-in provider ${providerId}`;
}

/** Notes that they were here. @returns undefined: nobody is known by that */
export async function customerBehind(
  { clock }: Pick<Platform, 'clock'>,
  tx: SqlRunner,
  tenant: TenantId,
  providerId: string,
  subject: string,
): Promise<CustomerRow | undefined> {
  const { rows } = await tx.query<CustomerRow>(
    `WITH used AS (UPDATE customer_identities SET used_at = $4 WHERE tenant_id = $1 AND provider_id = $2 AND subject = $3 RETURNING customer_id)
     SELECT c.* FROM customers c JOIN used u ON c.id = u.customer_id WHERE c.tenant_id = $1`,
    [tenant, providerId, subject, clock.now()],
  );
  return rows[0];
}

/** Of two sign-ins at once the first stays. @returns whether it is new */
export async function addIdentity(
  { clock, newId }: Pick<Platform, 'clock' | 'newId'>,
  tx: SqlRunner,
  tenant: TenantId,
  of: { providerId: string; subject: string; customerId: string; email: string },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO customer_identities (tenant_id, provider_id, subject, id, customer_id, email, created_at, used_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (tenant_id, provider_id, subject) DO NOTHING`,
    [tenant, of.providerId, of.subject, newId('idn'), of.customerId, of.email, clock.now()],
  );
  return rowCount > 0;
}

export async function listIdentities(
  sql: SqlRunner,
  tenant: TenantId,
  customerId: string,
): Promise<readonly Identity[]> {
  const { rows } = await sql.query<{
    id: string;
    provider_id: string;
    name: string;
    email: string;
    created_at: Date;
    used_at: Date;
  }>(
    `SELECT i.id, i.provider_id, p.name, i.email, i.created_at, i.used_at FROM customer_identities i
     JOIN sign_in_providers p ON p.tenant_id = $1 AND p.id = i.provider_id
     WHERE i.tenant_id = $1 AND i.customer_id = $2 ORDER BY i.id`,
    [tenant, customerId],
  );
  return rows.map(({ id, provider_id, name, email, created_at, used_at }) => ({
    id,
    provider: { id: provider_id, name },
    email,
    createdAt: created_at.toISOString(),
    usedAt: used_at.toISOString(),
  }));
}

/** @throws ShopError `not_found` */
export async function removeIdentity(
  sql: SqlRunner,
  tenant: TenantId,
  customerId: string,
  id: string,
): Promise<void> {
  const { rowCount } = await sql.query(
    'DELETE FROM customer_identities WHERE tenant_id = $1 AND customer_id = $2 AND id = $3',
    [tenant, customerId, id],
  );
  if (rowCount === 0) throw new ShopError('not_found', 'You do not sign in by that.');
}

function missing(): never {
  throw new ShopError('not_found', 'There is no such provider.', {
    remedy: 'Sign in in one of the ways that the shop offers.',
  });
}

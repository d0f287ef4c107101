/** The apps of a shop: what the merchant wrote down of each. */
import { timingSafeEqual } from 'node:crypto';
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, TenantId } from '../../../platform/ports.ts';
import { hashOf, newToken } from '../tokens.ts';
import {
  MOST_APPS,
  type AdminApp,
  type AppChange,
  type AppInput,
  type AppKind,
  type AppScope,
} from './definition.ts';
import { placeOf } from './redirects.ts';

export interface AppRow {
  readonly id: string;
  readonly name: string;
  readonly kind: AppKind;
  readonly secret_hash: string | null;
  readonly redirect_uris: readonly string[];
  readonly logout_uris: readonly string[];
  readonly scopes: readonly AppScope[];
  readonly enabled: boolean;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export function toAdminApp(row: AppRow): AdminApp {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    redirectUris: [...row.redirect_uris],
    logoutUris: [...row.logout_uris],
    scopes: [...row.scopes],
    enabled: row.enabled,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

export async function listApps(sql: SqlRunner, tenant: TenantId): Promise<readonly AppRow[]> {
  const { rows } = await sql.query<AppRow>('SELECT * FROM apps WHERE tenant_id = $1 ORDER BY name, id', [
    tenant,
  ]);
  return rows;
}

/** @returns undefined for one that is switched off, too */
export async function enabledApp(sql: SqlRunner, tenant: TenantId, id: string): Promise<AppRow | undefined> {
  const { rows } = await sql.query<AppRow>(
    'SELECT * FROM apps WHERE tenant_id = $1 AND id = $2 AND enabled',
    [tenant, id],
  );
  return rows[0];
}

/**
 * @returns the app, and its secret where it has one: nobody sees it again
 * @throws ShopError `conflict` when there are {@link MOST_APPS}, `invalid_input` for a way back that is none of its kind
 */
export async function addApp(
  { clock, newId }: Pick<Platform, 'clock' | 'newId'>,
  sql: SqlRunner,
  tenant: TenantId,
  { name, kind, redirectUris, logoutUris, scopes, enabled }: AppInput,
): Promise<{ readonly row: AppRow; readonly secret: string | undefined }> {
  checkPlaces(kind, redirectUris, logoutUris);
  const secret = kind === 'confidential' ? newSecret(tenant) : undefined;
  const { rows } = await sql.query<AppRow>(
    `INSERT INTO apps (tenant_id, id, name, kind, secret_hash, redirect_uris, logout_uris, scopes, enabled, created_at, updated_at)
     SELECT $1, $2, $3, $4, $5::text, $6::text[], $7::text[], $8::text[], $9::boolean, $10::timestamptz, $10::timestamptz
     WHERE (SELECT count(*) FROM apps WHERE tenant_id = $1) < ${MOST_APPS} RETURNING *`,
    [
      tenant,
      newId('app'),
      name,
      kind,
      secret === undefined ? null : hashOf(secret),
      redirectUris,
      logoutUris,
      scopes,
      enabled,
      clock.now(),
    ],
  );
  const [row] = rows;
  if (row !== undefined) return { row, secret };
  throw new ShopError('conflict', `This shop has ${MOST_APPS} apps.`, {
    remedy: 'Delete one that nobody signs in to.',
  });
}

/** @throws ShopError `not_found`, and `invalid_input` as {@link addApp} */
export async function changeApp(
  { clock }: Pick<Platform, 'clock'>,
  tx: SqlRunner,
  tenant: TenantId,
  id: string,
  { name, redirectUris, logoutUris, scopes, enabled }: AppChange,
): Promise<AppRow> {
  const { rows } = await tx.query<AppRow>(
    `UPDATE apps SET name = $3, redirect_uris = $4, logout_uris = $5, scopes = $6, enabled = $7, updated_at = $8
     WHERE tenant_id = $1 AND id = $2 RETURNING *`,
    [tenant, id, name, redirectUris, logoutUris, scopes, enabled, clock.now()],
  );
  const row = rows[0] ?? missing();
  checkPlaces(row.kind, redirectUris, logoutUris);
  return row;
}

/** @throws ShopError `not_found`, and `conflict` for a public one */
export async function renewSecret(
  { clock }: Pick<Platform, 'clock'>,
  tx: SqlRunner,
  tenant: TenantId,
  id: string,
): Promise<{ readonly row: AppRow; readonly secret: string }> {
  const secret = newSecret(tenant);
  const { rows } = await tx.query<AppRow>(
    `UPDATE apps SET secret_hash = CASE WHEN kind = 'confidential' THEN $3 END, updated_at = $4
     WHERE tenant_id = $1 AND id = $2 RETURNING *`,
    [tenant, id, hashOf(secret), clock.now()],
  );
  const row = rows[0] ?? missing();
  if (row.kind === 'confidential') return { row, secret };
  throw new ShopError('conflict', 'A public app has no secret.', {
    remedy: 'Register an app of a server’s as confidential.',
  });
}

/** @throws ShopError `not_found` */
export async function deleteApp(sql: SqlRunner, tenant: TenantId, id: string): Promise<void> {
  const { rowCount } = await sql.query('DELETE FROM apps WHERE tenant_id = $1 AND id = $2', [tenant, id]);
  if (rowCount === 0) missing();
}

/** Whether this is its secret. */
export function isSecretOf({ secret_hash }: AppRow, secret: string): boolean {
  if (secret_hash === null) return false;
  const [known, given] = [Buffer.from(secret_hash), Buffer.from(hashOf(secret))];
  return known.length === given.length && timingSafeEqual(known, given);
}

/** An app on a device keeps no secret: who looks into one has it. */
function checkPlaces(kind: AppKind, redirectUris: readonly string[], logoutUris: readonly string[]): void {
  if (kind === 'public') return;
  const problems = Object.entries({ redirectUris, logoutUris }).flatMap(([field, uris]) =>
    uris.flatMap((uri, index) =>
      placeOf(uri) === 'own-scheme'
        ? [{ where: `body/${field}/${index}`, what: 'is on a device, where no secret is kept' }]
        : [],
    ),
  );
  if (problems.length === 0) return;
  throw new ShopError('invalid_input', 'A confidential app runs on a server.', {
    remedy: 'Register what runs on devices as an app of its own, a public one.',
    problems,
  });
}

/** Named as what it is, so that whoever finds one knows whose it was. */
function newSecret(tenant: TenantId): string {
  return newToken(`sme_${tenant}.`);
}

function missing(): never {
  throw new ShopError('not_found', 'There is no such app.');
}

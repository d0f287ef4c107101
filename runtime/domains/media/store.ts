/** Rows of the library and of uploads, and what they look like to merchants. */
import { ShopError } from '../../platform/errors.ts';
import type { SqlRunner, TenantId } from '../../platform/ports.ts';
import type { ContentType } from './limits.ts';
import type { Asset, Upload } from './schemas.ts';

export interface AssetRow {
  readonly id: string;
  readonly state: 'ready' | 'leaving';
  readonly name: string;
  readonly content_type: ContentType;
  readonly size: number;
  readonly width: number | null;
  readonly height: number | null;
  readonly pages: number;
  readonly object: string;
  readonly scanned_by: string | null;
  readonly created_at: Date;
  readonly alt: Readonly<Record<string, string>>;
}

export interface UploadRow {
  readonly id: string;
  readonly state: Upload['state'];
  readonly name: string;
  readonly content_type: ContentType;
  readonly size: number;
  readonly alt: string;
  readonly ticket: string | null;
  readonly expires_at: Date;
  readonly reason: NonNullable<Upload['refusal']>['reason'] | null;
  readonly explanation: string | null;
  readonly content: string | null;
  readonly asset_id: string | null;
}

/** With what is said of each; more conditions follow. */
export const SELECT_ASSETS = `select a.*, coalesce((select jsonb_object_agg(t.locale, t.alt) from media_texts t
    where t.tenant_id = $1 and t.asset_id = a.id), '{}') as alt
  from media_assets a where a.tenant_id = $1`;

/** Throws ShopError `not_found`; of one that leaves as well. */
export async function assetOf(sql: SqlRunner, tenant: TenantId, id: string): Promise<AssetRow> {
  const { rows } = await sql.query<AssetRow>(`${SELECT_ASSETS} and a.id = $2 and a.state = 'ready'`, [
    tenant,
    id,
  ]);
  const [row] = rows;
  if (row === undefined) throw noSuchAsset();
  return row;
}

/** Locked, if there is one. */
export async function lockUpload(
  tx: SqlRunner,
  tenant: TenantId,
  id: string,
): Promise<UploadRow | undefined> {
  const { rows } = await tx.query<UploadRow>(
    'select * from media_uploads where tenant_id = $1 and id = $2 for update',
    [tenant, id],
  );
  return rows[0];
}

export function toAsset(row: AssetRow): Asset {
  return {
    id: row.id,
    name: row.name,
    contentType: row.content_type,
    size: row.size,
    width: row.width,
    height: row.height,
    pages: row.pages,
    url: addressOf(row.id),
    alt: { ...row.alt },
    scannedBy: row.scanned_by,
    createdAt: row.created_at.toISOString(),
  };
}

export function toUpload(row: UploadRow): Upload {
  return {
    id: row.id,
    state: row.state,
    name: row.name,
    contentType: row.content_type,
    size: row.size,
    expiresAt: row.expires_at.toISOString(),
    refusal: row.reason === null ? null : { reason: row.reason, explanation: row.explanation ?? '' },
    assetId: row.asset_id,
  };
}

export function addressOf(id: string): string {
  return `/api/media/${id}`;
}

export function noSuchAsset(): ShopError {
  return new ShopError('not_found', 'There is no such picture.');
}

export function noSuchUpload(): ShopError {
  return new ShopError('not_found', 'There is no such upload.');
}

/** Which products and collections show pictures of the media library: written with them, asked before a picture is deleted. */
import { z } from 'zod';
import type { Sql, TenantId, Transaction } from '../../platform/ports.ts';
import type { ProductDocument } from './document.ts';
import type { Image } from './schemas.ts';

export const UsedMedia = z.object({ id: z.string() });

export interface MediaUse {
  readonly kind: 'product' | 'collection';
  readonly id: string;
  readonly title: string;
}

const MOST = 100;

/** The first hundred. */
export async function usesOf(sql: Sql, tenant: TenantId, media: string): Promise<MediaUse[]> {
  const { rows } = await sql.query<MediaUse>(
    tenant,
    `SELECT u.kind, u.used_by AS id, coalesce(p.title, c.title, '') AS title FROM catalog_media_uses u
     LEFT JOIN products p ON p.tenant_id = $1 AND u.kind = 'product' AND p.id = u.used_by
     LEFT JOIN collections c ON c.tenant_id = $1 AND u.kind = 'collection' AND c.id = u.used_by
     WHERE u.tenant_id = $1 AND u.media_id = $2 ORDER BY u.kind, u.used_by LIMIT ${MOST}`,
    [tenant, media],
  );
  return rows;
}

/** Pictures of the library that a product or its variants show. */
export function mediaOfProduct({ images, variants }: Pick<ProductDocument, 'images' | 'variants'>): string[] {
  return mediaIn([...images, ...variants.flatMap(({ image }) => image ?? [])]);
}

export function mediaIn(images: readonly Pick<Image, 'url'>[]): string[] {
  return [...new Set(images.flatMap(({ url }) => /^\/api\/media\/(med_[0-9a-f]{32})$/.exec(url)?.[1] ?? []))];
}

/**
 * Says what each shows from now on, instead of before.
 * @param known those that may have shown something; the others are new
 */
export async function noteUses(
  tx: Transaction,
  tenant: TenantId,
  kind: MediaUse['kind'],
  users: readonly { readonly id: string; readonly media: readonly string[] }[],
  known: readonly string[],
): Promise<void> {
  if (known.length > 0)
    await tx.query(
      'DELETE FROM catalog_media_uses WHERE tenant_id = $1 AND kind = $2 AND used_by = ANY ($3::text[])',
      [tenant, kind, known],
    );
  const uses = users.flatMap(({ id, media }) => media.map((one) => ({ id, one })));
  if (uses.length === 0) return;
  await tx.query(
    `INSERT INTO catalog_media_uses (tenant_id, kind, used_by, media_id)
     SELECT $1, $2, u.id, u.media FROM unnest($3::text[], $4::text[]) AS u (id, media)`,
    [tenant, kind, uses.map(({ id }) => id), uses.map(({ one }) => one)],
  );
}

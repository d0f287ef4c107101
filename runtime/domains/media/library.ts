/**
 * The library: what a merchant has brought, found, named, described, shown and taken out again. A picture that something shows is not
 * taken out. One that is leaves first and goes minutes later, when it is asked again who shows it: who was about to has said so by then.
 */
import { z } from 'zod';
import { decodeCursor, encodeCursor, PLACE } from '../../platform/cursor.ts';
import type { Platform, RouteResponse } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { PictureQuery } from '../../platform/pictures/form.ts';
import type { Tenant, TenantId } from '../../platform/ports.ts';
import { GRACE_SECONDS, quotaOf, shoppersQuotaOf } from './limits.ts';
import {
  Use,
  type Asset,
  type AssetPatch,
  type AssetsPage,
  type AssetsQuery,
  type Described,
  type Usage,
} from './schemas.ts';
import { addressOf, assetOf, noSuchAsset, SELECT_ASSETS, toAsset, type AssetRow } from './store.ts';
import { ORIGINALS } from './uploads.ts';
import { release } from './usage.ts';

export const REMOVE_TASK = 'media.remove-asset';

/** When it was brought, and its id. */
const PLACE_IN_LIST = z.tuple([PLACE.timestamptz, PLACE.text]);

export interface Library {
  list(tenant: TenantId, query: AssetsQuery): Promise<AssetsPage>;
  get(tenant: TenantId, id: string): Promise<Asset>;
  /** Throws ShopError `not_found`, or `invalid_input` for a language the shop does not speak. */
  change(tenant: Tenant, id: string, patch: AssetPatch): Promise<Asset>;
  /** Throws ShopError `conflict` while something shows it. Fine when it leaves already. */
  take(tenant: Tenant, id: string): Promise<void>;
  /** When it has left: removes it for good, unless something shows it after all. */
  remove(tenant: Tenant, id: string, object: string): Promise<void>;
  usage(tenant: Tenant): Promise<Usage>;
  /** For domains that want to show it; one that leaves is not to be had. Throws ShopError `not_found`. */
  describe(tenant: Tenant, id: string): Promise<Described>;
  show(tenant: TenantId, id: string, query: PictureQuery, accept: string | undefined): Promise<RouteResponse>;
  showOriginal(tenant: TenantId, id: string): Promise<RouteResponse>;
}

export function createLibrary(platform: Platform): Library {
  const { sql, blobs, pictures, scan } = platform;

  async function usesOf(tenant: Tenant, id: string): Promise<readonly Use[]> {
    if (!tenant.domains.includes('catalog')) return [];
    return Use.array().parse(await platform.call(tenant.id, 'catalog', 'mediaUses', { id }));
  }

  async function read(tenant: TenantId, id: string): Promise<AssetRow> {
    return assetOf({ query: (text, values) => sql.query(tenant, text, values) }, tenant, id);
  }

  return {
    async list(tenant, { q = '', limit, cursor }) {
      const [at, id] = cursor === undefined ? [null, null] : decodeCursor(cursor, PLACE_IN_LIST);
      const { rows } = await sql.query<AssetRow>(
        tenant,
        `${SELECT_ASSETS} and a.state = 'ready' and ($2::text = '' or a.name ilike $3 or exists (
            select from media_texts t where t.tenant_id = $1 and t.asset_id = a.id and t.alt ilike $3))
          and ($4::timestamptz is null or (a.created_at, a.id) < ($4::timestamptz, $5::text))
         order by a.created_at desc, a.id desc limit $6`,
        [tenant, q, `%${q.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`, at, id, limit + 1],
      );
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return {
        assets: rows.slice(0, limit).map(toAsset),
        nextCursor: last === undefined ? null : encodeCursor([last.created_at, last.id]),
      };
    },

    async get(tenant, id) {
      return toAsset(await read(tenant, id));
    },

    async change(tenant, id, { name, alt = {} }) {
      const foreign = Object.keys(alt).filter((locale) => !tenant.locales.includes(locale));
      if (foreign.length > 0)
        throw new ShopError('invalid_input', 'The shop does not speak these languages.', {
          problems: foreign.map((locale) => ({ where: `body/alt/${locale}`, what: 'is none of the shop’s' })),
          remedy: `Use ${tenant.locales.join(', ')}.`,
        });
      return sql.transaction(tenant.id, async (tx) => {
        await tx.query('update media_assets set name = coalesce($3, name) where tenant_id = $1 and id = $2', [
          tenant.id,
          id,
          name ?? null,
        ]);
        // After the row is locked, and before anything hangs on it.
        await assetOf(tx, tenant.id, id);
        for (const [locale, text] of Object.entries(alt))
          await (text === null
            ? tx.query('delete from media_texts where tenant_id = $1 and asset_id = $2 and locale = $3', [
                tenant.id,
                id,
                locale,
              ])
            : tx.query(
                `insert into media_texts (tenant_id, asset_id, locale, alt) values ($1, $2, $3, $4)
                 on conflict (tenant_id, asset_id, locale) do update set alt = excluded.alt`,
                [tenant.id, id, locale, text],
              ));
        return toAsset(await assetOf(tx, tenant.id, id));
      });
    },

    async take(tenant, id) {
      const uses = await usesOf(tenant, id);
      if (uses.length > 0) throw inUse(uses);
      await sql.transaction(tenant.id, async (tx) => {
        const { rows } = await tx.query<{ object: string }>(
          `update media_assets set state = 'leaving' where tenant_id = $1 and id = $2 returning object`,
          [tenant.id, id],
        );
        const [left] = rows;
        if (left === undefined) throw noSuchAsset();
        await tx.enqueue({
          name: REMOVE_TASK,
          payload: { assetId: id, object: left.object },
          key: id,
          runAt: new Date(platform.clock.now().getTime() + GRACE_SECONDS * 1_000),
        });
      });
    },

    async remove(tenant, id, object) {
      const uses = await usesOf(tenant, id);
      const isGone = await sql.transaction(tenant.id, async (tx) => {
        const { rows } = await tx.query<{ state: AssetRow['state']; size: number; object: string }>(
          'select state, size, object from media_assets where tenant_id = $1 and id = $2 for update',
          [tenant.id, id],
        );
        const [row] = rows;
        // Gone, or brought anew: what was to be removed has no row. Its bytes may still be there.
        if (row === undefined || row.object !== object) return true;
        if (row.state === 'ready') return false;
        if (uses.length > 0) {
          await tx.query(`update media_assets set state = 'ready' where tenant_id = $1 and id = $2`, [
            tenant.id,
            id,
          ]);
          return false;
        }
        await tx.query('delete from media_assets where tenant_id = $1 and id = $2', [tenant.id, id]);
        await release(tx, tenant.id, row.size);
        return true;
      });
      if (!isGone) return;
      await blobs.delete(tenant.id, ORIGINALS, object);
      await pictures.forget(tenant.id, { bucket: ORIGINALS, id });
    },

    async usage(tenant) {
      const { rows } = await sql.query<{
        assets: number;
        bytes: number;
        reserved: number;
        shoppers: number;
      }>(
        tenant.id,
        `select (select count(*) from media_assets where tenant_id = $1 and state = 'ready') as assets,
           coalesce(sum(bytes), 0)::bigint as bytes, coalesce(sum(reserved), 0)::bigint as reserved,
           coalesce(sum(shoppers), 0)::bigint as shoppers
         from media_usage where tenant_id = $1`,
        [tenant.id],
      );
      const [counted = { assets: 0, bytes: 0, reserved: 0, shoppers: 0 }] = rows;
      return {
        ...counted,
        quota: quotaOf(tenant),
        shoppersQuota: shoppersQuotaOf(tenant),
        scanning: scan !== undefined,
      };
    },

    async describe(tenant, id) {
      const { alt, width, height } = await read(tenant.id, id);
      return { id, url: addressOf(id), alt: alt[tenant.locales[0] ?? 'en'] ?? '', width, height };
    },

    async show(tenant, id, query, accept) {
      const { rows } = await sql.query<
        Pick<AssetRow, 'content_type' | 'width' | 'height' | 'pages' | 'object'>
      >(
        tenant,
        'select content_type, width, height, pages, object from media_assets where tenant_id = $1 and id = $2',
        [tenant, id],
      );
      const [row] = rows;
      if (row === undefined) throw noSuchAsset();
      const { content_type: contentType, object: key, width, height, pages } = row;
      const original = { bucket: ORIGINALS, key, id, contentType, width, height, mayMove: pages > 1 };
      return pictures.show(tenant, original, query, accept);
    },

    async showOriginal(tenant, id) {
      const { name, object: key } = await read(tenant, id);
      const answer = await pictures.showOriginal(tenant, { bucket: ORIGINALS, key, id });
      const file = encodeURIComponent(name).replaceAll(/['()*]/g, escaped);
      return {
        ...answer,
        headers: { ...answer.headers, 'content-disposition': `attachment; filename*=UTF-8''${file}` },
      };
    },
  };
}

function inUse(uses: readonly Use[]): ShopError {
  return new ShopError('conflict', `The picture is shown by ${uses.length} products or collections.`, {
    problems: uses
      .slice(0, 20)
      .map(({ kind, id, title }) => ({ where: `${kind}/${id}`, what: `“${title}” shows it` })),
    remedy: 'Give these another picture first.',
  });
}

const escaped = (letter: string): string => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;

/** The media domain's handlers: each narrows what the host has parsed, asks the parts beside it, and answers. */
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { CreateService } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { Tenant, TenantId } from '../../platform/ports.ts';
import { media } from './definition.ts';
import { createLibrary, REMOVE_TASK } from './library.ts';
import { AssetId, type AssetPatch, type AssetsQuery, type NewUpload, type PictureQuery } from './schemas.ts';
import { createShopperPictures, ERASED_TASK, TIDY_TASK } from './shoppers/pictures.ts';
import { NewPicture, OwnPicture, OwnPictures, PictureParams } from './shoppers/schemas.ts';
import { CLOSE_TASK, createUploads } from './uploads.ts';

export const createService: CreateService = (platform) => {
  const uploads = createUploads(platform);
  const library = createLibrary(platform);
  const shoppers = createShopperPictures(platform);

  async function tenantOf(id: TenantId): Promise<Tenant> {
    const tenant = await platform.tenants.byId(id);
    if (tenant === undefined) throw new ShopError('unavailable', `The directory does not know ${id}.`);
    return tenant;
  }

  return {
    definition: media,
    consumers: {},
    operations: {
      /** What a domain needs to show a picture of the library. */
      describe: (tenant, input) => library.describe(tenant, Picture.parse(input).id),
      /** For a domain that shows what shoppers bring, and has seen to it that this one may: where the bytes go. */
      beginShopperPicture: (tenant, input) => shoppers.begin(tenant, NewPicture.parse(input)),
      async finishShopperPicture(tenant, input) {
        const { id, customerId } = OwnPicture.parse(input);
        return shoppers.finish(tenant.id, id, customerId);
      },
      /** Which of them the domain may claim for this shopper. */
      async readyShopperPictures(tenant, input) {
        const { ids, customerId } = OwnPictures.parse(input);
        return shoppers.ready(tenant.id, ids, customerId);
      },
      async giveUpShopperPicture(tenant, input) {
        await shoppers.giveUp(tenant.id, PictureParams.parse(input).id);
        return {};
      },
    },
    tasks: {
      [CLOSE_TASK]: ({ tenant, payload }) => uploads.close(tenant, ClosePayload.parse(payload).uploadId),
      async [REMOVE_TASK]({ tenant, payload }) {
        const { assetId, object } = RemovePayload.parse(payload);
        await library.remove(await tenantOf(tenant), assetId, object);
      },
      async [TIDY_TASK]({ tenant, payload }) {
        const { id, object } = TidyPayload.parse(payload);
        await shoppers.tidy(await tenantOf(tenant), id, object);
      },
      [ERASED_TASK]: ({ tenant }) => shoppers.removeErased(tenant),
    },
    routes: {
      getPicture: ({ tenant, params, query, headers }) =>
        library.show(tenant.id, idOf(params), query as PictureQuery, headers['accept']),
      async putUpload({ tenant, params, query, headers, body }) {
        const { ticket } = query as { ticket: string };
        // Of routes with body `stream` it is one.
        await uploads.receive(tenant.id, idOf(params), ticket, headers, body as Readable);
        return {};
      },
      getShopperPicture: ({ tenant, params, query, headers }) =>
        shoppers.show(tenant, idOf(params), query as PictureQuery, headers['accept']),
      getOwnShopperPicture: ({ tenant, params, query, headers, caller: { customerId = '' } }) =>
        shoppers.look(tenant.id, idOf(params), query as PictureQuery, headers['accept'], customerId),
      async putShopperPicture({ tenant, params, query, headers, body }) {
        const { ticket } = query as { ticket: string };
        // As above.
        await shoppers.receive(tenant.id, idOf(params), ticket, headers, body as Readable);
        return {};
      },
      adminGetShopperPicture: ({ tenant, params, query, headers }) =>
        shoppers.look(tenant.id, idOf(params), query as PictureQuery, headers['accept']),
      async beginUpload({ tenant, body }) {
        const upload = await uploads.begin(tenant, body as NewUpload);
        return { json: upload, headers: { location: `/api/admin/media/uploads/${upload.id}` } };
      },
      async getUpload({ tenant, params }) {
        return { json: await uploads.get(tenant.id, idOf(params)) };
      },
      async finishUpload({ tenant, params }) {
        return { json: await uploads.finish(tenant, idOf(params)) };
      },
      async listAssets({ tenant, query }) {
        return { json: await library.list(tenant.id, query as AssetsQuery) };
      },
      async getAsset({ tenant, params }) {
        return { json: await library.get(tenant.id, idOf(params)) };
      },
      async changeAsset({ tenant, params, body }) {
        return { json: await library.change(tenant, idOf(params), body as AssetPatch) };
      },
      async deleteAsset({ tenant, params }) {
        await library.take(tenant, idOf(params));
        return {};
      },
      getOriginal: ({ tenant, params }) => library.showOriginal(tenant.id, idOf(params)),
      async getMediaUsage({ tenant }) {
        return { json: await library.usage(tenant) };
      },
    },
  };
};

const Picture = z.object({ id: AssetId });
const TidyPayload = z.object({ id: z.string(), object: z.string() });
const ClosePayload = z.object({ uploadId: z.string() });
const RemovePayload = z.object({ assetId: z.string(), object: z.string() });

function idOf(params: unknown): string {
  return (params as { id: string }).id; // parsed by the route's params
}

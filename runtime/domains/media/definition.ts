/**
 * Media: pictures a merchant brings, and those that shoppers do, checked before anybody sees them, shown in the size and format that is asked for.
 * Data only; the handlers are in `service.ts`.
 */
import { z } from 'zod';
import type { DomainDefinition } from '../../platform/definition.ts';
import { MOST_BROUGHT_BYTES } from '../../platform/pictures/brought.ts';
import { LARGEST } from './limits.ts';
import * as schemas from './schemas.ts';
import * as shoppers from './shoppers/schemas.ts';

/** For whoever gives a customer what the shop has of them. */
export { folderOf, SHOPPERS } from './shoppers/folder.ts';

export const media: DomainDefinition = {
  name: 'media',
  summary:
    'Pictures: uploads that are sniffed, decoded and scanned, a library with alternative texts, renditions on demand.',
  tables: [
    { name: 'media_assets', spread: 'tenant', access: 'write' },
    { name: 'media_texts', spread: 'tenant', access: 'write' },
    { name: 'media_uploads', spread: 'tenant', access: 'write' },
    { name: 'media_usage', spread: 'tenant', access: 'write' },
    {
      name: 'media_shopper_pictures',
      spread: 'tenant',
      access: 'write',
      // Nobody sees them from then on; the bytes go by `media.remove-erased-pictures`, and the rows with them.
      personal: { by: ['customer_id'], erase: { customer_id: null, state: 'erased' }, withhold: ['ticket'] },
    },
  ],
  migrations: new URL('./migrations/', import.meta.url),
  topics: [],
  consumes: [],
  tasks: [
    {
      name: 'media.close-upload',
      payload: z.strictObject({ uploadId: z.string() }),
      maxAttempts: 20,
      leaseSeconds: 30,
    },
    {
      name: 'media.remove-asset',
      // The object too: its row may be gone when its bytes are not yet.
      payload: z.strictObject({ assetId: z.string(), object: z.string() }),
      maxAttempts: 20,
      leaseSeconds: 60,
    },
    {
      name: 'media.tidy-shopper-picture',
      // The object too, as above.
      payload: z.strictObject({ id: z.string(), object: z.string() }),
      maxAttempts: 100,
      leaseSeconds: 60,
    },
    {
      name: 'media.remove-erased-pictures',
      payload: z.strictObject({}),
      maxAttempts: 1_000,
      leaseSeconds: 300,
    },
  ],
  buckets: [
    { name: 'uploads', public: false },
    { name: 'originals', public: false },
    { name: 'shoppers', public: false },
  ],
  routes: [
    {
      id: 'getPicture',
      method: 'GET',
      path: '/api/media/{id}',
      summary:
        'A picture in the size, shape and format asked for, painted anew: never enlarged, without what its camera noted. Sizes go by a ladder.',
      audience: 'shopper',
      params: schemas.AssetParams,
      query: schemas.PictureQuery,
      cacheSeconds: 31_536_000,
    },
    {
      id: 'putUpload',
      method: 'PUT',
      path: '/api/media/uploads/{id}',
      summary:
        'The bytes of an upload, where the blob store takes none itself: by the address its announcement answered.',
      // The ticket says who may.
      audience: 'provider',
      params: schemas.UploadParams,
      query: schemas.TicketQuery,
      body: 'stream',
      maxBodyBytes: LARGEST,
      status: 204,
    },
    {
      id: 'getShopperPicture',
      method: 'GET',
      path: '/api/media/shoppers/{id}',
      summary:
        'A picture that a shopper has brought, painted as those of the library are, once what shows it is public.',
      audience: 'shopper',
      params: shoppers.PictureParams,
      query: schemas.PictureQuery,
      // Not for long: one that is taken away is gone from every cache by then.
      cacheSeconds: 300,
    },
    {
      id: 'getOwnShopperPicture',
      method: 'GET',
      path: '/api/media/shoppers/{id}/own',
      summary: 'A picture that the customer has brought, shown to others or not.',
      audience: 'customer',
      params: shoppers.PictureParams,
      query: schemas.PictureQuery,
    },
    {
      id: 'putShopperPicture',
      method: 'PUT',
      path: '/api/media/shoppers/{id}',
      summary: 'The bytes of a shopper’s picture, by the address its announcement answered.',
      // The ticket says who may.
      audience: 'provider',
      params: shoppers.PictureParams,
      query: schemas.TicketQuery,
      body: 'stream',
      maxBodyBytes: MOST_BROUGHT_BYTES,
      status: 204,
    },
    {
      id: 'adminGetShopperPicture',
      method: 'GET',
      path: '/api/admin/media/shoppers/{id}',
      summary: 'A picture that a shopper has brought, shown or not.',
      audience: 'merchant',
      params: shoppers.PictureParams,
      query: schemas.PictureQuery,
    },
    {
      id: 'beginUpload',
      method: 'POST',
      path: '/api/admin/media/uploads',
      summary: 'Announce a picture: answers where its bytes go, for a quarter of an hour.',
      audience: 'merchant',
      body: schemas.NewUpload,
      response: schemas.BegunUpload,
      status: 201,
    },
    {
      id: 'getUpload',
      method: 'GET',
      path: '/api/admin/media/uploads/{id}',
      summary: 'How an upload stands.',
      audience: 'merchant',
      params: schemas.UploadParams,
      response: schemas.Upload,
    },
    {
      id: 'finishUpload',
      method: 'POST',
      path: '/api/admin/media/uploads/{id}/finish',
      summary:
        'Check what has come: the picture is in the library then, or the upload refused with the reason. May be repeated.',
      audience: 'merchant',
      params: schemas.UploadParams,
      response: schemas.Upload,
    },
    {
      id: 'listAssets',
      method: 'GET',
      path: '/api/admin/media/assets',
      summary: 'The library, the youngest first, in pages.',
      audience: 'merchant',
      query: schemas.AssetsQuery,
      response: schemas.AssetsPage,
    },
    {
      id: 'getAsset',
      method: 'GET',
      path: '/api/admin/media/assets/{id}',
      summary: 'One picture of the library.',
      audience: 'merchant',
      params: schemas.AssetParams,
      response: schemas.Asset,
    },
    {
      id: 'changeAsset',
      method: 'PATCH',
      path: '/api/admin/media/assets/{id}',
      summary: 'Name a picture, and say what it shows in the shop’s languages.',
      audience: 'merchant',
      params: schemas.AssetParams,
      body: schemas.AssetPatch,
      response: schemas.Asset,
    },
    {
      id: 'deleteAsset',
      method: 'DELETE',
      path: '/api/admin/media/assets/{id}',
      summary:
        'Take a picture out of the library; 409 while something shows it. Its bytes go within minutes.',
      audience: 'merchant',
      params: schemas.AssetParams,
      status: 204,
    },
    {
      id: 'getOriginal',
      method: 'GET',
      path: '/api/admin/media/assets/{id}/original',
      summary: 'The file as it was brought.',
      audience: 'merchant',
      params: schemas.AssetParams,
    },
    {
      id: 'getMediaUsage',
      method: 'GET',
      path: '/api/admin/media/usage',
      summary: 'How much the library holds, and may hold.',
      audience: 'merchant',
      response: schemas.Usage,
    },
  ],
  scaling: { min: 1, max: 10, cpuPercent: 70 },
  slo: { availability: 0.999, p99Milliseconds: 1_500 },
};

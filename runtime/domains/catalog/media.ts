/** Pictures: taken in once per content, served for ever under an id that names the content. Those of the media library are shown from there. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Platform, RouteResponse } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import { isAsked, type PictureQuery } from '../../platform/pictures/form.ts';
import { pictureOf, type Picture } from '../../platform/pictures/sniff.ts';
import type { TenantId } from '../../platform/ports.ts';
import { createRoom } from './room.ts';
import type { Image } from './schemas.ts';
import type { Sources } from './sources.ts';

const BUCKET = 'media';
const MIB = 1024 * 1024;
const MOST_BYTES = 20 * MIB;
/** Most pictures are smaller. What is larger is read again once there is room for the largest: nobody says reliably how much will come. */
const SMALL_BYTES = 4 * MIB;
/** Of pictures that are being taken in, in the whole process, whoever brings them. */
const ROOM_BYTES = 64 * MIB;
/** What comes more slowly keeps others out. */
const MOST_MS = 60_000;
const URL_PREFIX = '/api/catalog/media/';
/** Reasons of `pictures.show` for which there is still the original: nobody can decode it, no decoder, too much to do. */
const UNPAINTED: ReadonlySet<string> = new Set(['invalid_input', 'unavailable', 'timeout']);

export interface Media {
  /**
   * Takes a picture in from where the merchant says it is; one of the media library (`/api/media/med_…`) stays there.
   * @throws ShopError `invalid_input` with the reason
   */
  takeIn(tenant: TenantId, src: string, alt: string, base?: URL): Promise<Image>;
  /** @param accept header `Accept` */
  serve(
    tenant: TenantId,
    id: string,
    query: PictureQuery,
    accept: string | undefined,
  ): Promise<RouteResponse>;
  /** As it was taken in. */
  serveOriginal(tenant: TenantId, id: string): Promise<RouteResponse>;
}

interface MediaTools extends Pick<Platform, 'sql' | 'blobs' | 'clock' | 'pictures' | 'call'> {
  readonly sources: Sources;
}

/** A picture that was taken in. */
interface Kept {
  readonly id: string;
  readonly width: number | null;
  readonly height: number | null;
}

interface MediaRow {
  readonly content_type: string;
  readonly width: number | null;
  readonly height: number | null;
}

export function createMedia({ sql, blobs, clock, pictures, call, sources }: MediaTools): Media {
  async function known(tenant: TenantId, id: string): Promise<MediaRow | undefined> {
    const { rows } = await sql.query<MediaRow>(
      tenant,
      'SELECT content_type, width, height FROM media WHERE tenant_id = $1 AND id = $2',
      [tenant, id],
    );
    return rows[0];
  }

  /** Of the media library, which knows what is said of it where the merchant says nothing here. */
  async function ofLibrary(tenant: TenantId, id: string, alt: string): Promise<Image> {
    try {
      const { alt: usual, url, width, height } = await call<Image>(tenant, 'media', 'describe', { id });
      return { url, alt: alt === '' ? usual : alt, width, height };
    } catch (error) {
      if (!(error instanceof ShopError) || error.code !== 'not_found') throw error;
      throw new ShopError('invalid_input', `There is no picture ${id} in this shop’s library.`, {
        cause: error,
        remedy: 'See /api/admin/media/assets.',
      });
    }
  }

  async function serveOriginal(tenant: TenantId, id: string): Promise<RouteResponse> {
    return pictures.showOriginal(tenant, { bucket: BUCKET, key: checked(id), id });
  }

  /** What cannot be painted, or not now, is still a picture that browsers may know how to show. */
  async function asItIs(tenant: TenantId, id: string, error: unknown): Promise<RouteResponse> {
    if (!(error instanceof ShopError) || !UNPAINTED.has(error.code)) throw error;
    const response = await serveOriginal(tenant, id);
    return error.code === 'invalid_input'
      ? response
      : { ...response, headers: { ...response.headers, 'cache-control': 'no-store' } };
  }

  const room = createRoom(ROOM_BYTES);

  /** @returns undefined where the picture is larger. @throws ShopError `invalid_input` */
  function takeInFrom(tenant: TenantId, src: string, url: URL, most: number): Promise<Kept | undefined> {
    return room.within(most, async () => {
      const bytes = await readAtMost(await sources.open(url, MOST_BYTES), most);
      if (bytes === undefined) return undefined;
      const picture = pictureOf(bytes);
      if (!picture) throw noPicture(src);
      const id = `med_${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}`;
      await keep(tenant, id, bytes, picture);
      return { id, width: picture.width, height: picture.height };
    });
  }

  async function keep(tenant: TenantId, id: string, bytes: Buffer, picture: Picture): Promise<void> {
    if (await known(tenant, id)) return;
    // The bytes first: a row without its bytes would be a picture that cannot be shown.
    await blobs.put(tenant, BUCKET, id, bytes, picture.contentType);
    await sql.query(
      tenant,
      `INSERT INTO media (tenant_id, id, content_type, size, width, height, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
      [tenant, id, picture.contentType, bytes.length, picture.width, picture.height, clock.now()],
    );
  }

  return {
    async takeIn(tenant, src, alt, base) {
      const asset = /^(?:https?:\/\/[^/]+)?\/api\/media\/(med_[0-9a-f]{32})$/.exec(src)?.[1];
      if (asset !== undefined) return ofLibrary(tenant, asset, alt);
      const own = ownId(src);
      if (own !== undefined) {
        const picture = await known(tenant, own);
        if (!picture)
          throw new ShopError('invalid_input', `There is no picture ${own} in this shop.`, {
            remedy: 'Name the picture’s original place.',
          });
        return { url: `${URL_PREFIX}${own}`, alt, width: picture.width, height: picture.height };
      }
      const url = sources.resolve(tenant, src, base);
      const kept =
        (await takeInFrom(tenant, src, url, SMALL_BYTES)) ?? (await takeInFrom(tenant, src, url, MOST_BYTES));
      if (kept === undefined) throw tooLarge();
      return { url: `${URL_PREFIX}${kept.id}`, alt, width: kept.width, height: kept.height };
    },
    serveOriginal,
    async serve(tenant, id, query, accept) {
      const row = isAsked(query) ? await known(tenant, checked(id)) : undefined;
      if (row === undefined) return serveOriginal(tenant, id);
      const { content_type: contentType, width, height } = row;
      const mayMove = contentType === 'image/gif' || contentType === 'image/webp';
      const original = { bucket: BUCKET, key: id, id, contentType, width, height, mayMove };
      return pictures
        .show(tenant, original, query, accept)
        .catch((error: unknown) => asItIs(tenant, id, error));
    },
  };
}

/** Throws ShopError `not_found`. */
function checked(id: string): string {
  if (/^med_[0-9a-f]{32}$/.test(id)) return id;
  throw new ShopError('not_found', 'There is no such picture.');
}

/** The id in an address of our own, as an export writes it. */
function ownId(src: string): string | undefined {
  return /^(?:https?:\/\/[^/]+)?\/api\/catalog\/media\/(med_[0-9a-f]{32})$/.exec(src)?.[1];
}

/**
 * Into memory of that size, which is taken up as far as it is written to: pieces that are joined at the end would be there twice.
 * @returns undefined where there is more
 * @throws ShopError `invalid_input` where it takes too long
 */
async function readAtMost(stream: Readable, most: number): Promise<Buffer | undefined> {
  const bytes = Buffer.allocUnsafe(most);
  const timer = setTimeout(() => stream.destroy(tooSlow()), MOST_MS);
  try {
    let size = 0;
    for await (const chunk of stream) {
      const piece = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      if (size + piece.length > most) return undefined;
      size += piece.copy(bytes, size);
    }
    return bytes.subarray(0, size);
  } finally {
    clearTimeout(timer);
  }
}

function noPicture(src: string): ShopError {
  return new ShopError('invalid_input', `“${src.slice(0, 300)}” is no picture.`, {
    remedy: 'Use PNG, JPEG, GIF, WebP, AVIF or SVG.',
  });
}

function tooLarge(): ShopError {
  return new ShopError('invalid_input', `The picture is larger than ${MOST_BYTES} bytes.`, {
    remedy: 'Make it smaller.',
  });
}

function tooSlow(): ShopError {
  return new ShopError('invalid_input', `The picture has not come within ${MOST_MS / 1_000} seconds.`, {
    remedy: 'Have it where it comes faster, or make it smaller.',
  });
}

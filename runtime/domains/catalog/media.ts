/** Pictures: taken in once per content, served for ever under an id that names the content. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { RouteResponse } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { Blobs, Clock, Sql, TenantId } from '../../platform/ports.ts';
import { pictureOf, type Picture } from './pictures.ts';
import type { Image } from './schemas.ts';
import type { Sources } from './sources.ts';

const BUCKET = 'media';
const MOST_BYTES = 20 * 1024 * 1024;
const URL_PREFIX = '/api/catalog/media/';

export interface Media {
  /** Takes a picture in from where the merchant says it is. Throws ShopError `invalid_input` with the reason. */
  takeIn(tenant: TenantId, src: string, alt: string, base?: URL): Promise<Image>;
  serve(tenant: TenantId, id: string): Promise<RouteResponse>;
}

interface MediaTools {
  readonly sql: Sql;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly sources: Sources;
}

export function createMedia({ sql, blobs, clock, sources }: MediaTools): Media {
  async function known(
    tenant: TenantId,
    id: string,
  ): Promise<{ width: number | null; height: number | null } | undefined> {
    const { rows } = await sql.query<{ width: number | null; height: number | null }>(
      tenant,
      'SELECT width, height FROM media WHERE tenant_id = $1 AND id = $2',
      [tenant, id],
    );
    return rows[0];
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
      const own = ownId(src);
      if (own !== undefined) {
        const picture = await known(tenant, own);
        if (!picture)
          throw new ShopError('invalid_input', `There is no picture ${own} in this shop.`, {
            remedy: 'Name the picture’s original place.',
          });
        return { url: `${URL_PREFIX}${own}`, alt, ...picture };
      }
      const bytes = await readAll(await sources.open(sources.resolve(tenant, src, base), MOST_BYTES));
      const picture = pictureOf(bytes);
      if (!picture)
        throw new ShopError('invalid_input', `“${src.slice(0, 300)}” is no picture.`, {
          remedy: 'Use PNG, JPEG, GIF, WebP, AVIF or SVG.',
        });
      const id = `med_${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}`;
      await keep(tenant, id, bytes, picture);
      return { url: `${URL_PREFIX}${id}`, alt, width: picture.width, height: picture.height };
    },
    async serve(tenant, id) {
      const blob = /^med_[0-9a-f]{32}$/.test(id) ? await blobs.get(tenant, BUCKET, id) : undefined;
      if (!blob) throw new ShopError('not_found', 'There is no such picture.');
      return {
        bytes: blob.body,
        headers: {
          'content-type': blob.contentType,
          'content-length': String(blob.size),
          etag: `"${id}"`,
          // An SVG is a document: opened by itself it may neither run nor load anything.
          'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; sandbox`,
          'cross-origin-resource-policy': 'cross-origin',
        },
      };
    },
  };
}

/** The id in an address of our own, as an export writes it. */
function ownId(src: string): string | undefined {
  return /^(?:https?:\/\/[^/]+)?\/api\/catalog\/media\/(med_[0-9a-f]{32})$/.exec(src)?.[1];
}

async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > MOST_BYTES)
      throw new ShopError('invalid_input', `The picture is larger than ${MOST_BYTES} bytes.`, {
        remedy: 'Make it smaller.',
      });
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

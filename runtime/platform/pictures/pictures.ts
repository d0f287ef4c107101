/**
 * Pictures as shops show them: in the size, shape and format that a browser asks for, painted when they are asked for first, kept
 * beside the originals afterwards. What a domain keeps of a picture is its own; this only answers for it.
 */
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { RouteResponse } from '../domain.ts';
import { ShopError } from '../errors.ts';
import type { Blob, Blobs, Clock, Sql, TenantId } from '../ports.ts';
import { nameOf, renditionOf, type PictureQuery } from './form.ts';
import type { Inspected } from './studio/messages.ts';
import type { Painters } from './studio/painters.ts';

export interface Original {
  /** Where its bytes are; they never change. */
  readonly bucket: string;
  readonly key: string;
  /** Names the content: renditions are kept, and told apart, by it. */
  readonly id: string;
  readonly contentType: string;
  /** As it is shown. Null where nobody knows: it is answered as it is then. */
  readonly width: number | null;
  readonly height: number | null;
  /** Whether it may have more than one frame. */
  readonly mayMove: boolean;
}

export interface Pictures {
  /**
   * Decodes a picture to its end.
   * @throws PictureRefused when the bytes are to blame; ShopError `unavailable` or `timeout`
   */
  inspect(tenant: TenantId, bytes: Buffer): Promise<Inspected>;
  /**
   * A picture painted anew, for whoever wants to keep nothing of the file itself: without what its camera noted, as WebP.
   * @param shown its sides, as `inspect` says @param side the longest that is kept, in pixels
   * @throws as `inspect`
   */
  repaint(
    tenant: TenantId,
    bytes: Buffer,
    shown: Pick<Inspected, 'width' | 'height'>,
    side: number,
  ): Promise<Repainted>;
  /**
   * The answer to who asks for a rendition. An SVG, which browsers scale themselves, is answered as it is.
   * @param accept header `Accept`
   * @throws ShopError `not_found`, `invalid_input` (nobody can decode it), `unavailable` or `timeout`
   */
  show(
    tenant: TenantId,
    original: Original,
    query: PictureQuery,
    accept: string | undefined,
  ): Promise<RouteResponse>;
  /** The answer to who asks for a picture as it is. Throws ShopError `not_found`. */
  showOriginal(tenant: TenantId, original: Pick<Original, 'bucket' | 'key' | 'id'>): Promise<RouteResponse>;
  /** Removes renditions of a picture that is gone. What is being painted meanwhile goes when it has not been asked for in a while. */
  forget(tenant: TenantId, original: Pick<Original, 'bucket' | 'id'>): Promise<void>;
  /** Removes renditions that nobody has asked for in 30 days, and the longest unused where there are too many. */
  tidy(tenant: TenantId): Promise<void>;
  close(): void;
}

export interface Repainted {
  readonly bytes: Buffer;
  readonly contentType: 'image/webp';
  readonly width: number;
  readonly height: number;
}

export interface PicturesOptions {
  readonly sql: Sql;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly log: Logger;
  readonly painters: Painters;
  /** Bytes of renditions a tenant may have. Default 2 GiB. */
  readonly mostBytes?: number;
}

/** The bucket that only this file knows. */
const RENDITIONS = 'renditions';
/** Of what renditions are painted from. */
const KEPT_QUALITY = 90;
const KEPT_DAYS = 30;
const DAY_MS = 86_400_000;
/** So many new ones of a tenant, and there is no waiting for the next round of upkeep. */
const TIDY_AFTER = 500;
const AT_ONCE = 50;

/** An SVG is a document: opened by itself it may neither run nor load anything. */
const HEADERS = {
  'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; sandbox`,
  'cross-origin-resource-policy': 'cross-origin',
} as const;

export function createPictures({
  sql,
  blobs,
  clock,
  log,
  painters,
  mostBytes = 2 * 1024 ** 3,
}: PicturesOptions): Pictures {
  const underWay = new Map<string, Promise<Buffer>>();
  const noted = createNotes();
  const made = new Map<TenantId, number>();

  /** Whoever asks for what is being painted waits for it. */
  function paintedOnce(tenant: TenantId, key: string, paint: () => Promise<Buffer>): Promise<Buffer> {
    const name = `${tenant}/${key}`;
    let painting = underWay.get(name);
    if (painting === undefined) {
      painting = paint().finally(() => underWay.delete(name));
      underWay.set(name, painting);
    }
    return painting;
  }

  async function bytesOf(tenant: TenantId, { bucket, key }: Original): Promise<Buffer> {
    const blob = await blobs.get(tenant, bucket, key);
    if (blob === undefined) throw missing();
    const chunks: Buffer[] = [];
    for await (const chunk of blob.body) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  }

  /** The row first: bytes that no row knows of would stay for ever. */
  async function keep(tenant: TenantId, key: string, contentType: string, bytes: Buffer): Promise<void> {
    await sql.query(
      tenant,
      `insert into picture_renditions (tenant_id, key, size, used_on) values ($1, $2, $3, $4)
       on conflict (tenant_id, key) do update set size = excluded.size, used_on = excluded.used_on`,
      [tenant, key, bytes.length, dayOf(clock)],
    );
    await blobs.put(tenant, RENDITIONS, key, bytes, contentType);
    const count = (made.get(tenant) ?? 0) + 1;
    made.set(tenant, count % TIDY_AFTER);
    if (count === TIDY_AFTER) await tidy(tenant);
  }

  function note(tenant: TenantId, key: string): void {
    const today = dayOf(clock);
    if (!noted.isNew(`${tenant}/${key}`, today)) return;
    sql
      .query(
        tenant,
        'update picture_renditions set used_on = $3 where tenant_id = $1 and key = $2 and used_on < $3',
        [tenant, key, today],
      )
      .catch((error: unknown) => log.warn({ err: error, tenant }, 'the use of a rendition was not noted'));
  }

  /** @returns how many went */
  async function remove(
    tenant: TenantId,
    which: string,
    values: readonly (string | number)[],
  ): Promise<number> {
    return sql.transaction(tenant, async (tx) => {
      // Locked until the bytes are gone: who paints it again waits with its row, and writes the bytes after it.
      const { rows } = await tx.query<{ key: string }>(
        `select key from picture_renditions where tenant_id = $1 and (${which}) order by used_on, key limit ${AT_ONCE} for update`,
        [tenant, ...values],
      );
      const keys = rows.map(({ key }) => key);
      await Promise.all(keys.map((key) => blobs.delete(tenant, RENDITIONS, key)));
      await tx.query('delete from picture_renditions where tenant_id = $1 and key = any ($2::text[])', [
        tenant,
        keys,
      ]);
      return keys.length;
    });
  }

  async function removeAll(
    tenant: TenantId,
    which: string,
    values: readonly (string | number)[],
  ): Promise<void> {
    while ((await remove(tenant, which, values)) === AT_ONCE);
  }

  async function tidy(tenant: TenantId): Promise<void> {
    const oldest = new Date(clock.now().getTime() - KEPT_DAYS * DAY_MS).toISOString().slice(0, 10);
    await removeAll(tenant, 'used_on < $2::date', [oldest]);
    const { rows } = await sql.query<{ used_on: string; key: string }>(
      tenant,
      `select used_on::text, key from (
         select used_on, key, sum(size) over (order by used_on desc, key desc) as total from picture_renditions where tenant_id = $1
       ) r where total > $2 order by used_on desc, key desc limit 1`,
      [tenant, mostBytes],
    );
    const [first] = rows;
    if (first !== undefined)
      await removeAll(tenant, '(used_on, key) <= ($2::date, $3)', [first.used_on, first.key]);
  }

  async function showOriginal(
    tenant: TenantId,
    { bucket, key, id }: Pick<Original, 'bucket' | 'key' | 'id'>,
  ): Promise<RouteResponse> {
    const blob = await blobs.get(tenant, bucket, key);
    if (blob === undefined) throw missing();
    return answer(id, blob, {});
  }

  return {
    inspect: (tenant, bytes) => painters.inspect(tenant, bytes),
    async repaint(tenant, bytes, { width, height }, side) {
      const rendition = renditionOf(
        { width, height, mayMove: false, contentType: 'image/webp' },
        { w: side, h: side, fit: 'contain', format: 'webp', q: KEPT_QUALITY },
        undefined,
      );
      return {
        bytes: await painters.paint(tenant, () => Promise.resolve(bytes), rendition),
        contentType: 'image/webp',
        width: rendition.width,
        height: rendition.height,
      };
    },
    showOriginal,
    async show(tenant, original, query, accept) {
      const { width, height, contentType } = original;
      if (width === null || height === null || contentType === 'image/svg+xml')
        return showOriginal(tenant, original);
      const rendition = renditionOf({ ...original, width, height }, query, accept);
      const key = `${folderOf(original)}${nameOf(rendition)}`;
      const headers = query.format === 'auto' ? { vary: 'accept' } : {};
      const tag = `${original.id}/${nameOf(rendition)}`;
      const kept = await blobs.get(tenant, RENDITIONS, key);
      if (kept !== undefined) {
        note(tenant, key);
        return answer(tag, kept, headers);
      }
      const type = `image/${rendition.format}`;
      const bytes = await paintedOnce(tenant, key, async () => {
        const painted = await painters.paint(tenant, () => bytesOf(tenant, original), rendition);
        await keep(tenant, key, type, painted).catch((error: unknown) =>
          log.warn({ err: error, tenant, key }, 'a rendition was painted and not kept'),
        );
        return painted;
      });
      return answer(tag, { body: bytes, contentType: type, size: bytes.length }, headers);
    },
    async forget(tenant, original) {
      const folder = folderOf(original);
      // Keys below a folder: from its slash to the letter after it.
      await removeAll(tenant, 'key collate "C" >= $2 and key collate "C" < $3', [
        folder,
        `${folder.slice(0, -1)}0`,
      ]);
    },
    tidy,
    close: () => painters.close(),
  };
}

function folderOf({ bucket, id }: Pick<Original, 'bucket' | 'id'>): string {
  return `${bucket}/${id}/`;
}

function answer(
  tag: string,
  { body, contentType, size }: Pick<Blob, 'contentType' | 'size'> & { readonly body: Blob['body'] | Buffer },
  headers: Readonly<Record<string, string>>,
): RouteResponse {
  return {
    bytes: body,
    headers: {
      'content-type': contentType,
      'content-length': String(size),
      etag: `"${createHash('sha1').update(tag).digest('base64url')}"`,
      ...HEADERS,
      ...headers,
    },
  };
}

/** Remembers what was noted today, so that a rendition costs one write a day. Forgetting costs one write more. */
function createNotes(): { isNew(name: string, today: string): boolean } {
  let day = '';
  const names = new Set<string>();
  return {
    isNew(name, today) {
      if (today !== day || names.size > 50_000) names.clear();
      day = today;
      if (names.has(name)) return false;
      names.add(name);
      return true;
    },
  };
}

function dayOf(clock: Clock): string {
  return clock.now().toISOString().slice(0, 10);
}

function missing(): ShopError {
  return new ShopError('not_found', 'There is no such picture.');
}

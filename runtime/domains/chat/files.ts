/** Files in rooms: what they are is told by their bytes, not by their senders; who is in the room may have them. */
import { ShopError } from '../../platform/errors.ts';
import type { Platform, RouteResponse } from '../../platform/domain.ts';
import type { TenantId } from '../../platform/ports.ts';
import { checkRoomForFile, countFile } from './allowances.ts';

const BUCKET = 'chat';

export interface Files {
  /**
   * @param network that the sender is in
   * @throws ShopError `unsupported_media_type`; `rate_limited` and `forbidden` where it is one too many
   */
  bring(
    tenant: TenantId,
    room: string,
    sender: string,
    file: { readonly name: string; readonly bytes: Buffer },
    network: string | undefined,
  ): Promise<{ id: string; name: string; contentType: string; size: number }>;
  /** Throws ShopError `not_found`. */
  serve(tenant: TenantId, room: string, id: string): Promise<RouteResponse>;
  remove(tenant: TenantId, room: string, ids: readonly string[]): Promise<void>;
}

export function createFiles({
  sql,
  blobs,
  clock,
  newId,
  limits,
}: Pick<Platform, 'sql' | 'blobs' | 'clock' | 'newId' | 'limits'>): Files {
  const keyOf = (room: string, id: string): string => `${room}/${id}`;
  return {
    async bring(tenant, room, sender, { name, bytes }, network) {
      const contentType = typeOf(bytes);
      if (contentType === undefined)
        throw new ShopError('unsupported_media_type', 'This is no PNG, JPEG, GIF, WebP or PDF.', {
          remedy: 'Send it as one of these.',
        });
      await countFile(limits, tenant, sender, network);
      const id = newId('att');
      // The object first: a row leads to something at every moment.
      await blobs.put(tenant, BUCKET, keyOf(room, id), bytes, contentType);
      try {
        await sql.transaction(tenant, async (tx) => {
          await checkRoomForFile(tx, tenant, sender, bytes.length);
          await tx.query(
            `insert into chat_attachments (tenant_id, room_id, id, sender, name, content_type, size, at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)`,
            [tenant, room, id, sender, name, contentType, bytes.length, clock.now()],
          );
        });
      } catch (error) {
        // Of a refusal it is certain that no row leads to it.
        if (error instanceof ShopError && error.code === 'forbidden')
          await blobs.delete(tenant, BUCKET, keyOf(room, id));
        throw error;
      }
      return { id, name, contentType, size: bytes.length };
    },
    async serve(tenant, room, id) {
      const { rows } = await sql.query<{ content_type: string; name: string }>(
        tenant,
        'select content_type, name from chat_attachments where tenant_id = $1 and room_id = $2 and id = $3',
        [tenant, room, id],
      );
      const [row] = rows;
      const blob = row && (await blobs.get(tenant, BUCKET, keyOf(room, id)));
      if (!row || !blob) throw new ShopError('not_found', 'There is no such file.');
      return {
        headers: {
          'content-type': row.content_type,
          'content-length': String(blob.size),
          'content-disposition': `${row.content_type === 'application/pdf' ? 'attachment' : 'inline'}; filename*=UTF-8''${encodeURIComponent(row.name).replaceAll(/['()*]/g, escaped)}`,
          // Nothing in it runs, whatever a browser takes it for.
          'content-security-policy': `sandbox; default-src 'none'`,
          'cache-control': 'private, max-age=3600',
        },
        bytes: blob.body,
      };
    },
    async remove(tenant, room, ids) {
      if (ids.length === 0) return;
      await sql.query(
        tenant,
        'delete from chat_attachments where tenant_id = $1 and room_id = $2 and id = any ($3::text[])',
        [tenant, room, ids],
      );
      for (const id of ids) await blobs.delete(tenant, BUCKET, keyOf(room, id));
    },
  };
}

function typeOf(bytes: Buffer): string | undefined {
  const head = bytes.toString('latin1', 0, 12);
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (/^GIF8[79]a/.test(head)) return 'image/gif';
  if (head.startsWith('RIFF') && head.endsWith('WEBP')) return 'image/webp';
  return head.startsWith('%PDF-') ? 'application/pdf' : undefined;
}

const escaped = (letter: string): string => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;

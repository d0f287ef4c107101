/**
 * Uploads: announced, sent, finished. What comes lies apart (bucket `uploads`, to which its sender has the address) and is copied to
 * where only we write once it has been examined: nobody can exchange it afterwards. Killed between any two steps, an upload stays
 * pending, may be finished again, and is closed when its time is over.
 */
import { createHash } from 'node:crypto';
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { Tenant, TenantId, Transaction } from '../../platform/ports.ts';
import { examine, type Finding } from './examine.ts';
import { GRACE_SECONDS, OPEN_SECONDS } from './limits.ts';
import type { BegunUpload, NewUpload, Upload } from './schemas.ts';
import { createSending, otherSize, SENT, type Receive } from './sending.ts';
import { lockUpload, noSuchUpload, toUpload, type UploadRow } from './store.ts';
import { newTicket } from './ticket.ts';
import { reserve, settle } from './usage.ts';

export const ORIGINALS = 'originals';
export const CLOSE_TASK = 'media.close-upload';
const FORGOTTEN_DAYS = 30;
const DAY_MS = 86_400_000;

export interface Uploads {
  /** Throws ShopError `too_large` when the shop has no room for it. */
  begin(tenant: Tenant, announced: NewUpload): Promise<BegunUpload>;
  /** Where the store has no address of its own. */
  readonly receive: Receive<string>;
  get(tenant: TenantId, id: string): Promise<Upload>;
  /**
   * Examines what has come. Of one that has ended: how it ended.
   * @throws ShopError `conflict` (nothing has come), `gone`, `unavailable` or `timeout`; it stays pending then
   */
  finish(tenant: Tenant, id: string): Promise<Upload>;
  /** When its time is over: what came is removed, and what it had announced is free again if it is pending still. */
  close(tenant: TenantId, id: string): Promise<void>;
}

export function createUploads(platform: Platform): Uploads {
  const { sql, blobs, clock, newId } = platform;
  const sending = createSending(platform);

  async function read(tenant: TenantId, id: string): Promise<UploadRow> {
    const { rows } = await sql.query<UploadRow>(
      tenant,
      'select * from media_uploads where tenant_id = $1 and id = $2',
      [tenant, id],
    );
    const [row] = rows;
    if (row === undefined) throw noSuchUpload();
    return row;
  }

  async function refuse(
    tenant: TenantId,
    { id }: UploadRow,
    { reason, explanation }: Finding & { readonly fit: false },
  ): Promise<void> {
    await sql.transaction(tenant, async (tx) => {
      const upload = await lockUpload(tx, tenant, id);
      if (upload?.state !== 'pending') return;
      await tx.query(
        `update media_uploads set state = 'refused', reason = $3, explanation = $4 where tenant_id = $1 and id = $2`,
        [tenant, id, reason, explanation],
      );
      await settle(tx, tenant, { announced: upload.size, kept: 0 });
    });
  }

  /** The bytes first: whatever row there is can be shown. And before them the note by which they are found if nothing comes of it. */
  async function keepOriginal(
    tenant: TenantId,
    id: string,
    content: string,
    bytes: Buffer,
    type: string,
  ): Promise<void> {
    await sql.query(
      tenant,
      `update media_uploads set content = $3 where tenant_id = $1 and id = $2 and state = 'pending'`,
      [tenant, id, content],
    );
    await blobs.put(tenant, ORIGINALS, objectOf(id, content), bytes, type);
  }

  /** @returns whether its bytes are the ones that are shown from now on: not where the content was there, or the upload has ended */
  async function accept(
    tenant: Tenant,
    id: string,
    assetId: string,
    finding: Finding & { readonly fit: true },
  ): Promise<boolean> {
    return sql.transaction(tenant.id, async (tx) => {
      const upload = await lockUpload(tx, tenant.id, id);
      if (upload?.state !== 'pending') return isShown(tx, tenant.id, id, assetId);
      const isNew = await insertAsset(tx, tenant.id, upload, assetId, finding);
      const locale = tenant.locales[0] ?? 'en';
      if (upload.alt !== '')
        await tx.query(
          `insert into media_texts (tenant_id, asset_id, locale, alt) values ($1, $2, $3, $4) on conflict do nothing`,
          [tenant.id, assetId, locale, upload.alt],
        );
      await tx.query(
        `update media_uploads set state = 'ready', asset_id = $3 where tenant_id = $1 and id = $2`,
        [tenant.id, id, assetId],
      );
      await settle(tx, tenant.id, { announced: upload.size, kept: isNew ? upload.size : 0 });
      return isNew;
    });
  }

  async function takeOver(
    tenant: Tenant,
    { id, content_type: type }: UploadRow,
    bytes: Buffer,
    finding: Finding & { readonly fit: true },
  ): Promise<void> {
    const assetId = `med_${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}`;
    await keepOriginal(tenant.id, id, assetId, bytes, type);
    if (!(await accept(tenant, id, assetId, finding)))
      await blobs.delete(tenant.id, ORIGINALS, objectOf(id, assetId));
  }

  async function insertAsset(
    tx: Transaction,
    tenant: TenantId,
    upload: UploadRow,
    assetId: string,
    { width, height, pages, scannedBy }: Finding & { readonly fit: true },
  ): Promise<boolean> {
    const { rowCount } = await tx.query(
      `insert into media_assets (tenant_id, id, state, name, content_type, size, width, height, pages, object, scanned_by, created_at)
       values ($1, $2, 'ready', $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (tenant_id, id) do nothing`,
      [
        tenant,
        assetId,
        upload.name,
        upload.content_type,
        upload.size,
        width,
        height,
        pages,
        objectOf(upload.id, assetId),
        scannedBy,
        clock.now(),
      ],
    );
    // Brought again while it leaves: it stays.
    if (rowCount === 0)
      await tx.query(`update media_assets set state = 'ready' where tenant_id = $1 and id = $2`, [
        tenant,
        assetId,
      ]);
    return rowCount === 1;
  }

  return {
    async begin(tenant, { name, contentType, size, alt }) {
      const id = newId('upl');
      const now = clock.now().getTime();
      const expiresAt = new Date(now + OPEN_SECONDS * 1_000);
      const ticket = blobs.signedUrl === undefined ? newTicket(tenant.id, id) : undefined;
      await sql.transaction(tenant.id, async (tx) => {
        await reserve(tx, tenant, size);
        await tx.query(
          `insert into media_uploads (tenant_id, id, state, name, content_type, size, alt, ticket, expires_at, created_at)
           values ($1, $2, 'pending', $3, $4, $5, $6, $7, $8, $9)`,
          [tenant.id, id, name, contentType, size, alt, ticket?.digest ?? null, expiresAt, new Date(now)],
        );
        await tx.enqueue({
          name: CLOSE_TASK,
          payload: { uploadId: id },
          key: id,
          runAt: new Date(expiresAt.getTime() + GRACE_SECONDS * 1_000),
        });
      });
      const url =
        (await blobs.signedUrl?.(tenant.id, SENT, id, {
          method: 'PUT',
          expiresSeconds: OPEN_SECONDS,
          contentType,
          contentLength: size,
        })) ?? `/api/media/uploads/${id}?ticket=${ticket?.word ?? ''}`;
      return {
        ...toUpload(await read(tenant.id, id)),
        destination: { method: 'PUT', url, headers: { 'content-type': contentType } },
      };
    },

    async receive(tenant, id, ticket, headers, body) {
      await sending.receive(tenant, await read(tenant, id), ticket, headers, body);
    },

    async get(tenant, id) {
      return toUpload(await read(tenant, id));
    },

    async finish(tenant, id) {
      const upload = await read(tenant.id, id);
      if (upload.state === 'ready' || upload.state === 'refused') return toUpload(upload);
      sending.checkOpen(upload);
      const bytes = await sending.bytesOf(tenant.id, upload);
      if (bytes === 'absent') {
        // Who finished it at the same time has taken them away.
        const now = await read(tenant.id, id);
        if (now.state !== 'pending') return toUpload(now);
        throw new ShopError('conflict', 'Nothing has come yet.', {
          remedy: 'Send the bytes to the address that the announcement answered, then finish.',
        });
      }
      const finding: Finding =
        bytes === 'other_size'
          ? otherSize(upload)
          : await examine(platform, tenant.id, bytes, upload.content_type);
      if (!finding.fit) await refuse(tenant.id, upload, finding);
      else if (Buffer.isBuffer(bytes)) await takeOver(tenant, upload, bytes, finding);
      await blobs.delete(tenant.id, SENT, id);
      return toUpload(await read(tenant.id, id));
    },

    async close(tenant, id) {
      const leftover = await sql.transaction(tenant, async (tx) => {
        await tx.query(
          `delete from media_uploads where tenant_id = $1 and created_at < $2 and state <> 'pending'`,
          [tenant, new Date(clock.now().getTime() - FORGOTTEN_DAYS * DAY_MS)],
        );
        const upload = await lockUpload(tx, tenant, id);
        if (upload?.state === 'pending') {
          await tx.query(`update media_uploads set state = 'expired' where tenant_id = $1 and id = $2`, [
            tenant,
            id,
          ]);
          await settle(tx, tenant, { announced: upload.size, kept: 0 });
        }
        const content = upload?.content ?? null;
        if (content === null || (await isShown(tx, tenant, id, content))) return undefined;
        return objectOf(id, content);
      });
      // Also of one that ended well: its address was good until now, and may have been used again.
      await blobs.delete(tenant, SENT, id);
      if (leftover !== undefined) await blobs.delete(tenant, ORIGINALS, leftover);
    },
  };
}

/** Names the content as well: of what is sent twice and examined at once, neither takes the other's place. */
function objectOf(upload: string, content: string): string {
  return `${upload}/${content}`;
}

async function isShown(tx: Transaction, tenant: TenantId, upload: string, content: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    'select 1 from media_assets where tenant_id = $1 and id = $2 and object = $3',
    [tenant, content, objectOf(upload, content)],
  );
  return rowCount > 0;
}

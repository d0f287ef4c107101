/**
 * Pictures that shoppers bring: announced, sent and finished as a merchant's are, for a domain that shows them and says by itself to whom.
 * What is kept is painted anew, so that nobody, the merchant included, ever has the file with what its camera noted. One that nothing
 * claims within a day goes, and so does one that its domain gives up. Killed between any two steps, a task that was written down with the
 * step before goes on.
 */
import type { Platform, RouteResponse } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { PictureQuery } from '../../../platform/pictures/form.ts';
import type { NewTask, SqlRunner, Tenant, TenantId } from '../../../platform/ports.ts';
import { examine, type Finding } from '../examine.ts';
import { GRACE_SECONDS, MOST_SIDE, OPEN_SECONDS, UNCLAIMED_SECONDS } from '../limits.ts';
import { createSending, otherSize, SENT, type Receive } from '../sending.ts';
import { newTicket } from '../ticket.ts';
import { folderOf, SHOPPERS } from './folder.ts';
import {
  Standing,
  type BegunPicture,
  type FinishedPicture,
  type NewPicture,
  type ReadyPicture,
} from './schemas.ts';
import { lockPicture, noSuchPicture, readPicture, recount, reserve, type PictureRow } from './store.ts';

export const TIDY_TASK = 'media.tidy-shopper-picture';
export const ERASED_TASK = 'media.remove-erased-pictures';
/** Erased ones that are read at a time. */
const AT_ONCE = 50;

export interface ShopperPictures {
  /** May be repeated; the address is another then. @throws ShopError `too_large` when there is no room for it */
  begin(tenant: Tenant, picture: NewPicture): Promise<BegunPicture>;
  readonly receive: Receive<string>;
  /**
   * Examines what has come. Of one that has ended: how it ended.
   * @throws ShopError `not_found` (also of somebody else's), `conflict` (nothing has come), `gone`, `unavailable` or `timeout`
   */
  finish(tenant: TenantId, id: string, customerId: string): Promise<FinishedPicture>;
  /** Those of them that are the customer's and ready, for as long as they may be claimed. */
  ready(tenant: TenantId, ids: readonly string[], customerId: string): Promise<readonly ReadyPicture[]>;
  /** Nothing claims it any more. Nobody sees it from now on; its bytes go within seconds. Fine when it is gone. */
  giveUp(tenant: TenantId, id: string): Promise<void>;
  /** To everybody, where its domain shows it. */
  show(tenant: Tenant, id: string, query: PictureQuery, accept: string | undefined): Promise<RouteResponse>;
  /** To the merchant, or to whoever brought it. @param customerId absent: the merchant looks */
  look(
    tenant: TenantId,
    id: string,
    query: PictureQuery,
    accept: string | undefined,
    customerId?: string,
  ): Promise<RouteResponse>;
  /** Removes it if it is over, and looks again later if it may still be claimed. */
  tidy(tenant: Tenant, id: string, object: string): Promise<void>;
  /** Removes those of shoppers who were erased. */
  removeErased(tenant: TenantId): Promise<void>;
}

export function createShopperPictures(platform: Platform): ShopperPictures {
  const { sql, blobs, clock, pictures } = platform;
  const sending = createSending(platform);
  const readerOf = (tenant: TenantId): SqlRunner => ({
    query: (text, values) => sql.query(tenant, text, values),
  });

  async function standingOf(tenant: Tenant, id: string): Promise<Standing> {
    if (!tenant.domains.includes('catalog')) return { isClaimed: false, isShown: false };
    return Standing.parse(await platform.call(tenant.id, 'catalog', 'pictureStanding', { id }));
  }

  async function ownPicture(tenant: TenantId, id: string, customerId: string): Promise<PictureRow> {
    const picture = await readPicture(readerOf(tenant), tenant, id);
    if (picture === undefined || picture.customer_id !== customerId) throw noSuchPicture();
    return picture;
  }

  async function refuse(
    tenant: TenantId,
    id: string,
    { reason, explanation }: Finding & { readonly fit: false },
  ): Promise<void> {
    await sql.transaction(tenant, async (tx) => {
      const picture = await lockPicture(tx, tenant, id);
      if (picture?.state !== 'pending') return;
      await tx.query(
        `update media_shopper_pictures set state = 'refused', size = 0, reason = $3, explanation = $4 where tenant_id = $1 and id = $2`,
        [tenant, id, reason, explanation],
      );
      await recount(tx, tenant, picture.size, 0);
    });
  }

  /** The bytes first: whatever row says that it is ready can be shown. */
  async function keep(
    tenant: TenantId,
    { id, object }: PictureRow,
    bytes: Buffer,
    finding: Finding & { readonly fit: true },
  ): Promise<void> {
    // Decoded to its end, so the sides are known.
    const shown = { width: finding.width ?? MOST_SIDE, height: finding.height ?? MOST_SIDE };
    const painted = await pictures.repaint(tenant, bytes, shown, MOST_SIDE);
    await blobs.put(tenant, SHOPPERS, object, painted.bytes, painted.contentType);
    const isKept = await sql.transaction(tenant, async (tx) => {
      const picture = await lockPicture(tx, tenant, id);
      // Who finished it at the same time has painted the same.
      if (picture?.state !== 'pending') return picture?.state === 'ready';
      await tx.query(
        `update media_shopper_pictures set state = 'ready', size = $3, width = $4, height = $5, scanned_by = $6
         where tenant_id = $1 and id = $2`,
        [tenant, id, painted.bytes.length, painted.width, painted.height, finding.scannedBy],
      );
      await recount(tx, tenant, picture.size, painted.bytes.length);
      return true;
    });
    if (!isKept) await blobs.delete(tenant, SHOPPERS, object);
  }

  function painted(
    tenant: TenantId,
    { id, object, width, height }: PictureRow,
    query: PictureQuery,
    accept: string | undefined,
  ): Promise<RouteResponse> {
    const original = {
      bucket: SHOPPERS,
      key: object,
      id,
      contentType: 'image/webp',
      width,
      height,
      mayMove: false,
    };
    return pictures.show(tenant, original, query, accept);
  }

  async function removeBytes(tenant: TenantId, id: string, object: string): Promise<void> {
    await blobs.delete(tenant, SENT, id);
    await blobs.delete(tenant, SHOPPERS, object);
    await pictures.forget(tenant, { bucket: SHOPPERS, id });
  }

  function tidyTask(id: string, object: string, seconds: number, key = id): NewTask {
    const runAt = new Date(clock.now().getTime() + seconds * 1_000);
    return { name: TIDY_TASK, payload: { id, object }, key, runAt };
  }

  /** Out of sight, then the bytes, then the row, which knows of them; and once more for what was being painted meanwhile. */
  async function remove(tenant: TenantId, id: string, object: string): Promise<void> {
    await sql.query(
      tenant,
      `update media_shopper_pictures set state = 'leaving' where tenant_id = $1 and id = $2 and state <> 'erased'`,
      [tenant, id],
    );
    await removeBytes(tenant, id, object);
    await sql.transaction(tenant, async (tx) => {
      const { rows } = await tx.query<{ size: number }>(
        'delete from media_shopper_pictures where tenant_id = $1 and id = $2 returning size',
        [tenant, id],
      );
      const [gone] = rows;
      if (gone === undefined) return;
      await recount(tx, tenant, gone.size, 0);
      await tx.enqueue(tidyTask(id, object, GRACE_SECONDS, `${id}/painted`));
    });
  }

  /** Seconds until it may be removed, if nothing claims it. */
  function secondsLeft({ state, expires_at: expiresAt, created_at: createdAt }: PictureRow): number {
    if (state === 'leaving' || state === 'erased') return 0;
    const end = state === 'pending' ? expiresAt.getTime() : createdAt.getTime() + UNCLAIMED_SECONDS * 1_000;
    return (end - clock.now().getTime()) / 1_000 + GRACE_SECONDS;
  }

  return {
    async begin(tenant, { id, customerId, contentType, size }) {
      const now = clock.now();
      const expiresAt = new Date(now.getTime() + OPEN_SECONDS * 1_000);
      const object = `${folderOf(tenant.id, customerId)}/${id}`;
      const ticket = newTicket(tenant.id, id);
      await sql.transaction(tenant.id, async (tx) => {
        const known = await lockPicture(tx, tenant.id, id);
        if (known !== undefined) {
          if (known.customer_id !== customerId || known.state !== 'pending') throw noSuchPicture();
          await tx.query('update media_shopper_pictures set ticket = $3 where tenant_id = $1 and id = $2', [
            tenant.id,
            id,
            ticket.digest,
          ]);
          return;
        }
        await reserve(tx, tenant, customerId, size);
        await tx.query(
          `insert into media_shopper_pictures (tenant_id, id, customer_id, state, content_type, size, ticket, expires_at, object, created_at)
           values ($1, $2, $3, 'pending', $4, $5, $6, $7, $8, $9)`,
          [tenant.id, id, customerId, contentType, size, ticket.digest, expiresAt, object, now],
        );
        await tx.enqueue(tidyTask(id, object, OPEN_SECONDS + GRACE_SECONDS));
        // A shop that was brought back to a moment before somebody was erased has erased them by SQL alone.
        const { rowCount } = await tx.query(
          `select 1 from media_shopper_pictures where tenant_id = $1 and state = 'erased' limit 1`,
          [tenant.id],
        );
        if (rowCount > 0) await tx.enqueue({ name: ERASED_TASK, payload: {}, key: 'erased' });
      });
      return {
        id,
        expiresAt: expiresAt.toISOString(),
        destination: {
          method: 'PUT',
          // Never the store's own: pages of the shop may send to the shop alone.
          url: `/api/media/shoppers/${id}?ticket=${ticket.word}`,
          headers: { 'content-type': contentType },
        },
      };
    },

    async receive(tenant, id, ticket, headers, body) {
      const picture = await readPicture(readerOf(tenant), tenant, id);
      if (picture === undefined) throw noSuchPicture();
      await sending.receive(tenant, picture, ticket, headers, body);
    },

    async finish(tenant, id, customerId) {
      const picture = await ownPicture(tenant, id, customerId);
      if (picture.state === 'pending') {
        sending.checkOpen(picture);
        const bytes = await sending.bytesOf(tenant, picture);
        if (Buffer.isBuffer(bytes)) {
          const finding = await examine(platform, tenant, bytes, picture.content_type);
          await (finding.fit ? keep(tenant, picture, bytes, finding) : refuse(tenant, id, finding));
        } else if (bytes === 'other_size') await refuse(tenant, id, otherSize(picture));
        await blobs.delete(tenant, SENT, id);
      }
      return finishedOf(await ownPicture(tenant, id, customerId));
    },

    async ready(tenant, ids, customerId) {
      const { rows } = await sql.query<PictureRow>(
        tenant,
        `select * from media_shopper_pictures where tenant_id = $1 and id = any ($2::text[]) and customer_id = $3 and state = 'ready'
           and created_at > $4`,
        [tenant, ids, customerId, new Date(clock.now().getTime() - UNCLAIMED_SECONDS * 1_000)],
      );
      return rows.map(({ id, width, height }) => ({ id, width: width ?? 0, height: height ?? 0 }));
    },

    async giveUp(tenant, id) {
      await sql.transaction(tenant, async (tx) => {
        const { rows } = await tx.query<{ object: string }>(
          `update media_shopper_pictures set state = 'leaving' where tenant_id = $1 and id = $2 and state <> 'erased' returning object`,
          [tenant, id],
        );
        const [left] = rows;
        if (left !== undefined) await tx.enqueue(tidyTask(id, left.object, 0, `${id}/leaving`));
      });
    },

    async show(tenant, id, query, accept) {
      const picture = await readPicture(readerOf(tenant.id), tenant.id, id);
      if (picture?.state !== 'ready' || !(await standingOf(tenant, id)).isShown) throw noSuchPicture();
      return painted(tenant.id, picture, query, accept);
    },

    async look(tenant, id, query, accept, customerId) {
      const picture = await readPicture(readerOf(tenant), tenant, id);
      if (picture?.state !== 'ready') throw noSuchPicture();
      if (customerId !== undefined && picture.customer_id !== customerId) throw noSuchPicture();
      return painted(tenant, picture, query, accept);
    },

    async tidy(tenant, id, object) {
      const picture = await readPicture(readerOf(tenant.id), tenant.id, id);
      if (picture === undefined) return removeBytes(tenant.id, id, object);
      const seconds = secondsLeft(picture);
      if (seconds > 0) {
        // Its address was good until now: what came after it was finished is nobody's.
        if (picture.state !== 'pending') await blobs.delete(tenant.id, SENT, id);
        await sql.transaction(tenant.id, (tx) => tx.enqueue(tidyTask(id, object, seconds)));
        return;
      }
      // Whoever was about to claim it has said so by now.
      const mayBeClaimed = picture.state === 'ready' && (await standingOf(tenant, id)).isClaimed;
      if (!mayBeClaimed) await remove(tenant.id, id, object);
    },

    async removeErased(tenant) {
      for (;;) {
        const { rows } = await sql.query<Pick<PictureRow, 'id' | 'object'>>(
          tenant,
          `select id, object from media_shopper_pictures where tenant_id = $1 and state = 'erased' order by id limit ${AT_ONCE}`,
          [tenant],
        );
        for (const { id, object } of rows) await remove(tenant, id, object);
        if (rows.length < AT_ONCE) return;
      }
    },
  };
}

function finishedOf({ id, state, reason, explanation }: PictureRow): FinishedPicture {
  switch (state) {
    case 'ready':
      return { id, state, refusal: null };
    case 'refused':
      // Every refusal says why.
      return { id, state, refusal: { reason: reason ?? 'broken', explanation: explanation ?? '' } };
    case 'pending':
      throw new ShopError('conflict', 'Nothing has come yet.', {
        remedy: 'Send the bytes to the address that the announcement answered, then finish.',
      });
    default:
      throw noSuchPicture();
  }
}

/** What comes of what was announced: bytes of one upload, by its address and in its time, kept apart until they are examined. */
import { Readable } from 'node:stream';
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { TenantId } from '../../platform/ports.ts';
import type { Finding } from './examine.ts';
import { opens } from './ticket.ts';

/** The bucket of what nobody has looked at. */
export const SENT = 'uploads';

/** What is known of an upload before its bytes are there. */
export interface Announced {
  readonly id: string;
  /** `pending`: it may still come. */
  readonly state: string;
  readonly content_type: string;
  readonly size: number;
  /** Digest of what opens its address; null: it has none of ours. */
  readonly ticket: string | null;
  readonly expires_at: Date;
}

/**
 * Takes the bytes in, by an address of ours. @throws ShopError `forbidden`, `gone`, `unsupported_media_type`, `too_large` or `invalid_input`;
 * nothing is kept then
 */
export type Receive<Upload> = (
  tenant: TenantId,
  upload: Upload,
  ticket: string,
  headers: Readonly<Record<string, string | undefined>>,
  body: Readable,
) => Promise<void>;

export interface Sending {
  /** @throws ShopError `gone` */
  checkOpen(upload: Announced): void;
  readonly receive: Receive<Announced>;
  bytesOf(tenant: TenantId, upload: Announced): Promise<Buffer | 'absent' | 'other_size'>;
}

export function createSending({ blobs, clock }: Pick<Platform, 'blobs' | 'clock'>): Sending {
  function checkOpen({ state, expires_at: expiresAt }: Announced): void {
    if (state === 'pending' && clock.now() < expiresAt) return;
    throw new ShopError('gone', 'This upload is over.', { remedy: 'Announce the picture again.' });
  }

  /** Exactly as many bytes as announced, in time: a sender who trickles does not keep an address open. */
  async function* asAnnounced(body: Readable, upload: Announced): AsyncGenerator<Buffer> {
    let size = 0;
    for await (const chunk of body) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > upload.size) throw tooMany(upload);
      checkOpen(upload);
      yield bytes;
    }
    if (size < upload.size)
      throw new ShopError('invalid_input', `${upload.size} bytes were announced, and ${size} came.`, {
        remedy: 'Send the whole file.',
      });
  }

  return {
    checkOpen,
    async receive(tenant, upload, ticket, headers, body) {
      if (!opens(tenant, upload.id, ticket, upload.ticket))
        throw new ShopError('forbidden', 'This address was not given out.', {
          remedy: 'Use the address that the announcement answered.',
        });
      checkOpen(upload);
      const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
      if (type !== upload.content_type)
        throw new ShopError(
          'unsupported_media_type',
          `${upload.content_type} was announced, and this is ${type ?? 'of no named type'}.`,
          { remedy: 'Send the header Content-Type as it was announced.' },
        );
      if (Number(headers['content-length'] ?? 0) > upload.size) throw tooMany(upload);
      await blobs.put(tenant, SENT, upload.id, Readable.from(asAnnounced(body, upload)), upload.content_type);
    },
    async bytesOf(tenant, upload) {
      const blob = await blobs.get(tenant, SENT, upload.id);
      if (blob === undefined) return 'absent';
      if (blob.size !== upload.size) {
        blob.body.destroy();
        return 'other_size';
      }
      const chunks: Buffer[] = [];
      for await (const chunk of blob.body) chunks.push(Buffer.from(chunk));
      return Buffer.concat(chunks);
    },
  };
}

export function otherSize({ size }: Announced): Finding & { readonly fit: false } {
  return { fit: false, reason: 'size', explanation: `${size} bytes were announced, and others came.` };
}

function tooMany({ size }: Announced): ShopError {
  return new ShopError('too_large', `${size} bytes were announced, and more came.`, {
    remedy: 'Announce the file as it is.',
  });
}

/** Whether bytes are what they were announced as, and fit to be shown: by themselves, by a decoder, by a scanner. */
import type { Platform } from '../../platform/domain.ts';
import type { TenantId } from '../../platform/ports.ts';
import { alsoIs, pictureOf } from '../../platform/pictures/sniff.ts';
import { PictureRefused } from '../../platform/pictures/studio/painters.ts';
import type { REASONS } from './schemas.ts';

export type Reason = (typeof REASONS)[number];

export type Finding =
  | {
      readonly fit: true;
      readonly width: number | null;
      readonly height: number | null;
      readonly pages: number;
      readonly scannedBy: string | null;
    }
  | { readonly fit: false; readonly reason: Reason; readonly explanation: string };

/** @throws ShopError `unavailable` or `timeout` where the decoder or the scanner cannot say: nothing is known then */
export async function examine(
  { pictures, scan }: Pick<Platform, 'pictures' | 'scan'>,
  tenant: TenantId,
  bytes: Buffer,
  announcedType: string,
): Promise<Finding> {
  const picture = pictureOf(bytes);
  if (picture === undefined)
    return refused('unknown_type', 'This is no JPEG, PNG, WebP, AVIF, GIF or SVG, whatever its name says.');
  if (picture.contentType !== announcedType)
    return refused('other_type', `This is ${picture.contentType} and was announced as ${announcedType}.`);
  const isDrawing = picture.contentType === 'image/svg+xml';
  if (isDrawing && /<!ENTITY/i.test(bytes.toString('latin1')))
    return refused('unsafe', 'This SVG declares entities, by which a small file becomes a large one.');
  const other = isDrawing ? undefined : alsoIs(bytes);
  if (other !== undefined) return refused('polyglot', `This picture is ${other} as well. Save it anew.`);
  try {
    // The scanner before the decoder: what is known to do harm is not decoded first.
    const scanned = await scan?.scan(bytes);
    if (scanned?.found !== undefined)
      return refused('infected', `The scanner found ${scanned.found.slice(0, 200)}.`);
    const shown = isDrawing ? { ...picture, pages: 1 } : await pictures.inspect(tenant, bytes);
    return {
      fit: true,
      width: shown.width,
      height: shown.height,
      pages: shown.pages,
      scannedBy: scanned?.by ?? null,
    };
  } catch (error) {
    if (error instanceof PictureRefused)
      return refused(error.reason, [error.message, error.remedy].filter(Boolean).join(' '));
    throw error;
  }
}

function refused(reason: Reason, explanation: string): Finding {
  return { fit: false, reason, explanation };
}

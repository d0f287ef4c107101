/** What may be brought, how much of it, and for how long an upload stays open. */
import type { Tenant } from '../../platform/ports.ts';

const MEBIBYTE = 1024 * 1024;
const GIBIBYTE = 1024 * MEBIBYTE;

/** Most bytes of one file, by its type. An SVG is text that browsers read in one piece. */
export const MOST_BYTES: Readonly<Record<ContentType, number>> = {
  'image/jpeg': 25 * MEBIBYTE,
  'image/png': 25 * MEBIBYTE,
  'image/webp': 25 * MEBIBYTE,
  'image/avif': 25 * MEBIBYTE,
  'image/gif': 10 * MEBIBYTE,
  'image/svg+xml': MEBIBYTE,
};

export const CONTENT_TYPES = [
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/avif',
  'image/gif',
  'image/svg+xml',
] as const;
export type ContentType = (typeof CONTENT_TYPES)[number];

export const LARGEST = 25 * MEBIBYTE;

/** From the announcement until bytes must have come and been finished. */
export const OPEN_SECONDS = 15 * 60;
/** After that, so that whatever had begun in time has ended. */
export const GRACE_SECONDS = 5 * 60;

/** Bytes of originals a shop may have, those announced included. */
export function quotaOf({ plan }: Pick<Tenant, 'plan'>): number {
  return QUOTAS[plan];
}

const QUOTAS: Readonly<Record<Tenant['plan'], number>> = {
  starter: 5 * GIBIBYTE,
  growth: 50 * GIBIBYTE,
  enterprise: 500 * GIBIBYTE,
};

/** Bytes of pictures that shoppers may have brought to a shop, beside the merchant's own. */
export function shoppersQuotaOf({ plan }: Pick<Tenant, 'plan'>): number {
  return QUOTAS[plan] / 5;
}

/** Pictures that one shopper may have in a shop, those included that are on their way. */
export const MOST_OF_A_SHOPPER = 100;
/** Longest side of what is kept of one, in pixels. */
export const MOST_SIDE = 1_920;
/** From the announcement, for as long as something may show it that did not before. */
export const UNCLAIMED_SECONDS = 24 * 60 * 60;

/** Who talks: customers by their ids, guests by a token only they hold, the merchant and the assistant by one name each. */
import { createHash, randomBytes } from 'node:crypto';
import type { Caller } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { TenantId } from '../../platform/ports.ts';

export const MERCHANT = 'merchant';
export const ASSISTANT = 'assistant';
/** Who says what happened to a room. */
export const HOUSE = 'house';

/** 256 random bits that name their shop, as a session's token does. */
export function newGuestToken(tenant: TenantId): string {
  return `smg_${tenant}.${randomBytes(32).toString('base64url')}`;
}

/**
 * What a guest is called: leads from the token to the name and not back, and needs no row anywhere.
 * @returns undefined for what is no guest's token of this shop
 */
export function guestOf(tenant: TenantId, token: string | undefined): string | undefined {
  if (token === undefined || !token.startsWith(`smg_${tenant}.`) || token.length < 40 + tenant.length)
    return undefined;
  return `gst_${createHash('sha256').update(token).digest('base64url').slice(0, 24)}`;
}

/**
 * The person who calls a route.
 * @throws ShopError `unauthenticated` for somebody without a name
 */
export function personOf(
  tenant: TenantId,
  caller: Caller,
  headers: Readonly<Record<string, string | undefined>>,
): string {
  if (caller.kind === 'merchant') return MERCHANT;
  if (caller.customerId !== undefined) return caller.customerId;
  const bearer = /^Bearer +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1];
  const guest = guestOf(tenant, bearer);
  if (guest !== undefined) return guest;
  throw new ShopError('unauthenticated', 'Nobody knows who this is.', {
    remedy: 'Log in, or take a guest’s token at /api/chat/guests and send it as a bearer token.',
  });
}

/**
 * Who may see an order: its customer, or whoever holds one of its secret tokens. Tokens are stored as hashes only.
 */
import { createHash, randomBytes, randomInt } from 'node:crypto';
import type { Caller } from '../../platform/domain.ts';
import { noSuchOrder, type StoredOrder } from './store.ts';

/** 144 random bits, safe in a URL. */
export function newToken(): string {
  return randomBytes(18).toString('base64url');
}

export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Who looks at an order: beside those who may change it, the admins of the company it was bought for. @throws as `requireAccess` */
export function requireSight(order: StoredOrder, caller: Caller, token: string | undefined): void {
  const { company } = caller;
  if (company?.role === 'admin' && company.id === order.company?.id) return;
  requireAccess(order, caller, token);
}

/** @throws ShopError `not_found`, so that nobody learns which orders exist */
export function requireAccess(order: StoredOrder, caller: Caller, token: string | undefined): void {
  if (caller.kind === 'merchant' || caller.kind === 'operator') return;
  const isTheirs = caller.customerId !== undefined && caller.customerId === order.customerId;
  // Comparing hashes leaks nothing about the token.
  const isHolder = token !== undefined && order.tokenHashes.includes(hashOf(token));
  if (!isTheirs && !isHolder) throw noSuchOrder(order.id);
}

/** Letters and digits that are not mistaken for each other when read aloud. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTVWXYZ';

/** An order number for people, such as `7K4M-92QX`: about 39 random bits, unique in the tenant by the index. */
export function newNumber(): string {
  const letters = Array.from({ length: 8 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

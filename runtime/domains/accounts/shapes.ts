/** What customers and staff have in common: addresses, passwords, tokens. */
import { z } from 'zod';

export const Email = z
  .string()
  .trim()
  .max(254)
  .pipe(z.email('must be an e-mail address, like ada@example.com'));

/** Length is what makes a password strong (NIST SP 800-63B); at most 256, so that hashing stays bounded. */
export const NewPassword = z.string().min(8, 'must have at least 8 characters').max(256);

/** Of a link that was sent by mail. */
export const Token = z.string().min(20).max(200);

/** What a link that goes out by mail is good for. */
export const LINK_PURPOSES = ['invitation', 'reset', 'staff-reset'] as const;
export type LinkPurpose = (typeof LINK_PURPOSES)[number];

/** The pages that such links lead to. */
export const PAGES = ['join', 'reset', 'staff-reset'] as const;
export type PageName = (typeof PAGES)[number];

/** Addresses are compared like this: one account each, however it is written. */
export function keyOf(email: string): string {
  return email.trim().normalize('NFKC').toLowerCase();
}

/** What the parts of the domain have in common: customers, their addresses, passwords, tokens. */
import { z } from 'zod';

export const Email = z
  .string()
  .trim()
  .max(254)
  .pipe(z.email('must be an e-mail address, like ada@example.com'));

/** Length is what makes a password strong (NIST SP 800-63B); at most 256, so that hashing stays bounded. */
export const NewPassword = z.string().min(8, 'must have at least 8 characters').max(256);

export const AddressInput = z.strictObject({
  name: z.string().trim().min(1).max(200),
  company: z.string().trim().max(200).default(''),
  line1: z.string().trim().min(1).max(200),
  line2: z.string().trim().max(200).default(''),
  city: z.string().trim().min(1).max(100),
  region: z.string().trim().max(100).default(''),
  postalCode: z.string().trim().max(20).default(''),
  country: z.string().regex(/^[A-Z]{2}$/, 'must be a country code of two capital letters, like DE'),
  phone: z.string().trim().max(40).default(''),
  isDefault: z.boolean().default(false),
});
export type AddressInput = z.infer<typeof AddressInput>;

export const Address = z.object({ ...AddressInput.shape, id: z.string() });
export type Address = z.infer<typeof Address>;

export const Customer = z.object({
  id: z.string(),
  email: z.string(),
  firstName: z.string(),
  lastName: z.string(),
  acceptsMarketing: z.boolean(),
  locale: z.string().nullable(),
  createdAt: z.iso.datetime(),
  version: z.int(),
});
export type Customer = z.infer<typeof Customer>;

/** Of a link that was sent by mail. */
export const Token = z.string().min(20).max(200);

/** What a link that goes out by mail is good for. */
export const LINK_PURPOSES = ['invitation', 'registration', 'reset', 'staff-reset', 'company'] as const;
export type LinkPurpose = (typeof LINK_PURPOSES)[number];

/** The pages that such links lead to. */
export const PAGES = ['join', 'register', 'reset', 'staff-reset', 'company', 'company-member'] as const;
export type PageName = (typeof PAGES)[number];

/** Addresses are compared like this: one account each, however it is written. */
export function keyOf(email: string): string {
  return email.trim().normalize('NFKC').toLowerCase();
}

/** Of a customer who wants to be forgotten; null: nothing was asked for. */
export const ErasureRequest = z.object({
  askedAt: z.iso.datetime().nullable(),
  /** Until when it has to be done. */
  dueAt: z.iso.datetime().nullable(),
});
export type ErasureRequest = z.infer<typeof ErasureRequest>;

export const ErasureRequests = z.object({
  requests: z.array(
    z.object({
      customerId: z.string(),
      email: z.string(),
      askedAt: z.iso.datetime(),
      dueAt: z.iso.datetime(),
    }),
  ),
});
export type ErasureRequests = z.infer<typeof ErasureRequests>;

/** What a customer is told of their wish to be forgotten. `done` is left by whoever erases (`operator/recovery/subjects/farewell.ts`). */
export const ToldErasure = z.strictObject({ customerId: z.string(), happening: z.enum(['asked', 'done']) });
export type ToldErasure = z.infer<typeof ToldErasure>;

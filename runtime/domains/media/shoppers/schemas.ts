/** What other domains ask of shoppers' pictures, and are answered. */
import { z } from 'zod';
import { BROUGHT_TYPES, MOST_BROUGHT_BYTES } from '../../../platform/pictures/brought.ts';
import { Destination, REASONS } from '../schemas.ts';

const Id = z.string().regex(/^pic_[0-9a-f]{32}$/, 'must be the id of a shopper’s picture: pic_…');
const Customer = z.string().min(1).max(100);

export const PictureParams = z.object({ id: Id });

/** The id is the asker's: who asks again, not knowing what became of it, announces nothing twice. */
export const NewPicture = z.object({
  id: Id,
  customerId: Customer,
  contentType: z.enum(BROUGHT_TYPES),
  size: z.int().min(1).max(MOST_BROUGHT_BYTES),
});
export type NewPicture = z.infer<typeof NewPicture>;

export const BegunPicture = z.object({
  id: z.string(),
  expiresAt: z.iso.datetime(),
  destination: Destination,
});
export type BegunPicture = z.infer<typeof BegunPicture>;

export const OwnPicture = z.object({ id: Id, customerId: Customer });
export const OwnPictures = z.object({ ids: z.array(Id).max(100), customerId: Customer });

export const FinishedPicture = z.object({
  id: z.string(),
  state: z.enum(['ready', 'refused']),
  refusal: z.object({ reason: z.enum(REASONS), explanation: z.string() }).nullable(),
});
export type FinishedPicture = z.infer<typeof FinishedPicture>;

/** Ready, and of whoever was asked about. */
export interface ReadyPicture {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

/** As the domain that shows it answers operation `pictureStanding`. */
export const Standing = z.object({
  /** Something of it is about the picture, shown or not. */
  isClaimed: z.boolean(),
  /** Everybody may see it. */
  isShown: z.boolean(),
});
export type Standing = z.infer<typeof Standing>;

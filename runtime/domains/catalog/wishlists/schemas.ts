/** The shapes of wishlists: what shoppers remember, and what merchants see of it. */
import { z } from 'zod';
import { Currency, Id, Money, ProductCard } from '../schemas.ts';

export const MOST_LISTS = 20;
export const MOST_ITEMS = 200;

const Name = z.string().trim().min(1).max(80);

export const WishlistInput = z.strictObject({
  /** A guest has one list, which needs none. */
  name: Name.optional(),
});
export const WishlistPatch = z.strictObject({ name: Name });

/** Of a customer `default` stands for the list that is theirs without a name; it is made when it is needed. */
export const ItemParams = z.object({ id: Id, variantId: Id });
/** Prices are said in this one; absent: the tenant's first. */
export const InCurrency = z.object({ currency: Currency.optional() });

export const WishlistItem = z.object({
  variantId: z.string(),
  /** Of the variant, as its options say it. */
  title: z.string(),
  product: ProductCard,
  price: Money.nullable(),
  /** What it cost when it was put there; null where that was another currency. */
  priceWhenAdded: Money.nullable(),
  /** Whether it can be bought now, as far as orders have told. */
  available: z.boolean(),
  addedAt: z.iso.datetime(),
});
export type WishlistItem = z.infer<typeof WishlistItem>;

const about = {
  id: z.string(),
  /** Empty: the one that needs none. */
  name: z.string(),
  isDefault: z.boolean(),
  /** Of the link by which others read it; null: it is not shared. */
  token: z.string().nullable(),
};

/** What is not for sale any more is left out. The latest first. */
export const Wishlist = z.object({ ...about, items: z.array(WishlistItem) });
export type Wishlist = z.infer<typeof Wishlist>;

export const Wishlists = z.object({ wishlists: z.array(z.object({ ...about, count: z.int() })) });
export type Wishlists = z.infer<typeof Wishlists>;

export const MarksQuery = z.object({
  /** The guest's list. */
  wishlistId: Id.optional(),
});
/** What is in which of one's lists, for hearts. */
export const Marks = z.object({
  marks: z.array(z.object({ variantId: z.string(), wishlistId: z.string() })),
});
export type Marks = z.infer<typeof Marks>;

export const Claim = z.strictObject({ wishlistId: Id.optional() });
export const Shared = z.object({ token: z.string() });
export const SharedParams = z.object({ token: z.string().regex(/^[\w-]{24}$/) });
/** As whoever was sent the link reads it: nothing says whose it is. */
export const SharedWishlist = z.object({ name: z.string(), items: z.array(WishlistItem) });
export type SharedWishlist = z.infer<typeof SharedWishlist>;

export const WantedQuery = z.object({ limit: z.coerce.number().int().min(1).max(100).default(20) });
/** What is most remembered: in how many lists each is. */
export const Wanted = z.object({
  variants: z.array(z.object({ variantId: z.string(), productId: z.string(), lists: z.int() })),
});
export type Wanted = z.infer<typeof Wanted>;

// ── being told ───────────────────────────────────────────────────────────────────────────────────

const Email = z.email().max(254).toLowerCase();
export const StockAlertInput = z.strictObject({
  variantId: Id,
  /** Of whoever is not signed in: it is asked by mail whether it wants this. */
  email: Email.optional(),
  /** Of that mail. */
  locale: z
    .string()
    .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/)
    .optional(),
});
export type StockAlertInput = z.infer<typeof StockAlertInput>;
export const AlertParams = z.object({ variantId: Id });
export const StockAlerts = z.object({ variantIds: z.array(z.string()) });
export type StockAlerts = z.infer<typeof StockAlerts>;

/** As whoever follows a mail's link sees it. */
export const LinkedAlert = z.object({
  /** Its name, and which of its kinds. */
  product: z.string(),
  handle: z.string(),
  /** Whether the mailbox has said that it wants this. */
  confirmed: z.boolean(),
});
export type LinkedAlert = z.infer<typeof LinkedAlert>;

export const MailboxTask = z.strictObject({
  variantId: z.string(),
  email: z.string(),
  locale: z.string().optional(),
});
export type MailboxTask = z.infer<typeof MailboxTask>;

/** A step of telling. Without a round: what has settled becomes one. */
export const RoundTask = z.strictObject({
  round: z.string().optional(),
  /** The customer whom the page before ended with. */
  after: z.string().optional(),
  /** Customers with wishlists have been told; now those who asked for one thing. */
  alerts: z.literal(true).optional(),
});

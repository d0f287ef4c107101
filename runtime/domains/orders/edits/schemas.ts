/** Edits of paid orders: what merchants change, and what of it is shown. */
import { z } from 'zod';
import { completeDraft } from '../drafts/schemas.ts';
import { discount } from '../promotions/schemas.ts';
import { agreedDiscount, amount, words } from '../agreed.ts';
import { itemSnapshot, MAX_LINES, MAX_QUANTITY, money, variantId } from '../schemas.ts';
import { outcome } from './outcome.ts';

export const editId = z.string().regex(/^edt_[0-9a-f]{32}$/, 'an edit id: edt_ and 32 hexadecimal digits');
export const editState = z.enum(['open', 'committed', 'withdrawn']);

/** Off a line as a whole, beside what is off it already. */
export const lineDiscount = agreedDiscount();

export const editLine = z.strictObject({
  variantId,
  /** As many as the line shall have; those that have left count. 0 takes the line out. */
  quantity: z.int().min(0).max(MAX_QUANTITY),
  /** Of a variant that comes to the order: minor units, instead of what its customer would pay today. */
  unitPrice: amount.optional(),
  discount: lineDiscount.optional(),
});

const content = {
  /** Lines that change; the others stay as they are. */
  lines: z
    .array(editLine)
    .max(MAX_LINES)
    .refine(
      (given) => new Set(given.map((line) => line.variantId)).size === given.length,
      'name each variant once',
    )
    .default([]),
  /** For the shopper, too. */
  reason: words(500).optional(),
};

export const beginEdit = z.strictObject(content);

/** As a whole, on the version it was decided on. It is then worked out on the order as that is now. */
export const changeEdit = z.strictObject({ version: z.int().min(1), ...content });

export const commitEdit = z.strictObject({
  version: z.int().min(1),
  /** What the merchant saw, in minor units; a different total is refused. */
  expectedTotal: amount.optional(),
  /** What is owed afterwards was paid by other means. Absent: the shopper gets a link to pay it. */
  paid: completeDraft.optional(),
  /**
   * Of a company's order that becomes dearer than its buyer may spend alone: who of the company agreed, and how. It is noted with the
   * order, and the company is not asked.
   */
  approved: words(200).optional(),
});

export const askEditApproval = z.strictObject({ message: words(2_000).optional() });

/** What was paid by other means of what edits made the order dearer by. */
export const payOwed = completeDraft;

export const edit = z.object({
  id: z.string(),
  orderId: z.string(),
  state: editState,
  version: z.int(),
  currency: z.string(),
  changes: z.array(editLine),
  reason: z.string().optional(),
  /** The order has moved on since it was worked out: put it again to work it out anew. */
  stale: z.boolean(),
  /** Absent where it cannot be made as it stands; `problem` says why. */
  outcome: outcome.optional(),
  problem: z.string().optional(),
  /** Of an open one: the lines as they would be. */
  lines: z
    .array(itemSnapshot.extend({ quantity: z.int(), unitPrice: money, discount: money, tax: money }))
    .optional(),
  discounts: z.array(discount).optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export const edits = z.object({ edits: z.array(edit) });

export type AskEditApproval = z.infer<typeof askEditApproval>;
export type BeginEdit = z.infer<typeof beginEdit>;
export type ChangeEdit = z.infer<typeof changeEdit>;
export type CommitEdit = z.infer<typeof commitEdit>;
export type Edit = z.infer<typeof edit>;
export type EditLine = z.infer<typeof editLine>;
export type EditState = z.infer<typeof editState>;
export type LineDiscount = z.infer<typeof lineDiscount>;
export type PayOwed = z.infer<typeof payOwed>;

/** The shapes of what a merchant agrees on by hand, in offers and in edits of orders: words, amounts, and something off. */
import { z } from 'zod';
import { MAX_AMOUNT } from './schemas.ts';

export const words = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    // Lines may end; nothing else that is no text comes in.
    .regex(/^[\P{Cc}\n]*$/u, 'no control characters');

/** Minor units. */
export const amount = z.int().min(0).max(MAX_AMOUNT);

/** A schema for each place, because GraphQL and gRPC name a shape after the place it has. */
export const agreedDiscount = () =>
  z
    .strictObject({
      basisPoints: z.int().min(1).max(10_000).optional(),
      amount: amount.min(1).optional(),
      reason: words(120),
    })
    .refine(
      (given) => (given.basisPoints === undefined) !== (given.amount === undefined),
      'give either basisPoints or amount',
    );

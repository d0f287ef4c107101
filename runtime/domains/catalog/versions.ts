/** Optimistic writes: a merchant says which version they saw, and is told when it is another. */
import { ShopError } from '../../platform/errors.ts';

/** Said the same way of products, collections and price lists. */
export function changedMeanwhile(version: number): ShopError {
  return new ShopError('conflict', `It has been changed meanwhile and is of version ${version} now.`, {
    remedy: 'Read it again, make your change there, and send that version.',
  });
}

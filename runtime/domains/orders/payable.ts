/** How much an order may come to: no more than a payment can be asked for. Pure. */
import { ShopError } from '../../platform/errors.ts';
import { MAX_AMOUNT, type Totals } from './schemas.ts';

/** @throws ShopError `invalid_input` */
export function requirePayable({ subtotal, total }: Pick<Totals, 'subtotal' | 'total'>): void {
  if (Math.max(subtotal, total) <= MAX_AMOUNT) return;
  throw new ShopError('invalid_input', `An order comes to at most ${MAX_AMOUNT} in minor units.`, {
    remedy: 'Make several of it.',
    problems: [{ where: '/lines', what: 'too much together' }],
  });
}

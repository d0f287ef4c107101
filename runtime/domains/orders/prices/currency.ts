/** The currencies that a shop sells in. */
import { ShopError } from '../../../platform/errors.ts';
import type { Tenant } from '../../../platform/ports.ts';

/**
 * @param asked absent: the shop's first
 * @throws ShopError `invalid_input` when the shop does not sell in it
 */
export function soldIn({ currencies }: Pick<Tenant, 'currencies'>, asked?: string): string {
  const currency = asked ?? currencies[0] ?? 'EUR';
  if (currencies.includes(currency)) return currency;
  throw new ShopError('invalid_input', `This shop does not sell in ${currency}.`, {
    remedy: `Use one of ${currencies.join(', ')}.`,
    problems: [{ where: '/currency', what: 'not one of the shop’s currencies' }],
  });
}

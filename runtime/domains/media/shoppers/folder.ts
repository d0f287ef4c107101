/** Where a shopper's pictures lie: a folder of their own, so that they are found by whose they are, and named so that it says nobody's name. */
import { createHash } from 'node:crypto';

export const SHOPPERS = 'shoppers';

export function folderOf(tenant: string, customerId: string): string {
  return createHash('sha256')
    .update(JSON.stringify([tenant, customerId]))
    .digest('hex')
    .slice(0, 32);
}

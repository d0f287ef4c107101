/** The company that the visitor buys for. */
import { ApiError } from '../../api-client/client.ts';
import type { Answer } from '../../api-client/client.ts';
import { orNothing } from './shop.ts';
import type { Shop } from './shop.ts';

export type Company = Answer<'accounts.getCompany'>;

/** What an approval is about that the shop makes of an order; nothing for what members buy themselves. */
export function changeOf({ purchaseId }: { readonly purchaseId: string }): 'edit' | 'exchange' | undefined {
  if (purchaseId.startsWith('edt_')) return 'edit';
  return purchaseId.startsWith('ret_') ? 'exchange' : undefined;
}

/** Nothing for who buys for none; nor where the session has ended, which is no error: the visitor logs in again. */
export async function companyOf({ api, loggedIn }: Shop): Promise<Company | undefined> {
  if (!loggedIn) return undefined;
  try {
    return await orNothing(api.call('accounts.getCompany', {}));
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return undefined;
    throw error;
  }
}

/** The company that the visitor buys for. */
import { ApiError } from '../../api-client/client.ts';
import type { Answer } from '../../api-client/client.ts';
import { orNothing } from './shop.ts';
import type { Shop } from './shop.ts';

export type Company = Answer<'accounts.getCompany'>;

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

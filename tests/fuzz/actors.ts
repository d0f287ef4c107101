/** Who asks, and what they may. */
import type { Operation } from './operations.ts';

export interface Actor {
  readonly name: string;
  readonly tenant: string;
  /** Host name of the shop they ask. */
  readonly host: string;
  readonly authorization: string | undefined;
  /**
   * What they are at that shop. `merchant`: who has the admin key. `owner`, `viewer`: signed-in members of the staff, who may do all and
   * who may only look. `key`: a merchant's program with all scopes; `reader`: one that may only read the catalogue. `stranger`: somebody
   * with good credentials of another shop.
   */
  readonly kind:
    | 'nobody'
    | 'guest'
    | 'customer'
    | 'merchant'
    | 'owner'
    | 'viewer'
    | 'key'
    | 'reader'
    | 'stranger';
}

/** Whether the answer to them must not be what was asked for. What they may do otherwise is the shop's own decision. */
export function isForbidden({ kind }: Actor, { id, audience, method, path }: Operation): boolean {
  if (audience === undefined) return false;
  if (kind === 'nobody' || kind === 'guest' || kind === 'stranger') return true;
  if (audience === 'customer') return kind !== 'customer';
  if (kind === 'customer') return true;
  if (kind === 'viewer') return method !== 'GET' && !isOwn(path);
  return kind === 'reader' && (method !== 'GET' || !id.startsWith('catalog.'));
}

/** What each member of the staff may do about themselves. */
export function isOwn(path: string): boolean {
  return path.startsWith('/api/admin/accounts/me');
}

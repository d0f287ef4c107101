/**
 * Logins of a scope at the systems of the data plane. All of them come from one secret of the scope, the password of its database
 * login: where that one is changed, all others are new too, and stand beside the former ones until nobody uses those.
 */
import { createHash, hkdfSync } from 'node:crypto';
import type { Login } from './system.ts';

const NAME = /^[a-z0-9-]{1,63}$/;

/**
 * @param scope `pool`, or a dedicated tenant's name
 * @param system whose login it is; another system's login says nothing of this one
 * @param secret password of the scope's database login
 */
export function loginOf(scope: string, system: string, secret: string): Login {
  if (!NAME.test(scope)) throw new RangeError(`${scope} is no name of a scope`);
  const password = Buffer.from(hkdfSync('sha256', secret, scope, `shopmind/${system}`, 24)).toString(
    'base64url',
  );
  const generation = createHash('sha256').update(password).digest('hex').slice(0, 8);
  return { user: `${userPrefix(scope)}${generation}`, password };
}

/** Begins the names of all logins of a scope, and of no other's: `acme` and `acme-shop` do not share one. */
export function userPrefix(scope: string): string {
  return `shopmind.${scope}.`;
}

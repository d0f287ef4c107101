/** What an API key may be good for: reading or changing what a domain keeps for merchants. Drawn from the definitions. */
import { DOMAINS } from '../../domains/index.ts';
import type { RouteDefinition } from '../../platform/definition.ts';
import type { Caller } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';

/** `orders:read`, `orders:write`, … Writing includes no reading. */
export const SCOPES: readonly string[] = DOMAINS.filter(({ routes }) =>
  routes.some(({ audience }) => audience === 'merchant'),
).flatMap(({ name }) => [`${name}:read`, `${name}:write`]);

/** The scope a route asks for; undefined: no key opens it, whatever its scopes. */
export function scopeOf(
  domain: string,
  { method, people }: Pick<RouteDefinition, 'method' | 'people'>,
): string | undefined {
  return people === true ? undefined : `${domain}:${method === 'GET' ? 'read' : 'write'}`;
}

/** @throws ShopError `forbidden` when the caller came with a key that is not good for this */
export function requireScope({ key }: Caller, scope: string | undefined): void {
  if (key === undefined || (scope !== undefined && key.scopes.includes(scope))) return;
  throw new ShopError(
    'forbidden',
    scope === undefined ? 'No API key opens this.' : `This key has no scope ${scope}.`,
    {
      remedy:
        scope === undefined
          ? 'Ask with the shop’s admin key, or signed in as a merchant.'
          : 'Make a key that has it, at /api/admin/keys.',
    },
  );
}

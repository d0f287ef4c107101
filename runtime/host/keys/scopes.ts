/** What an API key or a role may be good for: reading or changing what a domain keeps for merchants. Drawn from the definitions. */
import { DOMAINS } from '../../domains/index.ts';
import type { RouteDefinition } from '../../platform/definition.ts';

/** `orders:read`, `orders:write`, … Writing includes no reading. */
export const SCOPES: readonly string[] = DOMAINS.filter(({ routes }) =>
  routes.some(({ audience, people }) => audience === 'merchant' && people !== true),
).flatMap(({ name }) => [`${name}:read`, `${name}:write`]);

/** The scope a route asks for; undefined: it is for people, and no scope opens it. */
export function scopeOf(
  domain: string,
  { method, people }: Pick<RouteDefinition, 'method' | 'people'>,
): string | undefined {
  return people === true ? undefined : `${domain}:${method === 'GET' ? 'read' : 'write'}`;
}

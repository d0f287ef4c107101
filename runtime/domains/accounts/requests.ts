/** What handlers read of a request: the token it came with, and where it came from. */
import type { RouteRequest } from '../../platform/domain.ts';

export const COOKIE = 'shopmind_session';

/** The caller's address as the gateway saw it. */
export function addressOf({ headers }: RouteRequest): string | undefined {
  return headers['x-forwarded-for']?.split(',').at(-1)?.trim() || undefined;
}

export function bearerOf(headers: RouteRequest['headers']): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1];
}

export function tokenOf(headers: RouteRequest['headers']): string | undefined {
  return (
    bearerOf(headers) ?? new RegExp(`(?:^|;)\\s*${COOKIE}=([^;\\s]+)`).exec(headers['cookie'] ?? '')?.[1]
  );
}

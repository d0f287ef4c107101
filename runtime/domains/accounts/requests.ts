/** What handlers read of a request: the token it came with, and where it came from. */
import type { RouteRequest } from '../../platform/domain.ts';
import { callersNetwork } from '../../platform/network.ts';
import type { Tenant } from '../../platform/ports.ts';

export const COOKIE = 'shopmind_session';
/** By which a browser forgets its session. */
export const FORGOTTEN = `${COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0`;

/** Where the caller is, for counting. */
export const addressOf = ({ headers }: RouteRequest): string | undefined => callersNetwork(headers);

export function bearerOf(headers: RouteRequest['headers']): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1];
}

export function tokenOf(headers: RouteRequest['headers']): string | undefined {
  return bearerOf(headers) ?? cookieIn(headers, COOKIE);
}

/** The shop's name that was asked; the gateway routes no other. */
export function hostAsked(tenant: Tenant, headers: RouteRequest['headers']): string {
  const asked = (headers['x-forwarded-host'] ?? headers['host'] ?? '').replace(/:\d+$/, '').toLowerCase();
  return tenant.hosts.find((host) => host.toLowerCase() === asked) ?? tenant.hosts[0] ?? 'localhost';
}

/** @returns the value of a cookie, as it stands */
export function cookieIn(headers: RouteRequest['headers'], name: string): string | undefined {
  return new RegExp(`(?:^|;)\\s*${name}=([^;\\s]+)`).exec(headers['cookie'] ?? '')?.[1];
}

/** ` Secure`, as an attribute of a cookie, where the browser came by TLS. */
export function secureIn(headers: RouteRequest['headers']): string {
  return headers['x-forwarded-proto'] === 'https' ? '; Secure' : '';
}

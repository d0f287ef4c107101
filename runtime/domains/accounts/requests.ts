/** What handlers read of a request: the token it came with, and where it came from. */
import { isIPv6 } from 'node:net';
import type { RouteRequest } from '../../platform/domain.ts';
import type { Tenant } from '../../platform/ports.ts';

export const COOKIE = 'shopmind_session';
/** By which a browser forgets its session. */
export const FORGOTTEN = `${COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0`;

/** Where the caller is, for counting: their address as the gateway saw it, of IPv6 the network that it is in. */
export function addressOf({ headers }: RouteRequest): string | undefined {
  const address = headers['x-forwarded-for']?.split(',').at(-1)?.trim();
  return address === undefined || address === '' ? undefined : countedAs(address);
}

/** Whoever has one address of IPv6 has a whole /64 of them (RFC 6177), and could come from another each time. */
export function countedAs(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
  const [before = [], after] = (address.split('%')[0] ?? '').split('::').map(groupsIn);
  const zeros = Array.from({ length: 8 - before.length - (after?.length ?? 0) }, () => '0');
  const network = [...before, ...(after === undefined ? [] : [...zeros, ...after])].slice(0, 4);
  return `${network.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

/** An address of IPv4 at the end takes the place of two. */
function groupsIn(text: string): string[] {
  return text === '' ? [] : text.split(':').flatMap((group) => (group.includes('.') ? ['0', '0'] : [group]));
}

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

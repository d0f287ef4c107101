/** Who a client is, for counting: an address of IPv4, and of IPv6 the network that the address is in. */
import { isIPv6 } from 'node:net';

/**
 * Where a caller is: their address as the gateway saw it, of IPv6 the network that it is in.
 * @param headers of a request that came through the gateway
 */
export function callersNetwork(headers: Readonly<Record<string, string | undefined>>): string | undefined {
  const address = headers['x-forwarded-for']?.split(',').at(-1)?.trim();
  return address === undefined || address === '' ? undefined : networkOf(address);
}

/** Whoever has one address of IPv6 has a whole /64 of them (RFC 6177), and could come from another each time. */
export function networkOf(address: string): string {
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

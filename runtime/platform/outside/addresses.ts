/**
 * Which addresses are of the public internet. What is not said to be global is inside: a merchant who names an address must not reach
 * the cluster, the node or its metadata by it. After IANA's registries of special-purpose addresses (RFC 6890 and its successors).
 */
import { BlockList, isIP } from 'node:net';

/** @param address as resolved: `192.0.2.1`, `2001:db8::1`; anything else is not public */
export function isPublic(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !INSIDE_4.check(address, 'ipv4');
    case 6:
      return GLOBAL_6.check(address, 'ipv6') && !INSIDE_6.check(address, 'ipv6');
    default:
      return false;
  }
}

export function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}

export type Range = readonly [network: string, bits: number];

export const INSIDE_IPV4: readonly Range[] = [
  ['0.0.0.0', 8], // this network
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // carrier-grade NAT, and some clouds' metadata
  ['127.0.0.0', 8], // loopback
  ['169.254.0.0', 16], // link-local: most clouds' metadata
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments
  ['192.0.2.0', 24], // documentation
  ['192.31.196.0', 24], // AS112
  ['192.52.193.0', 24], // AMT
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16], // private
  ['192.175.48.0', 24], // AS112
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 3], // multicast, reserved, broadcast
];

/** Whatever else begins otherwise has not been given to anybody, or is mapped, local or translated: `::ffff:…`, `fc00::`, `fe80::`, `64:ff9b::`. */
export const GLOBAL_IPV6: Range = ['2000::', 3];

/** Of what is global: what carries an IPv4 address, or is nobody's. */
export const INSIDE_IPV6: readonly Range[] = [
  ['2001::', 23], // protocol assignments, Teredo among them
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4
  ['2620:4f:8000::', 48], // AS112
  ['3fff::', 20], // documentation
];

const INSIDE_4 = listOf(INSIDE_IPV4, 'ipv4');
const INSIDE_6 = listOf(INSIDE_IPV6, 'ipv6');
const GLOBAL_6 = listOf([GLOBAL_IPV6], 'ipv6');

function listOf(ranges: readonly Range[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const [network, bits] of ranges) list.addSubnet(network, bits, family);
  return list;
}

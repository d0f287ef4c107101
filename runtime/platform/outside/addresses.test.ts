import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GLOBAL_IPV6, INSIDE_IPV4, INSIDE_IPV6, isLoopback, isPublic, type Range } from './addresses.ts';

const v4 = (value: bigint): string => [24n, 16n, 8n, 0n].map((by) => (value >> by) & 255n).join('.');
const v6 = (value: bigint): string =>
  Array.from({ length: 8 }, (_, n) => ((value >> BigInt(112 - 16 * n)) & 0xffffn).toString(16)).join(':');

/** By arithmetic, to be compared with the list of the server. */
function number4(address: string): bigint {
  return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}
function number6(address: string): bigint {
  const [head = '', tail = ''] = address.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const middle = Array<string>(8 - groups(head).length - groups(tail).length).fill('0');
  return [...groups(head), ...middle, ...groups(tail)].reduce(
    (sum, group) => sum * 65_536n + BigInt(`0x${group}`),
    0n,
  );
}
const within = (value: bigint, network: bigint, bits: number, width: number): boolean =>
  value >> BigInt(width - bits) === network >> BigInt(width - bits);

const inRange = ([network, bits]: Range, width: 32 | 128): fc.Arbitrary<bigint> => {
  const base = width === 32 ? number4(network) : number6(network);
  return fc.bigInt({ min: 0n, max: (1n << BigInt(width - bits)) - 1n }).map((host) => base + host);
};

test('every address of an inner range is inside, its first and its last too', () => {
  for (const range of INSIDE_IPV4) {
    const first = number4(range[0]);
    assert.equal(isPublic(v4(first)), false, range[0]);
    assert.equal(isPublic(v4(first + (1n << BigInt(32 - range[1])) - 1n)), false, range[0]);
    fc.assert(fc.property(inRange(range, 32), (value) => !isPublic(v4(value))));
  }
  for (const range of INSIDE_IPV6)
    fc.assert(fc.property(inRange(range, 128), (value) => !isPublic(v6(value))));
});

test('an IPv4 address is public exactly when no inner range has it', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 32n) - 1n }), (value) => {
      const inside = INSIDE_IPV4.some(([network, bits]) => within(value, number4(network), bits, 32));
      assert.equal(isPublic(v4(value)), !inside, v4(value));
    }),
    { numRuns: 2_000 },
  );
});

test('an IPv6 address is public exactly when it is of 2000::/3 and of no inner range', () => {
  const anywhere = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });
  fc.assert(
    fc.property(fc.oneof(anywhere, inRange(GLOBAL_IPV6, 128), inRange(['2001::', 16], 128)), (value) => {
      const global = within(value, number6(GLOBAL_IPV6[0]), GLOBAL_IPV6[1], 128);
      const inside = INSIDE_IPV6.some(([network, bits]) => within(value, number6(network), bits, 128));
      assert.equal(isPublic(v6(value)), global && !inside, v6(value));
    }),
    { numRuns: 2_000 },
  );
});

test('an IPv4 address in any dress of IPv6 is inside: mapped, compatible, translated, 6to4, Teredo', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 32n) - 1n }), (value) => {
      for (const dressed of [
        `::ffff:${v4(value)}`,
        v6((0xffffn << 32n) | value),
        `::${v4(value)}`,
        `64:ff9b::${v4(value)}`,
        v6((0x2002n << 112n) | (value << 80n)),
        v6((0x2001_0000n << 96n) | (value ^ 0xffff_ffffn)),
      ])
        assert.equal(isPublic(dressed), false, dressed);
    }),
  );
});

test('well-known addresses', () => {
  for (const address of [
    '1.1.1.1',
    '8.8.8.8',
    '93.184.215.14',
    '2606:4700:4700::1111',
    '2a00:1450:4001::200e',
  ])
    assert.equal(isPublic(address), true, address);
  for (const address of [
    '127.0.0.1',
    '169.254.169.254',
    '100.100.100.200',
    '10.96.0.1',
    '0.0.0.0',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fd00:ec2::254',
    'ff02::1',
    // What is no address at all is asked of nobody.
    '',
    'localhost',
    '1.1.1',
    '0x7f.1',
    '1.1.1.1%eth0',
    'fe80::1%lo',
  ])
    assert.equal(isPublic(address), false, address);
  assert.deepEqual(['127.0.0.1', '127.9.9.9', '::1', '128.0.0.1', '127.1'].map(isLoopback), [
    true,
    true,
    true,
    false,
    false,
  ]);
});

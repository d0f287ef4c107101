import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { networkOf } from './network.ts';

const GROUPS = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
  minLength: 8,
  maxLength: 8,
});

/** In full, and as short as it can be said. */
function spellings(groups: readonly number[]): string[] {
  const full = groups.map((group) => group.toString(16).padStart(4, '0')).join(':');
  return [full, full.toUpperCase(), new URL(`http://[${full}]/`).hostname.slice(1, -1)];
}

test('all addresses of a network of IPv6 are counted as one, however they are said, and as no other’s', () => {
  fc.assert(
    fc.property(GROUPS, GROUPS, (one, other) => {
      // Of the addresses that are written as ones of IPv4 below.
      fc.pre(one.slice(0, 4).some(Boolean) && other.slice(0, 4).some(Boolean));
      const neighbour = [...one.slice(0, 4), ...other.slice(4)];
      const counted = new Set([...spellings(one), ...spellings(neighbour)].map(networkOf));
      assert.equal(counted.size, 1);
      const isSame = one.slice(0, 4).join() === other.slice(0, 4).join();
      assert.equal(counted.has(networkOf(spellings(other)[0] ?? '')), isSame);
    }),
  );
});

test('an address of IPv4 is counted by itself, also where a socket of both kinds has it', () => {
  assert.equal(networkOf('192.0.2.7'), '192.0.2.7');
  assert.equal(networkOf('::ffff:192.0.2.7'), '192.0.2.7');
  assert.equal(networkOf('2001:db8::1'), '2001:db8:0:0::/64');
  assert.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0::/64');
  assert.equal(networkOf('::192.0.2.7'), '0:0:0:0::/64');
});

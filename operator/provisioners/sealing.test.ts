/**
 * Sealed values open where they were sealed and nowhere else; a stored verifier knows its password.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSealer } from './sealing.ts';
import { verifies } from './postgres/scram.ts';

test('whatever is sealed opens again, and never looks the same twice', () => {
  const sealer = createSealer(randomBytes(32).toString('base64'));
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const [one, other] = [sealer.seal('acme', 'n', value), sealer.seal('acme', 'n', value)];
      assert.equal(sealer.open('acme', 'n', one), Buffer.from(value, 'utf8').toString('utf8'));
      assert.notDeepEqual(one, other);
    }),
  );
});

test('a value moved to another tenant, another name or another key does not open, nor one with a flipped bit', () => {
  const sealer = createSealer(randomBytes(32).toString('base64'));
  const sealed = sealer.seal('acme', 'payments', 'secret');
  assert.equal(sealer.open('bolt', 'payments', sealed), undefined);
  assert.equal(sealer.open('acme', 'other', sealed), undefined);
  assert.equal(createSealer(randomBytes(32).toString('base64')).open('acme', 'payments', sealed), undefined);
  for (let at = 0; at < sealed.length; at++) {
    const bent = Buffer.from(sealed);
    bent[at] = (bent[at] ?? 0) ^ 1;
    assert.equal(sealer.open('acme', 'payments', bent), undefined);
  }
  assert.equal(sealer.open('acme', 'payments', Buffer.alloc(3)), undefined);
});

test('a SCRAM verifier as PostgreSQL stores it belongs to its password only', () => {
  // Made by PostgreSQL 18: create role x password 'pencil'.
  const verifier =
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=';
  assert.equal(verifies('pencil', verifier), true);
  assert.equal(verifies('pen', verifier), false);
  assert.equal(verifies('pencil', null), false);
  assert.equal(verifies('pencil', 'md5abc'), false);
});

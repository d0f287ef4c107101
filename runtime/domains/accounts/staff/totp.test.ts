import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base32, codeAt, keyUri, stepAt, stepOf } from './totp.ts';

// RFC 6238, Appendix B: seconds, then the code by SHA-1, SHA-256 and SHA-512.
const VECTORS: readonly (readonly [number, string, string, string])[] = [
  [59, '94287082', '46119246', '90693936'],
  [1_111_111_109, '07081804', '68084774', '25091201'],
  [1_111_111_111, '14050471', '67062674', '99943326'],
  [1_234_567_890, '89005924', '91819424', '93441116'],
  [2_000_000_000, '69279037', '90698825', '38618901'],
  [20_000_000_000, '65353130', '77737706', '47863826'],
];
const seed = (length: number): Buffer => Buffer.from('1234567890'.repeat(7).slice(0, length));

test('codes are those of RFC 6238', () => {
  for (const [seconds, sha1, sha256, sha512] of VECTORS) {
    const step = stepAt(new Date(seconds * 1_000));
    assert.deepEqual(
      [codeAt(seed(20), step, 8), codeAt(seed(32), step, 8, 'sha256'), codeAt(seed(64), step, 8, 'sha512')],
      [sha1, sha256, sha512],
      String(seconds),
    );
  }
});

test('a code is good in its half minute and the two beside it', () => {
  const secret = seed(20);
  const now = new Date('2026-03-01T10:00:15Z');
  const step = stepAt(now);
  const found = [-2, -1, 0, 1, 2].map((by) => stepOf(secret, codeAt(secret, step + by), now));
  assert.deepEqual(found, [undefined, step - 1, step, step + 1, undefined]);
  for (const code of ['', '12345', '1234567', 'abcdef']) assert.equal(stepOf(secret, code, now), undefined);
});

test('secrets are written as apps read them', () => {
  // RFC 4648, section 10.
  assert.deepEqual(
    ['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar'].map((text) => base32(Buffer.from(text))),
    ['', 'MY', 'MZXQ', 'MZXW6', 'MZXW6YQ', 'MZXW6YTB', 'MZXW6YTBOI'],
  );
  assert.equal(
    keyUri(Buffer.from('foobar'), 'Ada & Co', 'ada@example.org'),
    'otpauth://totp/Ada%20%26%20Co:ada%40example.org?secret=MZXW6YTBOI&issuer=Ada%20%26%20Co&algorithm=SHA1&digits=6&period=30',
  );
});

/**
 * What must hold of every report: the archive opens, and nothing secret is in it, in whatever form it was written.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ownFolder } from '../../../tests/support/owned.ts';
import { createRedactor, MASK, publicForm } from './redact.ts';
import { tar } from './tar.ts';

const secretValue = fc.oneof(
  fc.string({ minLength: 8, maxLength: 60 }),
  fc.base64String({ minLength: 12 }),
  fc.array(fc.string({ minLength: 8 }), { minLength: 2, maxLength: 4 }).map((lines) => lines.join('\n')),
);

test('no known value is left in a text, whether plain, in base64, in JSON or in a URL', () => {
  fc.assert(
    fc.property(
      fc.array(
        secretValue.filter((value) => value.trim().length >= 8 && !MASK.includes(value.trim())),
        { minLength: 1, maxLength: 5 },
      ),
      fc.lorem(),
      (values, words) => {
        const text = values
          .flatMap((value) => [
            value,
            Buffer.from(value).toString('base64'),
            JSON.stringify({ value }),
            `https://x/?y=${encodeURIComponent(value)}`,
          ])
          .join(` ${words} `);
        const left = createRedactor(values)(text);
        for (const value of values) {
          assert.ok(!left.includes(value), value);
          assert.ok(!left.includes(Buffer.from(value).toString('base64')), value);
        }
      },
    ),
  );
});

test('the password of a URL is a secret by itself', () => {
  const redact = createRedactor(['postgres://shop:p4ssw0rd-x@db:5432/shop']);
  assert.equal(redact('login failed with p4ssw0rd-x'), `login failed with ${MASK}`);
});

for (const text of [
  'postgres://shop:hunter2@db/shop',
  'authorization: Bearer abcdefgh12345678',
  'key smk_AbCdEfGhIjKl',
  'key smk_acme.AbCdEfGhIjKl',
  'sk_test_1234567890abcdef',
  'whsec_1234567890abcdef',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl',
  '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----',
]) {
  test(`what looks like a secret is masked unknown: ${text.slice(0, 20)}`, () => {
    assert.ok(createRedactor([])(text).includes(MASK));
  });
}

test('ordinary text stays as it is', () => {
  const text = 'GET /api/store 200 3 ms; see https://shopmind.example/docs?x=1 and mail a:b@c';
  assert.equal(createRedactor(['unrelated-value'])(text), text);
});

test('an object keeps its shape: a Secret its keys, a variable its name', () => {
  assert.deepEqual(
    publicForm({ kind: 'Secret', metadata: { name: 's', managedFields: [] }, data: { a: 'eA==' } }),
    {
      kind: 'Secret',
      metadata: { name: 's' },
      data: { a: MASK },
    },
  );
  assert.deepEqual(
    publicForm({
      kind: 'Pod',
      spec: {
        env: [
          { name: 'API_TOKEN', value: 'x' },
          { name: 'PORT', value: '80' },
        ],
      },
    }),
    {
      kind: 'Pod',
      spec: {
        env: [
          { name: 'API_TOKEN', value: MASK },
          { name: 'PORT', value: '80' },
        ],
      },
    },
  );
});

test('tar(1) unpacks the archive to the same files', (context) => {
  try {
    execFileSync('tar', ['--version'], { stdio: 'ignore' });
  } catch {
    return context.skip('there is no tar(1) on this machine');
  }
  const folder = ownFolder('tar');
  try {
    const long = `r/${'namespace-with-a-long-name/'.repeat(4)}logs/${'p'.repeat(80)}.log`;
    const files = new Map([
      ['r/README.txt', 'Grüße, 茶の庭\n'],
      ['r/empty.log', ''],
      ['r/exact.txt', 'x'.repeat(512)],
      [long, 'deep'],
    ]);
    writeFileSync(join(folder, 'x.tar'), tar(files, 1_700_000_000));
    execFileSync('tar', ['xf', 'x.tar'], { cwd: folder });
    for (const [path, text] of files) assert.equal(readFileSync(join(folder, path), 'utf8'), text);
    assert.equal(readdirSync(join(folder, 'r')).length, 4);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return undefined;
});

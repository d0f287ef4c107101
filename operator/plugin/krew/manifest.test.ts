/**
 * The manifest of a release passes krew's rules, each of which refuses what it is there for; the command reads real archives.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { ownFolder } from '../../../tests/support/owned.ts';
import { krewManifest, krewProblems, type Artifact, type KrewManifest } from './manifest.ts';

const ARTIFACT: Artifact = {
  os: 'linux',
  arch: 'amd64',
  uri: 'https://example.com/v0.1.0/shopmind-linux-amd64.tar.gz',
  sha256: 'a'.repeat(64),
};
const good = (
  version = 'v0.1.0',
  artifacts: readonly Artifact[] = [ARTIFACT, { ...ARTIFACT, arch: 'arm64' }],
) => krewManifest(version, 'https://example.com', artifacts);

test('a release is as krew wants it', () => assert.deepEqual(krewProblems(good()), []));

for (const [what, manifest, problem] of [
  ['a version without v', good('0.1.0'), /semantic version/],
  ['no platform', good('v0.1.0', []), /platforms is empty/],
  ['one platform twice', good('v0.1.0', [ARTIFACT, ARTIFACT]), /linux\/amd64 is there twice/],
  ['a wrong checksum', good('v0.1.0', [{ ...ARTIFACT, sha256: 'x' }]), /checksum/],
  ['an address without TLS', good('v0.1.0', [{ ...ARTIFACT, uri: 'http://x/a.tar.gz' }]), /https address/],
  ['a name with a slash', { ...good(), metadata: { name: 'a/b' } }, /safe name/],
] as const satisfies readonly (readonly [string, KrewManifest, RegExp])[]) {
  test(`${what} is refused`, () => {
    const problems = krewProblems(manifest);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', problem);
  });
}

test('the command prints the manifest of the archives it is given', async () => {
  const folder = ownFolder('krew');
  try {
    const file = join(folder, 'shopmind-darwin-arm64.tar.gz');
    await writeFile(file, 'bytes');
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(import.meta.dirname, 'main.ts'),
      '--base',
      'https://example.com/v1/',
      file,
    ]);
    // What the command wrote is of the shape it says.
    const manifest = parse(stdout) as KrewManifest;
    assert.deepEqual(krewProblems(manifest), []);
    assert.deepEqual(manifest.spec.platforms[0]?.selector.matchLabels, { os: 'darwin', arch: 'arm64' });
    assert.equal(manifest.spec.platforms[0]?.uri, 'https://example.com/v1/shopmind-darwin-arm64.tar.gz');
    assert.equal(manifest.spec.platforms[0]?.sha256, createHash('sha256').update('bytes').digest('hex'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

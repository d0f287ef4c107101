/**
 * Prints the krew manifest of a release: `node operator/plugin/krew/main.ts --base URL shopmind-linux-amd64.tar.gz …`. The
 * checksums are those of the archives given; the version is the package's.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { clientVersion } from '../version/version.ts';
import { krewManifest, krewProblems, type Artifact } from './manifest.ts';

const { values, positionals } = parseArgs({
  options: { base: { type: 'string' }, homepage: { type: 'string' } },
  allowPositionals: true,
});
const { base, homepage = base } = values;
if (base === undefined || homepage === undefined || positionals.length === 0) {
  process.stderr.write(
    'usage: main.ts --base URL-OF-THE-RELEASE [--homepage URL] shopmind-<os>-<arch>.tar.gz…\n',
  );
  process.exit(64);
}
const manifest = krewManifest(
  `v${clientVersion().version}`,
  homepage,
  await Promise.all(positionals.map(artifactOf)),
);
const problems = krewProblems(manifest);
if (problems.length > 0) {
  process.stderr.write(
    `error: krew would refuse the manifest\n${problems.map((one) => `  ${one}\n`).join('')}`,
  );
  process.exit(65);
}
process.stdout.write(stringify(manifest, { lineWidth: 0 }));

async function artifactOf(file: string): Promise<Artifact> {
  const [, os, arch] =
    /^shopmind-(linux|darwin|windows)-(amd64|arm64)\.(?:tar\.gz|zip)$/.exec(basename(file)) ?? [];
  if (os === undefined || arch === undefined)
    throw new Error(`${file} is not named shopmind-<os>-<arch>.tar.gz`);
  return {
    // Both are alternatives of the expression above.
    os: os as Artifact['os'],
    arch: arch as Artifact['arch'],
    uri: `${base?.replace(/\/$/, '')}/${basename(file)}`,
    sha256: createHash('sha256')
      .update(await readFile(file))
      .digest('hex'),
  };
}

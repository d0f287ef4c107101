/** What Maven Central publishes and a server of a test needs, fetched once into the user's cache. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../cluster/binaries.ts';
import { locked } from '../support/lock.ts';

export interface Artifact {
  readonly groupId: string;
  readonly artifactId: string;
  readonly version: string;
}

/**
 * A folder with the artifact's jar and those it needs.
 * @throws Error with Maven's last lines, or with what to install
 */
export function jarsOf(artifact: Artifact): Promise<string> {
  return kept(artifact, (folder) =>
    maven(folder, artifact, 'copy-dependencies', ['-DincludeScope=runtime', `-DoutputDirectory=${folder}`]),
  );
}

/**
 * A folder with what a published zip holds.
 * @param prepare done once, before anybody sees the folder
 */
export function unpacked(artifact: Artifact, prepare: (folder: string) => Promise<void>): Promise<string> {
  return kept(artifact, async (folder) => {
    await maven(folder, { ...artifact, type: 'zip' }, 'unpack-dependencies', [
      `-DoutputDirectory=${folder}`,
      '-DexcludeTransitive',
    ]);
    await prepare(folder);
  });
}

/** Fetches beside the final place and renames, so that half of it is never taken for the whole. */
async function kept(
  { artifactId, version }: Artifact,
  fetch: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(cacheFolder(), `${artifactId}-${version}`);
  if (existsSync(folder)) return folder;
  await locked(join(cacheFolder(), `${artifactId}.lock`), async () => {
    if (existsSync(folder)) return;
    const partial = `${folder}.${process.pid}`;
    process.stderr.write(`${artifactId} ${version}: fetching from Maven Central; this is done once\n`);
    try {
      await mkdir(partial, { recursive: true });
      await fetch(join(partial, 'content'));
      await rename(join(partial, 'content'), folder);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  });
  return folder;
}

async function maven(
  folder: string,
  { groupId, artifactId, version, type = 'jar' }: Artifact & { readonly type?: string },
  goal: string,
  options: readonly string[],
): Promise<void> {
  const pom = join(dirname(folder), 'pom.xml');
  await writeFile(
    pom,
    `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>shopmind</groupId><artifactId>for-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version><type>${type}</type>
  </dependency></dependencies>
</project>
`,
  );
  try {
    await promisify(execFile)('mvn', ['-q', '-B', '-f', pom, `dependency:${goal}`, ...options], {
      timeout: 300_000,
    });
  } catch (cause) {
    throw new Error(
      `${artifactId} ${version} could not be fetched: apt-get install openjdk-17-jdk-headless maven`,
      {
        cause,
      },
    );
  }
}

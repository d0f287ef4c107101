/** What Maven Central publishes and a server of a test needs, fetched once into the user's cache. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { kept } from '../support/kept.ts';

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
  return kept(nameOf(artifact), 'Maven Central', (folder) =>
    maven(folder, artifact, 'copy-dependencies', ['-DincludeScope=runtime', `-DoutputDirectory=${folder}`]),
  );
}

/**
 * A folder with what a published zip holds.
 * @param prepare done once, before anybody sees the folder
 */
export function unpacked(artifact: Artifact, prepare: (folder: string) => Promise<void>): Promise<string> {
  return kept(nameOf(artifact), 'Maven Central', async (folder) => {
    await maven(folder, { ...artifact, type: 'zip' }, 'unpack-dependencies', [
      `-DoutputDirectory=${folder}`,
      '-DexcludeTransitive',
    ]);
    await prepare(folder);
  });
}

function nameOf({ artifactId, version }: Artifact): string {
  return `${artifactId}-${version}`;
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

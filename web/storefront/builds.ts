/** Where the storefront's builds lie, and which one is to be served. Shared by what makes them and what serves them. */
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const WEB = fileURLToPath(new URL('../', import.meta.url));
export const STOREFRONT = fileURLToPath(new URL('./', import.meta.url));
export const OUTPUT = fileURLToPath(new URL('./.next/', import.meta.url));

/** The folder of a build, relative to the storefront, as Next wants it. */
export const buildFolder = (hash: string): string => `.next/builds/${hash}`;

const POINTER = `${OUTPUT}current.json`;

/** The hash of the build to serve; nothing before the first one is complete, or when somebody has cleared the builds away. */
export async function currentBuild(): Promise<string | undefined> {
  try {
    const { hash }: { hash?: unknown } = JSON.parse(await readFile(POINTER, 'utf8'));
    if (typeof hash !== 'string' || !/^[0-9a-f]{12}$/.test(hash)) return undefined;
    return existsSync(`${STOREFRONT}${buildFolder(hash)}`) ? hash : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** From here on this build is served; a rename, so that no reader ever sees half of it. */
export async function pointTo(hash: string): Promise<void> {
  await writeFile(`${POINTER}.new`, `${JSON.stringify({ hash })}\n`);
  await rename(`${POINTER}.new`, POINTER);
}

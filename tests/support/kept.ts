/** What tests fetch or build once and keep in the user's cache, whoever of several runs asks first. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cluster/binaries.ts';
import { locked } from './lock.ts';

/**
 * The folder of that name in the cache, made when it is not there: beside the final place and then renamed, so that half of it is
 * never taken for the whole.
 * @param make fills the folder it is given, which does not exist yet
 * @param from said to whoever waits
 */
export async function kept(
  name: string,
  from: string,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  await locked(`${folder}.lock`, async () => {
    if (existsSync(folder)) return;
    const partial = `${folder}.${process.pid}`;
    process.stderr.write(`${name}: fetching from ${from}; this is done once\n`);
    try {
      await mkdir(partial, { recursive: true });
      await make(join(partial, 'content'));
      await rename(join(partial, 'content'), folder);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  });
  return folder;
}

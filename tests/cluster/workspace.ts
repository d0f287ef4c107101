/**
 * Temporary folders of the test cluster. Their names say which process made them, so that what a killed run left is found and removed.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeRemains, whyNoMachines } from './machines.ts';

const PREFIX = 'shopmind-cluster-';

/** A new folder, which whoever asked for it removes; what earlier runs left behind goes now. */
export async function makeWorkspace(): Promise<string> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || existsSync(`/proc/${owner}`)) continue;
    const directory = join(tmpdir(), name);
    if (whyNoMachines() === undefined) await removeRemains(directory);
    await rm(directory, { recursive: true, force: true });
  }
  return mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
}

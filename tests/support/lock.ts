/**
 * One process at a time: a lock file that names its owner, taken over when the owner is gone.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Runs `work` while this process holds `file`; waits for as long as a living process holds it.
 * @param onWait called once, with the owner's pid, when there is somebody to wait for
 */
export async function locked<T>(
  file: string,
  work: () => Promise<T>,
  onWait: (owner: number) => void = () => undefined,
): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  for (let waited = false; !(await take(file)); waited = true) {
    const owner = Number(await readFile(file, 'utf8').catch(() => 'gone'));
    // Between another's creating it and writing its pid the file is empty.
    if (Number.isInteger(owner) && owner > 0) {
      if (!isAlive(owner)) await rm(file, { force: true });
      else if (!waited) onWait(owner);
    }
    await pause(100);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

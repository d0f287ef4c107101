/**
 * One installation, one process: a lock file in the data folder, taken over when its owner is gone.
 */
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, Failure } from '../failure.ts';

const LOCK = 'start.pid';

/**
 * Takes the data folder for this process.
 * @returns a function that gives it back.
 * @throws Failure when a living process holds it.
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  await mkdir(dataDir, { recursive: true, mode: 0o755 }).catch((cause: unknown) => {
    throw new Failure(
      `cannot create the data folder ${dataDir}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        exitCode: EXIT.unavailable,
        cause,
        remedy: 'Choose another one with --data DIR.',
      },
    );
  });
  const file = join(dataDir, LOCK);
  // Two tries: the first may find a lock whose owner was killed.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    if (await create(file)) return () => rm(file, { force: true });
    const owner = await ownerOf(file);
    if (owner !== undefined) {
      throw new Failure(`another \`shopmind start\` (process ${owner}) uses ${dataDir}`, {
        exitCode: EXIT.unavailable,
        remedy: 'Stop it with Ctrl-C first, or choose another folder with --data DIR.',
      });
    }
    await rm(file, { force: true });
  }
  throw new Failure(`cannot take the lock ${file}`, { exitCode: EXIT.unavailable, remedy: 'Try again.' });
}

async function create(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx', 0o644);
    await handle.writeFile(`${process.pid} ${await startedAt(process.pid)}\n`);
    await handle.close();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** The living process that wrote the lock; a pid used again by a stranger has another start time. */
async function ownerOf(file: string): Promise<number | undefined> {
  const [pid, started] = (await readFile(file, 'utf8').catch(() => '')).trim().split(' ');
  const owner = Number(pid);
  if (!Number.isInteger(owner) || owner <= 0 || !isAlive(owner)) return undefined;
  return (await startedAt(owner)) === started ? owner : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Field 22 of /proc/PID/stat (proc(5)): ticks since boot; `-` where there is no /proc. */
async function startedAt(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '-';
}

/**
 * Processor time of other processes, as Linux counts it.
 */
import { readFile } from 'node:fs/promises';
import { processTree } from '../support/processes.ts';

/** Hundredths of a second: USER_HZ, the unit of /proc, is 100 on every architecture Node runs on. */
const TICKS_PER_SECOND = 100;

/** Seconds of user and system time that the processes have used since they began (proc_pid_stat(5), fields 14 and 15). */
export async function cpuSeconds(pids: Iterable<number>): Promise<number> {
  let ticks = 0;
  for (const pid of pids) ticks += (await timesOf(pid)).own;
  return ticks / TICKS_PER_SECOND;
}

/**
 * The same of a server and all that it started, also of what has ended: a parent is credited with the time of children it waited
 * for (fields 16 and 17), so that a database's connection that goes takes nothing away.
 */
export async function treeCpuSeconds(root: number): Promise<number> {
  let ticks = 0;
  for (const { pid } of await processTree(root)) {
    const times = await timesOf(pid).catch((error: unknown) => {
      if (pid === root) throw error;
      return { own: 0, ended: 0 };
    });
    ticks += times.own + times.ended;
  }
  return ticks / TICKS_PER_SECOND;
}

/** Ticks of the process, and of children it has waited for. */
async function timesOf(pid: number): Promise<{ readonly own: number; readonly ended: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in parentheses, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { own: Number(fields[11]) + Number(fields[12]), ended: Number(fields[13]) + Number(fields[14]) };
}

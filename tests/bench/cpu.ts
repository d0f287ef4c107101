/**
 * Processor time of other processes, as Linux counts it.
 */
import { readFile } from 'node:fs/promises';

/** Hundredths of a second: USER_HZ, the unit of /proc, is 100 on every architecture Node runs on. */
const TICKS_PER_SECOND = 100;

/** Seconds of user and system time that the processes have used since they began (proc_pid_stat(5), fields 14 and 15). */
export async function cpuSeconds(pids: Iterable<number>): Promise<number> {
  let ticks = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS_PER_SECOND;
}

/**
 * Which process a pid means: pids are used again, so a process is a pid and the moment it began.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessFigures {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks of user and system time. */
  readonly cpuTicks: number;
  /** Clock ticks since boot. */
  readonly startTicks: number;
  /** `Z` is a process that ended and waits for its parent. */
  readonly state: string;
}

/** On every Linux that Node supports. */
export const TICKS_PER_SECOND = 100;
export const HAS_PROC = process.platform === 'linux';

/** A text that no other process of this machine has, now or later; undefined when there is no such process. */
export function identityOf(pid: number): string | undefined {
  if (HAS_PROC) {
    const figures = figuresOf(pid);
    return figures && figures.state !== 'Z' ? `${bootId()} ${figures.startTicks}` : undefined;
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    // `ps` fails exactly when there is no such process.
    return undefined;
  }
}

/** From `/proc/<pid>/stat`; undefined when the process is gone. */
export function figuresOf(pid: number): ProcessFigures | undefined {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The command's name may hold spaces and parentheses; what follows the last one is numbers.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (at: number): number => Number(fields[at]);
  return {
    pid,
    state: fields[0] ?? '',
    parent: field(1),
    group: field(2),
    session: field(3),
    cpuTicks: field(11) + field(12),
    startTicks: field(19),
  };
}

/** Bytes a process has in memory, by what they are. */
export interface Resident {
  readonly own: number;
  readonly file: number;
  readonly shared: number;
}

/** From `/proc/<pid>/status`; undefined when the process is gone. */
export function residentMemoryOf(pid: number): Resident | undefined {
  const text = readProc(`/proc/${pid}/status`);
  if (text === undefined) return undefined;
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return { own: bytes('RssAnon'), file: bytes('RssFile'), shared: bytes('RssShmem') };
}

export function allProcesses(): ProcessFigures[] {
  if (!HAS_PROC) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => figuresOf(Number(name)))
    .filter((figures) => figures !== undefined);
}

/** Whether a process was started with `NAME=value`; false when it may not be read. */
export function hasVariable(pid: number, assignment: string): boolean {
  const text = readProc(`/proc/${pid}/environ`);
  return text !== undefined && `\0${text}`.includes(`\0${assignment}\0`);
}

let boot: string | undefined;
const bootId = (): string => (boot ??= readProc('/proc/sys/kernel/random/boot_id')?.trim() ?? '');

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Gone, or another user's: either way there is nothing to say about it.
    return undefined;
  }
}

/**
 * One container's process: started in its own group, recorded so that a later agent finds it, ended as a whole.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, delimiter, isAbsolute, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { allProcesses, hasVariable, HAS_PROC, identityOf } from './identity.ts';

export interface ProcessSpec {
  /** Unique among all processes ever started. */
  readonly id: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stopSignal: NodeJS.Signals;
}

export interface Exit {
  /** As a shell tells it: 128 + signal when a signal ended it. */
  readonly code: number;
  readonly signal: number | undefined;
  readonly at: Date;
}

export interface RunningProcess {
  readonly pid: number;
  readonly startedAt: Date;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<Exit>;
  /** Asks it to end, and ends it and everything it started after `graceMs`. Calling again may shorten the wait. */
  stop(graceMs: number): void;
}

export interface ProcessTable {
  /** @throws Error when the command cannot be started at all */
  start(spec: ProcessSpec): RunningProcess;
  /** Ends what an agent on the same folder left behind. Resolves when nothing of it runs any more. */
  endLeftovers(): Promise<number>;
}

/** Marks every process of one node, and every process those start. */
export const NODE_VARIABLE = 'SHOPMIND_NODE_ID';

const LEFTOVER_GRACE_MS = 3_000;
const LEFTOVER_POLL_MS = 20;
/** Two signals of Node's table that have no number there are not used here. */
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGABRT: 6,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
};

interface ProcessRecord {
  readonly pid: number;
  readonly identity: string;
  readonly stopSignal: NodeJS.Signals;
}

/** @param dir where the records lie @param nodeId the same for every agent on this data, and for no other */
export function createProcessTable(dir: string, nodeId: string): ProcessTable {
  mkdirSync(dir, { recursive: true });
  const guard = parentDeathGuard();

  function start(spec: ProcessSpec): RunningProcess {
    const [name = '', ...args] = spec.command;
    const file = executable(name, spec.env['PATH'] ?? '', spec.cwd);
    if (!statSync(spec.cwd, { throwIfNoEntry: false })?.isDirectory())
      throw new Error(`the working directory ${spec.cwd} does not exist`);
    const [command = file, ...rest] = [...guard, file, ...args];
    const child = spawn(command, rest, {
      cwd: spec.cwd,
      env: { ...spec.env, [NODE_VARIABLE]: nodeId },
      // A group of its own: signals for us, such as Ctrl-C, do not reach it, and it can be ended as a whole.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const pid = child.pid;
    if (pid === undefined) {
      child.once('error', () => undefined);
      throw new Error(`${file} could not be started: no process was made`);
    }
    const record = join(dir, `${spec.id}.json`);
    const entry: ProcessRecord = { pid, identity: identityOf(pid) ?? '', stopSignal: spec.stopSignal };
    try {
      writeFileSync(record, JSON.stringify(entry));
    } catch (error) {
      // A process that no later agent would find is not left running.
      signal(-pid, 'SIGKILL');
      throw error;
    }
    return supervise(child, pid, spec.stopSignal, () => rmSync(record, { force: true }));
  }

  async function endLeftovers(): Promise<number> {
    const records = readRecords(dir);
    const groups = new Set(records.map(({ pid }) => pid));
    const known = new Map(
      records.filter(({ pid, identity }) => identityOf(pid) === identity).map((entry) => [entry.pid, entry]),
    );
    const left = (): number[] =>
      HAS_PROC
        ? allProcesses()
            .filter(({ pid, state }) => pid !== process.pid && state !== 'Z')
            .filter(({ pid, group }) => known.has(pid) || (groups.has(group) && belongs(pid)) || belongs(pid))
            .map(({ pid }) => pid)
        : [...known.values()]
            .filter(({ pid, identity }) => identityOf(pid) === identity)
            .map(({ pid }) => pid);
    const belongs = (pid: number): boolean => hasVariable(pid, `${NODE_VARIABLE}=${nodeId}`);

    const first = left();
    for (const pid of first) signal(pid, known.get(pid)?.stopSignal ?? 'SIGTERM');
    const deadline = performance.now() + LEFTOVER_GRACE_MS;
    for (let rest = first; rest.length > 0; rest = left()) {
      if (performance.now() > deadline) for (const pid of rest) signal(pid, 'SIGKILL');
      await new Promise((done) => setTimeout(done, LEFTOVER_POLL_MS));
    }
    for (const name of readdirSync(dir)) rmSync(join(dir, name), { force: true });
    return first.length;
  }

  return { start, endLeftovers };
}

function supervise(
  child: ChildProcess,
  pid: number,
  stopSignal: NodeJS.Signals,
  forget: () => void,
): RunningProcess {
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('a child has no output although it was asked to');
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', () => resolve({ code: 128, signal: undefined, at: new Date() }));
    child.once('exit', (code, name) => {
      clearTimeout(timer);
      const number = name === null ? undefined : (SIGNAL_NUMBERS[name] ?? 0);
      // What the process left running in its group ends with it, as in a container.
      signal(-pid, 'SIGKILL');
      forget();
      resolve({ code: code ?? 128 + (number ?? 0), signal: number, at: new Date() });
    });
  });
  let timer: NodeJS.Timeout | undefined;
  let asked = false;
  return {
    pid,
    startedAt: new Date(),
    stdout,
    stderr,
    exited,
    stop(graceMs) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      if (graceMs <= 0) {
        signal(-pid, 'SIGKILL');
        return;
      }
      if (!asked) signal(pid, stopSignal);
      asked = true;
      clearTimeout(timer);
      timer = setTimeout(() => signal(-pid, 'SIGKILL'), graceMs);
    },
  };
}

/** Signals a process or, with a negative number, a group; one that is gone is what was wanted. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM')))
      throw error;
  }
}

/** Finds a command as a shell does. @throws Error that says what was looked for */
export function executable(name: string, path: string, cwd: string): string {
  const candidates = name.includes('/')
    ? [isAbsolute(name) ? name : resolve(cwd, name)]
    : path.split(delimiter).map((folder) => join(folder, name));
  const found = candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return statSync(candidate).isFile();
    } catch {
      // Not there or not executable: the next one.
      return false;
    }
  });
  if (found === undefined) throw new Error(`exec: "${name}": executable file not found in $PATH`);
  return found;
}

/**
 * The words before a command that make the kernel end it when this process is gone, even by `kill -9`.
 * Empty where the system has no such tool; there the next agent ends what is left by its records.
 */
export function parentDeathGuard(signalName = 'KILL'): string[] {
  if (!HAS_PROC) return [];
  supported ??= spawnSync('setpriv', ['--pdeathsig', 'KILL', '--', 'true'], { stdio: 'ignore' }).status === 0;
  return supported ? ['setpriv', '--pdeathsig', signalName, '--'] : [];
}

let supported: boolean | undefined;

function readRecords(dir: string): ProcessRecord[] {
  return readdirSync(dir).flatMap((name) => {
    try {
      const value: unknown = JSON.parse(readFileSync(join(dir, name), 'utf8'));
      return isRecord(value) ? [value] : [];
    } catch {
      // Cut off while it was written: its process is found by its environment.
      return [];
    }
  });
}

const isRecord = (value: unknown): value is ProcessRecord =>
  typeof value === 'object' &&
  value !== null &&
  'pid' in value &&
  typeof value.pid === 'number' &&
  value.pid > 1 &&
  'identity' in value &&
  typeof value.identity === 'string' &&
  value.identity !== '' &&
  'stopSignal' in value &&
  typeof value.stopSignal === 'string' &&
  value.stopSignal in SIGNAL_NUMBERS;

/**
 * One program as a child process: its output in a file, its end awaited, never left behind. Those that come back after they were
 * killed, frozen or ended are those of tests/servers/process.ts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, open } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../support/wait.ts';

export interface Program {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when it has ended, however that came. */
  readonly ended: Promise<void>;
  hasEnded(): boolean;
  /** Asks it to end, makes it after `graceMs` (10 s), resolves when it has. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<void>;
}

export interface ProgramOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Standard output and error are appended here. */
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Working folder and home of a program that is to know nothing else of this process's environment but its PATH. */
  readonly folder?: string;
  /** The command starts another process in its place and waits for it, as `nsenter --pid` does; that one is meant by `pid`. */
  readonly forks?: boolean;
}

/** Starts it; nothing is awaited but the process itself. The kernel ends it when this process is gone (prctl(2), PR_SET_PDEATHSIG). */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { name, command, args, logFile, folder } = options;
  const log = await open(logFile, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
    stdio: ['ignore', log.fd, log.fd],
    env: { ...(folder === undefined ? process.env : bare(folder)), ...options.env },
    ...(folder === undefined ? {} : { cwd: folder }),
  });
  await once(child, 'spawn');
  await log.close();
  if (child.pid === undefined) throw new Error(`${command} could not be started`);
  const ended = once(child, 'exit').then(() => undefined);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const pid = options.forks === true ? await childOf(child.pid) : child.pid;
  return {
    name,
    pid,
    logFile,
    ended,
    hasEnded,
    async stop(signal = 'SIGTERM', graceMs = 10_000) {
      if (hasEnded()) return;
      end(pid, signal);
      const inTime = await Promise.race([ended.then(() => true), pause(graceMs, false, { ref: false })]);
      if (!inTime) end(pid, 'SIGKILL');
      await ended;
    },
  };
}

/**
 * Resolves when `isReady` says yes.
 * @throws Error with the program's last words when it ends first, or when `withinMs` are over.
 */
export async function whenReady(
  program: Program,
  isReady: () => Promise<boolean>,
  withinMs: number,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  let running = true;
  void program.ended.then(() => (running = false));
  while (running && performance.now() < deadline) {
    if (await isReady()) return;
    await pause(50);
  }
  const what = running ? `is not ready after ${withinMs} ms` : 'ended before it was ready';
  throw new Error(`${program.name} ${what}; its last words:\n${await lastWords(program)}`);
}

/** The first child of a process, as soon as it has one. */
export function childOf(pid: number): Promise<number> {
  return until(
    async () => {
      const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
      const child = Number(children.trim().split(' ')[0]);
      return child > 0 ? child : undefined;
    },
    { withinMs: 60_000, everyMs: 10, what: `process ${pid} starts another` },
  );
}

function bare(folder: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: folder, LC_ALL: 'C.UTF-8' };
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended by itself in between, which is as good.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** The end of its log. */
export async function lastWords(program: Program, lines = 20): Promise<string> {
  const text = await readFile(program.logFile, 'utf8');
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

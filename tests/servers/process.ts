/** A server program under a test's hand: started, killed, frozen, thawed and started again, in a folder that goes with it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../support/wait.ts';

export interface ProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Working folder; what it says goes to the file `log` in it. */
  readonly folder: string;
  /** Resolves when it serves; throws as long as it does not. */
  readonly ready: () => Promise<void>;
  /** Milliseconds from start to serving. Default 30,000. */
  readonly withinMs?: number;
}

export interface Program {
  pid(): number;
  /** As `kill -9` would. */
  kill(): Promise<void>;
  /** In good order. */
  end(): Promise<void>;
  /** After `kill` or `end`. */
  start(): Promise<void>;
  /** Connections stay open and nobody answers. */
  pause(): Promise<void>;
  resume(): void;
}

/**
 * Stops a process, and resolves when its last thread stands: the signal alone is on its way when `kill` returns, and a thread on
 * another core may still answer a request.
 */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await until(async () => (await threadStates(pid)).every((state) => state === 'T') || undefined, {
    withinMs: 60_000,
    what: `process ${pid} stands still`,
  });
}

/** As proc(5) writes them: `T` is stopped by a signal. */
async function threadStates(pid: number): Promise<string[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  return Promise.all(
    threads.map(async (thread) => {
      const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      return stat.charAt(stat.lastIndexOf(')') + 2);
    }),
  );
}

/** Resolves when it serves; throws with its last lines when it ends or does not come up in time. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { command, args, folder, env = {}, ready, withinMs = 30_000 } = options;
  const log = join(folder, 'log');
  let child: ChildProcess | undefined;

  function running(): ChildProcess {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      throw new Error(`${command} does not run`);
    return child;
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const exited = once(ending, 'exit');
    // One that is frozen would never hear of a gentle end.
    ending.kill('SIGCONT');
    ending.kill(signal);
    await exited;
  }

  async function start(): Promise<void> {
    const said = openSync(log, 'a');
    child = spawn(command, [...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, LC_ALL: 'C.UTF-8', ...env },
      stdio: ['ignore', said, said],
    });
    closeSync(said);
    const started = child;
    let failure: unknown;
    // Without a listener a program that is not there would end the test's process.
    started.once('error', (error) => (failure = error));
    try {
      await until(
        async () => {
          if (failure === undefined && started.exitCode === null) await ready();
          return true;
        },
        { withinMs, what: `${command} serves` },
      );
      if (failure !== undefined) throw failure;
      if (started.exitCode !== null) throw new Error(`it ended with ${started.exitCode}`);
    } catch (cause) {
      await end('SIGKILL');
      const tail = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-20).join('\n');
      throw new Error(`${command} does not serve:\n${tail}`, { cause });
    }
  }

  function pidOf({ pid }: ChildProcess): number {
    if (pid === undefined) throw new Error(`${command} does not run`);
    return pid;
  }

  await start();
  return {
    pid: () => pidOf(running()),
    kill: () => end('SIGKILL'),
    end: () => end('SIGTERM'),
    start,
    pause: () => freeze(pidOf(running())),
    resume: () => void running().kill('SIGCONT'),
  };
}

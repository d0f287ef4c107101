/** A server program under a test's hand: started, killed, frozen, thawed and started again, in a folder that goes with it. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { startProgram as launch, whenReady, type Program as Running } from '../cluster/process.ts';
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
  let current: Running | undefined;

  function running(): Running {
    if (current === undefined || current.hasEnded()) throw new Error(`${command} does not run`);
    return current;
  }

  /** However long it takes: a server that is told to end has data to write. */
  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = current;
    current = undefined;
    if (ending === undefined || ending.hasEnded()) return;
    // One that is frozen would never hear of a gentle end.
    process.kill(ending.pid, 'SIGCONT');
    await ending.stop(signal, PATIENCE_MS);
  }

  async function start(): Promise<void> {
    const name = basename(command);
    current = await launch({
      name,
      command,
      args,
      env,
      folder,
      logFile: join(folder, 'log'),
    });
    try {
      await whenReady(
        current,
        () =>
          ready().then(
            () => true,
            () => false,
          ),
        withinMs,
      );
    } catch (error) {
      await end('SIGKILL');
      throw error;
    }
  }

  await start();
  return {
    pid: () => running().pid,
    kill: () => end('SIGKILL'),
    end: () => end('SIGTERM'),
    start,
    pause: () => freeze(running().pid),
    resume: () => void process.kill(running().pid, 'SIGCONT'),
  };
}

/** From SIGTERM to SIGKILL. */
const PATIENCE_MS = 60_000;

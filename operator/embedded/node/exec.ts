/**
 * A command beside a container's process, with its environment and folder, for whoever works in the container by hand.
 */
import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Env } from './env.ts';
import { executable, parentDeathGuard } from './process.ts';

export interface Session {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** What a terminal shows is all on `stdout`. */
  readonly stderr: Readable;
  /** As a shell tells it: 128 + signal when a signal ended it. */
  readonly exited: Promise<number>;
  /** Ends the command and what it started. */
  kill(): void;
}

/** Where a container's process runs. */
export interface Surroundings {
  readonly env: Env;
  readonly cwd: string;
}

const KILLED = 137;
const NOT_EXECUTABLE = 126;

/**
 * @param tty gives the command a terminal; its size stays what it is
 * @throws Error when there is no such command, or no terminal to be had
 */
export function startSession(command: readonly string[], { env, cwd }: Surroundings, tty: boolean): Session {
  const file = executable(command[0] ?? '', env['PATH'] ?? '', cwd);
  const words = [file, ...command.slice(1)];
  const [name = file, ...args] = [...parentDeathGuard(), ...(tty ? inTerminal(words) : words)];
  // A group of its own, so that it can be ended as a whole.
  const child = spawn(name, args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = new Promise<number>((resolve) => {
    child.once('error', () => resolve(NOT_EXECUTABLE));
    child.once('close', (code) => resolve(code ?? KILLED));
  });
  // A client that writes on after the end of the command has done nothing wrong.
  child.stdin.on('error', () => undefined);
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited,
    kill() {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended in the meantime.
      }
    },
  };
}

/** `script` of util-linux makes a terminal and passes on how the command ended. */
function inTerminal(words: readonly string[]): string[] {
  const script = executable('script', process.env['PATH'] ?? '', '/');
  const quoted = words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  return [script, '--quiet', '--return', '--flush', '--command', quoted, '/dev/null'];
}

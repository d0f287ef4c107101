/** Waits for processes that a test started. One that does not end, or ends before it has said a word, fails the test that waits. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { inTime, until } from './wait.ts';

/** @returns its exit code, or the signal it died of; also where it ended long ago. @throws Error when it does not end in time */
export async function ended(child: ChildProcess, withinMs?: number): Promise<number | NodeJS.Signals> {
  if (!isOver(child)) await inTime(once(child, 'exit'), `the end of ${nameOf(child)}`, withinMs);
  return howItEnded(child);
}

/** Sends it a signal, and waits for its end. */
export function kill(
  child: ChildProcess,
  signal: NodeJS.Signals = 'SIGKILL',
  withinMs?: number,
): Promise<number | NodeJS.Signals> {
  child.kill(signal);
  return ended(child, withinMs);
}

/** The first message of a forked process: that it is ready. @throws Error when it ends before that, or says nothing */
export async function firstMessage<T>(child: ChildProcess): Promise<T> {
  const messages: T[] = [];
  child.once('message', (message) => messages.push(message as T)); // the caller knows what it runs
  return first(messages, child);
}

/** The first line that it prints: that it is ready; what it prints afterwards is read and dropped. @throws Error as `firstMessage` */
export async function firstLine(child: ChildProcess): Promise<string> {
  const lines: string[] = [];
  if (child.stdout !== null)
    createInterface({ input: child.stdout }).once('line', (line) => lines.push(line));
  return first(lines, child);
}

/** Undefined while it lives; for whoever waits for what it is to do. */
export function endOf(child: ChildProcess): string | undefined {
  return isOver(child) ? `${nameOf(child)} ended with ${howItEnded(child)}` : undefined;
}

const first = <T>(said: readonly T[], child: ChildProcess): Promise<T> =>
  until(() => said[0], { everyMs: 5, what: 'a first word', hopeless: () => endOf(child) });

const isOver = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

const howItEnded = ({ exitCode, signalCode }: ChildProcess): number | NodeJS.Signals =>
  exitCode ?? signalCode ?? -1;

const nameOf = ({ spawnargs, pid }: ChildProcess): string => `${spawnargs.join(' ').slice(0, 200)} (${pid})`;

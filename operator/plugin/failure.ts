/**
 * What a command says when it cannot go on: one error with its place and its remedy, and an exit code scripts can read.
 * Thrown by commands, printed once by main.
 */

/** Exit codes, after sysexits.h where one fits; 2 is "there are differences", as in `kubectl diff`. */
export const EXIT = {
  failure: 1,
  different: 2,
  usage: 64,
  badInput: 65,
  unavailable: 69,
  timeout: 75,
  forbidden: 77,
  interrupted: 130,
} as const;

/** What each code means, for the documentation. */
export const EXIT_MEANS: Readonly<Record<number, string>> = {
  0: 'done',
  [EXIT.failure]: 'it failed; the message says why',
  [EXIT.usage]: 'the command line is wrong',
  [EXIT.badInput]: 'what was named is wrong or not there: an unknown tenant, a file that does not parse',
  [EXIT.unavailable]: 'the cluster, or what the command needs of it, cannot be reached',
  [EXIT.forbidden]: 'the cluster does not allow it to you; the message names verb, resource and role',
  [EXIT.interrupted]: 'stopped by Ctrl-C',
};

export interface FailureOptions {
  readonly exitCode?: number;
  readonly remedy?: string;
  readonly cause?: unknown;
  /** Single problems, each with its own place; printed one a line. */
  readonly details?: readonly string[];
}

/** An error meant for the person at the terminal. */
export class Failure extends Error {
  readonly exitCode: number;
  readonly remedy: string | undefined;
  readonly details: readonly string[];

  constructor(message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Failure';
    this.exitCode = options.exitCode ?? EXIT.failure;
    this.remedy = options.remedy;
    this.details = options.details ?? [];
  }
}

/** Thrown when the user stopped the command: nothing is said, the exit code tells. */
export class Interrupted extends Error {}

/** The text of any thrown value: details and remedy of a Failure, the stack of a bug. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Failure)) {
    return `error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
  }
  const lines = [`error: ${error.message}`, ...error.details.map((detail) => `  ${detail}`)];
  if (error.remedy !== undefined) lines.push(`  → ${error.remedy}`);
  return `${lines.join('\n')}\n`;
}

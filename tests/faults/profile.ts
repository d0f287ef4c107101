/**
 * How much is tried: a sample that a pull request can wait for, or everything (`npm run test:faults -- --full`).
 * And where the outcome is written, for the table at the end.
 */
import { appendFileSync } from 'node:fs';

export const FULL = process.env['SHOPMIND_FAULTS'] === 'full';

/** Seed of everything random; printed by the runner. */
export const SEED = Number(process.env['SHOPMIND_FAULTS_SEED'] ?? 20_261_125);

/** Of all crash points each n-th is tried. */
export const EVERY = Number(process.env['SHOPMIND_FAULTS_EVERY'] ?? 1);

/** Who has not arrived and says nothing new for this long is stuck in silence; a stuck tenant is looked at each minute. */
export const BOUND_MS = Number(process.env['SHOPMIND_FAULTS_BOUND_MS'] ?? 120_000);

/** One line of the table. */
export interface Outcome {
  readonly scenario: string;
  /** Crash points, faults or specs that were tried. */
  readonly tried: number;
  /** Those that ended where they should. */
  readonly converged: number;
  readonly seconds: number;
  /** How many of them in which step of a life. */
  readonly steps?: Readonly<Record<string, number>>;
}

/** Tells the runner. Without one, as when a single test file is run, the line goes to stdout. */
export function report(outcome: Outcome): void {
  const file = process.env['SHOPMIND_FAULTS_RESULTS'];
  const line = `${JSON.stringify(outcome)}\n`;
  if (file === undefined) process.stdout.write(line);
  else appendFileSync(file, line);
}

/**
 * A pino logger for tests that keeps its lines instead of printing them.
 */
import { pino, type Logger } from 'pino';

export interface TestLog {
  readonly log: Logger;
  /** Every line so far, parsed. */
  readonly lines: readonly Record<string, unknown>[];
  /** Messages at `warn` and above. */
  readonly complaints: () => string[];
}

export function testLog(): TestLog {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return {
    log,
    lines,
    complaints: () => lines.filter(({ level }) => Number(level) >= 40).map(({ msg }) => String(msg)),
  };
}

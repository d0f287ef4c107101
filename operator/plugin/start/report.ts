/**
 * What `shopmind start` tells its caller: people read progress on stderr and a table on stdout,
 * scripts read one JSON object a line on stdout.
 */
import { table } from '../terminal/table.ts';
import { createProgress, type Progress } from './progress.ts';

export interface TenantRow {
  readonly name: string;
  readonly ready: boolean;
  readonly plan: string;
  readonly placement: string;
  readonly url: string;
}

export interface Report extends Progress {
  tenants(rows: readonly TenantRow[]): void;
  /** Something a script waits for: `storefront`, `stopped`. */
  reached(event: string, line: string): void;
}

export interface ReportOptions {
  readonly json: boolean;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly now: () => number;
  readonly noColour: boolean;
}

/** Picks the voice: JSON lines, or progress and table. */
export function createReport(options: ReportOptions): Report {
  return options.json ? jsonReport(options) : humanReport(options);
}

function humanReport({ stdout, stderr, now, noColour }: ReportOptions): Report {
  const progress = createProgress({ out: stderr, now, colour: stderr.isTTY === true && !noColour });
  return {
    ...progress,
    tenants(rows) {
      const head = ['TENANT', 'READY', 'PLAN', 'PLACEMENT', 'STOREFRONT', 'ADMIN KEY'];
      const body = rows.map((row) => [
        row.name,
        row.ready ? 'True' : 'False',
        row.plan,
        row.placement,
        row.url,
        `npx shopmind token ${row.name}`,
      ]);
      stdout.write(`\n${table([head, ...body])}\n\n`);
    },
    reached: (_event, line) => progress.say(line),
  };
}

function jsonReport({ stdout, now }: ReportOptions): Report {
  const began = now();
  const emit = (event: string, fields: object): void => {
    stdout.write(`${JSON.stringify({ event, ms: Math.round(now() - began), ...fields })}\n`);
  };
  return {
    step(name) {
      const since = now();
      let open = true;
      return (outcome) => {
        if (open) emit('step', { name, tookMs: Math.round(now() - since), outcome });
        open = false;
      };
    },
    say: (line) => emit('say', { line }),
    tenants: (rows) => emit('tenants', { tenants: rows }),
    reached: (event, line) => emit(event, { line }),
    close: () => undefined,
  };
}

/**
 * What the data plane costs, beside what nobody can do without: `npm run bench:data [-- PART…] [--rows N]`.
 * Parts, all by default: `sql` (a tenant's statements beside bare `pg`; an erasure beside its neighbours), `events`
 * (from a transaction through Kafka to a handler; our consumer beside a bare loop).
 */
import { parseArgs } from 'node:util';

export interface DataBenchOptions {
  /** Rows of the tenant that is erased. */
  readonly rows: number;
}

const PARTS: Readonly<Record<string, () => Promise<(options: DataBenchOptions) => Promise<void>>>> = {
  sql: async () => (await import('./data/sql.ts')).benchSql,
  events: async () => (await import('./data/events.ts')).benchEvents,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rows: { type: 'string', default: '100000' } },
});
const unknown = positionals.filter((name) => PARTS[name] === undefined);
if (unknown.length > 0)
  throw new Error(`there is no part ${unknown.join(', ')}: name some of ${Object.keys(PARTS).join(', ')}`);
for (const [name, load] of Object.entries(PARTS)) {
  if (positionals.length === 0 || positionals.includes(name))
    await (
      await load()
    )({ rows: Number(values.rows) });
}

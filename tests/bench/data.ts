/**
 * What the data plane costs, beside what nobody can do without: `npm run bench:data [-- PART…] [--rows N] [--seconds N] [--backlog N] [--only WHAT,…]`.
 * Parts, all by default: `sql` (a tenant's statements beside bare `pg`; an erasure beside its neighbours), `events`
 * (from a transaction through Kafka to a handler, and where its time goes; our consumer beside a bare loop).
 */
import { parseArgs } from 'node:util';

export interface DataBenchOptions {
  /** Rows of the tenant that is erased. */
  readonly rows: number;
  /** How long events are emitted, in each pass. */
  readonly seconds: number;
  /** Events that are consumed at once. */
  readonly backlog: number;
  /** Which measurements of a part: `backlog`, `live` and `stages` of `events`. Default: all. */
  readonly only?: readonly string[];
}

const PARTS: Readonly<Record<string, () => Promise<(options: DataBenchOptions) => Promise<void>>>> = {
  sql: async () => (await import('./data/sql.ts')).benchSql,
  events: async () => (await import('./data/events.ts')).benchEvents,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '8' },
    backlog: { type: 'string', default: '200000' },
    only: { type: 'string' },
  },
});
const unknown = positionals.filter((name) => PARTS[name] === undefined);
if (unknown.length > 0)
  throw new Error(`there is no part ${unknown.join(', ')}: name some of ${Object.keys(PARTS).join(', ')}`);
for (const [name, load] of Object.entries(PARTS)) {
  if (positionals.length === 0 || positionals.includes(name))
    await (
      await load()
    )({
      rows: Number(values.rows),
      seconds: Number(values.seconds),
      backlog: Number(values.backlog),
      ...(values.only === undefined ? {} : { only: values.only.split(',') }),
    });
}

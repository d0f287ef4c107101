/**
 * What PostgreSQL was asked for, by statement and for each order: where the processor time of one goes, in counts that do not depend on what
 * else the machine does. Counting costs some itself, so what is measured meanwhile is not for the table.
 */
import type { Pool } from 'pg';
import { table } from '../table.ts';

/** What the server has to be started with. */
export const COUNTING = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'top',
  'pg_stat_statements.track_planning': 'on',
  'pg_stat_statements.max': '5000',
} as const;

/** Begins to count. @returns ends it and tells what one of so many flows took */
export async function countStatements(admin: Pool): Promise<(flows: number) => Promise<string>> {
  await admin.query('create extension if not exists pg_stat_statements');
  const before = await totals(admin);
  const rowsBefore = new Map((await written(admin)).map((row) => [row.name, row]));
  await admin.query('select pg_stat_statements_reset()');
  return async (flows) => {
    const { rows } = await admin.query<StatementRow>(STATEMENTS);
    const after = await totals(admin);
    const each = (name: keyof Totals): string => ((after[name] - before[name]) / flows).toFixed(1);
    const head = [
      'statement, for each flow',
      'calls',
      'rows',
      'ms',
      'ms at best',
      'ms planning',
      'bytes of log',
      'pages',
    ];
    const per = (value: string, digits: number): string => (Number(value) / flows).toFixed(digits);
    const lines = rows.map((row) => [
      row.query.replaceAll('|', '¦'),
      per(row.calls, 2),
      per(row.rows, 1),
      per(row.executing, 3),
      per(row.least, 3),
      per(row.planning, 3),
      per(row.log, 0),
      per(row.pages, 0),
    ]);
    const sums = `${each('commits')} transactions, ${each('rollbacks')} rolled back, ${each('logBytes')} bytes of log in ${each('logRecords')} records, ${each('flushes')} flushes`;
    const rowsAfter = (await written(admin)).flatMap((row) => lineOf(row, rowsBefore.get(row.name), flows));
    return `One of ${flows}: ${sums}\n\n${table(ROWS, rowsAfter)}\n${table(head, lines)}`;
  };
}

const ROWS = [
  'rows of a table, for each flow',
  'made',
  'changed',
  'within their page',
  'removed',
  'read as a whole',
  'indexes',
];

interface WrittenRow {
  readonly name: string;
  readonly made: number;
  readonly changed: number;
  /** Without an entry in any index: no indexed column was changed, and there was room in the page. */
  readonly within: number;
  readonly removed: number;
  /** By statements that read all of the table: a plan that was made when it was small. */
  readonly scanned: number;
  readonly indexes: number;
}

async function written(admin: Pool): Promise<readonly WrittenRow[]> {
  await admin.query('select pg_stat_force_next_flush()');
  const { rows } = await admin.query<WrittenRow>(
    `select relname as name, n_tup_ins::int as made, n_tup_upd::int as changed, n_tup_hot_upd::int as within, n_tup_del::int as removed, seq_tup_read::int as scanned,
       (select count(*)::int from pg_index i where i.indrelid = t.relid) as indexes
     from pg_stat_user_tables t where schemaname = 'shop' order by n_tup_ins + n_tup_upd + n_tup_del desc`,
  );
  return rows;
}

function lineOf(row: WrittenRow, before: WrittenRow | undefined, flows: number): readonly string[][] {
  const each = (name: 'made' | 'changed' | 'within' | 'removed' | 'scanned'): string =>
    ((row[name] - (before?.[name] ?? 0)) / flows).toFixed(2);
  const cells = [each('made'), each('changed'), each('within'), each('removed'), each('scanned')];
  return cells.every((cell) => cell === '0.00') ? [] : [[row.name, ...cells, String(row.indexes)]];
}

interface StatementRow {
  readonly query: string;
  readonly calls: string;
  readonly rows: string;
  readonly executing: string;
  /** As if every call had been as quick as the quickest: what is left without waiting for locks, and for a processor that others use. */
  readonly least: string;
  readonly planning: string;
  readonly log: string;
  readonly pages: string;
}

const STATEMENTS = `
  select left(regexp_replace(query, '\\s+', ' ', 'g'), 110) as query, sum(calls) as calls, sum(rows) as rows, sum(total_exec_time) as executing,
    sum(calls * min_exec_time) as least,
    sum(total_plan_time) as planning, sum(wal_bytes) as log, sum(shared_blks_hit + shared_blks_read) as pages
  from pg_stat_statements where query !~ 'pg_stat_' group by 1 order by sum(total_exec_time + total_plan_time) desc limit 70`;

interface Totals {
  readonly commits: number;
  readonly rollbacks: number;
  readonly logBytes: number;
  readonly logRecords: number;
  readonly flushes: number;
}

async function totals(admin: Pool): Promise<Totals> {
  await admin.query('select pg_stat_force_next_flush()');
  const { rows } = await admin.query<Record<keyof Totals, string>>(
    `select d.xact_commit as commits, d.xact_rollback as rollbacks, w.wal_bytes as "logBytes", w.wal_records as "logRecords",
       (select sum(fsyncs) from pg_stat_io where object = 'wal') as flushes
     from pg_stat_database d, pg_stat_wal w where d.datname = current_database()`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the server counts nothing');
  return {
    commits: Number(row.commits),
    rollbacks: Number(row.rollbacks),
    logBytes: Number(row.logBytes),
    logRecords: Number(row.logRecords),
    flushes: Number(row.flushes),
  };
}

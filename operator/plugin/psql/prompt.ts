/**
 * A small SQL prompt for machines without psql: statements end with `;`, each is a transaction of its own as the tenant.
 */
import { createInterface } from 'node:readline';
import type { ClientBase, QueryResult } from 'pg';
import type { Cli } from '../cli.ts';
import { EXIT, Failure } from '../failure.ts';
import { table } from '../terminal/table.ts';
import { sessionSettings, type Login } from './login.ts';

const STATEMENT_FAILED = 3;

/** Catalogue questions under the names psql gives them. */
const SHORTHANDS: Readonly<Record<string, string>> = {
  '\\dt': `select table_name, pg_size_pretty(pg_total_relation_size(format('%I.%I', table_schema, table_name)::regclass)) as size
    from information_schema.tables where table_schema = current_schema() order by 1`,
  '\\d': `select table_name, column_name, data_type, is_nullable
    from information_schema.columns where table_schema = current_schema() order by table_name, ordinal_position`,
};

/** @param args `-c SQL` or nothing @returns the exit code, as of psql */
export async function builtInPrompt(cli: Cli, login: Login, args: readonly string[]): Promise<number> {
  const [flag, statement] = args;
  if (args.length > 0 && (flag !== '-c' || statement === undefined || args.length > 2)) {
    throw new Failure('the built-in prompt knows -c SQL only', {
      exitCode: EXIT.usage,
      remedy: 'Install psql (postgresql-client), or leave the arguments out.',
    });
  }
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: login.url.href, application_name: 'kubectl-shopmind' });
  await client.connect();
  try {
    if (statement !== undefined)
      return (await answer(cli, client, login, SHORTHANDS[statement.trim()] ?? statement))
        ? 0
        : STATEMENT_FAILED;
    return await converse(cli, client, login);
  } finally {
    await client.end();
  }
}

async function converse(cli: Cli, client: ClientBase, login: Login): Promise<number> {
  const isPerson = cli.stdin.isTTY === true;
  if (isPerson)
    cli.note(cli.notes.dim('end a statement with ; · \\dt tables · \\d columns · \\q or Ctrl-D ends'));
  const lines = createInterface({ input: cli.stdin, ...(isPerson ? { output: process.stderr } : {}) });
  const prompt = (rest: string): void => {
    if (!isPerson) return;
    lines.setPrompt(rest === '' ? `${login.tenant}=> ` : `${login.tenant}-> `);
    lines.prompt();
  };
  let pending = '';
  let code = 0;
  prompt('');
  for await (const line of lines) {
    const word = line.trim();
    if (pending === '' && (word === '\\q' || word === 'exit' || word === 'quit')) break;
    const shorthand = pending === '' ? SHORTHANDS[word] : undefined;
    pending = shorthand === undefined ? `${pending}${line}\n` : `${shorthand};`;
    if (pending.trimEnd().endsWith(';')) {
      if (!(await answer(cli, client, login, pending))) code = STATEMENT_FAILED;
      pending = '';
    } else if (pending.trim() === '') {
      pending = '';
    }
    prompt(pending);
  }
  if (pending.trim() !== '' && !(await answer(cli, client, login, pending))) code = STATEMENT_FAILED;
  // A person has seen the errors; a script has to be told.
  return isPerson ? 0 : code;
}

/** Within one transaction, with local settings: so it is right on Citus too, whose workers hear of no others. */
async function answer(cli: Cli, client: ClientBase, login: Login, statement: string): Promise<boolean> {
  try {
    await client.query(login.write ? 'begin' : 'begin read only');
    for (const [name, value] of Object.entries(sessionSettings(login)))
      if (name !== 'default_transaction_read_only')
        await client.query('select set_config($1, $2, true)', [name, value]);
    const results = await client.query(statement);
    await client.query('commit');
    for (const result of Array.isArray(results) ? (results as QueryResult[]) : [results])
      cli.print(resultText(result));
    return true;
  } catch (error) {
    await client.query('rollback');
    cli.stderr.write(`ERROR:  ${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  }
}

/** Rows as aligned columns; what has no columns by its command. */
export function resultText({
  fields,
  rows,
  rowCount,
  command,
}: Pick<QueryResult, 'fields' | 'rows' | 'rowCount' | 'command'>): string {
  if (fields.length === 0) return `${command}${rowCount === null ? '' : ` ${rowCount}`}`;
  const names = fields.map(({ name }) => name);
  // Rows of a free query: whatever it selects.
  const cells = (rows as Readonly<Record<string, unknown>>[]).map((row) =>
    names.map((name) => cell(row[name])),
  );
  return `${table([names, ...cells])}\n(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '∅';
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.replaceAll('\n', '⏎');
}

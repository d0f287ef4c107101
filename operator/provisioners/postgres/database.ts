/**
 * The operator's way into PostgreSQL: a small interface, and its implementation on `pg`.
 * Everything above it is testable with a list of answers; everything below it is one pool.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';

export type Value = string | number | boolean | Date | Buffer | null | readonly string[];

export interface Statement {
  readonly text: string;
  readonly values?: readonly Value[];
}

export interface Session {
  /** Rows are parsed by whoever asks; a text without values may hold several statements. */
  query<Row = Record<string, unknown>>(text: string, values?: readonly Value[]): Promise<readonly Row[]>;
}

export interface Database extends Session {
  /** One connection for the whole of `work`, for session settings, locks and transactions. */
  session<T>(work: (session: Session) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** SQLSTATE classes that mean "try again": connection, resources, operator intervention, serialisation, locks. */
const TRANSIENT = /^(08|53|57|40|55P03)/;

/** True when the server, not the request, was the trouble. */
export function isTransient(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // Two sessions touched one row of the catalogue, as grants on one table do.
  if (error instanceof Error && error.message.includes('tuple concurrently')) return true;
  if (typeof code !== 'string')
    return error instanceof Error && /terminated|timeout|ended|not queryable/i.test(error.message);
  return TRANSIENT.test(code) || /^E[A-Z]+$/.test(code);
}

export interface DatabaseOptions {
  /** Connections at most; 8 by default. */
  readonly max?: number;
  /** Asked before every statement; throws when this process may not act any more. */
  readonly mayAct?: () => void;
}

/**
 * How long the server keeps a session that says nothing, in a transaction or between two: shorter than a lease, so
 * that the transactions and locks of an operator that was frozen are gone before the next one begins.
 */
const SILENCE_MS = 10_000;
/** undefined_object: there is no such setting. */
const UNKNOWN_SETTING = '42704';

/**
 * Connects lazily; connections are closed after a few idle seconds.
 * @param url superuser's URL
 */
export async function openDatabase(
  url: string,
  { max = 8, mayAct = () => undefined }: DatabaseOptions = {},
): Promise<Database> {
  // Loaded here: callers that only plan never pay for it.
  const { default: pg } = await import('pg');
  const pool: Pool = new pg.Pool({
    connectionString: url,
    max,
    idleTimeoutMillis: SILENCE_MS / 2,
    connectionTimeoutMillis: 5_000,
    allowExitOnIdle: true,
    application_name: 'shopmind-operator',
    idle_in_transaction_session_timeout: SILENCE_MS,
    // Awaited by the pool before the connection is used. Servers before PostgreSQL 14 do not know the setting.
    onConnect: async (client) => {
      await client.query(`set idle_session_timeout = ${SILENCE_MS}`).catch((error: unknown) => {
        if (!(error instanceof Error && 'code' in error && error.code === UNKNOWN_SETTING)) throw error;
      });
    },
  });
  // A connection that dies while idle is replaced at the next use; the error shows there.
  pool.on('error', () => undefined);
  return {
    async query(text, values) {
      mayAct();
      return rowsOf(pool, text, values);
    },
    async session(work) {
      mayAct();
      const client = await pool.connect();
      let broken: Error | undefined;
      // While a connection is lent the pool does not listen to it: without this, one that breaks ends the process. The
      // statement under way fails, or the next one.
      const onBreak = (error: Error): void => void (broken = error);
      client.on('error', onBreak);
      try {
        return await work({
          async query(text, values) {
            mayAct();
            return rowsOf(client, text, values);
          },
        });
      } catch (error) {
        // Locks and settings of a failed session must not reach the next user of the connection.
        broken = error instanceof Error ? error : new Error(String(error));
        throw error;
      } finally {
        client.off('error', onBreak);
        client.release(broken);
      }
    },
    close: () => pool.end(),
  };
}

async function rowsOf<Row>(
  runner: Pool | PoolClient,
  text: string,
  values: readonly Value[] | undefined,
): Promise<readonly Row[]> {
  const result: unknown = await (values === undefined ? runner.query(text) : runner.query(text, [...values]));
  const last = Array.isArray(result) ? result.at(-1) : result;
  // The shape of rows is what the statement selects; each caller names it.
  return ((last as { rows?: Row[] } | undefined)?.rows ?? []) as readonly Row[];
}

/**
 * Runs `work` while no other operator, and no other worker of this one, changes roles, schemas or grants. The lock ends
 * with the session, also when `work` fails. It is asked for again and again instead of waited for: a statement that waits
 * keeps its snapshot, which `CREATE INDEX CONCURRENTLY` of whoever holds the lock would wait for in turn.
 */
export async function exclusively<T>(database: Database, work: (session: Session) => Promise<T>): Promise<T> {
  return database.session(async (session) => {
    for (let pauseMs = 10; !(await isOurs(session)); pauseMs = Math.min(pauseMs * 2, 500))
      await sleep(pauseMs);
    const result = await work(session);
    await session.query(`select pg_advisory_unlock(${LOCK})`);
    return result;
  });
}

async function isOurs(session: Session): Promise<boolean> {
  const [answer] = await session.query<{ ours: boolean }>(`select pg_try_advisory_lock(${LOCK}) as ours`);
  return answer?.ours === true;
}

const LOCK = `hashtext('shopmind:provision')`;

/** Quotes an identifier. */
export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a literal, for statements that take no parameters. */
export function literal(value: string): string {
  if (value.includes('\\')) throw new Error('a literal must not contain a backslash');
  return `'${value.replaceAll("'", "''")}'`;
}

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

/** @param work answers with how many statements it was */
export type Observed = <T>(work: (count: (statements: number) => void) => Promise<T>) => Promise<T>;

export interface DatabaseOptions {
  /** Connections at most; 8 by default. */
  readonly max?: number;
  /** Asked before every statement; throws when this process may not act any more. */
  readonly mayAct?: () => void;
  /** Around each loan of a connection, told in the end how many statements there were: what it takes is part of somebody's trace. */
  readonly observed?: Observed;
  /** How long a statement may take before the server is asked whether it works on it, and between two such questions; 10 s. */
  readonly askAfterMs?: number;
}

/**
 * How long the server keeps a session that says nothing, in a transaction or between two: shorter than a lease, so
 * that the transactions and locks of an operator that was frozen are gone before the next one begins.
 */
const SILENCE_MS = 10_000;
/** How long a server may take to let somebody in. */
const CONNECT_MS = 5_000;
/** undefined_object: there is no such setting. */
const UNKNOWN_SETTING = '42704';

/**
 * Connects lazily; connections are closed after a few idle seconds.
 * @param url superuser's URL
 */
export async function openDatabase(
  url: string,
  { max = 8, mayAct = () => undefined, observed = unobserved, askAfterMs = 10_000 }: DatabaseOptions = {},
): Promise<Database> {
  // Loaded here: callers that only plan never pay for it.
  const { default: pg } = await import('pg');
  const pool: Pool = new pg.Pool({
    connectionString: url,
    max,
    idleTimeoutMillis: SILENCE_MS / 2,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: SILENCE_MS,
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
  const worksOn = async (pid: number): Promise<boolean> => {
    const asker = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: CONNECT_MS,
      application_name: 'shopmind-operator',
    });
    asker.on('error', () => undefined);
    try {
      await asker.connect();
      const { rows } = await asker.query(
        `select from pg_stat_activity where pid = $1 and state not like 'idle%'`,
        [pid],
      );
      return rows.length > 0;
    } finally {
      // Not waited for: on a connection that says nothing, the end is not answered either.
      void asker.end().catch(() => undefined);
    }
  };
  const lend = <T>(work: (session: Session) => Promise<T>): Promise<T> =>
    observed((count) => lent(work, count));
  const lent = async <T>(
    work: (session: Session) => Promise<T>,
    count: (statements: number) => void,
  ): Promise<T> => {
    mayAct();
    let statements = 0;
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
          statements += 1;
          return answered(rowsOf(client, text, values), {
            isWorkedOn: () => worksOn(pidOf(client)),
            askAfterMs,
          });
        },
      });
    } catch (error) {
      // Locks and settings of a failed session must not reach the next user of the connection.
      broken = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      client.off('error', onBreak);
      client.release(broken);
      count(statements);
    }
  };
  return {
    query: (text, values) => lend((session) => session.query(text, values)),
    session: lend,
    close: () => pool.end(),
  };
}

const unobserved: Observed = (work) => work(() => undefined);

/** Questions in a row to which the answer was no, before a statement is given up: one may have been answered meanwhile. */
const MISSES = 3;

/**
 * The statement's answer, however long the server works on it: a migration may take hours. What is given up is a statement
 * that the server does not work on, or a server that cannot be asked: the connection's other end is gone and nobody said so.
 */
async function answered<T>(
  statement: Promise<T>,
  { isWorkedOn, askAfterMs }: { isWorkedOn: () => Promise<boolean>; askAfterMs: number },
): Promise<T> {
  const over = new AbortController();
  const lost = async (): Promise<never> => {
    for (let misses = 0; misses < MISSES;) {
      await sleep(askAfterMs, undefined, { signal: over.signal, ref: false });
      misses = (await isWorkedOn().catch(() => false)) ? 0 : misses + 1;
    }
    throw new Error(
      'Connection terminated: the server does not work on the statement, or cannot be asked; look at the network between operator and database',
    );
  };
  try {
    return await Promise.race([statement, lost()]);
  } finally {
    over.abort();
  }
}

/** The server's name for the connection, which the types leave out. */
function pidOf(client: PoolClient): number {
  return 'processID' in client && typeof client.processID === 'number' ? client.processID : 0;
}

async function rowsOf<Row>(
  runner: PoolClient,
  text: string,
  values: readonly Value[] | undefined,
): Promise<readonly Row[]> {
  const result: unknown = await (values === undefined ? runner.query(text) : runner.query(text, [...values]));
  const last = Array.isArray(result) ? result.at(-1) : result;
  // The shape of rows is what the statement selects; each caller names it.
  return ((last as { rows?: Row[] } | undefined)?.rows ?? []) as readonly Row[];
}

/** Somebody else provisions, for longer than one waits without a word. Passes by itself, unless whoever it is hangs. */
export class LockHeldError extends Error {
  readonly remedy: string;

  /** @param holder who has it, in words that stay the same as long as it does */
  constructor(holder: string, pid: number | undefined) {
    super(`database: the lock under which roles, schemas and grants are changed is held by ${holder}`);
    this.name = 'LockHeldError';
    this.remedy =
      pid === undefined
        ? 'it is asked for again'
        : `it is asked for again; if that one hangs, select pg_terminate_backend(${pid})`;
  }
}

/** How long the lock is asked for before somebody is told. */
const LOCK_MS = 20_000;

/**
 * Runs `work` while no other operator, and no other worker of this one, changes roles, schemas or grants. The lock ends
 * with the session, also when `work` fails. It is asked for again and again instead of waited for: a statement that waits
 * keeps its snapshot, which `CREATE INDEX CONCURRENTLY` of whoever holds the lock would wait for in turn.
 * @param patienceMs how long it is asked for
 * @throws LockHeldError when somebody else had it all the while
 */
export async function exclusively<T>(
  database: Database,
  work: (session: Session) => Promise<T>,
  patienceMs = LOCK_MS,
): Promise<T> {
  return database.session(async (session) => {
    const began = performance.now();
    for (let pauseMs = 10; !(await isOurs(session)); pauseMs = Math.min(pauseMs * 2, 500)) {
      if (performance.now() - began > patienceMs) throw await heldBy(session);
      await sleep(pauseMs);
    }
    const result = await work(session);
    await session.query(`select pg_advisory_unlock(${LOCK})`);
    return result;
  });
}

/** A lock of one 64-bit key is kept as its two halves (PostgreSQL's documentation of pg_locks). */
async function heldBy(session: Session): Promise<LockHeldError> {
  const [holder] = await session.query<{ pid: number; name: string; address: string | null; since: string }>(
    `select a.pid, a.application_name as name, host(a.client_addr) as address,
       to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
     from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.granted and l.objsubid = 1
       and l.database = (select oid from pg_database where datname = current_database())
       and (l.classid::bigint << 32 | l.objid::bigint) = ${LOCK}::bigint`,
  );
  if (holder === undefined) return new LockHeldError('somebody who has just let go of it', undefined);
  const { pid, name, address, since } = holder;
  return new LockHeldError(`${name} at ${address ?? 'a socket'} (pid ${pid}, there since ${since})`, pid);
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

/**
 * The fence around one tenant's rows: while the tenant is frozen nobody writes them, and who had begun before has ended.
 * What runtimes ask at it is `platform.enter` (directory/002-moves.sql).
 */
import type { Database, Session } from './database.ts';

/** Who writes is waited for this long at a time; between two tries others of the tenant go on. */
const DRAIN_MS = 500;
const DRAIN_TRIES = 6;

/** Runs `work` in one transaction, which is rolled back when it throws. */
export async function inTransaction<T>(
  database: Database,
  work: (session: Session) => Promise<T>,
  isolation: 'read committed' | 'repeatable read' = 'read committed',
): Promise<T> {
  return database.session(async (session) => {
    await session.query(`begin isolation level ${isolation}`);
    try {
      const result = await work(session);
      await session.query('commit');
      return result;
    } catch (error) {
      await session.query('rollback').catch(() => undefined);
      throw error;
    }
  });
}

/**
 * Closes or opens the fence and tells the runtimes; effective when the transaction commits.
 * @returns false when the tenant's rows are not in `schema`
 */
export async function freeze(
  session: Session,
  tenant: string,
  schema: string,
  frozen: boolean,
): Promise<boolean> {
  const [row] = await session.query(
    `update platform.tenants set frozen = $3, updated_at = clock_timestamp()
      where id = $1 and schema_name = $2 returning pg_notify('tenants', id)`,
    [tenant, schema, frozen],
  );
  return row !== undefined;
}

/** Closes or opens the fence around every tenant. Whoever asks for it is alone with them: see operations.ts. */
export async function freezeAll(session: Session, frozen: boolean): Promise<void> {
  await session.query(
    `update platform.tenants set frozen = $1, updated_at = clock_timestamp()
      where frozen is distinct from $1 returning pg_notify('tenants', id)`,
    [frozen],
  );
}

/**
 * Waits until nobody holds the lock that `platform.enter` takes: whoever entered before the freeze has committed or not.
 * A short wait each time, because a writer that opens a second transaction queues behind us.
 * @returns false when somebody still writes; ask again
 */
export async function drained(database: Database, tenant: string): Promise<boolean> {
  return database.session(async (session) => {
    await session.query(`set lock_timeout = '${DRAIN_MS}ms'`);
    try {
      for (let tries = 0; tries < DRAIN_TRIES; tries++) {
        if (await lockedOnce(session, tenant)) return true;
      }
      return false;
    } finally {
      await session.query('reset lock_timeout').catch(() => undefined);
    }
  });
}

async function lockedOnce(session: Session, tenant: string): Promise<boolean> {
  try {
    await session.query('select pg_advisory_lock(7220, hashtext($1))', [tenant]);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === '55P03') return false;
    throw error;
  }
  await session.query('select pg_advisory_unlock(7220, hashtext($1))', [tenant]);
  return true;
}

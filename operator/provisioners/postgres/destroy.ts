/**
 * What happens to a tenant's data when the tenant is deleted. Each step can be killed and repeated.
 * Retain keeps everything and closes the door; Snapshot exports, then deletes; Delete deletes.
 */
import { run } from './action.ts';
import { undistributeActions } from './citus.ts';
import { exclusively, ident, literal } from './database.ts';
import type { Database, Session } from './database.ts';
import { DIRECTORY_SCHEMA, OWNER, POOL_SCHEMA } from './desired.ts';
import { eraseRows } from './erase.ts';
import { removal } from './logins.ts';
import { observe } from './observe.ts';
import { tenantTables } from './tables.ts';

/** Takes exported rows; durable when `close` resolves. */
export interface SnapshotSink {
  /** One JSON document a row. */
  write(table: string, rows: readonly string[]): Promise<void>;
  /** Called last, with the number of rows of each table. */
  close(counts: Readonly<Record<string, number>>): Promise<void>;
}

/** Rows exported with one statement: bounds memory. */
const BATCH = 5_000;

/** Times the rows of a tenant are looked for. */
const PASSES = 5;

/** Ends the logins of a dedicated tenant and whoever is still logged in. Data stays. */
export async function closeLogin(session: Session, role: string): Promise<readonly string[]> {
  const { roles } = await observe(session, [], [role]);
  const actions = [...roles.keys()].filter((name) => name !== role).map(removal);
  await run(session, actions);
  const done = actions.map(({ describe }) => describe);
  if (roles.get(role)?.login !== true) return done;
  await session.query(`alter role ${ident(role)} nologin`);
  await session.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where usename = $1 and pid <> pg_backend_pid()',
    [role],
  );
  return [...done, `ALTER ROLE ${role} NOLOGIN`];
}

/**
 * Drops a dedicated tenant's schema, its migrations' records and its role.
 * @param still throws when the schema shall not be dropped after all; asked while nobody else can make it
 */
export async function dropSchema(
  database: Database,
  schema: string,
  still?: (session: Session) => Promise<void>,
): Promise<readonly string[]> {
  if (schema === POOL_SCHEMA) throw new Error('the pool is never dropped');
  return exclusively(database, async (session) => {
    await still?.(session);
    const done = [...(await closeLogin(session, schema))];
    const observed = await observe(session, [schema, DIRECTORY_SCHEMA], [schema, OWNER]);
    if (observed.schemas.get(schema)?.exists === true) {
      await run(session, undistributeActions(schema, observed));
      await session.query(`drop schema if exists ${ident(schema)} cascade`);
      done.push(`DROP SCHEMA ${schema} CASCADE`);
    }
    if (observed.ledger) {
      await session.query(`delete from ${DIRECTORY_SCHEMA}.migrations where schema_name = $1`, [schema]);
    }
    if (observed.roles.has(schema)) {
      await session.query(`drop owned by ${ident(schema)}; drop role ${ident(schema)}`);
      done.push(`DROP ROLE ${schema}`);
    }
    return done;
  });
}

/** Deletes a pooled tenant's rows, children before parents; other tenants do not notice. */
export async function deletePooledRows(database: Database, tenant: string): Promise<readonly string[]> {
  const tables = (await tenantTables(database, POOL_SCHEMA)).toReversed();
  const done: string[] = [];
  // What a runtime was in the middle of may still arrive: gone is only what stays gone.
  for (let pass = 0; pass < PASSES; pass++) {
    let found = 0;
    for (const table of tables) {
      const count = await eraseRows(database, (work) => work(database), {
        schema: POOL_SCHEMA,
        table,
        tenant,
      });
      found += count;
      if (count > 0) done.push(`DELETE ${count} ROWS FROM ${POOL_SCHEMA}.${table.name}`);
    }
    if (found === 0) break;
  }
  return done;
}

/**
 * Exports every row of the tenant, one consistent state of all tables.
 * @returns rows by table
 */
export async function exportRows(
  database: Database,
  schema: string,
  tenant: string,
  sink: SnapshotSink,
): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  await database.session(async (session) => {
    await session.query('begin isolation level repeatable read read only');
    for (const { name } of await tenantTables(session, schema)) {
      counts[name] = await exportTable(session, schema, name, tenant, sink);
    }
    await session.query('commit');
  });
  await sink.close(counts);
  return counts;
}

async function exportTable(
  session: Session,
  schema: string,
  table: string,
  tenant: string,
  sink: SnapshotSink,
): Promise<number> {
  const cursor = ident(`export_${table}`);
  await session.query(
    `declare ${cursor} no scroll cursor for
     select row_to_json(t)::text as row from ${ident(schema)}.${ident(table)} t where tenant_id = ${literal(tenant)}`,
  );
  let count = 0;
  for (;;) {
    const rows = await session.query<{ row: string }>(`fetch ${BATCH} from ${cursor}`);
    if (rows.length === 0) break;
    count += rows.length;
    await sink.write(
      table,
      rows.map(({ row }) => row),
    );
  }
  await session.query(`close ${cursor}`);
  return count;
}

/**
 * Proves the backups: restores the cluster to a moment of now in a place of its own, and compares tenants' rows with the living ones.
 * Shops go on meanwhile, so a table is compared where it was the same before the moment and after it: then it was that at the
 * moment. What that leaves out is counted and told.
 */
import { openDatabase } from '../../provisioners/postgres/database.ts';
import type { Database, Session } from '../../provisioners/postgres/database.ts';
import { inTransaction } from '../../provisioners/postgres/fence.ts';
import { fingerprints } from '../../provisioners/postgres/move/fingerprints.ts';
import type { Fingerprints } from '../../provisioners/postgres/move/fingerprints.ts';
import { tenantTables } from '../../provisioners/postgres/tables.ts';
import { lossMs, readArchive } from '../archive/verdict.ts';
import type { Beside } from '../beside/restore.ts';

export interface DrillParts {
  readonly database: Database;
  /** Once the archive reaches so far. */
  readonly copyAt: (moment: Date) => Promise<Pick<Beside, 'url' | 'base' | 'stop'>>;
  readonly tell: (what: string) => Promise<void>;
  /** Tenants compared at most: chosen by chance, others each time. */
  readonly most?: number;
}

/** What a drill found out. */
export interface Proof {
  readonly target: string;
  readonly base: string;
  /** What would have been lost, had the database been gone when the drill began. */
  readonly rpoSeconds: number;
  /** From the beginning of the restore to a server whose rows were looked at. */
  readonly rtoSeconds: number;
  readonly tenants: number;
  readonly rows: number;
  /** Tables of tenants found equal, and those that changed while it was looked. */
  readonly equal: number;
  readonly changing: number;
}

/** The copy is not what it was made of. */
class NotProvenError extends Error {
  readonly remedy =
    'do not trust backups before this is understood: keep the archive as it is, and restore by hand to another moment';
  constructor(places: readonly string[]) {
    const some = places.slice(0, 5).join(', ');
    super(
      `restored rows differ from the living ones in ${some}${places.length > 5 ? `, and ${places.length - 5} more` : ''}`,
    );
    this.name = 'NotProvenError';
  }
}

const MOST = 20;

/** @throws NotProvenError, or what kept the cluster from being restored */
export async function drill(
  parts: DrillParts,
): Promise<{ readonly message: string; readonly result: Proof }> {
  const { database, copyAt, tell, most = MOST } = parts;
  const loss = lossMs(await readArchive(database));
  const names = await chosen(database, most);
  await tell(`counts the rows of ${names.length} tenants`);
  const before = await lookAt(database, names);
  const moment = await timeOf(database);
  const after = await lookAt(database, names);
  const began = performance.now();
  const copy = await copyAt(moment);
  try {
    await tell('compares what came back');
    const there = await openDatabase(copy.url, { max: 2 });
    try {
      const compared = compare(before, after, await lookAt(there, names));
      const rtoSeconds = Math.round((performance.now() - began) / 100) / 10;
      if (compared.differing.length > 0) throw new NotProvenError(compared.differing);
      const result: Proof = {
        target: moment.toISOString(),
        base: copy.base.name,
        rpoSeconds: Math.round((loss ?? 0) / 100) / 10,
        rtoSeconds,
        tenants: names.length,
        rows: compared.rows,
        equal: compared.equal,
        changing: compared.changing,
      };
      return { message: said(result), result };
    } finally {
      await there.close();
    }
  } finally {
    await copy.stop();
  }
}

function said({ target, rpoSeconds, rtoSeconds, tenants, rows, equal, changing }: Proof): string {
  const left = changing === 0 ? '' : `, ${changing} changed meanwhile`;
  return `restored to ${target} within ${rtoSeconds} s, ${rows} rows of ${tenants} tenants are what they were (${equal} tables${left}); ${rpoSeconds} s would have been lost`;
}

/** Of each tenant, its tables; absent: the directory does not know it there. */
type Look = ReadonlyMap<string, Fingerprints>;

export interface Compared {
  readonly equal: number;
  readonly changing: number;
  readonly rows: number;
  /** `acme: orders_orders` */
  readonly differing: readonly string[];
}

/** Pure. */
export function compare(before: Look, after: Look, restored: Look): Compared {
  let [equal, changing, rows] = [0, 0, 0];
  const differing: string[] = [];
  for (const [tenant, tables] of before) {
    const later = after.get(tenant);
    if (later === undefined) continue;
    for (const [table, [count, sum]] of Object.entries(tables)) {
      const same = later[table];
      if (same === undefined || same[0] !== count || same[1] !== sum) {
        changing += 1;
        continue;
      }
      const there = restored.get(tenant)?.[table];
      if (there === undefined ? count > 0 : there[0] !== count || there[1] !== sum)
        differing.push(`${tenant}: ${table}`);
      else {
        equal += 1;
        rows += count;
      }
    }
  }
  return { equal, changing, rows, differing };
}

async function chosen(session: Session, most: number): Promise<readonly string[]> {
  const rows = await session.query<{ id: string }>(
    'select id from platform.tenants order by random() limit $1',
    [most],
  );
  return rows.map(({ id }) => id);
}

async function lookAt(database: Database, names: readonly string[]): Promise<Look> {
  const homes = await database.query<{ id: string; schema_name: string }>(
    'select id, schema_name from platform.tenants where id = any ($1::text[])',
    [names],
  );
  const found = new Map<string, Fingerprints>();
  for (const { id, schema_name: schema } of homes) {
    const prints = await inTransaction(
      database,
      async (session) => fingerprints(session, schema, await tenantTables(session, schema), id),
      'repeatable read',
    );
    found.set(id, prints);
  }
  return found;
}

/** A whole millisecond, which has passed when this resolves: what was committed before is of it, what comes now is not. */
async function timeOf(session: Session): Promise<Date> {
  const [row] = await session.query<{ now: Date }>(
    `select date_trunc('milliseconds', clock_timestamp()) + interval '1 ms' as now, pg_sleep(0.002)`,
  );
  if (row === undefined) throw new Error('the server does not tell the time');
  return row.now;
}

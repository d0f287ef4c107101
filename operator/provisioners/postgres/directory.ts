/**
 * The tenant directory as the operator keeps it: a copy in memory, so that 5,000 tenants at steady state cost one
 * small query now and then, and a write only where a row differs.
 */
import { z } from 'zod';
import type { Sealer } from '../sealing.ts';
import type { Database, Value } from './database.ts';

/** One tenant as runtimes read it. Field names are those of the table. */
export interface DirectoryRow {
  readonly id: string;
  readonly display_name: string;
  readonly plan: string;
  readonly placement: string;
  readonly schema_name: string;
  readonly hosts: readonly string[];
  readonly locales: readonly string[];
  readonly currencies: readonly string[];
  readonly branding: Readonly<Record<string, unknown>>;
  readonly domains: readonly string[];
  readonly quotas: Readonly<Record<string, number>>;
  readonly suspended: boolean;
}

export interface Directory {
  /** The row and secrets as they are; `undefined` when there is no row. Never older than the last `refresh`. */
  get(id: string): Promise<{ row: DirectoryRow; secrets: ReadonlyMap<string, string> } | undefined>;
  /**
   * Writes what differs and tells the runtimes. Where a tenant's rows are is written once; only a move changes it.
   * @returns what was done, in words. @throws MisplacedError
   */
  ensure(row: DirectoryRow, secrets: Readonly<Record<string, string>>): Promise<readonly string[]>;
  /** The tenant's secrets are kept elsewhere, and were changed there: removes what is kept here, and tells the runtimes. */
  forgetSecrets(id: string): Promise<readonly string[]>;
  /** Takes the tenant off the directory, its secrets with it. */
  remove(id: string): Promise<readonly string[]>;
  /** Looks whether anybody else changed the tables; reads them only then. */
  refresh(): Promise<void>;
  /** Somebody else, known to us, has changed the tables: they are read anew at the next question. */
  forget(): void;
}

/** The directory has the tenant's rows elsewhere than the caller believes. */
export class MisplacedError extends Error {
  readonly remedy: string;
  constructor(present: DirectoryRow, wanted: DirectoryRow) {
    super(`the rows of ${wanted.id} are in schema ${present.schema_name}, not in ${wanted.schema_name}`);
    this.name = 'MisplacedError';
    this.remedy = `set spec.placement: ${present.placement}; change it again once the tenant is Ready to have it moved`;
  }
}

const Row = z.object({
  id: z.string(),
  display_name: z.string(),
  plan: z.string(),
  placement: z.string(),
  schema_name: z.string(),
  hosts: z.array(z.string()),
  locales: z.array(z.string()),
  currencies: z.array(z.string()),
  branding: z.record(z.string(), z.unknown()),
  domains: z.array(z.string()),
  quotas: z.record(z.string(), z.number()),
  suspended: z.boolean(),
});

const COLUMNS = Row.keyof().options;

/** Columns that are written with the row and then by moves only. */
const FIXED: readonly string[] = ['id', 'placement', 'schema_name'];

const UPSERT = `with written as (
  insert into platform.tenants (${COLUMNS.join(', ')}, updated_at)
  values (${COLUMNS.map((_, index) => `$${index + 1}`).join(', ')}, now())
  on conflict (id) do update set ${COLUMNS.filter((name) => !FIXED.includes(name))
    .map((name) => `${name} = excluded.${name}`)
    .join(', ')}, updated_at = now()
  returning id)
select pg_notify('tenants', id) from written`;

const UPSERT_SECRET = `with written as (
  insert into platform.tenant_secrets (tenant_id, name, value) values ($1, $2, $3)
  on conflict (tenant_id, name) do update set value = excluded.value returning tenant_id)
select pg_notify('tenants', tenant_id) from written`;

const DIGEST = `select
  (select concat(count(*), ':', sum(hashtext(t::text)::bigint)) from platform.tenants t) ||
  (select concat('/', count(*), ':', sum(hashtext(s::text)::bigint)) from platform.tenant_secrets s) as digest`;

interface Known {
  readonly row: DirectoryRow;
  readonly secrets: Map<string, string>;
}

export function createDirectory(database: Database, sealer: Sealer): Directory {
  let known: Map<string, Known> | undefined;
  let digest = '';
  let loading: Loading | undefined;

  /** Tables are read once, however many ask; what is asked for after `forget` was read after it. */
  const load = async (): Promise<Map<string, Known>> => {
    loading ??= begin();
    return loading.done;
  };
  const begin = (): Loading => {
    const written = new Map<string, Known | undefined>();
    const mine: Loading = {
      written,
      done: read(database, sealer)
        .then((found) => {
          for (const [id, entry] of written) put(found.tenants, id, entry);
          if (loading !== mine) return found.tenants;
          known = found.tenants;
          digest = found.digest;
          return known;
        })
        .finally(() => {
          if (loading === mine) loading = undefined;
        }),
    };
    return mine;
  };
  const all = async (): Promise<Map<string, Known>> => known ?? load();
  /** Of what this process has just committed. A reading under way may have begun before. */
  const note = (id: string, entry: Known | undefined): void => {
    if (known !== undefined) put(known, id, entry);
    loading?.written.set(id, entry);
  };
  const forget = (): void => {
    known = undefined;
    loading = undefined;
  };

  return {
    async get(id) {
      return (await all()).get(id);
    },
    async ensure(row, secrets) {
      if (isElsewhere((await all()).get(row.id), row)) forget();
      const present = (await all()).get(row.id);
      // Looked at anew: another operator may have moved the tenant.
      if (present !== undefined && isElsewhere(present, row)) throw new MisplacedError(present.row, row);
      const isNew = present === undefined;
      const rowDiffers = isNew || canonical(present.row) !== canonical(row);
      const changed = Object.entries(secrets).filter(([name, value]) => present?.secrets.get(name) !== value);
      if (!rowDiffers && changed.length === 0) return [];
      // One transaction: a runtime that sees the tenant sees its secrets too.
      await database.session(async (session) => {
        await session.query('begin');
        if (rowDiffers) await session.query(UPSERT, valuesOf(row));
        for (const [name, value] of changed) {
          await session.query(UPSERT_SECRET, [row.id, name, sealer.seal(row.id, name, value)]);
        }
        await session.query('commit');
      });
      note(row.id, { row, secrets: new Map([...(present?.secrets ?? []), ...changed]) });
      return [
        ...(rowDiffers ? [`${isNew ? 'REGISTER' : 'UPDATE'} TENANT ${row.id}`] : []),
        ...changed.map(([name]) => `SEAL SECRET ${name} OF ${row.id}`),
      ];
    },
    async forgetSecrets(id) {
      const [answer] = await database.query<{ gone: number }>(
        `with gone as (delete from platform.tenant_secrets where tenant_id = $1 returning name)
         select count(*)::int as gone, pg_notify('tenants', $1) from gone`,
        [id],
      );
      const present = (await all()).get(id);
      if (present !== undefined) note(id, { row: present.row, secrets: new Map() });
      return answer?.gone === 0 ? [] : [`REMOVE SECRETS OF ${id} FROM THE DIRECTORY`];
    },
    async remove(id) {
      const removed = await database.query(
        `with gone as (delete from platform.tenants where id = $1 returning id)
         select pg_notify('tenants', id) from gone`,
        [id],
      );
      note(id, undefined);
      return removed.length === 0 ? [] : [`UNREGISTER TENANT ${id}`];
    },
    async refresh() {
      if (known === undefined) return;
      const [answer] = await database.query<{ digest: string }>(DIGEST);
      // Our own writes count too: the digest is taken again with the rows.
      if (answer?.digest !== digest) await load();
    },
    forget,
  };
}

/** The tables are being read. */
interface Loading {
  readonly done: Promise<Map<string, Known>>;
  /**
   * What was committed meanwhile, `undefined` for who was removed: the rows may be from before. Without it a tenant would
   * be taken for new at its next visit and get other keys than those it was given.
   */
  readonly written: Map<string, Known | undefined>;
}

/** Rows, secrets and digest of one moment. */
async function read(
  database: Database,
  sealer: Sealer,
): Promise<{ readonly tenants: Map<string, Known>; readonly digest: string }> {
  const tenants = new Map<string, Known>();
  const digest = await database.session(async (session) => {
    await session.query('begin isolation level repeatable read read only');
    const [answer] = await session.query<{ digest: string }>(DIGEST);
    for (const raw of await session.query(`select ${COLUMNS.join(', ')} from platform.tenants`)) {
      const row = Row.parse(raw);
      tenants.set(row.id, { row, secrets: new Map() });
    }
    const sealed = await session.query<{ tenant_id: string; name: string; value: Buffer }>(
      'select tenant_id, name, value from platform.tenant_secrets',
    );
    await session.query('commit');
    for (const { tenant_id, name, value } of sealed) {
      const opened = sealer.open(tenant_id, name, value);
      if (opened !== undefined) tenants.get(tenant_id)?.secrets.set(name, opened);
    }
    return answer?.digest ?? '';
  });
  return { tenants, digest };
}

function put(tenants: Map<string, Known>, id: string, entry: Known | undefined): void {
  if (entry === undefined) tenants.delete(id);
  else tenants.set(id, entry);
}

function isElsewhere(present: Known | undefined, row: DirectoryRow): boolean {
  return present !== undefined && present.row.schema_name !== row.schema_name;
}

function valuesOf(row: DirectoryRow): readonly Value[] {
  return COLUMNS.map((column) => {
    const value = Row.shape[column].parse(row[column]);
    return typeof value === 'object' && !Array.isArray(value) ? JSON.stringify(value) : value;
  });
}

/** One text for equal rows, whatever the order of their keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

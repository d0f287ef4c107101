/**
 * What a restore of the whole cluster is about: the schemas that hold shops now, and where the rows of their tenants lay then.
 * Only tenants that the directory has now come back: one that was deleted since stays deleted.
 */
import { ChangedMigrationError } from '../../provisioners/postgres/plan.ts';
import type { Session } from '../../provisioners/postgres/database.ts';
import { POOL_ROLE, POOL_SCHEMA } from '../../provisioners/postgres/desired.ts';
import type { Catalogue, DesiredSchema, Migration } from '../../provisioners/postgres/desired.ts';
import { RecoveryFailedError } from '../beside/server.ts';

/** A schema of now, and what it is made of. */
export interface Home {
  readonly schema: string;
  /** Where it is made anew. */
  readonly beside: string;
  /** What it is called when the other one has its name, until it goes. */
  readonly former: string;
  /** Schemas of then, each with its tenants that live in this one now. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
  /** Schema of then whose migrations and shared rows this one begins with. */
  readonly origin: string;
  /** Domains that its tenants use now. */
  readonly domains: readonly string[];
}

export interface Homes {
  readonly homes: readonly Home[];
  /** Tenants that have rows to come back. */
  readonly tenants: readonly string[];
  /** Tenants that there were none of then. */
  readonly younger: readonly string[];
}

interface Place {
  readonly id: string;
  readonly schema: string;
  readonly domains: readonly string[];
}

const PLACES = 'select id, schema_name as schema, domains from platform.tenants order by id';

/** @throws RecoveryFailedError where there was no platform at that moment */
export async function homesOf(living: Session, then: Session, prefix: string): Promise<Homes> {
  const [platform] = await then.query<{ there: boolean }>(
    `select to_regclass('platform.tenants') is not null as there`,
  );
  if (platform?.there !== true)
    throw new RecoveryFailedError('at that moment the database held no shops', 'ask for a later moment');
  const ledger = await then.query<{ schema: string }>(
    'select distinct schema_name as schema from platform.migrations',
  );
  return drawn(
    await living.query<Place>(PLACES),
    await then.query<Place>(PLACES),
    new Set(ledger.map(({ schema }) => schema)),
    prefix,
  );
}

/** Pure. @param schemas that there were then. @param prefix of the names of what is made beside */
export function drawn(
  living: readonly Place[],
  then: readonly Place[],
  schemas: ReadonlySet<string>,
  prefix: string,
): Homes {
  const former = new Map(then.map(({ id, schema }) => [id, schema]));
  const names = new Set([POOL_SCHEMA, ...living.map(({ schema }) => schema)]);
  const homes = [...names].toSorted().map((schema, number): Home => {
    const here = living.filter((place) => place.schema === schema);
    const sources = Map.groupBy(
      here.flatMap(({ id }) => (former.has(id) ? [id] : [])),
      (id) => former.get(id) ?? schema,
    );
    return {
      schema,
      beside: `${prefix}_in_${number}`,
      former: `${prefix}_out_${number}`,
      sources,
      origin: schemas.has(schema) ? schema : ([...sources.keys()][0] ?? POOL_SCHEMA),
      domains: [...new Set(here.flatMap(({ domains }) => domains))],
    };
  });
  return {
    // A dedicated schema none of whose tenants were there then is left as it is.
    homes: homes.filter(({ schema, sources }) => schema === POOL_SCHEMA || sources.size > 0),
    tenants: living.flatMap(({ id }) => (former.has(id) ? [id] : [])),
    younger: living.flatMap(({ id }) => (former.has(id) ? [] : [id])),
  };
}

/** The schema beside as it was then, without policies, and as it shall be now. */
export interface Levels {
  readonly early: DesiredSchema;
  readonly now: DesiredSchema;
}

/**
 * Rows come into tables of their own time; what changed since is then done to them as to any others.
 * @throws RecoveryFailedError when the rows are of a younger release than this one, ChangedMigrationError
 */
export async function levelsOf(then: Session, catalogue: Catalogue, home: Home): Promise<Levels> {
  const applied = await then.query<Pick<Migration, 'domain' | 'name' | 'checksum'>>(
    'select domain, name, checksum from platform.migrations where schema_name = $1',
    [home.origin],
  );
  const full =
    home.schema === POOL_SCHEMA
      ? { ...catalogue.pool(), role: POOL_ROLE }
      : catalogue.dedicated(home.schema, [
          ...new Set([...home.domains, ...applied.map(({ domain }) => domain)]),
        ]);
  const now = { ...full, schema: home.beside };
  const known = new Map(now.migrations.map((migration) => [idOf(migration), migration]));
  for (const migration of applied) {
    const ours = known.get(idOf(migration));
    if (ours === undefined)
      throw new RecoveryFailedError(
        `at that moment ${home.origin} had migration ${idOf(migration)}, which this release does not know`,
        'run the release of then, or a later one, and restore again',
      );
    if (ours.checksum !== migration.checksum) throw new ChangedMigrationError(home.origin, ours);
  }
  const hadThen = new Set(applied.map(idOf));
  return {
    now,
    early: { ...now, tables: [], migrations: now.migrations.filter((one) => hadThen.has(idOf(one))) },
  };
}

function idOf({ domain, name }: Pick<Migration, 'domain' | 'name'>): string {
  return `${domain}/${name}`;
}

/**
 * What a schema shall hold, drawn from the domains' definitions: tables, policies, grants and ordered migrations.
 * Reads the migration files once; everything else is pure.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { DOMAINS } from '../../../runtime/domains/index.ts';
import type { DomainDefinition, TableDefinition } from '../../../runtime/platform/definition.ts';
import { ONLINE_INDEX } from './online.ts';
import { platform } from '../../../runtime/platform/sql/definition.ts';

export interface Migration {
  /** Domain that brings it; `platform` first. */
  readonly domain: string;
  readonly name: string;
  /** SHA-256 of the text: an applied migration must never change. */
  readonly checksum: string;
  readonly sql: string;
  /** Runs outside of a transaction: it makes an index concurrently. */
  readonly online: boolean;
}

export interface DesiredSchema {
  readonly schema: string;
  /** The login role that works in it, under row-level security. */
  readonly role: string;
  readonly kind: 'pool' | 'dedicated';
  /** How many connections each of its logins may have; absent: not looked at. */
  readonly connections?: number;
  readonly migrations: readonly Migration[];
  readonly tables: readonly TableDefinition[];
}

/** Owns every table and runs every migration; cannot log in. */
export const OWNER = 'shop_owner';
export const POOL_SCHEMA = 'shop';
export const POOL_ROLE = 'shop_runtime';
export const DIRECTORY_SCHEMA = 'platform';

/** Extensions that migrations rely on; they live in `public`. */
export const EXTENSIONS = ['pg_trgm'];

export interface Catalogue {
  /** The pool's schema, with every domain. */
  pool(): DesiredSchema;
  /** A dedicated tenant's schema, with the domains it has. Schema and role carry the same name. */
  dedicated(schema: string, domains: readonly string[]): DesiredSchema;
  /** Every domain there is: a schema that rows move into has the tables of all, whatever is switched on at the moment. */
  readonly domains: readonly string[];
  readonly definitions: readonly DomainDefinition[];
  readonly directory: readonly Migration[];
}

/**
 * Reads every migration once.
 * @param definitions the domains; tests give their own
 */
export async function loadCatalogue(definitions: readonly DomainDefinition[] = DOMAINS): Promise<Catalogue> {
  const [directory, ...sets] = await Promise.all([
    readMigrations('directory', new URL('./directory/', import.meta.url)),
    ...[platform, ...definitions].map(({ name, migrations }) => readMigrations(name, migrations)),
  ]);
  const all = [platform, ...definitions].map((definition, index) => ({
    definition,
    migrations: sets[index] ?? [],
  }));
  const of = (names: ReadonlySet<string>): Pick<DesiredSchema, 'migrations' | 'tables'> => {
    const chosen = all.filter(({ definition }) => names.has(definition.name) || definition === platform);
    return {
      migrations: chosen.flatMap(({ migrations }) => migrations),
      tables: chosen.flatMap(({ definition }) => definition.tables),
    };
  };
  const everything = of(new Set(definitions.map(({ name }) => name)));
  return {
    pool: () => ({ schema: POOL_SCHEMA, role: POOL_ROLE, kind: 'pool', ...everything }),
    dedicated: (schema, domains) => ({ schema, role: schema, kind: 'dedicated', ...of(new Set(domains)) }),
    domains: definitions.map(({ name }) => name),
    definitions,
    directory: directory ?? [],
  };
}

async function readMigrations(domain: string, folder: URL): Promise<readonly Migration[]> {
  const entries = await readdir(folder).catch((cause: unknown) => {
    throw new Error(`the migrations of ${domain} cannot be read: is the image whole?`, { cause });
  });
  const names = entries.filter((name) => name.endsWith('.sql')).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, folder), 'utf8');
      return {
        domain,
        name: name.replace(/\.sql$/, ''),
        checksum: createHash('sha256').update(sql).digest('hex'),
        sql,
        online: ONLINE_INDEX.test(sql),
      };
    }),
  );
}

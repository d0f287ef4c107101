/**
 * What a database holds, in two round trips whatever the number of schemas and tables.
 * The answer is plain data, so that the plan is a pure function of it.
 */
import { z } from 'zod';
import { NODES } from './citus.ts';
import type { ObservedNode } from './citus.ts';
import type { Session } from './database.ts';
import { DIRECTORY_SCHEMA } from './desired.ts';

const Policy = z.object({
  name: z.string(),
  command: z.string(),
  using: z.string().nullable(),
  check: z.string().nullable(),
});

const Table = z.object({
  name: z.string(),
  secured: z.boolean(),
  forced: z.boolean(),
  policies: z.array(Policy),
  /** Role → privileges, sorted. */
  grants: z.record(z.string(), z.array(z.string())),
  /** Tables of the same schema that this one's foreign keys name. */
  references: z.array(z.string()),
});

const Schema = z.object({
  exists: z.boolean(),
  /** Roles with USAGE. */
  usage: z.array(z.string()),
  tables: z.array(Table),
  migrations: z.array(z.object({ domain: z.string(), name: z.string(), checksum: z.string() })),
});

const Role = z.object({
  name: z.string(),
  login: z.boolean(),
  bypass: z.boolean(),
  superuser: z.boolean(),
  /** Most at a time; -1: any number. */
  connections: z.number(),
  /** SCRAM verifier; never shown. */
  verifier: z.string().nullable(),
  settings: z.array(z.string()),
  /** Roles it is a member of. */
  memberOf: z.array(z.string()),
});

export type ObservedPolicy = z.infer<typeof Policy>;
export type ObservedTable = z.infer<typeof Table>;
export type ObservedSchema = z.infer<typeof Schema>;
export type ObservedRole = z.infer<typeof Role>;

export interface ObservedServer {
  readonly citus: boolean;
  readonly extensions: readonly string[];
  /** The bookkeeping of migrations is there. */
  readonly ledger: boolean;
  readonly roles: ReadonlyMap<string, ObservedRole>;
  readonly schemas: ReadonlyMap<string, ObservedSchema>;
  /** `schema.table` of distributed tables, and how. Empty without Citus. */
  readonly distributed: ReadonlyMap<string, 'distributed' | 'reference'>;
  /** Coordinator and workers. Empty without Citus. */
  readonly nodes: readonly ObservedNode[];
  /** Distributed schemas. Empty without Citus. */
  readonly distributedSchemas: ReadonlySet<string>;
}

const Facts = z.object({
  citus: z.boolean(),
  ledger: z.boolean(),
  extensions: z.array(z.string()),
  roles: z.array(Role),
});

const FACTS = `
select json_build_object(
  'citus', exists (select from pg_extension where extname = 'citus'),
  'ledger', to_regclass('${DIRECTORY_SCHEMA}.migrations') is not null,
  'extensions', (select coalesce(json_agg(extname), '[]') from pg_extension),
  'roles', (
    select coalesce(json_agg(json_build_object(
      'name', a.rolname, 'login', a.rolcanlogin, 'bypass', a.rolbypassrls, 'superuser', a.rolsuper,
      'connections', a.rolconnlimit,
      'verifier', a.rolpassword,
      'settings', coalesce((
        select s.setconfig from pg_db_role_setting s
        join pg_database d on d.oid = s.setdatabase
        where s.setrole = a.oid and d.datname = current_database()), '{}'),
      'memberOf', coalesce((
        select json_agg(g.rolname order by g.rolname) from pg_auth_members m join pg_roles g on g.oid = m.roleid
        where m.member = a.oid), '[]'))), '[]')
    from pg_authid a where a.rolname = any ($1::text[])
      or exists (select from unnest($1::text[]) r (name) where starts_with(a.rolname, r.name || '.')))
) as answer`;

const SCHEMAS = (ledger: boolean): string => `
select n.name as schema, json_build_object(
  'exists', s.oid is not null,
  'usage', coalesce((
    select json_agg(distinct r.rolname) from aclexplode(s.nspacl) acl join pg_roles r on r.oid = acl.grantee
    where acl.privilege_type = 'USAGE'), '[]'),
  'tables', coalesce((
    select json_agg(json_build_object(
      'name', c.relname, 'secured', c.relrowsecurity, 'forced', c.relforcerowsecurity,
      'policies', coalesce((
        select json_agg(json_build_object(
          'name', p.polname,
          'command', case p.polcmd when 'r' then 'SELECT' when '*' then 'ALL' else p.polcmd::text end,
          'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid)) order by p.polname)
        from pg_policy p where p.polrelid = c.oid), '[]'),
      'grants', coalesce((
        select json_object_agg(g.grantee, g.privileges) from (
          select r.rolname as grantee, json_agg(acl.privilege_type order by acl.privilege_type) as privileges
          from aclexplode(c.relacl) acl join pg_roles r on r.oid = acl.grantee where r.oid <> c.relowner group by 1) g), '{}'),
      'references', coalesce((
        select json_agg(distinct t.relname) from pg_constraint k join pg_class t on t.oid = k.confrelid
        where k.conrelid = c.oid and k.contype = 'f' and t.oid <> c.oid and t.relnamespace = s.oid), '[]')) order by c.relname)
    from pg_class c where c.relnamespace = s.oid and c.relkind in ('r', 'p')), '[]'),
  'migrations', ${
    ledger
      ? `coalesce((select json_agg(json_build_object('domain', m.domain, 'name', m.name, 'checksum', m.checksum))
        from ${DIRECTORY_SCHEMA}.migrations m where m.schema_name = n.name), '[]')`
      : `'[]'::json`
  }
) as answer
from unnest($1::text[]) n (name) left join pg_namespace s on s.nspname = n.name`;

/**
 * @param schemas names of the schemas of interest
 * @param roles names of the roles of interest; their logins come along
 */
export async function observe(
  session: Session,
  schemas: readonly string[],
  roles: readonly string[],
): Promise<ObservedServer> {
  const [factsRow] = await session.query<{ answer: unknown }>(FACTS, [[...roles]]);
  const facts = Facts.parse(factsRow?.answer);
  const rows = await session.query<{ schema: string; answer: unknown }>(SCHEMAS(facts.ledger), [
    [...schemas],
  ]);
  const { distributed, distributedSchemas, nodes } = facts.citus ? await observeCitus(session) : NOTHING;
  return {
    citus: facts.citus,
    extensions: facts.extensions,
    ledger: facts.ledger,
    roles: new Map(facts.roles.map((role) => [role.name, role])),
    schemas: new Map(rows.map(({ schema, answer }) => [schema, Schema.parse(answer)])),
    distributed,
    distributedSchemas,
    nodes,
  };
}

export async function isCitus(session: Session): Promise<boolean> {
  const [answer] = await session.query<{ citus: boolean }>(
    `select exists (select from pg_extension where extname = 'citus') as citus`,
  );
  return answer?.citus === true;
}

const NOTHING: Pick<ObservedServer, 'distributed' | 'distributedSchemas' | 'nodes'> = {
  nodes: [],
  distributed: new Map(),
  distributedSchemas: new Set(),
};

async function observeCitus(session: Session): Promise<typeof NOTHING> {
  const tables = await session.query<{ name: string; kind: string }>(
    `select table_name::text as name, citus_table_type as kind from citus_tables`,
  );
  const schemas = await session.query<{ name: string }>(
    `select schema_name::text as name from citus_schemas`,
  );
  return {
    nodes: await session.query<ObservedNode>(NODES),
    distributed: new Map(
      tables.map(({ name, kind }) => [name, kind === 'reference' ? 'reference' : 'distributed']),
    ),
    distributedSchemas: new Set(schemas.map(({ name }) => name)),
  };
}

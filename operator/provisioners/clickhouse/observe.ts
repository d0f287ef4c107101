/** What a scope has in ClickHouse, as its system tables tell it. */
import { z } from 'zod';
import { analyticsDatabase } from '../../../runtime/platform/names/index.ts';
import { userPrefix } from '../logins.ts';
import { roleName } from './plan.ts';
import type { Observed } from './plan.ts';

/** Rows of a query with parameters. */
export type Ask = (query: string, params: Readonly<Record<string, string>>) => Promise<unknown>;

const Named = z.array(z.object({ name: z.string() }));
const Tables = z.array(z.object({ name: z.string(), engine_full: z.string(), comment: z.string() }));
const Grants = z.array(
  z.object({
    user_name: z.string().nullable(),
    role_name: z.string().nullable(),
    access_type: z.string(),
    database: z.string().nullable(),
    table: z.string().nullable(),
  }),
);
const Policies = z.array(
  z.object({
    short_name: z.string(),
    table: z.string(),
    select_filter: z.string().nullable(),
    apply_to_list: z.array(z.string()),
  }),
);
const Limits = z.array(
  z.object({
    duration: z.coerce.number(),
    max_queries: z.coerce.number().nullable(),
    max_execution_time: z.coerce.number().nullable(),
  }),
);
const Elements = z.array(
  z.object({ setting_name: z.string().nullable(), value: z.string().nullable(), max: z.string().nullable() }),
);
const RoleGrants = z.array(z.object({ user_name: z.string().nullable(), granted_role_name: z.string() }));

export async function observeScope(ask: Ask, scope: string): Promise<Observed> {
  const params = { database: analyticsDatabase(scope), role: roleName(scope), prefix: userPrefix(scope) };
  const read = async <T>(shape: z.ZodType<T>, query: string): Promise<T> =>
    shape.parse(await ask(query, params));
  const [databases, tables, roles, grants, policies, quotas, limits, settings, users, granted] =
    await Promise.all([
      read(Named, 'SELECT name FROM system.databases WHERE name = {database:String}'),
      read(Tables, 'SELECT name, engine_full, comment FROM system.tables WHERE database = {database:String}'),
      read(Named, 'SELECT name FROM system.roles WHERE name = {role:String}'),
      read(
        Grants,
        `SELECT user_name, role_name, access_type, database, table FROM system.grants
       WHERE role_name = {role:String} OR startsWith(ifNull(user_name, ''), {prefix:String})`,
      ),
      read(
        Policies,
        `SELECT short_name, table, select_filter, apply_to_list FROM system.row_policies
       WHERE database = {database:String} ORDER BY table, short_name`,
      ),
      read(Named, 'SELECT name FROM system.quotas WHERE name = {role:String}'),
      read(
        Limits,
        'SELECT duration, max_queries, max_execution_time FROM system.quota_limits WHERE quota_name = {role:String}',
      ),
      read(
        Elements,
        'SELECT setting_name, value, max FROM system.settings_profile_elements WHERE role_name = {role:String}',
      ),
      read(Named, 'SELECT name FROM system.users WHERE startsWith(name, {prefix:String}) ORDER BY name'),
      read(
        RoleGrants,
        "SELECT user_name, granted_role_name FROM system.role_grants WHERE startsWith(ifNull(user_name, ''), {prefix:String})",
      ),
    ]);
  const limit = limits.find(({ duration }) => duration === 60);
  return {
    database: databases.length > 0,
    tables: new Map(
      tables.map(({ name, engine_full: engine, comment }) => [name, { engine, comment }] as const),
    ),
    role: roles.length > 0,
    grants: grants
      .filter(({ role_name }) => role_name === params.role)
      .map(({ access_type, database, table }) =>
        database === params.database
          ? `${access_type} ON ${table ?? '*'}`
          : `${access_type} ON ${database ?? '*'}.${table ?? '*'}`,
      ),
    policies: policies.map(({ short_name, table, select_filter, apply_to_list }) => ({
      name: short_name,
      table,
      filter: select_filter ?? '',
      to: apply_to_list,
    })),
    quota: quotas.length > 0,
    limits: { queries: limit?.max_queries ?? 0, execution_time: limit?.max_execution_time ?? 0 },
    settings: Object.fromEntries(
      settings.flatMap(({ setting_name, value, max }) =>
        setting_name === null ? [] : [[setting_name, { value: value ?? '', max: max ?? '' }]],
      ),
    ),
    users: users.map(({ name }) => {
      const roles = granted.filter(({ user_name }) => user_name === name);
      const alone = grants.every(({ user_name }) => user_name !== name);
      return { name, asGranted: alone && roles.length === 1 && roles[0]?.granted_role_name === params.role };
    }),
  };
}

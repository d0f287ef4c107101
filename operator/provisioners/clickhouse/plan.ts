/** What a scope's database shall hold and who may do what in it, and the statements that make it so of what is there. Pure. */
import { createHash } from 'node:crypto';
import {
  CLICKHOUSE_FACTS as FACTS,
  CLICKHOUSE_ROLLING as ROLLING,
  CLICKHOUSE_ROLLUPS as ROLLUPS,
  CLICKHOUSE_TENANT_SETTING,
  FACT_DAYS,
  ROLLUP_DAYS,
} from '../../../runtime/platform/analytics/index.ts';
import { analyticsDatabase } from '../../../runtime/platform/names/index.ts';
import { userPrefix } from '../logins.ts';
import type { Login } from '../system.ts';

export interface Action {
  /** Without secrets. */
  readonly text: string;
  readonly statement: string;
}

export interface Observed {
  readonly database: boolean;
  /** By name. */
  readonly tables: ReadonlyMap<string, { readonly engine: string; readonly comment: string }>;
  readonly role: boolean;
  /** `INSERT ON facts`; what the role may beside that is told in full, and taken away. */
  readonly grants: readonly string[];
  readonly policies: readonly Policy[];
  readonly quota: boolean;
  /** Of the quota, by name of what is limited. */
  readonly limits: Readonly<Record<string, number>>;
  /** Of the role: the value of a setting, and the most it may be set to. */
  readonly settings: Readonly<Record<string, { readonly value: string; readonly max: string }>>;
  /** Users of the scope, and whether they have its role and no other right. */
  readonly users: readonly { readonly name: string; readonly asGranted: boolean }[];
}

export interface Policy {
  readonly name: string;
  readonly table: string;
  readonly filter: string;
  readonly to: readonly string[];
}

export interface Desired {
  readonly scope: string;
  /** Who provisions: sees all rows, whatever the server does with users that no policy names. */
  readonly admin: string;
  /** Absent: logins are nobody's business now. */
  readonly logins?: readonly Login[];
}

/** Who has the scope's role may add facts, read them and their sums as one tenant, and nothing else. */
const GRANTS = [`INSERT ON ${FACTS}`, `SELECT ON ${FACTS}`, `SELECT ON ${ROLLUPS}`];
const OWN = `tenant = getSetting('${CLICKHOUSE_TENANT_SETTING}')`;
const TENANT_POLICY = 'shopmind_tenant';
const ADMIN_POLICY = 'shopmind_operator';

/** In one minute, of each user: a scope that asks more shares a server with others. */
export const LIMITS: Readonly<Record<string, number>> = { queries: 6_000, execution_time: 1_200 };
/** Of one query, in seconds and bytes. */
export const SETTINGS: Readonly<Record<string, number>> = {
  max_execution_time: 10,
  max_memory_usage: 2_000_000_000,
};

/** Of what the tables and the view are made: a view of another form is made anew. Tables keep their rows and are altered. */
const FORM = 'shopmind 1';
/** Blocks whose tokens are remembered: so many batches later, one that comes again would count again. */
const REMEMBERED = 100_000;

const FACTS_TTL = `toDateTime(at) + toIntervalDay(${FACT_DAYS})`;
const ROLLUPS_TTL = `slot + toIntervalDay(${ROLLUP_DAYS})`;

/** The server is told a digest: no log of it, and no message, can repeat the password. */
const digest = (password: string): string => createHash('sha256').update(password).digest('hex');

/** Names here are made of words, dots and dashes; nobody else's text comes into a statement but as `text`. */
const ident = (name: string): string => `\`${name}\``;
const text = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** The role of a scope's runtimes, and its quota. */
export function roleName(scope: string): string {
  return `shopmind.${scope}`;
}

/**
 * In an order in which a kill anywhere leaves nothing that is wrong: what counts before what is counted, rights before those who have
 * them, and no right to read before the policies that bound it.
 */
export function planDatabase(desired: Desired, observed: Observed): readonly Action[] {
  return [...planTables(desired, observed), ...planRole(desired, observed), ...planUsers(desired, observed)];
}

function planTables({ scope }: Desired, { database, tables }: Observed): readonly Action[] {
  const db = analyticsDatabase(scope);
  const at = (table: string): string => `${ident(db)}.${table}`;
  const actions: Action[] = [];
  const add = (words: string, statement: string): void => void actions.push({ text: words, statement });
  if (!database) add(`CREATE DATABASE ${db}`, `CREATE DATABASE IF NOT EXISTS ${ident(db)}`);
  for (const [name, statement, ttl] of [
    [ROLLUPS, rollupsTable(at(ROLLUPS)), ROLLUPS_TTL],
    [FACTS, factsTable(at(FACTS)), FACTS_TTL],
  ] as const) {
    const known = tables.get(name);
    if (known === undefined) add(`CREATE TABLE ${db}.${name}`, statement);
    else if (!known.engine.includes(`TTL ${ttl}`))
      add(`ALTER TABLE ${db}.${name} MODIFY TTL`, `ALTER TABLE ${at(name)} MODIFY TTL ${ttl}`);
  }
  const view = tables.get(ROLLING);
  if (view?.comment === FORM) return actions;
  if (view !== undefined) add(`DROP VIEW ${db}.${ROLLING}`, `DROP VIEW IF EXISTS ${at(ROLLING)}`);
  add(`CREATE MATERIALIZED VIEW ${db}.${ROLLING}`, rollingView(at));
  return actions;
}

function planRole({ scope, admin }: Desired, observed: Observed): readonly Action[] {
  const db = analyticsDatabase(scope);
  const role = roleName(scope);
  const actions: Action[] = [];
  const add = (words: string, statement: string): void => void actions.push({ text: words, statement });
  if (!observed.role) add(`CREATE ROLE ${role}`, `CREATE ROLE IF NOT EXISTS ${ident(role)}`);
  for (const table of [FACTS, ROLLUPS])
    for (const [name, filter, to] of [
      [TENANT_POLICY, OWN, role],
      [ADMIN_POLICY, '1', admin],
    ] as const) {
      const known = observed.policies.find((policy) => policy.table === table && policy.name === name);
      if (known !== undefined && known.filter === filter && known.to.length === 1 && known.to[0] === to)
        continue;
      const on = `${name} ON ${ident(db)}.${table}`;
      add(
        `${known === undefined ? 'CREATE' : 'ALTER'} ROW POLICY ${name} ON ${db}.${table} TO ${to}`,
        `CREATE ROW POLICY OR REPLACE ${on} FOR SELECT USING ${filter} TO ${ident(to)}`,
      );
    }
  // One that lets more be seen than ours: policies are joined by OR.
  for (const { name, table } of observed.policies)
    if (name !== TENANT_POLICY && name !== ADMIN_POLICY)
      add(
        `DROP ROW POLICY ${name} ON ${db}.${table}`,
        `DROP ROW POLICY IF EXISTS ${ident(name)} ON ${ident(db)}.${ident(table)}`,
      );
  const isBounded = Object.entries(SETTINGS).every(
    ([name, value]) =>
      observed.settings[name]?.value === String(value) && observed.settings[name].max === String(value),
  );
  if (!isBounded)
    add(
      `ALTER ROLE ${role} SETTINGS ${Object.keys(SETTINGS).join(', ')}`,
      `ALTER ROLE ${ident(role)} SETTINGS ${Object.entries(SETTINGS)
        .map(([name, value]) => `${name} = ${value} MAX ${value}`)
        .join(', ')}`,
    );
  const isLimited =
    observed.quota && Object.entries(LIMITS).every(([name, value]) => observed.limits[name] === value);
  if (!isLimited)
    add(
      `${observed.quota ? 'ALTER' : 'CREATE'} QUOTA ${role}`,
      `CREATE QUOTA OR REPLACE ${ident(role)} KEYED BY user_name FOR INTERVAL 1 minute MAX ${Object.entries(
        LIMITS,
      )
        .map(([name, value]) => `${name} = ${value}`)
        .join(', ')} TO ${ident(role)}`,
    );
  // `SELECT ON facts` is meant within the scope's database; `*` is everything.
  const placed = (grant: string): string => {
    const [right = '', place = ''] = grant.split(' ON ');
    const [table = '*', database = db] = place.split('.').toReversed();
    return `${right} ON ${[database, table].map((part) => (part === '*' ? part : ident(part))).join('.')}`;
  };
  for (const grant of observed.grants.filter((one) => !GRANTS.includes(one)))
    add(`REVOKE ${grant} FROM ${role}`, `REVOKE ${placed(grant)} FROM ${ident(role)}`);
  for (const grant of GRANTS.filter((one) => !observed.grants.includes(one)))
    add(`GRANT ${grant} TO ${role}`, `GRANT ${placed(grant)} TO ${ident(role)}`);
  return actions;
}

/** @param logins who may stay */
export function planUsers(
  { scope, logins }: Pick<Desired, 'scope' | 'logins'>,
  { users }: Pick<Observed, 'users'>,
): readonly Action[] {
  if (logins === undefined) return [];
  const role = roleName(scope);
  const wanted = new Set(logins.map(({ user }) => user));
  return [
    ...logins.flatMap(({ user, password }): Action[] => {
      const known = users.find(({ name }) => name === user);
      if (known?.asGranted === true) return [];
      // A login's name holds a digest of its password: who has the name has the password. The role comes with the user's first
      // breath or with the next visit; until then the user may nothing.
      const created = {
        text: `CREATE USER ${user}`,
        statement: `CREATE USER IF NOT EXISTS ${ident(user)} IDENTIFIED WITH sha256_hash BY '${digest(password)}'`,
      };
      const granted = {
        text: `GRANT ${role} TO ${user}`,
        statement: `GRANT ${ident(role)} TO ${ident(user)}`,
      };
      return known === undefined ? [created, granted] : [granted];
    }),
    ...users
      .filter(({ name }) => name.startsWith(userPrefix(scope)) && !wanted.has(name))
      .map(({ name }) => ({ text: `DROP USER ${name}`, statement: `DROP USER IF EXISTS ${ident(name)}` })),
  ];
}

/** Everything of a scope but its users, who go first. */
export function planRemoval(scope: string, observed: Observed): readonly Action[] {
  const db = analyticsDatabase(scope);
  const role = roleName(scope);
  return [
    ...observed.policies.map(({ name, table }) => ({
      text: `DROP ROW POLICY ${name} ON ${db}.${table}`,
      statement: `DROP ROW POLICY IF EXISTS ${ident(name)} ON ${ident(db)}.${ident(table)}`,
    })),
    ...(observed.quota
      ? [{ text: `DROP QUOTA ${role}`, statement: `DROP QUOTA IF EXISTS ${ident(role)}` }]
      : []),
    ...(observed.role
      ? [{ text: `DROP ROLE ${role}`, statement: `DROP ROLE IF EXISTS ${ident(role)}` }]
      : []),
    ...(observed.database
      ? [{ text: `DROP DATABASE ${db}`, statement: `DROP DATABASE IF EXISTS ${ident(db)} SYNC` }]
      : []),
  ];
}

/** One tenant's rows, in one table. Waits until they are gone. */
export function removalOf(scope: string, table: string, tenant: string): string {
  return `ALTER TABLE ${ident(analyticsDatabase(scope))}.${table} DELETE WHERE tenant = ${text(tenant)} SETTINGS mutations_sync = 2`;
}

/** `dimensions` is a map: which there are is each kind's, and kinds come with releases, not with migrations. */
function factsTable(name: string): string {
  return `CREATE TABLE IF NOT EXISTS ${name} (
    tenant LowCardinality(String), kind LowCardinality(String), at DateTime64(3, 'UTC'), subject String, session String,
    unit LowCardinality(String), dimensions Map(LowCardinality(String), String), value_0 Int64, value_1 Int64,
    batch String, place Int32,
    CONSTRAINT own CHECK ${OWN}
  ) ENGINE = MergeTree PARTITION BY toYYYYMM(at) ORDER BY (tenant, kind, at, batch, place) TTL ${FACTS_TTL}
  SETTINGS non_replicated_deduplication_window = ${REMEMBERED} COMMENT '${FORM}'`;
}

function rollupsTable(name: string): string {
  return `CREATE TABLE IF NOT EXISTS ${name} (
    tenant LowCardinality(String), kind LowCardinality(String), unit LowCardinality(String), dimension LowCardinality(String),
    slot DateTime('UTC'), value String, count SimpleAggregateFunction(sum, UInt64),
    sum_0 SimpleAggregateFunction(sum, Int64), sum_1 SimpleAggregateFunction(sum, Int64)
  ) ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(slot) ORDER BY (tenant, kind, unit, dimension, slot, value) TTL ${ROLLUPS_TTL}
  SETTINGS non_replicated_deduplication_window = ${REMEMBERED} COMMENT '${FORM}'`;
}

/** Of each fact one row for its kind as a whole and one for each of its dimensions. Writes as who made it: nobody else may. */
function rollingView(at: (table: string) => string): string {
  return `CREATE MATERIALIZED VIEW IF NOT EXISTS ${at(ROLLING)} TO ${at(ROLLUPS)} DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
  SELECT tenant, kind, unit, d.1 AS dimension, toStartOfFifteenMinutes(at) AS slot, d.2 AS value, count() AS count,
    sum(value_0) AS sum_0, sum(value_1) AS sum_1
  FROM ${at(FACTS)} ARRAY JOIN arrayConcat([('', '')], arrayZip(mapKeys(dimensions), mapValues(dimensions))) AS d
  GROUP BY tenant, kind, unit, dimension, slot, value COMMENT '${FORM}'`;
}

/**
 * From what shall be and what is to the actions in between. Pure: `kubectl shopmind plan` prints exactly what would run.
 * An empty plan is steady state; a plan that is not empty at steady state is drift.
 */
import type { TableDefinition } from '../../../runtime/platform/definition.ts';
import type { Action } from './action.ts';
import { distributionActions, nodeActions, ROLE_SETTING, roleMayLogIn } from './citus.ts';
import type { CitusOptions } from './citus.ts';
import { ident, literal } from './database.ts';
import { DIRECTORY_SCHEMA, EXTENSIONS, OWNER } from './desired.ts';
import type { DesiredSchema, Migration } from './desired.ts';
import { ONLINE_INDEX } from './online.ts';
import { isRoleItself, loginActions, setting } from './logins.ts';
import type { ObservedPolicy, ObservedSchema, ObservedServer } from './observe.ts';
import type { Login } from '../system.ts';
import { verifies } from './scram.ts';

/** Policies of a tenant table, with their expressions as PostgreSQL prints them back. */
const OWN = `(tenant_id = current_setting('app.tenant'::text, true))`;
const SWEEP = `(current_setting('app.tenant'::text, true) = '*'::text)`;

const PRIVILEGES: Readonly<Record<TableDefinition['access'], readonly string[]>> = {
  read: ['SELECT'],
  append: ['INSERT', 'SELECT'],
  write: ['DELETE', 'INSERT', 'SELECT', 'UPDATE'],
};

/**
 * Of logins, also of who comes through a pooler, which tells sessions nothing: nobody keeps others out by what he has begun and left. As
 * long as the runtime gives its own statements; backups and people, who take longer, say so. Not of the role, as which Citus enters
 * its workers: what a session there may take is for the coordinator's session to say.
 */
const TIMEOUTS = {
  statement_timeout: '10s',
  lock_timeout: '8s',
  idle_in_transaction_session_timeout: '20s',
} as const;

/**
 * A prepared statement keeps the plan that was right when its tables were small, until somebody analyses them: a queue that was empty then,
 * or the carts of a shop's first minute, are read as a whole ever after. Every table is found by its tenant, so that there is always
 * an index to go by; who reads all tenants' rows says so (`sweep` in runtime/platform/sql/postgres.ts).
 */
const PLANNING = { enable_seqscan: 'off' } as const;

/** A cluster whose nodes somebody else keeps, or none. */
const UNCONFIGURED: CitusOptions = { workers: [] };

/** An applied migration whose text changed since: only a person can say what to do. */
export class ChangedMigrationError extends Error {
  readonly remedy = 'restore the file as it was and put the change into a new migration';
  constructor(schema: string, migration: Migration) {
    super(
      `migration ${migration.domain}/${migration.name} was changed after it was applied to schema ${schema}`,
    );
    this.name = 'ChangedMigrationError';
  }
}

/**
 * What every database needs once: extensions, the owner role, schema `platform` with the directory and the ledger of
 * migrations.
 */
export function planServer(
  directory: readonly Migration[],
  observed: ObservedServer,
  citus: CitusOptions = UNCONFIGURED,
): readonly Action[] {
  const schema = observed.schemas.get(DIRECTORY_SCHEMA);
  return [
    ...nodeActions(citus, observed),
    ...EXTENSIONS.filter((name) => !observed.extensions.includes(name)).map((name) =>
      once(`CREATE EXTENSION ${name}`, `create extension if not exists ${ident(name)} with schema public`),
    ),
    ...(observed.roles.has(OWNER)
      ? []
      : [once(`CREATE ROLE ${OWNER} NOLOGIN`, createRole(OWNER, 'nologin'))]),
    ...(schema?.exists === true
      ? []
      : [once(`CREATE SCHEMA ${DIRECTORY_SCHEMA}`, `create schema if not exists ${DIRECTORY_SCHEMA}`)]),
    ...(observed.ledger ? [] : [once(`CREATE TABLE ${DIRECTORY_SCHEMA}.migrations`, LEDGER)]),
    ...pendingMigrations(DIRECTORY_SCHEMA, directory, schema).map((migration) =>
      apply(DIRECTORY_SCHEMA, migration, undefined),
    ),
  ];
}

/**
 * @param logins those of the role that are valid; absent: not looked at
 */
export function planSchema(
  desired: DesiredSchema,
  observed: ObservedServer,
  logins: readonly Login[] | undefined,
  citus: CitusOptions = UNCONFIGURED,
): readonly Action[] {
  return [...planRole(desired, observed, logins), ...planStructure(desired, observed, citus)];
}

/** Schema and migrations come first; what is derived from tables can only be planned once the tables are there. */
export function planStructure(
  desired: DesiredSchema,
  observed: ObservedServer,
  citus: CitusOptions = UNCONFIGURED,
): readonly Action[] {
  const { schema, role } = desired;
  const present = observed.schemas.get(schema);
  const pending = pendingMigrations(schema, desired.migrations, present);
  // Citus needs to know the foreign keys first: what is derived from tables waits for the next look.
  const derive = !observed.citus || pending.length === 0;
  const spread = derive ? distributionActions(desired, observed, citus) : [];
  const tables = derive ? desired.tables.flatMap((table) => planTable(desired, table, present)) : [];
  return [
    ...(present?.exists === true
      ? []
      : [
          once(
            `CREATE SCHEMA ${schema} AUTHORIZATION ${OWNER}`,
            `create schema if not exists ${ident(schema)} authorization ${ident(OWNER)}`,
          ),
        ]),
    ...(present?.usage.includes(role) === true
      ? []
      : [
          once(
            `GRANT USAGE ON SCHEMA ${schema} TO ${role}`,
            `grant usage on schema ${ident(schema)} to ${ident(role)}`,
          ),
        ]),
    ...pending.map((migration) => apply(schema, migration, OWNER)),
    // Spread before anything is derived: policies and grants then go to the workers with the table.
    ...spread,
    ...(tables.length === 0 ? [] : secure(schema, tables)),
  ];
}

function planRole(
  desired: DesiredSchema,
  observed: ObservedServer,
  logins: readonly Login[] | undefined,
): readonly Action[] {
  const { role, schema } = desired;
  const present = observed.roles.get(role);
  const settings: Record<string, string> = {
    search_path: `${schema}, public`,
    ...PLANNING,
    ...(observed.citus ? { [ROLE_SETTING.name]: ROLE_SETTING.value } : {}),
  };
  const missing = Object.entries(settings).filter(
    ([name, value]) => present?.settings.includes(`${name}=${value}`) !== true,
  );
  const actions: Action[] = [];
  if (present === undefined) {
    actions.push(once(`CREATE ROLE ${role} NOLOGIN`, createRole(role, 'nologin noinherit')));
  } else if (present.bypass || present.superuser) {
    actions.push(
      once(`ALTER ROLE ${role} NOBYPASSRLS NOSUPERUSER`, `alter role ${ident(role)} nobypassrls nosuperuser`),
    );
  }
  for (const [name, value] of missing)
    actions.push(once(`ALTER ROLE ${role} SET ${name} = ${value}`, setting(role, name, value)));
  if (logins !== undefined) {
    actions.push(...planOwnLogin(role, observed, logins));
    const bounds = { settings: { ...settings, ...TIMEOUTS }, connections: desired.connections };
    actions.push(...loginActions(role, bounds, logins, observed));
  }
  if (!(observed.schemas.get(DIRECTORY_SCHEMA)?.usage.includes(role) ?? false)) {
    actions.push({
      describe: `GRANT SELECT ON ${DIRECTORY_SCHEMA}.tenants, ${DIRECTORY_SCHEMA}.tenant_secrets TO ${role}`,
      atomic: true,
      statements: [
        {
          text: `grant select on ${DIRECTORY_SCHEMA}.tenants, ${DIRECTORY_SCHEMA}.tenant_secrets to ${ident(role)}`,
        },
        { text: `grant usage on schema ${DIRECTORY_SCHEMA} to ${ident(role)}` },
      ],
    });
  }
  return actions;
}

/** The role itself has no password, unless Pods still use the one it had before logins had names of their own. */
function planOwnLogin(role: string, observed: ObservedServer, logins: readonly Login[]): readonly Action[] {
  const present = observed.roles.get(role);
  const direct = logins.find((login) => isRoleItself(role, login));
  if (direct !== undefined) {
    if (present?.login === true && verifies(direct.password, present.verifier)) return [];
    return [
      once(
        `ALTER ROLE ${role} LOGIN PASSWORD '…'`,
        `alter role ${ident(role)} login password ${literal(direct.password)}`,
      ),
    ];
  }
  const login = roleMayLogIn(observed);
  if ((present?.login ?? false) === login && (present?.verifier ?? null) === null) return [];
  const word = login ? 'LOGIN' : 'NOLOGIN';
  return [
    once(
      `ALTER ROLE ${role} ${word} PASSWORD NULL`,
      `alter role ${ident(role)} ${word.toLowerCase()} password null`,
    ),
  ];
}

interface TableStep {
  readonly describe: string;
  readonly text: string;
}

/** One transaction for all tables of a schema: a table is never readable without its policy. */
function secure(schema: string, steps: readonly TableStep[]): readonly Action[] {
  return [
    {
      describe:
        steps.length > 12
          ? `SECURE SCHEMA ${schema} (${steps.length} statements: row-level security, policies, grants)`
          : steps.map(({ describe }) => describe).join('; '),
      atomic: false,
      statements: [{ text: `begin; ${steps.map(({ text }) => text).join('; ')}; commit` }],
    },
  ];
}

function planTable(
  { schema, role }: DesiredSchema,
  table: TableDefinition,
  present: ObservedSchema | undefined,
): readonly TableStep[] {
  const observed = present?.tables.find(({ name }) => name === table.name);
  const at = `${ident(schema)}.${ident(table.name)}`;
  const shown = `${schema}.${table.name}`;
  const steps: TableStep[] = [];
  if (table.spread === 'tenant') {
    if (observed?.secured !== true || !observed.forced) {
      steps.push({
        describe: `ALTER TABLE ${shown} FORCE ROW LEVEL SECURITY`,
        text: `alter table ${at} enable row level security, force row level security`,
      });
    }
    for (const policy of policiesOf(table)) {
      if (observed?.policies.some((other) => samePolicy(policy, other)) === true) continue;
      const check = policy.check === null ? '' : ` with check ${policy.check}`;
      steps.push({
        describe: `CREATE POLICY ${policy.name} ON ${shown}`,
        text: `drop policy if exists ${policy.name} on ${at}; create policy ${policy.name} on ${at} for ${policy.command.toLowerCase()} to public using ${policy.using}${check}`,
      });
    }
    const wanted = new Set(policiesOf(table).map(({ name }) => name));
    for (const { name } of observed?.policies ?? []) {
      // A policy nobody declared widens what rows can be seen: permissive policies are joined by OR.
      if (!wanted.has(name)) {
        steps.push({
          describe: `DROP POLICY ${name} ON ${shown}`,
          text: `drop policy ${ident(name)} on ${at}`,
        });
      }
    }
  }
  const wanted = PRIVILEGES[table.spread === 'reference' ? 'read' : table.access];
  const granted = observed?.grants[role] ?? [];
  if (wanted.join() !== granted.join()) {
    steps.push({
      describe: `GRANT ${wanted.join(', ')} ON ${shown} TO ${role}`,
      text: `revoke all on ${at} from ${ident(role)}; grant ${wanted.join(', ')} on ${at} to ${ident(role)}`,
    });
  }
  return steps;
}

function policiesOf(table: TableDefinition): readonly ObservedPolicy[] {
  const own = { name: 'tenant', command: 'ALL', using: OWN, check: OWN };
  const sweep = { name: 'sweep', command: 'SELECT', using: SWEEP, check: null };
  return table.sweep === true ? [own, sweep] : [own];
}

function samePolicy(a: ObservedPolicy, b: ObservedPolicy): boolean {
  return a.name === b.name && a.command === b.command && a.using === b.using && a.check === b.check;
}

function pendingMigrations(
  schema: string,
  migrations: readonly Migration[],
  present: ObservedSchema | undefined,
): readonly Migration[] {
  const applied = new Map(
    present?.migrations.map(({ domain, name, checksum }) => [`${domain}/${name}`, checksum]),
  );
  return migrations.filter((migration) => {
    const checksum = applied.get(`${migration.domain}/${migration.name}`);
    if (checksum !== undefined && checksum !== migration.checksum)
      throw new ChangedMigrationError(schema, migration);
    return checksum === undefined;
  });
}

/** The migration and its record commit together, so a crash leaves it either done and known, or not done. */
function apply(schema: string, migration: Migration, as: string | undefined): Action {
  if (migration.online) return applyOnline(schema, migration, as);
  const role = as === undefined ? '' : `set local role ${ident(as)}; `;
  return {
    describe: `APPLY MIGRATION ${migration.domain}/${migration.name} TO ${schema}`,
    atomic: true,
    statements: [
      // Whoever waits for a table's lock makes everybody else wait behind: better to come again.
      {
        text: `${role}set local lock_timeout = '${LOCK_WAIT_MS}ms'; set local search_path = ${ident(schema)}, public`,
      },
      { text: migration.sql },
      { text: 'reset role' },
      record(schema, migration),
    ],
  };
}

/**
 * Outside of a transaction, beside the shops' writes. A crash leaves an index that is not valid, which is dropped before the
 * next try, or one that is valid and not known, which `if not exists` finds.
 */
function applyOnline(schema: string, migration: Migration, as: string | undefined): Action {
  const index = ONLINE_INDEX.exec(migration.sql)?.[1] ?? '';
  const leftover = `select from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
    where not i.indisvalid and n.nspname = ${literal(schema)} and c.relname = ${literal(index)}`;
  return {
    describe: `APPLY MIGRATION ${migration.domain}/${migration.name} TO ${schema} (ONLINE)`,
    atomic: false,
    statements: [
      {
        text: `set lock_timeout = '${LOCK_WAIT_MS}ms';
          do $$ begin if exists (${leftover}) then drop index ${ident(schema)}.${ident(index)}; end if; end $$`,
      },
      // Waiting for others' transactions is what it does; it holds nobody up meanwhile.
      { text: `set lock_timeout = 0; set search_path = ${ident(schema)}, public` },
      ...(as === undefined ? [] : [{ text: `set role ${ident(as)}` }]),
      { text: migration.sql },
      { text: 'reset role; reset search_path; reset lock_timeout' },
      record(schema, migration),
    ],
  };
}

function record(schema: string, migration: Migration): Action['statements'][number] {
  return {
    text: `insert into ${DIRECTORY_SCHEMA}.migrations (schema_name, domain, name, checksum) values ($1, $2, $3, $4)`,
    values: [schema, migration.domain, migration.name, migration.checksum],
  };
}

/** Longer than a statement of a shop takes, shorter than a shopper waits. */
const LOCK_WAIT_MS = 2_000;

const LEDGER = `create table if not exists ${DIRECTORY_SCHEMA}.migrations (
  schema_name text not null,
  domain text not null,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default now(),
  primary key (schema_name, domain, name))`;

function createRole(name: string, options: string): string {
  return `do $$ begin create role ${ident(name)} ${options}; exception when duplicate_object then null; end $$`;
}

function once(describe: string, text: string): Action {
  return { describe, statements: [{ text }], atomic: false };
}

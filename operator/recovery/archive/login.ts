/**
 * How the archiver enters: by logins that may replicate, read settings and write `platform.archive`, and nothing else. And the limit
 * on what the server keeps for it, so that a dead archiver never fills the server's disk.
 */
import { z } from 'zod';
import { run } from '../../provisioners/postgres/action.ts';
import type { Action } from '../../provisioners/postgres/action.ts';
import { exclusively, ident, literal } from '../../provisioners/postgres/database.ts';
import type { Database, Session } from '../../provisioners/postgres/database.ts';
import { loginFor, removal } from '../../provisioners/postgres/logins.ts';
import { verifies } from '../../provisioners/postgres/scram.ts';
import { loginOf } from '../../provisioners/logins.ts';
import type { Login } from '../../provisioners/system.ts';

const ARCHIVER_ROLE = 'shop_archiver';
/** The replication slot, which keeps the log for the archiver while it is away. */
export const ARCHIVER_SLOT = 'shopmind';

/** @param secret password of the pool's database login: where that is rotated, this one is too */
export function archiverLogin(scope: string, secret: string): Login {
  return loginFor(ARCHIVER_ROLE, loginOf(scope, 'archive', secret).password);
}

export interface ArchiverAccess {
  /** These are valid, and no others; newest first. */
  readonly logins: readonly Login[];
  /** What the server keeps of its log at most for an archiver that is away: `10GB`. */
  readonly walKeep: string;
}

/**
 * Idempotent, safe to be killed in; several may call it at once.
 * @returns what was done, in words; empty at steady state: a limit of the log is seen once the server has read its settings again, which it
 * does when it comes to it
 */
export async function ensureArchiver(database: Database, access: ArchiverAccess): Promise<readonly string[]> {
  if ((await planArchiver(database, access)).length === 0) return [];
  return exclusively(database, async (session) => {
    const actions = await planArchiver(session, access);
    await run(session, actions);
    return actions.map(({ describe }) => describe);
  });
}

/**
 * Takes away what `ensureArchiver` and the archiver made: the slot, which would keep the server's log for nobody, and the logins.
 * Idempotent. @returns false while the archiver is still there: ask again
 */
export async function retireArchiver(database: Database, slot: string): Promise<boolean> {
  const [held] = await database.query<{ active: boolean }>(
    'select active from pg_replication_slots where slot_name = $1',
    [slot],
  );
  if (held?.active === true) return false;
  await exclusively(database, async (session) => {
    await session.query(
      'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1 and not active',
      [slot],
    );
    const roles = await session.query<{ name: string }>(
      `select rolname as name from pg_roles where starts_with(rolname, $1 || '.')`,
      [ARCHIVER_ROLE],
    );
    await run(
      session,
      roles.map(({ name }) => removal(name)),
    );
    const [role] = await session.query('select from pg_roles where rolname = $1', [ARCHIVER_ROLE]);
    if (role !== undefined)
      await session.query(`drop owned by ${ident(ARCHIVER_ROLE)}; drop role ${ident(ARCHIVER_ROLE)}`);
  });
  return true;
}

const Observed = z.object({
  tables: z.boolean(),
  granted: z.boolean(),
  settings: z.boolean(),
  roles: z.array(
    z.object({
      name: z.string(),
      login: z.boolean(),
      replication: z.boolean(),
      superuser: z.boolean(),
      verifier: z.string().nullable(),
      member: z.boolean(),
    }),
  ),
  bounded: z.boolean(),
});

const OBSERVE = `select json_build_object(
  'tables', to_regclass('platform.archive') is not null,
  'granted', case when to_regrole($1) is null or to_regclass('platform.archive') is null then false else
    has_schema_privilege($1, 'platform', 'usage') and has_table_privilege($1, 'platform.archive', 'select')
    and has_table_privilege($1, 'platform.archive', 'insert') and has_table_privilege($1, 'platform.archive', 'update') end,
  'settings', case when to_regrole($1) is null then false else pg_has_role($1, 'pg_read_all_settings', 'usage') end,
  'bounded', current_setting('max_slot_wal_keep_size') <> '-1',
  'roles', (select coalesce(json_agg(json_build_object('name', a.rolname, 'login', a.rolcanlogin, 'replication', a.rolreplication,
      'superuser', a.rolsuper, 'verifier', a.rolpassword,
      'member', to_regrole($1) is not null and pg_has_role(a.oid, to_regrole($1), 'usage'))), '[]')
    from pg_authid a where a.rolname = $1 or starts_with(a.rolname, $1 || '.'))) as answer`;

async function planArchiver(
  session: Session,
  { logins, walKeep }: ArchiverAccess,
): Promise<readonly Action[]> {
  const [row] = await session.query<{ answer: unknown }>(OBSERVE, [ARCHIVER_ROLE]);
  const seen = Observed.parse(row?.answer);
  const known = new Map(seen.roles.map((role) => [role.name, role]));
  const wanted = new Set(logins.map(({ user }) => user));
  const role = ident(ARCHIVER_ROLE);
  return [
    ...(known.has(ARCHIVER_ROLE)
      ? []
      : [act(`CREATE ROLE ${ARCHIVER_ROLE} NOLOGIN`, made(ARCHIVER_ROLE, 'nologin'))]),
    ...(seen.granted
      ? []
      : [
          act(
            `GRANT INSERT, SELECT, UPDATE ON platform.archive TO ${ARCHIVER_ROLE}`,
            `grant usage on schema platform to ${role}; grant select, insert, update on platform.archive to ${role}`,
          ),
        ]),
    // A restored server must not be given smaller limits than this one has, libraries among them.
    ...(seen.settings
      ? []
      : [act(`GRANT pg_read_all_settings TO ${ARCHIVER_ROLE}`, `grant pg_read_all_settings to ${role}`)]),
    ...logins.flatMap(({ user, password }) => {
      const there = known.get(user);
      const whole =
        there !== undefined &&
        there.login &&
        there.replication &&
        !there.superuser &&
        there.member &&
        verifies(password, there.verifier);
      return whole
        ? []
        : [
            act(
              `CREATE ROLE ${user} LOGIN REPLICATION PASSWORD '…' IN ROLE ${ARCHIVER_ROLE}`,
              `${made(user, 'login')}; alter role ${ident(user)} login replication inherit nosuperuser nocreaterole nocreatedb nobypassrls
                password ${literal(password)}; grant ${role} to ${ident(user)}`,
            ),
          ];
    }),
    ...[...known.keys()]
      .filter((name) => name !== ARCHIVER_ROLE && !wanted.has(name))
      .map((name) => removal(name)),
    ...(seen.bounded ? [] : await mayBound(session, walKeep)),
  ];
}

/** Only where nobody has set a limit, and where the server lets us. */
async function mayBound(session: Session, walKeep: string): Promise<readonly Action[]> {
  const [row] = await session.query<{ may: boolean }>(
    'select rolsuper as may from pg_roles where rolname = current_user',
  );
  if (row?.may !== true) return [];
  return [
    {
      describe: `ALTER SYSTEM SET max_slot_wal_keep_size = ${walKeep}`,
      // A server's settings are a file: no transaction holds them.
      atomic: false,
      statements: [
        { text: `alter system set max_slot_wal_keep_size = ${literal(walKeep)}` },
        { text: 'select pg_reload_conf()' },
      ],
    },
  ];
}

function act(describe: string, text: string): Action {
  return { describe, atomic: true, statements: [{ text }] };
}

function made(name: string, options: string): string {
  return `do $$ begin create role ${ident(name)} ${options}; exception when duplicate_object then null; end $$`;
}

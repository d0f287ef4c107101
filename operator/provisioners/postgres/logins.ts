/**
 * Logins of a role: roles of their own that are nothing but a name, a password and membership in the role, which they become at
 * once (`ALTER ROLE … SET role`). Several are valid at a time, so that a password changes while Pods still use the one before.
 */
import { createHash } from 'node:crypto';
import type { Login } from '../system.ts';
import type { Action } from './action.ts';
import { ident, literal } from './database.ts';
import type { ObservedRole, ObservedServer } from './observe.ts';
import { verifies } from './scram.ts';

/** The login of a role that has this password. Its name tells logins apart; no role of a schema has a dot in its name. */
export function loginFor(role: string, password: string): Login {
  const generation = createHash('sha256').update(`${role}/${password}`).digest('hex').slice(0, 8);
  return { user: `${role}.${generation}`, password };
}

/** Whether the login is the role itself, as it was before logins had names of their own. */
export function isRoleItself(role: string, { user }: Login): boolean {
  return user === role;
}

/** What the server holds sessions of a role to, whoever enters. */
export interface SessionBounds {
  readonly settings: Readonly<Record<string, string>>;
  readonly connections: number | undefined;
}

/**
 * @param settings of every session of the role
 * @param connections how many each may have at a time; absent: as it is
 * @param logins those that are valid; any other of the role's goes, and whoever is still in by it
 */
export function loginActions(
  role: string,
  { settings, connections }: SessionBounds,
  logins: readonly Login[],
  observed: ObservedServer,
): readonly Action[] {
  const own = logins.filter((login) => !isRoleItself(role, login));
  const wanted = new Set(own.map(({ user }) => user));
  const others = [...observed.roles.keys()].filter(
    (name) => name.startsWith(`${role}.`) && !wanted.has(name),
  );
  return [
    ...own.flatMap((login) =>
      loginOf(role, { settings, connections }, login, observed.roles.get(login.user)),
    ),
    ...others.map((name) => removal(name)),
  ];
}

/** Whoever is in by the login is put out: it may have been taken. Safe to repeat. */
export function removal(login: string): Action {
  return {
    describe: `DROP ROLE ${login}`,
    atomic: true,
    statements: [
      { text: `alter role ${ident(login)} nologin` },
      { text: 'select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', values: [login] },
      { text: `drop role ${ident(login)}` },
    ],
  };
}

function loginOf(
  role: string,
  { settings, connections }: SessionBounds,
  { user, password }: Login,
  present: ObservedRole | undefined,
): readonly Action[] {
  const whole =
    present !== undefined &&
    present.login &&
    !present.bypass &&
    !present.superuser &&
    present.memberOf.join() === role &&
    (connections === undefined || present.connections === connections) &&
    verifies(password, present.verifier) &&
    Object.entries({ ...settings, role }).every(([name, value]) =>
      present.settings.includes(`${name}=${value}`),
    );
  if (whole) return [];
  const made = `do $$ begin create role ${ident(user)}; exception when duplicate_object then null; end $$`;
  return [
    {
      describe: `CREATE ROLE ${user} LOGIN PASSWORD '…' IN ROLE ${role}`,
      atomic: true,
      statements: [
        { text: made },
        {
          text: `alter role ${ident(user)} login noinherit nosuperuser nobypassrls${connections === undefined ? '' : ` connection limit ${connections}`} password ${literal(password)}`,
        },
        { text: `grant ${ident(role)} to ${ident(user)}` },
        ...Object.entries({ ...settings, role }).map(([name, value]) => ({
          text: setting(user, name, value),
        })),
      ],
    },
  ];
}

/** `ALTER ROLE … IN DATABASE` of the database one is connected to. */
export function setting(role: string, name: string, value: string): string {
  const set = name === 'search_path' ? value.split(', ').map(ident).join(', ') : literal(value);
  return `do $$ begin execute format('alter role ${ident(role)} in database %I set ${name} = ${set.replaceAll("'", "''")}', current_database()); end $$`;
}

/** What a scope has in Vault: engines, key, logins with their rights; what is there, and what has to change. Pure. */
import { secretPath } from '../../../runtime/platform/names/index.ts';
import type { VaultMounts } from '../../../runtime/platform/vault/index.ts';
import { userPrefix } from '../logins.ts';
import type { Login } from '../system.ts';

/** What Vault says of a scope. */
export interface Observed {
  /** Engines and methods that are there, with their kinds: `kv`, `transit`, `approle`. */
  readonly engines: ReadonlyMap<string, Engine>;
  readonly key: { readonly rotatesSeconds: number } | undefined;
  /** By name: rights, and whether the secret that is meant opens it. */
  readonly logins: ReadonlyMap<string, ObservedLogin>;
}

export interface Engine {
  readonly kind: string;
  /** Of a key-value engine. */
  readonly version?: string;
}

export interface ObservedLogin {
  /** Absent: there is none of that name. */
  readonly policy?: string;
  readonly role?: Readonly<Record<string, unknown>>;
  readonly admitted: boolean;
}

export interface Action {
  /** As people read it, without secrets. */
  readonly text: string;
  readonly method: 'write' | 'remove';
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** New values are sealed by a new key so often; what an old one has sealed stays open to it. */
const ROTATION_SECONDS = 30 * 86_400;

/**
 * Of a runtime's login. A token lives so long without anybody looking at the login again; the rights it stands for are looked at
 * with each request, so that taking the policy away puts its holder out at once.
 */
const ROLE = {
  token_ttl: 3_600,
  token_max_ttl: 3_600,
  token_no_default_policy: true,
  token_type: 'batch',
  secret_id_num_uses: 0,
  secret_id_ttl: 0,
  bind_secret_id: true,
} as const;

/** Only what is of the scope: to read its tenants' entries, and to open what its key has sealed. */
export function policyOf(scope: string, mounts: VaultMounts): string {
  return [
    `path "${mounts.values}/data/${secretPath(scope, '+')}" { capabilities = ["read"] }`,
    `path "${mounts.keys}/decrypt/${scope}" { capabilities = ["update"] }`,
    '',
  ].join('\n');
}

/** In this order: what stands below comes first, and rights before the login that has them. */
export function planScope(
  scope: string,
  mounts: VaultMounts,
  logins: readonly Login[],
  observed: Observed,
): readonly Action[] {
  return [
    ...planEngines(mounts, observed),
    ...planKey(scope, mounts, logins, observed),
    ...logins.flatMap((login) => planLogin(scope, mounts, login, observed.logins.get(login.user))),
    ...planEnd(
      mounts,
      [...observed.logins.keys()].filter((name) => isForeign(scope, logins, name)),
      observed,
    ),
  ];
}

/** Takes logins away: first what they may, which ends what they were let in for. */
export function planEnd(
  mounts: VaultMounts,
  names: readonly string[],
  observed: Pick<Observed, 'logins'>,
): readonly Action[] {
  return names.flatMap((name) => {
    const { policy, role } = observed.logins.get(name) ?? {};
    return [
      ...(policy === undefined ? [] : [removal(`DROP POLICY ${name}`, policyPath(name))]),
      ...(role === undefined ? [] : [removal(`DROP LOGIN ${name}`, rolePath(mounts, name))]),
    ];
  });
}

/** Ends the key, and with it every copy of what it has sealed. */
export function planKeyEnd(scope: string, mounts: VaultMounts): readonly Action[] {
  const path = `${mounts.keys}/keys/${scope}`;
  return [
    {
      text: `RELEASE KEY ${scope}`,
      method: 'write',
      path: `${path}/config`,
      body: { deletion_allowed: true },
    },
    removal(`DESTROY KEY ${scope}`, path),
  ];
}

export function rolePath(mounts: VaultMounts, name: string): string {
  return `auth/${mounts.logins}/role/${name}`;
}

export function policyPath(name: string): string {
  return `sys/policies/acl/${name}`;
}

function planEngines(mounts: VaultMounts, { engines }: Observed): readonly Action[] {
  const missing = (mount: string): boolean => !engines.has(mount);
  return [
    ...(missing(mounts.values)
      ? [
          written(`MOUNT KEY-VALUE ENGINE ${mounts.values}`, `sys/mounts/${mounts.values}`, {
            type: 'kv',
            options: { version: '2' },
          }),
        ]
      : []),
    ...(missing(mounts.keys)
      ? [written(`MOUNT TRANSIT ENGINE ${mounts.keys}`, `sys/mounts/${mounts.keys}`, { type: 'transit' })]
      : []),
    ...(missing(`auth/${mounts.logins}`)
      ? [written(`ENABLE APPROLE ${mounts.logins}`, `sys/auth/${mounts.logins}`, { type: 'approle' })]
      : []),
  ];
}

/** A new login comes with a new key: whoever rotates because something leaked means all of it. */
function planKey(
  scope: string,
  mounts: VaultMounts,
  logins: readonly Login[],
  { key, logins: present }: Observed,
): readonly Action[] {
  const path = `${mounts.keys}/keys/${scope}`;
  const settings = { auto_rotate_period: ROTATION_SECONDS };
  if (key === undefined) return [written(`CREATE KEY ${scope}`, path, { type: 'aes256-gcm96', ...settings })];
  const [newest] = logins;
  const others = [...present].some(([name, { role }]) => name !== newest?.user && role !== undefined);
  const rotated = newest !== undefined && present.get(newest.user)?.role === undefined && others;
  return [
    ...(key.rotatesSeconds === ROTATION_SECONDS
      ? []
      : [written(`ALTER KEY ${scope}`, `${path}/config`, settings)]),
    ...(rotated ? [written(`ROTATE KEY ${scope}`, `${path}/rotate`, {})] : []),
  ];
}

function planLogin(
  scope: string,
  mounts: VaultMounts,
  { user, password }: Login,
  present: ObservedLogin | undefined,
): readonly Action[] {
  const policy = policyOf(scope, mounts);
  const role = { ...ROLE, token_policies: [user] };
  const path = rolePath(mounts, user);
  const known = present?.role;
  return [
    ...(present?.policy === policy ? [] : [written(`WRITE POLICY ${user}`, policyPath(user), { policy })]),
    ...(known === undefined
      ? [written(`CREATE LOGIN ${user}`, path, { ...role, role_id: user })]
      : isAs(known, role)
        ? []
        : [written(`ALTER LOGIN ${user}`, path, role)]),
    ...(present?.admitted === true && known !== undefined
      ? []
      : [written(`ADMIT ${user}`, `${path}/custom-secret-id`, { secret_id: password })]),
  ];
}

function isAs(known: Readonly<Record<string, unknown>>, wanted: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).every(
    ([name, value]) => JSON.stringify(known[name]) === JSON.stringify(value),
  );
}

function isForeign(scope: string, logins: readonly Login[], name: string): boolean {
  return name.startsWith(userPrefix(scope)) && logins.every(({ user }) => user !== name);
}

function written(text: string, path: string, body: Action['body']): Action {
  return { text, method: 'write', path, body };
}

function removal(text: string, path: string): Action {
  return { text, method: 'remove', path, body: {} };
}

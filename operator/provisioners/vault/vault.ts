/**
 * Vault as a system of the data plane: for each scope a key that seals its tenants' secrets and logins that may open them, for each
 * tenant an entry. Values are written here and nowhere else; runtimes read them through the secrets port.
 */
import { z } from 'zod';
import { secretBinding, secretPath } from '../../../runtime/platform/names/index.ts';
import {
  openSealed,
  openVault,
  vaultAddressFor,
  VaultRefusal,
} from '../../../runtime/platform/vault/index.ts';
import { userPrefix } from '../logins.ts';
import { SystemError } from '../system.ts';
import type { Login, PlannedScope, Scope, SecretKeeper, System } from '../system.ts';
import { planEnd, planKeyEnd, planScope, policyPath, rolePath } from './plan.ts';
import type { Action, Engine, Observed, ObservedLogin } from './plan.ts';

export interface VaultOptions {
  /** Throws when this process may not change anything any more; asked before every change. */
  readonly mayAct?: () => void;
  /** Until Vault answers, in milliseconds. Default 5,000. */
  readonly answerTimeoutMs?: number;
}

export interface VaultSystem extends System {
  readonly secrets: SecretKeeper;
}

const Engines = z.record(
  z.string(),
  z.object({ type: z.string(), options: z.record(z.string(), z.string()).nullish() }),
);
const Key = z.object({ auto_rotate_period: z.number(), latest_version: z.number() });
const Policy = z.object({ policy: z.string() });
const Entry = z.object({
  data: z.record(z.string(), z.string()).nullable(),
  metadata: z.object({ version: z.number() }),
});
const Sealed = z.object({ batch_results: z.array(z.object({ ciphertext: z.string() })) });

/** @param adminAddress `vault+https://role:secret@host:8200/shopmind`, or `token:hvs.…@` in place of the AppRole */
export function createVault(adminAddress: string, options: VaultOptions = {}): VaultSystem {
  const { mayAct = () => undefined, answerTimeoutMs = 5_000 } = options;
  const vault = openVault(adminAddress, answerTimeoutMs);
  const { mounts } = vault;

  async function observe(scope: string, logins: readonly Login[]): Promise<Observed> {
    const engines = await observeEngines();
    const has = (mount: string): boolean => engines.has(mount);
    const key = has(mounts.keys) ? await vault.read(`${mounts.keys}/keys/${scope}`) : undefined;
    return {
      engines,
      key: key === undefined ? undefined : { rotatesSeconds: Key.parse(key).auto_rotate_period },
      logins: await observeLogins(scope, logins, has(`auth/${mounts.logins}`)),
    };
  }

  async function observeEngines(): Promise<ReadonlyMap<string, Engine>> {
    const engines = Engines.parse((await vault.read('sys/mounts')) ?? {});
    const methods = Engines.parse((await vault.read('sys/auth')) ?? {});
    const known = new Map<string, Engine>();
    const note = (name: string, { type, options: settings }: z.infer<typeof Engines>[string]): void => {
      const version = settings?.['version'];
      known.set(name.replace(/\/$/, ''), { kind: type, ...(version === undefined ? {} : { version }) });
    };
    for (const [name, engine] of Object.entries(engines)) note(name, engine);
    for (const [name, method] of Object.entries(methods)) note(`auth/${name}`, method);
    expectKind(known, mounts.values, 'kv', '2');
    expectKind(known, mounts.keys, 'transit');
    expectKind(known, `auth/${mounts.logins}`, 'approle');
    return known;
  }

  /** Of the scope, by their names, and of those who are meant. */
  async function observeLogins(
    scope: string,
    logins: readonly Login[],
    enabled: boolean,
  ): Promise<ReadonlyMap<string, ObservedLogin>> {
    const roles = enabled ? await vault.list(`auth/${mounts.logins}/role`) : [];
    const policies = await vault.list('sys/policies/acl');
    const names = new Set([...roles, ...policies].filter((name) => name.startsWith(userPrefix(scope))));
    const found = [...names].toSorted().map(async (name): Promise<readonly [string, ObservedLogin]> => {
      const [policy, role] = await Promise.all([
        policies.includes(name) ? vault.read(policyPath(name)) : undefined,
        roles.includes(name) ? vault.read(rolePath(mounts, name)) : undefined,
      ]);
      const secret = logins.find(({ user }) => user === name)?.password;
      return [
        name,
        {
          ...(policy === undefined ? {} : { policy: Policy.parse(policy).policy }),
          ...(role === undefined ? {} : { role }),
          admitted: role !== undefined && secret !== undefined && (await opens(name, secret)),
        },
      ];
    });
    return new Map(await Promise.all(found));
  }

  /** Whether the secret is one of the login's. */
  async function opens(name: string, secret: string): Promise<boolean> {
    const about = await vault.write(`${rolePath(mounts, name)}/secret-id/lookup`, { secret_id: secret });
    return Object.keys(about).length > 0;
  }

  async function apply(planned: readonly Action[]): Promise<readonly string[]> {
    const done: string[] = [];
    for (const { text, method, path, body } of planned) {
      mayAct();
      const did = await explained(text, () =>
        once(method === 'write' ? vault.write(path, body) : vault.remove(path)),
      );
      if (did) done.push(text);
    }
    return done;
  }

  const planned = (scope: PlannedScope): Promise<readonly Action[]> =>
    explained(`READ LOGINS OF ${scope.name}`, async () => {
      const { name, login, formerLogin } = scope;
      const logins = [login, formerLogin].filter((one) => one !== undefined);
      const actions = planScope(name, mounts, logins, await observe(name, logins));
      // Who does not know the scope's logins says nothing of them.
      return login === undefined ? actions.filter(({ text }) => !text.startsWith('DROP')) : actions;
    });

  const dropLogins = async (scope: string): Promise<readonly string[]> =>
    apply(
      await explained(`READ LOGINS OF ${scope}`, async () => {
        const seen = await observe(scope, []);
        return planEnd(mounts, [...seen.logins.keys()], seen);
      }),
    );

  const tenantsOf = (scope: string): Promise<readonly string[]> =>
    vault.list(`${mounts.values}/metadata/${scope}`);

  async function removeEntry(scope: string, tenant: string): Promise<readonly string[]> {
    const what = `DELETE SECRETS OF ${tenant}`;
    const path = `${mounts.values}/metadata/${secretPath(scope, tenant)}`;
    if ((await explained(what, () => vault.read(path))) === undefined) return [];
    mayAct();
    await explained(what, () => vault.remove(path));
    return [what];
  }

  return {
    name: 'vault',
    plan: async (scope) => (await planned(scope)).map(({ text }) => text),
    ensure: async (scope: Scope) => apply(await planned(scope)),
    // Its values come with `secrets.write`.
    ensureTenant: () => Promise.resolve([]),
    removeTenant: removeEntry,
    async remove(scope) {
      const done = [...(await dropLogins(scope))];
      for (const tenant of await explained(`LIST SECRETS OF ${scope}`, () => tenantsOf(scope)))
        done.push(...(await removeEntry(scope, tenant)));
      const key = await explained(`READ KEY ${scope}`, () => vault.read(`${mounts.keys}/keys/${scope}`));
      return key === undefined ? done : [...done, ...(await apply(planKeyEnd(scope, mounts)))];
    },
    close: dropLogins,
    address: ({ login }) => vaultAddressFor(adminAddress, login.user, login.password),
    async ping() {
      await explained('PING', () => vault.read('sys/mounts'));
    },
    end: () => Promise.resolve(),

    secrets: {
      read: async (scope, tenant) =>
        (await explained(`READ SECRETS OF ${tenant}`, () => openEntry(scope, tenant))).values,
      async write(scope, tenant, values) {
        const what = `SEAL SECRETS OF ${tenant}`;
        const present = await explained(`READ SECRETS OF ${tenant}`, () => openEntry(scope, tenant));
        const key = await explained(`READ KEY ${scope}`, () => vault.read(`${mounts.keys}/keys/${scope}`));
        const latest = key === undefined ? 0 : Key.parse(key).latest_version;
        if (present.sealedBy === latest && isSame(present.values, values)) return [];
        mayAct();
        await explained(what, () => seal(scope, tenant, values, present.version));
        return [what];
      },
    },
  };

  async function openEntry(scope: string, tenant: string): Promise<OpenEntry> {
    const found = await vault.read(`${mounts.values}/data/${secretPath(scope, tenant)}`);
    if (found === undefined) return NO_ENTRY;
    const { data, metadata } = Entry.parse(found);
    const sealed = data ?? {};
    const opened = await openSealed(vault, scope, tenant, sealed);
    const versions = Object.values(sealed).map(keyVersionOf);
    return {
      // What does not open was somebody else's doing, and is written anew.
      values: new Map([...opened].flatMap(([name, value]) => (value === null ? [] : [[name, value]]))),
      version: metadata.version,
      sealedBy: Math.min(...versions),
    };
  }

  /** @param version of the entry that is replaced; whoever wrote meanwhile is not overwritten */
  async function seal(
    scope: string,
    tenant: string,
    values: Readonly<Record<string, string>>,
    version: number,
  ): Promise<void> {
    const names = Object.keys(values);
    const { batch_results: sealed } = Sealed.parse(
      await vault.write(`${mounts.keys}/encrypt/${scope}`, {
        batch_input: names.map((name) => ({
          plaintext: Buffer.from(values[name] ?? '').toString('base64'),
          associated_data: secretBinding(tenant, name),
        })),
      }),
    );
    await vault.write(`${mounts.values}/data/${secretPath(scope, tenant)}`, {
      options: { cas: version },
      data: Object.fromEntries(names.map((name, index) => [name, sealed[index]?.ciphertext])),
    });
  }
}

interface OpenEntry {
  readonly values: ReadonlyMap<string, string>;
  /** 0: there is none. */
  readonly version: number;
  /** Version of the oldest key in it. */
  readonly sealedBy: number;
}

const NO_ENTRY: OpenEntry = { values: new Map(), version: 0, sealedBy: 0 };

/** Of `vault:v3:…`. */
function keyVersionOf(ciphertext: string): number {
  return Number(/^vault:v(\d+):/.exec(ciphertext)?.[1] ?? 0);
}

function isSame(present: ReadonlyMap<string, string>, wanted: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(wanted);
  return names.length === present.size && names.every((name) => present.get(name) === wanted[name]);
}

function expectKind(known: ReadonlyMap<string, Engine>, mount: string, kind: string, version?: string): void {
  const there = known.get(mount);
  if (there === undefined || (there.kind === kind && there.version === version)) return;
  const found = [there.kind, there.version].filter(Boolean).join(' version ');
  throw new MountTaken(`${mount} is ${found}, not ${[kind, version].filter(Boolean).join(' version ')}`);
}

/** Somebody else's engine is mounted there. */
class MountTaken extends Error {}

/** @returns false when another operator did it first */
async function once(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof VaultRefusal && DONE_ALREADY.test(error.message)) return false;
    throw error;
  }
}

/** Vault has no codes for these. */
const DONE_ALREADY = /SecretID is already registered|path is already in use/;

async function explained<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof SystemError) throw cause;
    throw new SystemError('vault', action, { ...remedyFor(cause), cause });
  }
}

/** What a person can do, and whether it may pass by itself. */
function remedyFor(cause: unknown): { readonly remedy: string; readonly transient: boolean } {
  if (cause instanceof MountTaken)
    return { remedy: 'name another mount at the end of SECRETS_URL and SECRETS_ADMIN_URL', transient: false };
  if (!(cause instanceof VaultRefusal))
    return { remedy: 'see that Vault runs and that the operator can reach it', transient: true };
  const { status, message } = cause;
  if (status === 503 && /sealed/i.test(message))
    return { remedy: 'unseal it: vault operator unseal', transient: true };
  if (status === 403 || /invalid (role|secret)/i.test(message))
    return {
      remedy: 'give SECRETS_ADMIN_URL a login that has the policy of docs/decisions/0038',
      transient: false,
    };
  // Another writer was faster; an engine was mounted a moment ago.
  if (status === 400 && /check-and-set|upgrading/i.test(message))
    return { remedy: 'nothing, it is tried again', transient: true };
  if (status >= 500 || status === 429) return { remedy: 'see what Vault logs', transient: true };
  return { remedy: 'see what Vault says of the request', transient: false };
}

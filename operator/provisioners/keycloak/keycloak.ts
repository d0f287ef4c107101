/**
 * Keycloak as a system of the data plane: a realm for each tenant, with its people, roles, the storefront's client and the identity
 * providers it trusts. Runtimes only verify tokens, by keys that are public: they are given no login.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { realmName } from '../../../runtime/platform/names/index.ts';
import { SystemError } from '../system.ts';
import type { Scope, System, Tenancy } from '../system.ts';
import { createAdminApi, KeycloakRefusal, publicAddress } from './api.ts';
import { dropRealm, planRealm, SCOPE_ATTRIBUTE, scopeOfRealm } from './plan.ts';
import type { Action, ObservedRealm } from './plan.ts';

export interface KeycloakOptions {
  /** Throws when this process may not change anything any more; asked before every change. */
  readonly mayAct?: () => void;
  /** Of one request, in milliseconds; making a realm takes a busy server seconds. Default 30,000. */
  readonly answerTimeoutMs?: number;
}

/** @param adminAddress `keycloak+https://admin:…@id.example.com/` */
export function createKeycloak(adminAddress: string, options: KeycloakOptions = {}): System {
  const { mayAct = () => undefined, answerTimeoutMs = 30_000 } = options;
  const api = createAdminApi(adminAddress, answerTimeoutMs);

  async function observe(realm: string): Promise<ObservedRealm | undefined> {
    const found = await api.get(`/${realm}`);
    if (found === undefined) return undefined;
    if (scopeOfRealm(found) === undefined) throw notOurs(realm);
    const [clients, roles, providers] = await Promise.all(
      ['clients?clientId=storefront', 'roles?briefRepresentation=false', 'identity-provider/instances'].map(
        (part) => api.list(`/${realm}/${part}`),
      ),
    );
    return { realm: found, clients: clients ?? [], roles: roles ?? [], providers: providers ?? [] };
  }

  const changes = (scope: string, tenant: Tenancy): Promise<readonly Action[]> =>
    explained(`READ REALM ${realmName(tenant.name)}`, async () =>
      planRealm(scope, tenant, await observe(realmName(tenant.name))),
    );

  async function apply(planned: readonly Action[]): Promise<readonly string[]> {
    const done: string[] = [];
    for (const { text, method, path, body } of planned) {
      mayAct();
      if (await explained(text, () => api.send(method, path, body))) done.push(text);
      else if (path === '') await explained(text, () => appears(String(body?.['realm'])));
    }
    return done;
  }

  /** Keycloak says that a realm exists from when another operator began to make it, and shows it when that has ended. */
  async function appears(realm: string): Promise<void> {
    for (const end = performance.now() + answerTimeoutMs; performance.now() < end; await pause(250))
      if ((await api.get(`/${realm}`)) !== undefined) return;
    throw new Error('another operator began to make it, and has not ended');
  }

  /** A tenant that has moved to another scope took its realm along, people and all. */
  async function drop(scope: string, realm: string): Promise<readonly string[]> {
    const found = await explained(`READ REALM ${realm}`, () => api.get(`/${realm}`));
    return found !== undefined && scopeOfRealm(found) === scope ? apply([dropRealm(realm)]) : [];
  }

  return {
    name: 'keycloak',
    plan: async (scope, tenant) =>
      tenant === undefined ? [] : (await changes(scope.name, tenant)).map(({ text }) => text),
    // Nothing is shared by the tenants of a scope.
    ensure: () => Promise.resolve([]),
    ensureTenant: async ({ name }: Pick<Scope, 'name'>, tenant) => apply(await changes(name, tenant)),
    removeTenant: (scope, tenant) => drop(scope, realmName(tenant)),
    async remove(scope) {
      const realms = await explained('READ REALMS', () => api.list('?briefRepresentation=false'));
      return apply(
        realms.filter((realm) => scopeOfRealm(realm) === scope).map(({ realm }) => dropRealm(String(realm))),
      );
    },
    // There is no login to take away.
    close: () => Promise.resolve([]),
    address: () => publicAddress(adminAddress),
    ping: () => explained('PING', async () => void (await api.get('/master'))),
    end: () => Promise.resolve(),
  };
}

function notOurs(realm: string): SystemError {
  return new SystemError('keycloak', `READ REALM ${realm}`, {
    remedy: `rename that realm, or give it the attribute ${SCOPE_ATTRIBUTE} to have it taken over`,
    transient: false,
    cause: new Error('there is a realm of this name that somebody else made'),
  });
}

async function explained<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof SystemError) throw cause;
    const status = cause instanceof KeycloakRefusal ? cause.status : 0;
    // What is not found was there a moment ago: somebody removes it, or makes it anew.
    const refused = status >= 400 && status < 500 && status !== 404 && status !== 429;
    throw new SystemError('keycloak', action, {
      transient: !refused,
      cause,
      remedy: !refused
        ? 'see that IDENTITY_URL can be reached; it is tried again'
        : status === 401 || status === 403
          ? 'give the login of IDENTITY_ADMIN_URL the roles create-realm and admin of realm master'
          : 'correct what Keycloak names',
    });
  }
}

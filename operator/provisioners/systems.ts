/**
 * The systems of the data plane beside the database, as a whole: which of them a scope uses, and what is done to each in turn.
 * A system is opened once for each address that provisions it, when the first scope needs it.
 */
import { backendsOf, variableOf } from '../../runtime/platform/backends/index.ts';
import type { Backend, Backends, Port } from '../../runtime/platform/backends/index.ts';
import { loginOf } from './logins.ts';
import { SystemError } from './system.ts';
import type { Scope, SecretKeeper, System, Tenancy } from './system.ts';
import type { DomainDefinition } from '../../runtime/platform/definition.ts';

export interface Systems {
  /** Addresses that the scope's runtimes are given, by port. @param secret password of the scope's database login */
  addresses(scope: string, secret: string): Promise<Readonly<Partial<Record<Port, string>>>>;
  /** Of things; logins are nobody's business who only looks. */
  plan(scope: Pick<ScopeNeeds, 'name' | 'domains'>, tenant?: Tenancy): Promise<readonly string[]>;
  ensure(scope: ScopeNeeds): Promise<readonly string[]>;
  ensureTenant(scope: ScopeNeeds, tenant: Tenancy): Promise<readonly string[]>;
  /** Everything of one tenant within a scope that others share. */
  removeTenant(scope: string, tenant: string): Promise<readonly string[]>;
  remove(scope: string): Promise<readonly string[]>;
  /** Takes the scope's logins away and keeps its data. */
  close(scope: string): Promise<readonly string[]>;
  /** Who keeps the scope's tenants' secrets; undefined: the directory. */
  secretsOf(scope: string): Promise<SecretKeeper | undefined>;
  /** @param name of the system; rejects when it does not answer */
  ping(name: string): Promise<void>;
  end(): Promise<void>;
}

/** A scope before its logins are known. */
export interface ScopeNeeds {
  readonly name: string;
  readonly domains: readonly DomainDefinition[];
  readonly secret: string;
  /** The secret before a rotation, while somebody may still use it. */
  readonly formerSecret?: string;
}

export type OpenSystem = (port: Port, adminAddress: string, mayAct: () => void) => Promise<System>;

export function createSystems(backends: Backends, open: OpenSystem, mayAct: () => void): Systems {
  const opened = new Map<string, Promise<System>>();

  const systemOf = (port: Port, { adminAddress }: Backend): Promise<System> => {
    const key = `${port} ${adminAddress}`;
    const known = opened.get(key);
    if (known !== undefined) return known;
    const opening = open(port, adminAddress, mayAct);
    opened.set(key, opening);
    // What could not be opened is opened anew at the next try.
    opening.catch(() => opened.delete(key));
    return opening;
  };

  const usedBy = (scope: string): Promise<readonly (readonly [Port, System])[]> =>
    Promise.all(
      // The keys of backends are ports.
      (Object.entries(backendsOf(backends, scope)) as [Port, Backend][]).map(
        async ([port, backend]) => [port, await systemOf(port, backend)] as const,
      ),
    );

  /** In turn: a plan reads from top to bottom, and what fails leaves nothing half done beside it. */
  const each = async (
    scope: string,
    work: (system: System) => Promise<readonly string[]>,
  ): Promise<readonly string[]> => {
    const done: string[] = [];
    for (const [, system] of await usedBy(scope)) {
      mayAct();
      done.push(...(await work(system)));
    }
    return done;
  };

  return {
    async addresses(scope, secret) {
      const used = await usedBy(scope);
      return Object.fromEntries(
        used.map(([port, system]) => [
          port,
          system.address({ name: scope, login: loginOf(scope, system.name, secret) }),
        ]),
      );
    },
    plan: ({ name, domains }, tenant) => each(name, (system) => system.plan({ name, domains }, tenant)),
    ensure: (scope) => each(scope.name, (system) => system.ensure(scopeFor(system, scope))),
    ensureTenant: (scope, tenant) =>
      each(scope.name, (system) => system.ensureTenant(scopeFor(system, scope), tenant)),
    removeTenant: (scope, tenant) => each(scope, (system) => system.removeTenant(scope, tenant)),
    remove: (scope) => each(scope, (system) => system.remove(scope)),
    close: (scope) => each(scope, (system) => system.close(scope)),
    async secretsOf(scope) {
      const backend = backendsOf(backends, scope).secrets;
      return backend === undefined ? undefined : (await systemOf('secrets', backend)).secrets;
    },
    async ping(name) {
      const all = await Promise.all(opened.values());
      await Promise.all(all.filter((system) => system.name === name).map((system) => system.ping()));
    },
    async end() {
      const all = await Promise.allSettled(opened.values());
      await Promise.all(all.map((one) => (one.status === 'fulfilled' ? one.value.end() : undefined)));
    },
  };
}

type Opener = (adminAddress: string, options: { readonly mayAct: () => void }) => Promise<System>;

/** By port; a client is loaded when the first scope needs it. */
const PROVISIONERS: Readonly<Partial<Record<Port, Opener>>> = {
  events: async (...at) => (await import('./kafka/kafka.ts')).createKafka(...at),
  tasks: async (...at) => (await import('./rabbitmq/rabbitmq.ts')).createRabbit(...at),
  cache: async (...at) => (await import('./redis/redis.ts')).createRedis(...at),
  blobs: async (...at) => (await import('./objects/objects.ts')).createObjects(...at),
  search: async (...at) => (await import('./elasticsearch/elasticsearch.ts')).createElasticsearch(...at),
  documents: async (...at) => (await import('./mongodb/mongodb.ts')).createMongodb(...at),
  analytics: async (...at) => (await import('./clickhouse/clickhouse.ts')).createClickhouse(...at),
  secrets: async (...at) => (await import('./vault/vault.ts')).createVault(...at),
  identity: async (...at) => (await import('./keycloak/keycloak.ts')).createKeycloak(...at),
};

/** Opens the provisioner of a port. @throws SystemError where there is none */
export const openSystem: OpenSystem = async (port, adminAddress, mayAct) => {
  const open = PROVISIONERS[port];
  if (open !== undefined) return open(adminAddress, { mayAct });
  throw new SystemError(port, 'OPEN', {
    remedy: `take ${variableOf(port)} out of ConfigMap platform`,
    transient: false,
    cause: new Error(`nothing provisions a system for ${port} yet`),
  });
};

function scopeFor(system: System, { name, domains, secret, formerSecret }: ScopeNeeds): Scope {
  return {
    name,
    domains,
    login: loginOf(name, system.name, secret),
    ...(formerSecret === undefined ? {} : { formerLogin: loginOf(name, system.name, formerSecret) }),
  };
}

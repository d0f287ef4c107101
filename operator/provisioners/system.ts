/**
 * What a system of the data plane is to the operator: observe → plan → apply → destroy, for each scope and each tenant in it.
 * A scope is what shares a login and a prefix: the pool, or one dedicated tenant.
 */
import type { DomainDefinition } from '../../runtime/platform/definition.ts';

/** How a scope's runtimes enter. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

export interface Scope {
  /** `pool`, or the dedicated tenant's name; `runtime/platform/names` says what things in it are called. */
  readonly name: string;
  readonly domains: readonly DomainDefinition[];
  /** What runtimes enter with now. */
  readonly login: Login;
  /** What they entered with before a rotation: stays valid until no Pod uses it any more. Any other login of the scope goes. */
  readonly formerLogin?: Login;
}

/** A scope as somebody knows it who may not read its secrets. */
export type PlannedScope = Omit<Scope, 'login'> & Partial<Pick<Scope, 'login'>>;

/** Of a tenant, what its share of a system depends on. */
export interface Tenancy {
  readonly name: string;
  readonly locales: readonly string[];
  readonly quotas: Readonly<Record<string, number>>;
  /** Host names of the shop. */
  readonly hosts?: readonly string[];
  /** Who else may say who somebody is. */
  readonly identityProviders?: readonly IdentityProvider[];
}

/** An OpenID provider that a tenant's people may sign in by. */
export interface IdentityProvider {
  /** Unique in the tenant, part of addresses. */
  readonly alias: string;
  readonly issuer: string;
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
  readonly jwksUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * One external system. Every method is idempotent, may be killed anywhere and repeated, is bounded in time, and changes nothing when
 * nothing differs. What is done is told in words a person would use, without secrets: `CREATE TOPIC acme.orders.order (6 partitions)`.
 * Errors are SystemErrors. Several operators may call at once: what both do at the same time is done once.
 */
export interface System {
  /** As in conditions and messages: `kafka`. */
  readonly name: string;
  /** What `ensure` and `ensureTenant` would do; without a login, nothing is said of logins. Reads only. */
  plan(scope: PlannedScope, tenant?: Tenancy): Promise<readonly string[]>;
  /** The scope's login, rights and shared things. */
  ensure(scope: Scope): Promise<readonly string[]>;
  /** What one tenant has of its own within the scope; called after `ensure`. */
  ensureTenant(scope: Scope, tenant: Tenancy): Promise<readonly string[]>;
  /** Everything of one tenant within a scope that others share; fine when there is nothing. */
  removeTenant(scope: Scope['name'], tenant: string): Promise<readonly string[]>;
  /** The whole scope, logins included; fine when there is nothing. */
  remove(scope: Scope['name']): Promise<readonly string[]>;
  /** Takes a scope's logins away and keeps its data. */
  close(scope: Scope['name']): Promise<readonly string[]>;
  /** The address that runtimes of the scope are given, login included. */
  address(scope: Pick<Scope, 'name' | 'login'>): string;
  /** Resolves when the system answers. */
  ping(): Promise<void>;
  /** Ends connections. */
  end(): Promise<void>;
  /** Of a system that keeps tenants' secrets: it is given their values, after `ensure`. */
  readonly secrets?: SecretKeeper;
}

/** Keeps the values that runtimes ask the secrets port for. */
export interface SecretKeeper {
  /** By name; empty where there are none. */
  read(scope: Scope['name'], tenant: string): Promise<ReadonlyMap<string, string>>;
  /** All of a tenant's, in one write, unless they are so already. */
  write(
    scope: Scope['name'],
    tenant: string,
    values: Readonly<Record<string, string>>,
  ): Promise<readonly string[]>;
}

/** A system did not do what was asked. */
export class SystemError extends Error {
  readonly system: string;
  /** What was being done: `CREATE TOPIC acme.orders.order`. */
  readonly action: string;
  /** What a person can do about it. */
  readonly remedy: string;
  /** True: it may work by itself later. */
  readonly transient: boolean;

  constructor(
    system: string,
    action: string,
    options: { readonly remedy: string; readonly transient: boolean; readonly cause: unknown },
  ) {
    const { cause } = options;
    super(`${system}: ${action}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'SystemError';
    this.system = system;
    this.action = action;
    this.remedy = options.remedy;
    this.transient = options.transient;
  }
}

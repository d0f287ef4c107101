/**
 * Everything a tenant has outside Kubernetes, behind one small interface: database, directory, payment account, objects.
 * Each method is idempotent, can be killed anywhere, and writes nothing when nothing differs.
 */
import { createHash } from 'node:crypto';
import type { ShopMindTenant } from '../../crds/index.ts';
import { backendsOf } from '../../runtime/platform/backends/index.ts';
import type { Backends, Port } from '../../runtime/platform/backends/index.ts';
import { POOL_SCOPE } from '../../runtime/platform/names/index.ts';
import { createBlobStore } from './blobs.ts';
import type { BlobStore } from './blobs.ts';
import { createProcessor, generateKeys, generatePayPalKeys } from './payments.ts';
import type { PaymentKeys, PayPalKeys, Processor } from './payments.ts';
import type { CitusOptions } from './postgres/citus.ts';
import { openDatabase } from './postgres/database.ts';
import type { Database, Observed } from './postgres/database.ts';
import { loadCatalogue, POOL_SCHEMA } from './postgres/desired.ts';
import type { Catalogue, DesiredSchema } from './postgres/desired.ts';
import { closeLogin, deletePooledRows, dropSchema, exportRows } from './postgres/destroy.ts';
import { createDirectory } from './postgres/directory.ts';
import type { Directory, DirectoryRow } from './postgres/directory.ts';
import { createMoves } from './postgres/move/moves.ts';
import type { Moves } from './postgres/move/moves.ts';
import { createPostgres } from './postgres/postgres.ts';
import type { Postgres } from './postgres/postgres.ts';
import { createSealer } from './sealing.ts';
import type { Login, Tenancy } from './system.ts';
import { createSystems, openSystem } from './systems.ts';
import type { ScopeNeeds, Systems } from './systems.ts';

/** What the data plane is and how to enter it: the part of the platform's configuration that is read here. */
export interface DataPlaneConfig {
  readonly databaseAdminUrl: string;
  readonly blobsUrl: string;
  readonly paymentsUrl: string | undefined;
  readonly paymentsSecret: string | undefined;
  readonly secretsKey: string;
  readonly backends: Backends;
  readonly citus: CitusOptions;
}

/** One tenant, with what only Kubernetes knows of it. */
export interface TenantData {
  readonly tenant: ShopMindTenant;
  readonly schema: string;
  readonly domains: readonly string[];
  /** Of the dedicated role, newest first: these are valid, and no others. None when pooled. */
  readonly logins: readonly Login[];
  /** How many connections each of them may have at a time. */
  readonly connections?: number;
  readonly adminToken: string;
  /** Where the processor delivers its webhooks. */
  readonly webhookUrl: string;
  /** The merchant's own keys; absent: generated and registered at the platform's processor. */
  readonly paymentKeys: PaymentKeys | undefined;
  /** The merchant's own keys at PayPal; absent: where the tenant takes PayPal, an account at the platform's stand-in. */
  readonly payPalKeys?: PayPalKeys | undefined;
}

export interface DataPlane {
  /**
   * Addresses of the systems behind a scope's ports, with its login; says nothing of whether they are there.
   * @param scope `pool`, or a dedicated tenant's name
   * @param secret password of the scope's database login
   */
  addresses(scope: string, secret: string): Promise<Readonly<Partial<Record<Port, string>>>>;
  /**
   * The server's roles, the directory and the pool's schema.
   * @param logins newest first
   * @param by `owner`: these are valid from now on, and no others. `guest`: somebody who knows them from a cache, and does
   *   not change those that the owner has set
   * @param connections how many each login may have at a time; who does not know leaves it as the owner has set it
   * @returns what was done, in words
   */
  ensurePool(
    logins: readonly Login[],
    by: 'owner' | 'guest',
    connections?: number,
  ): Promise<readonly string[]>;
  /** Forgets what was seen of the pool: the next `ensurePool` looks again, at the directory too. */
  distrust(): void;
  ensureTenant(data: TenantData): Promise<readonly string[]>;
  /**
   * What `ensureTenant` would do to the database, and the move before it where the tenant's rows are in another schema.
   * Reads only.
   * @param data.home schema of the tenant's rows; absent: it has none yet
   */
  planTenant(
    data: Pick<TenantData, 'tenant' | 'schema' | 'domains'> & { readonly home?: string | undefined },
  ): Promise<readonly string[]>;
  /** A tenant's rows on their way between two schemas. */
  readonly moves: Moves;
  /** Makes a dedicated schema that rows shall move into, with its login. @returns what was done, in words */
  ensureTarget(schema: string, logins: readonly Login[]): Promise<readonly string[]>;
  /** Whether the directory has the tenant. */
  knows(tenant: string): Promise<boolean>;
  /** First step of a deletion: runtimes stop serving the tenant. */
  unregister(tenant: string): Promise<readonly string[]>;
  /** Last step of a deletion, by policy; what a move has in the other schema goes in any case. */
  destroyTenant(tenant: ShopMindTenant, schema: string): Promise<readonly string[]>;
  /** Resolves when database and processor answer, or the system that is named. Rejects with what does not. */
  ping(system?: string): Promise<void>;
  close(): Promise<void>;
}

/** How long an unchanged pool is trusted before it is looked at again. */
const POOL_TRUST_MS = 60_000;

export interface Parts {
  readonly database: Database;
  readonly catalogue: Catalogue;
  /** The store of a scope: the pool's, or a dedicated tenant's. */
  readonly blobs: (scope: string) => Promise<BlobStore>;
  /** Absent where tenants bring their own keys. */
  readonly processor: Processor | undefined;
  readonly directory: Directory;
  readonly postgres: Postgres;
  readonly moves: Moves;
  readonly systems: Systems;
  readonly monotonic: () => number;
}

/**
 * Connects lazily: nothing is awaited here but the reading of migrations.
 * @param mayAct asked before every statement; throws when this process may not change anything any more
 */
export async function openDataPlane(
  config: DataPlaneConfig,
  monotonic: () => number,
  mayAct?: () => void,
  observed?: Observed,
): Promise<DataPlane> {
  const [database, catalogue] = await Promise.all([
    openDatabase(config.databaseAdminUrl, {
      ...(mayAct === undefined ? {} : { mayAct }),
      ...(observed === undefined ? {} : { observed }),
    }),
    loadCatalogue(),
  ]);
  const directory = createDirectory(database, createSealer(config.secretsKey));
  return createDataPlane({
    database,
    catalogue,
    monotonic,
    directory,
    moves: createMoves(database, () => directory.forget()),
    blobs: blobStores(config),
    processor:
      config.paymentsUrl === undefined || config.paymentsSecret === undefined
        ? undefined
        : createProcessor(config.paymentsUrl, config.paymentsSecret, mayAct),
    postgres: createPostgres(database, catalogue, config.citus),
    systems: createSystems(config.backends, openSystem, mayAct ?? (() => undefined)),
  });
}

export function createDataPlane(parts: Parts): DataPlane {
  const { database, catalogue, blobs, processor, directory, postgres, moves, systems } = parts;
  let pool:
    | { readonly at: number; readonly logins: readonly Login[]; readonly done: Promise<readonly string[]> }
    | undefined;
  let poolLogins: readonly Login[] | undefined;
  let poolConnections: number | undefined;

  const desiredOf = (schema: string, domains: readonly string[]): DesiredSchema =>
    schema === POOL_SCHEMA ? catalogue.pool() : catalogue.dedicated(schema, domains);

  /** A scope needs what its domains declare; the pool hosts them all. */
  const needs = (
    name: string,
    domains: readonly string[],
    [login, former]: readonly Login[],
  ): ScopeNeeds => ({
    name,
    domains: definitionsOf(domains),
    secret: login?.password ?? '',
    ...(former === undefined ? {} : { formerSecret: former.password }),
  });
  const definitionsOf = (domains: readonly string[]): ScopeNeeds['domains'] =>
    catalogue.definitions.filter(({ name }) => domains.includes(name));

  return {
    addresses: (scope, secret) => systems.addresses(scope, secret),

    async ensurePool(known, by, connections = poolConnections) {
      const logins = by === 'owner' ? known : (poolLogins ?? known);
      const now = parts.monotonic();
      const isKnown =
        pool !== undefined && sameLogins(pool.logins, logins) && connections === poolConnections;
      if (pool !== undefined && isKnown && now - pool.at < POOL_TRUST_MS) {
        await pool.done;
        return [];
      }
      const desired = { ...catalogue.pool(), ...limited(connections) };
      const done = postgres.ensure(desired, logins).then(async (actions) => {
        await directory.refresh();
        return [...actions, ...(await systems.ensure(needs(POOL_SCOPE, catalogue.domains, logins)))];
      });
      const mine = { at: now, logins, done };
      pool = mine;
      poolLogins = logins;
      poolConnections = connections;
      try {
        return await done;
      } catch (error) {
        if (pool === mine) pool = undefined;
        throw error;
      }
    },

    distrust() {
      pool = undefined;
    },

    async ensureTenant(data) {
      const { tenant, schema, domains, logins } = data;
      const done: string[] = [];
      if (schema !== POOL_SCHEMA)
        done.push(
          ...(await postgres.ensure(
            { ...catalogue.dedicated(schema, domains), ...limited(data.connections) },
            logins,
          )),
        );
      done.push(...(await ensureSystems(data)));
      const { name } = tenant.metadata;
      const sealed = (await directory.get(name))?.secrets ?? NO_SECRETS;
      const scope = scopeIn(schema, name);
      const keeper = await systems.secretsOf(scope);
      const kept = (await keeper?.read(scope, name)) ?? NO_SECRETS;
      // A platform that begins to use a keeper goes on with the keys that shops have.
      const known = kept.size > 0 ? kept : sealed;
      const byPayPal = tenant.spec.payments.paypal !== undefined;
      const secrets = {
        ...secretsOf(
          data,
          tenant.spec.payments.provider === 'paypal'
            ? undefined
            : (data.paymentKeys ?? (await accountOf(data, known, done))),
        ),
        ...payPalSecrets(
          byPayPal ? (data.payPalKeys ?? (await payPalAccountOf(data, known, done))) : undefined,
        ),
        ...withdrawn(tenant, known),
      };
      if (keeper === undefined) return [...done, ...(await directory.ensure(rowOf(data), secrets))];
      // First: a runtime that sees the tenant sees its secrets too.
      const written = await keeper.write(scope, name, secrets);
      done.push(...written, ...(await directory.ensure(rowOf(data), {})));
      if (written.length > 0 || sealed.size > 0) done.push(...(await directory.forgetSecrets(name)));
      return done;
    },

    async planTenant({ tenant, schema, domains, home = schema }) {
      const moving = home !== schema;
      const actions = await postgres.plan(desiredOf(schema, moving ? catalogue.domains : domains));
      return [
        ...actions.map(({ describe }) => describe),
        ...(moving ? await moves.plan(tenant.metadata.name, { from: home, to: schema }) : []),
        ...(await planSystems(tenant, schema, domains)),
      ];
    },

    moves,

    ensureTarget: (schema, logins) => postgres.ensure(catalogue.dedicated(schema, catalogue.domains), logins),

    knows: async (tenant) => (await directory.get(tenant)) !== undefined,

    unregister: (tenant) => directory.remove(tenant),

    async destroyTenant(tenant, schema) {
      const { name } = tenant.metadata;
      const { move } = await moves.find(name);
      const switched = move?.state === 'switched' || move?.state === 'cleaning';
      const home = move === undefined ? schema : switched ? move.to : move.from;
      const done = [...(await destroyRows(tenant, home))];
      // Last: until it is forgotten, the move says where the rows are.
      if (move !== undefined) done.push(...(await moves.abandon(name)));
      return done;
    },

    async ping(system) {
      if (system !== undefined) return systems.ping(system);
      await database.query('select 1');
      await processor?.ping();
    },

    async close() {
      await systems.end();
      await database.close();
    },
  };

  /** Keys of the account at the platform's processor: registered before they are written down, so known keys always work. */
  async function accountOf(
    { tenant, webhookUrl }: TenantData,
    secrets: ReadonlyMap<string, string>,
    done: string[],
  ): Promise<PaymentKeys | undefined> {
    if (processor === undefined) return undefined;
    const known = keysIn(secrets);
    if (known !== undefined && known.webhookUrl === webhookUrl) return known;
    const keys = known === undefined ? generateKeys(webhookUrl) : { ...known, webhookUrl };
    await processor.register({ ...keys, id: tenant.metadata.name, webhookUrl });
    done.push(`REGISTER PAYMENT ACCOUNT ${tenant.metadata.name}`);
    return keys;
  }

  /** As `accountOf`, at the stand-in for PayPal. */
  async function payPalAccountOf(
    { tenant, webhookUrl: stripe }: TenantData,
    secrets: ReadonlyMap<string, string>,
    done: string[],
  ): Promise<PayPalKeys | undefined> {
    if (processor === undefined) return undefined;
    const webhookUrl = stripe.replace(/stripe$/, 'paypal');
    const known = payPalKeysIn(secrets);
    if (known !== undefined && known.webhookUrl === webhookUrl) return known;
    const keys = known === undefined ? generatePayPalKeys(webhookUrl) : { ...known, webhookUrl };
    await processor.registerPayPal({ ...keys, id: tenant.metadata.name, webhookUrl });
    done.push(`REGISTER PAYPAL ACCOUNT ${tenant.metadata.name}`);
    return keys;
  }

  /** A dedicated tenant has a scope of its own; a pooled one has its share of the pool's. */
  async function ensureSystems({
    tenant,
    schema,
    domains,
    logins: own,
  }: TenantData): Promise<readonly string[]> {
    const { name } = tenant.metadata;
    const logins = schema === POOL_SCHEMA ? (poolLogins ?? []) : own;
    if (logins.length === 0) return [];
    if (schema === POOL_SCHEMA)
      return systems.ensureTenant(needs(POOL_SCOPE, catalogue.domains, logins), tenancyOf(tenant));
    const scope = needs(name, domains, logins);
    return [...(await systems.ensure(scope)), ...(await systems.ensureTenant(scope, tenancyOf(tenant)))];
  }

  /** What is known without the scope's secret: things, not logins. */
  function planSystems(
    tenant: ShopMindTenant,
    schema: string,
    domains: readonly string[],
  ): Promise<readonly string[]> {
    const scope =
      schema === POOL_SCHEMA
        ? { name: POOL_SCOPE, domains: catalogue.definitions }
        : { name: tenant.metadata.name, domains: definitionsOf(domains) };
    return systems.plan(scope, tenancyOf(tenant));
  }

  function destroySystems(name: string, schema: string, keep: boolean): Promise<readonly string[]> {
    if (schema !== POOL_SCHEMA) return keep ? systems.close(name) : systems.remove(name);
    return keep ? Promise.resolve([]) : systems.removeTenant(POOL_SCOPE, name);
  }

  async function destroyRows(tenant: ShopMindTenant, schema: string): Promise<readonly string[]> {
    const { name } = tenant.metadata;
    const policy = tenant.spec.deletionPolicy;
    const done: string[] = [];
    if (policy === 'Retain') {
      if (schema !== POOL_SCHEMA) done.push(...(await closeLogin(database, schema)));
      return [...done, ...(await destroySystems(name, schema, true))];
    }
    if (policy === 'Snapshot') done.push(...(await snapshot(tenant, schema)));
    done.push(
      ...(schema === POOL_SCHEMA
        ? await deletePooledRows(database, name)
        : await dropSchema(database, schema)),
    );
    done.push(...(await destroySystems(name, schema, false)));
    done.push(...(await (await blobs(scopeIn(schema, name))).removeTenant(name)));
    const { secretRef, paypal } = tenant.spec.payments;
    const isOurs = secretRef === undefined || (paypal !== undefined && paypal.secretRef === undefined);
    if (isOurs && processor !== undefined) {
      await processor.remove(name);
      done.push(`DELETE PAYMENT ACCOUNT ${name}`);
    }
    return done;
  }

  /** Exports once per deletion, however often the teardown is repeated. */
  async function snapshot(tenant: ShopMindTenant, schema: string): Promise<readonly string[]> {
    const { name, deletionTimestamp } = tenant.metadata;
    const since = new Date(deletionTimestamp ?? 0);
    const store = await blobs(scopeIn(schema, name));
    const finished = await store.findSnapshot(name, since);
    if (finished !== undefined) return store.archiveTenant(name, finished);
    const sink = await store.beginSnapshot(name);
    const counts = await exportRows(database, schema, name, sink);
    const rows = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return [`EXPORT ${rows} ROWS TO ${sink.location}`, ...(await store.archiveTenant(name, sink.location))];
  }
}

/** One store for each address. */
function blobStores({ backends, blobsUrl }: DataPlaneConfig): Parts['blobs'] {
  const opened = new Map<string, Promise<BlobStore>>();
  return (scope) => {
    const address = backendsOf(backends, scope).blobs?.adminAddress ?? blobsUrl;
    const store = opened.get(address) ?? createBlobStore(address);
    opened.set(address, store);
    return store;
  };
}

/** The scope that a tenant with this schema is in. */
function scopeIn(schema: string, tenant: string): string {
  return schema === POOL_SCHEMA ? POOL_SCOPE : tenant;
}

function tenancyOf({ metadata, spec }: ShopMindTenant): Tenancy {
  return { name: metadata.name, locales: spec.locales, quotas: spec.quotas, hosts: spec.hosts };
}

function limited(connections: number | undefined): Pick<DesiredSchema, 'connections'> {
  return connections === undefined ? {} : { connections };
}

function sameLogins(a: readonly Login[], b: readonly Login[]): boolean {
  const names = (logins: readonly Login[]): string => logins.map(({ user }) => user).join();
  return names(a) === names(b);
}

const NO_SECRETS: ReadonlyMap<string, string> = new Map();

const SECRET_NAMES = {
  secretKey: 'payments-secret-key',
  publishableKey: 'payments-publishable-key',
  webhookSecret: 'payments-webhook-secret',
  webhookUrl: 'payments-webhook-url',
} as const;

const PAYPAL_NAMES = {
  clientId: 'paypal-client-id',
  clientSecret: 'paypal-client-secret',
  webhookId: 'paypal-webhook-id',
  environment: 'paypal-environment',
  webhookUrl: 'paypal-webhook-url',
} as const;

/** Of an account at the stand-in: the merchant's own are read from their Secret each time. */
function payPalKeysIn(secrets: ReadonlyMap<string, string>): PayPalKeys | undefined {
  const read = (name: keyof typeof PAYPAL_NAMES): string => secrets.get(PAYPAL_NAMES[name]) ?? '';
  const [clientId, clientSecret, webhookId] = [read('clientId'), read('clientSecret'), read('webhookId')];
  const isWhole = clientId !== '' && clientSecret !== '' && webhookId !== '';
  if (!isWhole || read('environment') !== 'local') return undefined;
  return { clientId, clientSecret, webhookId, environment: 'local', webhookUrl: read('webhookUrl') };
}

function payPalSecrets(keys: PayPalKeys | undefined): Record<string, string> {
  if (keys === undefined) return {};
  const { clientId, clientSecret, webhookId, environment, webhookUrl = '' } = keys;
  return {
    [PAYPAL_NAMES.clientId]: clientId,
    [PAYPAL_NAMES.clientSecret]: clientSecret,
    [PAYPAL_NAMES.webhookId]: webhookId,
    [PAYPAL_NAMES.environment]: environment,
    [PAYPAL_NAMES.webhookUrl]: webhookUrl,
  };
}

/** A provider that the tenant has no more: its keys become empty, which runtimes take for none. */
function withdrawn(
  { spec: { payments } }: ShopMindTenant,
  known: ReadonlyMap<string, string>,
): Record<string, string> {
  const names = [
    ...(payments.paypal === undefined ? Object.values(PAYPAL_NAMES) : []),
    ...(payments.provider === 'paypal' ? Object.values(SECRET_NAMES) : []),
  ];
  return Object.fromEntries(names.filter((name) => known.has(name)).map((name) => [name, '']));
}

function keysIn(secrets: ReadonlyMap<string, string>): PaymentKeys | undefined {
  const secretKey = secrets.get(SECRET_NAMES.secretKey) || undefined;
  const publishableKey = secrets.get(SECRET_NAMES.publishableKey);
  const webhookSecret = secrets.get(SECRET_NAMES.webhookSecret);
  if (secretKey === undefined || publishableKey === undefined || webhookSecret === undefined)
    return undefined;
  return { secretKey, publishableKey, webhookSecret, webhookUrl: secrets.get(SECRET_NAMES.webhookUrl) };
}

/** By name, as the runtime asks for them. The admin key itself is never stored, only its digest. */
function secretsOf(data: TenantData, keys: PaymentKeys | undefined): Record<string, string> {
  const secrets: Record<string, string> = {
    'admin-key-hash': createHash('sha256').update(data.adminToken).digest('hex'),
  };
  if (keys === undefined) return secrets;
  secrets[SECRET_NAMES.secretKey] = keys.secretKey;
  secrets[SECRET_NAMES.publishableKey] = keys.publishableKey;
  secrets[SECRET_NAMES.webhookSecret] = keys.webhookSecret;
  if (keys.webhookUrl !== undefined) secrets[SECRET_NAMES.webhookUrl] = keys.webhookUrl;
  return secrets;
}

function rowOf({ tenant, schema, domains }: TenantData): DirectoryRow {
  const { spec, metadata } = tenant;
  return {
    id: metadata.name,
    display_name: spec.displayName,
    plan: spec.plan,
    placement: spec.placement,
    schema_name: schema,
    hosts: spec.hosts,
    locales: spec.locales,
    currencies: spec.currencies,
    branding: spec.branding ?? {},
    domains,
    quotas: spec.quotas,
    suspended: spec.suspended,
  };
}

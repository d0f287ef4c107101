/**
 * What there is of one tenant, everywhere: objects of every kind the API server serves, its row of the directory, its
 * schema and role, its payment account, its blobs, its imports. Without what differs from run to run, so that two
 * states can be compared; secrets are not left out but tried: a key that opens nothing is a difference.
 */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { Client as Postgres } from 'pg';
import { secrets } from '../../operator/kube/resources.ts';
import type { KubeObject } from '../../operator/kube/types.ts';
import { createSealer } from '../../operator/provisioners/sealing.ts';
import type { World } from './world.ts';
import { isRecord } from '../../operator/kube/records.ts';

export interface TenantState {
  /** By `kind namespace/name`. */
  readonly objects: Readonly<Record<string, unknown>>;
  readonly directory: unknown;
  readonly schemas: readonly unknown[];
  readonly roles: readonly unknown[];
  /** Rows by table, of pooled tables and of the tenant's own. */
  readonly rows: Readonly<Record<string, number>>;
  readonly account: unknown;
  readonly blobs: readonly string[];
  readonly imports: readonly string[];
}

/** Stands for the tenant's name in a state. */
const NAME = 'TENANT';

/** @param all everything there is, where somebody has asked for it already */
export async function stateOf(world: World, name: string, all?: readonly KubeObject[]): Promise<TenantState> {
  const [found, data, blobs] = await Promise.all([
    all ?? allObjects(world),
    dataOf(world, name),
    readdir(world.blobs, { recursive: true }).catch(() => []),
  ]);
  const objects = found.filter((object) => isOf(object, name));
  const opened = await credentialsOf(world, name, objects);
  const account = world.stage.accounts.get(name);
  const state: TenantState = {
    objects: Object.fromEntries(
      objects
        .map((object): [string, unknown] => [idOf(object), comparable(object, opened)])
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ),
    ...data,
    account:
      account === undefined
        ? undefined
        : { keys: opened.accountFits(account), webhookUrl: account['webhookUrl'] },
    blobs: blobs
      .filter((path) => path.split('/').includes(name))
      .map((path) => path.replace(/\d{4}-\d\d-\d\dT[\d.-]+Z/, '<time>'))
      .toSorted(),
    imports: world.stage.imports.get(name) ?? [],
  };
  // A name is a word of its own wherever it appears: nothing else here is spelt like it.
  return JSON.parse(JSON.stringify(state).replaceAll(name, NAME)) as TenantState;
}

/** Values by what they are called. */
export type Handed = Readonly<Record<string, string | undefined>>;

/**
 * Values that are generated once and handed out: they must never change again. Keys of the payment account are handed
 * out by the directory: what the processor alone knows may be replaced. By name without namespace, for tenants that move.
 */
export async function handedOut(world: World, name: string): Promise<Handed> {
  const { items } = await world.client.list(secrets);
  return handedIn(world, name, items);
}

/** The same of several, each by its name. */
export async function handedOutTo(
  world: World,
  names: readonly string[],
): Promise<ReadonlyMap<string, Handed>> {
  const { items } = await world.client.list(secrets);
  return new Map(
    await Promise.all(
      names.map(async (name): Promise<[string, Handed]> => [name, await handedIn(world, name, items)]),
    ),
  );
}

async function handedIn(world: World, name: string, items: readonly KubeObject[]): Promise<Handed> {
  const sealed = await sealedOf(world, name);
  const values = items
    .filter((object) => isOf(object, name))
    .flatMap((object) =>
      Object.entries(dataOfSecret(object)).map(([key, value]): [string, string] => [
        `Secret ${object.metadata.name} ${key}`,
        value,
      ]),
    );
  // Where webhooks go follows the tenant's hosts; it is sealed beside the keys and is none.
  const keys = [...sealed].filter(([key]) => key !== 'payments-webhook-url');
  return { ...Object.fromEntries(values), ...Object.fromEntries(keys) };
}

// ── objects ──────────────────────────────────────────────────────────────────────────────────────

interface Served {
  readonly path: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly apiVersion: string;
}

/** Derived by others, named at random, or told to people: nobody restores them. */
const DERIVED = [
  'Event',
  'Pod',
  'ReplicaSet',
  'EndpointSlice',
  'Endpoints',
  'Lease',
  'PodMetrics',
  'ControllerRevision',
];
/** What every namespace is given. */
const FURNITURE = ['ConfigMap kube-root-ca.crt', 'ServiceAccount default'];

const served = new WeakMap<World, Promise<readonly Served[]>>();

/** Every object of the tenant, of whatever kind: in its namespace, with its label, or with its name. */
export async function objectsOf(world: World, name: string): Promise<readonly KubeObject[]> {
  return (await allObjects(world)).filter((object) => isOf(object, name));
}

/** Every object of every kind that the API server serves. */
export async function allObjects(world: World): Promise<readonly KubeObject[]> {
  let kinds = served.get(world);
  if (kinds === undefined) served.set(world, (kinds = discover(world)));
  const lists = await Promise.all(
    (await kinds).map(async ({ path, kind, apiVersion }) => {
      const { items = [] } = JSON.parse(await world.client.raw('GET', path)) as { items?: KubeObject[] };
      return items.map((item) => ({ ...item, apiVersion, kind }));
    }),
  );
  return lists.flat();
}

/**
 * What of a tenant is on its way out: told to go, or owned by nobody who is there any more. Kubernetes collects it by and by; a
 * state that is read before shows what will not stay.
 * @param all every object there is, owners among them
 * @returns each in words
 */
export function leftoversOf(name: string, all: readonly KubeObject[]): readonly string[] {
  const present = new Set(all.map(({ metadata }) => metadata.uid));
  return all
    .filter((object) => isOf(object, name))
    .flatMap(({ kind, metadata }) => {
      const { deletionTimestamp, ownerReferences = [] } = metadata;
      const isOrphan = ownerReferences.length > 0 && !ownerReferences.some(({ uid }) => present.has(uid));
      if (deletionTimestamp === undefined && !isOrphan) return [];
      return [`${kind} ${metadata.name} (${isOrphan ? 'its owner is gone' : 'being deleted'})`];
    });
}

function isOf({ kind, metadata }: KubeObject, name: string): boolean {
  if (FURNITURE.includes(`${kind} ${metadata.name}`)) return false;
  const parts = `${metadata.namespace ?? ''} ${metadata.name} ${metadata.labels?.['shopmind.ai/tenant'] ?? ''}`;
  return parts.split(/[^a-z0-9]+/).includes(name);
}

async function discover({ client }: World): Promise<readonly Served[]> {
  const { groups } = JSON.parse(await client.raw('GET', '/apis')) as {
    groups: { preferredVersion: { groupVersion: string } }[];
  };
  const roots = [
    '/api/v1',
    ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`),
  ];
  const all = await Promise.all(
    roots.map(async (root) => {
      const { resources, groupVersion } = JSON.parse(await client.raw('GET', root)) as {
        groupVersion: string;
        resources: { name: string; kind: string; namespaced: boolean; verbs: string[] }[];
      };
      return resources
        .filter(({ name, verbs }) => !name.includes('/') && verbs.includes('list'))
        .filter(({ kind }) => !DERIVED.includes(kind) && kind !== 'ComponentStatus')
        .map(({ name, kind, namespaced }) => ({
          path: `${root}/${name}`,
          namespaced,
          kind,
          apiVersion: groupVersion,
        }));
    }),
  );
  // One object served under two groups is one object.
  return all.flat().filter(({ kind, apiVersion }) => kind !== 'Event' && !apiVersion.startsWith('metrics'));
}

function idOf({ apiVersion, kind, metadata: { namespace, name } }: KubeObject): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : '';
  return `${kind}${group} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** Set by the server and the clock, or hashes of such. */
const FICKLE = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'managedFields',
  'lastTransitionTime',
  'lastUpdateTime',
  'observedGeneration',
  'generation',
  'clusterIP',
  'clusterIPs',
  'importId',
  'startedAt',
  'endedAt',
  'frozenMilliseconds',
  'shopmind.ai/applied',
  'shopmind.ai/revision',
  // How many Pod templates there were on the way: whoever starts anew sees two changes as one.
  'deployment.kubernetes.io/revision',
  // Backups are spread over the night by the tenant's name.
  'schedule',
  'shopmind.ai/service-secret',
]);

const THEIRS = ['Deployment', 'HorizontalPodAutoscaler', 'PodDisruptionBudget', 'ResourceQuota'];

/** Fields in one order, whoever wrote them. */
function sorted(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function comparable(object: KubeObject, opened: Opened): unknown {
  const whole: KubeObject & { data?: unknown; status?: { conditions?: { type: string }[] } } = {
    ...object,
    ...(object.kind === 'Secret' ? { data: opened.secret(object) } : {}),
  };
  return JSON.parse(
    JSON.stringify(whole, (key, value: unknown) => {
      if (FICKLE.has(key)) return undefined;
      // What Kubernetes' own controllers say is theirs; of ours every word counts.
      if (key === 'status' && THEIRS.includes(object.kind)) return undefined;
      if (key === 'replicas' && object.kind === 'Deployment') return undefined;
      // Conditions come in the order in which they were first true.
      if (key === 'conditions' && Array.isArray(value))
        return value.toSorted((a: { type: string }, b: { type: string }) => (a.type < b.type ? -1 : 1));
      return sorted(value);
    }),
  );
}

// ── credentials ──────────────────────────────────────────────────────────────────────────────────

interface Opened {
  /** Each value of a Secret as what it opens. */
  secret(object: KubeObject): Record<string, string>;
  accountFits(account: Readonly<Record<string, string>>): string;
}

async function credentialsOf(world: World, name: string, objects: readonly KubeObject[]): Promise<Opened> {
  const sealed = await sealedOf(world, name);
  const logins = new Map<string, string>();
  for (const object of objects) {
    const url = object.kind === 'Secret' ? dataOfSecret(object)['DATABASE_URL'] : undefined;
    if (url !== undefined) logins.set(url, await login(url, world.postgres.port));
  }
  const describe = (key: string, value: string): string => {
    if (key === 'DATABASE_URL') return logins.get(value) ?? 'not tried';
    if (key === 'SECRETS_KEY') return value === world.secretsKey ? "the platform's key" : 'another key';
    if (key !== 'token') return `${value.length} characters`;
    const fits = createHash('sha256').update(value).digest('hex') === sealed.get('admin-key-hash');
    return fits ? 'opens the admin API' : 'opens nothing';
  };
  return {
    secret: (object) =>
      Object.fromEntries(
        Object.entries(dataOfSecret(object)).map(([key, value]) => [key, describe(key, value)]),
      ),
    accountFits: (account) =>
      (
        [
          ['secretKey', 'payments-secret-key'],
          ['publishableKey', 'payments-publishable-key'],
          ['webhookSecret', 'payments-webhook-secret'],
        ] as const
      ).every(([field, secret]) => account[field] === sealed.get(secret))
        ? 'as in the directory'
        : 'other than in the directory',
  };
}

/** What the directory keeps sealed for the tenant's runtime; nothing where there is no directory yet. */
async function sealedOf(
  { database, secretsKey }: World,
  name: string,
): Promise<ReadonlyMap<string, string | undefined>> {
  if (!(await hasDirectory(database))) return new Map();
  const sealer = createSealer(secretsKey);
  const { rows } = await database.query<{ name: string; value: Buffer }>(
    'select name, value from platform.tenant_secrets where tenant_id = $1',
    [name],
  );
  return new Map(rows.map((row) => [row.name, sealer.open(name, row.name, row.value)]));
}

function dataOfSecret(object: KubeObject): Record<string, string> {
  // A Secret's data is base64 by key.
  const { data = {} } = object as KubeObject & { data?: Record<string, string> };
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}

async function login(url: string, port: number): Promise<string> {
  const direct = new URL(url);
  direct.port = String(port);
  const client = new Postgres({ connectionString: direct.href });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ answer: string }>(
      `select current_user || ' in ' || current_setting('search_path') as answer`,
    );
    return `logs in as ${rows[0]?.answer ?? ''}`;
  } catch (error) {
    return `does not log in: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    await client.end().catch(() => undefined);
  }
}

// ── the data plane ───────────────────────────────────────────────────────────────────────────────

/** Structure of a schema: columns, policies, grants, in one hash a kind; and what the ledger says of it. */
const SCHEMAS = `
select n.nspname as schema,
  (select count(*)::int from pg_class c where c.relnamespace = n.oid and c.relkind = 'r') as tables,
  (select md5(string_agg(c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ',' order by 1, c.relname, a.attnum))
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 where c.relnamespace = n.oid and c.relkind = 'r') as columns,
  (select md5(string_agg(c.relname || p.polname || p.polcmd::text || coalesce(pg_get_expr(p.polqual, p.polrelid), ''), ',' order by c.relname, p.polname))
     from pg_class c join pg_policy p on p.polrelid = c.oid where c.relnamespace = n.oid) as policies,
  (select md5(string_agg(c.relname || coalesce(replace(c.relacl::text, $1, '?'), ''), ',' order by c.relname))
     from pg_class c where c.relnamespace = n.oid and c.relkind = 'r') as grants,
  (select count(*)::int from pg_class c where c.relnamespace = n.oid and c.relkind = 'r' and c.relforcerowsecurity) as forced,
  (select coalesce(json_agg(m.domain || '/' || m.name order by m.domain, m.name), '[]') from platform.migrations m where m.schema_name = n.nspname) as migrations
from pg_namespace n where n.nspname ~ $2 order by 1`;

async function dataOf(
  { database }: World,
  name: string,
): Promise<Pick<TenantState, 'directory' | 'schemas' | 'roles' | 'rows'>> {
  const mine = `(^|[^a-z0-9])${name}([^a-z0-9]|$)`;
  if (!(await hasDirectory(database))) return { directory: undefined, schemas: [], roles: [], rows: {} };
  const [directory, secrets, schemas, roles, ledger] = await Promise.all([
    database.query<Record<string, unknown>>('select * from platform.tenants where id = $1', [name]),
    database.query<{ name: string }>(
      'select name from platform.tenant_secrets where tenant_id = $1 order by 1',
      [name],
    ),
    database.query<{ schema: string }>(SCHEMAS, [name, mine]),
    database.query<{ rolname: string }>(
      `select rolname, rolcanlogin, rolsuper, rolbypassrls, (select setconfig from pg_db_role_setting where setrole = r.oid) as settings
       from pg_roles r where rolname ~ $1 order by 1`,
      [mine],
    ),
    database.query<{ schema_name: string }>(
      'select distinct schema_name from platform.migrations where schema_name ~ $1 order by 1',
      [mine],
    ),
  ]);
  const [row] = directory.rows;
  const { updated_at: _, ...kept } = row ?? {};
  return {
    directory:
      row === undefined && secrets.rows.length === 0
        ? undefined
        : { ...kept, secrets: secrets.rows.map((secret) => secret.name) },
    schemas: [
      ...schemas.rows,
      // Records without their schema are left behind.
      ...ledger.rows.filter(({ schema_name }) => !schemas.rows.some(({ schema }) => schema === schema_name)),
    ],
    // Logins are numbered by chance, so that two of them can be valid while they are rotated.
    roles: roles.rows.map(({ rolname, ...role }) => ({
      rolname: rolname.replace(/\.[0-9a-f]{8}$/, '.<login>'),
      ...role,
    })),
    rows: await rowsOf(
      database,
      name,
      schemas.rows.map(({ schema }) => schema),
    ),
  };
}

/** The operator makes it with the pool, its secrets in the same transaction. */
async function hasDirectory(database: World['database']): Promise<boolean> {
  const { rows } = await database.query<{ there: boolean }>(
    `select to_regclass('platform.tenant_secrets') is not null as there`,
  );
  return rows[0]?.there === true;
}

async function rowsOf(
  database: World['database'],
  name: string,
  own: readonly string[],
): Promise<Record<string, number>> {
  const { rows: tables } = await database.query<{ at: string }>(
    `select quote_ident(c.table_schema) || '.' || quote_ident(c.table_name) as at
     from information_schema.columns c
     where c.column_name = 'tenant_id' and (c.table_schema = 'shop' or c.table_schema = any ($1)) order by 1`,
    [own],
  );
  if (tables.length === 0) return {};
  const { rows } = await database.query<{ at: string; count: number }>(
    tables
      .map(({ at }) => `select '${at}' as at, count(*)::int as count from ${at} where tenant_id = $1`)
      .join(' union all '),
    [name],
  );
  return Object.fromEntries(rows.filter(({ count }) => count > 0).map(({ at, count }) => [at, count]));
}

/** Where two states differ, as lines a person can read; empty when they are equal. */
export function differences(expected: unknown, actual: unknown, path = ''): readonly string[] {
  if (JSON.stringify(expected) === JSON.stringify(actual)) return [];
  const [before, now] = [byName(expected), byName(actual)];
  if (isRecord(before) && isRecord(now)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
    return keys.flatMap((key) => differences(before[key], now[key], path === '' ? key : `${path}.${key}`));
  }
  const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 300);
  return [`${path}: ${shown(actual)} instead of ${shown(expected)}`];
}

/** Lists of conditions and alike are told apart by the type of each. */
function byName(value: unknown): unknown {
  if (!Array.isArray(value) || !value.every((each) => isRecord(each) && typeof each['type'] === 'string'))
    return value;
  return Object.fromEntries(value.map((each: { type: string }) => [each.type, each]));
}

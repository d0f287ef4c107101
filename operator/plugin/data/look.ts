/**
 * What the data plane holds of one tenant, by the provisioners' own observation: read only, bounded in time, and honest about
 * what could not be looked at.
 */
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import { configMaps, secrets, type TenantObject } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { isForbidden } from '../../kube/errors.ts';
import { openDatabase, type Database } from '../../provisioners/postgres/database.ts';
import { DIRECTORY_SCHEMA, loadCatalogue, OWNER, POOL_SCHEMA } from '../../provisioners/postgres/desired.ts';
import { observe, type ObservedServer } from '../../provisioners/postgres/observe.ts';
import { planSchema, planServer } from '../../provisioners/postgres/plan.ts';
import { parsePlatform, PlatformConfigError, type PlatformConfig } from '../../resources/platform.ts';
import { enabledDomains, homeOf, schemaOf } from '../../resources/presets.ts';
import { DOMAINS } from '../../../runtime/domains/index.ts';
import { EXIT, Failure } from '../failure.ts';
import { NoEndpointError, wayTo, type Way } from './reach.ts';

export type DataPlaneView =
  | {
      readonly state: 'seen';
      /** Host, port and database, without who may enter. */
      readonly database: string;
      readonly via: Way['via'];
      readonly milliseconds: number;
      readonly citus: boolean;
      readonly schema: { readonly name: string; readonly exists: boolean; readonly tables: number };
      /** `login`: somebody may enter as it. */
      readonly role: { readonly name: string; readonly exists: boolean; readonly login: boolean };
      /** The directory, from which runtimes learn of tenants, lists it. */
      readonly listed: boolean;
      readonly topics: readonly string[];
      /** Actions that would bring it to what is declared; empty: nothing differs. */
      readonly pending: readonly string[];
    }
  | {
      readonly state: 'down';
      readonly database: string;
      readonly message: string;
      /** Labels of the Pods that should answer, where the database is in the cluster. */
      readonly behind?: { readonly namespace: string; readonly selector: Readonly<Record<string, string>> };
    }
  /** Nobody can say from here. */
  | { readonly state: 'unknown'; readonly message: string };

/** Longest time the look may take; an answer without it is better than none. */
const PATIENCE_MS = 8_000;

export async function lookAtDataPlane(client: Client, tenant: TenantObject): Promise<DataPlaneView> {
  let platform: PlatformConfig;
  try {
    platform = await platformOf(client);
  } catch (error) {
    if (isForbidden(error)) return { state: 'unknown', message: `not looked at: ${error.message}` };
    if (error instanceof Failure) return { state: 'unknown', message: error.message };
    throw error;
  }
  const database = shown(platform.databaseAdminUrl);
  try {
    return await withDatabase(client, platform, async (session, way) => ({
      state: 'seen',
      database,
      via: way.via,
      ...(await look(session, tenant)),
    }));
  } catch (error) {
    if (error instanceof NoEndpointError)
      return { state: 'down', database, message: error.message, behind: error };
    const message = error instanceof Error ? error.message : String(error);
    // Outside the cluster, not answering here says nothing of whether it answers there.
    return isInCluster(platform.databaseAdminUrl)
      ? { state: 'down', database, message }
      : { state: 'unknown', message };
  }
}

async function look(
  session: Database,
  tenant: TenantObject,
): Promise<Omit<DataPlaneView & { state: 'seen' }, 'state' | 'database' | 'via'>> {
  const { name } = tenant.metadata;
  const catalogue = await loadCatalogue();
  const schema = schemaOf(name, homeOf(tenant));
  const domains = enabledDomains(tenant.spec);
  const desired = schema === POOL_SCHEMA ? catalogue.pool() : catalogue.dedicated(schema, domains);
  // The first one connects, the second one is what a statement takes.
  await session.query('select 1');
  const began = performance.now();
  await session.query('select 1');
  const milliseconds = Math.round((performance.now() - began) * 10) / 10;
  const observed = await observe(session, [DIRECTORY_SCHEMA, schema], [OWNER, desired.role]);
  const present = observed.schemas.get(schema);
  const role = observed.roles.get(desired.role);
  const pending = [...planServer(catalogue.directory, observed), ...planSchema(desired, observed, undefined)];
  const [row] = observed.ledger
    ? await session.query(`select 1 from ${DIRECTORY_SCHEMA}.tenants where id = $1`, [name])
    : [];
  return {
    milliseconds,
    citus: observed.citus,
    schema: { name: schema, exists: present?.exists === true, tables: present?.tables.length ?? 0 },
    role: { name: desired.role, exists: role !== undefined, login: mayEnter(observed.roles, desired.role) },
    listed: row !== undefined,
    topics: DOMAINS.filter((domain) => domains.some((enabled) => enabled === domain.name)).flatMap(
      ({ topics }) => topics.map((topic) => topic.name),
    ),
    pending: pending.map(({ describe }) => describe),
  };
}

/** Whether there is a login for the role: itself where it may log in (Citus), else one of its members. */
export function mayEnter(roles: ObservedServer['roles'], role: string): boolean {
  return [...roles.values()].some(
    ({ name, login, memberOf }) => login && (name === role || memberOf.includes(role)),
  );
}

/**
 * Runs `work` with the platform's database, by whatever way leads there.
 * @param patienceMs longest time it may take
 */
export async function withDatabase<T>(
  client: Client,
  platform: Pick<PlatformConfig, 'databaseAdminUrl'>,
  work: (database: Database, way: Way) => Promise<T>,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const url = new URL(platform.databaseAdminUrl);
  const way = await wayTo(client, url.hostname, Number(url.port || '5432'));
  url.hostname = way.host;
  url.port = String(way.port);
  const database = await openDatabase(url.href, { max: 2 });
  try {
    return await bounded(work(database, way), patienceMs);
  } finally {
    await database.close().catch(() => undefined);
    way.close();
  }
}

/** The platform's configuration. @throws Failure when it is incomplete; KubeError when it may not be read */
export async function platformOf(client: Client): Promise<PlatformConfig> {
  const ref = { namespace: SYSTEM_NAMESPACE, name: 'platform' };
  const [config, secret] = await Promise.all([client.find(configMaps, ref), client.find(secrets, ref)]);
  const decoded = Object.entries(secret?.data ?? {}).map(([key, value]) => [
    key,
    Buffer.from(value, 'base64').toString('utf8'),
  ]);
  try {
    return parsePlatform(config?.data ?? {}, Object.fromEntries(decoded));
  } catch (error) {
    if (!(error instanceof PlatformConfigError)) throw error;
    throw new Failure(error.message, { exitCode: EXIT.unavailable, cause: error, remedy: error.remedy });
  }
}

async function bounded<T>(work: Promise<T>, patienceMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the database did not answer within ${patienceMs} ms`)),
      patienceMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function isInCluster(url: string): boolean {
  return new URL(url).hostname.split('.')[2] === 'svc';
}

/** `postgres.shopmind-system.svc:5432/shopmind`: nothing of user and password. */
function shown(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || '5432'}${pathname}`;
}

/**
 * A tenant's phases, in the order they are worked through. Each looks at the world, brings it one step nearer to the
 * spec, and says in one condition how far it came. None waits, none asks what woke it.
 */
import { createHash } from 'node:crypto';
import { ANNOTATIONS, hostMistakes, paletteMistakes, SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import type { TenantStatus } from '../../../crds/index.ts';
import { findCondition, isTrue } from '../../kube/conditions.ts';
import type { ReconcileContext } from '../../kube/controller.ts';
import { secrets } from '../../kube/resources.ts';
import type { DataPlane, TenantData } from '../../provisioners/data-plane.ts';
import { replicasOf } from '../../resources/autoscaling.ts';
import { connectionLimitOf } from '../../resources/connections.ts';
import type { Connecting } from '../../resources/connections.ts';
import type { PlatformConfig } from '../../resources/platform.ts';
import { publicOrigin } from '../../../runtime/platform/names/index.ts';
import {
  enabledDomains,
  hostOf,
  namespaceOf,
  RUNTIME_PORT,
  schemaOf,
  servicesOf,
} from '../../resources/presets.ts';
import { INTEGRATIONS } from '../../resources/surroundings.ts';
import type { Surroundings } from '../../resources/surroundings.ts';
import { httpRoutes, shopServices, tenants } from '../kinds.ts';
import type { TenantObject } from '../kinds.ts';
import { acceptanceOf } from '../acceptance.ts';
import { applyAll } from '../objects.ts';
import { HOST_INDEX } from '../reflectors.ts';
import { loginsOf } from '../credentials.ts';
import { concludeRotation, credentialsSeen } from '../rotation.ts';
import { decoded } from '../secrets.ts';
import type { Finding } from '../status.ts';
import { INTEGRATED, integrated } from '../surroundings.ts';
import type { World } from '../world.ts';
import { adminSecretName, databaseSecret } from './desired.ts';
import type { DesiredObjects, TenantCredentials } from './desired.ts';
import { RuntimeRefusal } from './runtime-api.ts';
import type { ImportReport, RuntimeTarget } from './runtime-api.ts';

/** Reason of ServicesReady once the runtime itself has answered for the tenant. */
const SERVING = 'Serving';

/** One visit of a tenant. */
export interface Visit {
  readonly tenant: TenantObject;
  readonly world: World;
  readonly context: ReconcileContext;
  readonly platform: PlatformConfig;
  readonly surroundings: Surroundings;
  readonly dataPlane: DataPlane;
  readonly credentials: TenantCredentials;
  readonly objects: DesiredObjects;
  /** Asks for another visit. */
  readonly wake: (why: string) => void;
}

export interface Step extends Finding {
  /** False: the phases after this one wait. */
  readonly proceed: boolean;
  /** Parts of the status this phase owns. */
  readonly status?: Pick<TenantStatus, 'catalog'>;
  /** It rests on an answer that is handed out once (`world.watchers`). */
  readonly heard?: boolean;
}

export interface Phase {
  readonly type: string;
  readonly run: (visit: Visit) => Promise<Step>;
}

export const PHASES: readonly Phase[] = [
  { type: 'DataPlaneReady', run: reconcileDataPlane },
  { type: 'ServicesReady', run: reconcileServices },
  { type: 'RoutesReady', run: reconcileRoutes },
  { type: 'CatalogReady', run: reconcileCatalog },
  { type: INTEGRATED, run: reportIntegrations },
];

/** Namespace and Secrets, then schema, role, directory entry and payment account. */
async function reconcileDataPlane(visit: Visit): Promise<Step> {
  const { tenant, world, context, platform, dataPlane, objects, credentials } = visit;
  const type = 'DataPlaneReady';
  const { name } = tenant.metadata;
  const [mistake] = [
    ...paletteMistakes(tenant.spec),
    ...hostMistakes(tenant, (host) => elderWith(world, tenant, host)),
  ];
  if (mistake !== undefined) {
    const message = `${mistake.field}: ${mistake.message}`;
    return { type, state: 'stuck', reason: 'SpecRefused', message, proceed: false };
  }
  await applyAll(world, context, tenant, objects.ground);
  const keys = await ownPaymentKeys(visit);
  if (keys.problem !== undefined) return { type, ...keys.problem, proceed: false };
  const payPal = await ownPayPalKeys(visit);
  if (payPal.problem !== undefined) return { type, ...payPal.problem, proceed: false };
  const dedicated = tenant.spec.placement === 'dedicated';
  // The directory and the server's roles are the pool's: a pooled tenant cannot exist before them.
  const pool = credentialsSeen(world, SYSTEM_NAMESPACE);
  if (pool === undefined) {
    return {
      type,
      state: 'waiting',
      reason: 'PoolPending',
      message: 'waits for the pool to be provisioned',
      proceed: false,
    };
  }
  const poolDone = await dataPlane.ensurePool(loginsOf(pool), 'guest');
  if (!(await isStillThere(visit))) {
    const message = 'was deleted, and what this operator sees of it is old';
    return { type, state: 'waiting', reason: 'Gone', message, proceed: false };
  }
  const done = [
    ...poolDone,
    ...(await dataPlane.ensureTenant({
      tenant,
      schema: schemaOf(name, tenant.spec.placement),
      domains: enabledDomains(tenant.spec),
      logins: dedicated ? loginsOf(credentials.database) : [],
      ...(dedicated ? { connections: connectionLimitOf(connectingOf(visit)) } : {}),
      adminToken: credentials.adminToken,
      webhookUrl: `${originOf(visit)}/api/payments/webhooks/stripe`,
      paymentKeys: keys.value,
      payPalKeys: payPal.value,
    })),
  ];
  if (dedicated)
    await concludeRotation(world, context, tenant, credentials.database, async (database) =>
      databaseSecret(tenant, platform, {
        database,
        addresses: await dataPlane.addresses(name, database.current.password),
      }),
    );
  if (done.length > 0) {
    context.log.info({ actions: done }, 'data plane changed');
    // A new pooled tenant is told once, when it is Ready; what changes under a living one is told each time.
    if (dedicated || findCondition(tenant.status?.conditions, type)?.status === 'True')
      world.events.record(tenant, { type: 'Normal', reason: 'Provisioned', message: summary(done) });
  }
  world.provisioned.add(name);
  return {
    type,
    state: 'ready',
    reason: 'Provisioned',
    message: 'schema, directory and payment account are in place',
    proceed: true,
  };
}

/** The tenant's own Services, as they shall be and as somebody may have scaled them. */
function connectingOf({ tenant, world }: Visit): readonly Connecting[] {
  const namespace = namespaceOf(tenant.metadata.name, 'dedicated');
  return [...servicesOf(tenant)].map(([name, { resources, scaling }]) => {
    const present = world.cacheOf(shopServices).get(`${namespace}/${name}`);
    const most = present === undefined ? 0 : replicasOf(present.spec).max;
    return { resources, mostPods: Math.max(most, scaling?.max ?? 1) };
  });
}

/**
 * Whoever was provisioned and is not in the directory was deleted meanwhile, unless the database itself came back older: the
 * server is asked, because what is made for a tenant that is gone nobody would ever remove.
 */
async function isStillThere({ tenant, context, dataPlane }: Visit): Promise<boolean> {
  const { name, uid } = tenant.metadata;
  if (tenant.status?.dataRef === undefined || (await dataPlane.knows(name))) return true;
  // A list of one: to read tenants one by one is a right the operator does without.
  const { items } = await context.client.list(tenants, {
    fieldSelector: `metadata.name=${name}`,
    signal: context.signal,
  });
  return items.some(({ metadata }) => metadata.uid === uid && metadata.deletionTimestamp === undefined);
}

/** A dedicated tenant's own Services, or the pool's. */
async function reconcileServices(visit: Visit): Promise<Step> {
  const { tenant, world, context, objects } = visit;
  const type = 'ServicesReady';
  await applyAll(world, context, tenant, objects.services);
  const namespace = namespaceOf(tenant.metadata.name, tenant.spec.placement);
  const names = [...new Set(hostOf(tenant).values())];
  const waiting = names.filter((name) => {
    const service = world.cacheOf(shopServices).get(`${namespace}/${name}`);
    return !isTrue(service?.status?.conditions, 'Available');
  });
  const subject = `serves/${tenant.metadata.name}`;
  // An answer from before the Pods changed is no answer.
  if (tenant.spec.suspended || waiting.length > 0) world.watchers.forget(subject);
  if (tenant.spec.suspended) {
    return {
      type,
      state: 'ready',
      reason: 'Suspended',
      message: 'the tenant is suspended: nothing needs to run',
      proceed: true,
    };
  }
  if (waiting.length > 0) {
    const message = `waits for Service ${waiting.map((name) => `${namespace}/${name}`).join(', ')}`;
    return { type, state: 'waiting', reason: 'ServicesPending', message, proceed: true };
  }
  // Pods are up; whether they serve this tenant already is theirs to say, once.
  const before = findCondition(tenant.status?.conditions, type);
  const isNews = before?.status !== 'True' || before.reason !== SERVING;
  if (isNews) {
    const target = targetOf(visit, names[0]);
    const answer = world.watchers.poll(
      subject,
      async () => ((await world.runtime.serves(target)) ? true : undefined),
      () => visit.wake('the runtime serves the tenant'),
    );
    if (answer === undefined) {
      return {
        type,
        state: 'waiting',
        reason: 'RuntimeLearning',
        message: 'waits for the runtime to serve the tenant',
        proceed: true,
      };
    }
  }
  return {
    type,
    state: 'ready',
    reason: SERVING,
    message: 'every domain is served',
    proceed: true,
    heard: isNews,
  };
}

/** The HTTPRoute, and the gateway's word on it. */
async function reconcileRoutes(visit: Visit): Promise<Step> {
  const { tenant, world, context, objects } = visit;
  const type = 'RoutesReady';
  await applyAll(world, context, tenant, objects.routes);
  const accepted = routeAcceptance(visit);
  if (accepted === undefined) {
    const message = 'waits for the gateway to take the route: is a gateway running?';
    return { type, state: 'waiting', reason: 'RoutePending', message, proceed: true };
  }
  if (accepted.status === 'False') {
    const why = accepted.message === '' ? accepted.reason : accepted.message;
    return {
      type,
      state: 'stuck',
      reason: 'RouteRefused',
      message: `the gateway refuses the route: ${why}`,
      proceed: true,
    };
  }
  return {
    type,
    state: 'ready',
    reason: 'Routed',
    message: `routed from ${tenant.spec.hosts.join(', ')}`,
    proceed: true,
  };
}

/** The first import of the catalogue: once for each source, never again and again. */
async function reconcileCatalog(visit: Visit): Promise<Step> {
  const { tenant, world } = visit;
  const type = 'CatalogReady';
  const source = tenant.spec.catalog?.source.url;
  const last = tenant.status?.catalog;
  const subject = `import/${tenant.metadata.name}`;
  if (source === undefined) {
    world.watchers.forget(subject);
    return {
      type,
      state: 'ready',
      reason: 'NothingToImport',
      message: 'no catalog.source is declared',
      proceed: true,
    };
  }
  const keep = last?.source === source ? { catalog: last } : {};
  if (last?.source === source && last.state === 'Succeeded') {
    // The condition still names the rows that were refused; the status counts them only.
    const before = findCondition(tenant.status?.conditions, type)?.message ?? '';
    const message = before.startsWith(importedMessage(last)) ? before : importedMessage(last);
    return { type, state: 'ready', reason: 'Imported', message, proceed: true, status: keep };
  }
  const attempt = tenant.metadata.annotations?.[ANNOTATIONS.reconcileAt] ?? '';
  if (last?.source === source && last.state === 'Failed' && (last.attempt ?? '') === attempt) {
    const before = tenant.status?.conditions?.find((condition) => condition.type === type);
    return {
      type,
      state: 'stuck',
      reason: 'ImportFailed',
      message: before?.message ?? 'the import failed',
      proceed: true,
      status: keep,
    };
  }
  if (tenant.spec.suspended || enabledDomains(tenant.spec).every((domain) => domain !== 'catalog')) {
    return {
      type,
      state: 'ready',
      reason: 'Skipped',
      message: 'nothing is imported while the tenant is suspended or has no catalog domain',
      proceed: true,
      status: keep,
    };
  }
  const target = targetOf(visit, hostOf(tenant).get('catalog'));
  const key = createHash('sha256').update(`${tenant.metadata.uid}/${source}/${attempt}`).digest('hex');
  const ask = (): Heard | undefined =>
    world.watchers.poll(subject, importFollower(visit, target, source, key), () =>
      visit.wake('there is news of the catalogue import'),
    );
  const answer = ask();
  // Told, and tried on all the same.
  if (answer?.is === 'delayed') ask();
  if (answer === undefined || answer.is === 'delayed') {
    const catalog = { source, state: 'Running' as const };
    const told = findCondition(tenant.status?.conditions, type);
    // What was told stays told until there is an answer: it is asked for again and again.
    const before = last?.source === source && told !== undefined && isDelay(told.reason) ? told : undefined;
    const finding =
      answer ?? (before === undefined ? undefined : { ...before, passes: before.reason === DELAYED });
    return {
      type,
      state: finding === undefined || finding.passes ? 'waiting' : 'stuck',
      reason: finding?.reason ?? 'Importing',
      message: finding?.message ?? `imports ${source}`,
      proceed: true,
      status: { catalog },
      ...(answer === undefined ? {} : { heard: true }),
    };
  }
  return { ...concluded(type, source, attempt, answer), heard: true };
}

/** Says which kinds beside Kubernetes' own the tenant and its Services have, and which would come with what. */
async function reportIntegrations({ tenant, platform, surroundings }: Visit): Promise<Step> {
  const { spec } = tenant;
  const dedicated = spec.placement === 'dedicated';
  const scalings = [...servicesOf(tenant).values()].map(({ scaling }) => scaling?.by);
  const ownKeys = spec.payments.secretRef ?? spec.payments.paypal?.secretRef;
  const fromStore = platform.secretStore !== undefined && ownKeys !== undefined;
  const concerned = {
    ...(dedicated ? { prometheus: INTEGRATIONS.prometheus.kinds, istio: INTEGRATIONS.istio.kinds } : {}),
    ...(dedicated && scalings.includes('KEDA') ? { keda: INTEGRATIONS.keda.kinds } : {}),
    ...(fromStore ? { externalSecrets: INTEGRATIONS.externalSecrets.kinds } : {}),
  };
  return { ...integrated(surroundings, concerned), proceed: true };
}

/** What is heard of an import. */
type Heard =
  | { readonly is: 'ended'; readonly report: ImportReport }
  | { readonly is: 'refused'; readonly message: string }
  /** It could not be begun for so long that somebody should look; it is tried again all the same. */
  | { readonly is: 'delayed'; readonly reason: string; readonly message: string; readonly passes: boolean };

/** How long an import that cannot be begun is taken for one that will be: a runtime that starts reads of its tenants within seconds. */
export const IMPORT_PATIENCE_MS = 60_000;
const REFUSED = 'ImportRefused';
const DELAYED = 'ImportDelayed';
const isDelay = (reason: string): boolean => reason === REFUSED || reason === DELAYED;

/** A question that starts the import when first asked, and has an answer when the import has ended, or does not come to begin. */
function importFollower(
  visit: Visit,
  target: RuntimeTarget,
  source: string,
  key: string,
): () => Promise<Heard | undefined> {
  const { world } = visit;
  let id: string | undefined;
  let failingSince: number | undefined;
  return async () => {
    try {
      // Starting twice is starting once: the key is the same, and so is the answer.
      const report =
        (id === undefined ? undefined : await world.runtime.importReport(target, id)) ??
        (await world.runtime.startImport(target, source, key));
      id = report.id;
      failingSince = undefined;
      return report.state === 'succeeded' || report.state === 'failed' ? { is: 'ended', report } : undefined;
    } catch (error) {
      if (error instanceof RuntimeRefusal && !error.mayPass)
        return {
          is: 'refused',
          message: `the runtime refused the import (${error.status}): ${error.message}`,
        };
      failingSince ??= world.clock.monotonic();
      if (world.clock.monotonic() - failingSince < IMPORT_PATIENCE_MS) return undefined;
      failingSince = undefined;
      return delayed(visit, target, source, error);
    }
  };
}

/** Names who does not do what, and what to do about it; the same each time, so that it is written once. */
function delayed({ tenant }: Visit, target: RuntimeTarget, source: string, error: unknown): Heard {
  const { name } = tenant.metadata;
  const namespace = namespaceOf(name, tenant.spec.placement);
  const status = error instanceof RuntimeRefusal ? error.status : undefined;
  const what = status === undefined ? 'does not answer' : `answers ${status}`;
  const logs = `see kubectl shopmind logs ${name} catalog`;
  const remedies: Readonly<Record<number, string>> = {
    401: `it does not take the key of Secret ${namespace}/${adminSecretName(name)}: ${logs}, and annotate the tenant with ${ANNOTATIONS.reconcileAt} to have the key entered again`,
    403: `the key of Secret ${namespace}/${adminSecretName(name)} may not import there: ${logs}, and look whether the runtime is of the operator's version`,
    404: `it knows no shop at ${target.host}, or no imports: ${logs}, and look whether it reaches the database and hosts domain catalog`,
  };
  const remedy = status === undefined ? undefined : remedies[status];
  const said = error instanceof Error && error.message !== '' ? ` (${error.message})` : '';
  const message = `the runtime at ${target.address} ${what}${said} to the import of ${source} for more than ${IMPORT_PATIENCE_MS / 1000} s; it is tried again and again; ${remedy ?? logs}`;
  return {
    is: 'delayed',
    reason: remedy === undefined ? DELAYED : REFUSED,
    message: message.slice(0, 1024),
    passes: remedy === undefined,
  };
}

function concluded(
  type: string,
  source: string,
  attempt: string,
  heard: Exclude<Heard, { readonly is: 'delayed' }>,
): Step {
  const failed = (message: string, report?: ImportReport): Step => ({
    type,
    state: 'stuck',
    reason: 'ImportFailed',
    message:
      `${message}; mend the source and change spec.catalog.source.url, or annotate the tenant with ${ANNOTATIONS.reconcileAt} to try again`.slice(
        0,
        1024,
      ),
    proceed: true,
    status: {
      catalog: { source, state: 'Failed', attempt, ...(report === undefined ? {} : { importId: report.id }) },
    },
  });
  if (heard.is === 'refused') return failed(heard.message);
  const answer = heard.report;
  const { created, updated, unchanged } = answer.products;
  const products = created + updated + unchanged;
  if (answer.state === 'failed' || (products === 0 && answer.problemCount > 0)) {
    return failed(answer.error ?? `no row of ${source} could be imported: ${problemsOf(answer)}`, answer);
  }
  const catalog = {
    source,
    importId: answer.id,
    state: 'Succeeded' as const,
    products,
    failedRows: answer.problemCount,
  };
  const message =
    answer.problemCount === 0
      ? importedMessage(catalog)
      : `${importedMessage(catalog)}: ${problemsOf(answer)}`;
  return {
    type,
    state: 'ready',
    reason: 'Imported',
    message: message.slice(0, 1024),
    proceed: true,
    status: { catalog },
  };
}

function importedMessage(catalog: NonNullable<TenantStatus['catalog']>): string {
  const { source, products = 0, failedRows = 0 } = catalog;
  return `${products} products from ${source}${failedRows === 0 ? '' : `, ${failedRows} problems`}`;
}

function problemsOf({ problems, problemCount }: ImportReport): string {
  const shown = problems.slice(0, 5).map(({ line, what }) => `line ${line}: ${what}`);
  return `${shown.join('; ')}${problemCount > shown.length ? `; and ${problemCount - shown.length} more` : ''}`;
}

/** Address of the shop for browsers. */
export function originOf({ tenant, platform }: Pick<Visit, 'tenant' | 'platform'>): string {
  return publicOrigin(tenant.spec.hosts[0] ?? '', platform.publicPort);
}

export function targetOf({ tenant, credentials }: Visit, service: string | undefined): RuntimeTarget {
  const namespace = namespaceOf(tenant.metadata.name, tenant.spec.placement);
  return {
    address: `http://${service ?? 'runtime'}.${namespace}.svc:${RUNTIME_PORT}`,
    host: tenant.spec.hosts[0] ?? '',
    adminToken: credentials.adminToken,
  };
}

/**
 * Admission sees a cache, so two tenants may slip in with one host: the elder keeps it.
 * @returns name of an elder tenant with this host
 */
function elderWith(world: World, tenant: TenantObject, host: string): string | undefined {
  const age = ({ metadata: { creationTimestamp = '', name } }: TenantObject): string =>
    `${creationTimestamp}/${name}`;
  return world
    .cacheOf(tenants)
    .byIndex(HOST_INDEX, host)
    .find((other) => other.metadata.name !== tenant.metadata.name && age(other) < age(tenant))?.metadata.name;
}

type Problem = Pick<Finding, 'state' | 'reason' | 'message'>;

/** The merchant's own keys for cards; none where the account is the platform's. */
export async function ownPaymentKeys(visit: Visit): Promise<{
  readonly value: TenantData['paymentKeys'];
  readonly problem?: Problem;
}> {
  const { provider, secretRef } = visit.tenant.spec.payments;
  if (provider === 'paypal' || secretRef === undefined) return { value: undefined };
  const { values, problem } = await keysIn(visit, secretRef.name, 'spec.payments.secretRef', [
    'secretKey',
    'publishableKey',
    'webhookSecret',
  ]);
  if (problem !== undefined) return { value: undefined, problem };
  const { secretKey = '', publishableKey = '', webhookSecret = '' } = values;
  return { value: { secretKey, publishableKey, webhookSecret } };
}

/** The merchant's own keys at PayPal; none where the account is at the platform's stand-in, or there is none. */
async function ownPayPalKeys(visit: Visit): Promise<{
  readonly value: TenantData['payPalKeys'];
  readonly problem?: Problem;
}> {
  const { paypal } = visit.tenant.spec.payments;
  if (paypal === undefined) return { value: undefined };
  const { secretRef, environment } = paypal;
  if (secretRef === undefined) {
    if (visit.platform.paypalUrl !== undefined) return { value: undefined };
    const message =
      'spec.payments.paypal.secretRef: this platform has no stand-in for PayPal; name a Secret with the keys clientId, clientSecret and webhookId';
    return { value: undefined, problem: { state: 'stuck', reason: 'PaymentSecret', message } };
  }
  const { values, problem } = await keysIn(visit, secretRef.name, 'spec.payments.paypal.secretRef', [
    'clientId',
    'clientSecret',
    'webhookId',
  ]);
  if (problem !== undefined) return { value: undefined, problem };
  const { clientId = '', clientSecret = '', webhookId = '' } = values;
  return { value: { clientId, clientSecret, webhookId, environment } };
}

/** Keys of a merchant's Secret, read fresh: it is not ours and not cached. */
async function keysIn(
  { tenant, context, objects }: Visit,
  name: string,
  field: string,
  wanted: readonly string[],
): Promise<{ readonly values: Readonly<Record<string, string>>; readonly problem?: Problem }> {
  const namespace = namespaceOf(tenant.metadata.name, tenant.spec.placement);
  const values =
    decoded(await context.client.find(secrets, { namespace, name }, { signal: context.signal })) ?? {};
  if (wanted.every((key) => values[key] !== undefined)) return { values };
  const comes = objects.ground.find(
    ({ kind, metadata }) => kind === 'ExternalSecret' && metadata.name === name,
  )?.metadata;
  if (comes === undefined) {
    const keys = `${wanted.slice(0, -1).join(', ')} and ${wanted.at(-1) ?? ''}`;
    const message = `Secret ${namespace}/${name} of ${field} needs the keys ${keys}`;
    return { values, problem: { state: 'stuck', reason: 'PaymentSecret', message } };
  }
  const message = `waits for the secret store to fill Secret ${comes.namespace}/${comes.name}; see kubectl describe externalsecret ${comes.name} -n ${comes.namespace}`;
  return { values, problem: { state: 'waiting', reason: 'PaymentSecretPending', message } };
}

/** What a gateway says of the tenant's route. */
export function routeAcceptance({ tenant, world }: Visit): ReturnType<typeof acceptanceOf> {
  const { name } = tenant.metadata;
  return acceptanceOf(world.cacheOf(httpRoutes).get(`${namespaceOf(name, tenant.spec.placement)}/${name}`));
}

function summary(actions: readonly string[]): string {
  const shown = actions.slice(0, 8).join('; ');
  return (actions.length > 8 ? `${shown}; and ${actions.length - 8} more` : shown).slice(0, 1000);
}

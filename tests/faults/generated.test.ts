/**
 * Tenants that nobody thought of (after Acto): each lives through specs drawn by chance, sound and unsound, and goes
 * back to its first. After every change the oracles are asked; what they object to shrinks to the smallest history.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { Condition } from '../../crds/index.ts';
import {
  shopServices,
  tenants,
  type ServiceObject,
  type TenantObject,
} from '../../operator/controllers/kinds.ts';
import { findCondition } from '../../operator/kube/conditions.ts';
import { KubeError } from '../../operator/kube/errors.ts';
import {
  deployments,
  horizontalPodAutoscalers,
  httpRoutes,
  namespaces,
} from '../../operator/kube/resources.ts';
import type { KubeObject } from '../../operator/kube/types.ts';
import { until } from '../support/wait.ts';
import { createBound, isSaid, NotConverged, quiet } from './convergence.ts';
import { LEASE_LOST } from './operator-process.ts';
import { BOUND_MS, FULL, report, SEED } from './profile.ts';
import { draft, spec, type Draft, type Spec } from './specs.ts';
import { differences, objectsOf, stateOf, type TenantState } from './state.ts';
import { createWorld, isIllTyped, tail, type Operator, type World } from './world.ts';

/** Histories that live side by side; the operator has as many workers. */
const LANES = 6;
const SPECS = FULL ? 500 : 60;

let world: World;
let operator: Operator;
let born = 0;
let tried = 0;
const verdicts = { accepted: 0, refused: 0, stalled: 0 };
/** Why specs without a deliberate mistake were refused: rules over several fields that chance does not know. */
const refusals = new Map<string, number>();

before(async () => {
  world = await createWorld();
  operator = await world.startOperator({ restarts: true });
  await until(async () => ((await fetch(`http://${operator.address}:9090/readyz`)).ok ? true : undefined), {
    withinMs: BOUND_MS,
    what: 'the operator answers admission',
  });
});
after(() => world.close());

test(`${SPECS} specs drawn with seed ${SEED}: no oracle objects`, { timeout: 6 * 3_600_000 }, async () => {
  const began = performance.now();
  let converged = 0;
  let hasFired = false;
  const history = fc.record({ first: spec, later: fc.array(draft, { minLength: 1, maxLength: 3 }) });
  const lane = async (nth: number): Promise<void> => {
    for (let round = 0; tried < SPECS && !hasFired; round += 1) {
      await fc.assert(
        fc.asyncProperty(history, async ({ first, later }) => {
          const specs = await live(first, later);
          // Lanes run side by side: what is added to must be read after the wait.
          converged += specs;
        }),
        { seed: SEED + nth * 1_000 + round, numRuns: 1, interruptAfterTimeLimit: 10 * BOUND_MS },
      );
    }
  };
  try {
    const lanes = Array.from({ length: LANES }, (_, nth) =>
      lane(nth).catch((error: unknown) => {
        // The others end what they are at: the world must not close under them.
        hasFired = true;
        throw error;
      }),
    );
    const fired = (await Promise.allSettled(lanes)).find(({ status }) => status === 'rejected');
    if (fired?.status === 'rejected') throw fired.reason;
    await atRest();
  } finally {
    for (const [why, times] of refusals) console.log(`refused ${times} times: ${why}`);
    report({
      scenario: `generated specs (${verdicts.accepted} accepted, ${verdicts.stalled} of them with a reason why not, ${verdicts.refused} refused)`,
      tried,
      converged,
      seconds: (performance.now() - began) / 1000,
    });
  }
});

/** One tenant: created, changed, changed back, deleted. @returns specs it went through */
async function live(first: Spec, later: readonly Draft[]): Promise<number> {
  const name = `g${String((born += 1)).padStart(5, '0')}`;
  let specs = 0;
  const heard = operator.process.log.length;
  const become = async (next: Draft): Promise<boolean> => {
    tried += 1;
    specs += 1;
    const accepted = await put(name, next);
    if (accepted) await isWhatItSays(name);
    assertAlive(name, heard);
    return accepted;
  };
  try {
    if (!(await become({ spec: first, mistake: undefined }))) return specs;
    const beginning = await stateOf(world, name);
    const { conditions } = await said(name);
    for (const each of later) await become(each);
    assert.ok(await become({ spec: first, mistake: undefined }), 'what was taken once is taken again');
    // Who is stuck keeps what it has meanwhile: there is no good state to go back to.
    if (!isStalled(conditions)) await recovered(name, beginning);
  } finally {
    await world.client.delete(tenants, { name }).catch(ignoreMissing);
  }
  await gone(name, first);
  assertAlive(name, heard);
  return specs;
}

/** Rejected input changes nothing; what is wrong is rejected or says so. */
async function put(name: string, { spec: drawn, mistake }: Draft): Promise<boolean> {
  const before = await world.client.find(tenants, { name });
  const wanted = JSON.parse(JSON.stringify(drawn).replaceAll('@', name)) as Spec;
  try {
    await world.put(name, wanted);
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    const isRefused = (error.code >= 400 && error.code < 500) || isIllTyped(error);
    assert.ok(isRefused, `${error.code}: ${error.message}`);
    assert.ok(error.message.length > 0);
    const present = await world.client.find(tenants, { name });
    assert.deepEqual(present?.spec, before?.spec, 'a refused change changes nothing');
    assert.equal(present?.metadata.generation, before?.metadata.generation);
    verdicts.refused += 1;
    if (mistake === undefined) {
      const why = (error.causes[0]?.message ?? error.message).slice(0, 90);
      refusals.set(why, (refusals.get(why) ?? 0) + 1);
    }
    return false;
  }
  verdicts.accepted += 1;
  const { conditions } = await said(name);
  if (isStalled(conditions)) verdicts.stalled += 1;
  if (mistake !== undefined) assert.ok(isStalled(conditions), `${mistake} is accepted without a word`);
  return true;
}

/** Nothing is stuck in silence: within the bound every tenant is ready, off, or says what a person has to do. */
async function said(name: string): Promise<{ tenant: TenantObject; conditions: readonly Condition[] }> {
  const bound = createBound();
  for (;;) {
    const tenant = await world.client.get(tenants, { name });
    const { resourceVersion = '' } = tenant.metadata;
    if (isSaid(tenant)) return { tenant, conditions: tenant.status?.conditions ?? [] };
    if (bound.isOver(resourceVersion)) throw new NotConverged(inItsWords(tenant));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function inItsWords({ metadata: { name }, spec: wanted, status }: TenantObject): string {
  const own = operator.process.log.filter(({ key }) => key === name).slice(-5);
  const lines = [...own.map((line) => JSON.stringify(line).slice(0, 600)), ...world.complaints()];
  return `${name} is neither ready nor says why not: ${JSON.stringify({ spec: wanted, status }, null, 1)}
The operator says:\n${lines.join('\n')}`;
}

const isStalled = (conditions: readonly Condition[]): boolean => {
  const stalled = findCondition(conditions, 'Stalled');
  return stalled?.status === 'True' && stalled.reason !== '' && stalled.message !== '';
};

/** What the spec says is what the objects and the directory say, read without the operator's builders. */
async function isWhatItSays(name: string): Promise<void> {
  const { tenant, conditions } = await said(name);
  const ready = findCondition(conditions, 'Ready');
  if (isStalled(conditions)) return void assert.equal(ready?.status, 'False');
  const { spec: wanted } = tenant;
  assert.equal(ready?.status, wanted.suspended ? 'False' : 'True', JSON.stringify(conditions));
  assert.equal(ready?.reason, wanted.suspended ? 'Suspended' : 'Ready');
  await routed(name, tenant);
  await registered(name, tenant);
  if (wanted.placement === 'dedicated') await served(name, tenant);
  else await noNamespace(name);
}

/** A tenant that moved to the pool is ready before the last of its namespace is gone. */
async function noNamespace(name: string): Promise<void> {
  const find = (): Promise<unknown> => world.client.find(namespaces, { name: `tenant-${name}` });
  await until(async () => ((await find()) === undefined ? true : undefined), {
    withinMs: BOUND_MS,
    everyMs: 250,
    what: `${name} is pooled and has no namespace`,
  });
}

async function routed(name: string, { spec: wanted }: TenantObject): Promise<void> {
  const namespace = wanted.placement === 'dedicated' ? `tenant-${name}` : 'shopmind-system';
  const route = (await world.client.get(httpRoutes, { namespace, name })) as KubeObject & {
    spec: { hostnames: string[] };
  };
  assert.deepEqual(route.spec.hostnames, wanted.hosts);
  const { annotations = {} } = route.metadata;
  assert.equal(annotations['shopmind.ai/requests-per-minute'], String(wanted.quotas.requestsPerMinute));
  assert.equal(annotations['shopmind.ai/suspended'] !== undefined, wanted.suspended);
}

async function registered(name: string, { spec: wanted }: TenantObject): Promise<void> {
  const { rows } = await world.database.query('select * from platform.tenants where id = $1', [name]);
  assert.equal(rows.length, 1, 'one row of the directory');
  const [row] = rows as [Record<string, unknown>];
  assert.deepEqual(
    [row['display_name'], row['plan'], row['placement'], row['hosts'], row['locales'], row['currencies']],
    [wanted.displayName, wanted.plan, wanted.placement, wanted.hosts, wanted.locales, wanted.currencies],
  );
  assert.deepEqual(row['quotas'], wanted.quotas);
  assert.equal(row['suspended'], wanted.suspended);
  assert.deepEqual(row['branding'], wanted.branding ?? {});
  assert.deepEqual([...(row['domains'] as string[])].toSorted(), enabled(tenantDomains(wanted)));
  const schema = wanted.placement === 'dedicated' ? `tenant_${name}` : 'shop';
  const { rows: schemas } = await world.database.query('select from pg_namespace where nspname = $1', [
    schema,
  ]);
  assert.equal(schemas.length, 1, `schema ${schema}`);
}

type Domains = Readonly<Record<string, TenantObject['spec']['domains'][number]>>;
const tenantDomains = ({ domains }: TenantObject['spec']): Domains =>
  Object.fromEntries(domains.map((domain) => [domain.name, domain]));
const enabled = (domains: Domains): string[] =>
  [
    'accounts',
    'analytics',
    'catalog',
    'chat',
    'marketing',
    'media',
    'notifications',
    'orders',
    'payments',
    'recommendations',
    'webhooks',
  ].filter((domain) => domains[domain]?.enabled !== false);

/** A tenant is open, or off, before the last of its Services is through with a change; each says so itself. */
async function settledServices(namespace: string): Promise<readonly ServiceObject[]> {
  const bound = createBound();
  for (;;) {
    const { items } = await world.client.list(shopServices, { namespace });
    if (items.every(isSaid)) return items;
    if (bound.isOver(items.map(({ metadata }) => metadata.resourceVersion).join(' ')))
      throw new NotConverged(`Services of ${namespace} are neither ready nor say why not`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A dedicated tenant's Services: a domain that scales by itself stands alone, the others together. */
async function served(name: string, { spec: wanted }: TenantObject): Promise<void> {
  const namespace = `tenant-${name}`;
  const domains = tenantDomains(wanted);
  const alone = enabled(domains).filter((domain) => domains[domain]?.scaling !== undefined);
  const together = enabled(domains).filter((domain) => !alone.includes(domain));
  const expected = [...alone, ...(together.length > 0 ? ['runtime'] : [])].toSorted();
  const items = await settledServices(namespace);
  assert.deepEqual(items.map(({ metadata }) => metadata.name).toSorted(), expected);
  for (const service of items) {
    const own = service.metadata.name;
    assert.deepEqual(service.spec.domains, own === 'runtime' ? together : [own]);
    const deployment = await world.client.get(deployments, { namespace, name: own });
    if (wanted.suspended) assert.equal(deployment.spec?.replicas, 0);
    const scaling = own === 'runtime' ? wanted.autoscaling : domains[own]?.scaling;
    if (scaling === undefined || wanted.suspended || wanted.environment === 'development') continue;
    const autoscaler = await world.client.find(horizontalPodAutoscalers, { namespace, name: own });
    if (scaling.min === scaling.max) assert.equal(deployment.spec?.replicas, scaling.min);
    else {
      assert.equal(autoscaler?.spec?.minReplicas, scaling.min);
      assert.equal(autoscaler?.spec?.maxReplicas, scaling.max);
    }
  }
}

/** What happened stays so: imports, roll-outs, moves, Pods that an autoscaler keeps for a while. */
const HISTORY = ['deployment.kubernetes.io/revision', 'move', 'catalog', 'replicas', 'readyReplicas'];

/**
 * After a change is taken back everything is as it was before it, save what happened. A domain that was there for a while
 * leaves its tables: rows are not dropped by an edit.
 */
async function recovered(name: string, beginning: TenantState): Promise<void> {
  const timeless = (state: TenantState): unknown =>
    JSON.parse(
      JSON.stringify({ ...state, imports: [], schemas: state.schemas.length }, (key, value: unknown) => {
        if (HISTORY.includes(key)) return undefined;
        if (key === 'message') return String(value).replaceAll(/\d+ (of \d+ )?Pods/g, 'Pods');
        // Conditions have a type of their own; these two tell of what happened.
        if (key === 'conditions')
          return (value as Condition[]).filter(({ type }) => !['Placed', 'CatalogReady'].includes(type));
        return value;
      }),
    );
  let rest: readonly string[] = [];
  await until(
    async () => {
      rest = differences(timeless(beginning), timeless(await stateOf(world, name)));
      return rest.length === 0 ? true : undefined;
    },
    { withinMs: BOUND_MS, everyMs: 250, what: `${name} is as before` },
  ).catch((error: unknown) => {
    const said = [...rest, 'The operator says:', ...world.complaints()];
    throw new Error(`${name} is not as before:\n${said.join('\n')}`, { cause: error });
  });
}

async function gone(name: string, last: Spec): Promise<void> {
  const bound = createBound();
  for (;;) {
    const tenant = await world.client.find(tenants, { name });
    if (tenant === undefined) break;
    if (bound.isOver(tenant.metadata.resourceVersion ?? '')) throw new NotConverged(inItsWords(tenant));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const left = (await objectsOf(world, name)).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  assert.deepEqual(left, [], 'nothing is left of it');
  const { rows } = await world.database.query('select from platform.tenants where id = $1', [name]);
  assert.equal(rows.length, 0, 'the directory has forgotten it');
  if (last['deletionPolicy'] !== 'Delete') return;
  const { rows: schemas } = await world.database.query('select from pg_namespace where nspname = $1', [
    `tenant_${name}`,
  ]);
  assert.equal(schemas.length, 0, 'its schema is gone');
}

/**
 * It lives, it is healthy, and it has nothing to complain of: neither of this tenant nor in general.
 * @param heard lines of its log that were there before this tenant
 */
function assertAlive(name: string, heard: number): void {
  assert.equal(operator.process.hasEnded(), false, tail(operator.process));
  assert.deepEqual(operator.process.noise, []);
  const errors = operator.process.log
    .slice(heard)
    .filter(({ level, msg }) => level >= 50 && msg !== LEASE_LOST)
    .filter(({ key }) => typeof key !== 'string' || isAbout(key, name));
  assert.deepEqual(errors.slice(0, 3), []);
}

/** Keys of the tenant itself and of what is in its namespace. */
const isAbout = (key: string, name: string): boolean => key === name || key.startsWith(`tenant-${name}/`);

/** With everybody as wanted, nothing is written any more. */
async function atRest(): Promise<void> {
  const { ok } = await fetch(`http://${operator.address}:9090/readyz`);
  assert.ok(ok, 'it is ready');
  await quiet(operator);
  const before = operator.proxy.writes.length;
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  assert.deepEqual(operator.proxy.writes.slice(before), []);
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof KubeError && error.reason === 'NotFound')) throw error;
}

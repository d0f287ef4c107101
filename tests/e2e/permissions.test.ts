/**
 * Operator and gateway have the rights they use and no others: a whole installation lives its life under their own
 * ServiceAccounts, in a cluster that enforces roles, and what they asked is compared with what they may.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ANNOTATIONS, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import { OPTIONAL, secrets, shopServices, tenants } from '../../operator/controllers/kinds.ts';
import type { Client } from '../../operator/kube/client.ts';
import { findCondition } from '../../operator/kube/conditions.ts';
import { cronJobs, horizontalPodAutoscalers, podDisruptionBudgets } from '../../operator/kube/resources.ts';
import { GATEWAY_GRANTS, OPERATOR_GRANTS, type Grant } from '../../operator/resources/permissions.ts';
import { clusterOf, podsOf } from '../support/cluster.ts';
import { removeInstallation, startInstallation, type Installation } from '../support/installation.ts';
import { until } from '../support/wait.ts';

/**
 * What this installation cannot show, and where it is shown. A pattern of `verb group/resource`.
 * `create`: of an apply the server demands it too, and asks under the verb patch.
 */
const SHOWN_ELSEWHERE: readonly (readonly [what: RegExp, where: string])[] = [
  [/^create /, 'implied by every patch that is an apply of something new'],
  [
    new RegExp(`^\\w+ (${OPTIONAL.map(({ group, plural }) => `${group}/${plural}`).join('|')})$`),
    'kinds this cluster lacks: tests/cluster/generated.test.ts',
  ],
  [
    /^\w+ (apps\/controllerrevisions|discovery.k8s.io\/endpointslices)$/,
    'deliveries by canary: operator/controllers/service/canary',
  ],
  [/^delete (apps\/deployments|\/services|\/serviceaccounts)$/, 'deliveries by canary, as above'],
  [
    /^update shopmind.ai\/services\/finalizers$/,
    'asked by OwnerReferencesPermissionEnforcement, which is off by default',
  ],
  [
    /^get (apps\/deployments|\/services|\/serviceaccounts|policy\/poddisruptionbudgets|batch\/cronjobs)$/,
    "only when a stranger's object stands where ours shall be: operator/controllers/tenant/reconcile.test.ts",
  ],
  [
    /^(get|patch|delete) batch\/jobs$/,
    'backups and restores that somebody asks for: tests/e2e/subjects.test.ts, operator/controllers/backups',
  ],
  [/^patch \/events$/, 'only when the same thing happens twice within ten minutes'],
];

let installation: Installation;
let client: Client;

before(async () => {
  installation = await startInstallation({ storefront: false });
  await installation.event('tenants', 180_000);
  client = await clusterOf(installation);
  await live();
});

after(async () => {
  client?.close();
  await removeInstallation(installation);
});

/** Everything that makes the operator ask for something else: made, grown, shrunk, suspended, mended, deleted. */
async function live(): Promise<void> {
  const fjord = { name: 'fjord' };
  const service = { namespace: 'tenant-fjord', name: 'runtime' };
  const change = (spec: object) => client.patch(tenants, fjord, { kind: 'merge', body: { spec } });
  const there = async (
    type: typeof horizontalPodAutoscalers | typeof podDisruptionBudgets,
    wanted: boolean,
  ) =>
    until(
      async () => ((await client.find<never>(type as never, service)) !== undefined) === wanted || undefined,
      { withinMs: 60_000, what: `${type.plural} ${wanted ? 'there' : 'gone'}` },
    );
  await change({ autoscaling: { min: 2, max: 4 } });
  await there(horizontalPodAutoscalers, true);
  await there(podDisruptionBudgets, true);
  await change({ autoscaling: { min: 1, max: 1 } });
  await there(horizontalPodAutoscalers, false);
  await there(podDisruptionBudgets, false);
  await change({ domains: [{ name: 'orders', scaling: { min: 1, max: 2 } }] });
  const alone = { namespace: service.namespace, name: 'orders' };
  await until(() => client.find(shopServices, alone), { withinMs: 60_000, what: 'a Service of its own' });
  await change({ domains: [] });
  await until(async () => ((await client.find(shopServices, alone)) === undefined ? true : undefined), {
    withinMs: 60_000,
    what: 'no Service of its own',
  });
  for (const enabled of [true, false]) {
    await change({ backup: { enabled } });
    await until(
      async () => {
        const { items } = await client.listAll(cronJobs, { namespace: service.namespace });
        return items.length > 0 === enabled ? true : undefined;
      },
      { withinMs: 60_000, what: enabled ? 'a nightly backup' : 'no nightly backup' },
    );
  }
  await change({ payments: { secretRef: { name: 'none' } } });
  await until(
    async () =>
      findCondition((await client.get(tenants, fjord)).status?.conditions, 'Stalled')?.status === 'True'
        ? true
        : undefined,
    { withinMs: 60_000, what: 'the missing Secret is told' },
  );
  for (const name of ['fjord', 'acme']) {
    await client.patch(
      tenants,
      { name },
      {
        kind: 'merge',
        body: {
          metadata: { annotations: { [ANNOTATIONS.reconcileAt]: 'now' } },
          spec: { deletionPolicy: 'Delete' },
        },
      },
    );
    await client.delete(tenants, { name });
    await until(async () => ((await client.find(tenants, { name })) === undefined ? true : undefined), {
      withinMs: 90_000,
      what: `${name} is gone`,
    });
  }
}

/** `verb group/resource` of everything a client asked and was allowed. */
async function askedBy(userAgent: string): Promise<ReadonlySet<string>> {
  const text = await client.raw('GET', '/metrics');
  const asked = new Set<string>();
  for (const [, verb = '', resource = '', agent = ''] of text.matchAll(
    /^apiserver_request_total[{]verb="([^"]+)",resource="([^"]+)",user_agent="([^"]+)"[}]/gm,
  ))
    if (agent.startsWith(userAgent)) asked.add(`${verb} ${resource}`);
  return asked;
}

function granted(grants: readonly Grant[]): ReadonlySet<string> {
  return new Set(
    grants.flatMap(({ group, resources, verbs }) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
    ),
  );
}

for (const [who, userAgent, grants] of [
  ['operator', 'shopmind-operator', OPERATOR_GRANTS],
  ['gateway', 'shopmind-gateway', GATEWAY_GRANTS],
] as const) {
  test(`the ${who} uses every right it has`, async () => {
    const asked = await askedBy(userAgent);
    assert.ok(asked.size > 5, 'requests were counted');
    const unused = [...granted(grants)].filter(
      (right) => !asked.has(right) && !SHOWN_ELSEWHERE.some(([what]) => what.test(right)),
    );
    assert.deepEqual(unused, []);
  });

  test(`the ${who} asked for nothing it has no right to`, async () => {
    const rights = granted(grants);
    assert.deepEqual(
      [...(await askedBy(userAgent))].filter((one) => !rights.has(one)),
      [],
    );
    const [pod] = await podsOf(client, who);
    const log = await client.raw(
      'GET',
      `/api/v1/namespaces/${SYSTEM_NAMESPACE}/pods/${pod?.metadata.name}/log`,
    );
    assert.ok(log.length > 0);
    assert.doesNotMatch(log, /is forbidden: User/);
  });
}

test('outside of its own Secrets nothing of the operator is readable by the gateway', async () => {
  assert.ok(![...granted(GATEWAY_GRANTS)].some((right) => right.endsWith(`/${secrets.plural}`)));
});

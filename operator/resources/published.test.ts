/**
 * Whatever a tenant declares and whatever the cluster has: what is made for it is right by the schema its own project
 * publishes, down to unknown fields and CEL rules.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ServiceSpec, ShopMindTenant } from '../../crds/index.ts';
import { backupJob } from './backup.ts';
import { canaryWorkload, keptRevision, splitRoute, templateOf } from './canary.ts';
import type { Manifest } from './chart.ts';
import { openingsOf } from './network.ts';
import { withRollout } from './rollout.ts';
import { tenantRoute } from './route.ts';
import { BARE } from './surroundings.ts';
import type { Surroundings } from './surroundings.ts';
import { tenantNamespace, tenantSecrets, tenantServices } from './tenancy.ts';
import { dedicated, service, tenant, workloadInput } from './testing/inputs.ts';
import { mistakesIn } from './testing/published.ts';
import { workload } from './workload.ts';
import type { WorkloadInput } from './workload.ts';

const EVERYTHING: Surroundings = {
  integrations: { prometheus: 'on', istio: 'on', keda: 'on', externalSecrets: 'on', argoRollouts: 'on' },
  customMetrics: true,
  mesh: { 'istio-injection': 'enabled' },
};
const KEDA = {
  min: 1,
  max: 4,
  by: 'KEDA',
  memoryPercent: 80,
  requestsPerSecond: 20,
  kafka: { topic: 'orders', consumerGroup: 'shop', lag: 100 },
};
const OPENINGS = openingsOf(
  {
    databaseUrl: 'postgres://db.example/shopmind',
    databaseReplicaUrl: undefined,
    databasePoolerUrl: undefined,
    paymentsUrl: 'http://processor.shopmind-system.svc:8090',
    scanUrl: 'clamd://clamav.scan.svc:3310',
    traces: { url: 'http://collector.tracing.svc:4318', ratio: 1 },
    monitoringNamespace: 'monitoring',
    backends: { shared: {}, own: {} },
    providers: { shared: {}, own: {} },
    models: [],
  },
  'acme',
);

/** Every object of the tenant, those of its Services included. */
function everything(one: ShopMindTenant, surroundings: Surroundings): readonly Manifest[] {
  const services = tenantServices(one);
  const store = { kind: 'ClusterSecretStore', name: 'vault', prefix: 'shopmind' } as const;
  return [
    ...tenantNamespace(one, OPENINGS, surroundings),
    ...tenantSecrets(one, store, surroundings),
    ...services,
    ...services.flatMap((object) =>
      // The builder's own Service.
      workloadOf(object.metadata.name, service(object['spec'] as ServiceSpec), surroundings),
    ),
    ...tenantRoute(one),
  ];
}

function workloadOf(name: string, spec: ServiceSpec, surroundings: Surroundings): readonly Manifest[] {
  const input: WorkloadInput = {
    ...workloadInput(spec),
    name,
    surroundings,
    drainSeconds: 5,
    blobs: { path: '/blobs', claim: 'blobs' },
    metricSources: { prometheusUrl: 'http://prometheus.monitoring.svc:9090', kafkaBrokers: 'kafka:9092' },
    monitorLabels: { release: 'prometheus' },
  };
  return [...workload(input), ...backupJob(input)];
}

test('every object of any tenant is right by its published schema', () => {
  fc.assert(
    fc.property(dedicated, fc.constantFrom(BARE, EVERYTHING), (one, surroundings) => {
      assert.deepEqual(everything(one, surroundings).flatMap(mistakesIn), []);
    }),
    { numRuns: 40 },
  );
});

test('the optional kinds are made where they are served, and all of them are', () => {
  const one = tenant({
    placement: 'dedicated',
    autoscaling: KEDA,
    payments: { secretRef: { name: 'stripe' } },
  });
  const kinds = (surroundings: Surroundings) =>
    new Set(everything(one, surroundings).map(({ kind }) => kind));
  const optional = [
    'AuthorizationPolicy',
    'DestinationRule',
    'ExternalSecret',
    'PeerAuthentication',
    'ScaledObject',
    'ServiceMonitor',
    'VirtualService',
  ];
  assert.deepEqual(
    optional.filter((kind) => kinds(EVERYTHING).has(kind)),
    optional,
  );
  assert.deepEqual(
    optional.filter((kind) => kinds(BARE).has(kind)),
    [],
  );
  assert.deepEqual(everything(one, EVERYTHING).flatMap(mistakesIn), []);
  // One autoscaler, never two.
  assert.ok(!kinds(EVERYTHING).has('HorizontalPodAutoscaler') && kinds(BARE).has('HorizontalPodAutoscaler'));
});

test('KEDA is asked for everything that is declared: processor, memory, requests and Kafka', () => {
  const made = workloadOf('runtime', service({ domains: ['orders'], scaling: KEDA }), EVERYTHING);
  const spec = made.find(({ kind }) => kind === 'ScaledObject')?.['spec'];
  const { triggers } = spec as {
    readonly triggers: readonly { readonly type: string; readonly metadata: object }[];
  };
  assert.deepEqual(
    triggers.map(({ type }) => type),
    ['cpu', 'memory', 'prometheus', 'kafka'],
  );
  assert.deepEqual(triggers[3]?.metadata, {
    bootstrapServers: 'kafka:9092',
    consumerGroup: 'shop',
    topic: 'orders',
    lagThreshold: '100',
  });
});

test('what a delivery consists of is right by its published schemas, by the operator itself and by Argo Rollouts', () => {
  const input = {
    ...workloadInput({ domains: ['orders'], scaling: KEDA, traffic: { canary: {} } }),
    surroundings: EVERYTHING,
  };
  const { canary } = input.spec.traffic ?? {};
  assert.ok(canary);
  const identity = { name: 'runtime', namespace: 'n', tenant: undefined, port: 8080 };
  const own = canaryWorkload(input, 2);
  const argo = withRollout(workload(input), {
    ...identity,
    canary,
    prometheusUrl: 'http://prometheus.monitoring.svc:9090',
  });
  const kept = keptRevision(identity, 'a1b2c3d4e5', templateOf(own));
  assert.deepEqual([...own, ...argo, splitRoute({ ...identity, weight: 5 }), kept].flatMap(mistakesIn), []);
  const kinds = argo.map(({ kind, metadata: { name } }) => `${kind} ${name}`);
  assert.ok(!kinds.includes('Deployment runtime'));
  for (const made of ['Rollout runtime', 'Service runtime-canary', 'AnalysisTemplate runtime-gate']) {
    assert.ok(kinds.includes(made), made);
  }
});

test('Argo goes by the same steps, asks at the end of each, and lets nothing pass for which there are too few requests', () => {
  const input = workloadInput({
    domains: ['orders'],
    traffic: { canary: { gates: { maxErrorRate: '0.5%', minRequests: 40 } } },
  });
  const { canary } = input.spec.traffic ?? {};
  assert.ok(canary);
  const made = withRollout(workload(input), {
    name: 'runtime',
    namespace: 'n',
    port: 8080,
    canary,
    prometheusUrl: 'http://p',
  });
  const rollout = made.find(({ kind }) => kind === 'Rollout')?.['spec'] as {
    readonly strategy: { readonly canary: { readonly steps: readonly object[] } };
    readonly template: object;
  };
  const gate = { analysis: { templates: [{ templateName: 'runtime-gate' }] } };
  assert.deepEqual(
    rollout.strategy.canary.steps,
    [5, 25, 50, 100].flatMap((setWeight) => [{ setWeight }, { pause: { duration: '300s' } }, gate]),
  );
  assert.deepEqual(rollout.template, templateOf(workload(input)));
  const template = made.find(({ metadata }) => metadata.name === 'runtime-gate')?.['spec'] as {
    readonly metrics: readonly {
      readonly successCondition: string;
      readonly provider: { readonly prometheus: { readonly query: string } };
    }[];
  };
  assert.deepEqual(
    template.metrics.map(({ successCondition }) => successCondition),
    ['len(result) > 0 && result[0] <= 0.005', 'len(result) > 0 && result[0] <= 1'],
  );
  for (const { provider } of template.metrics)
    assert.match(provider.prometheus.query, / and \(sum\(.*"n\/runtime-canary:8080".*\) >= 40\)$/);
});

test('a mistake would be found', () => {
  const [namespace] = tenantNamespace(tenant({ placement: 'dedicated' }), OPENINGS, BARE);
  assert.ok(namespace);
  assert.deepEqual(mistakesIn({ ...namespace, spec: { finalisers: [] } }), [
    'Namespace tenant-acme: spec.finalisers is unknown',
  ]);
  const [monitor] = workloadOf('runtime', service({ domains: ['orders'] }), EVERYTHING).filter(
    ({ kind }) => kind === 'ServiceMonitor',
  );
  assert.ok(monitor);
  assert.match(mistakesIn({ ...monitor, spec: {} }).join(), /spec.selector: Required value/);
});

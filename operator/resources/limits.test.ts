/**
 * The law of the quota: whatever a tenant declares, what the operator makes for it fits, at full scale, in the middle of a
 * roll-out, with a canary as large as what it replaces.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ServiceSpec, ShopMindTenant } from '../../crds/index.ts';
import type { Manifest } from './chart.ts';
import { SIDECAR } from './mesh.ts';
import { BARE } from './surroundings.ts';
import type { Surroundings } from './surroundings.ts';
import { dedicated, tenant, workloadInput } from './testing/inputs.ts';
import { tenantNamespace, tenantServices } from './tenancy.ts';
import { workload } from './workload.ts';

interface Container {
  readonly resources: { readonly requests: Quantities; readonly limits: Quantities };
}
type Quantities = Readonly<Record<string, string>>;

/** The part of each kind that is read here. */
interface Shapes {
  readonly Deployment: {
    readonly replicas?: number;
    readonly strategy: { readonly rollingUpdate: { readonly maxSurge: number } };
    readonly template: { readonly spec: { readonly containers: readonly Container[] } };
  };
  readonly HorizontalPodAutoscaler: { readonly maxReplicas: number };
  readonly ResourceQuota: { readonly hard: Readonly<Record<string, string | number>> };
  readonly LimitRange: { readonly limits: readonly { readonly max: Quantities }[] };
  readonly Service: ServiceSpec;
}

function specsOf<K extends keyof Shapes>(manifests: readonly Manifest[], kind: K): Shapes[K][] {
  // The builders' own objects, of kinds whose shape is known.
  return manifests.filter((one) => one.kind === kind).map((one) => one['spec'] as Shapes[K]);
}

const bounds = (one: ShopMindTenant, surroundings = BARE) =>
  tenantNamespace(one, { destinations: [] }, surroundings);
const MESH: Surroundings = { ...BARE, integrations: { ...BARE.integrations, istio: 'on' } };

/** What all Pods of all Services ask for at the worst moment, read from the manifests themselves. */
function worst(one: ShopMindTenant): { pods: number; cpu: number; memory: number; limit: number } {
  const total = { pods: 0, cpu: 0, memory: 0, limit: 0 };
  for (const spec of specsOf(tenantServices(one), 'Service')) {
    const manifests = workload(workloadInput(spec));
    const [deployment] = specsOf(manifests, 'Deployment');
    const [autoscaler] = specsOf(manifests, 'HorizontalPodAutoscaler');
    assert.ok(deployment);
    const wanted = autoscaler?.maxReplicas ?? deployment.replicas ?? 1;
    const canary = wanted;
    const pods = wanted + canary + deployment.strategy.rollingUpdate.maxSurge;
    total.pods += pods;
    for (const { resources } of deployment.template.spec.containers) {
      total.cpu += pods * amount(resources.requests['cpu']);
      total.memory += pods * amount(resources.requests['memory']);
      total.limit += pods * amount(resources.limits['memory']);
    }
  }
  return total;
}

test('full scale, surge and canary fit into the quota', () => {
  fc.assert(
    fc.property(dedicated, (one) => {
      const [quota] = specsOf(bounds(one), 'ResourceQuota');
      const needed = worst(one);
      const allowed = (name: string) => amount(quota?.hard[name]);
      assert.ok(needed.pods <= allowed('pods'), `${needed.pods} Pods`);
      assert.ok(needed.cpu <= allowed('requests.cpu'), `${needed.cpu} CPUs`);
      assert.ok(needed.memory <= allowed('requests.memory'), `${needed.memory} bytes`);
      assert.ok(needed.limit <= allowed('limits.memory'), `${needed.limit} bytes of limits`);
    }),
  );
});

test('in a mesh there is room for a sidecar in each Pod', () => {
  fc.assert(
    fc.property(dedicated, (one) => {
      const [quota] = specsOf(bounds(one, MESH), 'ResourceQuota');
      const [range] = specsOf(bounds(one, MESH), 'LimitRange');
      const { pods, cpu, memory, limit } = worst(one);
      const allowed = (name: string) => amount(quota?.hard[name]);
      assert.ok(cpu + pods * SIDECAR.cpuMillis * 1e-3 <= allowed('requests.cpu'));
      assert.ok(memory + pods * SIDECAR.memoryMi * 2 ** 20 <= allowed('requests.memory'));
      assert.ok(limit + pods * SIDECAR.memoryLimitMi * 2 ** 20 <= allowed('limits.memory'));
      assert.ok(SIDECAR.memoryLimitMi * 2 ** 20 <= amount(range?.limits[0]?.max['memory']));
    }),
  );
});

test('every container stays below the range, and states what the quota wants stated', () => {
  fc.assert(
    fc.property(dedicated, (one) => {
      const [range] = specsOf(bounds(one), 'LimitRange');
      const most = amount(range?.limits[0]?.max['memory']);
      for (const spec of specsOf(tenantServices(one), 'Service')) {
        const [deployment] = specsOf(workload(workloadInput(spec)), 'Deployment');
        for (const { resources } of deployment?.template.spec.containers ?? []) {
          assert.ok(amount(resources.limits['memory']) <= most);
          assert.ok(amount(resources.requests['cpu']) > 0);
        }
      }
    }),
  );
});

test('a quota is no invitation: a small plan cannot hold what a big one may', () => {
  const cpu = (plan: string) =>
    amount(
      specsOf(bounds(tenant({ placement: 'dedicated', plan })), 'ResourceQuota')[0]?.hard['requests.cpu'],
    );
  assert.ok(cpu('starter') < 2);
  assert.ok(cpu('starter') < cpu('growth') && cpu('growth') < cpu('enterprise'));
});

const UNITS: Readonly<Record<string, number>> = { '': 1, m: 1e-3, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** A Kubernetes quantity as a number. */
function amount(quantity: string | number | undefined): number {
  const [, digits, unit = ''] = /^([0-9.]+)([a-zA-Z]*)$/.exec(String(quantity)) ?? [];
  const factor = UNITS[unit];
  assert.ok(digits !== undefined && factor !== undefined, `${quantity} is no quantity`);
  return Number(digits) * factor;
}

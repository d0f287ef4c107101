/**
 * How much a dedicated tenant's namespace may ask for: its ResourceQuota and LimitRange.
 * The law: what the operator itself makes there always fits, at full scale, in the middle of a roll-out, with a canary beside it.
 */
import type { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { ShopMindTenant } from '../../crds/index.ts';
import { SIDECAR } from './mesh.ts';
import { podSizeOf, scalingBounds, servicesOf } from './presets.ts';
import type { PodSize } from './presets.ts';
import { has } from './surroundings.ts';
import type { Surroundings } from './surroundings.ts';

/** Pods a roll-out may have beyond those wanted: the Deployments' maxSurge. */
const SURGE = 1;
/** Where no autoscaler decides, people do (`kubectl scale`): up to here without asking anybody. */
const BY_HAND = 10;
/** A backup under way, a restore, and somebody's debugging container. */
const OTHER_PODS = 3;
const NO_SIDECAR: typeof SIDECAR = { cpuMillis: 0, memoryMi: 0, memoryLimitMi: 0 };

/**
 * Most Pods of one Service at one moment. Twice, because a canary that takes all traffic is as large as what it replaces,
 * and because Pods that are still ending count as well.
 */
function peakPods({ min, max }: { readonly min: number; readonly max: number }): number {
  const most = min === max ? Math.max(max, BY_HAND) : max;
  return 2 * (most + SURGE);
}

/** Objects that bound the namespace. Cheap things are not counted: a quota on them protects nobody. */
export function limits(
  chart: Chart,
  metadata: k8s.ObjectMeta,
  tenant: ShopMindTenant,
  surroundings: Surroundings,
): void {
  const size = podSizeOf(tenant.spec.plan);
  const sidecar = has(surroundings, 'istio') ? SIDECAR : NO_SIDECAR;
  const services = [...servicesOf(tenant).values()];
  const pods = services.reduce((sum, spec) => sum + peakPods(scalingBounds(spec)), OTHER_PODS);
  new k8s.KubeResourceQuota(chart, 'quota', {
    metadata: { ...metadata, name: 'plan' },
    spec: {
      hard: {
        pods: k8s.Quantity.fromString(String(pods)),
        'requests.cpu': cpu(pods * (size.cpuMillis + sidecar.cpuMillis)),
        'requests.memory': memory(pods * (size.memoryMi + sidecar.memoryMi)),
        'limits.memory': memory(pods * (size.memoryMi + sidecar.memoryLimitMi)),
        // A shop is reached through the gateway only.
        'services.loadbalancers': k8s.Quantity.fromString('0'),
        'services.nodeports': k8s.Quantity.fromString('0'),
      },
    },
  });
  new k8s.KubeLimitRange(chart, 'container-limits', {
    metadata: { ...metadata, name: 'plan' },
    spec: { limits: [containerLimits(size, sidecar.memoryLimitMi)] },
  });
}

/** With a quota every container must state what it asks for; this is what those get that do not. No limit on the processor. */
function containerLimits(size: PodSize, sidecarMemoryMi: number): k8s.LimitRangeItem {
  const asked = { cpu: cpu(size.cpuMillis), memory: memory(size.memoryMi) };
  return {
    type: 'Container',
    defaultRequest: asked,
    default: { memory: asked.memory },
    max: { memory: memory(Math.max(size.memoryMi, sidecarMemoryMi)) },
  };
}

function cpu(millis: number): k8s.Quantity {
  return k8s.Quantity.fromString(millis % 1000 === 0 ? String(millis / 1000) : `${millis}m`);
}

function memory(mebibytes: number): k8s.Quantity {
  return k8s.Quantity.fromString(mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`);
}

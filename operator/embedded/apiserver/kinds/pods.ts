/** The rules of Pods. */
import { forbidden } from '../../schema/cause.ts';
import { isObject } from '../../schema/schema.ts';
import type { Cause } from '../errors.ts';
import {
  at,
  clone,
  defaulted,
  equal,
  fields,
  items,
  text,
  type Json,
  type JsonObject,
  type KubeObject,
} from '../objects.ts';
import type { KindRules, Part } from '../rules.ts';
import { podSpecCauses, setPodSpecDefaults } from './pod-spec.ts';

export const POD_RULES: KindRules = {
  setDefaults(pod) {
    setPodSpecDefaults(pod);
    const { spec } = pod;
    if (!isObject(spec)) return;
    defaulted(spec, 'enableServiceLinks', true);
    defaulted(spec, 'serviceAccountName', text(spec['serviceAccount']) || 'default');
    defaulted(spec, 'serviceAccount', text(spec['serviceAccountName']));
    defaulted(spec, 'preemptionPolicy', 'PreemptLowerPriority');
    defaulted(spec, 'priority', 0);
  },
  prepareCreate(pod) {
    pod['status'] = { phase: 'Pending', qosClass: qualityOf(fields(pod['spec'])) };
  },
  validate(pod, old, part) {
    const causes = podSpecCauses(pod['spec'], 'spec');
    if (old && part === '') causes.push(...changeCauses(pod, old, part));
    return causes;
  },
};

/** Guaranteed, Burstable or BestEffort, by what its containers ask for. */
function qualityOf(spec: JsonObject): string {
  const containers = [...items(spec['containers']), ...items(spec['initContainers'])];
  const asks = containers.map((container) => fields(at(container, 'resources')));
  const nothing = asks.every(
    (one) => Object.keys(fields(one['limits'])).length + Object.keys(fields(one['requests'])).length === 0,
  );
  if (nothing) return 'BestEffort';
  const exact = asks.every((one) => {
    const limits = fields(one['limits']);
    return (
      limits['cpu'] !== undefined && limits['memory'] !== undefined && equal(limits, fields(one['requests']))
    );
  });
  return exact ? 'Guaranteed' : 'Burstable';
}

const CHANGEABLE: readonly string[] = [
  'activeDeadlineSeconds',
  'terminationGracePeriodSeconds',
  'tolerations',
  'schedulingGates',
  'nodeSelector',
  'affinity',
];

function changeCauses(pod: KubeObject, old: KubeObject, _part: Part): Cause[] {
  if (equal(fixedPart(pod['spec']), fixedPart(old['spec']))) return [];
  return [
    forbidden(
      'spec',
      'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
    ),
  ];
}

function fixedPart(spec: Json | undefined): JsonObject {
  const fixed = clone(fields(spec));
  for (const name of CHANGEABLE) delete fixed[name];
  for (const container of [...items(fixed['containers']), ...items(fixed['initContainers'])])
    if (isObject(container)) delete container['image'];
  return fixed;
}

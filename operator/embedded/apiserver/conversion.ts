/** Converts objects between the versions of their kind. */
import { at, fields, items, number, text, type JsonObject, type KubeObject } from './objects.ts';
import { apiVersionOf, type ResourceType } from './resources.ts';

type Conversion = (object: KubeObject) => void;

/** From the left version to the right one; kinds that are not named differ in their apiVersion only. */
const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  'HorizontalPodAutoscaler autoscaling/v2 autoscaling/v1': autoscalerToV1,
  'HorizontalPodAutoscaler autoscaling/v1 autoscaling/v2': autoscalerToV2,
  'Event v1 events.k8s.io/v1': eventToEventsGroup,
  'Event events.k8s.io/v1 v1': eventToCore,
};

/** Brings an object, which is the caller's own, into the version of a resource and returns it. */
export function convert(object: KubeObject, target: ResourceType): KubeObject {
  const apiVersion = apiVersionOf(target);
  if (object.apiVersion === apiVersion) return object;
  CONVERSIONS[`${object.kind} ${object.apiVersion} ${apiVersion}`]?.(object);
  object.apiVersion = apiVersion;
  return object;
}

const V2_METRICS_ANNOTATION = 'autoscaling.alpha.kubernetes.io/metrics';

function autoscalerToV1(object: KubeObject): void {
  const spec = { ...fields(object['spec']) };
  const [cpu, ...others] = partition(items(spec['metrics']), isCpuUtilisation);
  const target = number(at(cpu?.[0], 'resource', 'target', 'averageUtilization'));
  if (target !== undefined) spec['targetCPUUtilizationPercentage'] = target;
  const rest = others.flat();
  if (rest.length > 0)
    object.metadata.annotations = {
      ...object.metadata.annotations,
      [V2_METRICS_ANNOTATION]: JSON.stringify(rest),
    };
  delete spec['metrics'];
  delete spec['behavior'];
  object['spec'] = spec;
  const status = { ...fields(object['status']) };
  const current = items(status['currentMetrics']).find(isCpuUtilisation);
  const utilisation = number(at(current, 'resource', 'current', 'averageUtilization'));
  if (utilisation !== undefined) status['currentCPUUtilizationPercentage'] = utilisation;
  delete status['currentMetrics'];
  delete status['conditions'];
  object['status'] = status;
}

function autoscalerToV2(object: KubeObject): void {
  const spec = { ...fields(object['spec']) };
  const target = number(spec['targetCPUUtilizationPercentage']);
  delete spec['targetCPUUtilizationPercentage'];
  const kept = text(object.metadata.annotations?.[V2_METRICS_ANNOTATION]);
  // Written by autoscalerToV1, or by a client that speaks for itself: the schema of v2 checks it next.
  const metrics: unknown = kept === '' ? [] : JSON.parse(kept);
  const cpu: JsonObject[] =
    target === undefined
      ? []
      : [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target } },
          },
        ];
  // The annotation holds a JSON list or the object is refused by the schema.
  const rest = Array.isArray(metrics) ? (metrics as JsonObject[]) : [];
  if (cpu.length + rest.length > 0) spec['metrics'] = [...cpu, ...rest];
  object['spec'] = spec;
  delete object.metadata.annotations?.[V2_METRICS_ANNOTATION];
}

function isCpuUtilisation(metric: JsonObject[string]): boolean {
  const resource = at(metric, 'resource');
  return (
    at(resource, 'name') === 'cpu' && (at(resource, 'target', 'type') ?? 'Utilization') === 'Utilization'
  );
}

function partition<T>(list: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [list.filter(belongs), list.filter((item) => !belongs(item))];
}

/** Fields of an event under their names in the core group and in events.k8s.io. */
const EVENT_NAMES: readonly (readonly [core: string, events: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];

function eventToEventsGroup(object: KubeObject): void {
  for (const [core, events] of EVENT_NAMES) rename(object, core, events);
}

function eventToCore(object: KubeObject): void {
  for (const [core, events] of EVENT_NAMES) rename(object, events, core);
}

function rename(object: KubeObject, from: string, to: string): void {
  const value = object[from];
  if (value === undefined) return;
  object[to] = value;
  delete object[from];
}

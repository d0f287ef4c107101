/**
 * How many Pods a Service has, and who decides it: nobody, a HorizontalPodAutoscaler, or KEDA.
 */
import { ApiObject } from 'cdk8s';
import type { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { ServiceSpec } from '../../crds/index.ts';
import { has } from './surroundings.ts';
import type { Surroundings } from './surroundings.ts';

type Scaling = NonNullable<ServiceSpec['scaling']>;

/** Fewest and most Pods; an autoscaler exists only where they differ and the Service is not hibernated. */
export interface Replicas {
  readonly min: number;
  readonly max: number;
  readonly autoscaled: boolean;
}

export function replicasOf(spec: ServiceSpec): Replicas {
  if (spec.replicas === 0) return { min: 0, max: 0, autoscaled: false };
  if (spec.scaling === undefined || spec.scaling.min === spec.scaling.max) {
    const fixed = Math.max(spec.replicas, spec.scaling?.min ?? 1);
    return { min: fixed, max: fixed, autoscaled: false };
  }
  return { min: spec.scaling.min, max: spec.scaling.max, autoscaled: true };
}

/** What the runtime counts each request in; an adapter of the custom metrics API serves its rate under REQUEST_RATE. */
const REQUEST_COUNTER = 'http_request_duration_seconds_count';
const REQUEST_RATE = 'http_requests_per_second';

/** Up at once, to twice as many each quarter of a minute; down slowly, so that the next wave does not find half the Pods gone. */
const BEHAVIOR: k8s.HorizontalPodAutoscalerBehaviorV2 = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Percent', value: 100, periodSeconds: 15 },
      { type: 'Pods', value: 4, periodSeconds: 15 },
    ],
  },
  scaleDown: {
    stabilizationWindowSeconds: 300,
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 25, periodSeconds: 60 }],
  },
};

/** Where KEDA reads what the kubelets do not know. */
export interface MetricSources {
  readonly prometheusUrl?: string | undefined;
  readonly kafkaBrokers?: string | undefined;
}

/** The autoscaler of a Deployment of this name: by KEDA where that is asked for and there, else Kubernetes' own. */
export function autoscaler(
  chart: Chart,
  metadata: k8s.ObjectMeta,
  replicas: Replicas,
  scaling: Scaling,
  surroundings: Surroundings,
  sources: MetricSources,
): void {
  if (scaling.by === 'KEDA' && has(surroundings, 'keda'))
    scaledObject(chart, metadata, replicas, scaling, sources);
  else horizontalPodAutoscaler(chart, metadata, replicas, scaling, surroundings);
}

/** What an autoscaler is asked to go by and cannot, with what would help. Empty: nothing is left out. */
export function unscaledBy(
  scaling: Scaling,
  surroundings: Surroundings,
  sources: MetricSources,
): readonly string[] {
  const byKeda = scaling.by === 'KEDA' && has(surroundings, 'keda');
  const { requestsPerSecond, kafka } = scaling;
  return [
    ...(requestsPerSecond !== undefined && byKeda && sources.prometheusUrl === undefined
      ? ['not scaled by requests: ConfigMap platform names no PROMETHEUS_URL']
      : []),
    ...(requestsPerSecond !== undefined && !byKeda && !surroundings.customMetrics
      ? ['not scaled by requests: ConfigMap platform does not say CUSTOM_METRICS: "true"']
      : []),
    ...(kafka !== undefined && byKeda && sources.kafkaBrokers === undefined
      ? ['not scaled by Kafka: ConfigMap platform names no KAFKA_BROKERS']
      : []),
    ...(kafka !== undefined && !byKeda ? ['not scaled by Kafka: that needs KEDA'] : []),
  ];
}

function scaledObject(
  chart: Chart,
  metadata: k8s.ObjectMeta,
  { min, max }: Replicas,
  scaling: Scaling,
  sources: MetricSources,
): void {
  new ApiObject(chart, 'autoscaler', {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata,
    spec: {
      scaleTargetRef: { name: metadata.name },
      minReplicaCount: min,
      maxReplicaCount: max,
      pollingInterval: 15,
      advanced: { horizontalPodAutoscalerConfig: { behavior: BEHAVIOR } },
      triggers: triggersOf(metadata, scaling, sources),
    },
  });
}

/** KEDA takes every figure as text. */
function triggersOf(
  { name, namespace }: k8s.ObjectMeta,
  { cpuPercent, memoryPercent, requestsPerSecond, kafka }: Scaling,
  { prometheusUrl, kafkaBrokers }: MetricSources,
): object[] {
  const usage = (type: string, percent: number): object => ({
    type,
    metricType: 'Utilization',
    metadata: { value: String(percent) },
  });
  const rate = `sum(rate(${REQUEST_COUNTER}{namespace="${namespace}",service="${name}"}[1m]))`;
  return [
    usage('cpu', cpuPercent),
    ...(memoryPercent === undefined ? [] : [usage('memory', memoryPercent)]),
    ...(requestsPerSecond === undefined || prometheusUrl === undefined
      ? []
      : [
          {
            type: 'prometheus',
            metadata: { serverAddress: prometheusUrl, query: rate, threshold: String(requestsPerSecond) },
          },
        ]),
    ...(kafka === undefined || kafkaBrokers === undefined
      ? []
      : [
          {
            type: 'kafka',
            metadata: {
              bootstrapServers: kafkaBrokers,
              consumerGroup: kafka.consumerGroup,
              topic: kafka.topic,
              lagThreshold: String(kafka.lag),
            },
          },
        ]),
  ];
}

function horizontalPodAutoscaler(
  chart: Chart,
  metadata: k8s.ObjectMeta,
  { min, max }: Replicas,
  scaling: Scaling,
  surroundings: Surroundings,
): void {
  new k8s.KubeHorizontalPodAutoscalerV2(chart, 'autoscaler', {
    metadata,
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: metadata.name ?? '' },
      minReplicas: min,
      maxReplicas: max,
      metrics: metricsOf(scaling, surroundings),
      behavior: BEHAVIOR,
    },
  });
}

/** One metric that nobody serves would keep the autoscaler from ever going down: requests only where they are counted. */
function metricsOf(scaling: Scaling, { customMetrics }: Surroundings): k8s.MetricSpecV2[] {
  const { cpuPercent, memoryPercent, requestsPerSecond } = scaling;
  return [
    utilization('cpu', cpuPercent),
    ...(memoryPercent === undefined ? [] : [utilization('memory', memoryPercent)]),
    ...(requestsPerSecond === undefined || !customMetrics ? [] : [perPod(REQUEST_RATE, requestsPerSecond)]),
  ];
}

function utilization(name: string, averageUtilization: number): k8s.MetricSpecV2 {
  return { type: 'Resource', resource: { name, target: { type: 'Utilization', averageUtilization } } };
}

function perPod(name: string, average: number): k8s.MetricSpecV2 {
  const averageValue = k8s.Quantity.fromNumber(average);
  return { type: 'Pods', pods: { metric: { name }, target: { type: 'AverageValue', averageValue } } };
}

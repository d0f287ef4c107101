/**
 * A Service's workload as Argo Rollouts has it: a Rollout in the Deployment's place with the canary's steps, a Service for
 * the new Pods, and AnalysisTemplates that ask Prometheus what the operator itself would ask.
 */
import { LABELS } from '../../crds/index.ts';
import type { Canary, CanaryGates } from '../../crds/index.ts';
import { canaryName, splitName } from './canary.ts';
import type { Manifest } from './chart.ts';
import { queriesOf } from './queries.ts';

const ARGO = 'argoproj.io/v1alpha1';

export interface RolloutInput {
  readonly name: string;
  readonly namespace: string;
  readonly port: number;
  readonly canary: Canary;
  readonly prometheusUrl: string;
}

/** The workload's manifests with the Rollout in the Deployment's place, and what the Rollout needs besides. */
export function withRollout(manifests: readonly Manifest[], input: RolloutInput): readonly Manifest[] {
  const labels = manifests.find(({ kind }) => kind === 'Deployment')?.metadata.labels ?? {};
  return [
    ...[watching(input), gate(input)].map((template) =>
      labelled(template, { ...labels, [LABELS.canaryOf]: input.name }),
    ),
    ...manifests.flatMap((manifest) => {
      switch (manifest.kind) {
        case 'Deployment':
          return [rollout(manifest, input)];
        case 'Service':
          return [manifest, newPods(manifest, input.name)];
        case 'HorizontalPodAutoscaler':
        case 'ScaledObject':
          return [scaling(manifest)];
        default:
          return [manifest];
      }
    }),
  ];
}

function rollout(deployment: Manifest, { name, namespace, canary }: RolloutInput): Manifest {
  // The builder's own Deployment. Its strategy is the Rollout's to decide.
  const { strategy: _, ...spec } = deployment['spec'] as { readonly strategy: unknown };
  const { apiVersion: __, kind: ___, metadata, spec: ____, ...rest } = deployment;
  return {
    ...rest,
    apiVersion: ARGO,
    kind: 'Rollout',
    metadata,
    spec: {
      ...spec,
      strategy: {
        canary: {
          stableService: name,
          canaryService: canaryName(name),
          maxSurge: 1,
          maxUnavailable: 0,
          trafficRouting: {
            plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: splitName(name), namespace } },
          },
          // Watched all the time, so that a bad revision goes before its step is over…
          analysis: { templates: [{ templateName: watchingName(name) }], startingStep: 1 },
          // …and asked at the end of each step, so that none ends without an answer.
          steps: canary.steps.flatMap(({ weight, durationSeconds }) => [
            { setWeight: weight },
            { pause: { duration: `${durationSeconds}s` } },
            { analysis: { templates: [{ templateName: gateName(name) }] } },
          ]),
        },
      },
    },
  };
}

function watching(input: RolloutInput): Manifest {
  const { name, namespace, canary } = input;
  const interval = `${canary.intervalSeconds}s`;
  return template(watchingName(name), namespace, input, {
    interval,
    initialDelay: interval,
    // Argo's limit is what is still endured.
    failureLimit: canary.gates.failureLimit - 1,
    // Too few requests in between are no reason to stop: the gate at the end of the step is strict.
    inconclusiveLimit: 1_000_000,
  });
}

/** Too few requests make it inconclusive, which holds the Rollout until a person decides. */
function gate(input: RolloutInput): Manifest {
  return template(gateName(input.name), input.namespace, input, {
    count: 1,
    failureLimit: 0,
    inconclusiveLimit: 0,
  });
}

function template(name: string, namespace: string, input: RolloutInput, when: object): Manifest {
  const backend = `${input.namespace}/${canaryName(input.name)}:${input.port}`;
  const longest = Math.max(...input.canary.steps.map(({ durationSeconds }) => durationSeconds));
  const measured = measurements(backend, longest, input.canary.gates);
  return {
    apiVersion: ARGO,
    kind: 'AnalysisTemplate',
    metadata: { name, namespace },
    spec: {
      metrics: measured.map(({ metric, query, limit }) => ({
        name: metric,
        ...when,
        successCondition: `len(result) > 0 && result[0] <= ${limit}`,
        failureCondition: `len(result) > 0 && result[0] > ${limit}`,
        provider: { prometheus: { address: input.prometheusUrl, query } },
      })),
    },
  };
}

interface Measurement {
  readonly metric: string;
  readonly query: string;
  /** In the query's unit. */
  readonly limit: number;
}

/** Each answers nothing, which is inconclusive, as long as there are too few requests to judge by. */
export function measurements(backend: string, seconds: number, gates: CanaryGates): readonly Measurement[] {
  const { requests, errors, p99Seconds } = queriesOf(backend, seconds);
  const enough = `${requests} >= ${gates.minRequests}`;
  return [
    {
      metric: 'error-rate',
      query: `((${errors}) or vector(0)) / (${requests}) and (${enough})`,
      limit: Number.parseFloat(gates.maxErrorRate) / 100,
    },
    { metric: 'p99', query: `${p99Seconds} and (${enough})`, limit: gates.maxP99Milliseconds / 1000 },
  ];
}

/** Argo adds the hash of the new Pods to its selector. */
function newPods(service: Manifest, name: string): Manifest {
  const labels = { ...service.metadata.labels, [LABELS.canaryOf]: name };
  return { ...service, metadata: { ...service.metadata, name: canaryName(name), labels } };
}

function scaling(autoscaler: Manifest): Manifest {
  // The builder's own autoscaler.
  const spec = autoscaler['spec'] as { readonly scaleTargetRef: object };
  const scaleTargetRef = { ...spec.scaleTargetRef, apiVersion: ARGO, kind: 'Rollout' };
  return { ...autoscaler, spec: { ...spec, scaleTargetRef } };
}

function labelled(manifest: Manifest, labels: Readonly<Record<string, string>>): Manifest {
  return { ...manifest, metadata: { ...manifest.metadata, labels } };
}

function watchingName(service: string): string {
  return `${service}-watching`;
}

function gateName(service: string): string {
  return `${service}-gate`;
}

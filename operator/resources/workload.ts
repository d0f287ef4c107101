/**
 * One Service (shopmind.ai) as Kubernetes objects: Deployment, headless Service, autoscaler, disruption budget.
 */
import { k8s } from 'cdk8s-plus-28';
import { LABELS } from '../../crds/index.ts';
import type { ServiceSpec } from '../../crds/index.ts';
import { manifests, ownLabels } from './chart.ts';
import type { Manifest } from './chart.ts';
import { ADMIN_PORT } from './presets.ts';

/** Images of the platform, and how they are fetched. */
export interface Images {
  readonly runtime: string;
  readonly pullPolicy: 'Always' | 'IfNotPresent' | 'Never';
}

export interface WorkloadInput {
  readonly name: string;
  readonly namespace: string;
  readonly spec: ServiceSpec;
  readonly images: Images;
  /** Variables the platform sets; `env` of the spec comes after them. */
  readonly platformEnv: readonly EnvVar[];
}

export type EnvVar = ServiceSpec['env'][number];

/** Label selector of a Service's Pods. */
export function selectorOf(name: string): Record<string, string> {
  return { [LABELS.service]: name };
}

/** Fewest and most Pods; an autoscaler exists only where they differ and the Service is not hibernated. */
export function replicasOf(spec: ServiceSpec): {
  readonly min: number;
  readonly max: number;
  readonly autoscaled: boolean;
} {
  if (spec.replicas === 0) return { min: 0, max: 0, autoscaled: false };
  if (spec.scaling === undefined || spec.scaling.min === spec.scaling.max) {
    const fixed = Math.max(spec.replicas, spec.scaling?.min ?? 1);
    return { min: fixed, max: fixed, autoscaled: false };
  }
  return { min: spec.scaling.min, max: spec.scaling.max, autoscaled: true };
}

export function workload(input: WorkloadInput): readonly Manifest[] {
  const { name, namespace, spec } = input;
  const labels = ownLabels(name, spec.tenant, name);
  const metadata = { name, namespace, labels };
  const { min, max, autoscaled } = replicasOf(spec);
  return manifests((chart) => {
    new k8s.KubeDeployment(chart, 'deployment', {
      metadata,
      spec: {
        ...(autoscaled ? {} : { replicas: min }),
        selector: { matchLabels: selectorOf(name) },
        revisionHistoryLimit: 2,
        strategy: {
          type: 'RollingUpdate',
          rollingUpdate: {
            maxSurge: k8s.IntOrString.fromNumber(1),
            maxUnavailable: k8s.IntOrString.fromNumber(0),
          },
        },
        template: { metadata: { labels }, spec: podSpec(input) },
      },
    });
    new k8s.KubeService(chart, 'service', {
      metadata,
      spec: {
        clusterIp: 'None',
        selector: selectorOf(name),
        ports: [
          { name: 'http', port: spec.port, targetPort: k8s.IntOrString.fromString('http'), protocol: 'TCP' },
        ],
      },
    });
    if (autoscaled) {
      new k8s.KubeHorizontalPodAutoscalerV2(chart, 'autoscaler', {
        metadata,
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
          minReplicas: min,
          maxReplicas: max,
          metrics: [
            {
              type: 'Resource',
              resource: {
                name: 'cpu',
                target: { type: 'Utilization', averageUtilization: spec.scaling?.cpuPercent ?? 70 },
              },
            },
          ],
        },
      });
    }
    if (min > 1) {
      new k8s.KubePodDisruptionBudget(chart, 'budget', {
        metadata,
        spec: {
          maxUnavailable: k8s.IntOrString.fromNumber(1),
          selector: { matchLabels: selectorOf(name) },
        },
      });
    }
  });
}

function podSpec({ name, spec, images, platformEnv }: WorkloadInput): k8s.PodSpec {
  const own = new Set(spec.env.map((variable) => variable.name));
  return {
    serviceAccountName: 'default',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 30,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name,
        image: spec.image ?? images.runtime,
        imagePullPolicy: images.pullPolicy,
        ports: [
          { name: 'http', containerPort: spec.port },
          ...(spec.image === undefined ? [{ name: 'admin', containerPort: ADMIN_PORT }] : []),
        ],
        env: [
          ...baseEnv(spec.port),
          ...[...platformEnv.filter((variable) => !own.has(variable.name)), ...spec.env].map(envVar),
        ],
        ...probes(spec),
        resources: {
          requests: quantities(spec.resources.cpu, spec.resources.memory),
          limits: { memory: k8s.Quantity.fromString(spec.resources.memory) },
        },
        securityContext: restricted(),
      },
    ],
  };
}

/** What every container of ours gets: its address and its ports. */
export function baseEnv(port: number, adminPort = ADMIN_PORT): k8s.EnvVar[] {
  return [
    { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    { name: 'PORT', value: String(port) },
    { name: 'ADMIN_PORT', value: String(adminPort) },
  ];
}

/** The restricted Pod security standard, for one container. */
export function restricted(): k8s.SecurityContext {
  return { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
}

export function quantities(cpu: string, memory: string): Record<string, k8s.Quantity> {
  return { cpu: k8s.Quantity.fromString(cpu), memory: k8s.Quantity.fromString(memory) };
}

export function envVar(variable: EnvVar): k8s.EnvVar {
  const { name, value, secretRef } = variable;
  return secretRef === undefined
    ? { name, value: value ?? '' }
    : { name, valueFrom: { secretKeyRef: { name: secretRef.name, key: secretRef.key } } };
}

/** Probes of a process that serves `/livez` and `/readyz` on the admin port. */
export function adminProbes(
  adminPort = ADMIN_PORT,
): Pick<k8s.Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'> {
  const port = k8s.IntOrString.fromNumber(adminPort);
  return {
    startupProbe: { httpGet: { path: '/livez', port }, periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: { httpGet: { path: '/readyz', port }, periodSeconds: 2, timeoutSeconds: 2 },
    livenessProbe: { httpGet: { path: '/livez', port }, periodSeconds: 10, timeoutSeconds: 5 },
  };
}

function probes(spec: ServiceSpec): Pick<k8s.Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'> {
  if (spec.image === undefined) return adminProbes();
  const action =
    spec.health === undefined
      ? { tcpSocket: { port: k8s.IntOrString.fromNumber(spec.port) } }
      : { httpGet: { path: spec.health.path, port: k8s.IntOrString.fromNumber(spec.health.port) } };
  return { readinessProbe: { ...action, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 3 } };
}

/**
 * One Service (shopmind.ai) as Kubernetes objects: ServiceAccount, Deployment, headless Service, autoscaler, disruption budget;
 * and what watches and routes it, where the cluster has that.
 */
import { fileURLToPath } from 'node:url';
import { ApiObject, JsonPatch } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { LABELS } from '../../crds/index.ts';
import type { Environment, ServiceSpec } from '../../crds/index.ts';
import { backendsOf } from '../../runtime/platform/backends/index.ts';
import { scopeOf } from '../../runtime/platform/names/index.ts';
import { autoscaler, replicasOf } from './autoscaling.ts';
import type { MetricSources } from './autoscaling.ts';
import { manifests, ownLabels } from './chart.ts';
import type { Manifest } from './chart.ts';
import { MESH_POD_LABELS, serviceMesh } from './mesh.ts';
import { serviceMonitor } from './monitoring.ts';
import type { PlatformConfig } from './platform.ts';
import { ADMIN_PORT, GRPC_PORT } from './presets.ts';
import { has } from './surroundings.ts';
import type { Surroundings } from './surroundings.ts';

/** Images of the platform, and how they are fetched. */
export interface Images {
  readonly runtime: string;
  readonly recovery: string;
  readonly pullPolicy: 'Always' | 'IfNotPresent' | 'Never';
}

export interface WorkloadInput {
  readonly name: string;
  readonly namespace: string;
  readonly spec: ServiceSpec;
  readonly images: Images;
  /** Variables the platform sets; `env` of the spec comes after them. */
  readonly platformEnv: readonly EnvVar[];
  readonly surroundings: Surroundings;
  readonly metricSources: MetricSources;
  /** What the platform's Prometheus selects its monitors by. */
  readonly monitorLabels: Readonly<Record<string, string>>;
  /** How long a Pod that is told to end goes on serving. */
  readonly drainSeconds: number;
  /** Where blobs are files that need a volume; absent: they are somewhere else. */
  readonly blobs: BlobFolder | undefined;
}

export interface BlobFolder {
  readonly path: string;
  /** A claim of this name in each namespace; absent: blobs live as long as the Pod. */
  readonly claim: string | undefined;
}

export type EnvVar = ServiceSpec['env'][number];

/** The volume that a `file://` address of the blob store needs inside the Pod. @param tenant absent: the pool */
export function blobFolder(
  platform: Pick<PlatformConfig, 'blobsUrl' | 'blobsClaim' | 'blobsShared' | 'backends'>,
  tenant: string | undefined,
): BlobFolder | undefined {
  if (!platform.blobsUrl.startsWith('file:') || platform.blobsShared) return undefined;
  if (backendsOf(platform.backends, scopeOf(tenant)).blobs !== undefined) return undefined;
  return { path: fileURLToPath(platform.blobsUrl).replace(/(?<=.)[/]$/, ''), claim: platform.blobsClaim };
}

/** Label selector of a Service's Pods. */
export function selectorOf(name: string): Record<string, string> {
  return { [LABELS.service]: name };
}

export function workload(input: WorkloadInput): readonly Manifest[] {
  const { name, namespace, spec, surroundings } = input;
  const labels = ownLabels(name, spec.tenant, name);
  const metadata = { name, namespace, labels };
  const replicas = replicasOf(spec);
  return manifests((chart) => {
    // An identity of its own, which nobody may use from inside the Pod: no token is mounted.
    new k8s.KubeServiceAccount(chart, 'account', { metadata, automountServiceAccountToken: false });
    // Not a KubeDeployment: that one drops every field of a Kubernetes younger than 1.28, patched in or not.
    const manifest = k8s.KubeDeployment.manifest({
      metadata,
      spec: {
        ...(replicas.autoscaled ? {} : { replicas: replicas.min }),
        selector: { matchLabels: selectorOf(name) },
        revisionHistoryLimit: 2,
        strategy: {
          type: 'RollingUpdate',
          rollingUpdate: {
            maxSurge: k8s.IntOrString.fromNumber(1),
            maxUnavailable: k8s.IntOrString.fromNumber(0),
          },
        },
        template: {
          metadata: { labels: { ...labels, ...(has(surroundings, 'istio') ? MESH_POD_LABELS : {}) } },
          spec: podSpec(input),
        },
      },
    });
    const deployment = new ApiObject(chart, 'deployment', manifest);
    drained(deployment, input.drainSeconds);
    new k8s.KubeService(chart, 'service', {
      metadata,
      spec: { clusterIp: 'None', selector: selectorOf(name), ports: portsOf(spec) },
    });
    if (replicas.autoscaled && spec.scaling !== undefined)
      autoscaler(chart, metadata, replicas, spec.scaling, surroundings, input.metricSources);
    if (replicas.min > 1 && spec.environment !== 'development') {
      new k8s.KubePodDisruptionBudget(chart, 'budget', {
        metadata,
        spec: {
          maxUnavailable: k8s.IntOrString.fromNumber(1),
          selector: { matchLabels: selectorOf(name) },
        },
      });
    }
    if (has(surroundings, 'prometheus') && spec.image === undefined)
      serviceMonitor(chart, metadata, selectorOf(name), input.monitorLabels);
    if (has(surroundings, 'istio'))
      serviceMesh(chart, metadata, spec.port, spec.domains === undefined ? undefined : GRPC_PORT);
  });
}

/** The work, and for the runtime its metrics and gRPC. */
function portsOf(spec: ServiceSpec): k8s.ServicePort[] {
  const named = (name: string, port: number): k8s.ServicePort => ({
    name,
    port,
    targetPort: k8s.IntOrString.fromString(name),
    protocol: 'TCP',
  });
  return [
    named('http', spec.port),
    ...(spec.image === undefined ? [named('admin', ADMIN_PORT)] : []),
    ...(spec.domains === undefined
      ? []
      : [{ ...named('grpc', GRPC_PORT), appProtocol: 'kubernetes.io/h2c' }]),
  ];
}

/**
 * Keeps a Pod that is told to end at work until whoever sends requests has heard of it. The hook needs no shell in the
 * image, and Kubernetes 1.30.
 */
function drained(deployment: ApiObject, seconds: number): void {
  if (seconds === 0) return;
  deployment.addJsonPatch(
    JsonPatch.add('/spec/template/spec/containers/0/lifecycle', { preStop: { sleep: { seconds } } }),
  );
}

function podSpec({ name, spec, images, platformEnv, drainSeconds, blobs }: WorkloadInput): k8s.PodSpec {
  const own = new Set(spec.env.map((variable) => variable.name));
  // An image of one's own does not know our blobs.
  const folders = foldersOf(spec.domains === undefined ? undefined : blobs);
  return {
    serviceAccountName: name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 30 + drainSeconds,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    topologySpreadConstraints: spread(name, spec.environment),
    volumes: folders.map(({ volume }) => volume),
    containers: [
      {
        name,
        image: spec.image ?? images.runtime,
        imagePullPolicy: images.pullPolicy,
        ports: [
          { name: 'http', containerPort: spec.port },
          ...(spec.image === undefined ? [{ name: 'admin', containerPort: ADMIN_PORT }] : []),
          ...(spec.domains === undefined ? [] : [{ name: 'grpc', containerPort: GRPC_PORT }]),
        ],
        env: [
          ...baseEnv(spec.port),
          ...[...platformEnv.filter((variable) => !own.has(variable.name)), ...spec.env].map(envVar),
        ],
        ...probes(spec),
        resources: {
          requests: {
            ...quantities(spec.resources.cpu, spec.resources.memory),
            'ephemeral-storage': k8s.Quantity.fromString('64Mi'),
          },
          // No limit on the processor: a throttled Pod is slow while the node has time to spare.
          limits: {
            memory: k8s.Quantity.fromString(spec.resources.memory),
            'ephemeral-storage': k8s.Quantity.fromString('2Gi'),
          },
        },
        volumeMounts: folders.map(({ volume, path }) => ({ name: volume.name, mountPath: path })),
        securityContext: { ...restricted(), ...(spec.readOnlyRoot ? { readOnlyRootFilesystem: true } : {}) },
      },
    ],
  };
}

/** Never a reason not to run: a cluster of one node, or of one zone, has nothing to spread over. */
function spread(name: string, environment: Environment): k8s.TopologySpreadConstraint[] {
  const over = (topologyKey: string): k8s.TopologySpreadConstraint => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: selectorOf(name) },
    // Else the Pods of the last revision, which are about to go, would count.
    matchLabelKeys: ['pod-template-hash'],
  });
  switch (environment) {
    case 'production':
      return [over('topology.kubernetes.io/zone'), over('kubernetes.io/hostname')];
    case 'staging':
      return [over('kubernetes.io/hostname')];
    case 'development':
      return [];
  }
}

export interface Folder {
  readonly volume: k8s.Volume;
  readonly path: string;
}

/** What a container may write to although its root is read-only. */
export function foldersOf(blobs: BlobFolder | undefined): readonly Folder[] {
  const scratch: Folder = {
    volume: { name: 'tmp', emptyDir: { sizeLimit: k8s.Quantity.fromString('256Mi') } },
    path: '/tmp',
  };
  if (blobs === undefined) return [scratch];
  const { path, claim } = blobs;
  const source = claim === undefined ? { emptyDir: {} } : { persistentVolumeClaim: { claimName: claim } };
  return [scratch, { volume: { name: 'blobs', ...source }, path }];
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

export function envVar({ name, value, valueFrom }: EnvVar): k8s.EnvVar {
  return valueFrom === undefined ? { name, value: value ?? '' } : { name, valueFrom };
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

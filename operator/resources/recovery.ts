/**
 * Backups and recoveries as Kubernetes objects: the archiver, the drill's CronJob, and the Job of one operation. None of their Pods
 * speaks to the API server; the archiver knows its own login only, Jobs know the platform's.
 */
import { fileURLToPath } from 'node:url';
import { k8s } from 'cdk8s-plus-28';
import { LABELS, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import { manifests, ownLabels } from './chart.ts';
import type { Manifest } from './chart.ts';
import type { ArchiveOptions } from './platform.ts';
import { ADMIN_PORT } from './presets.ts';
import { secret } from './tenancy.ts';
import type { Images } from './workload.ts';
import { adminProbes, baseEnv, quantities, restricted } from './workload.ts';

export const ARCHIVER = 'archiver';
export const RECOVERY = 'recovery';
export const DRILL = 'recovery-drill';
/** On Jobs: the operation they work on. */
export const OPERATION_LABEL = 'shopmind.ai/operation';

/** Longest time of an operation, in seconds: what takes longer is stuck. */
const MOST_SECONDS = 12 * 3600;
const DAY_SECONDS = 86_400;

export interface RecoveryInput {
  readonly archive: ArchiveOptions;
  readonly images: Images;
}

export interface ArchiverInput extends RecoveryInput {
  /** With the archiver's own login. */
  readonly databaseUrl: string;
  /** Changes with the Secret. */
  readonly revision: string;
}

export function archiver({ archive, images, databaseUrl, revision }: ArchiverInput): readonly Manifest[] {
  const name = ARCHIVER;
  const labels = ownLabels(name);
  const metadata = { name, namespace: SYSTEM_NAMESPACE, labels };
  const built = manifests((chart) => {
    new k8s.KubeDeployment(chart, name, {
      metadata,
      spec: {
        replicas: 1,
        revisionHistoryLimit: 2,
        // The slot lets one in: a second would wait for the first for ever.
        strategy: { type: 'Recreate' },
        selector: { matchLabels: { [LABELS.name]: name } },
        template: {
          metadata: {
            labels: { ...labels, 'sidecar.istio.io/inject': 'false' },
            annotations: { 'shopmind.ai/secret': revision },
          },
          spec: {
            ...podBasics(),
            terminationGracePeriodSeconds: 30,
            volumes: foldersOf(archive).map(({ volume }) => volume),
            containers: [
              {
                ...container(name, images, archive),
                args: ['archive'],
                ports: [{ name: 'admin', containerPort: ADMIN_PORT }],
                env: [
                  ...baseEnv(ADMIN_PORT),
                  ...['DATABASE_URL', 'ARCHIVE_URL'].map((key) => fromSecret(key, ARCHIVER)),
                  ...plain({
                    ARCHIVE_INTERVAL_SECONDS: archive.intervalSeconds,
                    ARCHIVE_RPO_SECONDS: archive.rpoSeconds,
                    ARCHIVE_BASE_HOURS: archive.baseHours,
                    ARCHIVE_KEEP_DAYS: archive.keepDays,
                  }),
                ],
                // Not ready: the archive does not keep its promise. Nobody is helped by a restart.
                ...ready(),
                resources: {
                  requests: { ...quantities('50m', '128Mi'), ...disk('64Mi') },
                  // Log that waits for the store is held here: 64 MiB, and what is being compressed.
                  limits: { memory: k8s.Quantity.fromString('512Mi'), ...disk('1Gi') },
                },
              },
            ],
          },
        },
      },
    });
  });
  return [secret(metadata, { DATABASE_URL: databaseUrl, ARCHIVE_URL: archive.url }), ...built];
}

/** Nothing where drills are on demand only. */
export function drillSchedule(input: RecoveryInput): readonly Manifest[] {
  const { drillSchedule: schedule } = input.archive;
  if (schedule === undefined) return [];
  const labels = ownLabels(RECOVERY);
  return manifests((chart) => {
    new k8s.KubeCronJob(chart, DRILL, {
      metadata: { name: DRILL, namespace: SYSTEM_NAMESPACE, labels },
      spec: {
        schedule,
        timeZone: 'Etc/UTC',
        concurrencyPolicy: 'Forbid',
        startingDeadlineSeconds: 3600,
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 3,
        jobTemplate: { metadata: { labels }, spec: jobSpec(input, labels, ['drill']) },
      },
    });
  });
}

/** The Job of one operation. Its name is the operation's: made twice, it is there once. */
export function operationJob(
  input: RecoveryInput,
  operation: { readonly name: string; readonly id: string; readonly kind: string; readonly tenant?: string },
): Manifest {
  const { name, id, kind, tenant } = operation;
  const labels = { ...ownLabels(RECOVERY, tenant), [OPERATION_LABEL]: id };
  const [job] = manifests((chart) => {
    new k8s.KubeJob(chart, name, {
      metadata: { name, namespace: SYSTEM_NAMESPACE, labels },
      spec: { ...jobSpec(input, labels, [kind, id]), ttlSecondsAfterFinished: DAY_SECONDS },
    });
  });
  if (job === undefined) throw new Error('a Job was built');
  return job;
}

function jobSpec(
  { archive, images }: RecoveryInput,
  labels: Record<string, string>,
  args: string[],
): k8s.JobSpec {
  const scratch = { name: 'scratch', path: '/scratch' };
  const folders = foldersOf(archive);
  return {
    // Killed, it is started again and goes on with the operation.
    backoffLimit: 3,
    activeDeadlineSeconds: MOST_SECONDS,
    template: {
      metadata: { labels: { ...labels, 'sidecar.istio.io/inject': 'false' } },
      spec: {
        ...podBasics(),
        restartPolicy: 'Never',
        volumes: [
          ...folders.map(({ volume }) => volume),
          { name: scratch.name, ...placeOf(archive.scratch) },
        ],
        containers: [
          {
            ...container(RECOVERY, images, archive),
            args,
            env: [
              ...['DATABASE_ADMIN_URL', 'SECRETS_KEY'].map((key) => fromSecret(key, 'platform')),
              fromSecret('ARCHIVE_URL', ARCHIVER),
              ...plain({ ARCHIVE_RPO_SECONDS: archive.rpoSeconds, SCRATCH: scratch.path }),
            ],
            volumeMounts: [
              ...folders.map(({ volume, path }) => ({ name: volume.name, mountPath: path })),
              { name: scratch.name, mountPath: scratch.path },
            ],
            resources: {
              requests: { ...quantities('500m', '512Mi'), ...disk('64Mi') },
              limits: {
                // A PostgreSQL with 128 MiB of buffers beside the process that feeds it.
                memory: k8s.Quantity.fromString('2Gi'),
                // On the node's disk the whole cluster is unpacked: a limit would end every recovery of a large one.
                ...(archive.scratch === undefined ? {} : disk('2Gi')),
              },
            },
          },
        ],
      },
    },
  };
}

function disk(size: string): Record<'ephemeral-storage', k8s.Quantity> {
  return { 'ephemeral-storage': k8s.Quantity.fromString(size) };
}

function ready(): Pick<k8s.Container, 'readinessProbe'> {
  const { readinessProbe } = adminProbes();
  return readinessProbe === undefined ? {} : { readinessProbe };
}

/** A volume of a size that goes with its Pod, or the node's disk. */
function placeOf(size: string | undefined): Pick<k8s.Volume, 'ephemeral' | 'emptyDir'> {
  if (size === undefined) return { emptyDir: {} };
  return {
    ephemeral: {
      volumeClaimTemplate: {
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: k8s.Quantity.fromString(size) } },
        },
      },
    },
  };
}

function podBasics(): Pick<
  k8s.PodSpec,
  'automountServiceAccountToken' | 'enableServiceLinks' | 'securityContext'
> {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: UID,
      fsGroup: UID,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  };
}

/** As the image says; PostgreSQL insists that its data is its own. */
const UID = 65_532;

function container(
  name: string,
  { recovery, pullPolicy }: Images,
  archive: ArchiveOptions,
): Pick<k8s.Container, 'name' | 'image' | 'imagePullPolicy' | 'volumeMounts' | 'securityContext'> {
  return {
    name,
    image: recovery,
    imagePullPolicy: pullPolicy,
    volumeMounts: foldersOf(archive).map(({ volume, path }) => ({ name: volume.name, mountPath: path })),
    securityContext: { ...restricted(), readOnlyRootFilesystem: true },
  };
}

/** `/tmp`, and the archive where it is a folder in a claim. */
function foldersOf({
  url,
  claim,
}: ArchiveOptions): readonly { readonly volume: k8s.Volume; readonly path: string }[] {
  const tmp = {
    volume: { name: 'tmp', emptyDir: { sizeLimit: k8s.Quantity.fromString('256Mi') } },
    path: '/tmp',
  };
  if (claim === undefined || !url.startsWith('file:')) return [tmp];
  const path = fileURLToPath(url).replace(/(?<=.)[/]$/, '');
  return [tmp, { volume: { name: 'archive', persistentVolumeClaim: { claimName: claim } }, path }];
}

function fromSecret(key: string, name: string): k8s.EnvVar {
  return { name: key, valueFrom: { secretKeyRef: { name, key } } };
}

function plain(values: Readonly<Record<string, string | number>>): k8s.EnvVar[] {
  return Object.entries(values).map(([name, value]) => ({ name, value: String(value) }));
}

/**
 * The CronJob of a Service that backs up the tenants it hosts: the runtime image with argument `backup`, as the database role
 * the Service itself logs in with.
 */
import { k8s } from 'cdk8s-plus-28';
import { manifests, ownLabels } from './chart.ts';
import type { Manifest } from './chart.ts';
import { envVar, foldersOf, quantities, restricted } from './workload.ts';
import type { WorkloadInput } from './workload.ts';

const WORK = 'backup';
/** Variables of the runtime that its backup needs too. */
const NEEDED = ['DATABASE_URL', 'BLOBS_URL', 'SHOPMIND_TENANT'];

/** Whether blobs outlive the Pod that writes them: a backup that ends with its Job is none. */
export function canBackUp({ blobs }: Pick<WorkloadInput, 'blobs'>): boolean {
  return blobs === undefined || blobs.claim !== undefined;
}

/** Nothing where no backups are asked for, or none could last. */
export function backupJob(input: WorkloadInput): readonly Manifest[] {
  const { name, namespace, spec } = input;
  const { backup } = spec;
  if (backup === undefined || spec.domains === undefined || !canBackUp(input)) return [];
  const labels = ownLabels(WORK, spec.tenant);
  return manifests((chart) => {
    new k8s.KubeCronJob(chart, WORK, {
      metadata: { name: `${name}-${WORK}`, namespace, labels },
      spec: {
        schedule: backup.schedule,
        timeZone: 'Etc/UTC',
        // Who hibernates changes nothing.
        suspend: spec.replicas === 0,
        // Two at once would remove each other's unfinished work.
        concurrencyPolicy: 'Forbid',
        startingDeadlineSeconds: 3600,
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          metadata: { labels },
          spec: {
            backoffLimit: 2,
            activeDeadlineSeconds: 4 * 3600,
            // A sidecar would not end with the work, and the database is not in the mesh.
            template: {
              metadata: { labels: { ...labels, 'sidecar.istio.io/inject': 'false' } },
              spec: podOf(input, backup.keep),
            },
          },
        },
      },
    });
  });
}

function podOf({ images, platformEnv, blobs }: WorkloadInput, keep: number): k8s.PodSpec {
  const folders = foldersOf(blobs);
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    volumes: folders.map(({ volume }) => volume),
    containers: [
      {
        name: WORK,
        image: images.runtime,
        imagePullPolicy: images.pullPolicy,
        args: [WORK],
        env: [
          ...platformEnv.filter((variable) => NEEDED.includes(variable.name)).map(envVar),
          { name: 'BACKUP_KEEP', value: String(keep) },
        ],
        resources: {
          requests: { ...quantities('100m', '128Mi'), 'ephemeral-storage': k8s.Quantity.fromString('64Mi') },
          limits: {
            memory: k8s.Quantity.fromString('256Mi'),
            'ephemeral-storage': k8s.Quantity.fromString('2Gi'),
          },
        },
        volumeMounts: folders.map(({ volume, path }) => ({ name: volume.name, mountPath: path })),
        securityContext: { ...restricted(), readOnlyRootFilesystem: true },
      },
    ],
  };
}

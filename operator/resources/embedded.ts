/**
 * What only the embedded cluster has: its own PostgreSQL and its own payment processor, as Pods with data on the machine's disk.
 * A real cluster brings a database and uses Stripe; nothing else differs.
 */
import { ApiObject } from 'cdk8s';
import type { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { LABELS, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import { manifests, ownLabels } from './chart.ts';
import type { Manifest } from './chart.ts';
import { gatewayUrl } from './environment.ts';
import { GATEWAY_NAME } from './route.ts';
import { adminProbes, baseEnv, quantities, restricted } from './workload.ts';

export interface EmbeddedOptions {
  /** Absolute folder that survives restarts; postgres and processor each get a folder in it. */
  readonly dataDir: string;
  readonly gatewayPort: number;
  readonly logLevel?: string;
}

const POSTGRES_PORT = 5432;
const PROCESSOR_PORT = 8090;
/** Host name under which browsers reach the processor. */
const PROCESSOR_HOST = 'pay.localhost';

export function embeddedManifests(options: EmbeddedOptions): readonly Manifest[] {
  return manifests((chart) => {
    postgres(chart, options);
    processor(chart, options);
  });
}

function postgres(chart: Chart, options: EmbeddedOptions): void {
  const folder = `${options.dataDir}/postgres`;
  stateful(chart, 'postgres', POSTGRES_PORT, options, folder, {
    env: [
      { name: 'PGDATA', value: folder },
      { name: 'POSTGRES_DB', value: 'shopmind' },
      fromSecret('POSTGRES_PASSWORD'),
    ],
    // The server itself is asked: it answers nothing useful to HTTP.
    readinessProbe: {
      tcpSocket: { port: k8s.IntOrString.fromNumber(POSTGRES_PORT) },
      periodSeconds: 1,
      timeoutSeconds: 2,
    },
    resources: { requests: quantities('100m', '256Mi') },
  });
}

function processor(chart: Chart, options: EmbeddedOptions): void {
  const name = 'processor';
  const folder = `${options.dataDir}/${name}`;
  stateful(chart, name, PROCESSOR_PORT, options, folder, {
    env: [
      { name: 'PROCESSOR_DATA', value: folder },
      { name: 'GATEWAY_URL', value: gatewayUrl(options.gatewayPort) },
      { name: 'PAYMENTS_PUBLIC_ORIGIN', value: `http://${PROCESSOR_HOST}:${options.gatewayPort}` },
      fromSecret('PAYMENTS_SECRET'),
    ],
    ...adminProbes(),
    resources: { requests: quantities('50m', '96Mi') },
  });
  new ApiObject(chart, 'processor-route', {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace: SYSTEM_NAMESPACE, labels: ownLabels(name) },
    spec: {
      parentRefs: [{ name: GATEWAY_NAME, namespace: SYSTEM_NAMESPACE }],
      hostnames: [PROCESSOR_HOST],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          backendRefs: [{ name, port: PROCESSOR_PORT }],
        },
      ],
    },
  });
}

/** One Pod with a folder of the machine, and its headless Service. Never two at once: they share the folder. */
function stateful(
  chart: Chart,
  name: string,
  port: number,
  options: EmbeddedOptions,
  folder: string,
  container: Partial<k8s.Container>,
): void {
  const labels = ownLabels(name);
  const metadata = { name, namespace: SYSTEM_NAMESPACE, labels };
  const { env = [], ...rest } = container;
  new k8s.KubeDeployment(chart, name, {
    metadata,
    spec: {
      replicas: 1,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: { [LABELS.name]: name } },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 30,
          // Others stand on it: with the node going down it ends after them.
          priorityClassName: 'system-cluster-critical',
          volumes: [{ name: 'data', hostPath: { path: folder, type: 'DirectoryOrCreate' } }],
          containers: [
            {
              name,
              image: `shopmind/${name}`,
              imagePullPolicy: 'Never',
              ports: [{ name: 'main', containerPort: port }],
              env: [...baseEnv(port), { name: 'LOG_LEVEL', value: options.logLevel ?? 'info' }, ...env],
              volumeMounts: [{ name: 'data', mountPath: folder }],
              securityContext: restricted(),
              ...rest,
            },
          ],
        },
      },
    },
  });
  new k8s.KubeService(chart, `${name}-service`, {
    metadata,
    spec: {
      clusterIp: 'None',
      selector: { [LABELS.name]: name },
      ports: [{ name: 'main', port, targetPort: k8s.IntOrString.fromNumber(port) }],
    },
  });
}

function fromSecret(key: string): k8s.EnvVar {
  return { name: key, valueFrom: { secretKeyRef: { name: 'platform', key } } };
}

/**
 * What a real installation brings along and this one has to be given: a database, a payment processor, and the configuration that
 * says where they are. As Pods in a namespace of their own, because they are not ShopMind's.
 */
import { randomBytes } from 'node:crypto';
import type { KubeObject } from '../../operator/kube/types.ts';

const NAMESPACE = 'data';
const SYSTEM = 'shopmind-system';
/** Where the runtime of these tests has the sample shops' catalogues: images/samples. */
const SOURCES = 'file:///sources/';
const BLOBS = '/var/lib/shopmind/blobs';
/** Name of the claim of many writers that holds the blobs, in each namespace that has a runtime. */
export const BLOBS_CLAIM = 'blobs';

export interface DataPlaneOptions {
  /** Port of the gateway inside the cluster. */
  readonly gatewayPort: number;
  /** Port at which browsers reach the gateway. */
  readonly publicPort: number;
  readonly images: Images;
  /** Node that its Pods stay on, with their data; any when absent. */
  readonly node?: string | undefined;
  /** Folder of every node for the blobs; without it they last as long as the Pod that has them. */
  readonly sharedFolder: string | undefined;
}

export interface Images {
  readonly registry: string;
  readonly tag: string;
  readonly pullPolicy: string;
}

/** Everything, in an order that can be applied. The system namespace has to exist. */
export function dataPlane({
  gatewayPort,
  publicPort,
  images,
  node,
  sharedFolder,
}: DataPlaneOptions): KubeObject[] {
  const password = randomBytes(24).toString('base64url');
  const paymentsSecret = randomBytes(24).toString('base64url');
  const origin = `http://pay.localhost${publicPort === 80 ? '' : `:${publicPort}`}`;
  const database = `postgres.${NAMESPACE}.svc:5432/shopmind`;
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    secret(NAMESPACE, 'data', { password, paymentsSecret }),
    ...workload(
      'postgres',
      5432,
      { images, node },
      {
        PGDATA: '/data/postgres',
        POSTGRES_DB: 'shopmind',
        // Pods of this cluster; a real database has its own idea of who may come.
        POSTGRES_CLIENTS: '10.0.0.0/8',
        POSTGRES_PASSWORD: { key: 'password' },
      },
    ),
    ...workload(
      'processor',
      8090,
      { images, node },
      {
        PROCESSOR_DATA: '/data/processor',
        GATEWAY_URL: `http://gateway.${SYSTEM}.svc:${gatewayPort}`,
        PAYMENTS_PUBLIC_ORIGIN: origin,
        PAYMENTS_SECRET: { key: 'paymentsSecret' },
      },
    ),
    processorRoute(),
    ...(sharedFolder === undefined ? [] : blobsIn(SYSTEM, sharedFolder)),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'platform', namespace: SYSTEM },
      data: {
        BLOBS_URL: `file://${BLOBS}/`,
        ...(sharedFolder === undefined ? {} : { BLOBS_CLAIM }),
        SOURCES_URL: SOURCES,
        PAYMENTS_URL: `http://processor.${NAMESPACE}.svc:8090`,
        PAYPAL_URL: `http://processor.${NAMESPACE}.svc:8090/paypal`,
        PAYMENTS_PUBLIC_ORIGIN: origin,
        PUBLIC_PORT: String(publicPort),
      },
    } as KubeObject,
    secret(SYSTEM, 'platform', {
      DATABASE_ADMIN_URL: `postgres://postgres:${password}@${database}`,
      DATABASE_URL: `postgres://${database}`,
      PAYMENTS_SECRET: paymentsSecret,
      SECRETS_KEY: randomBytes(32).toString('base64'),
    }),
  ];
}

/** The claim of a namespace and its volume: the same folder for every namespace, as a file server would give it. */
export function blobsIn(namespace: string, folder: string): KubeObject[] {
  const volumeName = `blobs-${namespace}`;
  const access = { accessModes: ['ReadWriteMany'], storageClassName: '' };
  const objects = [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: volumeName },
      spec: { ...access, capacity: { storage: '1Gi' }, hostPath: { path: folder, type: 'Directory' } },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: BLOBS_CLAIM, namespace },
      spec: { ...access, volumeName, resources: { requests: { storage: '1Gi' } } },
    },
  ];
  return objects;
}

function secret(namespace: string, name: string, values: Readonly<Record<string, string>>): KubeObject {
  const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData: values };
  return object;
}

type Value = string | { readonly key: string };

/** One Pod that keeps its data as long as it lives, and its headless Service. */
function workload(
  name: string,
  port: number,
  { images, node }: Pick<DataPlaneOptions, 'images' | 'node'>,
  env: Readonly<Record<string, Value>>,
): KubeObject[] {
  const labels = { 'app.kubernetes.io/name': name };
  const metadata = { name, namespace: NAMESPACE, labels };
  const variables = Object.entries(env).map(([variable, value]) =>
    typeof value === 'string'
      ? { name: variable, value }
      : { name: variable, valueFrom: { secretKeyRef: { name: 'data', key: value.key } } },
  );
  const objects = [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        strategy: { type: 'Recreate' },
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            ...(node === undefined ? {} : { nodeSelector: { 'kubernetes.io/hostname': node } }),
            securityContext: {
              runAsNonRoot: true,
              fsGroup: 65_532,
              seccompProfile: { type: 'RuntimeDefault' },
            },
            containers: [
              {
                name,
                image: `${images.registry}shopmind/${name}:${images.tag}`,
                imagePullPolicy: images.pullPolicy,
                env: [
                  { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
                  { name: 'PORT', value: String(port) },
                  ...variables,
                ],
                ports: [{ containerPort: port }],
                readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
                volumeMounts: [
                  { name: 'data', mountPath: '/data' },
                  { name: 'tmp', mountPath: '/tmp' },
                ],
                securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
              },
            ],
            volumes: [
              { name: 'data', emptyDir: {} },
              { name: 'tmp', emptyDir: {} },
            ],
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { clusterIP: 'None', selector: labels, ports: [{ name: 'main', port, targetPort: port }] },
    },
  ];
  return objects;
}

/** Browsers load card fields from the processor, so it stands behind the gateway too. */
function processorRoute(): KubeObject {
  const route = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'processor', namespace: NAMESPACE },
    spec: {
      parentRefs: [{ name: 'shopmind', namespace: SYSTEM }],
      hostnames: ['pay.localhost'],
      rules: [{ backendRefs: [{ name: 'processor', port: 8090 }] }],
    },
  };
  return route;
}

/**
 * The cluster the benchmark runs on: CRDs, the platform's configuration, one fake node, and a stand-in for the gateway that
 * takes every route. Everything else is Kubernetes' own: API server, controllers, scheduler; kwok plays the kubelet.
 */
import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { parseAllDocuments } from 'yaml';
import { API_VERSION, customResourceDefinitions, DOMAINS, SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import { shopServices } from '../../../operator/controllers/kinds.ts';
import type { Client } from '../../../operator/kube/client.ts';
import { createReflector } from '../../../operator/kube/reflector.ts';
import {
  configMaps,
  customResourceDefinitions as crds,
  httpRoutes,
  namespaces,
  nodes,
  secrets,
} from '../../../operator/kube/resources.ts';
import type { KubeObject } from '../../../operator/kube/types.ts';
import { until } from '../../support/wait.ts';

const FIELD_MANAGER = 'bench';
const GATEWAY_API = new URL('../../../operator/resources/crds/gateway-api.yaml', import.meta.url);

/** Everything that must be there before the operator starts. */
export async function prepare(client: Client): Promise<void> {
  const gatewayApi = parseAllDocuments(await readFile(GATEWAY_API, 'utf8')).map(
    // A file of the repository that holds CRDs only.
    (document) => document.toJS() as KubeObject | null,
  );
  for (const crd of [...customResourceDefinitions(), ...gatewayApi]) {
    if (crd !== null)
      await client.apply(crds, crd as KubeObject, { fieldManager: FIELD_MANAGER, force: true });
  }
  await until(
    async () => {
      const { items } = await client.listAll(crds);
      const established = items.filter(({ status }) =>
        status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True'),
      );
      return established.length === items.length ? true : undefined;
    },
    { withinMs: 30_000, what: 'the CRDs are established' },
  );
  const metadata = { name: 'platform', namespace: SYSTEM_NAMESPACE };
  await client.apply(
    namespaces,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM_NAMESPACE } },
    { fieldManager: FIELD_MANAGER },
  );
  await client.apply(configMaps, platformConfig(metadata), { fieldManager: FIELD_MANAGER });
  await client.apply(secrets, platformSecret(metadata), { fieldManager: FIELD_MANAGER });
  await client.apply(nodes, fakeNode(), { fieldManager: FIELD_MANAGER });
  await client.apply(shopServices, pool(), { fieldManager: FIELD_MANAGER });
}

/** Accepts every HTTPRoute as a gateway does: one status write a route and generation. */
export function acceptRoutes(client: Client, signal: AbortSignal): Promise<void> {
  const reflector = createReflector({ client, type: httpRoutes, log: pino({ level: 'silent' }) });
  reflector.onChange(({ type, object }) => {
    if (type === 'deleted') return;
    const generation = object.metadata.generation ?? 0;
    if (acceptedGeneration(object) === generation) return;
    client
      .patch(
        httpRoutes,
        object.metadata,
        { kind: 'merge', body: { status: { parents: [acceptance(generation)] } } },
        { subresource: 'status' },
      )
      // Deleted meanwhile; or changed again, which brings another event.
      .catch((error: unknown) => process.stderr.write(`route not accepted: ${String(error)}\n`));
  });
  return reflector.run(signal);
}

/** Routes carry the Gateway API's status, which the machinery's base type does not name. */
function acceptedGeneration(route: KubeObject): number | undefined {
  const { status } = route as KubeObject & {
    status?: { parents?: { conditions?: { observedGeneration?: number }[] }[] };
  };
  return status?.parents?.[0]?.conditions?.[0]?.observedGeneration;
}

function acceptance(observedGeneration: number): object {
  return {
    controllerName: 'shopmind.ai/gateway',
    parentRef: { name: 'shopmind', namespace: SYSTEM_NAMESPACE },
    conditions: [
      {
        type: 'Accepted',
        status: 'True',
        reason: 'Accepted',
        message: '',
        observedGeneration,
        lastTransitionTime: new Date().toISOString(),
      },
    ],
  };
}

function platformConfig(metadata: KubeObject['metadata']): KubeObject & { data: object } {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata,
    data: { BLOBS_URL: 'file:///tmp/unused/', PUBLIC_PORT: '443' },
  };
}

function platformSecret(metadata: KubeObject['metadata']): KubeObject & { stringData: object } {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    stringData: {
      DATABASE_ADMIN_URL: 'postgres://postgres@database.example:5432/shopmind',
      SECRETS_KEY: Buffer.alloc(32).toString('base64'),
    },
  };
}

function pool(): KubeObject & { spec: object } {
  return {
    apiVersion: API_VERSION,
    kind: 'Service',
    metadata: { name: 'runtime', namespace: SYSTEM_NAMESPACE },
    spec: { domains: DOMAINS },
  };
}

function fakeNode(): KubeObject & { status: object } {
  const capacity = { cpu: '10000', memory: '10Ti', pods: '100000', 'ephemeral-storage': '10Ti' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: 'fake-0',
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: { 'kubernetes.io/hostname': 'fake-0', 'topology.kubernetes.io/zone': 'fake' },
    },
    status: { capacity, allocatable: capacity },
  };
}

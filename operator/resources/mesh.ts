/**
 * Istio: who may call a tenant's Pods, proven by certificate, and how calls to a Service are retried and broken off.
 */
import { ApiObject } from 'cdk8s';
import type { Chart } from 'cdk8s';
import type { k8s } from 'cdk8s-plus-28';
import { LABELS, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import { ADMIN_PORT, GRPC_PORT, RUNTIME_PORT } from './presets.ts';

/** What Istio adds to each Pod: quotas must leave room for it (its defaults, `global.proxy.resources`). */
export const SIDECAR = { cpuMillis: 100, memoryMi: 128, memoryLimitMi: 1024 };
/** Pods are only replaced when their template changes; with this label they are when the mesh comes. */
export const MESH_POD_LABELS = { 'sidecar.istio.io/inject': 'true' };
/** Where the sidecars hear from istiod. */
export const ISTIOD_PORT = 15_012;

/** Mutual TLS for every request, and only from the gateway, the operator and the tenant's own Pods. */
export function tenantMesh(chart: Chart, metadata: k8s.ObjectMeta, tenant: string): void {
  const selector = { matchLabels: { [LABELS.tenant]: tenant } };
  new ApiObject(chart, 'peers', {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { ...metadata, name: 'strict' },
    spec: {
      selector,
      mtls: { mode: 'STRICT' },
      // Prometheus mostly stands outside of the mesh; metrics name no shopper.
      portLevelMtls: { [ADMIN_PORT]: { mode: 'PERMISSIVE' } },
    },
  });
  new ApiObject(chart, 'callers', {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { ...metadata, name: 'callers' },
    spec: {
      selector,
      action: 'ALLOW',
      rules: [
        {
          from: [
            { source: { principals: [systemAccount('gateway'), systemAccount('operator')] } },
            { source: { namespaces: [metadata.namespace] } },
          ],
          to: [{ operation: { ports: [String(RUNTIME_PORT), String(GRPC_PORT)] } }],
        },
        { to: [{ operation: { ports: [String(ADMIN_PORT)] } }] },
      ],
    },
  });
}

/**
 * How others call one Service: a Pod that fails is left alone for a while; what surely was not handled is tried again.
 * @param calls the port of gRPC, where it has one: its calls have deadlines of their own, and may be streams without end
 */
export function serviceMesh(chart: Chart, metadata: k8s.ObjectMeta, port: number, calls?: number): void {
  const host = `${metadata.name}.${metadata.namespace}.svc.cluster.local`;
  new ApiObject(chart, 'destination', {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata,
    spec: {
      host,
      trafficPolicy: {
        connectionPool: {
          tcp: { maxConnections: 1024, connectTimeout: '2s' },
          http: { http1MaxPendingRequests: 500, idleTimeout: '60s' },
        },
        // The circuit breaker: never more than half of the Pods at once, or a bad minute would close the shop.
        outlierDetection: {
          consecutive5xxErrors: 5,
          interval: '10s',
          baseEjectionTime: '30s',
          maxEjectionPercent: 50,
        },
      },
    },
  });
  new ApiObject(chart, 'virtual', {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata,
    spec: {
      hosts: [host],
      // Each by its port: one without would take what is meant for the other.
      http: [
        { ...toPort(host, port), timeout: '60s', retries: { ...RETRIES, perTryTimeout: '30s' } },
        ...(calls === undefined ? [] : [{ ...toPort(host, calls), retries: RETRIES }]),
      ],
    },
  });
}

/** Nothing that might have been handled already: a retried order would be a second order. */
const RETRIES = { attempts: 2, retryOn: 'connect-failure,refused-stream' };

function toPort(host: string, number: number): object {
  return { match: [{ port: number }], route: [{ destination: { host, port: { number } } }] };
}

/** In whatever trust domain the cluster has. */
function systemAccount(name: string): string {
  return `*/ns/${SYSTEM_NAMESPACE}/sa/${name}`;
}

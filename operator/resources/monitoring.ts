/**
 * How Prometheus finds the metrics of a Service: a ServiceMonitor, where its operator is installed.
 */
import { ApiObject } from 'cdk8s';
import type { Chart } from 'cdk8s';
import type { k8s } from 'cdk8s-plus-28';
import { LABELS } from '../../crds/index.ts';

/** Reads `/metrics` on the admin port of every Pod behind the core Service that `selector` finds. */
export function serviceMonitor(
  chart: Chart,
  metadata: k8s.ObjectMeta,
  selector: Readonly<Record<string, string>>,
  /** What the platform's Prometheus selects its monitors by. */
  monitorLabels: Readonly<Record<string, string>>,
): void {
  new ApiObject(chart, 'monitor', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { ...metadata, labels: { ...metadata.labels, ...monitorLabels } },
    spec: {
      selector: { matchLabels: selector },
      // On every series: whose it is.
      targetLabels: [LABELS.tenant, LABELS.service],
      endpoints: [{ port: 'admin', path: '/metrics', interval: '30s', scrapeTimeout: '10s' }],
    },
  });
}

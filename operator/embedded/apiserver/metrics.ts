/** Usage of pods and nodes as metrics-server serves it, from what the node agent measures. */
import type { Cluster } from './cluster.ts';
import { notFound } from './errors.ts';
import { wantedForm, wantedInclude, type Exchange } from './exchange.ts';
import { formText } from './forms.ts';
import { selectionOf } from './list.ts';
import { fields, text, type JsonObject, type KubeObject } from './objects.ts';
import type { ResourcePath } from './request.ts';
import { apiVersionOf, type ResourceType } from './resources.ts';
import { tableOf } from './table/table.ts';

/** The measurement, or the list of measurements, that a path asks for. */
export function metricsPage(
  cluster: Cluster,
  exchange: Exchange,
  path: ResourcePath,
  type: ResourceType,
): string {
  const { podMetrics, nodeMetrics } = cluster.providers;
  const measured = (type.plural === 'pods' ? podMetrics?.() : nodeMetrics?.()) ?? [];
  const objects = measured.map((one) => asObject(one, type)).filter((object) => isInScope(object, path));
  const form = wantedForm(exchange);
  if (path.name !== '') {
    const found = objects.find((object) => object.metadata.name === path.name);
    if (!found) throw notFound(type, path.namespace === '' ? path.name : `${path.namespace}/${path.name}`);
    return formText(cluster, type, found, form, wantedInclude(exchange));
  }
  const { matches } = selectionOf(exchange.query, type);
  const selected = matches ? objects.filter(matches) : objects;
  if (form === 'table')
    return JSON.stringify(
      tableOf(cluster.columnsOf(type), selected, {}, wantedInclude(exchange), cluster.now()),
    );
  return JSON.stringify({
    kind: type.listKind,
    apiVersion: apiVersionOf(type),
    metadata: {},
    items: selected,
  });
}

function asObject(measured: JsonObject, type: ResourceType): KubeObject {
  const metadata = fields(measured['metadata']);
  // What is measured is not stored: it has no identity beyond its name.
  const identity = { uid: '', resourceVersion: '', creationTimestamp: text(measured['timestamp']) };
  return {
    ...measured,
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    metadata: { ...identity, ...metadata, name: text(metadata['name']) },
  };
}

function isInScope(object: KubeObject, path: ResourcePath): boolean {
  return path.namespace === '' || object.metadata.namespace === path.namespace;
}

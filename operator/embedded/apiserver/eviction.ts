/** Evicting a Pod: deleting it, unless a disruption budget says that too many would be missing. */
import type { Cluster } from './cluster.ts';
import { tooManyRequests } from './errors.ts';
import { readBody, sendJson, type Exchange } from './exchange.ts';
import { at, fields, number, type KubeObject } from './objects.ts';
import { parseBody } from './registry/decode.ts';
import { deleteObject } from './registry/delete.ts';
import { deleteOptions } from './registry/options.ts';
import type { ResourceType } from './resources.ts';
import { labelSelectorMatches } from './selectors.ts';

const RETRY_SECONDS = 10;

export async function evict(
  cluster: Cluster,
  exchange: Exchange,
  pod: KubeObject,
  type: ResourceType,
): Promise<void> {
  const body = fields(await parseBody(await readBody(exchange), exchange.contentType));
  const budget = budgetOf(cluster, pod);
  if (budget && (number(at(budget, 'status', 'disruptionsAllowed')) ?? 0) < 1) {
    const message = `The disruption budget ${budget.metadata.name} does not allow evicting pods currently`;
    throw tooManyRequests(
      "Cannot evict pod as it would violate the pod's disruption budget.",
      RETRY_SECONDS,
      [{ reason: 'DisruptionBudget', message, field: '' }],
    );
  }
  const options = deleteOptions(exchange.query, fields(body['deleteOptions']));
  await deleteObject(
    cluster,
    { type, namespace: pod.metadata.namespace ?? '', name: pod.metadata.name },
    options,
    exchange,
  );
  sendJson(
    exchange,
    201,
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }),
  );
}

function budgetOf(cluster: Cluster, pod: KubeObject): KubeObject | undefined {
  const type = cluster.catalog.find('policy', 'v1', 'poddisruptionbudgets');
  if (!type) return undefined;
  return cluster.store
    .list(type.storage, pod.metadata.namespace)
    .map((entry) => cluster.codec.read(entry, type))
    .find((budget) => labelSelectorMatches(at(budget, 'spec', 'selector'), pod.metadata.labels ?? {}));
}

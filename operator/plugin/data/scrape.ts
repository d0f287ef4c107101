/**
 * The metrics of a Pod: through the API server's proxy, or, where that is not offered, at the Pod's own address.
 */
import type { Client } from '../../kube/client.ts';
import { isForbidden, KubeError } from '../../kube/errors.ts';
import type { Pod } from '../../kube/resources.ts';
import { wayToPod } from './reach.ts';

const ADMIN = 'admin';
const DEFAULT_PORT = 9090;

/** @throws KubeError or Failure when neither way leads there */
export async function scrape(client: Client, pod: Pod): Promise<string> {
  const { namespace = '', name } = pod.metadata;
  const port =
    pod.spec?.containers.flatMap(({ ports }) => ports ?? []).find((one) => one.name === ADMIN)
      ?.containerPort ?? DEFAULT_PORT;
  try {
    return await client.raw('GET', `/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy/metrics`);
  } catch (error) {
    // The embedded cluster has no proxy; where it is forbidden, another way may be allowed.
    if (!(error instanceof KubeError) || (error.code < 400 && !isForbidden(error))) throw error;
    return direct(client, { namespace, name }, port);
  }
}

async function direct(
  client: Client,
  ref: { namespace: string; name: string },
  port: number,
): Promise<string> {
  const way = await wayToPod(client, ref, port);
  try {
    const answer = await fetch(`http://${way.host}:${way.port}/metrics`, {
      signal: AbortSignal.timeout(5_000),
    });
    return await answer.text();
  } finally {
    way.close();
  }
}

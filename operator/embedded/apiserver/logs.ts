/** The log of a Pod's container, as a stream. */
import { pipeline } from 'node:stream/promises';
import type { Cluster } from './cluster.ts';
import { badRequest, unavailable } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { at, items, text, type KubeObject } from './objects.ts';
import type { LogOptions } from './providers.ts';
import { numberOf } from './registry/options.ts';

/** Sends a log until it ends or the client goes. */
export async function serveLog(cluster: Cluster, exchange: Exchange, pod: KubeObject): Promise<void> {
  const { podLogs } = cluster.providers;
  if (!podLogs) throw unavailable('no node agent has registered itself, so that there are no logs yet');
  const options = optionsOf(exchange.query, pod);
  const stream = await podLogs(pod.metadata.namespace ?? '', pod.metadata.name, options);
  const { response } = exchange;
  response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  try {
    await pipeline(stream, response);
  } catch (error) {
    // The client has gone, which is how following a log ends.
    if (!response.destroyed) throw error;
  }
}

function optionsOf(query: URLSearchParams, pod: KubeObject): LogOptions {
  const flag = (name: string) => query.get(name) === 'true' || query.get(name) === '1';
  const sinceTime = query.get('sinceTime');
  const tailLines = numberOf(query, 'tailLines');
  const limitBytes = numberOf(query, 'limitBytes');
  if (tailLines !== undefined && tailLines < 0)
    throw badRequest('tailLines: Invalid value: must be greater than or equal to 0');
  if (limitBytes !== undefined && limitBytes < 1)
    throw badRequest('limitBytes: Invalid value: must be greater than 0');
  return {
    container: containerOf(query.get('container') ?? '', pod),
    follow: flag('follow'),
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    tailLines,
    limitBytes,
    sinceSeconds: numberOf(query, 'sinceSeconds'),
    sinceTime: sinceTime === null ? undefined : new Date(sinceTime),
  };
}

function containerOf(asked: string, pod: KubeObject): string {
  const names = (list: string) => items(at(pod, 'spec', list)).map((one) => text(at(one, 'name')));
  const containers = names('containers');
  const all = [...names('initContainers'), ...containers, ...names('ephemeralContainers')];
  if (asked === '') {
    if (containers.length === 1 && containers[0] !== undefined) return containers[0];
    throw badRequest(
      `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${all.join(' ')}]`,
    );
  }
  if (!all.includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`);
  return asked;
}

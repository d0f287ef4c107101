/** Calls a webhook over HTTPS, at its URL or at an endpoint of its Service. */
import { Agent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { isObject } from '../../schema/schema.ts';
import type { Cluster } from '../cluster.ts';
import { at, fields, items, number, parseStored, text, type Json, type JsonObject } from '../objects.ts';
import type { ServiceReference, Webhook, WebhookClient } from './configurations.ts';

const LARGEST_ANSWER = 16 * 1024 * 1024;
const SLICES = 'discovery.k8s.io/endpointslices';
const SERVICE_LABEL = 'kubernetes.io/service-name';

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Name that the certificate must be for. */
  readonly serverName: string;
}

export interface Caller {
  /** @throws Error when there is nobody to call, or no whole answer in time */
  call(cluster: Cluster, webhook: Webhook, review: JsonObject): Promise<JsonObject>;
  close(): void;
}

export function createCaller(): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: 32, maxFreeSockets: 4 });
  return {
    async call(cluster, webhook, review) {
      const { status, body } = await post(
        agent,
        addressOf(cluster, webhook.client),
        webhook,
        JSON.stringify(review),
      );
      return readAnswer(status, body);
    },
    close: () => agent.destroy(),
  };
}

function addressOf(cluster: Cluster, client: WebhookClient): Address {
  if (client.service) return endpointOf(cluster, client.service);
  const { hostname, port, pathname, search } = new URL(client.url);
  return { host: hostname, port: Number(port) || 443, path: pathname + search, serverName: hostname };
}

function endpointOf(cluster: Cluster, { namespace, name, path, port }: ServiceReference): Address {
  const service = cluster.store.get({ resource: '/services', namespace, name });
  if (!service) throw new Error(`service "${name}" not found`);
  const declared = items(at(parseStored(service.json), 'spec', 'ports')).find(
    (one) => number(at(one, 'port')) === port,
  );
  if (declared === undefined) throw new Error(`service "${name}" has no port ${port}`);
  const portName = text(at(declared, 'name'));
  for (const entry of cluster.store.list(SLICES, namespace)) {
    const slice = parseStored(entry.json);
    if (slice.metadata.labels?.[SERVICE_LABEL] !== name) continue;
    const target = items(slice['ports']).find((one) => text(at(one, 'name')) === portName);
    const ready = items(slice['endpoints']).find((one) => at(one, 'conditions', 'ready') !== false);
    const host = text(items(at(ready, 'addresses'))[0]);
    const number_ = number(at(target, 'port'));
    if (host !== '' && number_ !== undefined)
      return { host, port: number_, path, serverName: `${name}.${namespace}.svc` };
  }
  throw new Error(`no endpoints available for service "${name}"`);
}

function post(agent: Agent, address: Address, webhook: Webhook, body: string): Promise<Answer> {
  const { host, port, path, serverName } = address;
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        agent,
        host,
        port,
        path: `${path}${path.includes('?') ? '&' : '?'}timeout=${Math.round(webhook.timeoutMs / 1_000)}s`,
        method: 'POST',
        servername: isIP(serverName) === 0 ? serverName : '',
        ...(webhook.client.caBundle === '' ? {} : { ca: webhook.client.caBundle }),
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          'content-length': Buffer.byteLength(body),
        },
        signal: AbortSignal.timeout(webhook.timeoutMs),
      },
      (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        response.on('data', (part: Buffer) => {
          size += part.length;
          if (size > LARGEST_ANSWER) request.destroy(new Error('the answer is too large'));
          parts.push(part);
        });
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }),
        );
      },
    );
    request.on('error', (error) => {
      reject(
        error.name === 'TimeoutError' || error.name === 'AbortError'
          ? new Error('context deadline exceeded')
          : error,
      );
    });
    request.end(body);
  });
}

function readAnswer(status: number, body: string): JsonObject {
  if (status !== 200) throw new Error(`the server answered with status ${status}`);
  // Only what is looked for is taken from it.
  const review = JSON.parse(body) as Json;
  const response = fields(review)['response'];
  if (!isObject(response)) throw new Error('the answer holds no response');
  return response;
}

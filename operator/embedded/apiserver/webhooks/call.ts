/** Calls a webhook over HTTPS, at its URL or at an endpoint of its Service. */
import { Agent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Cluster } from '../cluster.ts';
import { at, fields, items, number, parseStored, text, type Json, type JsonObject } from '../objects.ts';

/** Where a webhook is, as its configuration says. */
export interface WebhookClient {
  readonly url: string;
  readonly service: ServiceReference | undefined;
  /** PEM; empty for the authorities the system trusts. */
  readonly caBundle: string;
}

export interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  readonly port: number;
}

/** What of a webhook its caller needs to know. */
export interface Endpoint {
  readonly client: WebhookClient;
  readonly timeoutMs: number;
}

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
  /**
   * The review as the webhook answers it.
   * @throws Error when there is nobody to call, or no whole answer in time
   */
  call(cluster: Cluster, endpoint: Endpoint, review: JsonObject): Promise<JsonObject>;
  close(): void;
}

const HTTPS_PORT = 443;

/** Reads a `clientConfig`. */
export function readClient(config: JsonObject): WebhookClient {
  const service = config['service'];
  return {
    url: text(config['url']),
    caBundle: Buffer.from(text(config['caBundle']), 'base64').toString().trim(),
    service:
      service === undefined
        ? undefined
        : {
            namespace: text(at(service, 'namespace')),
            name: text(at(service, 'name')),
            path: text(at(service, 'path')) || '/',
            port: number(at(service, 'port')) ?? HTTPS_PORT,
          },
  };
}

export function createCaller(): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: 32, maxFreeSockets: 4 });
  return {
    async call(cluster, endpoint, review) {
      try {
        const address = addressOf(cluster, endpoint.client);
        return readAnswer(await post(agent, address, endpoint, JSON.stringify(review)));
      } catch (error) {
        throw new Error(`Post "${urlOf(endpoint)}": ${reasonOf(error)}`, { cause: error });
      }
    },
    close: () => agent.destroy(),
  };
}

const timeoutOf = ({ timeoutMs }: Endpoint): string => `timeout=${Math.round(timeoutMs / 1_000)}s`;

/** The address that is meant, for messages: that of the Service and not of one of its endpoints. */
function urlOf(endpoint: Endpoint): string {
  const { url, service } = endpoint.client;
  const base = service
    ? `https://${service.name}.${service.namespace}.svc:${service.port}${service.path}`
    : url;
  return `${base}${base.includes('?') ? '&' : '?'}${timeoutOf(endpoint)}`;
}

/** In the words of Go's client where Node's are known. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { address, port } = error as { address?: unknown; port?: unknown };
  return 'code' in error && error.code === 'ECONNREFUSED'
    ? `dial tcp ${String(address)}:${String(port)}: connect: connection refused`
    : error.message;
}

function addressOf(cluster: Cluster, client: WebhookClient): Address {
  if (client.service) return endpointOf(cluster, client.service);
  const { hostname, port, pathname, search } = new URL(client.url);
  return { host: hostname, port: Number(port) || 443, path: pathname + search, serverName: hostname };
}

function endpointOf(cluster: Cluster, { namespace, name, path, port }: ServiceReference): Address {
  const service = cluster.store.get({ resource: '/services', namespace, name });
  if (!service) throw new Error(`service "${name}" not found`);
  const spec = at(parseStored(service.json), 'spec');
  const serverName = `${name}.${namespace}.svc`;
  if (at(spec, 'type') === 'ExternalName')
    return { host: text(at(spec, 'externalName')), port, path, serverName };
  if (at(spec, 'clusterIP') === 'None') throw new Error('cannot route to service with ClusterIP "None"');
  const declared = items(at(spec, 'ports')).find((one) => number(at(one, 'port')) === port);
  if (declared === undefined) throw new Error(`service "${name}" has no port ${port}`);
  const portName = text(at(declared, 'name'));
  for (const entry of cluster.store.list(SLICES, namespace)) {
    const slice = parseStored(entry.json);
    if (slice.metadata.labels?.[SERVICE_LABEL] !== name) continue;
    const target = items(slice['ports']).find((one) => text(at(one, 'name')) === portName);
    const ready = items(slice['endpoints']).find((one) => at(one, 'conditions', 'ready') !== false);
    const host = text(items(at(ready, 'addresses'))[0]);
    const number_ = number(at(target, 'port'));
    if (host !== '' && number_ !== undefined) return { host, port: number_, path, serverName };
  }
  throw new Error(`no endpoints available for service "${name}"`);
}

function post(agent: Agent, address: Address, endpoint: Endpoint, body: string): Promise<Answer> {
  const { host, port, path, serverName } = address;
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        agent,
        host,
        port,
        path: `${path}${path.includes('?') ? '&' : '?'}${timeoutOf(endpoint)}`,
        method: 'POST',
        servername: isIP(serverName) === 0 ? serverName : '',
        ...(endpoint.client.caBundle === '' ? {} : { ca: endpoint.client.caBundle }),
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          'content-length': Buffer.byteLength(body),
        },
        signal: AbortSignal.timeout(endpoint.timeoutMs),
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

function readAnswer({ status, body }: Answer): JsonObject {
  if (status !== 200) throw new Error(`the server answered with status ${status}`);
  // Only what is looked for is taken from it.
  return fields(JSON.parse(body) as Json);
}

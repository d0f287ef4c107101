/**
 * Requests to the API server over TLS on loopback, on connections that stay open.
 */
import { Agent, request } from 'node:https';
import type { ApiRequest, ApiResponse, Transport } from './client.ts';

export interface HttpsOptions {
  /** For example `https://127.0.0.1:6443`. */
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  readonly token?: string;
  /** PEM, a client certificate and its key. */
  readonly cert?: string;
  readonly key?: string;
}

export interface HttpsTransport {
  readonly send: Transport;
  close(): void;
}

const TIMEOUT_MS = 30_000;

export function createHttpsTransport(options: HttpsOptions): HttpsTransport {
  const { hostname, port } = new URL(options.server);
  const agent = new Agent({
    keepAlive: true,
    ca: options.ca,
    ...(options.cert === undefined ? {} : { cert: options.cert }),
    ...(options.key === undefined ? {} : { key: options.key }),
  });
  const send = ({ method, path, contentType, accept, body, signal }: ApiRequest): Promise<ApiResponse> =>
    new Promise((resolve, reject) => {
      const headers: Record<string, string> = {
        accept: accept ?? 'application/json',
        'user-agent': 'shopmind-embedded',
      };
      if (options.token !== undefined) headers['authorization'] = `Bearer ${options.token}`;
      if (contentType !== undefined) headers['content-type'] = contentType;
      if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));
      const outgoing = request(
        { agent, hostname, port, method, path, headers, ...(signal === undefined ? {} : { signal }) },
        (response) => {
          outgoing.setTimeout(0);
          response.setEncoding('utf8');
          resolve({ status: response.statusCode ?? 0, body: response });
        },
      );
      outgoing.setTimeout(TIMEOUT_MS, () =>
        outgoing.destroy(new Error(`no answer to ${method} ${path} in time`)),
      );
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  return { send, close: () => agent.destroy() };
}

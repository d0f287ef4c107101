/**
 * Talks to a shop through the gateway as a shopper or a merchant would: by host name, over HTTP, on loopback.
 */
import { request, type Agent } from 'node:http';

export interface ShopRequest {
  readonly json?: unknown;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
  readonly timeoutMs?: number;
}

export interface ShopResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The parsed body; throws when it is no JSON. `unknown` fields are narrowed by the test that reads them. */
  json<T = Record<string, unknown>>(): T;
}

export type Shop = (method: string, path: string, options?: ShopRequest) => Promise<ShopResponse>;

/** A client of one host behind the gateway at `port`. `*.localhost` needs no resolver: the name travels as Host. */
export function shopAt(port: number, host: string, address = '127.0.0.1'): Shop {
  return (method, path, options = {}) =>
    new Promise((resolve, reject) => {
      const body = options.json === undefined ? options.body : JSON.stringify(options.json);
      const outgoing = request(
        {
          host: address,
          port,
          method,
          path,
          headers: {
            host: `${host}:${port}`,
            ...(options.json === undefined ? {} : { 'content-type': 'application/json' }),
            ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
            ...options.headers,
          },
          timeout: options.timeoutMs ?? 15_000,
          ...(options.agent === undefined ? {} : { agent: options.agent }),
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text,
              json: <T>() => {
                try {
                  // The test that names T asserts what it reads of it.
                  return JSON.parse(text) as T;
                } catch (cause) {
                  throw new Error(
                    `${method} ${host}${path} answered ${response.statusCode}, no JSON: ${text.slice(0, 200)}`,
                    { cause },
                  );
                }
              },
            });
          });
        },
      );
      outgoing.on('timeout', () =>
        outgoing.destroy(new Error(`${method} ${host}${path}: no answer in time`)),
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
}

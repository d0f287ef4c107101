/** A server of a test's own, and a client that speaks to it as plainly as curl. */
import { rm } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { ownFolder } from '../../../../tests/support/owned.ts';
import { inTime } from '../../../../tests/support/wait.ts';
import { fields, type Json, type JsonObject } from '../objects.ts';
import { startApiServer, type ApiServer, type ApiServerOptions, type Logger } from '../server.ts';

export const SILENT: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
  readonly headers: IncomingMessage['headers'];
}

export interface Client {
  /** A body that is a string goes as it is, all else as JSON. */
  call(method: string, path: string, body?: Json, headers?: Record<string, string>): Promise<Answer>;
  /** Opens a watch; the iterator gives its events, and ends it when it is left. */
  watch(path: string): AsyncGenerator<JsonObject>;
  close(): void;
}

export interface TestServer extends Client {
  readonly server: ApiServer;
  readonly dataDir: string;
}

/** Runs with a server in a folder of its own, which is removed afterwards. */
export async function withServer(
  work: (api: TestServer) => Promise<void>,
  options: Partial<ApiServerOptions> = {},
): Promise<void> {
  const dataDir = options.dataDir ?? ownFolder('apiserver');
  const server = await startApiServer({ dataDir, port: 0, host: '127.0.0.1', log: SILENT, ...options });
  const client = createClient(server.url, server.caCertificate, server.adminToken);
  try {
    await work({ ...client, server, dataDir });
  } finally {
    client.close();
    await server.close();
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  }
}

export function createClient(url: string, ca: string, token: string): Client {
  const agent = new Agent({ ca, keepAlive: true });

  function open(
    method: string,
    path: string,
    body: Json | undefined,
    headers: Record<string, string>,
  ): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const asked = request(
        `${url}${path}`,
        {
          method,
          agent,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        },
        resolve,
      );
      asked.on('error', reject);
      asked.end(text);
    });
  }

  return {
    async call(method, path, body, headers = {}) {
      const response = await open(method, path, body, headers);
      const text = await textOf(response);
      const json = String(response.headers['content-type']).includes('json') && text !== '';
      return {
        status: response.statusCode ?? 0,
        // The server answers with JSON where it says so.
        body: json ? fields(JSON.parse(text) as Json) : { text },
        headers: response.headers,
      };
    },
    async *watch(path) {
      const response = await open('GET', path, undefined, {});
      try {
        // A watch is one JSON object a line.
        for await (const line of createInterface({ input: response })) yield fields(JSON.parse(line) as Json);
      } finally {
        response.destroy();
      }
    },
    close: () => agent.destroy(),
  };
}

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

/** The next events of a watch. */
export async function take(events: AsyncGenerator<JsonObject>, count: number): Promise<JsonObject[]> {
  const taken: JsonObject[] = [];
  while (taken.length < count) {
    const { value, done } = await inTime(events.next(), `event ${taken.length + 1} of the watch`);
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}

/** The way to a shop's API: through the gateway, with the shop's own host, within a time. Used on the server only. */
import { Agent, request } from 'node:http';
import { ApiError } from '../../api-client/client.ts';
import type { ApiRequest, ApiResponse, Send } from '../../api-client/client.ts';

const TIMEOUT_MILLISECONDS = 10_000;
const MAX_BYTES = 8 * 1024 * 1024;
const agent = new Agent({ keepAlive: true, maxSockets: 128, scheduling: 'fifo' });

/**
 * `host` names the shop; `forwarded` is what the API should know of the visitor's request.
 * @param within milliseconds; what takes longer is broken off
 */
export function createSend(
  gateway: string,
  host: string,
  forwarded: Readonly<Record<string, string>>,
  within = TIMEOUT_MILLISECONDS,
): Send {
  return async (message) => {
    try {
      return await exchange(gateway, host, forwarded, message, within);
    } catch (error) {
      // A kept connection may close just as it is used; a read may simply be asked again.
      if (message.method !== 'GET' || !(error instanceof ApiError) || error.code !== 'unavailable')
        throw error;
      return await exchange(gateway, host, forwarded, message, within);
    }
  };
}

function exchange(
  gateway: string,
  host: string,
  forwarded: Readonly<Record<string, string>>,
  message: ApiRequest,
  within: number,
): Promise<ApiResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<ApiResponse>();
  const url = new URL(message.path, gateway);
  const outgoing = request(
    url,
    { method: message.method, agent, headers: { ...forwarded, ...message.headers, host } },
    (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BYTES)
          outgoing.destroy(new Error(`The API's answer is larger than ${MAX_BYTES} bytes`));
        else chunks.push(chunk);
      });
      response.on('end', () => {
        const headers = Object.fromEntries(
          Object.entries(response.headers).map(([name, value]) => [
            name,
            Array.isArray(value) ? value.join(', ') : value,
          ]),
        );
        resolve({
          status: response.statusCode ?? 502,
          headers,
          body: Buffer.concat(chunks).toString('utf8'),
        });
      });
      response.on('error', fail);
    },
  );
  function fail(cause: Error): void {
    reject(new ApiError(503, 'unavailable', `The API cannot be reached: ${cause.message}`, [], cause));
  }
  const timer = setTimeout(() => {
    reject(new ApiError(504, 'timeout', `The API did not answer within ${within} ms`));
    outgoing.destroy();
  }, within);
  outgoing.on('error', fail);
  outgoing.on('close', () => clearTimeout(timer));
  outgoing.end(message.body);
  return promise;
}

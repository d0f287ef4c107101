/** RabbitMQ's management API, as far as a scope's things are looked at and made through it. */
import { Agent, request } from 'undici';

export interface Management {
  /** The answer; undefined when there is no such thing. @throws ManagementRefusal, or what the network says */
  get<T>(path: string): Promise<T | undefined>;
  put(path: string, body: unknown): Promise<void>;
  post(path: string, body: unknown): Promise<void>;
  /** Fine when there is no such thing. */
  delete(path: string): Promise<void>;
  end(): Promise<void>;
}

/** The server understood and refused. */
export class ManagementRefusal extends Error {
  readonly status: number;

  constructor(method: string, path: string, status: number, words: string) {
    super(`${method} /api/${path}: ${status} ${words.slice(0, 300)}`);
    this.name = 'ManagementRefusal';
    this.status = status;
  }
}

/** @param base for example `http://rabbit:15672` */
export function createManagement(base: string, user: string, password: string): Management {
  const agent = new Agent({ connect: { timeout: 5_000 }, headersTimeout: 10_000, bodyTimeout: 10_000 });
  const headers = {
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
    'content-type': 'application/json',
  };

  async function ask(
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<string | undefined> {
    const answer = await request(`${base}/api/${path}`, {
      method,
      headers,
      dispatcher: agent,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    if (answer.statusCode === 404 && (method === 'GET' || method === 'DELETE')) return undefined;
    if (answer.statusCode >= 400) throw new ManagementRefusal(method, path, answer.statusCode, text);
    return text;
  }

  return {
    async get(path) {
      const text = await ask('GET', path);
      return text === undefined ? undefined : JSON.parse(text);
    },
    async put(path, body) {
      await ask('PUT', path, body);
    },
    async post(path, body) {
      await ask('POST', path, body);
    },
    async delete(path) {
      await ask('DELETE', path);
    },
    end: () => agent.destroy(),
  };
}

/** Names as parts of a path. */
export function pathOf(...parts: readonly string[]): string {
  return parts.map(encodeURIComponent).join('/');
}

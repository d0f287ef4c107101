/**
 * A Vault of a test's own on loopback: a server with its data in a folder, initialised with one key share and unsealed by it.
 * Built from vault/main.go on first use, some minutes, then it is in the user's cache. `node tests/servers/vault.ts` builds it.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { program } from '../cluster/binaries.ts';
import { ownFolder } from '../support/owned.ts';
import { freePort } from '../support/port.ts';
import { until } from '../support/wait.ts';
import { startProgram } from './process.ts';

export interface VaultServer {
  /** `vault+http://127.0.0.1:…/shopmind`: where it is, without a login. */
  readonly address: string;
  /** The same for a token. */
  addressFor(token: string): string;
  /** May do everything. */
  readonly rootToken: string;
  /** One request as root, or as who has the token. @param path without `/v1/` @returns the parsed answer, whatever its status */
  ask(method: string, path: string, body?: unknown, token?: string): Promise<VaultAnswer>;
  /** Nobody reads or writes until `unseal`. */
  seal(): Promise<void>;
  unseal(): Promise<void>;
  pid(): number;
  kill(): Promise<void>;
  /** After `kill`; resolves when it is unsealed again. */
  start(): Promise<void>;
  restart(): Promise<void>;
  /** Connections stay open and nobody answers. */
  pause(): Promise<void>;
  resume(): void;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export interface VaultAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const Initialised = z.object({ keys_base64: z.tuple([z.string()]), root_token: z.string() });

export async function startVault(): Promise<VaultServer> {
  const command = await program('vault');
  const folder = ownFolder('vault');
  const port = await freePort();
  const root = `http://127.0.0.1:${port}/v1/`;
  const place = `127.0.0.1:${port}/shopmind`;

  const send = async (method: string, path: string, body: unknown, token: string): Promise<VaultAnswer> => {
    const response = await fetch(`${root}${path}`, {
      method,
      headers: token === '' ? {} : { 'x-vault-token': token },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    return {
      status: response.status,
      // Vault answers with an object or with nothing.
      body: text === '' ? {} : (JSON.parse(text) as VaultAnswer['body']),
    };
  };
  const good = async (method: string, path: string, body?: unknown, token = ''): Promise<VaultAnswer> => {
    const answer = await send(method, path, body, token);
    if (answer.status < 300) return answer;
    throw new Error(`${method} ${path}: Vault answers ${answer.status} ${JSON.stringify(answer.body)}`);
  };

  try {
    const server = await startProgram({
      command,
      args: [join(folder, 'data'), `127.0.0.1:${port}`],
      folder,
      // Sealed it answers too.
      ready: async () => void (await good('GET', 'sys/seal-status')),
    });
    const { body } = await good('PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 });
    const {
      keys_base64: [key],
      root_token: rootToken,
    } = Initialised.parse(body);
    const unseal = async (): Promise<void> => {
      await good('PUT', 'sys/unseal', { key });
      // It is unsealed before it has taken up its work.
      await until(
        async () => ((await send('GET', 'sys/health', undefined, '')).status === 200 ? true : undefined),
        {
          withinMs: 15_000,
          what: 'Vault is active',
        },
      );
    };
    await unseal();
    const start = async (): Promise<void> => {
      await server.start();
      await unseal();
    };
    return {
      address: `vault+http://${place}`,
      addressFor: (token) => `vault+http://token:${token}@${place}`,
      rootToken,
      ask: (method, path, asked, token = rootToken) => send(method, path, asked, token),
      seal: async () => void (await good('PUT', 'sys/seal', undefined, rootToken)),
      unseal,
      pid: () => server.pid(),
      kill: () => server.kill(),
      start,
      async restart() {
        await server.end();
        await start();
      },
      pause: () => server.pause(),
      resume: () => server.resume(),
      async stop() {
        await server.kill();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

if (import.meta.main) process.stdout.write(`${await program('vault')}\n`);

/**
 * Vault's HTTP API, for who enters with an AppRole (role id and secret id) or with a token: `vault+https://role:secret@host:8200/shopmind`.
 * The path is the mount of the key-value engine; a transit engine and an AppRole method of the platform's own stand beside it.
 */
import { z } from 'zod';
import { formatAddress, parseAddress, type Address } from '../address/index.ts';
import { jsonIn } from '../json/index.ts';
import { secretBinding } from '../names/index.ts';

export interface Vault {
  /** The key-value engine (version 2), the transit engine, and the AppRole method below `auth/`. */
  readonly mounts: VaultMounts;
  /** @param path without `/v1/` @returns its `data`; undefined when there is no such thing */
  read(path: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Names below a path. */
  list(path: string): Promise<readonly string[]>;
  /** @returns `data` of the answer, empty where it has none */
  write(path: string, body: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
  /** Fine when there is nothing. */
  remove(path: string): Promise<void>;
}

export interface VaultMounts {
  readonly values: string;
  readonly keys: string;
  readonly logins: string;
}

/** Vault answered, and it was not yes. */
export class VaultRefusal extends Error {
  readonly status: number;
  /** What it says of each part of the request, where it says that. */
  readonly data: unknown;

  constructor(status: number, said: readonly string[], data?: unknown) {
    super(`it answers ${status}${said.length === 0 ? '' : `: ${said.join('; ')}`}`);
    this.name = 'VaultRefusal';
    this.status = status;
    this.data = data;
  }
}

const VAULT_PORT = 8200;
const DEFAULT_MOUNT = 'shopmind';
/** Whose password is a token, which no AppRole is asked for. */
const BY_TOKEN = 'token';
/** A token is replaced when so much of its time is over. */
const SPENT = 0.8;

const Answer = z.object({ data: z.record(z.string(), z.unknown()).nullish() });
const Login = z.object({ auth: z.object({ client_token: z.string(), lease_duration: z.number() }) });
const Keys = z.object({ keys: z.array(z.string()) });
const Refusal = z.object({ errors: z.array(z.string()).default([]), data: z.unknown().optional() });
const Opened = z.object({
  batch_results: z.array(z.object({ plaintext: z.string().optional(), error: z.string().optional() })),
});

/**
 * Connects when it is first asked. Whoever answers with TLS must be known to Node (`NODE_EXTRA_CA_CERTS`).
 * @param text `vault+https://role:secret@host:8200/shopmind`, or `vault+https://token:hvs.…@host:8200/`
 * @param answerWithinMs of one request
 * @throws Error when the text is no such address; it never repeats the login
 */
export function openVault(text: string, answerWithinMs: number): Vault {
  const { scheme, user = '', password = '', servers, path } = parseVaultAddress(text);
  const [server] = servers;
  if (server === undefined || servers.length > 1)
    throw new Error('an address of Vault names one server, or the name that all of them answer to');
  const root = `${scheme.replace('vault+', '')}://${server.host}:${server.port}/v1/`;
  const values = path === '' ? DEFAULT_MOUNT : path;
  const mounts: VaultMounts = { values, keys: `${values}-transit`, logins: values };
  let token: { readonly text: string; readonly until: number } | undefined =
    user === BY_TOKEN ? { text: password, until: Infinity } : undefined;

  async function enter(): Promise<string> {
    if (token !== undefined && token.until > performance.now()) return token.text;
    const asked = performance.now();
    const response = await send('POST', `auth/${mounts.logins}/login`, undefined, {
      role_id: user,
      secret_id: password,
    });
    const { auth } = Login.parse(await accepted(response));
    token = { text: auth.client_token, until: asked + auth.lease_duration * 1_000 * SPENT };
    return auth.client_token;
  }

  function send(
    method: string,
    below: string,
    entered: string | undefined,
    body?: object,
  ): Promise<Response> {
    return fetch(`${root}${below}`, {
      method,
      headers: {
        // Vault answers only those who mean it: no page in a browser can set this.
        'x-vault-request': 'true',
        ...(entered === undefined ? {} : { 'x-vault-token': entered }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // A token is nobody else's business.
      redirect: 'error',
      signal: AbortSignal.timeout(answerWithinMs),
    });
  }

  async function ask(method: string, below: string, body?: object): Promise<Response> {
    const entered = await enter();
    const response = await send(method, below, entered, body);
    if (response.status !== 403 || user === BY_TOKEN) return response;
    // The token may be older than the right, or Vault may have forgotten it.
    await response.body?.cancel();
    token = undefined;
    return send(method, below, await enter(), body);
  }

  return {
    mounts,
    async read(below) {
      const response = await ask('GET', below);
      if (response.status === 404) return void (await response.body?.cancel());
      return Answer.parse(await accepted(response)).data ?? {};
    },
    async list(below) {
      const response = await ask('GET', `${below}?list=true`);
      if (response.status === 404) {
        await response.body?.cancel();
        return [];
      }
      return Keys.parse(Answer.parse(await accepted(response)).data).keys;
    },
    async write(below, body) {
      const said = await accepted(await ask('POST', below, body));
      return said === undefined ? {} : (Answer.parse(said).data ?? {});
    },
    async remove(below) {
      await accepted(await ask('DELETE', below));
    },
  };
}

/**
 * Opens what the key of a scope has sealed, in one request.
 * @param sealed by name @returns by name; null for what was sealed for another tenant or name, or is no seal of this key
 */
export async function openSealed(
  vault: Vault,
  scope: string,
  tenant: string,
  sealed: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, string | null>> {
  const names = Object.keys(sealed);
  if (names.length === 0) return new Map();
  const asked = vault.write(`${vault.mounts.keys}/decrypt/${scope}`, {
    batch_input: names.map((name) => ({
      ciphertext: sealed[name],
      associated_data: secretBinding(tenant, name),
    })),
    partial_failure_response_code: 200,
  });
  // Where nothing opens it refuses the request, and says the same of each part.
  const answer = await asked.catch((error: unknown) => {
    if (error instanceof VaultRefusal && Opened.safeParse(error.data).success) return error.data;
    throw error;
  });
  const { batch_results: opened } = Opened.parse(answer);
  return new Map(
    names.map((name, index) => {
      const { plaintext, error } = opened[index] ?? {};
      return [
        name,
        plaintext === undefined || error !== undefined
          ? null
          : Buffer.from(plaintext, 'base64').toString('utf8'),
      ];
    }),
  );
}

/** @throws Error when it is none */
function parseVaultAddress(text: string): Address {
  const address = parseAddress(text, VAULT_PORT);
  if (address.scheme !== 'vault+http' && address.scheme !== 'vault+https')
    throw new Error('a Vault is named as vault+https://[role:secret@]host[:port][/mount]');
  return address;
}

/** The same place for somebody who enters with an AppRole. */
export function vaultAddressFor(text: string, role: string, secret: string): string {
  return formatAddress({ ...parseVaultAddress(text), user: role, password: secret });
}

/** The body; undefined when there is none. @throws VaultRefusal */
async function accepted(response: Response): Promise<unknown> {
  const body = await response.text();
  if (!response.ok) {
    const { errors, data } = refusalIn(body);
    const said = errors.map((line) => line.replaceAll(/\s+/g, ' ').trim());
    throw new VaultRefusal(response.status, said, data);
  }
  return body === '' ? undefined : JSON.parse(body);
}

/** What Vault says is wrong; of a proxy's page nothing. */
function refusalIn(body: string): z.infer<typeof Refusal> {
  return Refusal.safeParse(jsonIn(body)).data ?? { errors: [], data: undefined };
}

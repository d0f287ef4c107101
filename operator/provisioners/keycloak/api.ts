/** Keycloak's admin API: enters with the administrator's login, keeps the token while it is good, and tells refusals from troubles. */
import { z } from 'zod';
import { formatAddress, parseAddress } from '../../../runtime/platform/address/index.ts';
import { jsonIn } from '../../../runtime/platform/json/index.ts';
import type { Representation } from './plan.ts';

export interface AdminApi {
  /** Where realms are: `https://id.example.com/`. */
  readonly base: string;
  /** @returns undefined when there is no such thing */
  get(path: string): Promise<Representation | undefined>;
  list(path: string): Promise<readonly Representation[]>;
  /** @returns false when it is so already: what should be made exists, what should go is gone */
  send(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: Representation): Promise<boolean>;
}

/** Keycloak answered, and it was not yes. */
export class KeycloakRefusal extends Error {
  readonly status: number;

  constructor(status: number, said: string) {
    super(`it answers ${status}${said === '' ? '' : `: ${said}`}`);
    this.name = 'KeycloakRefusal';
    this.status = status;
  }
}

const Token = z.object({ access_token: z.string(), expires_in: z.number() });
const Thing = z.record(z.string(), z.unknown());
const Failure = z.union([
  z.object({ errorMessage: z.string() }).transform(({ errorMessage }) => errorMessage),
  z.object({ error_description: z.string() }).transform(({ error_description }) => error_description),
  z.object({ error: z.string() }).transform(({ error }) => error),
]);

/** Renewed this long before it ends, for a request takes time. */
const SPARE_MS = 10_000;

/**
 * @param adminAddress `keycloak+https://admin:password@id.example.com/`, a user of realm `master`
 * @param answerTimeoutMs of one request
 */
export function createAdminApi(adminAddress: string, answerTimeoutMs: number): AdminApi {
  const {
    scheme,
    user = '',
    password = '',
    servers,
    path,
  } = parseAddress(adminAddress, defaultPort(adminAddress));
  const [first] = servers;
  if (first === undefined) throw new Error('an address of Keycloak names a server');
  const root = `${scheme.replace('keycloak+', '')}://${first.host}:${first.port}/${path === '' ? '' : `${path}/`}`;
  let token: { readonly text: string; readonly until: number } | undefined;

  async function enter(): Promise<string> {
    if (token !== undefined && token.until > Date.now()) return token.text;
    const asked = Date.now();
    const response = await fetch(`${root}realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', username: user, password }),
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
    if (!response.ok) throw await refusal(response);
    const { access_token, expires_in } = Token.parse(await response.json());
    token = { text: access_token, until: asked + expires_in * 1_000 - SPARE_MS };
    return access_token;
  }

  async function ask(method: string, below: string, body?: Representation): Promise<Response> {
    for (let again = true; ; again = false) {
      const response = await fetch(`${root}admin/realms${below}`, {
        method,
        headers: {
          authorization: `Bearer ${await enter()}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(answerTimeoutMs),
      });
      // A token says nothing of a realm that was made after it, and is void when the server lost its sessions.
      if (!again || (response.status !== 401 && response.status !== 403)) return response;
      await response.body?.cancel();
      token = undefined;
    }
  }

  return {
    base: root,
    async get(below) {
      const response = await ask('GET', below);
      if (response.ok) return Thing.parse(await response.json());
      const said = await refusal(response);
      if (said.status === 404) return undefined;
      throw said;
    },
    async list(below) {
      const response = await ask('GET', below);
      if (!response.ok) throw await refusal(response);
      return z.array(Thing).parse(await response.json());
    },
    async send(method, below, body) {
      const response = await ask(method, below, body);
      if (response.ok) {
        await response.body?.cancel();
        return true;
      }
      const said = await refusal(response);
      if (said.status === (method === 'POST' ? 409 : method === 'DELETE' ? 404 : 0)) return false;
      throw said;
    },
  };
}

/** The same place for who only verifies tokens: their keys are public, so nobody needs a login. */
export function publicAddress(adminAddress: string): string {
  const address = parseAddress(adminAddress, defaultPort(adminAddress));
  return formatAddress({ ...address, user: undefined, password: undefined });
}

function defaultPort(address: string): number {
  return address.startsWith('keycloak+https:') ? 443 : 8080;
}

async function refusal(response: Response): Promise<KeycloakRefusal> {
  // Of a page of a proxy before it the status says enough.
  const parsed = Failure.safeParse(jsonIn(await response.text()));
  return new KeycloakRefusal(response.status, parsed.success ? parsed.data.slice(0, 300) : '');
}

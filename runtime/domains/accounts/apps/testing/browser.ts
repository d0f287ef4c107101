/** A shopper's browser, and an app that has them sign in, as far as tests need both. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { TestAnswer, TestHost } from '../../../../host/testing.ts';
import { challengeOf } from '../grants.ts';
import type { AppWithSecret } from '../definition.ts';

export const BACK = 'https://forum.example/signed-in';
const ADMIN = '/api/admin/accounts/apps';

export type Said = Readonly<Record<string, string>>;

export async function registerApp(
  shop: Pick<TestHost, 'managed'>,
  tenant: string,
  changed: object = {},
): Promise<AppWithSecret> {
  return shop.managed<AppWithSecret>(
    tenant,
    'POST',
    ADMIN,
    {
      name: 'Forum',
      kind: 'confidential',
      redirectUris: [BACK],
      logoutUris: ['https://forum.example/signed-out'],
      scopes: ['openid', 'profile', 'email', 'offline_access'],
      ...changed,
    },
    201,
  );
}

/** What an app begins with. */
export function beginning(app: { readonly id: string }, changed: Said = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const query: Said = {
    response_type: 'code',
    client_id: app.id,
    redirect_uri: BACK,
    scope: 'openid profile email offline_access',
    state: 'the-state',
    nonce: 'the-nonce',
    code_challenge: challengeOf(verifier),
    code_challenge_method: 'S256',
    ...changed,
  };
  return { verifier, query };
}

export function locationOf(answer: TestAnswer): URL {
  assert.equal(answer.status, 303, answer.text);
  return new URL([answer.headers['location'] ?? ''].flat().join(), 'http://shop');
}

export interface Browser {
  /** The session's token. */
  session: string | undefined;
  /** Where an app leads it, once. */
  authorize(query: Said): Promise<URL>;
  /** Signs in no more than it is; says yes where it is asked. @returns where it ends */
  agree(query: Said): Promise<URL>;
  get(path: string): Promise<TestAnswer>;
  /** What it keeps of a sign-in that it has begun. */
  readonly ticket: string;
}

export function browserOf(
  shop: Pick<TestHost, 'call'>,
  tenant: string,
  session: string | undefined,
): Browser {
  let ticket = '';
  const browser: Browser = {
    session,
    get ticket() {
      return ticket;
    },
    async get(path) {
      const cookies = [
        ...(browser.session === undefined ? [] : [`shopmind_session=${browser.session}`]),
        ...(ticket === '' ? [] : [`shopmind_connect=${ticket}`]),
      ];
      const answer = await shop.call(tenant, 'GET', path, { headers: { cookie: cookies.join('; ') } });
      const set = [answer.headers['set-cookie'] ?? []].flat().join();
      ticket = /^shopmind_connect=([^;]*)/.exec(set)?.[1] ?? ticket;
      return answer;
    },
    authorize: async (query) =>
      locationOf(await browser.get(`/api/accounts/oauth/authorize?${new URLSearchParams(query)}`)),
    async agree(query) {
      const page = await browser.authorize(query);
      if (page.host !== 'shop') return page;
      const id = page.searchParams.get('id') ?? '';
      const said = await shop.call(tenant, 'POST', '/api/accounts/oauth/connection', {
        json: { id, ticket },
        headers: { authorization: `Bearer ${browser.session}` },
      });
      assert.equal(said.status, 204, said.text);
      return locationOf(await browser.get(`/api/accounts/oauth/continue?id=${id}`));
    },
  };
  return browser;
}

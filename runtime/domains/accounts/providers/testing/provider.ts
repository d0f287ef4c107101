/**
 * An OpenID provider on this machine, for tests: it signs with a real key, keeps what each code was asked with, and verifies PKCE and the
 * client's secret. Who signs in there is what the test says, without a page.
 */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface TestProvider {
  readonly issuer: string;
  readonly client: { readonly clientId: string; readonly clientSecret: string };
  /** Who is there at the moment; more claims, or other ones, as the test likes. */
  person: Readonly<Record<string, unknown>>;
  /** Claims of the next tokens, whatever they should be. */
  forged: Readonly<Record<string, unknown>>;
  /** Questions by path. */
  readonly asked: Map<string, number>;
  /** As a browser that is sent there, and may be a real one: somebody signs in. @returns where it is sent back to */
  visit(address: string): Promise<URL>;
  /** Signs with a key of which nobody was told. */
  signsFalsely: boolean;
  stop(): Promise<void>;
}

interface Asked {
  readonly challenge: string;
  readonly callback: string;
  readonly nonce: string;
}

/** @param now what time it is there; one that a shop's clock runs away from is believed by no shop */
export async function startTestProvider(now: () => Date = () => new Date()): Promise<TestProvider> {
  const client = { clientId: 'shop', clientSecret: 'p+ss:w&rd' };
  const keys = [0, 1].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }));
  const codes = new Map<string, Asked>();
  const asked = new Map<string, number>();
  let made = 0;

  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // It listens on TCP.
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', issuer);
    if (pathname === '/authorize') {
      response.writeHead(302, { location: (await provider.visit(`${issuer}${request.url}`)).href }).end();
      return;
    }
    const { status = 200, json } = await answer(request);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(json));
  }

  async function answer(request: IncomingMessage): Promise<{ status?: number; json: unknown }> {
    const { pathname } = new URL(request.url ?? '/', issuer);
    asked.set(pathname, (asked.get(pathname) ?? 0) + 1);
    const body = (await buffer(request)).toString();
    switch (pathname) {
      case '/.well-known/openid-configuration':
        return {
          json: {
            issuer,
            authorization_endpoint: `${issuer}/authorize`,
            token_endpoint: `${issuer}/token`,
            jwks_uri: `${issuer}/keys`,
          },
        };
      case '/keys':
        return {
          json: { keys: [{ ...keys[0]?.publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig' }] },
        };
      case '/token':
        return token(new URLSearchParams(body), request.headers.authorization);
      default:
        return { status: 404, json: {} };
    }
  }

  function token(
    form: URLSearchParams,
    authorization: string | undefined,
  ): { status?: number; json: unknown } {
    const halves = [client.clientId, client.clientSecret].map((half) => encodeURIComponent(half)).join(':');
    const isClient = authorization === `Basic ${Buffer.from(halves).toString('base64')}`;
    const code = form.get('code') ?? '';
    const of = codes.get(code);
    codes.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const isSame = of?.challenge === challenge && of.callback === form.get('redirect_uri');
    if (!isClient || !isSame || form.get('grant_type') !== 'authorization_code')
      return { status: 400, json: { error: 'invalid_grant' } };
    return { json: { access_token: 'x', token_type: 'Bearer', id_token: signed(of.nonce) } };
  }

  function signed(nonce: string): string {
    const seconds = Math.floor(now().getTime() / 1_000);
    const claims = {
      iss: issuer,
      aud: client.clientId,
      iat: seconds,
      exp: seconds + 300,
      nonce,
      ...provider.person,
      ...provider.forged,
    };
    const text = [{ alg: 'RS256', kid: 'k' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const { privateKey } = keys[provider.signsFalsely ? 1 : 0] ?? {};
    if (privateKey === undefined) throw new Error('there is no such key');
    return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
  }

  const provider: TestProvider = {
    issuer,
    client,
    person: {},
    forged: {},
    asked,
    signsFalsely: false,
    visit(address) {
      const { searchParams } = new URL(address);
      const of = (name: string): string => searchParams.get(name) ?? '';
      const code = `code-${(made += 1)}`;
      codes.set(code, { challenge: of('code_challenge'), callback: of('redirect_uri'), nonce: of('nonce') });
      const back = new URL(of('redirect_uri'));
      back.searchParams.set('code', code);
      back.searchParams.set('state', of('state'));
      return Promise.resolve(back);
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return provider;
}

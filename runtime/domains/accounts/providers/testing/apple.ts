/**
 * Sign in with Apple on this machine, as its documents say it behaves (Sign in with Apple REST API): the secret is a token signed by a key
 * of the team, whoever asks for a name or an address is answered by a form, the name is told the first time only, and a code is good once.
 */
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface AppleUser {
  /** Of this team alone, for ever. */
  readonly subject: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
}

export interface TestApple {
  readonly issuer: string;
  readonly clientId: string;
  readonly signer: { readonly teamId: string; readonly keyId: string; readonly privateKey: string };
  /** Who is there at the moment; an address of `privaterelay.appleid.com` is said to be one. */
  user: AppleUser;
  /**
   * As a browser that is sent there: somebody agrees, or does not.
   * @returns what the browser posts, and where. @throws Error with what Apple would show instead
   */
  visit(
    address: string,
    agrees?: boolean,
  ): { readonly to: URL; readonly form: Readonly<Record<string, string>> };
  /** What the token endpoint refused with, in its order. */
  readonly refusals: readonly string[];
  stop(): Promise<void>;
}

interface Code {
  readonly user: AppleUser;
  readonly callback: string;
  readonly nonce: string | null;
  readonly challenge: string | null;
}

/** Half a year, as Apple has it. */
const LONGEST_SECRET = 15_777_000;

export async function startTestApple(now: () => Date): Promise<TestApple> {
  const clientId = 'com.example.shop.signin';
  const [teamId, keyId] = ['TEAM123456', 'KEY1234567'];
  const team = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const codes = new Map<string, Code>();
  const known = new Set<string>();
  const refusals: string[] = [];
  let made = 0;
  const seconds = (): number => Math.floor(now().getTime() / 1_000);

  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // It listens on TCP.
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, json } = await answer(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  }

  async function answer(request: IncomingMessage): Promise<{ status: number; json: object }> {
    const body = new URLSearchParams((await buffer(request)).toString());
    switch (new URL(request.url ?? '/', issuer).pathname) {
      case '/.well-known/openid-configuration':
        return { status: 200, json: metadata() };
      case '/auth/keys':
        return { status: 200, json: { keys: [published(own.publicKey)] } };
      case '/auth/token':
        return token(body, request.headers.authorization);
      default:
        return { status: 404, json: {} };
    }
  }

  const metadata = (): object => ({
    issuer,
    authorization_endpoint: `${issuer}/auth/authorize`,
    token_endpoint: `${issuer}/auth/token`,
    jwks_uri: `${issuer}/auth/keys`,
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    scopes_supported: ['openid', 'email', 'name'],
    token_endpoint_auth_methods_supported: ['client_secret_post'],
  });

  function token(form: URLSearchParams, authorization: string | undefined): { status: number; json: object } {
    const refuse = (error: string) => {
      refusals.push(error);
      return { status: 400, json: { error } };
    };
    if (authorization !== undefined || form.get('client_id') !== clientId) return refuse('invalid_client');
    if (!isSecret(form.get('client_secret') ?? '')) return refuse('invalid_client');
    if (form.get('grant_type') !== 'authorization_code') return refuse('unsupported_grant_type');
    const code = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const verifier = form.get('code_verifier');
    const challenge = verifier === null ? null : createHash('sha256').update(verifier).digest('base64url');
    if (code === undefined || code.callback !== form.get('redirect_uri') || code.challenge !== challenge)
      return refuse('invalid_grant');
    return { status: 200, json: { access_token: 'a', token_type: 'Bearer', id_token: signed(code) } };
  }

  /** "Creating the client secret": by its header, its signature and each of its claims. */
  function isSecret(secret: string): boolean {
    const [head = '', claims = '', signature = '', ...rest] = secret.split('.');
    const read = (part: string): Record<string, unknown> =>
      JSON.parse(Buffer.from(part, 'base64url').toString() || '{}') as Record<string, unknown>;
    const { alg, kid } = read(head);
    const { iss, aud, sub, iat, exp } = read(claims);
    const isTimely =
      Number(iat) <= seconds() && Number(exp) > seconds() && Number(exp) - seconds() <= LONGEST_SECRET;
    const isSigned = verify(
      'sha256',
      Buffer.from(`${head}.${claims}`),
      { key: team.publicKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
    const isOurs = alg === 'ES256' && kid === keyId && iss === teamId && aud === issuer && sub === clientId;
    return rest.length === 0 && isOurs && isTimely && isSigned;
  }

  function signed({ user, nonce }: Code): string {
    const isPrivate = user.email.endsWith('@privaterelay.appleid.com');
    const claims = {
      iss: issuer,
      aud: clientId,
      sub: user.subject,
      iat: seconds(),
      exp: seconds() + 600,
      ...(nonce === null ? {} : { nonce, nonce_supported: true }),
      email: user.email,
      // Texts or truth values, its documents say.
      email_verified: 'true',
      ...(isPrivate ? { is_private_email: 'true' } : {}),
      auth_time: seconds(),
    };
    const text = [{ kid: 'apple', alg: 'RS256' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${text}.${sign('sha256', Buffer.from(text), own.privateKey).toString('base64url')}`;
  }

  const published = (key: KeyObject): object => {
    const { n, e } = createPublicKey(key.export({ type: 'spki', format: 'pem' })).export({
      format: 'jwk',
    }) as JsonWebKey;
    return { kty: 'RSA', kid: 'apple', use: 'sig', alg: 'RS256', n, e };
  };

  const apple: TestApple = {
    issuer,
    clientId,
    signer: {
      teamId,
      keyId,
      privateKey: team.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
    user: { subject: '001', email: 'ada@example.com', firstName: 'Ada', lastName: 'Lovelace' },
    refusals,
    visit(address, agrees = true) {
      const { origin, pathname, searchParams: asked } = new URL(address);
      if (`${origin}${pathname}` !== `${issuer}/auth/authorize`) throw new Error('Not Apple.');
      if (asked.get('client_id') !== clientId) throw new Error('invalid_client');
      if (asked.get('response_type') !== 'code') throw new Error('unsupported_response_type');
      const scopes = (asked.get('scope') ?? '').split(' ');
      if (scopes.some((scope) => !['openid', 'email', 'name'].includes(scope)))
        throw new Error('invalid_scope');
      const isPosted = asked.get('response_mode') === 'form_post';
      if (!isPosted && scopes.some((scope) => scope !== 'openid'))
        throw new Error(
          'invalid_request: response_mode must be form_post when name or email scope is requested',
        );
      const to = new URL(asked.get('redirect_uri') ?? '');
      const state = asked.get('state') ?? '';
      if (!agrees) return { to, form: { state, error: 'user_cancelled_authorize' } };
      const code = `c${(made += 1)}.0.apple`;
      const { user } = apple;
      codes.set(code, {
        user,
        callback: asked.get('redirect_uri') ?? '',
        nonce: asked.get('nonce'),
        challenge: asked.get('code_challenge'),
      });
      const { subject, email, firstName, lastName } = user;
      const isFirst = scopes.includes('name') && !known.has(subject);
      known.add(subject);
      const told = JSON.stringify({ name: { firstName, lastName }, email });
      return { to, form: { state, code, ...(isFirst ? { user: told } : {}) } };
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return apple;
}

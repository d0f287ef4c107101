/**
 * What apps ask the shop themselves, in the words of OAuth (RFC 6749, 6750, 7009) rather than ours: the token endpoint, who somebody is,
 * and that a token is needed no more.
 */
import { createHash } from 'node:crypto';
import type { Platform, RouteRequest, RouteResponse } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import { isKept } from '../../../platform/kept.ts';
import type { SqlRunner, Tenant } from '../../../platform/ports.ts';
import { addressOf, bearerOf } from '../requests.ts';
import { scopesIn } from './authorization.ts';
import type { AppScope } from './definition.ts';
import { ACCESS_SECONDS, type Grants, type Issued } from './grants.ts';
import type { SigningKeys } from './keys.ts';
import { enabledApp, isSecretOf, type AppRow } from './store.ts';

interface EndpointsOptions {
  readonly keys: SigningKeys;
  readonly grants: Grants;
  readonly issuerOf: (request: RouteRequest) => string;
  readonly readerOf: (tenant: string) => SqlRunner;
}

type Form = ReadonlyMap<string, string>;

/** What the token endpoint refuses with (RFC 6749, 5.2). */
class OAuthError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(code: string, description: string, status = 400) {
    super(description);
    this.code = code;
    this.status = status;
  }
}

const ID_TOKEN_SECONDS = 60 * 60;
/** From one address: the server of an app asks for all who sign in to it. */
const ASKED_A_MINUTE = 1_200;

export function createEndpoints(platform: Platform, options: EndpointsOptions) {
  const { sql, clock, limits } = platform;
  const { keys, grants, issuerOf, readerOf } = options;

  /** Whatever the app did wrong it is told in the words of OAuth. */
  async function answering(work: () => Promise<object>): Promise<RouteResponse> {
    try {
      return { json: await work() };
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      const { status, code, message } = error;
      const asksFor = status === 401 ? { 'www-authenticate': 'Basic realm="apps"' } : {};
      return { status, headers: asksFor, json: { error: code, error_description: message } };
    }
  }

  async function limit(request: RouteRequest): Promise<void> {
    const name = `apps/${addressOf(request) ?? ''}`;
    const retryAfterSeconds = await limits.take(request.tenant.id, name, ASKED_A_MINUTE);
    if (retryAfterSeconds > 0)
      throw new ShopError('rate_limited', 'That was asked too often.', { retryAfterSeconds });
  }

  /** @returns which app asks. @throws OAuthError `invalid_client` */
  async function authenticated({ tenant, headers }: RouteRequest, form: Form): Promise<AppRow> {
    const basic = basicIn(headers['authorization']);
    const [named, secret] = [form.get('client_id'), form.get('client_secret')];
    const contradicts = named !== undefined && named !== basic?.id;
    if (basic !== undefined && (secret !== undefined || contradicts))
      throw new OAuthError('invalid_request', 'Say once who you are.');
    const id = basic?.id ?? named ?? '';
    const app = await enabledApp(readerOf(tenant.id), tenant.id, id);
    const given = basic?.secret ?? secret;
    const isRight =
      app !== undefined &&
      (app.kind === 'public' ? given === undefined : given !== undefined && isSecretOf(app, given));
    if (!isRight) throw new OAuthError('invalid_client', 'The shop knows no such app by that secret.', 401);
    return app;
  }

  async function issueFor(request: RouteRequest, app: AppRow, form: Form): Promise<Issued> {
    const { tenant } = request;
    switch (form.get('grant_type')) {
      case 'authorization_code':
        return byCode(tenant, app, form);
      case 'refresh_token':
        return byRefreshToken(tenant, app, form);
      case undefined:
        throw new OAuthError('invalid_request', 'grant_type is missing.');
      default:
        throw new OAuthError('unsupported_grant_type', 'There are authorization_code and refresh_token.');
    }
  }

  async function byCode(tenant: Tenant, app: AppRow, form: Form): Promise<Issued> {
    const [code, verifier] = [required(form, 'code'), required(form, 'code_verifier')];
    if (!/^[\w.~-]{43,128}$/.test(verifier))
      throw new OAuthError('invalid_request', 'code_verifier has 43 to 128 letters (RFC 7636, 4.1).');
    const shown = { code, verifier, redirectUri: form.get('redirect_uri') };
    const done = await sql.transaction(tenant.id, (tx) => grants.exchange(tx, tenant.id, app.id, shown));
    return done ?? notGranted('The code is used up, too old, or was begun otherwise.');
  }

  async function byRefreshToken(tenant: Tenant, app: AppRow, form: Form): Promise<Issued> {
    const token = required(form, 'refresh_token');
    const asked = form.get('scope');
    const narrower = asked === undefined ? undefined : scopesIn(asked);
    if (narrower?.length === 0) throw new OAuthError('invalid_scope', 'There is no such scope.');
    const done = await sql.transaction(tenant.id, async (tx) => {
      const refreshed = await grants.refresh(tx, tenant.id, app.id, token, narrower);
      const beyond = narrower?.some((scope) => refreshed?.grant.scopes.includes(scope) === false);
      // It is as if it had not been exchanged.
      if (beyond === true) throw new OAuthError('invalid_scope', 'That was not agreed to.');
      return refreshed;
    });
    return done ?? notGranted('The refresh token is used up, too old, or taken back.');
  }

  async function claimsOf(
    tenant: Tenant,
    customerId: string,
    scopes: readonly AppScope[],
  ): Promise<Readonly<Record<string, unknown>> | undefined> {
    const { rows } = await sql.query<{
      email: string;
      first_name: string;
      last_name: string;
      locale: string | null;
      updated_at: Date;
    }>(
      tenant.id,
      'SELECT email, first_name, last_name, locale, updated_at FROM customers WHERE tenant_id = $1 AND id = $2',
      [tenant.id, customerId],
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    const { email, first_name: first, last_name: last, locale } = row;
    return {
      sub: customerId,
      ...(scopes.includes('profile')
        ? {
            name: `${first} ${last}`.trim() || undefined,
            given_name: first || undefined,
            family_name: last || undefined,
            locale: locale ?? undefined,
            updated_at: secondsOf(row.updated_at),
          }
        : {}),
      // Whoever has an account has shown that the mailbox is theirs: by a link to it, or by a provider that vouches for it.
      ...(scopes.includes('email') ? { email, email_verified: true } : {}),
    };
  }

  /** OpenID Connect Core, 2 and 3.1.3.6; 12.2 for those that are not the first. */
  async function idTokenFor(
    request: RouteRequest,
    issued: Issued,
    allowed: readonly AppScope[],
    isFirst: boolean,
  ): Promise<string> {
    const { tenant } = request;
    const { grant, scopes, accessToken } = issued;
    const learned = scopes.filter((scope) => allowed.includes(scope));
    const claims = await claimsOf(tenant, grant.customer_id, learned);
    if (claims === undefined) return notGranted('Nobody has this account any more.');
    const now = secondsOf(clock.now());
    return keys.sign(tenant.id, {
      ...claims,
      iss: issuerOf(request),
      aud: grant.app_id,
      iat: now,
      exp: now + ID_TOKEN_SECONDS,
      auth_time: secondsOf(grant.signed_in_at),
      ...(isFirst && grant.nonce !== null ? { nonce: grant.nonce } : {}),
      at_hash: createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url'),
    });
  }

  async function token(request: RouteRequest): Promise<RouteResponse> {
    await limit(request);
    return answering(async () => {
      const form = formIn(request);
      const app = await authenticated(request, form);
      const issued = await issueFor(request, app, form);
      const { accessToken, refreshToken, scopes } = issued;
      const isFirst = form.has('code');
      return {
        access_token: accessToken,
        token_type: 'Bearer',
        expires_in: ACCESS_SECONDS,
        ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
        scope: scopes.join(' '),
        ...(scopes.includes('openid')
          ? { id_token: await idTokenFor(request, issued, app.scopes, isFirst) }
          : {}),
      };
    });
  }

  async function revoke(request: RouteRequest): Promise<RouteResponse> {
    await limit(request);
    return answering(async () => {
      const form = formIn(request);
      const app = await authenticated(request, form);
      await grants.revoke(readerOf(request.tenant.id), request.tenant.id, app.id, required(form, 'token'));
      return {};
    });
  }

  async function userInfo({ tenant, headers }: RouteRequest): Promise<RouteResponse> {
    const bearer = bearerOf(headers);
    const held = bearer && (await grants.find(readerOf(tenant.id), tenant.id, bearer));
    const isGood = held ? held.scopes.includes('openid') : false;
    const claims = held && isGood ? await claimsOf(tenant, held.customerId, held.scopes) : undefined;
    if (claims !== undefined) return { json: claims };
    const why = bearer === undefined ? '' : ' error="invalid_token"';
    return {
      status: 401,
      headers: { 'www-authenticate': `Bearer${why}` },
      json: { error: 'invalid_token', error_description: 'The token is over, taken back, or none of ours.' },
    };
  }

  return { token, revoke, userInfo };
}

/** @throws OAuthError `invalid_request` */
function formIn({ headers, body }: RouteRequest): Form {
  if (!/^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? ''))
    throw new OAuthError('invalid_request', 'Send a form: application/x-www-form-urlencoded.');
  // The route's body is bytes.
  const pairs = [...new URLSearchParams((body as Buffer).toString('utf8'))];
  const form = new Map(pairs);
  if (form.size < pairs.length) throw new OAuthError('invalid_request', 'A parameter comes twice.');
  if (!pairs.every(([, value]) => isKept(value)))
    throw new OAuthError('invalid_request', 'A parameter holds U+0000.');
  return form;
}

/** @throws OAuthError `invalid_request` */
function required(form: Form, name: string): string {
  const value = form.get(name);
  if (value === undefined || value === '') throw new OAuthError('invalid_request', `${name} is missing.`);
  return value;
}

/** Each half is encoded by itself (RFC 6749, 2.3.1). @throws OAuthError `invalid_client` for a header that says nothing */
function basicIn(header: string | undefined): { readonly id: string; readonly secret: string } | undefined {
  if (header === undefined) return undefined;
  const encoded = /^Basic +([\w+/=-]+)$/i.exec(header)?.[1];
  const said = Buffer.from(encoded ?? '', 'base64').toString('utf8');
  const [id, secret, ...rest] = said.split(':').map(decoded);
  if (id === undefined || secret === undefined || rest.length > 0 || !isKept(id))
    throw new OAuthError('invalid_client', 'The header Authorization says no app and secret.', 401);
  return { id, secret };
}

function decoded(half: string): string | undefined {
  // As a form encodes it.
  return new URLSearchParams(`x=${half.replaceAll('&', '%26')}`).get('x') ?? undefined;
}

function notGranted(description: string): never {
  throw new OAuthError('invalid_grant', description);
}

function secondsOf(time: Date): number {
  return Math.floor(time.getTime() / 1_000);
}

/**
 * A browser that an app sends here: it is sent back with a code, or an error, once the shopper has signed in and agreed. What it asks for
 * is kept by the browser meanwhile, sealed: nobody who only begins makes a row. The pages that the shopper sees are the storefront's.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Platform, RouteRequest, RouteResponse } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, TenantId } from '../../../platform/ports.ts';
import { cookieIn, secureIn, tokenOf } from '../requests.ts';
import type { Sessions } from '../sessions.ts';
import { answerTo, isReturn, readAsked, type Asked } from './authorization.ts';
import { agree, hasAgreed } from './consents.ts';
import {
  AppScope,
  type AuthorizeQuery,
  type ConnectionInput,
  type ConnectionRequest,
  type EndSessionQuery,
} from './definition.ts';
import type { Grants } from './grants.ts';
import type { SigningKeys } from './keys.ts';
import { enabledApp, type AppRow } from './store.ts';

interface SignInOptions {
  readonly sessions: Sessions;
  readonly keys: SigningKeys;
  readonly grants: Grants;
  readonly issuerOf: (request: RouteRequest) => string;
  readonly readerOf: (tenant: TenantId) => SqlRunner;
  /** Ends the browser's session. */
  readonly forgotten: (request: RouteRequest) => Promise<string>;
}

const Ticket = z.object({
  /** As the page's address names it: a page that shows one app agrees to no other. */
  id: z.string(),
  appId: z.string(),
  redirectUri: z.string(),
  scopes: z.array(AppScope),
  state: z.string().optional(),
  nonce: z.string().optional(),
  challenge: z.string(),
  signedInSince: z.number(),
  agreedSince: z.number(),
  /** Milliseconds since the epoch, as those before. */
  until: z.number(),
});
type Ticket = z.infer<typeof Ticket>;

type Lacking = 'sign-in' | 'consent';

const CONNECT_COOKIE = 'shopmind_connect';
const PAGE = '/connect';
const SEALED_AS = 'sign-in to an app';
const WITHIN_MS = 10 * 60_000;
/** Letters: a browser keeps cookies of 4,096 bytes, with what stands around the value. */
const MOST_KEPT = 3_900;
/** Of one shop: each looks an app up. */
const BEGUN_A_MINUTE = 1_200;
const Hint = z.object({ sub: z.string(), aud: z.string() });

export function createAppSignIn(platform: Platform, options: SignInOptions) {
  const { sql, clock, sealing, limits, log } = platform;
  const { sessions, keys, grants, issuerOf, readerOf, forgotten } = options;

  async function authorize(request: RouteRequest): Promise<RouteResponse> {
    const { tenant } = request;
    const query = request.query as AuthorizeQuery; // parsed by the route's schema, as are those below
    const retryAfterSeconds = await limits.take(tenant.id, 'app-sign-in', BEGUN_A_MINUTE);
    if (retryAfterSeconds > 0)
      throw new ShopError('rate_limited', 'Too many sign in at this moment.', { retryAfterSeconds });
    const app = await enabledApp(readerOf(tenant.id), tenant.id, query.client_id ?? '');
    if (app === undefined) return leadTo(`${PAGE}?problem=app`);
    const { redirect_uri: redirectUri, state } = query;
    if (!isReturn(app.redirect_uris, redirectUri)) return leadTo(`${PAGE}?problem=return`);
    const asked = readAsked(query, app.scopes, redirectUri, clock.now().getTime());
    if ('error' in asked) return refuse(request, { redirectUri, state }, asked.error, asked.description);
    const ticket = ticketFor(query, app, redirectUri, asked);
    if (!asked.silently) return goOn(request, ticket, app);
    const lacking = await lackingOf(request, ticket, query.id_token_hint);
    if (lacking === undefined) return goOn(request, ticket, app);
    const error = lacking === 'sign-in' ? 'login_required' : 'consent_required';
    return refuse(request, ticket, error, 'That cannot be done without the shopper.');
  }

  function ticketFor(query: AuthorizeQuery, app: AppRow, redirectUri: string, asked: Asked): Ticket {
    const { scopes, challenge, signedInSince, agreedSince } = asked;
    return {
      id: randomBytes(12).toString('base64url'),
      appId: app.id,
      redirectUri,
      scopes: [...scopes],
      state: query.state,
      nonce: query.nonce,
      challenge,
      signedInSince,
      agreedSince,
      until: clock.now().getTime() + WITHIN_MS,
    };
  }

  /** What is missing until the app may be answered. @param hint who the app says it is, by a token of ours */
  async function lackingOf(
    request: RouteRequest,
    ticket: Ticket,
    hint?: string,
  ): Promise<Lacking | undefined> {
    const { tenant, headers } = request;
    const session = await sessions.begunWith(tenant.id, tokenOf(headers) ?? '');
    if (session === undefined || session.at.getTime() < ticket.signedInSince) return 'sign-in';
    if (hint !== undefined) {
      const said = Hint.safeParse(await keys.read(tenant.id, hint));
      if (said.data?.sub !== session.customerId) return 'sign-in';
    }
    const { appId, scopes, agreedSince } = ticket;
    const { customerId } = session;
    const agreed = await hasAgreed(
      readerOf(tenant.id),
      tenant.id,
      { customerId, appId, scopes },
      agreedSince,
    );
    return agreed ? undefined : 'consent';
  }

  /** Back to the app where nothing is missing, and to the page that asks for it where something is. */
  async function goOn(request: RouteRequest, ticket: Ticket, app: AppRow): Promise<RouteResponse> {
    const { tenant } = request;
    if ((await lackingOf(request, ticket)) !== undefined) {
      const sealed = sealing
        .seal(tenant.id, SEALED_AS, Buffer.from(JSON.stringify(ticket)))
        .toString('base64url');
      if (sealed.length > MOST_KEPT)
        return refuse(request, ticket, 'invalid_request', 'state and nonce are too long to be kept.');
      const cookie = withCookie(request, sealed, WITHIN_MS / 1_000);
      return leadTo(`${PAGE}?id=${ticket.id}`, cookie);
    }
    const code = await sql.transaction(tenant.id, async (tx) => {
      // Whoever signs out everywhere at this moment ends what comes of it, too.
      const session = await sessions.hold(tx, tenant.id, tokenOf(request.headers) ?? '');
      if (session === undefined) return undefined;
      return grants.begin(tx, tenant.id, {
        appId: app.id,
        customerId: session.customerId,
        scopes: ticket.scopes,
        redirectUri: ticket.redirectUri,
        nonce: ticket.nonce,
        challenge: ticket.challenge,
        signedInAt: session.at,
      });
    });
    if (code === undefined) return leadTo(`${PAGE}?problem=over`);
    const { redirectUri, state } = ticket;
    return leadTo(answerTo(redirectUri, { code, state, iss: issuerOf(request) }), withCookie(request, '', 0));
  }

  function refuse(
    request: RouteRequest,
    { redirectUri, state }: Pick<Ticket, 'redirectUri' | 'state'>,
    error: string,
    description: string,
  ): RouteResponse {
    const said = { error, error_description: description, state, iss: issuerOf(request) };
    return leadTo(answerTo(redirectUri, said), withCookie(request, '', 0));
  }

  /** The ticket of the browser, as long as it is good, of an app that is still there. */
  async function opened(
    { tenant }: RouteRequest,
    sealed: string | undefined,
    id: string,
  ): Promise<{ readonly ticket: Ticket; readonly app: AppRow } | undefined> {
    const ticket = sealed === undefined ? undefined : ticketIn(tenant.id, sealed);
    if (ticket === undefined || ticket.id !== id || ticket.until <= clock.now().getTime()) return undefined;
    const app = await enabledApp(readerOf(tenant.id), tenant.id, ticket.appId);
    // The merchant may have changed it meanwhile.
    const isGood =
      app !== undefined &&
      isReturn(app.redirect_uris, ticket.redirectUri) &&
      ticket.scopes.every((scope) => app.scopes.includes(scope));
    return isGood ? { ticket, app } : undefined;
  }

  function ticketIn(tenant: TenantId, sealed: string): Ticket | undefined {
    try {
      const text = sealing.open(tenant, SEALED_AS, Buffer.from(sealed, 'base64url')).toString();
      return Ticket.parse(JSON.parse(text));
    } catch (error) {
      log.info({ err: error, tenant }, 'a sign-in to an app came with a ticket that is not ours');
      return undefined;
    }
  }

  async function continueSignIn(request: RouteRequest): Promise<RouteResponse> {
    const { id } = request.query as { id: string };
    const found = await opened(request, cookieIn(request.headers, CONNECT_COOKIE), id);
    return found === undefined ? leadTo(`${PAGE}?problem=over`) : goOn(request, found.ticket, found.app);
  }

  async function declineSignIn(request: RouteRequest): Promise<RouteResponse> {
    const { id } = request.query as { id: string };
    const found = await opened(request, cookieIn(request.headers, CONNECT_COOKIE), id);
    if (found === undefined) return leadTo(`${PAGE}?problem=over`);
    return refuse(request, found.ticket, 'access_denied', 'The shopper said no.');
  }

  /** For the page. @throws ShopError `gone` when it is over, or was never begun by this browser */
  async function getConnection(request: RouteRequest): Promise<RouteResponse> {
    const { id, ticket: sealed } = request.query as ConnectionRequest;
    const found = await opened(request, sealed, id);
    if (found === undefined) throw over();
    const lacking = await lackingOf(request, found.ticket);
    const { app, ticket } = found;
    return { json: { app: app.name, scopes: ticket.scopes, lacking: lacking ?? null } };
  }

  /** @throws ShopError as `getConnection`, and `conflict` when the shopper has to sign in first */
  async function agreeToConnection(request: RouteRequest): Promise<RouteResponse> {
    const { tenant, caller } = request;
    const { id, ticket: sealed } = request.body as ConnectionInput;
    const found = await opened(request, sealed, id);
    if (found === undefined || caller.customerId === undefined) throw over();
    const { ticket, app } = found;
    if ((await lackingOf(request, ticket)) === 'sign-in')
      throw new ShopError('conflict', 'This has to be signed in for anew.', { remedy: 'Log in again.' });
    const { customerId } = caller;
    await agree(platform, readerOf(tenant.id), tenant.id, {
      customerId,
      appId: app.id,
      scopes: ticket.scopes,
    });
    return {};
  }

  /**
   * OpenID Connect RP-Initiated Logout: whoever an app's token is of is signed out, and led back where the app may be returned to. A link
   * without one signs nobody out: it leads to the page where they can do so.
   */
  async function endSession(request: RouteRequest): Promise<RouteResponse> {
    const { tenant, headers } = request;
    const query = request.query as EndSessionQuery;
    const hint =
      query.id_token_hint === undefined
        ? undefined
        : Hint.safeParse(await keys.read(tenant.id, query.id_token_hint)).data;
    const isOfApp = hint !== undefined && (query.client_id ?? hint.aud) === hint.aud;
    const app = isOfApp ? await enabledApp(readerOf(tenant.id), tenant.id, hint.aud) : undefined;
    if (hint === undefined || app === undefined) return leadTo('/account');
    const session = await sessions.begunWith(tenant.id, tokenOf(headers) ?? '');
    const cookie = session?.customerId === hint.sub ? await forgotten(request) : undefined;
    const { post_logout_redirect_uri: back, state } = query;
    if (!isReturn(app.logout_uris, back)) return leadTo('/', cookie);
    return leadTo(state === undefined ? back : answerTo(back, { state }), cookie);
  }

  return { authorize, continueSignIn, declineSignIn, getConnection, agreeToConnection, endSession };
}

function leadTo(location: string, cookie?: string): RouteResponse {
  return {
    status: 303,
    headers: {
      location,
      ...(cookie === undefined ? {} : { 'set-cookie': cookie }),
      'cache-control': 'no-store',
      // What stands in the address is for nobody else.
      'referrer-policy': 'no-referrer',
    },
  };
}

/** For the page, which asks by it, and for what it leads to. */
function withCookie({ headers }: RouteRequest, value: string, seconds: number): string {
  return `${CONNECT_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}${secureIn(headers)}`;
}

function over(): ShopError {
  return new ShopError('gone', 'This sign-in is over.', { remedy: 'Go back to the app, and begin anew.' });
}

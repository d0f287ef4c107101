/** Sign-in by an account somewhere else: leads to the provider, and makes of who comes back a customer of this shop. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Platform, RouteHandler, RouteRequest } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import { isSame } from '../../../platform/secrets/same.ts';
import { findByEmailIn, type CustomerRow } from '../customers.ts';
import { noPassword } from '../passwords.ts';
import { addCustomer } from '../registrations.ts';
import { cookieIn, hostAsked, secureIn } from '../requests.ts';
import type { Sessions } from '../sessions.ts';
import { deviceOf } from '../signed-in/devices.ts';
import { APPLE_ASKS, appleSecret, namesIn } from './apple.ts';
import {
  CallbackForm,
  type AdminProvider,
  type BeginQuery,
  type CallbackQuery,
  type OfProvider,
  type ProviderInput,
  type SignInProblem,
} from './definition.ts';
import { createOpenIdClient, nameOf, OPENID_ASKS, type Client, type Person } from './openid.ts';
import * as store from './store.ts';

interface ProvidersOptions {
  readonly sessions: Sessions;
  readonly cookieOf: (request: RouteRequest, session: { token: string; expiresAt: Date }) => string;
}

/**
 * What the browser keeps between the two, sealed: nothing is written down for whoever only begins, and a code that somebody else began
 * with signs nobody in here.
 */
const Attempt = z.object({
  provider: z.string(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  onwards: z.string(),
  /** Milliseconds since the epoch. */
  until: z.number(),
});
type Attempt = z.infer<typeof Attempt>;

const COOKIE = 'shopmind_sign_in';
const SEALED_AS = 'sign-in attempt';
const WITHIN_MS = 10 * 60_000;
/** Of one shop: each may ask the provider something. */
const BEGUN_A_MINUTE = 600;

export function createProviders(platform: Platform, options: ProvidersOptions) {
  const { sql, clock, sealing, outside, limits, originOf, log } = platform;
  const { sessions, cookieOf } = options;
  const openid = createOpenIdClient(outside, clock);
  const readerOf = (tenant: TenantId): SqlRunner => ({
    query: (text, values) => sql.query(tenant, text, values),
  });

  function clientOf(tenant: TenantId, row: store.ProviderRow): Client {
    const { id, issuer, client_id: clientId, client_secret: sealed, apple_team: team, apple_key: key } = row;
    const secret = sealed === null ? undefined : sealing.open(tenant, store.secretOf(id), sealed).toString();
    if (team === null || key === null || secret === undefined)
      return { issuer, clientId, clientSecret: secret, asks: OPENID_ASKS };
    const signer = { team, key, privateKey: secret };
    const clientSecret = appleSecret(signer, { issuer, clientId }, clock.now());
    return { issuer, clientId, clientSecret, asks: APPLE_ASKS };
  }

  function callbackAt(tenant: Tenant, host: string, providerId: string): string {
    return `${originOf({ ...tenant, hosts: [host] })}/api/accounts/providers/${providerId}/callback`;
  }

  function adminOf(tenant: Tenant, row: store.ProviderRow): AdminProvider {
    return {
      id: row.id,
      name: row.name,
      issuer: row.issuer,
      clientId: row.client_id,
      hasSecret: row.client_secret !== null,
      apple:
        row.apple_team === null || row.apple_key === null
          ? null
          : { teamId: row.apple_team, keyId: row.apple_key },
      enabled: row.enabled,
      callbacks: tenant.hosts.map((host) => callbackAt(tenant, host, row.id)),
      updatedAt: row.updated_at.toISOString(),
    };
  }

  /**
   * A page of Apple's posts, and what is `Lax` stays away from that; `None` is for TLS alone. It opens nothing by itself: whoever posts
   * has to know the state that is sealed in it.
   */
  function withCookie({ headers }: RouteRequest, value: string, seconds: number, isPosted = false): string {
    const secure = secureIn(headers);
    const site = isPosted && secure !== '' ? 'None' : 'Lax';
    return `${COOKIE}=${value}; Path=/api/accounts/providers/; HttpOnly; SameSite=${site}; Max-Age=${seconds}${secure}`;
  }

  async function begin(request: RouteRequest) {
    const { tenant, headers } = request;
    const { providerId } = request.params as OfProvider; // parsed by the route's schema, as are those below
    const { onwards } = request.query as BeginQuery;
    const retryAfterSeconds = await limits.take(tenant.id, 'provider-sign-in', BEGUN_A_MINUTE);
    if (retryAfterSeconds > 0)
      throw new ShopError('rate_limited', 'Too many sign in at this moment.', { retryAfterSeconds });
    const row = await store.enabledProvider(readerOf(tenant.id), tenant.id, providerId);
    const [state, nonce, verifier] = [random(), random(), random()];
    const until = clock.now().getTime() + WITHIN_MS;
    const attempt: Attempt = { provider: providerId, state, nonce, verifier, onwards, until };
    const callback = callbackAt(tenant, hostAsked(tenant, headers), providerId);
    const location = await openid.leadTo(clientOf(tenant.id, row), attempt, callback);
    const sealed = sealing.seal(tenant.id, SEALED_AS, Buffer.from(JSON.stringify(attempt)));
    return {
      status: 303,
      headers: {
        location,
        'set-cookie': withCookie(
          request,
          sealed.toString('base64url'),
          WITHIN_MS / 1_000,
          row.apple_team !== null,
        ),
        'cache-control': 'no-store',
      },
    };
  }

  /** Whatever comes back, the browser is led on to a page that a person can read. */
  async function end(request: RouteRequest, brought: CallbackForm | undefined) {
    const attempt = attemptIn(request);
    const ended =
      attempt === undefined || brought === undefined ? 'failed' : await signedIn(request, attempt, brought);
    const isIn = typeof ended === 'object';
    return {
      status: 303,
      headers: {
        location: isIn ? (attempt?.onwards ?? '/') : `/account?signIn=${ended}`,
        // What it began with goes by itself: its code is used up.
        'set-cookie': isIn ? cookieOf(request, ended) : withCookie(request, '', 0),
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      },
    };
  }

  function attemptIn({ tenant, headers }: RouteRequest): Attempt | undefined {
    const sealed = cookieIn(headers, COOKIE);
    if (sealed === undefined) return undefined;
    try {
      const opened = sealing.open(tenant.id, SEALED_AS, Buffer.from(sealed, 'base64url'));
      return Attempt.parse(JSON.parse(opened.toString()));
    } catch (error) {
      log.info({ err: error, tenant: tenant.id }, 'a sign-in came back with a cookie that is not ours');
      return undefined;
    }
  }

  async function signedIn(
    request: RouteRequest,
    attempt: Attempt,
    { state, code, error, user }: CallbackForm,
  ): Promise<{ token: string; expiresAt: Date } | SignInProblem> {
    const { tenant, headers, signal } = request;
    const { providerId } = request.params as OfProvider;
    const isOurs =
      attempt.provider === providerId &&
      attempt.until > clock.now().getTime() &&
      state !== undefined &&
      isSame(state, attempt.state);
    if (!isOurs) return 'failed';
    if (error !== undefined || code === undefined) return 'declined';
    const row = await store.enabledProvider(readerOf(tenant.id), tenant.id, providerId);
    const callback = callbackAt(tenant, hostAsked(tenant, headers), providerId);
    let person: Person;
    try {
      person = await openid.personBehind(clientOf(tenant.id, row), code, attempt, callback, signal);
      if (row.apple_team !== null) person = called(person, user);
    } catch (cause) {
      if (!(cause instanceof ShopError)) throw cause;
      log.warn({ err: cause, tenant: tenant.id, provider: providerId }, 'a provider proved nothing');
      return 'failed';
    }
    return sql.transaction(tenant.id, async (tx) => {
      const customer = await customerFor(tx, tenant.id, providerId, person);
      return customer === undefined
        ? 'unverified'
        : sessions.begin(tx, tenant.id, customer.id, deviceOf(request));
    });
  }

  /** @returns undefined: they are not known, and no address is shown to be theirs */
  async function customerFor(
    tx: Transaction,
    tenant: TenantId,
    providerId: string,
    person: Person,
  ): Promise<CustomerRow | undefined> {
    const { subject, email } = person;
    const known = await store.customerBehind(platform, tx, tenant, providerId, subject);
    if (known !== undefined || email === undefined) return known;
    const customer =
      (await findByEmailIn(tx, tenant, email)) ?? (await newCustomer(tx, tenant, email, person));
    await store.addIdentity(platform, tx, tenant, { providerId, subject, customerId: customer.id, email });
    return customer;
  }

  async function newCustomer(
    tx: Transaction,
    tenant: TenantId,
    email: string,
    { firstName, lastName, locale }: Person,
  ): Promise<CustomerRow> {
    const about = { first_name: firstName, last_name: lastName, locale: locale ?? null };
    try {
      return await addCustomer(
        platform,
        tx,
        tenant,
        { email, accepts_marketing: false, ...about },
        noPassword(),
      );
    } catch (error) {
      // Two browsers of one person: the second has waited for the first, and finds whom that has made.
      const made = await findByEmailIn(tx, tenant, email);
      if (made === undefined) throw error;
      return made;
    }
  }

  /** @throws ShopError `invalid_input`, also when it cannot be asked: nobody could sign in by it */
  async function checkIssuer(issuer: string): Promise<void> {
    try {
      await openid.check(issuer);
    } catch (cause) {
      if (!(cause instanceof ShopError) || cause.code === 'invalid_input') throw cause;
      throw new ShopError('invalid_input', `The issuer cannot be asked. ${cause.message}`, {
        cause,
        remedy: cause.remedy ?? 'Check its address.',
        problems: [{ where: 'body/issuer', what: 'cannot be asked' }],
      });
    }
  }

  const routes: Record<string, RouteHandler> = {
    beginProviderSignIn: begin,
    endProviderSignIn: (request) => end(request, request.query as CallbackQuery),
    endPostedProviderSignIn: (request) => end(request, formIn(request)),
    async listSignInProviders({ tenant }) {
      const providers = await store.listProviders(readerOf(tenant.id), tenant.id);
      return {
        json: {
          providers: providers.filter(({ enabled }) => enabled).map(({ id, name }) => ({ id, name })),
        },
      };
    },
    async listIdentities({ tenant, caller }) {
      return {
        json: {
          identities: await store.listIdentities(readerOf(tenant.id), tenant.id, caller.customerId ?? ''),
        },
      };
    },
    async removeIdentity({ tenant, caller, params }) {
      const { identityId } = params as { identityId: string };
      await store.removeIdentity(readerOf(tenant.id), tenant.id, caller.customerId ?? '', identityId);
      return {};
    },
    async adminListSignInProviders({ tenant }) {
      const providers = await store.listProviders(readerOf(tenant.id), tenant.id);
      return { json: { providers: providers.map((row) => adminOf(tenant, row)) } };
    },
    async adminPutSignInProvider({ tenant, params, body }) {
      const { providerId } = params as OfProvider;
      const input = body as ProviderInput;
      await checkIssuer(input.issuer);
      const row = await sql.transaction(tenant.id, (tx) =>
        store.putProvider(platform, tx, tenant.id, providerId, input),
      );
      return { json: adminOf(tenant, row) };
    },
    async adminDeleteSignInProvider({ tenant, params }) {
      const { providerId } = params as OfProvider;
      await store.deleteProvider(readerOf(tenant.id), tenant.id, providerId);
      return {};
    },
  };
  return { routes };
}

/** What a browser was told to post; undefined: it is not that. */
function formIn({ body }: RouteRequest): CallbackForm | undefined {
  // The route's body is bytes.
  return CallbackForm.safeParse(Object.fromEntries(new URLSearchParams((body as Buffer).toString()))).data;
}

/** By what came beside the token, where that does not say it. */
function called(person: Person, user: string | undefined): Person {
  const { first, last } = namesIn(user);
  return {
    ...person,
    firstName: person.firstName || nameOf(first),
    lastName: person.lastName || nameOf(last),
  };
}

/** 256 bits nobody guesses. */
function random(): string {
  return randomBytes(32).toString('base64url');
}

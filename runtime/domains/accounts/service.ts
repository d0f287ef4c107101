/** The accounts domain's handlers: registration, log-in, profile, addresses. */
import type { CreateService, RouteRequest } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { TenantId } from '../../platform/ports.ts';
import { z } from 'zod';
import { createApps } from './apps/service.ts';
import { listAddresses, noAddress, saveAddress } from './addresses.ts';
import { createAttempts } from './attempts.ts';
import { TELL_APPROVAL } from './companies/approvals.ts';
import { TELL_COMPANY } from './companies/companies.ts';
import { createCompanyRooms } from './companies/routes.ts';
import { SETTLE_SPENDING } from './companies/spending.ts';
import { eventOf, findByEmail, findById, gone, toCustomer, type CustomerRow } from './customers.ts';
import { showPage } from './pages.ts';
import { createResets } from './resets.ts';

import { addressOf, COOKIE, FORGOTTEN, secureIn, tokenOf } from './requests.ts';
import { keyOf, ToldErasure } from './shapes.ts';
import { nextSweep, SWEEP } from './sweep.ts';
import { createStaff } from './staff/service.ts';
import {
  accounts,
  LinkTask,
  ToldApproval,
  type Credentials,
  type ProfilePatch,
  type Session,
} from './definition.ts';
import type { AddressInput } from './shapes.ts';
import { consentsOf, createCustomerRoutes, noteConsent } from './customers/service.ts';
import { createLinks, SEND_LINK } from './links.ts';
import type { PasskeyInput, PasskeySignIn } from './passkeys/definition.ts';
import { createPasskeys, type Holder } from './passkeys/passkeys.ts';
import { createPasswords } from './passwords.ts';
import { isPresent } from './present-password.ts';
import { createProviders } from './providers/service.ts';
import {
  askForErasure,
  erasureOf,
  listErasures,
  TELL_ERASURE,
  tellErasure,
  withdrawErasure,
} from './erasure-requests.ts';
import { personalData } from './personal-data.ts';
import { createRegistrations } from './registrations.ts';
import { createSessions } from './sessions.ts';
import { ToldSecurity } from './signed-in/definition.ts';
import { deviceOf } from './signed-in/devices.ts';
import { createCustomerSignOut } from './signed-in/service.ts';
import { noteSecurity, TELL_SECURITY, tellSecurity } from './signed-in/telling.ts';

export const createService: CreateService = (platform) => {
  const { sql, clock } = platform;
  const passwords = createPasswords();
  const sessions = createSessions(sql, platform);
  const attempts = createAttempts(sql, clock);
  const links = createLinks(sql, clock);
  const resets = createResets(platform, { passwords, attempts, links });
  const registrations = createRegistrations(platform, { passwords, attempts, links });
  const companies = createCompanyRooms(platform, { passwords, links });
  const passkeys = createPasskeys(platform);
  const providers = createProviders(platform, { sessions, cookieOf });
  const apps = createApps(platform, { sessions, forgotten });
  const staff = createStaff(platform, { passwords, attempts, links, passkeys });

  /** What every way in ends with: a fresh session, as JSON and as cookie. */
  function welcome(
    request: RouteRequest,
    row: CustomerRow,
    session: { token: string; expiresAt: Date },
    status: number,
  ) {
    const answer: Session = {
      customer: toCustomer(row),
      token: session.token,
      expiresAt: session.expiresAt.toISOString(),
    };
    return { status, json: answer, headers: { 'set-cookie': cookieOf(request, session) } };
  }

  async function confirmRegistration(request: RouteRequest) {
    const { row, entered } = await registrations.confirm(request, (tx, { id }) =>
      sessions.begin(tx, request.tenant.id, id, deviceOf(request)),
    );
    return welcome(request, row, entered, 201);
  }

  function begun(request: RouteRequest, customerId: string) {
    const { id } = request.tenant;
    return sql.transaction(id, (tx) => sessions.begin(tx, id, customerId, deviceOf(request)));
  }

  async function login(request: RouteRequest) {
    const { tenant } = request;
    const { email, password } = request.body as Credentials;
    await attempts.count(tenant.id, 'login', keyOf(email), addressOf(request));
    const known = await findByEmail(platform, tenant.id, email);
    const right = await passwords.verify(password, known?.password_hash, request.signal);
    if (!known || !right) throw wrongCredentials();
    const session = await sql.transaction(tenant.id, async (tx) => {
      if (!(await isPresent(tx, 'customers', tenant.id, known.id, known.password_hash)))
        throw wrongCredentials();
      return sessions.begin(tx, tenant.id, known.id, deviceOf(request));
    });
    await attempts.forgive(tenant.id, 'login', keyOf(email));
    return welcome(request, known, session, 200);
  }

  async function logout(request: RouteRequest) {
    return { headers: { 'set-cookie': await forgotten(request) } };
  }

  /** Ends the session. @returns the cookie by which the browser forgets it */
  async function forgotten({ tenant, headers }: RouteRequest): Promise<string> {
    const token = tokenOf(headers);
    if (token !== undefined) await sessions.end(tenant.id, token);
    return FORGOTTEN;
  }

  async function renewSession(request: RouteRequest) {
    const renewed = await sessions.renew(request.tenant.id, tokenOf(request.headers) ?? '');
    if (renewed === undefined)
      throw new ShopError('unauthenticated', 'This session is over.', { remedy: 'Log in again.' });
    return welcome(request, await findById(platform, request.tenant.id, renewed.customerId), renewed, 200);
  }

  async function holderOf(request: RouteRequest): Promise<Holder> {
    const { id, email, first_name } = await findById(platform, request.tenant.id, customerOf(request));
    return { kind: 'customer', id, email, name: first_name };
  }

  /** For what a session alone is not good for. @throws ShopError `invalid_input` when it is wrong, `rate_limited` */
  async function requirePassword(request: RouteRequest): Promise<void> {
    const { tenant, signal } = request;
    const { password } = request.body as { password: string };
    const customer = await findById(platform, tenant.id, customerOf(request));
    await attempts.count(tenant.id, 'login', customer.email_key, undefined);
    if (!(await passwords.verify(password, customer.password_hash, signal)))
      throw new ShopError('invalid_input', 'The password is wrong.', {
        remedy: 'Type the password you log in with.',
        problems: [{ where: 'body/password', what: 'is wrong' }],
      });
    await attempts.forgive(tenant.id, 'login', customer.email_key);
  }

  async function preparePasskey(request: RouteRequest) {
    await requirePassword(request);
    return { json: await passkeys.prepare(request, await holderOf(request)) };
  }

  async function signInWithPasskey(request: RouteRequest) {
    const { tenant } = request;
    const { credential } = request.body as PasskeySignIn;
    const id = await passkeys.signIn(request, 'customer', credential);
    const customer = await findById(platform, tenant.id, id);
    const session = await begun(request, id);
    return welcome(request, customer, session, 200);
  }

  async function updateMe(request: RouteRequest) {
    const { tenant } = request;
    const id = customerOf(request);
    const patch = request.body as ProfilePatch;
    const changed = patch.password && (await changedPassword(tenant.id, id, patch.password, request.signal));
    const { row, session } = await sql.transaction(tenant.id, async (tx) => {
      const before = await tx.query<Pick<CustomerRow, 'accepts_marketing' | 'password_hash'>>(
        'SELECT accepts_marketing, password_hash FROM customers WHERE tenant_id = $1 AND id = $2 FOR UPDATE',
        [tenant.id, id],
      );
      // Set anew by a link meanwhile: whoever comes with the former one does not get the last word.
      if (changed !== undefined && before.rows[0]?.password_hash !== changed.former) throw wrongPresent();
      const { rows } = await tx.query<CustomerRow>(
        `UPDATE customers SET first_name = coalesce($3, first_name), last_name = coalesce($4, last_name),
           accepts_marketing = coalesce($5, accepts_marketing), locale = CASE WHEN $6 THEN $7 ELSE locale END,
           password_hash = coalesce($8, password_hash), version = version + 1, updated_at = $9
         WHERE tenant_id = $1 AND id = $2 RETURNING *`,
        [
          tenant.id,
          id,
          patch.firstName ?? null,
          patch.lastName ?? null,
          patch.acceptsMarketing ?? null,
          patch.locale !== undefined,
          patch.locale ?? null,
          changed?.hash ?? null,
          clock.now(),
        ],
      );
      const [row] = rows;
      if (!row) throw gone();
      await tx.emit(eventOf('accounts.customer.updated', row));
      if (row.accepts_marketing !== before.rows[0]?.accepts_marketing)
        await noteConsent(tx, platform, tenant.id, id, { granted: row.accepts_marketing, source: 'profile' });
      if (changed === undefined) return { row, session: undefined };
      await sessions.endAll(tx, tenant.id, id);
      await noteSecurity(platform, tx, { happening: 'password', kind: 'customer', accountId: id });
      return { row, session: await sessions.begin(tx, tenant.id, id, deviceOf(request)) };
    });
    return {
      json: toCustomer(row),
      ...(session
        ? { headers: { 'set-cookie': cookieOf(request, session), 'x-session-token': session.token } }
        : {}),
    };
  }

  async function changedPassword(
    tenant: TenantId,
    id: string,
    { present, next }: { present: string; next: string },
    signal: AbortSignal,
  ): Promise<{ readonly hash: string; readonly former: string }> {
    const { email_key: key, password_hash: former } = await findById(platform, tenant, id);
    await attempts.count(tenant, 'login', key, undefined);
    if (!(await passwords.verify(present, former, signal))) throw wrongPresent();
    await attempts.forgive(tenant, 'login', key);
    return { hash: await passwords.hash(next, signal), former };
  }

  return {
    definition: accounts,
    consumers: {},
    authenticate: (tenant, token, again) => sessions.find(tenant.id, token, again),
    operations: {
      /** For processes that do not host accounts. */
      authenticate(tenant, input) {
        const { token, again } = TokenInput.parse(input);
        return sessions.find(tenant.id, token, again);
      },
      /** For the host: who of the staff has this token, and what the staff may do. */
      authenticateStaff: (tenant, input) => staff.sessions.find(tenant.id, TokenInput.parse(input).token),
      /** For sockets: which of these tokens are of no session any more, of a customer or of the staff. */
      async sessionsOver(tenant, input) {
        const { tokens } = TokensInput.parse(input);
        const open = await Promise.all([
          sessions.stillOpen(tenant.id, tokens),
          staff.sessions.stillOpen(tenant.id, tokens),
        ]);
        return tokens.filter((token) => !open.some((some) => some.has(token)));
      },
      ...companies.operations,
      staffPolicy: (tenant) => staff.members.policy(tenant.id),
      /** For orders: which groups a customer is in for whom a merchant puts something together. */
      identityOf: async (tenant, input) =>
        (await sessions.of(tenant.id, CustomerInput.parse(input).customerId)) ?? null,
      /** For orders: whose e-mail and name an order gets. */
      getCustomer: async (tenant, input) =>
        toCustomer(await findById(platform, tenant.id, CustomerInput.parse(input).customerId)),
    },
    tasks: {
      async [SEND_LINK]({ tenant: id, payload }) {
        const tenant = await platform.tenants.byId(id);
        const link = LinkTask.parse(payload);
        if (tenant === undefined) return;
        if (link.purpose === 'invitation') await staff.sendInvitation(tenant, link.accountId);
        else if (link.purpose === 'registration') await registrations.send(tenant, link.registrationId);
        else if (link.purpose === 'company')
          await companies.members.sendInvitation(tenant, link.invitationId);
        else await resets.send(tenant, link.purpose, link.email);
      },
      async [TELL_COMPANY]({ tenant: id, payload }) {
        const tenant = await platform.tenants.byId(id);
        // The task queue parsed the payload with the task's schema.
        if (tenant !== undefined)
          await companies.tellApproved(tenant, (payload as { companyId: string }).companyId);
      },
      async [TELL_ERASURE]({ tenant: id, payload }) {
        const tenant = await platform.tenants.byId(id);
        if (tenant !== undefined) await tellErasure(platform, tenant, ToldErasure.parse(payload));
      },
      async [TELL_APPROVAL]({ tenant: id, payload }) {
        const tenant = await platform.tenants.byId(id);
        const { approvalId, happening } = ToldApproval.parse(payload);
        if (tenant !== undefined) await companies.approvals.mail(tenant, approvalId, happening);
      },
      async [TELL_SECURITY]({ tenant: id, payload }) {
        const tenant = await platform.tenants.byId(id);
        if (tenant !== undefined) await tellSecurity(platform, tenant, ToldSecurity.parse(payload));
      },
      [SETTLE_SPENDING]: ({ tenant, payload }) =>
        // As above.
        companies.spending.settle(tenant, (payload as { spendingId: string }).spendingId),
      async [SWEEP]({ tenant }) {
        await sessions.removeExpired(tenant);
        await attempts.removeOld(tenant);
        await staff.sessions.removeExpired(tenant);
        await links.removeExpired(tenant);
        await registrations.removeExpired(tenant);
        await companies.members.removeExpired(tenant);
        await apps.sweep(tenant);
        await sql.transaction(tenant, (tx) => tx.enqueue(nextSweep(clock)));
      },
    },
    routes: {
      ...staff.routes,
      ...resets.routes,
      ...providers.routes,
      ...apps.routes,
      ...createCustomerSignOut(platform, sessions, customerOf),
      ...createCustomerRoutes(platform),
      ...companies.routes,
      listConsents: async (request) => ({
        json: { consents: await consentsOf(platform, request.tenant.id, customerOf(request)) },
      }),
      preparePasskey,
      signInWithPasskey,
      listPasskeys: async (request) => ({
        json: { passkeys: await passkeys.list(request.tenant.id, { id: customerOf(request) }) },
      }),
      addPasskey: async (request) => ({
        json: await passkeys.add(request, await holderOf(request), request.body as PasskeyInput),
      }),
      async removePasskey(request) {
        const { passkeyId } = request.params as { passkeyId: string };
        await passkeys.remove(request.tenant.id, { id: customerOf(request) }, passkeyId);
        return {};
      },
      preparePasskeySignIn: async (request) => ({
        json: await passkeys.prepareSignIn(request, 'customer'),
      }),
      showPage: ({ tenant, params }) => Promise.resolve(showPage(tenant, params)),
      register: registrations.register,
      confirmRegistration,
      login,
      logout,
      renewSession,
      updateMe,
      async getMe(request) {
        return { json: toCustomer(await findById(platform, request.tenant.id, customerOf(request))) };
      },
      async getMyErasure(request) {
        return { json: await erasureOf(platform, request.tenant.id, customerOf(request)) };
      },
      async askForErasure(request) {
        await requirePassword(request);
        return { json: await askForErasure(platform, request.tenant.id, customerOf(request)) };
      },
      async withdrawErasure(request) {
        await withdrawErasure(platform, request.tenant.id, customerOf(request));
        return {};
      },
      async adminListErasureRequests({ tenant }) {
        return { json: await listErasures(platform, tenant.id) };
      },
      getMyData: (request) => personalData(platform, request.tenant, customerOf(request)),
      async listAddresses(request) {
        return { json: { addresses: await listAddresses(platform, request.tenant.id, customerOf(request)) } };
      },
      async addAddress(request) {
        return {
          json: await saveAddress(
            platform,
            request.tenant.id,
            customerOf(request),
            undefined,
            request.body as AddressInput,
          ),
        };
      },
      async updateAddress(request) {
        return {
          json: await saveAddress(
            platform,
            request.tenant.id,
            customerOf(request),
            idOf(request),
            request.body as AddressInput,
          ),
        };
      },
      async deleteAddress(request) {
        const { rowCount } = await sql.query(
          request.tenant.id,
          'DELETE FROM customer_addresses WHERE tenant_id = $1 AND customer_id = $2 AND id = $3',
          [request.tenant.id, customerOf(request), idOf(request)],
        );
        if (rowCount === 0) throw noAddress();
        return {};
      },
    },
  };
};

/** The same whichever of both it is. */
function wrongCredentials(): ShopError {
  return new ShopError('unauthenticated', 'E-mail or password is wrong.', {
    remedy: 'Check both and try again.',
  });
}

function wrongPresent(): ShopError {
  return new ShopError('invalid_input', 'The present password is wrong.', {
    remedy: 'Type the password you log in with.',
    problems: [{ where: 'body/password/present', what: 'is wrong' }],
  });
}

const TokenInput = z.object({ token: z.string().max(512), again: z.boolean().default(false) });
const TokensInput = z.object({ tokens: z.array(z.string().max(512)).max(500) });
const CustomerInput = z.object({ customerId: z.string().max(80) });

function customerOf({ caller }: RouteRequest): string {
  if (caller.customerId === undefined)
    throw new ShopError('unauthenticated', 'Log in first.', { remedy: 'Log in at /api/accounts/login.' });
  return caller.customerId;
}

function idOf({ params }: RouteRequest): string {
  return (params as { id: string }).id; // parsed by the route's schema
}

/** Host-only: no Domain, so that no other shop of the platform ever sees it. */
function cookieOf(
  { headers }: RouteRequest,
  { token, expiresAt }: { token: string; expiresAt: Date },
): string {
  return `${COOKIE}=${token}; Path=/; HttpOnly; SameSite=Lax; Expires=${expiresAt.toUTCString()}${secureIn(headers)}`;
}

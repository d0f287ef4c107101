/** Handlers of the staff: who they are, how they come in, how they sign in. */
import type { DomainService, Platform, RouteRequest } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { Tenant } from '../../../platform/ports.ts';
import type { Attempts } from '../attempts.ts';
import type { Links } from '../links.ts';
import type { PasskeyInput, PasskeySignIn } from '../passkeys/definition.ts';
import type { Holder, Passkeys } from '../passkeys/passkeys.ts';
import type { Passwords } from '../passwords.ts';
import { isPresent } from '../present-password.ts';
import { addressOf, bearerOf } from '../requests.ts';
import { keyOf } from '../shapes.ts';
import { deviceOf } from '../signed-in/devices.ts';
import { createStaffSignOut } from '../signed-in/service.ts';
import { noteSecurity } from '../signed-in/telling.ts';
import type * as d from './definition.ts';
import { createFactors } from './factors.ts';
import { createMembers, toMember, type MemberRow } from './members.ts';
import { createStaffSessions, type StaffToken } from './sessions.ts';

export interface StaffOptions {
  readonly passwords: Passwords;
  readonly attempts: Attempts;
  readonly links: Links;
  readonly passkeys: Passkeys;
}

export function createStaff(platform: Platform, { passwords, attempts, links, passkeys }: StaffOptions) {
  const { sql, clock } = platform;
  const sessions = createStaffSessions(sql, platform);
  const factors = createFactors(platform);
  const members = createMembers(platform, { sessions, links, passkeys });

  function welcome(row: MemberRow, session: StaffToken): { json: d.StaffSession } {
    const { token, staleAt, expiresAt } = session;
    return {
      json: {
        staff: toMember(row),
        token,
        staleAt: staleAt.toISOString(),
        expiresAt: expiresAt.toISOString(),
      },
    };
  }

  async function accept(request: RouteRequest) {
    const { tenant, signal } = request;
    const { token, password, name } = request.body as d.Acceptance;
    const id = await links.find(tenant.id, 'invitation', token);
    if (id === undefined) throw overdue();
    const hash = await passwords.hash(password, signal);
    const { row, session } = await sql.transaction(tenant.id, async (tx) => {
      if (!(await links.use(tx, tenant.id, 'invitation', token))) throw overdue();
      const { rows } = await tx.query<MemberRow>(
        `UPDATE staff_members SET password_hash = $3, name = coalesce($4, name), version = version + 1, updated_at = $5
         WHERE tenant_id = $1 AND id = $2 AND password_hash IS NULL RETURNING *`,
        [tenant.id, id, hash, name ?? null, clock.now()],
      );
      const [row] = rows;
      if (row === undefined) throw overdue();
      return { row, session: await sessions.begin(tx, tenant.id, id, deviceOf(request)) };
    });
    return welcome(row, session);
  }

  function begun(request: RouteRequest, staffId: string): Promise<StaffToken> {
    const { id } = request.tenant;
    return sql.transaction(id, (tx) => sessions.begin(tx, id, staffId, deviceOf(request)));
  }

  async function signIn(request: RouteRequest) {
    const { tenant, signal } = request;
    const { email, password, code } = request.body as d.StaffCredentials;
    await attempts.count(tenant.id, 'staff', keyOf(email), addressOf(request));
    const member = await members.byEmail(tenant.id, email);
    const right = await passwords.verify(password, member?.password_hash ?? undefined, signal);
    if (member === undefined || !right) throw wrongCredentials();
    await requireCode(request, member, code);
    const session = await sql.transaction(tenant.id, async (tx) => {
      if (!(await isPresent(tx, 'staff_members', tenant.id, member.id, member.password_hash ?? '')))
        throw wrongCredentials();
      return sessions.begin(tx, tenant.id, member.id, deviceOf(request));
    });
    await attempts.forgive(tenant.id, 'staff', keyOf(email));
    return welcome(member, session);
  }

  /** Whoever hears of it has the password. @throws ShopError `unauthenticated` without the right one, `rate_limited` */
  async function requireCode({ tenant }: RouteRequest, member: MemberRow, code: string | undefined) {
    if (!(await factors.isOn(tenant.id, member.id))) return;
    const refused = (message: string, what: string): ShopError =>
      new ShopError('unauthenticated', message, {
        remedy: 'Send the six digits that the authenticator app shows, or a recovery code, as code.',
        problems: [{ where: 'body/code', what }],
      });
    if (code === undefined) throw refused('A code of the authenticator app is needed.', 'is needed');
    await attempts.count(tenant.id, 'factor', member.email_key, undefined);
    if (!(await factors.accept(tenant.id, member.id, code))) throw refused('The code is wrong.', 'is wrong');
    await attempts.forgive(tenant.id, 'factor', member.email_key);
  }

  async function renew({ tenant, headers }: RouteRequest) {
    const session = await sessions.renew(tenant.id, bearerOf(headers) ?? '');
    const member = session && (await members.byId(tenant.id, session.staffId));
    if (session === undefined || member === undefined)
      throw new ShopError('unauthenticated', 'This session is over.', { remedy: 'Sign in again.' });
    return welcome(member, session);
  }

  async function updateSelf(request: RouteRequest) {
    const { tenant, signal } = request;
    const { name, password } = request.body as d.StaffSelfPatch;
    const member = await selfOf(request);
    if (name !== undefined) await members.update(tenant.id, member.id, { name });
    if (password !== undefined) {
      await requirePassword(request, member, password.present, 'body/password/present');
      const hash = await passwords.hash(password.next, signal);
      await sql.transaction(tenant.id, async (tx) => {
        const { rowCount } = await tx.query(
          `UPDATE staff_members SET password_hash = $3, version = version + 1, updated_at = $4
           WHERE tenant_id = $1 AND id = $2 AND password_hash = $5`,
          [tenant.id, member.id, hash, clock.now(), member.password_hash],
        );
        // Set anew by a link meanwhile: whoever comes with the former one does not get the last word.
        if (rowCount === 0) throw wrongPassword('body/password/present');
        await sessions.endOthers(tx, tenant.id, member.id, bearerOf(request.headers) ?? '');
        await noteSecurity(platform, tx, { happening: 'password', kind: 'staff', accountId: member.id });
      });
    }
    return { json: toMember(await selfOf(request)) };
  }

  /** @throws ShopError `invalid_input`: whoever only has the browser does not get further */
  async function requirePassword(
    { tenant, signal }: RouteRequest,
    member: MemberRow,
    password: string,
    where: string,
  ): Promise<void> {
    await attempts.count(tenant.id, 'staff', member.email_key, undefined);
    if (!(await passwords.verify(password, member.password_hash ?? undefined, signal)))
      throw wrongPassword(where);
    await attempts.forgive(tenant.id, 'staff', member.email_key);
  }

  async function holderOf(request: RouteRequest): Promise<Holder> {
    const { id, email, name } = await selfOf(request);
    return { kind: 'staff', id, email, name };
  }

  async function signInWithPasskey(request: RouteRequest) {
    const { tenant } = request;
    const { credential } = request.body as PasskeySignIn;
    const id = await passkeys.signIn(request, 'staff', credential);
    const member = await members.byId(tenant.id, id);
    if (member === undefined)
      throw new ShopError('unauthenticated', 'You are not of the staff any more.', {
        remedy: 'Ask the shop’s owner.',
      });
    return welcome(member, await begun(request, id));
  }

  /** @throws ShopError `unauthenticated` for who was removed a moment ago */
  async function selfOf({ tenant, caller }: RouteRequest): Promise<MemberRow> {
    const member = caller.staff && (await members.byId(tenant.id, caller.staff.id));
    if (member !== undefined) return member;
    throw new ShopError('unauthenticated', 'You are not of the staff any more.', {
      remedy: 'Ask the shop’s owner.',
    });
  }

  async function sendInvitation(tenant: Tenant, accountId: string): Promise<void> {
    const member = await members.byId(tenant.id, accountId);
    if (member === undefined || member.password_hash !== null) return;
    const token = await links.make(tenant.id, 'invitation', member.id);
    await platform.call(tenant.id, 'notifications', 'notify', {
      key: `staff.invitation:${member.id}:${token.slice(0, 8)}`,
      kind: 'staff.invitation',
      to: { email: member.email, ...(member.name === '' ? {} : { name: member.name }) },
      channels: ['mail'],
      variables: { link: `${platform.originOf(tenant)}/api/accounts/pages/join#${token}` },
    });
  }

  const routes: DomainService['routes'] = {
    acceptInvitation: accept,
    signInStaff: signIn,
    renewStaffSession: renew,
    updateStaffSelf: updateSelf,
    signInStaffWithPasskey: signInWithPasskey,
    async prepareStaffPasskey(request) {
      const { password } = request.body as { password: string };
      await requirePassword(request, await selfOf(request), password, 'body/password');
      return { json: await passkeys.prepare(request, await holderOf(request)) };
    },
    ...createStaffSignOut(platform, sessions, selfOf),
    listStaffPasskeys: async (request) => ({
      json: { passkeys: await passkeys.list(request.tenant.id, await selfOf(request)) },
    }),
    addStaffPasskey: async (request) => ({
      json: await passkeys.add(request, await holderOf(request), request.body as PasskeyInput),
    }),
    async removeStaffPasskey(request) {
      const { passkeyId } = request.params as { passkeyId: string };
      await passkeys.remove(request.tenant.id, await selfOf(request), passkeyId);
      return {};
    },
    prepareStaffPasskeySignIn: async (request) => ({
      json: await passkeys.prepareSignIn(request, 'staff'),
    }),
    async signOutStaff({ tenant, headers }) {
      await sessions.end(tenant.id, bearerOf(headers) ?? '');
      return {};
    },
    async getStaffSelf(request) {
      const member = await selfOf(request);
      const roles = await members.roles(request.tenant.id);
      const scopes = roles.filter(({ id }) => member.roles.includes(id)).flatMap((role) => role.scopes);
      const hasAuthenticator = await factors.isOn(request.tenant.id, member.id);
      return { json: { ...toMember(member), scopes: [...new Set(scopes)].toSorted(), hasAuthenticator } };
    },
    async prepareAuthenticator(request) {
      const { password } = request.body as { password: string };
      const member = await selfOf(request);
      await requirePassword(request, member, password, 'body/password');
      return { json: await factors.prepare(request.tenant, member) };
    },
    async confirmAuthenticator(request) {
      const { code } = request.body as { code: string };
      const { id, email_key } = await selfOf(request);
      await attempts.count(request.tenant.id, 'factor', email_key, undefined);
      const recoveryCodes = await factors.confirm(request.tenant.id, id, code);
      await attempts.forgive(request.tenant.id, 'factor', email_key);
      return { json: { recoveryCodes } };
    },
    async removeAuthenticator(request) {
      const { password } = request.body as { password: string };
      const member = await selfOf(request);
      await requirePassword(request, member, password, 'body/password');
      await factors.remove(request.tenant.id, member.id);
      return {};
    },
    async resetAuthenticator({ tenant, params }) {
      await factors.remove(tenant.id, staffIn(params));
      return {};
    },
    listStaff: async ({ tenant }) => ({ json: { staff: await members.list(tenant.id) } }),
    async inviteStaff({ tenant, body }) {
      if (!tenant.domains.includes('notifications'))
        throw new ShopError('conflict', 'This shop sends no mail, so nobody can be invited.', {
          remedy: 'Switch on the domain notifications.',
        });
      return { json: await members.invite(tenant.id, body as d.Invitation) };
    },
    updateStaff: async ({ tenant, params, body }) => ({
      json: await members.update(tenant.id, staffIn(params), body as d.StaffPatch),
    }),
    async removeStaff({ tenant, params }) {
      await members.remove(tenant.id, staffIn(params));
      return {};
    },
    listRoles: async ({ tenant }) => ({ json: { roles: await members.roles(tenant.id) } }),
    createRole: async ({ tenant, body }) => ({
      json: await members.createRole(tenant, body as d.RoleInput),
    }),
    updateRole: async ({ tenant, params, body }) => ({
      json: await members.updateRole(tenant, roleIn(params), body as d.RoleInput),
    }),
    async deleteRole({ tenant, params }) {
      await members.removeRole(tenant.id, roleIn(params));
      return {};
    },
  };

  return { routes, members, sessions, sendInvitation };
}

function staffIn(params: unknown): string {
  return (params as { staffId: string }).staffId; // parsed by the route's schema
}

function roleIn(params: unknown): string {
  return (params as { roleId: string }).roleId; // as above
}

/** The same whichever of both it is. */
function wrongCredentials(): ShopError {
  return new ShopError('unauthenticated', 'E-mail or password is wrong.', {
    remedy: 'Check both and try again.',
  });
}

function wrongPassword(where: string): ShopError {
  return new ShopError('invalid_input', 'The password is wrong.', {
    remedy: 'Type the password you sign in with.',
    problems: [{ where, what: 'is wrong' }],
  });
}

function overdue(): ShopError {
  return new ShopError('gone', 'This link is used up, or too old.', {
    remedy: 'Ask whoever runs the shop for another one.',
  });
}

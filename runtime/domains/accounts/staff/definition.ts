/** Staff: who runs the shop, what each may do, and how they sign in. Data only; a part of the accounts domain. */
import { z } from 'zod';
import type { RouteDefinition, TableDefinition } from '../../../platform/definition.ts';
import { Email, NewPassword, Token } from '../shapes.ts';

const Name = z.string().trim().max(100);
const RoleId = z.string().min(1).max(80);
const Scope = z
  .string()
  .regex(/^[a-z]{1,40}:(read|write)$/, 'must be the name of a domain with :read or :write, like orders:read');
const Roles = z
  .array(RoleId)
  .min(1)
  .max(20)
  .refine((roles) => new Set(roles).size === roles.length, 'each role once');

export const StaffMember = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  roles: z.array(z.string()),
  /** `invited`: has not set a password yet. */
  state: z.enum(['invited', 'active']),
  createdAt: z.iso.datetime(),
  version: z.int(),
});
export type StaffMember = z.infer<typeof StaffMember>;

export const StaffRole = z.object({
  id: z.string(),
  name: z.string(),
  /** `*` for each domain, or for everything. */
  scopes: z.array(z.string()),
  /** Every shop has it, and nobody changes it. */
  isPreset: z.boolean(),
});
export type StaffRole = z.infer<typeof StaffRole>;

export const Invitation = z.strictObject({ email: Email, name: Name.default(''), roles: Roles });
export type Invitation = z.infer<typeof Invitation>;

export const StaffPatch = z.strictObject({ name: Name, roles: Roles }).partial();
export type StaffPatch = z.infer<typeof StaffPatch>;

export const RoleInput = z.strictObject({
  name: z.string().trim().min(1).max(100),
  scopes: z.array(Scope).min(1).max(100),
});
export type RoleInput = z.infer<typeof RoleInput>;

export const Acceptance = z.strictObject({ token: Token, password: NewPassword, name: Name.optional() });
export type Acceptance = z.infer<typeof Acceptance>;

export const StaffCredentials = z.strictObject({
  email: Email,
  password: z.string().min(1).max(256),
  /** Of the authenticator app, or for recovery: of those who have one. */
  code: z.string().trim().min(1).max(40).optional(),
});
export type StaffCredentials = z.infer<typeof StaffCredentials>;

/** Good for work until `staleAt`; for another one, once, until `expiresAt`. */
export const StaffSession = z.object({
  staff: StaffMember,
  token: z.string(),
  staleAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});
export type StaffSession = z.infer<typeof StaffSession>;

/** Oneself, and what one may do. */
export const StaffSelf = StaffMember.extend({ scopes: z.array(z.string()), hasAuthenticator: z.boolean() });
export type StaffSelf = z.infer<typeof StaffSelf>;

export const StaffSelfPatch = z
  .strictObject({
    name: Name,
    /** Ends every other session. */
    password: z.object({ present: z.string().max(256), next: NewPassword }),
  })
  .partial();
export type StaffSelfPatch = z.infer<typeof StaffSelfPatch>;

/** For an authenticator app; shown once. */
export const TotpSetup = z.object({
  secret: z.string(),
  /** As a picture, what the app's camera reads. */
  uri: z.string(),
});
export type TotpSetup = z.infer<typeof TotpSetup>;

const Confirmed = z.strictObject({ password: z.string().min(1).max(256) });

const ofStaff = z.object({ staffId: z.string().min(1).max(80) });
const ofRole = z.object({ roleId: RoleId });

export const staffTables: readonly TableDefinition[] = [
  // Staff are no customers: the owner invites them, and removes them with all that is theirs.
  { name: 'staff_members', spread: 'tenant', access: 'write' },
  { name: 'staff_roles', spread: 'tenant', access: 'write' },
  { name: 'staff_policies', spread: 'tenant', access: 'write' },
  { name: 'staff_sessions', spread: 'tenant', access: 'write' },
  { name: 'staff_factors', spread: 'tenant', access: 'write' },
  { name: 'staff_recovery_codes', spread: 'tenant', access: 'write' },
  {
    name: 'account_links',
    spread: 'tenant',
    access: 'write',
    personal: { by: ['account_id'], erase: 'delete', withhold: ['token_hash'] },
  },
];

export const staffRoutes: readonly RouteDefinition[] = [
  {
    id: 'listStaff',
    method: 'GET',
    path: '/api/admin/accounts/staff',
    summary: 'Who runs the shop, and who was asked to.',
    audience: 'merchant',
    people: true,
    response: z.object({ staff: z.array(StaffMember) }),
  },
  {
    id: 'inviteStaff',
    method: 'POST',
    path: '/api/admin/accounts/staff',
    summary:
      'Invite somebody by mail. Asked again before they have accepted, it sends another link and takes the new roles.',
    audience: 'merchant',
    people: true,
    body: Invitation,
    response: StaffMember,
    status: 201,
  },
  {
    id: 'updateStaff',
    method: 'PATCH',
    path: '/api/admin/accounts/staff/{staffId}',
    summary: 'Change name or roles, at once. The last owner stays one.',
    audience: 'merchant',
    people: true,
    params: ofStaff,
    body: StaffPatch,
    response: StaffMember,
  },
  {
    id: 'removeStaff',
    method: 'DELETE',
    path: '/api/admin/accounts/staff/{staffId}',
    summary: 'Remove a member and end their sessions, at once. The last owner stays.',
    audience: 'merchant',
    people: true,
    params: ofStaff,
    status: 204,
  },
  {
    id: 'listRoles',
    method: 'GET',
    path: '/api/admin/accounts/roles',
    summary: 'The roles that every shop has, and its own.',
    audience: 'merchant',
    people: true,
    response: z.object({ roles: z.array(StaffRole) }),
  },
  {
    id: 'createRole',
    method: 'POST',
    path: '/api/admin/accounts/roles',
    summary: 'Make a role of scopes.',
    audience: 'merchant',
    people: true,
    body: RoleInput,
    response: StaffRole,
    status: 201,
  },
  {
    id: 'updateRole',
    method: 'PUT',
    path: '/api/admin/accounts/roles/{roleId}',
    summary: 'Change a role of the shop’s own; whoever has it may do the new at once.',
    audience: 'merchant',
    people: true,
    params: ofRole,
    body: RoleInput,
    response: StaffRole,
  },
  {
    id: 'deleteRole',
    method: 'DELETE',
    path: '/api/admin/accounts/roles/{roleId}',
    summary: 'Delete a role of the shop’s own that nobody has.',
    audience: 'merchant',
    people: true,
    params: ofRole,
    status: 204,
  },
  {
    id: 'getStaffSelf',
    method: 'GET',
    path: '/api/admin/accounts/me',
    summary: 'The member of the staff who is signed in, and what they may do.',
    audience: 'merchant',
    people: true,
    self: true,
    response: StaffSelf,
  },
  {
    id: 'updateStaffSelf',
    method: 'PATCH',
    path: '/api/admin/accounts/me',
    summary: 'Change one’s own name or password.',
    audience: 'merchant',
    people: true,
    self: true,
    body: StaffSelfPatch,
    response: StaffMember,
  },
  {
    id: 'prepareAuthenticator',
    method: 'POST',
    path: '/api/admin/accounts/me/totp',
    summary:
      'A secret for an authenticator app, shown once. Nothing changes until a code of it was confirmed.',
    audience: 'merchant',
    people: true,
    self: true,
    body: Confirmed,
    response: TotpSetup,
  },
  {
    id: 'confirmAuthenticator',
    method: 'POST',
    path: '/api/admin/accounts/me/totp/confirm',
    summary:
      'From now on signing in by password wants a code of the app. The recovery codes are for who loses it: shown once, good once each.',
    audience: 'merchant',
    people: true,
    self: true,
    body: z.strictObject({ code: z.string().trim().min(6).max(10) }),
    response: z.object({ recoveryCodes: z.array(z.string()) }),
  },
  {
    id: 'removeAuthenticator',
    method: 'POST',
    path: '/api/admin/accounts/me/totp/remove',
    summary: 'Sign in without a code again.',
    audience: 'merchant',
    people: true,
    self: true,
    body: Confirmed,
    status: 204,
  },
  {
    id: 'resetAuthenticator',
    method: 'DELETE',
    path: '/api/admin/accounts/staff/{staffId}/totp',
    summary: 'For a member who has lost app and recovery codes: they sign in without a code again.',
    audience: 'merchant',
    people: true,
    params: ofStaff,
    status: 204,
  },
  {
    id: 'acceptInvitation',
    method: 'POST',
    path: '/api/accounts/staff/accept',
    summary: 'Join the staff by the link of an invitation, which is good once, and sign in.',
    audience: 'shopper',
    body: Acceptance,
    response: StaffSession,
  },
  {
    id: 'signInStaff',
    method: 'POST',
    path: '/api/accounts/staff/login',
    summary: 'Exchange e-mail and password of a member of the staff for a session.',
    audience: 'shopper',
    body: StaffCredentials,
    response: StaffSession,
  },
  {
    id: 'renewStaffSession',
    method: 'POST',
    path: '/api/accounts/staff/renew',
    summary:
      'Exchange the token of a session for the next one. A token that comes a second time ends the session: one of the two who have it has stolen it.',
    audience: 'shopper',
    response: StaffSession,
  },
  {
    id: 'signOutStaff',
    method: 'POST',
    path: '/api/accounts/staff/logout',
    summary: 'End the session of a member of the staff.',
    audience: 'shopper',
    status: 204,
  },
];

/**
 * Accounts: customers, their sessions and addresses; who a shopper is.
 * Data only; the handlers are in `service.ts`.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { DomainDefinition, RouteDefinition } from '../../platform/definition.ts';
import { appRoutes, appTables } from './apps/definition.ts';
import { companyRoutes, companyTables, companyTopic } from './companies/definition.ts';
import { customerRoutes, customerTables } from './customers/definition.ts';
import {
  Address,
  AddressInput,
  Customer,
  Email,
  ErasureRequest,
  ErasureRequests,
  NewPassword,
  PAGES,
  Token,
  ToldErasure,
} from './shapes.ts';
import { passkeyRoutes, passkeyTables } from './passkeys/definition.ts';
import { sessionRoutes, ToldSecurity } from './signed-in/definition.ts';
import { providerRoutes, providerTables } from './providers/definition.ts';
import { StaffSession, staffRoutes, staffTables } from './staff/definition.ts';

const Name = z.string().trim().max(100);

/** Without a password: whoever has the mailbox chooses it, so that nobody can open an account for somebody else and know its way in. */
export const Registration = z.strictObject({
  email: Email,
  firstName: Name.default(''),
  lastName: Name.default(''),
  acceptsMarketing: z.boolean().default(false),
  locale: z.string().max(35).optional(),
});
export type Registration = z.infer<typeof Registration>;

export const Confirmation = z.strictObject({ token: Token, password: NewPassword });
export type Confirmation = z.infer<typeof Confirmation>;

export const Credentials = z.strictObject({ email: Email, password: z.string().min(1).max(256) });
export type Credentials = z.infer<typeof Credentials>;

/** `token` also arrives as the cookie `shopmind_session`; servers that call for a shopper use it as a bearer token. */
export const Session = z.object({ customer: Customer, token: z.string(), expiresAt: z.iso.datetime() });
export type Session = z.infer<typeof Session>;

export const ProfilePatch = z
  .strictObject({
    firstName: Name,
    lastName: Name,
    acceptsMarketing: z.boolean(),
    locale: z.string().max(35).nullable(),
    /** Changing the password needs the present one and ends every other session. */
    password: z.object({ present: z.string().max(256), next: NewPassword }),
  })
  .partial();
export type ProfilePatch = z.infer<typeof ProfilePatch>;

export const CustomerRegistered = z.object({
  id: z.string(),
  email: z.string(),
  firstName: z.string(),
  lastName: z.string(),
  locale: z.string().nullable(),
  acceptsMarketing: z.boolean().optional(),
});

/** Whose address it is is looked up by the task, not by whoever asked for a link: they wait the same either way. */
export const LinkTask = z.discriminatedUnion('purpose', [
  z.object({ purpose: z.literal('invitation'), accountId: z.string() }),
  z.object({ purpose: z.literal('registration'), registrationId: z.string() }),
  z.object({ purpose: z.literal('company'), invitationId: z.string() }),
  z.object({ purpose: z.enum(['reset', 'staff-reset']), email: z.string() }),
]);

export const ForgottenPassword = z.strictObject({ email: Email });
export const PasswordReset = z.strictObject({ token: Token, password: NewPassword });

export const ToldApproval = z.object({
  approvalId: z.string(),
  happening: z.enum(['approval_requested', 'approval_granted', 'approval_declined']),
});

const AddressId = z.object({ id: z.string().min(1).max(80) });

/** What is counted, so that nobody guesses for long. */
export const ATTEMPTED = ['login', 'register', 'staff', 'forgot', 'factor'] as const;

/** Whose attempts they are, hashed: the table is no list of addresses. @param value an e-mail address as it is compared, or a caller's */
export function attemptSubject(
  action: (typeof ATTEMPTED)[number],
  kind: 'email' | 'from',
  value: string,
): string {
  return `${action}/${kind}/${createHash('sha256').update(value).digest('base64url').slice(0, 22)}`;
}

/** The same for customers and for staff. */
const resetRoutes: readonly RouteDefinition[] = (
  [
    { who: 'customer', forget: 'forgetPassword', reset: 'resetPassword', path: '/api/accounts/password' },
    {
      who: 'member of the staff',
      forget: 'forgetStaffPassword',
      reset: 'resetStaffPassword',
      path: '/api/accounts/staff/password',
    },
  ] as const
).flatMap(({ who, forget, reset, path }): RouteDefinition[] => [
  {
    id: forget,
    method: 'POST',
    path: `${path}/forgot`,
    summary: `Have a link for a new password sent to a ${who}. The answer is the same whether there is one.`,
    audience: 'shopper',
    body: ForgottenPassword,
    status: 202,
  },
  {
    id: reset,
    method: 'POST',
    path: `${path}/reset`,
    summary: `Set the password of a ${who} by the link, which is good once and for an hour. Every session ends.`,
    audience: 'shopper',
    body: PasswordReset,
    status: 204,
  },
]);

export const accounts: DomainDefinition = {
  name: 'accounts',
  summary:
    'Customers: registration, sessions, profile, addresses, groups and consents. Companies: who buys for each, and for how much. Staff: who runs the shop, and what each may do.',
  tables: [
    {
      name: 'customers',
      spread: 'tenant',
      access: 'write',
      personal: {
        by: ['id'],
        erase: 'delete',
        withhold: ['password_hash'],
        person: { key: 'id', names: ['id', 'email', 'email_key'], facts: ['first_name', 'last_name'] },
      },
    },
    {
      name: 'customer_registrations',
      spread: 'tenant',
      access: 'write',
      personal: { by: ['email', 'email_key'], erase: 'delete' },
    },
    {
      name: 'customer_sessions',
      spread: 'tenant',
      access: 'write',
      personal: { by: ['customer_id'], erase: 'delete', withhold: ['token_hash', 'previous_hash'] },
    },
    {
      name: 'customer_addresses',
      spread: 'tenant',
      access: 'write',
      personal: { by: ['customer_id'], erase: 'delete' },
    },
    {
      name: 'login_attempts',
      spread: 'tenant',
      access: 'write',
      personal: {
        by: {
          column: 'subject',
          written: (name) => ATTEMPTED.map((action) => attemptSubject(action, 'email', name)),
        },
        erase: 'delete',
      },
    },
    {
      name: 'customer_erasure_requests',
      spread: 'tenant',
      access: 'write',
      personal: { by: ['customer_id'], erase: 'delete' },
    },
    ...customerTables,
    ...companyTables,
    ...staffTables,
    ...passkeyTables,
    ...providerTables,
    ...appTables,
  ],
  migrations: new URL('./migrations/', import.meta.url),
  topics: [
    {
      name: 'accounts.customer',
      partitions: 3,
      retentionHours: 24 * 7,
      compacted: true,
      events: {
        'accounts.customer.registered': CustomerRegistered,
        'accounts.customer.updated': CustomerRegistered,
      },
    },
    companyTopic,
  ],
  consumes: [],
  tasks: [
    { name: 'accounts.expire-sessions', payload: z.object({}), maxAttempts: 5, leaseSeconds: 30 },
    {
      name: 'accounts.send-link',
      payload: LinkTask,
      maxAttempts: 10,
      leaseSeconds: 30,
    },
    {
      name: 'accounts.tell-company',
      payload: z.object({ companyId: z.string() }),
      maxAttempts: 10,
      leaseSeconds: 30,
    },
    { name: 'accounts.tell-erasure', payload: ToldErasure, maxAttempts: 10, leaseSeconds: 30 },
    { name: 'accounts.tell-security', payload: ToldSecurity, maxAttempts: 10, leaseSeconds: 30 },
    { name: 'accounts.tell-approval', payload: ToldApproval, maxAttempts: 10, leaseSeconds: 30 },
    {
      name: 'accounts.settle-spending',
      payload: z.object({ spendingId: z.string() }),
      maxAttempts: 1000,
      leaseSeconds: 30,
    },
  ],
  buckets: [],
  routes: [
    {
      id: 'register',
      method: 'POST',
      path: '/api/accounts/register',
      summary:
        'Ask for an account. A mail says how to go on; the answer is the same whether there is one of this address already.',
      audience: 'shopper',
      body: Registration,
      status: 202,
    },
    {
      id: 'confirmRegistration',
      method: 'POST',
      path: '/api/accounts/register/confirm',
      summary: 'Create the customer by the link of the mail, which is good once and for a day, and log in.',
      audience: 'shopper',
      body: Confirmation,
      response: Session,
      status: 201,
    },
    {
      id: 'login',
      method: 'POST',
      path: '/api/accounts/login',
      summary: 'Exchange e-mail and password for a session.',
      audience: 'shopper',
      body: Credentials,
      response: Session,
    },
    {
      id: 'logout',
      method: 'POST',
      path: '/api/accounts/logout',
      summary: 'End the present session.',
      audience: 'shopper',
      status: 204,
    },
    {
      id: 'renewSession',
      method: 'POST',
      path: '/api/accounts/session',
      summary:
        'Exchange the session’s token for the next one. The one before is good for two minutes more; whoever comes with it later ends the session.',
      audience: 'customer',
      response: Session,
    },
    {
      id: 'getMe',
      method: 'GET',
      path: '/api/accounts/me',
      summary: 'The customer who is logged in.',
      audience: 'customer',
      response: Customer,
    },
    {
      id: 'getMyData',
      method: 'GET',
      path: '/api/accounts/me/data',
      summary: 'Everything that the shop has of the customer, from every domain, as JSON to keep.',
      audience: 'customer',
    },
    {
      id: 'getMyErasure',
      method: 'GET',
      path: '/api/accounts/me/erasure',
      summary: 'Whether the customer has asked to be forgotten, and until when that has to be done.',
      audience: 'customer',
      response: ErasureRequest,
    },
    {
      id: 'askForErasure',
      method: 'PUT',
      path: '/api/accounts/me/erasure',
      summary: 'Ask to be forgotten, by the password. What the books need is kept without the person.',
      audience: 'customer',
      body: z.strictObject({ password: z.string().min(1).max(256) }),
      response: ErasureRequest,
    },
    {
      id: 'withdrawErasure',
      method: 'DELETE',
      path: '/api/accounts/me/erasure',
      summary: 'Stay after all.',
      audience: 'customer',
      status: 204,
    },
    {
      id: 'adminListErasureRequests',
      method: 'GET',
      path: '/api/admin/accounts/erasure-requests',
      summary:
        'Customers who have asked to be forgotten, the oldest first; one that was erased is not there any more.',
      audience: 'merchant',
      response: ErasureRequests,
    },
    {
      id: 'updateMe',
      method: 'PATCH',
      path: '/api/accounts/me',
      summary: 'Change profile or password.',
      audience: 'customer',
      body: ProfilePatch,
      response: Customer,
    },
    {
      id: 'listAddresses',
      method: 'GET',
      path: '/api/accounts/me/addresses',
      summary: 'The customer’s addresses, the default one first.',
      audience: 'customer',
      response: z.object({ addresses: z.array(Address) }),
    },
    {
      id: 'addAddress',
      method: 'POST',
      path: '/api/accounts/me/addresses',
      summary: 'Add an address.',
      audience: 'customer',
      body: AddressInput,
      response: Address,
      status: 201,
    },
    {
      id: 'updateAddress',
      method: 'PUT',
      path: '/api/accounts/me/addresses/{id}',
      summary: 'Replace an address.',
      audience: 'customer',
      params: AddressId,
      body: AddressInput,
      response: Address,
    },
    {
      id: 'deleteAddress',
      method: 'DELETE',
      path: '/api/accounts/me/addresses/{id}',
      summary: 'Delete an address.',
      audience: 'customer',
      params: AddressId,
      status: 204,
    },
    ...resetRoutes,
    ...customerRoutes,
    ...companyRoutes,
    ...staffRoutes,
    ...providerRoutes,
    ...appRoutes,
    ...sessionRoutes({
      Who: '',
      own: '/api/accounts/me',
      also: ', and at every app that was signed in to by this account',
      audience: { audience: 'customer' },
    }),
    ...sessionRoutes({
      Who: 'Staff',
      own: '/api/admin/accounts/me',
      also: '',
      audience: { audience: 'merchant', people: true, self: true },
    }),
    ...passkeyRoutes({
      Who: '',
      own: '/api/accounts/me',
      signIn: '/api/accounts',
      audience: { audience: 'customer' },
      session: Session,
    }),
    ...passkeyRoutes({
      Who: 'Staff',
      own: '/api/admin/accounts/me',
      signIn: '/api/accounts/staff',
      audience: { audience: 'merchant', people: true, self: true },
      session: StaffSession,
    }),
    {
      id: 'showPage',
      method: 'GET',
      path: '/api/accounts/pages/{page}',
      summary: 'Where the links of messages lead: the token is behind the #, which no server is told.',
      audience: 'shopper',
      params: z.object({ page: z.enum(PAGES) }),
    },
  ],
  scaling: { min: 1, max: 6, cpuPercent: 70 },
  slo: { availability: 0.999, p99Milliseconds: 400 },
};

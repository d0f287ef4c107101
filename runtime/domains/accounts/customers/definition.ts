/** The merchant's view of customers: who there is, in which groups, and what they agreed to. Data only; a part of the accounts domain. */
import { z } from 'zod';
import type { RouteDefinition, TableDefinition } from '../../../platform/definition.ts';
import { Address, Customer } from '../shapes.ts';

export const CustomerGroup = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.iso.datetime(),
  customers: z.int(),
});
export type CustomerGroup = z.infer<typeof CustomerGroup>;

export const GroupInput = z.strictObject({ name: z.string().trim().min(1).max(100) });
export type GroupInput = z.infer<typeof GroupInput>;

export const Consent = z.object({
  purpose: z.enum(['marketing']),
  granted: z.boolean(),
  /** Where it was said. */
  source: z.enum(['registration', 'profile']),
  at: z.iso.datetime(),
});
export type Consent = z.infer<typeof Consent>;

export const ListedCustomer = Customer.extend({ groupIds: z.array(z.string()) });
export type ListedCustomer = z.infer<typeof ListedCustomer>;

export const CustomerDetail = ListedCustomer.extend({
  addresses: z.array(Address),
  /** The youngest first. */
  consents: z.array(Consent),
});
export type CustomerDetail = z.infer<typeof CustomerDetail>;

export const CustomerQuery = z.object({
  /** How an e-mail address begins, or a part of a name. */
  q: z.string().trim().min(1).max(100).optional(),
  group: z.string().max(80).optional(),
  /** `nextCursor` of the page before. */
  cursor: z.string().max(80).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
export type CustomerQuery = z.infer<typeof CustomerQuery>;

export const GroupsInput = z.strictObject({ groupIds: z.array(z.string().min(1).max(80)).max(100) });
export type GroupsInput = z.infer<typeof GroupsInput>;

const ofCustomer = z.object({ customerId: z.string().min(1).max(80) });
const ofGroup = z.object({ groupId: z.string().min(1).max(80) });

export const customerTables: readonly TableDefinition[] = [
  { name: 'customer_groups', spread: 'tenant', access: 'write' },
  {
    name: 'customer_group_members',
    spread: 'tenant',
    access: 'write',
    personal: { by: ['customer_id'], erase: 'delete' },
  },
  {
    name: 'customer_consents',
    spread: 'tenant',
    access: 'append',
    personal: { by: ['customer_id'], erase: 'delete' },
  },
];

export const customerRoutes: readonly RouteDefinition[] = [
  {
    id: 'listConsents',
    method: 'GET',
    path: '/api/accounts/me/consents',
    summary: 'What the customer agreed to and took back, the youngest first.',
    audience: 'customer',
    response: z.object({ consents: z.array(Consent) }),
  },
  {
    id: 'adminListCustomers',
    method: 'GET',
    path: '/api/admin/accounts/customers',
    summary: 'Customers with an account, the youngest first, a page at a time.',
    audience: 'merchant',
    query: CustomerQuery,
    response: z.object({ customers: z.array(ListedCustomer), nextCursor: z.string().optional() }),
  },
  {
    id: 'adminGetCustomer',
    method: 'GET',
    path: '/api/admin/accounts/customers/{customerId}',
    summary: 'A customer with addresses, groups and consents.',
    audience: 'merchant',
    params: ofCustomer,
    response: CustomerDetail,
  },
  {
    id: 'adminSetCustomerGroups',
    method: 'PUT',
    path: '/api/admin/accounts/customers/{customerId}/groups',
    summary: 'Put a customer in these groups and no others.',
    audience: 'merchant',
    params: ofCustomer,
    body: GroupsInput,
    response: ListedCustomer,
  },
  {
    id: 'adminListGroups',
    method: 'GET',
    path: '/api/admin/accounts/groups',
    summary: 'The groups of customers, by name, and how many are in each.',
    audience: 'merchant',
    response: z.object({ groups: z.array(CustomerGroup) }),
  },
  {
    id: 'adminCreateGroup',
    method: 'POST',
    path: '/api/admin/accounts/groups',
    summary: 'Make a group of customers. Its name is its own.',
    audience: 'merchant',
    body: GroupInput,
    response: CustomerGroup,
    status: 201,
  },
  {
    id: 'adminRenameGroup',
    method: 'PUT',
    path: '/api/admin/accounts/groups/{groupId}',
    summary: 'Rename a group.',
    audience: 'merchant',
    params: ofGroup,
    body: GroupInput,
    response: CustomerGroup,
  },
  {
    id: 'adminDeleteGroup',
    method: 'DELETE',
    path: '/api/admin/accounts/groups/{groupId}',
    summary: 'Delete a group; its customers stay.',
    audience: 'merchant',
    params: ofGroup,
    status: 204,
  },
];

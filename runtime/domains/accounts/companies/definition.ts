/**
 * Companies that buy: who they are, who may buy for them and for how much. Data only; a part of the accounts domain.
 */
import { z } from 'zod';
import type { RouteDefinition, TableDefinition, TopicDefinition } from '../../../platform/definition.ts';
import { Address, AddressInput, Email, NewPassword, Token } from '../shapes.ts';

/** `admin` does everything, `approver` lets others' purchases pass, `buyer` buys; the former two buy as well. */
export const CompanyRole = z.enum(['admin', 'approver', 'buyer']);
export type CompanyRole = z.infer<typeof CompanyRole>;

export const CompanyState = z.enum(['requested', 'approved', 'blocked']);
export type CompanyState = z.infer<typeof CompanyState>;

/** More than any order comes to, in minor units. */
const Amount = z.int().min(0).max(99_999_999_999);

/** What a member may buy without anybody's leave. Purchases in another currency always need it. */
export const SpendingLimits = z.strictObject({
  currency: z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code such as EUR'),
  /** Of one order, in minor units. */
  perOrder: Amount.optional(),
  /** Of all orders of a period together, but for those that were approved, in minor units. */
  perPeriod: Amount.optional(),
  /** Of the calendar, in UTC; a week begins on Monday. */
  period: z.enum(['day', 'week', 'month']).default('month'),
});
export type SpendingLimits = z.infer<typeof SpendingLimits>;

const Country = z.string().regex(/^[A-Z]{2}$/, 'must be a country code of two capital letters, like DE');
const Name = z.string().trim().min(1).max(200);
const TaxId = z.string().trim().min(4).max(40);
const NetDays = z.int().min(1).max(180);

export const Company = z.object({
  id: z.string(),
  name: z.string(),
  country: z.string(),
  taxId: z.string().nullable(),
  state: CompanyState,
  /** Days until what they buy is to be paid; null: at once. */
  netDays: z.int().nullable(),
  createdAt: z.iso.datetime(),
  version: z.int(),
});
export type Company = z.infer<typeof Company>;

export const CompanyMember = z.object({
  customerId: z.string(),
  email: z.string(),
  firstName: z.string(),
  lastName: z.string(),
  role: CompanyRole,
  limits: SpendingLimits.nullable(),
  joinedAt: z.iso.datetime(),
});
export type CompanyMember = z.infer<typeof CompanyMember>;

export const CompanyInvitation = z.object({
  id: z.string(),
  email: z.string(),
  role: CompanyRole,
  limits: SpendingLimits.nullable(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});
export type CompanyInvitation = z.infer<typeof CompanyInvitation>;

/** What somebody wants to buy, as it was when they asked. */
export const ApprovalLine = z.object({
  variantId: z.string().max(80),
  title: z.string().max(1_000),
  variantTitle: z.string().max(1_000).optional(),
  quantity: z.int(),
  unitPrice: z.int(),
});

/** `expired`: nobody decided or bought in time. `withdrawn`: something else was asked for instead. `ordered`: it was bought. */
export const ApprovalState = z.enum(['waiting', 'approved', 'declined', 'withdrawn', 'expired', 'ordered']);
export type ApprovalState = z.infer<typeof ApprovalState>;

export const Approval = z.object({
  id: z.string(),
  state: ApprovalState,
  /** Of the cart or the offer, or of the edit or the exchange of an order. */
  purchaseId: z.string(),
  requestedBy: z.object({ customerId: z.string(), name: z.string() }),
  lines: z.array(ApprovalLine),
  total: z.object({ amount: z.int(), currency: z.string() }),
  purchaseOrder: z.string().nullable(),
  message: z.string(),
  answer: z.string().nullable(),
  orderId: z.string().nullable(),
  createdAt: z.iso.datetime(),
  decidedAt: z.iso.datetime().nullable(),
  /** Until when it can be decided, and then bought. */
  expiresAt: z.iso.datetime(),
});
export type Approval = z.infer<typeof Approval>;

export const ApprovalQuery = z.object({
  state: z.enum(['waiting', 'approved', 'declined', 'withdrawn']).optional(),
  /** `nextCursor` of the page before. */
  cursor: z.string().max(80).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
export type ApprovalQuery = z.infer<typeof ApprovalQuery>;

export const ApprovalAnswer = z.strictObject({ message: z.string().trim().min(1).max(2_000).optional() });
export type ApprovalAnswer = z.infer<typeof ApprovalAnswer>;

/** As a member sees it, with what they are in it. */
export const OwnCompany = Company.extend({
  addresses: z.array(Address),
  role: CompanyRole,
  limits: SpendingLimits.nullable(),
  /** In the present period, in the currency of the limits, but for what was approved; null without a limit of a period. */
  spent: z.int().nullable(),
});
export type OwnCompany = z.infer<typeof OwnCompany>;

export const MerchantCompany = Company.extend({
  /** What whoever asked wrote. */
  message: z.string(),
  groupIds: z.array(z.string()),
  members: z.int(),
});
export type MerchantCompany = z.infer<typeof MerchantCompany>;

export const CompanyDetail = MerchantCompany.extend({
  addresses: z.array(Address),
  people: z.array(CompanyMember),
  invitations: z.array(CompanyInvitation),
});
export type CompanyDetail = z.infer<typeof CompanyDetail>;

export const CompanyRequest = z.strictObject({
  name: Name,
  country: Country,
  taxId: TaxId.optional(),
  address: AddressInput.optional(),
  message: z.string().trim().max(2_000).default(''),
});
export type CompanyRequest = z.infer<typeof CompanyRequest>;

export const CompanyInvite = z.strictObject({
  email: Email,
  role: CompanyRole.default('buyer'),
  limits: SpendingLimits.optional(),
});
export type CompanyInvite = z.infer<typeof CompanyInvite>;

/** Entered by the merchant: approved from the start. */
export const NewCompany = z.strictObject({
  name: Name,
  country: Country,
  taxId: TaxId.optional(),
  netDays: NetDays.optional(),
  /** Who is invited as its first admin. */
  admin: Email.optional(),
});
export type NewCompany = z.infer<typeof NewCompany>;

export const CompanyPatch = z
  .strictObject({ name: Name, taxId: TaxId.nullable(), netDays: NetDays.nullable() })
  .partial();
export type CompanyPatch = z.infer<typeof CompanyPatch>;

export const CompanyGroupsInput = z.strictObject({
  groupIds: z.array(z.string().min(1).max(80)).max(100),
});
export type CompanyGroupsInput = z.infer<typeof CompanyGroupsInput>;

export const MemberPatch = z.strictObject({ role: CompanyRole, limits: SpendingLimits.nullable() }).partial();
export type MemberPatch = z.infer<typeof MemberPatch>;

/** Whoever has no account of the address yet chooses a password with it. */
export const JoinCompany = z.strictObject({ token: Token, password: NewPassword.optional() });
export type JoinCompany = z.infer<typeof JoinCompany>;

export const CompanyQuery = z.object({
  state: CompanyState.optional(),
  /** A part of the name, or how the tax id begins. */
  q: z.string().trim().min(1).max(100).optional(),
  /** `nextCursor` of the page before. */
  cursor: z.string().max(80).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
export type CompanyQuery = z.infer<typeof CompanyQuery>;

/** What others are told of a company. */
export const CompanyEvent = z.object({
  id: z.string(),
  name: z.string(),
  country: z.string(),
  taxId: z.string().nullable(),
  state: CompanyState,
  netDays: z.int().nullable(),
  /** Of events about somebody in it. */
  customerId: z.string().optional(),
  role: CompanyRole.optional(),
  approvalId: z.string().optional(),
  /** Of the cart or the offer, or of the edit or the exchange of an order, that an approval is about. */
  purchaseId: z.string().optional(),
  at: z.iso.datetime(),
});
export type CompanyEvent = z.infer<typeof CompanyEvent>;

export const COMPANY_HAPPENINGS = [
  'requested',
  'approved',
  'blocked',
  'changed',
  'member_joined',
  'member_changed',
  'member_left',
  'approval_requested',
  'approval_granted',
  'approval_declined',
] as const;
export type CompanyHappening = (typeof COMPANY_HAPPENINGS)[number];

export const companyTopic: TopicDefinition = {
  name: 'accounts.company',
  partitions: 3,
  retentionHours: 24 * 7,
  compacted: false,
  events: Object.fromEntries(
    COMPANY_HAPPENINGS.map((happening) => [`accounts.company.${happening}`, CompanyEvent]),
  ),
};

export const companyTables: readonly TableDefinition[] = [
  {
    name: 'companies',
    spread: 'tenant',
    access: 'write',
    personal: { by: ['requested_by'], erase: { requested_by: null, message: '' } },
  },
  { name: 'company_addresses', spread: 'tenant', access: 'write' },
  { name: 'company_groups', spread: 'tenant', access: 'write' },
  {
    name: 'company_members',
    spread: 'tenant',
    access: 'write',
    personal: { by: ['customer_id'], erase: 'delete' },
  },
  {
    name: 'company_invitations',
    spread: 'tenant',
    access: 'write',
    personal: { by: ['email', 'email_key'], erase: 'delete' },
  },
  {
    name: 'company_approvals',
    spread: 'tenant',
    access: 'write',
    personal: { by: ['requested_by', 'decided_by'], erase: 'redact' },
  },
  {
    name: 'company_spending',
    spread: 'tenant',
    access: 'write',
    personal: { by: ['customer_id'], erase: 'redact' },
  },
];

const ofMember = z.object({ customerId: z.string().min(1).max(80) });
const ofInvitation = z.object({ invitationId: z.string().min(1).max(80) });
const ofAddress = z.object({ addressId: z.string().min(1).max(80) });
const ofApproval = z.object({ approvalId: z.string().min(1).max(80) });
const ofCompany = z.object({ companyId: z.string().min(1).max(80) });

const OWN = '/api/accounts/company';
const ALL = '/api/admin/accounts/companies';

export const companyRoutes: readonly RouteDefinition[] = [
  {
    id: 'getCompany',
    method: 'GET',
    path: OWN,
    summary: 'The company that the customer buys for, and what they may do in it.',
    audience: 'customer',
    response: OwnCompany,
  },
  {
    id: 'requestCompany',
    method: 'POST',
    path: OWN,
    summary: 'Ask for a company account. The merchant decides; whoever asks becomes its first admin.',
    audience: 'customer',
    body: CompanyRequest,
    response: OwnCompany,
    status: 201,
  },
  {
    id: 'joinCompany',
    method: 'POST',
    path: `${OWN}/join`,
    summary: 'Become a member by the link of an invitation, which is good once and for a week.',
    audience: 'shopper',
    body: JoinCompany,
    status: 204,
  },
  {
    id: 'addCompanyAddress',
    method: 'POST',
    path: `${OWN}/addresses`,
    summary: 'Add an address of the company; for its admins.',
    audience: 'customer',
    body: AddressInput,
    response: Address,
    status: 201,
  },
  {
    id: 'updateCompanyAddress',
    method: 'PUT',
    path: `${OWN}/addresses/{addressId}`,
    summary: 'Replace an address of the company; for its admins.',
    audience: 'customer',
    params: ofAddress,
    body: AddressInput,
    response: Address,
  },
  {
    id: 'deleteCompanyAddress',
    method: 'DELETE',
    path: `${OWN}/addresses/{addressId}`,
    summary: 'Delete an address of the company; for its admins.',
    audience: 'customer',
    params: ofAddress,
    status: 204,
  },
  {
    id: 'listCompanyMembers',
    method: 'GET',
    path: `${OWN}/members`,
    summary: 'Who buys for the company, and who was invited to; for its admins.',
    audience: 'customer',
    response: z.object({ members: z.array(CompanyMember), invitations: z.array(CompanyInvitation) }),
  },
  {
    id: 'updateCompanyMember',
    method: 'PATCH',
    path: `${OWN}/members/{customerId}`,
    summary: 'Change a member’s role or limits; for admins. The last admin stays one.',
    audience: 'customer',
    params: ofMember,
    body: MemberPatch,
    response: CompanyMember,
  },
  {
    id: 'removeCompanyMember',
    method: 'DELETE',
    path: `${OWN}/members/{customerId}`,
    summary: 'Take a member out of the company; for admins, and for whoever leaves by themselves.',
    audience: 'customer',
    params: ofMember,
    status: 204,
  },
  {
    id: 'inviteToCompany',
    method: 'POST',
    path: `${OWN}/invitations`,
    summary: 'Invite somebody by mail; for admins. Inviting again sends another link.',
    audience: 'customer',
    body: CompanyInvite,
    response: CompanyInvitation,
    status: 201,
  },
  {
    id: 'withdrawCompanyInvitation',
    method: 'DELETE',
    path: `${OWN}/invitations/{invitationId}`,
    summary: 'Take an invitation back; for admins. Its link is good for nothing then.',
    audience: 'customer',
    params: ofInvitation,
    status: 204,
  },
  {
    id: 'listApprovals',
    method: 'GET',
    path: `${OWN}/approvals`,
    summary:
      'What members asked to have approved, the youngest first: the whole company’s for admins and approvers, their own for buyers.',
    audience: 'customer',
    query: ApprovalQuery,
    response: z.object({ approvals: z.array(Approval), nextCursor: z.string().optional() }),
  },
  {
    id: 'getApproval',
    method: 'GET',
    path: `${OWN}/approvals/{approvalId}`,
    summary: 'One of them, for whoever sees it in the list.',
    audience: 'customer',
    params: ofApproval,
    response: Approval,
  },
  {
    id: 'grantApproval',
    method: 'POST',
    path: `${OWN}/approvals/{approvalId}/approve`,
    summary: 'Let exactly this be bought, once; for admins and approvers other than who asked.',
    audience: 'customer',
    params: ofApproval,
    body: ApprovalAnswer,
    response: Approval,
  },
  {
    id: 'declineApproval',
    method: 'POST',
    path: `${OWN}/approvals/{approvalId}/decline`,
    summary: 'Do not let this be bought; for admins and approvers other than who asked.',
    audience: 'customer',
    params: ofApproval,
    body: ApprovalAnswer,
    response: Approval,
  },
  {
    id: 'adminListCompanies',
    method: 'GET',
    path: ALL,
    summary: 'Companies, the youngest first, a page at a time.',
    audience: 'merchant',
    query: CompanyQuery,
    response: z.object({ companies: z.array(MerchantCompany), nextCursor: z.string().optional() }),
  },
  {
    id: 'adminCreateCompany',
    method: 'POST',
    path: ALL,
    summary: 'Enter a company, which is approved by that, and invite its first admin.',
    audience: 'merchant',
    body: NewCompany,
    response: MerchantCompany,
    status: 201,
    idempotent: true,
  },
  {
    id: 'adminGetCompany',
    method: 'GET',
    path: `${ALL}/{companyId}`,
    summary: 'A company with its addresses, its members and whom they invited.',
    audience: 'merchant',
    params: ofCompany,
    response: CompanyDetail,
  },
  {
    id: 'adminUpdateCompany',
    method: 'PATCH',
    path: `${ALL}/{companyId}`,
    summary: 'Change a company’s name, tax id or terms of payment.',
    audience: 'merchant',
    params: ofCompany,
    body: CompanyPatch,
    response: MerchantCompany,
  },
  {
    id: 'adminApproveCompany',
    method: 'POST',
    path: `${ALL}/{companyId}/approve`,
    summary: 'Let a company buy: one that asked, or one that was blocked.',
    audience: 'merchant',
    params: ofCompany,
    response: MerchantCompany,
  },
  {
    id: 'adminBlockCompany',
    method: 'POST',
    path: `${ALL}/{companyId}/block`,
    summary: 'Refuse a company, or end what it has here. Its members are customers like others then.',
    audience: 'merchant',
    params: ofCompany,
    response: MerchantCompany,
  },
  {
    id: 'adminSetCompanyGroups',
    method: 'PUT',
    path: `${ALL}/{companyId}/groups`,
    summary: 'Put all of a company’s members in these groups and no others by it.',
    audience: 'merchant',
    params: ofCompany,
    body: CompanyGroupsInput,
    response: MerchantCompany,
  },
  {
    id: 'adminInviteToCompany',
    method: 'POST',
    path: `${ALL}/{companyId}/invitations`,
    summary: 'Invite somebody to a company by mail.',
    audience: 'merchant',
    params: ofCompany,
    body: CompanyInvite,
    response: CompanyInvitation,
    status: 201,
  },
  {
    id: 'adminUpdateCompanyMember',
    method: 'PATCH',
    path: `${ALL}/{companyId}/members/{customerId}`,
    summary: 'Change a member’s role or limits.',
    audience: 'merchant',
    params: ofCompany.extend(ofMember.shape),
    body: MemberPatch,
    response: CompanyMember,
  },
  {
    id: 'adminRemoveCompanyMember',
    method: 'DELETE',
    path: `${ALL}/{companyId}/members/{customerId}`,
    summary: 'Take a member out of a company.',
    audience: 'merchant',
    params: ofCompany.extend(ofMember.shape),
    status: 204,
  },
];

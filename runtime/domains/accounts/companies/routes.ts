/** The routes of companies, for their members and for the merchant. */
import type { DomainService, Platform, RouteRequest } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { Tenant } from '../../../platform/ports.ts';
import { findById } from '../customers.ts';
import type { Links } from '../links.ts';
import type { Passwords } from '../passwords.ts';
import type { AddressInput } from '../shapes.ts';
import { createApprovals, RequestApproval, WithdrawApproval } from './approvals.ts';
import { createCompanies } from './companies.ts';
import type * as d from './definition.ts';
import { createCompanyMembers, requireAdmin, type By } from './members.ts';
import { createSpending, NoteSpending, ReserveSpending } from './spending.ts';
import {
  findMember,
  listCompanyAddresses,
  listInvitations,
  listMembers,
  noMembership,
  readCompany,
  runnerOf,
  toCompany,
  toInvitation,
  toMember,
  toMerchantCompany,
  type MemberRow,
} from './store.ts';

const MERCHANT: By = { merchant: true };

export function createCompanyRooms(
  platform: Platform,
  parts: { readonly links: Links; readonly passwords: Passwords },
) {
  const { sql, clock } = platform;
  const companies = createCompanies(platform);
  const members = createCompanyMembers(platform, parts);
  const approvals = createApprovals(platform);
  const spending = createSpending(platform);

  /** What the customer is in whichever company. @throws ShopError `not_found` */
  async function memberOf({ tenant, caller }: RouteRequest): Promise<MemberRow> {
    const member = await findMember(runnerOf(sql, tenant.id), tenant.id, customerOf(caller.customerId));
    if (member === undefined) throw noMembership();
    return member;
  }

  async function ownCompany(tenant: Tenant, member: MemberRow): Promise<d.OwnCompany> {
    const runner = runnerOf(sql, tenant.id);
    const [company, addresses, spent] = await Promise.all([
      readCompany(runner, tenant.id, member.company_id),
      listCompanyAddresses(runner, tenant.id, member.company_id),
      spending.spentBy(tenant.id, member.customer_id, member.limits),
    ]);
    const { role, limits } = member;
    return { ...toCompany(company), addresses, role, limits, spent: spent ?? null };
  }

  async function people(tenant: Tenant, companyId: string) {
    const runner = runnerOf(sql, tenant.id);
    const [all, invited] = await Promise.all([
      listMembers(runner, tenant.id, companyId),
      listInvitations(runner, tenant.id, companyId, clock.now()),
    ]);
    return { people: all.map(toMember), invitations: invited.map(toInvitation) };
  }

  async function decide(request: RouteRequest, decision: 'approved' | 'declined') {
    const { tenant, caller, params, body } = request;
    const { message } = body as d.ApprovalAnswer;
    const by = customerOf(caller.customerId);
    return { json: await approvals.decide(tenant.id, by, approvalIn(params), decision, message) };
  }

  // In every handler the host has parsed params, query and body with the schemas of the route, so that the casts hold.
  const routes: DomainService['routes'] = {
    getCompany: async (request) => ({ json: await ownCompany(request.tenant, await memberOf(request)) }),
    async requestCompany(request) {
      const { tenant, caller, body } = request;
      await companies.request(tenant.id, customerOf(caller.customerId), body as d.CompanyRequest);
      return { status: 201, json: await ownCompany(tenant, await memberOf(request)) };
    },
    async joinCompany(request) {
      await members.join(request);
      return {};
    },
    async addCompanyAddress(request) {
      const { company_id, customer_id } = await memberOf(request);
      const input = request.body as AddressInput;
      return {
        status: 201,
        json: await companies.saveAddress(request.tenant.id, company_id, customer_id, undefined, input),
      };
    },
    async updateCompanyAddress(request) {
      const { company_id, customer_id } = await memberOf(request);
      const { addressId } = request.params as { addressId: string };
      const input = request.body as AddressInput;
      return {
        json: await companies.saveAddress(request.tenant.id, company_id, customer_id, addressId, input),
      };
    },
    async deleteCompanyAddress(request) {
      const { company_id, customer_id } = await memberOf(request);
      const { addressId } = request.params as { addressId: string };
      await companies.removeAddress(request.tenant.id, company_id, customer_id, addressId);
      return {};
    },
    async listCompanyMembers(request) {
      const member = await memberOf(request);
      requireAdmin(member, member.company_id);
      const { people: all, invitations } = await people(request.tenant, member.company_id);
      return { json: { members: all, invitations } };
    },
    async updateCompanyMember(request) {
      const { company_id, customer_id } = await memberOf(request);
      const patch = request.body as d.MemberPatch;
      const by = { customerId: customer_id };
      return {
        json: toMember(
          await members.update(request.tenant.id, company_id, by, memberIn(request.params), patch),
        ),
      };
    },
    async removeCompanyMember(request) {
      const { company_id, customer_id } = await memberOf(request);
      const by = { customerId: customer_id };
      await members.remove(request.tenant.id, company_id, by, memberIn(request.params));
      return {};
    },
    async inviteToCompany(request) {
      const { company_id, customer_id } = await memberOf(request);
      const by = { customerId: customer_id };
      const row = await members.invite(request.tenant, company_id, by, request.body as d.CompanyInvite);
      return { status: 201, json: toInvitation(row) };
    },
    async withdrawCompanyInvitation(request) {
      const { company_id, customer_id } = await memberOf(request);
      const { invitationId } = request.params as { invitationId: string };
      await members.withdraw(request.tenant.id, company_id, { customerId: customer_id }, invitationId);
      return {};
    },

    async listApprovals(request) {
      const member = await memberOf(request);
      return { json: await approvals.list(request.tenant.id, member, request.query as d.ApprovalQuery) };
    },
    async getApproval(request) {
      const member = await memberOf(request);
      return { json: await approvals.get(request.tenant.id, member, approvalIn(request.params)) };
    },
    grantApproval: (request) => decide(request, 'approved'),
    declineApproval: (request) => decide(request, 'declined'),

    async adminListCompanies({ tenant, query }) {
      const { page, nextCursor } = await companies.list(tenant.id, query as d.CompanyQuery);
      const more = nextCursor === undefined ? {} : { nextCursor };
      return { json: { companies: page.map(toMerchantCompany), ...more } };
    },
    adminCreateCompany: async ({ tenant, body }) => ({
      status: 201,
      json: toMerchantCompany(await companies.create(tenant, body as d.NewCompany)),
    }),
    async adminGetCompany({ tenant, params }) {
      const companyId = companyIn(params);
      const runner = runnerOf(sql, tenant.id);
      const json: d.CompanyDetail = {
        ...toMerchantCompany(await readCompany(runner, tenant.id, companyId)),
        addresses: await listCompanyAddresses(runner, tenant.id, companyId),
        ...(await people(tenant, companyId)),
      };
      return { json };
    },
    adminUpdateCompany: async ({ tenant, params, body }) => ({
      json: toMerchantCompany(await companies.update(tenant.id, companyIn(params), body as d.CompanyPatch)),
    }),
    adminApproveCompany: async ({ tenant, params }) => ({
      json: toMerchantCompany(await companies.approve(tenant.id, companyIn(params))),
    }),
    adminBlockCompany: async ({ tenant, params }) => ({
      json: toMerchantCompany(await companies.block(tenant.id, companyIn(params))),
    }),
    adminSetCompanyGroups: async ({ tenant, params, body }) => ({
      json: toMerchantCompany(
        await companies.setGroups(tenant.id, companyIn(params), (body as d.CompanyGroupsInput).groupIds),
      ),
    }),
    adminInviteToCompany: async ({ tenant, params, body }) => ({
      status: 201,
      json: toInvitation(await members.invite(tenant, companyIn(params), MERCHANT, body as d.CompanyInvite)),
    }),
    adminUpdateCompanyMember: async ({ tenant, params, body }) => ({
      json: toMember(
        await members.update(tenant.id, companyIn(params), MERCHANT, memberIn(params), body as d.MemberPatch),
      ),
    }),
    async adminRemoveCompanyMember({ tenant, params }) {
      await members.remove(tenant.id, companyIn(params), MERCHANT, memberIn(params));
      return {};
    },
  };

  return {
    routes,
    members,
    spending,
    approvals,
    operations: {
      /** For orders: before one is made for a company. */
      reserveSpending: (tenant: Tenant, input: unknown) =>
        spending.reserve(tenant.id, ReserveSpending.parse(input)),
      /** For orders: what became of one. */
      noteSpending: (tenant: Tenant, input: unknown) => spending.note(tenant.id, NoteSpending.parse(input)),
      /** For orders, which know what is in a cart and what it comes to. */
      requestApproval: (tenant: Tenant, input: unknown) =>
        approvals.request(tenant.id, RequestApproval.parse(input)),
      /** For orders: what was to be approved is not to be bought any more, or not by an approval. */
      withdrawApproval: (tenant: Tenant, input: unknown) =>
        approvals.withdraw(tenant.id, WithdrawApproval.parse(input)),
    },
    /** By the task: whoever asked hears that the company may buy. */
    async tellApproved(tenant: Tenant, companyId: string): Promise<void> {
      if (!tenant.domains.includes('notifications')) return;
      const company = await readCompany(runnerOf(sql, tenant.id), tenant.id, companyId);
      if (company.requested_by === null || company.state !== 'approved') return;
      const { id, email, first_name: name } = await findById(platform, tenant.id, company.requested_by);
      await platform.call(tenant.id, 'notifications', 'notify', {
        key: `companies.approved:${companyId}`,
        kind: 'companies.approved',
        to: { email, customerId: id, ...(name === '' ? {} : { name }) },
        channels: ['mail'],
        variables: { company: company.name, link: `${platform.originOf(tenant)}/account/company` },
      });
    },
  };
}

function customerOf(customerId: string | undefined): string {
  if (customerId !== undefined) return customerId;
  throw new ShopError('unauthenticated', 'Log in first.', { remedy: 'Log in at /api/accounts/login.' });
}

function approvalIn(params: unknown): string {
  return (params as { approvalId: string }).approvalId; // parsed by the route's schema
}

function companyIn(params: unknown): string {
  return (params as { companyId: string }).companyId; // parsed by the route's schema
}

function memberIn(params: unknown): string {
  return (params as { customerId: string }).customerId; // as above
}

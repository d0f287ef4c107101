/** The company that the visitor buys for: what waits for approval, who its members are and what they may spend; or how to ask for one. */
import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import { redirect } from 'next/navigation';
import type { Answer } from '../../../../api-client/client.ts';
import { Icon } from '../../../../ui/icons.tsx';
import { button, field, heading, wrap } from '../../../../ui/styles.ts';
import { CompanyRequest } from '../../../components/company-request.tsx';
import { Link } from '../../../components/link.tsx';
import { Submit } from '../../../components/submit.tsx';
import {
  decideApproval,
  inviteToCompany,
  updateMember,
  withdrawInvitation,
} from '../../../lib/company-actions.ts';
import { changeOf, companyOf } from '../../../lib/company.ts';
import type { Company } from '../../../lib/company.ts';
import { countriesFor, likelyCountry } from '../../../lib/countries.ts';
import type { SearchParams } from '../../../lib/listing.ts';
import { majorUnits } from '../../../lib/money.ts';
import { shop } from '../../../lib/shop.ts';
import type { Shop } from '../../../lib/shop.ts';

type Approval = Answer<'accounts.listApprovals'>['approvals'][number];
type Member = Answer<'accounts.listCompanyMembers'>['members'][number];

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await shop()).words.company.title, robots: { index: false } };
}

export default async function CompanyPage({
  searchParams,
}: {
  readonly searchParams: Promise<SearchParams>;
}) {
  const [current, query] = await Promise.all([shop(), searchParams]);
  if (!current.loggedIn) redirect('/account?back=/account/company');
  const company = await companyOf(current);
  const said = current.words.company;
  const failed = query['failed'];
  return (
    <div className={`${wrap} pt-12`}>
      <nav aria-label={current.words.account.title} className="text-sm text-muted">
        <Link href="/account" className="underline underline-offset-4 hover:text-ink">
          {current.words.account.title}
        </Link>
      </nav>
      <h1 className={`${heading.page} mt-3`}>{company?.name ?? said.title}</h1>
      {failed === undefined ? null : (
        <p role="alert" className="mt-4 max-w-prose rounded-xl bg-danger-soft p-4 text-danger">
          {failed === 'amount' ? said.noAmount : said.failed}
        </p>
      )}
      {company === undefined ? (
        <Request shop={current} />
      ) : company.state === 'approved' ? (
        <Open shop={current} company={company} />
      ) : (
        <p role="status" className="mt-4 max-w-prose text-lg text-muted">
          {said.states[company.state]}
        </p>
      )}
    </div>
  );
}

function Request({ shop: { words, locale, currency } }: { readonly shop: Shop }) {
  const { requestText, name, taxId, message, request } = words.company;
  return (
    <CompanyRequest
      country={likelyCountry(locale, currency)}
      countries={countriesFor(locale)}
      words={{ requestText, name, country: words.checkout.country, taxId, message, request }}
    />
  );
}

async function Open({ shop: current, company }: { readonly shop: Shop; readonly company: Company }) {
  const { api, words, money } = current;
  const said = words.company;
  const isAdmin = company.role === 'admin';
  const [{ approvals }, { orders }, people] = await Promise.all([
    api.call('accounts.listApprovals', { query: { limit: 25 } }),
    api.call('orders.listCompanyOrders', { query: { limit: 25 } }),
    isAdmin ? api.call('accounts.listCompanyMembers', {}) : undefined,
  ]);
  const { limits, spent } = company;
  return (
    <>
      <p className="mt-3 text-lg text-muted">
        {said.roles[company.role]}
        {limits?.perOrder === undefined
          ? ''
          : ` · ${said.upTo(money({ amount: limits.perOrder, currency: limits.currency }))}`}
        {limits?.perPeriod === undefined
          ? ''
          : ` · ${said.left(
              money({
                amount: Math.max(0, limits.perPeriod - (spent ?? 0)),
                currency: limits.currency,
              }),
              said.periods[limits.period],
            )}`}
      </p>
      <section aria-labelledby="approvals" className="mt-12">
        <h2 id="approvals" className={heading.section}>
          {said.approvals}
        </h2>
        {approvals.length === 0 ? <p className="mt-4 text-muted">{said.noApprovals}</p> : null}
        <ul className="mt-4 divide-y divide-line border-y border-line empty:hidden">
          {approvals.map((approval) => (
            <ApprovalRow
              key={approval.id}
              shop={current}
              approval={approval}
              mayDecide={company.role !== 'buyer'}
            />
          ))}
        </ul>
      </section>
      {people === undefined ? null : <People shop={current} people={people} />}
      <section aria-labelledby="orders" className="mt-12">
        <h2 id="orders" className={heading.section}>
          {said.orders}
        </h2>
        {orders.length === 0 ? <p className="mt-4 text-muted">{words.account.noOrders}</p> : null}
        <ul className="mt-4 divide-y divide-line border-y border-line empty:hidden">
          {orders.map((order) => (
            <li key={order.id} className="flex flex-wrap justify-between gap-x-8 gap-y-1 py-4">
              <Link href={`/orders/${order.id}`} className="font-medium hover:underline">
                {order.number}
              </Link>
              <span className="text-sm text-muted">{order.email}</span>
              <span className="text-sm text-muted">{order.company?.purchaseOrder ?? ''}</span>
              <span className="tabular-nums">{money(order.total)}</span>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

function ApprovalRow({
  shop: { words, money },
  approval,
  mayDecide,
}: {
  readonly shop: Shop;
  readonly approval: Approval;
  readonly mayDecide: boolean;
}) {
  const said = words.company;
  const change = changeOf(approval);
  return (
    <li className="grid gap-3 py-5" data-testid="approval" data-state={approval.state}>
      {change === undefined ? null : <p className="text-sm">{said.changes[change]}</p>}
      <p className="flex flex-wrap justify-between gap-x-8">
        <span className="font-medium">{said.wants(approval.requestedBy.name, money(approval.total))}</span>
        <span className="text-muted">{said.approvalStates[approval.state]}</span>
      </p>
      <ul className="text-sm text-muted">
        {approval.lines.map((line) => (
          <li key={line.variantId}>
            {line.quantity} × {line.title}
            {line.variantTitle === undefined ? '' : ` · ${line.variantTitle}`}
          </li>
        ))}
      </ul>
      {[approval.message, approval.answer].map((words_, index) =>
        words_ === null || words_ === '' ? null : (
          <p key={index} className="max-w-prose rounded-2xl bg-sunken p-4 whitespace-pre-line">
            {words_}
          </p>
        ),
      )}
      {approval.state === 'waiting' && mayDecide ? (
        <form action={decideApproval} className="flex max-w-prose flex-wrap items-end gap-3">
          <input type="hidden" name="approval" value={approval.id} />
          <Labelled label={said.answer}>
            <input name="message" maxLength={2_000} className={field} />
          </Labelled>
          <Submit name="decision" value="approve" className={button.small}>
            {said.approve}
          </Submit>
          <Submit name="decision" value="decline" className={button.small}>
            {said.decline}
          </Submit>
        </form>
      ) : null}
      {/* What becomes of an order is the shop's to make. */}
      {approval.state === 'approved' && change === undefined ? (
        <Link
          href={approval.purchaseId.startsWith('drf_') ? `/offers/${approval.purchaseId}` : '/checkout'}
          className="underline"
        >
          {said.goOn}
        </Link>
      ) : null}
    </li>
  );
}

function People({
  shop: current,
  people: { members, invitations },
}: {
  readonly shop: Shop;
  readonly people: Answer<'accounts.listCompanyMembers'>;
}) {
  const { words, currency } = current;
  const said = words.company;
  return (
    <section aria-labelledby="members" className="mt-12">
      <h2 id="members" className={heading.section}>
        {said.members}
      </h2>
      <ul className="mt-4 divide-y divide-line border-y border-line">
        {members.map((member) => (
          <li key={member.customerId} className="py-4" data-testid="member">
            <p className="font-medium">{member.email}</p>
            <form
              action={updateMember}
              aria-label={member.email}
              className="mt-2 flex flex-wrap items-end gap-3"
            >
              <input type="hidden" name="member" value={member.customerId} />
              <RoleAndLimits shop={current} role={member.role} limits={member.limits} />
              <Submit className={button.small}>{words.change}</Submit>
              <Submit
                name="remove"
                value="1"
                label={said.remove(member.email)}
                className={`${button.quiet} text-muted hover:text-ink`}
              >
                <Icon name="close" className="size-4" />
              </Submit>
            </form>
          </li>
        ))}
        {invitations.map(({ id, email, role }) => (
          <li key={id} className="flex flex-wrap items-center justify-between gap-3 py-4">
            <span>{email}</span>
            <span className="text-sm text-muted">{`${said.roles[role]} · ${said.invited}`}</span>
            <form action={withdrawInvitation}>
              <input type="hidden" name="invitation" value={id} />
              <Submit label={said.remove(email)} className={`${button.quiet} text-muted hover:text-ink`}>
                <Icon name="close" className="size-4" />
              </Submit>
            </form>
          </li>
        ))}
      </ul>
      <form
        action={inviteToCompany}
        aria-label={said.invite}
        className="mt-6 flex flex-wrap items-end gap-3 rounded-3xl bg-surface p-6"
      >
        <Labelled label={words.account.email}>
          <input name="email" type="email" required maxLength={254} className={field} />
        </Labelled>
        <RoleAndLimits shop={current} role="buyer" limits={{ currency, period: 'month' }} />
        <Submit className={button.primary}>{said.invite}</Submit>
      </form>
    </section>
  );
}

function RoleAndLimits({
  shop: { words, currency: usual },
  role,
  limits,
}: {
  readonly shop: Shop;
  readonly role: Member['role'];
  readonly limits: Member['limits'];
}) {
  const said = words.company;
  const currency = limits?.currency ?? usual;
  const period = limits?.period ?? 'month';
  const shown = (amount: number | undefined): string =>
    amount === undefined ? '' : majorUnits({ amount, currency });
  return (
    <>
      <input type="hidden" name="currency" value={currency} />
      <input type="hidden" name="period" value={period} />
      <Labelled label={said.role}>
        <select name="role" defaultValue={role} className={field}>
          {(['buyer', 'approver', 'admin'] as const).map((each) => (
            <option key={each} value={each}>
              {said.roles[each]}
            </option>
          ))}
        </select>
      </Labelled>
      <Labelled label={said.perOrder(currency)}>
        <input
          name="perOrder"
          inputMode="decimal"
          defaultValue={shown(limits?.perOrder)}
          className={`${field} sm:max-w-44`}
        />
      </Labelled>
      <Labelled label={said.perPeriod(currency, period)}>
        <input
          name="perPeriod"
          inputMode="decimal"
          defaultValue={shown(limits?.perPeriod)}
          className={`${field} sm:max-w-44`}
        />
      </Labelled>
    </>
  );
}

function Labelled({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <label className="grid gap-1.5 max-sm:w-full">
      <span className="text-sm font-medium">{label}</span>
      {children}
    </label>
  );
}

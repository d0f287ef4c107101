/**
 * Orders that somebody makes for their company. Before one is made, accounts is asked whether they may, and reserves what it comes to; the
 * order is made of exactly that or not at all, and tells accounts what became of it. Shoppers without a company come by none of this.
 */
import { createHash } from 'node:crypto';
import type { Caller, CompanyMembership, Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import type { Approval } from '../../accounts/schemas.ts';
import type { Reader, StoredLine } from '../carts.ts';
import type { Rewriting } from '../rewrite.ts';
import type { Address } from '../schemas.ts';
import type { OrderLine, StoredOrder } from '../store.ts';
import type { OrderCompany } from './schemas.ts';

/** As it is stored with the order. */
export interface StoredOrderCompany extends OrderCompany {
  /** By which accounts knows what was reserved for it. */
  readonly spendingId: string;
}

export interface CompanyBuyer {
  readonly customerId: string;
  readonly groups?: readonly string[] | undefined;
  readonly company: CompanyMembership;
}

/** @throws ShopError `forbidden` for who buys for none */
export function companyBuyer({
  customerId,
  groups,
  company,
}: Pick<Caller, 'customerId' | 'groups' | 'company'>): CompanyBuyer {
  if (customerId !== undefined && company !== undefined) return { customerId, groups, company };
  throw new ShopError('forbidden', 'You buy for no company that may buy here.', {
    remedy: 'Ask for a company account, or have somebody invite you.',
  });
}

/** What is to be bought: all that an approval is about. */
export interface Content {
  /** Of the cart or the draft, or of the edit or the exchange of an order. */
  readonly id: string;
  readonly currency: string;
  readonly total: number;
  readonly shippingAddress: Address;
  readonly lines: readonly Pick<StoredLine, 'variantId' | 'quantity'>[];
}

export interface Wish {
  readonly purchaseOrder?: string | undefined;
  /** To be paid later, by the company's terms. */
  readonly onAccount?: boolean | undefined;
}

/** What may be bought, for a moment. */
export interface Allowed {
  readonly company: StoredOrderCompany;
  readonly onAccount: boolean;
  readonly total: number;
  readonly digest: string;
  /** Later than this nothing is made of it: accounts would ask what became of it. */
  readonly until: Date;
}

/** As accounts answers. */
interface Reserved {
  readonly spendingId: string;
  readonly companyName: string;
  readonly netDays: number | null;
  readonly purchaseOrder: string | null;
}

const GOOD_FOR_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * Has it reserved. Repeating it is the same reservation.
 * @throws ShopError `forbidden` where somebody has to approve it: then with a problem at `/approval`
 */
export async function allow(
  platform: Pick<Platform, 'call' | 'clock'>,
  tenant: Tenant,
  buyer: CompanyBuyer,
  content: Content,
  wish: Wish,
): Promise<Allowed> {
  const now = platform.clock.now();
  const digest = digestOf(content);
  const reserved = await platform.call<Reserved>(tenant.id, 'accounts', 'reserveSpending', {
    ...partsOf(buyer, content),
    digest,
  });
  const { spendingId, companyName, netDays } = reserved;
  const purchaseOrder = reserved.purchaseOrder ?? wish.purchaseOrder;
  const onAccount = wish.onAccount === true;
  if (onAccount && netDays === null) throw noTerms();
  const dueAt =
    onAccount && netDays !== null ? new Date(now.getTime() + netDays * DAY_MS).toISOString() : undefined;
  return {
    company: { id: buyer.company.id, name: companyName, spendingId, purchaseOrder, dueAt },
    onAccount,
    total: content.total,
    digest,
    until: new Date(now.getTime() + GOOD_FOR_MS),
  };
}

/** What an edit or an exchange makes of a company's order, as accounts is asked. */
export interface Dearer {
  readonly buyer: Pick<CompanyBuyer, 'customerId'> & { readonly company: Pick<CompanyMembership, 'id'> };
  readonly content: Omit<Content, 'lines'> & { readonly lines: readonly OrderLine[] };
  /** What was reserved for the order. */
  readonly of: string;
}

/**
 * What goods that come back pay of it, the company has paid already: what counts is the rest.
 * @param id of the edit, or of the return that other goods go out for
 * @returns undefined where nobody has to be asked: it is no company's order, or becomes no dearer
 */
export function dearer(
  order: StoredOrder,
  id: string,
  { priced, settlement }: Rewriting,
): Dearer | undefined {
  const { company, customerId, currency, shippingAddress } = order;
  const total = priced.total - settlement.credited;
  if (company === undefined || customerId === undefined || total <= order.total - order.credited)
    return undefined;
  return {
    buyer: { customerId, company: { id: company.id } },
    content: { id, currency, total, shippingAddress, lines: priced.lines },
    of: company.spendingId,
  };
}

/**
 * Has what it takes beyond its order reserved. Repeating it is the same reservation.
 * @throws ShopError `forbidden` where somebody has to approve it: then with a problem at `/approval`
 */
export async function allowDearer(
  platform: Pick<Platform, 'call'>,
  tenant: Tenant,
  { buyer, content, of }: Dearer,
): Promise<void> {
  const asked = { ...partsOf(buyer, content), digest: digestOf(content), of };
  try {
    await platform.call<Reserved>(tenant.id, 'accounts', 'reserveSpending', asked);
  } catch (error) {
    if (!(error instanceof ShopError) || error.code !== 'forbidden') throw error;
    throw new ShopError('forbidden', `The order’s buyer may not spend that much alone. ${error.message}`, {
      cause: error,
      remedy: 'Ask their company to approve it; or say in `approved` who of it has agreed, and how.',
      ...(error.problems === undefined ? {} : { problems: error.problems }),
    });
  }
}

/** As `allowDearer`; false where somebody of the company has to approve it first. */
export async function mayBecomeDearer(
  platform: Pick<Platform, 'call'>,
  tenant: Tenant,
  asked: Dearer,
): Promise<boolean> {
  try {
    await allowDearer(platform, tenant, asked);
    return true;
  } catch (error) {
    const needsApproval =
      error instanceof ShopError && error.problems?.some(({ where }) => where === '/approval') === true;
    if (!needsApproval) throw error;
    return false;
  }
}

/** Whether it is still what was allowed. @throws ShopError `conflict` */
export function requireAllowed(allowed: Dearer | undefined, now: Dearer | undefined): void {
  if (now === undefined) return;
  const isSame = allowed !== undefined && digestOf(allowed.content) === digestOf(now.content);
  if (!isSame || now.content.total > allowed.content.total)
    throw new ShopError('conflict', 'What it comes to has changed meanwhile.', {
      remedy: 'Look at it, and make it again.',
    });
}

/** Has somebody of the company asked whether this may be bought. */
export function askApproval(
  platform: Pick<Platform, 'call'>,
  tenant: Tenant,
  buyer: Dearer['buyer'],
  content: Omit<Content, 'lines'> & { readonly lines: readonly ApprovedLine[] },
  {
    purchaseOrder,
    message,
  }: { readonly purchaseOrder?: string | undefined; readonly message?: string | undefined },
): Promise<Approval> {
  return platform.call<Approval>(tenant.id, 'accounts', 'requestApproval', {
    ...partsOf(buyer, content),
    digest: digestOf(content),
    lines: content.lines.map(({ variantId, title, variantTitle, quantity, unitPrice, seenPrice }) => ({
      variantId,
      title: title.slice(0, 1_000),
      variantTitle: variantTitle?.slice(0, 1_000),
      quantity,
      unitPrice: unitPrice ?? seenPrice ?? 0,
    })),
    purchaseOrder,
    message,
  });
}

/** What it was to be approved for came to nothing, or was agreed to otherwise: nobody is asked any longer. */
export function withdrawApproval(
  platform: Pick<Platform, 'call'>,
  tenant: Tenant,
  purchaseId: string,
): Promise<void> {
  return platform.call(tenant.id, 'accounts', 'withdrawApproval', { purchaseId });
}

type ApprovedLine = Pick<StoredLine, 'variantId' | 'quantity' | 'title'> &
  Partial<Pick<StoredLine, 'variantTitle' | 'unitPrice' | 'seenPrice'>>;

/**
 * The order with its company, once what is about to be made is what was allowed. On account it has nothing left to pay.
 * @throws ShopError `conflict` where it has become something else meanwhile
 */
export function bought(order: StoredOrder, allowed: Allowed, content: Content, now: Date): StoredOrder {
  const isSame = allowed.digest === digestOf(content) && content.total <= allowed.total;
  if (!isSame || now > allowed.until) throw changedMeanwhile();
  if (!allowed.onAccount) return { ...order, company: allowed.company };
  return { ...order, company: allowed.company, outside: order.outside + order.due, due: 0 };
}

/** In the transaction that makes the order: writes the company down with it. */
export async function noteCompany(tx: Transaction, tenant: TenantId, order: StoredOrder): Promise<void> {
  if (order.company === undefined) return;
  await tx.query('update orders_orders set company = $3::jsonb where tenant_id = $1 and id = $2', [
    tenant,
    order.id,
    JSON.stringify(order.company),
  ]);
  await tellSpending(tx, order);
}

/** In the transaction that moves the order: accounts hears of it by a task, as it is then. */
export async function tellSpending(
  tx: Transaction,
  { id: orderId, version, company }: Pick<StoredOrder, 'id' | 'version' | 'company'>,
): Promise<void> {
  if (company === undefined) return;
  await tx.enqueue({ name: 'orders.tell-spending', payload: { orderId }, key: `${orderId}-${version}` });
}

/** What accounts is told of an order. */
export interface SpendingFacts {
  readonly spendingId: string;
  readonly orderId: string;
  readonly orderVersion: number;
  readonly counts: boolean;
  /** Edits of it that were made, and returns for which other goods go out. */
  readonly edits: readonly string[];
}

interface SpendingRow {
  readonly id: string;
  readonly version: number;
  readonly status: StoredOrder['status'];
  readonly spending_id: string;
  readonly edits: readonly string[];
}

const SPENDING = `select o.id, o.version, o.status, o.company ->> 'spendingId' as spending_id,
    array(select e.id from orders_edits e where e.tenant_id = $1 and e.order_id = o.id and e.state = 'committed'
      union all select r.id from orders_returns r where r.tenant_id = $1 and r.order_id = o.id and r.state <> 'withdrawn'
        and r.exchange ? 'sums') as edits
  from orders_orders o where o.tenant_id = $1 and o.company is not null`;

/** @returns undefined for what is no company's */
export async function spendingFacts(
  sql: Reader,
  tenant: TenantId,
  orderId: string,
): Promise<SpendingFacts | undefined> {
  const { rows } = await sql.query<SpendingRow>(`${SPENDING} and o.id = $2`, [tenant, orderId]);
  return rows[0] && factsOf(rows[0]);
}

function factsOf({ id, version, status, spending_id: spendingId, edits }: SpendingRow): SpendingFacts {
  return { spendingId, orderId: id, orderVersion: version, counts: countsFor({ status }), edits };
}

/** Whether there is an order, or it came to nothing. */
export function countsFor({ status }: Pick<StoredOrder, 'status'>): boolean {
  return status !== 'cancelled' && status !== 'expired';
}

/** Which order a reservation became, if any. */
export async function orderOfSpending(
  sql: Reader,
  tenant: TenantId,
  spendingId: string,
): Promise<SpendingFacts | null> {
  const { rows } = await sql.query<SpendingRow>(
    `${SPENDING} and o.company ->> 'spendingId' = $2 order by o.id desc limit 1`,
    [tenant, spendingId],
  );
  return rows[0] === undefined ? null : factsOf(rows[0]);
}

/** @throws ShopError `invalid_input` for who wants what only companies have */
export function refuseWishes({ purchaseOrder, onAccount }: Wish): void {
  if (onAccount === true) throw noTerms();
  if (purchaseOrder === undefined) return;
  throw new ShopError('invalid_input', 'Only who buys for a company has a purchase order.', {
    remedy: 'Leave it out, or sign in as a member of the company.',
    problems: [{ where: '/purchaseOrder', what: 'for companies only' }],
  });
}

export function changedMeanwhile(): ShopError {
  return new ShopError('conflict', 'The cart changed while it was checked out.', {
    remedy: 'Show the cart again and check out again.',
  });
}

function noTerms(): ShopError {
  return new ShopError('invalid_input', 'This cannot be bought on account.', {
    remedy: 'Pay now, or have the shop agree on terms of payment with your company.',
    problems: [{ where: '/onAccount', what: 'no terms of payment' }],
  });
}

function partsOf(
  { customerId, company }: Dearer['buyer'],
  { id, total, currency }: Pick<Content, 'id' | 'total' | 'currency'>,
) {
  return { companyId: company.id, customerId, purchaseId: id, total, currency };
}

/** Of what is bought and where it goes, whatever order its lines are in. What it costs is asked beside it: less may be paid, never more. */
function digestOf({ currency, shippingAddress, lines }: Content): string {
  const { name, line1, line2, city, region, postalCode, country, phone } = shippingAddress;
  const to = [name, line1, line2, city, region, postalCode, country, phone].map((part) => part ?? '');
  const what = lines
    .map(({ variantId, quantity }) => `${variantId}\n${quantity}`)
    .toSorted()
    .concat(currency);
  return createHash('sha256')
    .update(JSON.stringify([what, to]))
    .digest('base64url');
}

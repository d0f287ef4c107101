/** An order: the confirmation after paying, and its state ever after. */
import type { Metadata } from 'next';
import { cookies } from 'next/headers';
import { notFound } from 'next/navigation';
import type { Answer } from '../../../../api-client/client.ts';
import { Icon } from '../../../../ui/icons.tsx';
import { button, heading, wrap } from '../../../../ui/styles.ts';
import { AwaitStatus } from '../../../components/await-status.tsx';
import { Link } from '../../../components/link.tsx';
import { Parcels } from '../../../components/parcels.tsx';
import { Returns } from '../../../components/returns.tsx';
import { Steps } from '../../../components/steps.tsx';
import { Summary } from '../../../components/summary.tsx';
import { dayOf } from '../../../lib/days.ts';
import type { SearchParams } from '../../../lib/listing.ts';
import { orNothing, orderCookie, shop } from '../../../lib/shop.ts';
import { swapsOf } from '../../../lib/swaps.ts';
import { named } from '../../../lib/titles.ts';
import type { Shop } from '../../../lib/shop.ts';

type Order = Answer<'orders.getOrder'>;

interface Props {
  readonly params: Promise<{ readonly order: string }>;
  readonly searchParams: Promise<SearchParams>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await shop()).words.order.number, robots: { index: false }, referrer: 'no-referrer' };
}

export default async function OrderPage({ params, searchParams }: Props) {
  const [current, { order: orderId }, query, jar] = await Promise.all([
    shop(),
    params,
    searchParams,
    cookies(),
  ]);
  const { api, words, locale, money } = current;
  const linked = typeof query['token'] === 'string' ? query['token'] : undefined;
  const token = linked ?? jar.get(orderCookie(orderId))?.value;
  const found = await orNothing(api.call('orders.getOrder', { params: { orderId }, query: { token } }));
  if (found === undefined) notFound();
  const order = await named(found, current);
  const paid = order.status === 'pending_payment' && (await isPaid(current, orderId, token));
  const owing = order.owed > 0 && !(await isComing(current, order, token));
  const payable = owing || (order.status === 'pending_payment' && !paid);
  const state = stateOf(order, paid, current);
  return (
    <div className={`${wrap} pt-10`}>
      {state.waiting || order.status === 'confirmed' ? <Steps shop={current} at={2} /> : null}
      <div className="mt-6 grid gap-10 lg:grid-cols-[1.25fr_1fr] lg:gap-20">
        <div>
          <div role="status" aria-live="polite" data-testid="order-status" data-status={order.status}>
            <span
              className={`grid size-14 place-items-center rounded-full ${state.good ? 'bg-brand text-on-brand' : 'bg-sunken text-muted'}`}
            >
              {state.waiting ? (
                <span className="size-6 animate-spin rounded-full border-2 border-current border-t-transparent motion-reduce:animate-none" />
              ) : (
                <Icon name={state.good ? 'check' : 'bag'} className="size-7" />
              )}
            </span>
            <h1 className={`${heading.page} mt-6`}>{state.title}</h1>
            <p className="mt-3 max-w-prose text-lg text-muted">{state.text}</p>
          </div>
          <dl className="mt-8 grid grid-cols-[auto_1fr] gap-x-8 gap-y-3 border-t border-line pt-6 text-[0.95rem]">
            <dt className="text-muted">{words.order.number}</dt>
            <dd className="font-medium tabular-nums" data-testid="order-number">
              {order.number}
            </dd>
            <dt className="text-muted">{words.order.placed}</dt>
            <dd>{new Intl.DateTimeFormat(locale, { dateStyle: 'long' }).format(new Date(order.placedAt))}</dd>
            <dt className="text-muted">{words.order.shipTo}</dt>
            <dd>
              {order.shippingAddress.name}
              <br />
              {order.shippingAddress.line1}
              <br />
              {order.shippingAddress.postalCode} {order.shippingAddress.city}
            </dd>
          </dl>
          <Parcels order={order} shop={current} />
          {(order.missing ?? []).map(({ variantId, quantity, expectedAt }) => {
            const line = order.lines.find((each) => each.variantId === variantId);
            return (
              <p key={variantId} className="mt-6 text-[0.95rem] text-accent" data-testid="later">
                {line?.title}: {words.cart.later(quantity, line?.quantity ?? 0, dayOf(expectedAt, locale))}
              </p>
            );
          })}
          {owing ? (
            <p className="mt-8 rounded-2xl bg-surface p-5" data-testid="owed">
              {words.order.owed(money({ amount: order.owed, currency: order.totals.currency }))}
            </p>
          ) : null}
          <Returns
            order={order}
            token={linked}
            outcome={outcomeOf(query['return'])}
            swaps={await swapsOf(current, order)}
            shop={current}
          />
          <div className="mt-8 flex flex-wrap gap-3">
            {payable ? (
              <Link href={`/checkout/${orderId}${linkedBy(linked)}`} className={button.primary}>
                {words.order.payNow}
              </Link>
            ) : null}
            <Link href="/products" className={payable ? button.secondary : button.primary}>
              {words.order.again}
            </Link>
          </div>
        </div>
        <Summary title={words.order.lines} of={order} shop={current} />
      </div>
      {/* Also while it waits for payment: the money may have moved between the order's answer and the payment's. */}
      {state.waiting || order.status === 'pending_payment' || (order.owed > 0 && !owing) ? (
        <AwaitStatus />
      ) : null}
      {state.waiting ? (
        <noscript>
          <meta httpEquiv="refresh" content="3" />
        </noscript>
      ) : null}
    </div>
  );
}

/**
 * Whether the processor has the money already, though the order has not heard of it yet. Asking also makes the shop ask
 * the processor, so that a lost message is not the shopper's trouble; and, unlike resuming a payment, it holds no stock.
 */
async function isPaid(
  { api }: Shop,
  orderId: string,
  token: string | undefined,
  paymentId?: string,
): Promise<boolean> {
  if (token === undefined) return false;
  const payment = await orNothing(
    api.call('payments.getPaymentStatus', { params: { orderId }, query: { token, paymentId } }),
  );
  return payment?.status === 'authorized' || payment?.status === 'captured';
}

/** As `isPaid`, of what an edit made the order dearer by. */
async function isComing(
  current: Shop,
  { id, owedPaymentId }: Order,
  token: string | undefined,
): Promise<boolean> {
  return owedPaymentId !== undefined && isPaid(current, id, token, owedPaymentId);
}

/** Who came by a link from a mail goes on by it: their browser may know no other way in. */
function linkedBy(token: string | undefined): string {
  return token === undefined ? '' : `?token=${encodeURIComponent(token)}`;
}

function outcomeOf(said: string | readonly string[] | undefined): 'asked' | 'failed' | undefined {
  return said === 'asked' || said === 'failed' ? said : undefined;
}

interface State {
  readonly title: string;
  readonly text: string;
  readonly good: boolean;
  readonly waiting: boolean;
}

/** What a person of the shop wrote, as it stands; all else in the shopper's language. */
function whyEnded({ ended, reason }: Order, said: Shop['words']['order']): string {
  return ended === undefined ? (reason ?? said.cancelledText) : said.ended[ended];
}

function stateOf(order: Order, paid: boolean, { words }: Shop): State {
  const said = words.order;
  switch (order.status) {
    case 'pending_payment':
      return paid
        ? { title: said.confirming, text: said.confirmingText, good: true, waiting: true }
        : { title: said.pending, text: said.pendingText, good: false, waiting: false };
    case 'authorized':
      return { title: said.confirming, text: said.confirmingText, good: true, waiting: true };
    case 'confirmed':
      return {
        title: said.thanks(order.shippingAddress.name),
        text: `${said.confirmed}. ${said.confirmedText}`,
        good: true,
        waiting: false,
      };
    case 'partially_fulfilled':
    case 'fulfilled':
    case 'delivered':
      return { title: said[order.status], text: said.confirmedText, good: true, waiting: false };
    case 'refunded':
      return { title: said.refunded, text: order.reason ?? '', good: false, waiting: false };
    case 'partially_refunded':
      return { title: said.partially_refunded, text: order.reason ?? '', good: true, waiting: false };
    case 'cancelled':
      return { title: said.cancelled, text: whyEnded(order, said), good: false, waiting: false };
    case 'expired':
      return { title: said.expired, text: said.expiredText, good: false, waiting: false };
  }
}

/** Checkout, second step: the card, whose fields belong to the processor, or PayPal's page. No card data reaches this server. */
import type { Metadata } from 'next';
import { cookies } from 'next/headers';
import { notFound, redirect } from 'next/navigation';
import { themeOf } from '../../../../ui/theme.ts';
import { button, heading, wrap } from '../../../../ui/styles.ts';
import { CardFrame } from '../../../components/card-frame.tsx';
import { Steps } from '../../../components/steps.tsx';
import { Submit } from '../../../components/submit.tsx';
import { Summary } from '../../../components/summary.tsx';
import { abandonOrder, payBy } from '../../../lib/actions.ts';
import type { SearchParams } from '../../../lib/listing.ts';
import { orNothing, orderCookie, shop } from '../../../lib/shop.ts';
import type { Shop } from '../../../lib/shop.ts';
import { named } from '../../../lib/titles.ts';

interface Props {
  readonly params: Promise<{ readonly order: string }>;
  readonly searchParams: Promise<SearchParams>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await shop()).words.checkout.payment, robots: { index: false }, referrer: 'no-referrer' };
}

export default async function Payment({ params, searchParams }: Props) {
  const [current, { order: orderId }, query, jar] = await Promise.all([
    shop(),
    params,
    searchParams,
    cookies(),
  ]);
  const { api, words, money } = current;
  // PayPal sends shoppers back with a token of its own, which opens nothing here.
  const isBack = query['from'] === 'paypal';
  const linked = typeof query['token'] === 'string' && !isBack ? query['token'] : undefined;
  const token = linked ?? jar.get(orderCookie(orderId))?.value;
  const orderPage = `/orders/${orderId}${linked === undefined ? '' : `?token=${encodeURIComponent(linked)}`}`;
  const found = await orNothing(api.call('orders.getOrder', { params: { orderId }, query: { token } }));
  if (found === undefined) notFound();
  const order = await named(found, current);
  const isFirst = order.status === 'pending_payment';
  // An edit may have made it dearer since it was paid.
  if (!isFirst && order.owed === 0) redirect(orderPage);
  const payment = await orNothing(
    api.call('orders.resumePayment', { params: { orderId }, query: { token } }),
  );
  if (payment === undefined || payment.status === 'requires_capture' || payment.status === 'succeeded')
    redirect(orderPage);
  const byPayPal = payment.provider === 'paypal';
  const total = money({ amount: isFirst ? order.totals.due : order.owed, currency: order.totals.currency });
  const minutes =
    order.holdExpiresAt === undefined
      ? 0
      : Math.floor((Date.parse(order.holdExpiresAt) - Date.now()) / 60_000);
  return (
    <div className={`${wrap} pt-10`}>
      <Steps shop={current} at={1} />
      <h1 className={`${heading.page} mt-4`}>
        {byPayPal ? words.checkout.payPalTitle : words.checkout.payTitle}
      </h1>
      <div className="mt-8 grid gap-10 lg:grid-cols-[1.25fr_1fr] lg:gap-20">
        <div>
          <p className="max-w-prose text-muted">
            {byPayPal ? words.checkout.payPalText : words.checkout.payText}
          </p>
          <div className="mt-6">
            {byPayPal ? (
              <PayPal
                shop={current}
                order={orderId}
                payment={payment.paymentId}
                token={token}
                label={words.checkout.toPayPal}
              />
            ) : (
              <>
                <CardFrame
                  src={frameAddress(current, payment, words.checkout.pay(total))}
                  origin={payment.processorOrigin}
                  title={words.checkout.frame}
                  loading={words.checkout.loading}
                  next={orderPage}
                />
                <noscript>
                  <p className="mt-4 rounded-xl bg-danger-soft p-4 text-danger">{words.checkout.noscript}</p>
                </noscript>
              </>
            )}
          </div>
          {payment.providers
            .filter((provider) => provider !== payment.provider)
            .map((provider) => (
              <form key={provider} action={payBy} className="mt-4">
                <input type="hidden" name="order" value={orderId} />
                <input type="hidden" name="token" value={linked ?? ''} />
                <Submit name="provider" value={provider} className={button.small}>
                  {provider === 'paypal' ? words.checkout.payPalInstead : words.checkout.cardInstead}
                </Submit>
              </form>
            ))}
          {minutes < 1 ? null : <p className="mt-6 text-sm text-muted">{words.checkout.held(minutes)}</p>}
          {isFirst ? (
            <form action={abandonOrder} className="mt-3">
              <input type="hidden" name="order" value={orderId} />
              <Submit className="min-h-11 text-sm text-muted underline underline-offset-4 hover:text-ink">
                {words.checkout.back}
              </Submit>
            </form>
          ) : null}
        </div>
        <Summary
          title={
            <>
              {words.checkout.summary} <span className="text-muted">{order.number}</span>
            </>
          }
          of={order}
          to={order.shippingAddress}
          shop={current}
        />
      </div>
    </div>
  );
}

/** On to PayPal's page; whoever was declined there is told so. */
async function PayPal({
  shop: { api, words },
  order,
  payment,
  token,
  label,
}: {
  readonly shop: Shop;
  readonly order: string;
  readonly payment: string;
  readonly token: string | undefined;
  readonly label: string;
}) {
  const status =
    token === undefined
      ? undefined
      : await orNothing(
          api.call('payments.getPaymentStatus', {
            params: { orderId: order },
            query: { token, paymentId: payment },
          }),
        );
  return (
    <form action={payBy}>
      {status?.problem === undefined ? null : (
        <p role="alert" className="mb-4 rounded-xl bg-danger-soft p-4 text-danger">
          {words.checkout.payPalDeclined}
        </p>
      )}
      <input type="hidden" name="order" value={order} />
      <input type="hidden" name="token" value={token ?? ''} />
      <Submit name="provider" value="paypal" className={button.primary}>
        {label}
      </Submit>
    </form>
  );
}

/** The secret stays in the fragment, out of logs; colours make the processor's fields look like the shop's. */
function frameAddress(
  { origin, locale, store }: Shop,
  payment: {
    readonly processorOrigin: string;
    readonly publishableKey: string;
    readonly clientSecret: string;
  },
  label: string,
): string {
  const tone = (name: string): string =>
    new RegExp(`--${name}:(#[0-9a-f]{6})`).exec(themeOf(store.branding).css)?.[1] ?? '#000000';
  const url = new URL('/elements/card', payment.processorOrigin);
  const query = {
    pk: payment.publishableKey,
    return_origin: origin,
    label,
    lang: locale.split('-')[0] ?? 'en',
    radius: '12',
    accent: tone('brand'),
    on_accent: tone('on-brand'),
    bg: tone('canvas'),
    text: tone('ink'),
    muted: tone('muted'),
    border: tone('line-strong'),
    field: tone('canvas'),
    danger: tone('danger'),
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  url.hash = new URLSearchParams({ client_secret: payment.clientSecret }).toString();
  return url.href;
}

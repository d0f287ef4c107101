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
import { orNothing, orderCookie, shop } from '../../../lib/shop.ts';
import type { Shop } from '../../../lib/shop.ts';

interface Props {
  readonly params: Promise<{ readonly order: string }>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await shop()).words.checkout.payment, robots: { index: false } };
}

export default async function Payment({ params }: Props) {
  const [current, { order: orderId }, jar] = await Promise.all([shop(), params, cookies()]);
  const { api, words, money } = current;
  const token = jar.get(orderCookie(orderId))?.value;
  const order = await orNothing(api.call('orders.getOrder', { params: { orderId }, query: { token } }));
  if (order === undefined) notFound();
  if (order.status !== 'pending_payment') redirect(`/orders/${orderId}`);
  const payment = await orNothing(
    api.call('orders.resumePayment', { params: { orderId }, query: { token } }),
  );
  if (payment === undefined || payment.status === 'requires_capture' || payment.status === 'succeeded')
    redirect(`/orders/${orderId}`);
  const byPayPal = payment.provider === 'paypal';
  const total = money({ amount: order.totals.due, currency: order.totals.currency });
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
              <PayPal shop={current} order={orderId} token={token} label={words.checkout.toPayPal} />
            ) : (
              <>
                <CardFrame
                  src={frameAddress(current, payment, words.checkout.pay(total))}
                  origin={payment.processorOrigin}
                  title={words.checkout.frame}
                  loading={words.checkout.loading}
                  next={`/orders/${orderId}`}
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
                <Submit name="provider" value={provider} className={button.small}>
                  {provider === 'paypal' ? words.checkout.payPalInstead : words.checkout.cardInstead}
                </Submit>
              </form>
            ))}
          {minutes < 1 ? null : <p className="mt-6 text-sm text-muted">{words.checkout.held(minutes)}</p>}
          <form action={abandonOrder} className="mt-3">
            <input type="hidden" name="order" value={orderId} />
            <Submit className="min-h-11 text-sm text-muted underline underline-offset-4 hover:text-ink">
              {words.checkout.back}
            </Submit>
          </form>
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
  token,
  label,
}: {
  readonly shop: Shop;
  readonly order: string;
  readonly token: string | undefined;
  readonly label: string;
}) {
  const status =
    token === undefined
      ? undefined
      : await orNothing(
          api.call('payments.getPaymentStatus', { params: { orderId: order }, query: { token } }),
        );
  return (
    <form action={payBy}>
      {status?.problem === undefined ? null : (
        <p role="alert" className="mb-4 rounded-xl bg-danger-soft p-4 text-danger">
          {words.checkout.payPalDeclined}
        </p>
      )}
      <input type="hidden" name="order" value={order} />
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

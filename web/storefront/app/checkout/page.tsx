/** Checkout, first step: address and shipping. */
import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { button, heading, wrap } from '../../../ui/styles.ts';
import { AutoSubmit } from '../../components/auto-submit.tsx';
import { CheckoutForm } from '../../components/checkout-form.tsx';
import { DiscountCode } from '../../components/discount-code.tsx';
import { Steps } from '../../components/steps.tsx';
import { SummaryLines, SummaryTotals } from '../../components/summary.tsx';
import { setShippingMethod } from '../../lib/actions.ts';
import { countriesFor, likelyCountry } from '../../lib/countries.ts';
import { companyOf } from '../../lib/company.ts';
import { shop } from '../../lib/shop.ts';
import type { Cart, Shop } from '../../lib/shop.ts';
import { shownCart } from '../../lib/titles.ts';

const SHIPPING_FORM = 'shipping';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await shop()).words.checkout.title, robots: { index: false } };
}

export default async function Checkout() {
  const [current, cart] = await Promise.all([shop(), shownCart()]);
  if (
    cart === undefined ||
    cart.lines.length === 0 ||
    cart.lines.some(({ problem }) => problem !== undefined)
  )
    redirect('/cart');
  const { words, locale, currency } = current;
  const company = await companyOf(current);
  const { purchaseOrder, askApproval, onAccount } = words.company;
  const {
    contact,
    address,
    email,
    emailHint,
    name,
    line1,
    postalCode,
    city,
    country,
    submit,
    submitting,
    optionalAccount,
    code,
    applyCode,
    codeUseless,
  } = words.checkout;
  return (
    <div className={`${wrap} pt-10`}>
      <Steps shop={current} at={0} />
      <h1 className={`${heading.page} mt-4`}>{words.checkout.title}</h1>
      <div className="mt-8 grid gap-10 lg:grid-cols-[1.25fr_1fr] lg:gap-20">
        <div>
          <form id={SHIPPING_FORM} action={setShippingMethod} />
          <CheckoutForm
            idempotencyKey={crypto.randomUUID()}
            total={cart.totals.total}
            email={cart.email ?? ''}
            country={cart.shippingAddress?.country ?? likelyCountry(locale, currency)}
            countries={countriesFor(locale)}
            {...(company?.state === 'approved'
              ? {
                  company: {
                    words: { purchaseOrder, askApproval },
                    onAccount: company.netDays === null ? undefined : onAccount(company.netDays),
                  },
                }
              : {})}
            words={{
              contact,
              address,
              email,
              emailHint,
              name,
              line1,
              postalCode,
              city,
              country,
              submit,
              submitting,
              optionalAccount,
            }}
          >
            <ShippingMethods shop={current} cart={cart} />
          </CheckoutForm>
        </div>
        <section
          aria-labelledby="summary"
          className="order-first h-fit rounded-3xl bg-surface p-6 sm:p-8 lg:sticky lg:top-24 lg:order-last"
        >
          <h2 id="summary" className={heading.small}>
            {words.checkout.summary}
          </h2>
          <div className="mt-5">
            <SummaryLines lines={cart.lines} shop={current} />
          </div>
          <div className="mt-6 border-t border-line pt-5">
            <DiscountCode
              codes={[
                ...cart.codes.map((entered) => ({
                  value: entered.code,
                  kind: 'code' as const,
                  label: entered.code,
                  applied: entered.applied,
                  removeLabel: words.checkout.removeCode(entered.code),
                })),
                ...cart.giftCards.map(({ id, ending, amount }) => ({
                  value: id,
                  kind: 'gift' as const,
                  label: words.checkout.gift(ending),
                  applied: amount > 0,
                  removeLabel: words.checkout.removeCode(words.checkout.gift(ending)),
                })),
              ]}
              words={{ code, applyCode, codeUseless }}
            />
          </div>
          <div className="mt-6 border-t border-line pt-5">
            <SummaryTotals totals={cart.totals} shop={current} />
          </div>
        </section>
      </div>
    </div>
  );
}

/** Stands between the address and the button, but is a form of its own: choosing one changes the cart at once. */
async function ShippingMethods({
  shop: { api, words, money },
  cart,
}: {
  readonly shop: Shop;
  readonly cart: Cart;
}) {
  const { methods } = await api.call('orders.listShippingMethods', {
    query: { cartId: cart.id },
  });
  const usual: Readonly<Record<string, string>> = words.checkout.method;
  return (
    <fieldset>
      <legend className={`${heading.small} mb-4`}>{words.checkout.delivery}</legend>
      <AutoSubmit className="grid gap-3 sm:grid-cols-2">
        {methods.length === 0 ? (
          <p role="alert" className="rounded-xl bg-danger-soft p-4 text-danger sm:col-span-2">
            {words.checkout.undeliverable}
          </p>
        ) : null}
        {methods.map((method) => (
          <label
            key={method.id}
            className="flex items-center gap-4 rounded-2xl border border-line-strong/50 p-4 transition-colors has-checked:border-ink has-checked:bg-surface"
          >
            <input
              type="radio"
              name="method"
              form={SHIPPING_FORM}
              value={method.id}
              defaultChecked={method.id === cart.shippingMethod}
              className="size-4.5 accent-(--brand)"
            />
            <span className="flex-1">
              <span className="block font-medium">{usual[method.title] ?? method.title}</span>
              <span className="block text-sm text-muted">
                {words.checkout.days(method.minDays, method.maxDays)}
              </span>
            </span>
            <span className="tabular-nums">
              {method.price.amount === 0 ? words.checkout.free : money(method.price)}
            </span>
          </label>
        ))}
      </AutoSubmit>
      <noscript>
        <button form={SHIPPING_FORM} className={`${button.small} mt-3`}>
          {words.change}
        </button>
      </noscript>
    </fieldset>
  );
}

/** What an order costs, line by line. */
import type { ReactNode } from 'react';
import { heading } from '../../ui/styles.ts';
import type { Shop } from '../lib/shop.ts';
import { Parts, type Part } from './parts.tsx';
import { Picture, THUMBNAIL } from './picture.tsx';

interface Line {
  readonly variantId: string;
  readonly title: string;
  readonly variantTitle?: string | undefined;
  /** Of a bundle: what is in one of it. */
  readonly parts?: readonly Part[] | undefined;
  readonly image?: string | undefined;
  readonly quantity: number;
  readonly total: { readonly amount: number; readonly currency: string };
}

interface Totals {
  readonly currency: string;
  readonly subtotal: number;
  readonly discount: number;
  readonly discounts: readonly {
    readonly promotionId: string;
    readonly title: string;
    readonly class: 'product' | 'order' | 'shipping';
    readonly amount: number;
  }[];
  readonly shipping: number;
  readonly tax: { readonly amount: number; readonly included: boolean; readonly rateBasisPoints: number };
  readonly total: number;
  readonly gift: number;
  readonly due: number;
}

interface Address {
  readonly name: string;
  readonly line1: string;
  readonly postalCode: string;
  readonly city: string;
}

/** The panel beside a page: what was bought or offered, what it comes to, and where it goes if that shall be said. */
export function Summary({
  title,
  of: { lines, totals, credited },
  to,
  shop,
}: {
  readonly title: ReactNode;
  readonly of: {
    readonly lines: readonly Line[];
    readonly totals: Totals;
    /** What goods that came back have paid of it, in minor units. */
    readonly credited?: number;
  };
  readonly to?: Address | undefined;
  readonly shop: Shop;
}) {
  return (
    <section aria-labelledby="summary" className="h-fit rounded-3xl bg-surface p-6 sm:p-8">
      <h2 id="summary" className={heading.small}>
        {title}
      </h2>
      <div className="mt-5">
        <SummaryLines lines={lines} shop={shop} />
      </div>
      <div className="mt-6 border-t border-line pt-5">
        <SummaryTotals totals={totals} credited={credited} shop={shop} />
      </div>
      {to === undefined ? null : (
        <address className="mt-6 border-t border-line pt-5 text-sm text-muted not-italic">
          <span className="font-medium text-ink">{shop.words.checkout.deliverTo}</span>
          <br />
          {to.name}, {to.line1}, {to.postalCode} {to.city}
        </address>
      )}
    </section>
  );
}

export function SummaryLines({
  lines,
  shop: { money },
}: {
  readonly lines: readonly Line[];
  readonly shop: Pick<Shop, 'money'>;
}) {
  return (
    <ul className="grid gap-4">
      {lines.map((line) => (
        <li key={line.variantId} className="flex items-center gap-4">
          <span className="relative w-16 shrink-0">
            {line.image === undefined ? (
              <span className="block aspect-square rounded-xl bg-sunken" />
            ) : (
              <Picture
                of={{ url: line.image }}
                alt=""
                place={THUMBNAIL}
                className="aspect-square w-full rounded-xl bg-canvas object-cover object-[50%_70%]"
              />
            )}
            <span className="absolute -top-1.5 -right-1.5 grid h-5.5 min-w-5.5 place-items-center rounded-full bg-ink px-1 text-xs font-medium text-canvas tabular-nums">
              <span className="sr-only">× </span>
              {line.quantity}
            </span>
          </span>
          <span className="min-w-0 flex-1">
            <span className="block text-[0.95rem] font-medium text-pretty">{line.title}</span>
            {line.variantTitle === undefined ? null : (
              <span className="block text-sm text-muted">{line.variantTitle}</span>
            )}
            <Parts of={line.parts} />
          </span>
          <span className="shrink-0 text-[0.95rem] tabular-nums">{money(line.total)}</span>
        </li>
      ))}
    </ul>
  );
}

export function SummaryTotals({
  totals,
  credited = 0,
  shop: { words, money, locale },
  withShipping = true,
}: {
  readonly totals: Totals;
  readonly credited?: number | undefined;
  readonly shop: Shop;
  readonly withShipping?: boolean;
}) {
  const { checkout } = words;
  const amount = (value: number): string => money({ amount: value, currency: totals.currency });
  const rate = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 }).format(
    totals.tax.rateBasisPoints / 10_000,
  );
  return (
    <dl className="grid gap-2 text-[0.95rem]">
      {withShipping ? <Row name={checkout.subtotal} value={amount(totals.subtotal)} /> : null}
      {totals.discounts
        .filter((each) => each.class !== 'shipping')
        .map(({ promotionId, title, amount: off }) => (
          <Row key={promotionId} name={title} value={amount(-off)} />
        ))}
      {withShipping ? (
        <Row
          name={checkout.shipping}
          value={totals.shipping === 0 ? checkout.free : amount(totals.shipping)}
        />
      ) : null}
      {totals.tax.included || totals.tax.amount === 0 || !withShipping ? null : (
        <Row name={checkout.taxAdded(rate)} value={amount(totals.tax.amount)} />
      )}
      <div
        className={`flex items-baseline justify-between ${withShipping ? 'mt-2 border-t border-line pt-4' : ''}`}
      >
        <dt className="text-lg font-medium">{withShipping ? checkout.total : checkout.subtotal}</dt>
        <dd className="text-xl font-semibold tabular-nums" data-testid="total">
          {amount(withShipping ? totals.total : totals.subtotal - totals.discount)}
        </dd>
      </div>
      {totals.gift === 0 || !withShipping ? null : (
        <Row name={checkout.giftTotal} value={amount(-totals.gift)} />
      )}
      {credited === 0 ? null : <Row name={checkout.creditTotal} value={amount(-credited)} />}
      {totals.gift + credited === 0 || !withShipping ? null : (
        <Row name={checkout.toPay} value={amount(totals.due)} />
      )}
      {!totals.tax.included || totals.tax.amount === 0 || !withShipping ? null : (
        <Row name={checkout.tax(rate)} value={amount(totals.tax.amount)} quiet />
      )}
    </dl>
  );
}

function Row({
  name,
  value,
  quiet = false,
}: {
  readonly name: string;
  readonly value: string;
  readonly quiet?: boolean;
}) {
  return (
    <div className={`flex justify-between gap-4 ${quiet ? 'text-sm text-muted' : ''}`}>
      <dt className="text-muted">{name}</dt>
      <dd className="tabular-nums">{value}</dd>
    </div>
  );
}

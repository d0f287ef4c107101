/** The cart. */
import type { Metadata } from 'next';
import { button, heading, wrap } from '../../../ui/styles.ts';
import { CartLines } from '../../components/cart-lines.tsx';
import { Link } from '../../components/link.tsx';
import { SummaryTotals } from '../../components/summary.tsx';
import { shop } from '../../lib/shop.ts';
import { shownCart } from '../../lib/titles.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await shop()).words.cart.title, robots: { index: false } };
}

export default async function CartPage() {
  const [current, cart] = await Promise.all([shop(), shownCart()]);
  const { words } = current;
  if (cart === undefined || cart.lines.length === 0) {
    return (
      <div className={`${wrap} grid place-items-center gap-4 py-32 text-center`}>
        <h1 className={heading.page}>{words.cart.empty}</h1>
        <p className="text-muted">{words.cart.emptyText}</p>
        <Link href="/products" className={`${button.primary} mt-3`}>
          {words.cart.shop}
        </Link>
      </div>
    );
  }
  const troubled = cart.lines.some(({ problem }) => problem !== undefined);
  return (
    <div className={`${wrap} pt-12`}>
      <h1 className={heading.page}>{words.cart.title}</h1>
      <div className="mt-6 grid gap-10 lg:grid-cols-[1.6fr_1fr] lg:gap-16">
        <CartLines cart={cart} shop={current} />
        <section
          aria-label={words.checkout.summary}
          className="h-fit rounded-3xl bg-surface p-6 sm:p-8 lg:sticky lg:top-24"
        >
          <SummaryTotals totals={cart.totals} shop={current} withShipping={false} />
          <p className="mt-2 text-sm text-muted">{words.cart.shippingNext}</p>
          {troubled ? (
            <p role="alert" className="mt-5 rounded-xl bg-danger-soft p-4 text-sm text-danger">
              {words.cart.fix}
            </p>
          ) : (
            <Link href="/checkout" className={`${button.primary} mt-6 w-full`}>
              {words.cart.checkout}
            </Link>
          )}
          <Link href="/products" className={`${button.secondary} mt-3 w-full`}>
            {words.cart.continue}
          </Link>
        </section>
      </div>
    </div>
  );
}

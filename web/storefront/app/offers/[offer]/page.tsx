/** A quote or an offer, opened by the link in its mail: what it comes to, what was said about it, and the way to accept and pay it. */
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { button, field, heading, wrap } from '../../../../ui/styles.ts';
import { Submit } from '../../../components/submit.tsx';
import { Summary } from '../../../components/summary.tsx';
import { acceptOffer, answerOffer } from '../../../lib/actions.ts';
import { askOfferApproval } from '../../../lib/company-actions.ts';
import { dayOf } from '../../../lib/days.ts';
import type { SearchParams } from '../../../lib/listing.ts';
import { orNothing, shop } from '../../../lib/shop.ts';
import type { Shop } from '../../../lib/shop.ts';
import { named } from '../../../lib/titles.ts';

/** What is said of a refusal, by what the address says of it. */
const FAILED: Readonly<Record<string, ((words: Shop['words']) => string) | undefined>> = {
  stock: (words) => words.offer.noStock,
  needed: (words) => words.company.needsApproval,
  waiting: (words) => words.company.waiting,
};

interface Props {
  readonly params: Promise<{ readonly offer: string }>;
  readonly searchParams: Promise<SearchParams>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await shop()).words.offer.title, robots: { index: false }, referrer: 'no-referrer' };
}

export default async function OfferPage({ params, searchParams }: Props) {
  const [current, { offer: draftId }, query] = await Promise.all([shop(), params, searchParams]);
  const { api, words, locale, money } = current;
  const token = typeof query['token'] === 'string' ? query['token'] : undefined;
  const found = await orNothing(api.call('orders.getOffer', { params: { draftId }, query: { token } }));
  if (found === undefined) notFound();
  const offer = await named(found, current);
  const said = words.offer;
  const { totals, shippingAddress: to } = offer;
  const total = money({ amount: totals.total, currency: totals.currency });
  const until = dayOf(offer.validUntil, locale);
  const talk = offer.entries.filter((entry) => entry.message !== undefined);
  const hidden = (
    <>
      <input type="hidden" name="offer" value={offer.id} />
      <input type="hidden" name="key" value={crypto.randomUUID()} />
      {token === undefined ? null : <input type="hidden" name="token" value={token} />}
    </>
  );
  return (
    <div className={`${wrap} pt-10`}>
      <div className="grid gap-10 lg:grid-cols-[1.25fr_1fr] lg:gap-20">
        <div>
          <h1 className={heading.page}>
            {said.title} <span className="text-muted tabular-nums">{offer.number}</span>
          </h1>
          <p
            role="status"
            className="mt-3 max-w-prose text-lg text-muted"
            data-testid="offer-state"
            data-state={offer.state}
          >
            {said.states[offer.state]}
            {offer.state === 'offered' && until !== undefined ? ` ${said.until(until)}` : ''}
          </p>
          {query['failed'] === undefined ? null : (
            <p role="alert" className="mt-4 rounded-xl bg-danger-soft p-4 text-danger">
              {FAILED[String(query['failed'])]?.(words) ?? said.failed}
            </p>
          )}
          {query['failed'] === 'needed' ? (
            <form action={askOfferApproval} className="mt-4">
              {hidden}
              <Submit className={button.primary}>{words.company.askApproval}</Submit>
            </form>
          ) : null}
          {talk.length === 0 ? null : (
            <ol className="mt-8 grid gap-3 border-t border-line pt-6">
              {talk.map((entry) => (
                <li
                  key={entry.sequence}
                  className="max-w-prose rounded-2xl bg-sunken p-4 whitespace-pre-line"
                >
                  <span className="block text-sm text-muted">
                    {entry.actor === 'shopper' ? said.you : current.store.displayName}
                  </span>
                  {entry.message}
                </li>
              ))}
            </ol>
          )}
          {offer.state === 'offered' || offer.state === 'ordered' ? (
            <form action={acceptOffer} className="mt-8">
              {hidden}
              <input type="hidden" name="total" value={totals.total} />
              <Submit className={button.primary}>{said.accept(total)}</Submit>
            </form>
          ) : null}
          {offer.state === 'ordered' || offer.state === 'cancelled' ? null : (
            <form action={answerOffer} className="mt-8 grid max-w-prose gap-3 border-t border-line pt-6">
              {hidden}
              <label className="grid gap-1.5">
                <span className="font-medium">{said.message}</span>
                <textarea name="message" rows={3} maxLength={2_000} required className={field} />
              </label>
              <div className="flex flex-wrap gap-3">
                <Submit className={button.small}>{said.send}</Submit>
                {offer.state === 'offered' || offer.state === 'requested' ? (
                  <button type="submit" name="decline" value="1" formNoValidate className={button.small}>
                    {said.decline}
                  </button>
                ) : null}
              </div>
            </form>
          )}
        </div>
        <Summary title={words.checkout.summary} of={offer} to={to} shop={current} />
      </div>
    </div>
  );
}

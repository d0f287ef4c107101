/** What is in the cart, each line with its quantity; forms, so it works without script too. */
import { Icon } from '../../ui/icons.tsx';
import { setLine } from '../lib/actions.ts';
import { dayOf } from '../lib/days.ts';
import type { Cart, Shop } from '../lib/shop.ts';
import { Link } from './link.tsx';
import { Parts } from './parts.tsx';
import { Picture, THUMBNAIL } from './picture.tsx';
import { Submit } from './submit.tsx';

export function CartLines({
  cart,
  shop: { words, money, locale },
}: {
  readonly cart: Cart;
  readonly shop: Shop;
}) {
  return (
    <ul className="divide-y divide-line">
      {cart.lines.map((line) => {
        const name =
          line.variantTitle === undefined || line.variantTitle === ''
            ? line.title
            : `${line.title}, ${line.variantTitle}`;
        return (
          <li key={line.variantId} className="flex gap-4 py-5">
            <Link
              href={`/products/${line.handle ?? ''}`}
              className="block w-20 shrink-0 self-start overflow-hidden rounded-xl bg-surface sm:w-24"
              aria-hidden="true"
              tabIndex={-1}
            >
              {line.image === undefined ? (
                <span className="block aspect-4/5" />
              ) : (
                <Picture
                  of={{ url: line.image }}
                  alt=""
                  place={THUMBNAIL}
                  className="aspect-4/5 w-full object-cover"
                />
              )}
            </Link>
            <div className="flex min-w-0 flex-1 flex-col gap-2">
              <div className="flex items-start justify-between gap-4">
                <div className="min-w-0">
                  <Link
                    href={`/products/${line.handle ?? ''}`}
                    className="font-medium text-pretty hover:underline hover:underline-offset-4"
                  >
                    {line.title}
                  </Link>
                  {line.variantTitle === undefined ? null : (
                    <p className="mt-0.5 text-sm text-muted">{line.variantTitle}</p>
                  )}
                  <Parts of={line.parts} />
                </div>
                <p className="shrink-0 tabular-nums">{money(line.total)}</p>
              </div>
              {line.problem === undefined ? null : (
                <p role="alert" className="rounded-lg bg-danger-soft px-3 py-2 text-sm text-danger">
                  {words.cart.problem[line.problem]}
                </p>
              )}
              {line.later === undefined ? null : (
                <p className="text-sm text-accent" data-testid="later">
                  {words.cart.later(line.later.quantity, line.quantity, dayOf(line.later.expectedAt, locale))}
                </p>
              )}
              <div className="mt-auto flex items-center justify-between gap-3">
                <form
                  action={setLine}
                  className="inline-flex items-center rounded-full border border-line"
                  aria-label={words.cart.quantity(name)}
                  role="group"
                >
                  <input type="hidden" name="variant" value={line.variantId} />
                  <Submit
                    name="quantity"
                    value={line.quantity - 1}
                    label={words.cart.less(name)}
                    className="grid size-10 place-items-center rounded-full hover:bg-sunken disabled:opacity-40"
                  >
                    <Icon name="minus" className="size-4" />
                  </Submit>
                  <span className="min-w-8 text-center text-sm tabular-nums" aria-live="polite">
                    {line.quantity}
                  </span>
                  <Submit
                    name="quantity"
                    value={line.quantity + 1}
                    label={words.cart.more(name)}
                    className="grid size-10 place-items-center rounded-full hover:bg-sunken disabled:opacity-40"
                  >
                    <Icon name="plus" className="size-4" />
                  </Submit>
                </form>
                <form action={setLine}>
                  <input type="hidden" name="variant" value={line.variantId} />
                  <Submit
                    name="quantity"
                    value={0}
                    label={words.cart.removeItem(name)}
                    className="min-h-10 px-1 text-sm text-muted underline underline-offset-4 hover:text-ink"
                  >
                    {words.cart.remove}
                  </Submit>
                </form>
              </div>
            </div>
          </li>
        );
      })}
    </ul>
  );
}

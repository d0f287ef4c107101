/** What a shopper sends back of an order: what has become of it, and a form to ask for more, which needs no script. */
import type { Answer } from '../../api-client/client.ts';
import { button, field, heading } from '../../ui/styles.ts';
import { askReturn } from '../lib/actions.ts';
import { INSTEAD, UNITS } from '../lib/asked.ts';
import { titleOfGoods, type Goods as GoodsName } from '../lib/goods.ts';
import { returnableOf } from '../lib/returnable.ts';
import type { Shop } from '../lib/shop.ts';
import type { Swap } from '../lib/swaps.ts';
import { Submit } from './submit.tsx';

type Order = Answer<'orders.getOrder'>;
type Swaps = ReadonlyMap<string, readonly Swap[]>;
type Said = Shop['words']['order']['returns'];

export function Returns({
  order,
  token,
  outcome,
  swaps,
  shop,
}: {
  readonly order: Pick<Order, 'id' | 'lines' | 'returns'>;
  /** As the page's address has it. */
  readonly token: string | undefined;
  readonly outcome: 'asked' | 'failed' | undefined;
  /** What may be had instead, by the variant that would come back. */
  readonly swaps: Swaps;
  readonly shop: Pick<Shop, 'words'>;
}) {
  const said = shop.words.order.returns;
  const open = returnableOf(order);
  if (open.length === 0 && order.returns.length === 0) return null;
  return (
    <section aria-labelledby="returns" className="mt-8 border-t border-line pt-6 text-[0.95rem]">
      <h2 id="returns" className={heading.small}>
        {said.title}
      </h2>
      {outcome === undefined ? null : (
        <p role="status" className="mt-4 rounded-xl bg-sunken p-4" data-testid="return-outcome">
          {said[outcome]}
        </p>
      )}
      <ul className="mt-3 grid gap-3">
        {order.returns.map((each) => (
          <li key={each.id} data-testid="return" data-state={each.state}>
            <p className="font-medium">
              {each.state === 'requested' && each.askedBy === 'merchant'
                ? said.waitsForCompany
                : said.states[each.state]}
            </p>
            <p className="text-muted">
              {each.lines
                .map(({ quantity, ...goods }) => `${quantity} × ${titleOfGoods(order, goods)}`)
                .join(', ')}
            </p>
            {each.exchange === undefined ? null : (
              <p className="mt-1" data-testid="exchange">
                {said.instead}{' '}
                {each.exchange.lines
                  .map(({ quantity, title, variantTitle }) => `${quantity} × ${named(title, variantTitle)}`)
                  .join(', ')}
                {each.state === 'authorised' && each.exchange.send === 'on_receipt' ? (
                  <span className="block text-muted">{said.onceYoursCame}</span>
                ) : null}
              </p>
            )}
            {each.answer === undefined ? null : <p className="mt-1">{each.answer}</p>}
          </li>
        ))}
      </ul>
      {open.length === 0 ? null : (
        <details className="mt-4">
          <summary className="cursor-pointer underline underline-offset-4">{said.ask}</summary>
          <form action={askReturn} className="mt-4 grid gap-5" data-testid="ask-return">
            <input type="hidden" name="order" value={order.id} />
            <input type="hidden" name="key" value={crypto.randomUUID()} />
            {token === undefined ? null : <input type="hidden" name="token" value={token} />}
            <fieldset className="grid gap-3">
              <legend className="font-medium">{said.pick}</legend>
              {open.map(({ quantity, ...goods }) => (
                <Goods
                  key={nameOf(goods)}
                  order={order}
                  goods={goods}
                  quantity={quantity}
                  said={said}
                  swaps={swaps}
                />
              ))}
            </fieldset>
            <label className="grid gap-1.5">
              <span className="font-medium">{said.reason}</span>
              <select name="reason" className={field}>
                {Object.entries(said.reasons).map(([reason, words]) => (
                  <option key={reason} value={reason}>
                    {words}
                  </option>
                ))}
              </select>
            </label>
            <label className="grid gap-1.5">
              <span className="font-medium">{said.note}</span>
              <textarea name="note" maxLength={1_000} rows={3} className={field} />
            </label>
            <Submit className={button.secondary}>{said.send}</Submit>
          </form>
        </details>
      )}
    </section>
  );
}

/** How many of it come back, and what for. */
function Goods({
  order,
  goods,
  quantity,
  said,
  swaps,
}: {
  readonly order: Pick<Order, 'lines'>;
  readonly goods: GoodsName;
  readonly quantity: number;
  readonly said: Said;
  readonly swaps: Swaps;
}) {
  const title = titleOfGoods(order, goods);
  const instead = goods.bundle === undefined ? (swaps.get(goods.variantId) ?? []) : [];
  return (
    <div className="flex flex-wrap items-center justify-between gap-4">
      <label className="flex grow items-center justify-between gap-4">
        <span>{title}</span>
        <select name={`${UNITS}${nameOf(goods)}`} defaultValue={0} className={`${field} max-w-24`}>
          {Array.from({ length: quantity + 1 }, (_, units) => (
            <option key={units} value={units}>
              {units}
            </option>
          ))}
        </select>
      </label>
      {instead.length === 0 ? null : (
        <select
          name={`${INSTEAD}${goods.variantId}`}
          defaultValue=""
          aria-label={`${said.whatFor}: ${title}`}
          className={`${field} max-w-56`}
        >
          <option value="">{said.money}</option>
          {instead.map((swap) => (
            <option key={swap.variantId} value={swap.variantId}>
              {said.swap(swap.variantId === goods.variantId ? undefined : swap.title)}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

/** As the form's fields call them. */
function nameOf({ variantId, bundle }: GoodsName): string {
  return bundle === undefined ? variantId : `${variantId} ${bundle}`;
}

function named(title: string, variantTitle: string | undefined): string {
  return [title, variantTitle].filter((part) => part !== undefined).join(' · ');
}

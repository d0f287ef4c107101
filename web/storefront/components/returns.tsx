/** What a shopper sends back of an order: what has become of it, and a form to ask for more, which needs no script. */
import type { Answer } from '../../api-client/client.ts';
import { button, field, heading } from '../../ui/styles.ts';
import { askReturn } from '../lib/actions.ts';
import { titleOfGoods, type Goods } from '../lib/goods.ts';
import { returnableOf } from '../lib/returnable.ts';
import type { Shop } from '../lib/shop.ts';
import { Submit } from './submit.tsx';

type Order = Answer<'orders.getOrder'>;

export function Returns({
  order,
  token,
  outcome,
  shop,
}: {
  readonly order: Pick<Order, 'id' | 'lines' | 'returns'>;
  /** As the page's address has it. */
  readonly token: string | undefined;
  readonly outcome: 'asked' | 'failed' | undefined;
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
            <p className="font-medium">{said.states[each.state]}</p>
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
                <label key={nameOf(goods)} className="flex items-center justify-between gap-4">
                  <span>{titleOfGoods(order, goods)}</span>
                  <select name={`units:${nameOf(goods)}`} defaultValue={0} className={`${field} max-w-24`}>
                    {Array.from({ length: quantity + 1 }, (_, units) => (
                      <option key={units} value={units}>
                        {units}
                      </option>
                    ))}
                  </select>
                </label>
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

/** As the form's fields call them. */
function nameOf({ variantId, bundle }: Goods): string {
  return bundle === undefined ? variantId : `${variantId} ${bundle}`;
}

function named(title: string, variantTitle: string | undefined): string {
  return [title, variantTitle].filter((part) => part !== undefined).join(' · ');
}

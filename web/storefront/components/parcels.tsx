/** The parcels of an order: what is in each, and where its carrier says it is. */
import type { Answer } from '../../api-client/client.ts';
import { heading } from '../../ui/styles.ts';
import { titleOfGoods } from '../lib/goods.ts';
import type { Shop } from '../lib/shop.ts';

type Order = Answer<'orders.getOrder'>;

export function Parcels({
  order,
  shop: { words, locale },
}: {
  readonly order: Pick<Order, 'fulfilments' | 'lines'>;
  readonly shop: Pick<Shop, 'words' | 'locale'>;
}) {
  const said = words.order;
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  return order.fulfilments.map((parcel, index) => {
    const name = said.parcel(index + 1);
    return (
      <section
        key={parcel.id}
        aria-labelledby={parcel.id}
        className="mt-8 border-t border-line pt-6 text-[0.95rem]"
        data-testid="parcel"
      >
        <h2 id={parcel.id} className={heading.small}>
          {name}
        </h2>
        <p className="mt-2 text-muted">
          {parcel.deliveredAt === undefined
            ? `${said.onItsWay} ${date.format(new Date(parcel.shippedAt))}`
            : `${said.arrived} ${date.format(new Date(parcel.deliveredAt))}`}
        </p>
        <ul className="mt-3">
          {parcel.lines.map(({ quantity, ...goods }) => (
            <li key={`${goods.variantId} ${goods.bundle ?? ''}`}>
              {quantity} × {titleOfGoods(order, goods)}
            </li>
          ))}
        </ul>
        {parcel.trackingNumber === undefined ? null : (
          <p className="mt-3">
            <span className="text-muted">{said.tracking}</span> {parcel.carrier} {parcel.trackingNumber}
          </p>
        )}
        {parcel.trackingUrl === undefined ? null : (
          <p className="mt-3">
            <a href={parcel.trackingUrl} rel="noreferrer" className="underline underline-offset-4">
              {said.follow}
              <span className="sr-only"> ({name})</span>
            </a>
          </p>
        )}
      </section>
    );
  });
}

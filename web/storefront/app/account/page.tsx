/** The visitor's account: log in, register, or see one's orders. */
import type { Metadata } from 'next';
import { ApiError } from '../../../api-client/client.ts';
import type { Answer } from '../../../api-client/client.ts';
import { button, heading, wrap } from '../../../ui/styles.ts';
import { LoginForm, RegisterForm } from '../../components/account-forms.tsx';
import { Link } from '../../components/link.tsx';
import { Submit } from '../../components/submit.tsx';
import { logout } from '../../lib/actions.ts';
import { shop } from '../../lib/shop.ts';
import type { Shop } from '../../lib/shop.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await shop()).words.account.title, robots: { index: false } };
}

export default async function Account() {
  const current = await shop();
  const { words } = current;
  const customer = await whoIs(current);
  if (customer === undefined) {
    const { login, register, email, password, passwordHint, firstName, lastName } = words.account;
    const forms = { login, register, email, password, passwordHint, firstName, lastName };
    return (
      <div className={`${wrap} pt-12`}>
        <h1 className={heading.page}>{words.account.title}</h1>
        <div className="mt-10 grid max-w-4xl gap-14 md:grid-cols-2 md:gap-20">
          <LoginForm words={forms} />
          <RegisterForm words={forms} />
        </div>
      </div>
    );
  }
  const { orders } = await current.api.call('orders.listMyOrders', { query: { limit: 25 } });
  return (
    <div className={`${wrap} pt-12`}>
      <div className="flex flex-wrap items-center justify-between gap-4">
        <h1 className={heading.page}>{words.account.hello(customer.firstName || customer.email)}</h1>
        <form action={logout}>
          <Submit className={button.small}>{words.account.logout}</Submit>
        </form>
      </div>
      <h2 className={`${heading.section} mt-12`}>{words.account.orders}</h2>
      {orders.length === 0 ? (
        <p className="mt-4 text-muted">{words.account.noOrders}</p>
      ) : (
        <Orders shop={current} orders={orders} />
      )}
    </div>
  );
}

function Orders({
  shop: { money, locale, words },
  orders,
}: {
  readonly shop: Shop;
  readonly orders: Answer<'orders.listMyOrders'>['orders'];
}) {
  return (
    <ul className="mt-4 divide-y divide-line border-y border-line">
      {orders.map((order) => (
        <li
          key={order.id}
          className="relative flex flex-wrap items-center justify-between gap-x-8 gap-y-1 py-5"
        >
          <Link
            href={`/orders/${order.id}`}
            className="font-medium after:absolute after:inset-0 hover:underline hover:underline-offset-4"
          >
            {order.number}
          </Link>
          <span className="text-sm text-muted">
            {new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(new Date(order.placedAt))}
          </span>
          <span className="text-sm text-muted">{words.checkout.items(order.itemCount)}</span>
          <span className="tabular-nums">{money(order.total)}</span>
        </li>
      ))}
    </ul>
  );
}

/** A session that has ended is no error: the visitor logs in again. */
async function whoIs({ api, loggedIn }: Shop): Promise<Answer<'accounts.getMe'> | undefined> {
  if (!loggedIn) return undefined;
  try {
    return await api.call('accounts.getMe', {});
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return undefined;
    throw error;
  }
}

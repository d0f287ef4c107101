/** Where the link of a mail leads that asks whether its mailbox wants to be told when something is back. Looking at it says nothing. */
import type { Metadata } from 'next';
import { button, heading, wrap } from '../../../ui/styles.ts';
import { Link } from '../../components/link.tsx';
import { Submit } from '../../components/submit.tsx';
import type { SearchParams } from '../../lib/listing.ts';
import { orNothing, shop } from '../../lib/shop.ts';
import { answerStockAlert } from '../../lib/wish-actions.ts';

export async function generateMetadata(): Promise<Metadata> {
  // The address says yes: no other site is told of it.
  return { title: (await shop()).words.alerts.title, robots: { index: false }, referrer: 'no-referrer' };
}

export default async function Alerts({ searchParams }: { readonly searchParams: Promise<SearchParams> }) {
  const [{ api, words }, query] = await Promise.all([shop(), searchParams]);
  const text = words.alerts;
  const token =
    typeof query['token'] === 'string' && /^[\w-]{24}$/.test(query['token']) ? query['token'] : undefined;
  const alert =
    token === undefined
      ? undefined
      : await orNothing(api.call('catalog.getLinkedStockAlert', { params: { token } }));
  if (alert === undefined)
    return (
      <Frame title={text.title}>
        <p className="text-muted">{query['said'] === 'no' ? text.withdrawn : text.over}</p>
      </Frame>
    );
  return (
    <Frame title={text.title}>
      <Link
        href={`/products/${encodeURIComponent(alert.handle)}`}
        className="text-lg font-medium underline underline-offset-4"
      >
        {alert.product}
      </Link>
      <p role="status" className="mt-4 text-muted">
        {alert.confirmed ? text.confirmed : text.question}
      </p>
      <form action={answerStockAlert} className="mt-8 flex flex-wrap gap-3">
        <input type="hidden" name="token" value={token} />
        <input type="hidden" name="answer" value={alert.confirmed ? 'no' : 'yes'} />
        <Submit className={alert.confirmed ? button.secondary : button.primary}>
          {alert.confirmed ? text.withdraw : text.confirm}
        </Submit>
      </form>
    </Frame>
  );
}

function Frame({ title, children }: { readonly title: string; readonly children: React.ReactNode }) {
  return (
    <div className={`${wrap} pt-12`}>
      <h1 className={heading.page}>{title}</h1>
      <div className="mt-6 max-w-prose">{children}</div>
    </div>
  );
}

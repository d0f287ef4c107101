/** What the shop has of its customer: to keep, and to have forgotten. */
import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { ApiError } from '../../../../api-client/client.ts';
import type { Answer } from '../../../../api-client/client.ts';
import { button, heading, wrap } from '../../../../ui/styles.ts';
import { ForgetForm } from '../../../components/forget-form.tsx';
import { Link } from '../../../components/link.tsx';
import { Submit } from '../../../components/submit.tsx';
import { stayAfterAll } from '../../../lib/actions.ts';
import { shop } from '../../../lib/shop.ts';
import type { Shop } from '../../../lib/shop.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await shop()).words.data.title, robots: { index: false } };
}

export default async function Data() {
  const current = await shop();
  const erasure = await erasureOf(current);
  if (erasure === undefined) redirect('/account?back=/account/data');
  const text = current.words.data;
  return (
    <div className={`${wrap} pt-12`}>
      <nav aria-label={current.words.account.title} className="text-sm text-muted">
        <Link href="/account" className="underline underline-offset-4 hover:text-ink">
          {current.words.account.title}
        </Link>
      </nav>
      <h1 className={`${heading.page} mt-3`}>{text.title}</h1>
      <section aria-labelledby="keep" className="mt-10 max-w-prose">
        <h2 id="keep" className={heading.section}>
          {text.keep}
        </h2>
        <p className="mt-4 text-muted">{text.keepText}</p>
        {/* No page: the browser saves it, by its cookie. */}
        <a href="/api/accounts/me/data" download className={`${button.small} mt-4`}>
          {text.take}
        </a>
      </section>
      <section aria-labelledby="forget" className="mt-16 max-w-prose">
        <h2 id="forget" className={heading.section}>
          {text.forget}
        </h2>
        <p className="mt-4 text-muted">{text.forgetText}</p>
        <dl className="mt-6 grid gap-x-8 gap-y-5 rounded-2xl bg-sunken p-5 sm:grid-cols-2">
          <List title={text.goes} items={text.gone} />
          <List title={text.stays} items={text.staying} />
        </dl>
        {erasure.dueAt === null ? (
          <ForgetForm words={{ password: current.words.account.password, ask: text.ask, sure: text.sure }} />
        ) : (
          <Asked shop={current} dueAt={erasure.dueAt} />
        )}
      </section>
    </div>
  );
}

function List({ title, items }: { readonly title: string; readonly items: readonly string[] }) {
  return (
    <div>
      <dt className="font-medium">{title}</dt>
      {items.map((item) => (
        <dd key={item} className="mt-1.5 text-[0.95rem] text-muted">
          {item}
        </dd>
      ))}
    </div>
  );
}

function Asked({ shop: { words, locale }, dueAt }: { readonly shop: Shop; readonly dueAt: string }) {
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'long' }).format(new Date(dueAt));
  return (
    <div className="mt-8 rounded-2xl border border-line p-5" data-testid="erasure-asked">
      <p role="status">{words.data.asked(day)}</p>
      <form action={stayAfterAll} className="mt-4">
        <Submit className={button.secondary}>{words.data.stay}</Submit>
      </form>
    </div>
  );
}

/** Undefined: nobody is logged in. */
async function erasureOf({ api, loggedIn }: Shop): Promise<Answer<'accounts.getMyErasure'> | undefined> {
  if (!loggedIn) return undefined;
  try {
    return await api.call('accounts.getMyErasure', {});
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return undefined;
    throw error;
  }
}

/** Who has forgotten their password has a link sent to their address; where it leads they choose another. */
import type { Metadata } from 'next';
import { heading, wrap } from '../../../../ui/styles.ts';
import { ForgotForm } from '../../../components/account-forms.tsx';
import { Link } from '../../../components/link.tsx';
import { shop } from '../../../lib/shop.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await shop()).words.account.forgot, robots: { index: false } };
}

export default async function Forgot() {
  const text = (await shop()).words.account;
  const { login, register, registerText, email, password, firstName, lastName, forgot, sendLink } = text;
  const words = { login, register, registerText, email, password, firstName, lastName, forgot, sendLink };
  return (
    <div className={`${wrap} pt-12`}>
      <h1 className={heading.page}>{text.forgot}</h1>
      <p className="mt-4 max-w-prose text-muted">{text.forgotText}</p>
      <div className="mt-8 max-w-md">
        <ForgotForm words={words} />
        <Link
          href="/account"
          className="mt-6 inline-block text-sm text-muted underline underline-offset-4 hover:text-ink"
        >
          {text.login}
        </Link>
      </div>
    </div>
  );
}

/** Apps that a customer signs in to with their account here, and how they do so no more. */
import type { Answer } from '../../api-client/client.ts';
import { heading } from '../../ui/styles.ts';
import { disconnectApp } from '../lib/app-actions.ts';
import type { Shop } from '../lib/shop.ts';
import { Submit } from './submit.tsx';

export function ConnectedApps({
  words,
  apps,
}: {
  readonly words: Shop['words'];
  readonly apps: Answer<'accounts.listMyApps'>['apps'];
}) {
  if (apps.length === 0) return null;
  const text = words.connect;
  return (
    <section aria-labelledby="apps" className="mt-16 max-w-prose">
      <h2 id="apps" className={heading.section}>
        {text.apps}
      </h2>
      <p className="mt-4 text-muted">{text.appsText}</p>
      <ul className="mt-6 divide-y divide-line border-y border-line">
        {apps.map(({ id, name, scopes }) => (
          <li key={id} className="flex flex-wrap items-center justify-between gap-x-8 gap-y-1 py-3">
            <span className="font-medium">{name}</span>
            <span className="text-sm text-muted">
              {scopes.map((scope) => text.scopes[scope]).join(' · ')}
            </span>
            <form action={disconnectApp}>
              <input type="hidden" name="app" value={id} />
              <Submit
                label={text.disconnect(name)}
                className="min-h-11 px-3 text-muted underline underline-offset-4 hover:text-ink"
              >
                ×
              </Submit>
            </form>
          </li>
        ))}
      </ul>
    </section>
  );
}

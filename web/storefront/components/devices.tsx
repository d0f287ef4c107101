/** Where a customer is logged in, and how they are so no more. */
import type { Answer } from '../../api-client/client.ts';
import { Icon } from '../../ui/icons.tsx';
import { button, heading } from '../../ui/styles.ts';
import { endSession, signOutEverywhere } from '../lib/session-actions.ts';
import type { Shop } from '../lib/shop.ts';
import { Described } from './connections.tsx';
import { Submit } from './submit.tsx';

type Sessions = Answer<'accounts.listSessions'>['sessions'];

export function Devices({
  shop: {
    locale,
    words: { devices: text },
  },
  sessions,
}: {
  readonly shop: Shop;
  readonly sessions: Sessions;
}) {
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  return (
    <section aria-labelledby="devices" className="mt-16 max-w-prose">
      <h2 id="devices" className={heading.section}>
        {text.title}
      </h2>
      <p className="mt-4 text-muted">{text.text}</p>
      <ul className="mt-6 divide-y divide-line border-y border-line">
        {sessions.map(({ id, browser, system, startedAt, seenAt, isCurrent }) => {
          const name = text.device(browser, system);
          const says = [
            ...(isCurrent ? [text.here] : []),
            text.since(day.format(new Date(startedAt))),
            text.seen(day.format(new Date(seenAt))),
          ];
          return (
            <li key={id} className="flex min-h-14 items-center gap-3 py-2">
              <Described name={name} says={says.join(' · ')} />
              {isCurrent ? null : (
                <form action={endSession}>
                  <input type="hidden" name="session" value={id} />
                  <Submit label={text.end(name)} className={`${button.quiet} text-muted hover:text-ink`}>
                    <Icon name="close" className="size-4" />
                  </Submit>
                </form>
              )}
            </li>
          );
        })}
      </ul>
      <form action={signOutEverywhere} className="mt-6">
        <p className="text-sm text-muted">{text.everywhereText}</p>
        <Submit className={`${button.small} mt-3`}>{text.everywhere}</Submit>
      </form>
    </section>
  );
}

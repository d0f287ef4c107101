/** Talking with the shop's people, or with its assistant, which answers from the catalogue. */
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { after } from 'next/server';
import { button, heading, wrap } from '../../../ui/styles.ts';
import { AwaitStatus } from '../../components/await-status.tsx';
import { ChatForm } from '../../components/chat-form.tsx';
import { Link } from '../../components/link.tsx';
import { conversationWith, PARTNERS, partnerOf, tellRead } from '../../lib/chat.ts';
import type { Partner } from '../../lib/chat.ts';
import type { SearchParams } from '../../lib/listing.ts';
import { saidIn } from '../../lib/said.ts';
import type { Said } from '../../lib/said.ts';
import { shop } from '../../lib/shop.ts';
import type { Shop } from '../../lib/shop.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await shop()).words.chat.title, robots: { index: false } };
}

export default async function Chat({ searchParams }: { readonly searchParams: Promise<SearchParams> }) {
  const [current, query] = await Promise.all([shop(), searchParams]);
  if (!current.store.domains.includes('chat')) notFound();
  const { words } = current;
  const partner = partnerOf(query['with']);
  const conversation = await conversationWith(partner, current);
  if (conversation !== undefined) after(() => tellRead(conversation));
  const said = saidIn(conversation?.messages ?? []);
  const { message, send } = words.chat;
  return (
    <div className={`${wrap} pt-12`}>
      <div className="max-w-2xl">
        <h1 className={heading.page}>{words.chat.title}</h1>
        <Partners shop={current} chosen={partner} />
        {said.length === 0 ? (
          <p className="mt-8 text-muted">{words.chat.begin[partner]}</p>
        ) : (
          // Grows from its foot: what was said last is in sight.
          <div
            role="log"
            aria-label={words.chat.talk}
            tabIndex={0}
            className="mt-8 flex max-h-[60dvh] flex-col-reverse overflow-y-auto rounded-3xl bg-surface p-4 sm:p-6"
          >
            <ol className="grid gap-4">
              {said.map((each) => (
                <Message key={each.seq} shop={current} said={each} room={conversation?.room.id ?? ''} />
              ))}
            </ol>
          </div>
        )}
        <ChatForm
          key={partner}
          partner={partner}
          idempotencyKey={crypto.randomUUID()}
          words={{ message, send }}
        />
        {/* Anew after each message: an answer may come at once. */}
        {said.length === 0 ? null : <AwaitStatus key={said.at(-1)?.seq} />}
      </div>
    </div>
  );
}

function Partners({ shop: { words }, chosen }: { readonly shop: Shop; readonly chosen: Partner }) {
  return (
    <ul className="mt-6 flex flex-wrap gap-2">
      {PARTNERS.map((partner) => (
        <li key={partner}>
          <Link
            href={`/chat?with=${partner}`}
            aria-current={partner === chosen ? 'page' : undefined}
            className={`${button.small} aria-[current]:border-ink aria-[current]:bg-sunken`}
          >
            {words.chat.partners[partner]}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Message({
  shop: { words, store, locale, loggedIn },
  said: { by, pieces, at, products, files },
  room,
}: {
  readonly shop: Shop;
  readonly said: Said;
  readonly room: string;
}) {
  const names = { you: words.chat.you, shop: store.displayName, assistant: words.chat.partners.assistant };
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  return (
    <li
      data-testid="said"
      data-by={by}
      className={`max-w-[85%] rounded-2xl px-4 py-3 ${by === 'you' ? 'justify-self-end bg-brand text-on-brand' : 'justify-self-start border border-line bg-canvas'}`}
    >
      <p className={`text-xs ${by === 'you' ? '' : 'text-muted'}`}>
        {names[by]} · <time dateTime={at}>{when.format(new Date(at))}</time>
      </p>
      <p className="mt-1 break-words whitespace-pre-line">
        {pieces.map(({ text, handle }, index) =>
          handle === undefined ? (
            text
          ) : (
            <Link
              key={index}
              href={`/products/${encodeURIComponent(handle)}`}
              className="underline underline-offset-4"
            >
              {text}
            </Link>
          ),
        )}
      </p>
      {products.length + files.length === 0 ? null : (
        <ul className="mt-2 grid gap-1 text-sm">
          {products.map(({ handle, title }) => (
            <li key={handle}>
              <Link href={`/products/${encodeURIComponent(handle)}`} className="underline underline-offset-4">
                {title}
              </Link>
            </li>
          ))}
          {files.map((id) => (
            <li key={id}>
              {/* No page of this shop: the browser fetches it, by its cookie. */}
              {loggedIn ? (
                <a
                  href={`/api/chat/rooms/${room}/attachments/${id}`}
                  className="underline underline-offset-4"
                >
                  {words.chat.file}
                </a>
              ) : (
                words.chat.file
              )}
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

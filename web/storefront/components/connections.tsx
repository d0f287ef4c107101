/** What an account is connected with, each with a way to end that. */
import { Icon } from '../../ui/icons.tsx';
import { button, heading } from '../../ui/styles.ts';
import { Submit } from './submit.tsx';

export interface Connection {
  readonly id: string;
  readonly name: string;
  /** Beside the name. */
  readonly says: string;
  /** What ends it is called, for who hears the page. */
  readonly end: string;
}

/** @param field by which `action` is told the id. Nothing is shown where there are none. */
export function Connections({
  id,
  title,
  text,
  connections,
  action,
  field,
}: {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly connections: readonly Connection[];
  readonly action: (form: FormData) => Promise<void>;
  readonly field: string;
}) {
  if (connections.length === 0) return null;
  return (
    <section aria-labelledby={id} className="mt-16 max-w-prose">
      <h2 id={id} className={heading.section}>
        {title}
      </h2>
      <p className="mt-4 text-muted">{text}</p>
      <ul className="mt-6 divide-y divide-line border-y border-line">
        {connections.map(({ id: connection, name, says, end }) => (
          <li key={connection} className="flex min-h-14 items-center gap-3 py-2">
            <Described name={name} says={says} />
            <form action={action}>
              <input type="hidden" name={field} value={connection} />
              <Submit label={end} className={`${button.quiet} text-muted hover:text-ink`}>
                <Icon name="close" className="size-4" />
              </Submit>
            </form>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What it is and what is to be known of it: side by side where there is room, else one below the other, and what ends it beside both. */
export function Described({ name, says }: { readonly name: string; readonly says: string }) {
  return (
    <p className="flex min-w-0 flex-1 flex-wrap items-baseline justify-between gap-x-8 gap-y-0.5">
      <span className="font-medium">{name}</span>
      <span className="text-sm text-muted">{says}</span>
    </p>
  );
}

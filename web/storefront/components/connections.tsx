/** What an account is connected with, each with a way to end that. */
import { heading } from '../../ui/styles.ts';
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
          <li key={connection} className="flex flex-wrap items-center justify-between gap-x-8 gap-y-1 py-3">
            <span className="font-medium">{name}</span>
            <span className="text-sm text-muted">{says}</span>
            <form action={action}>
              <input type="hidden" name={field} value={connection} />
              <Submit
                label={end}
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

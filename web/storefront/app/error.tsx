'use client';
/** A page could not be made: says so, and offers to try again. */
import { button, heading, wrap } from '../../ui/styles.ts';
import { useErrorWords } from '../components/error-words.tsx';

export default function ErrorPage({ reset }: { readonly reset: () => void }) {
  const words = useErrorWords();
  return (
    <div className={`${wrap} grid place-items-center gap-5 py-32 text-center`}>
      <h1 className={heading.page}>{words.title}</h1>
      <p className="max-w-md text-muted">{words.text}</p>
      <div className="flex flex-wrap justify-center gap-3">
        <button type="button" className={button.primary} onClick={reset}>
          {words.retry}
        </button>
        <a href="/" className={button.secondary}>
          {words.home}
        </a>
      </div>
    </div>
  );
}

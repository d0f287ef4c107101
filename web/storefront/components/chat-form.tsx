'use client';
/** What one says next. Enter sends it, Shift and Enter begin a line; what was refused stays. It works without script too. */
import { useActionState } from 'react';
import type { KeyboardEvent } from 'react';
import { button, field } from '../../ui/styles.ts';
import { say } from '../lib/chat-actions.ts';
import type { Partner } from '../lib/chat.ts';
import { Submit } from './submit.tsx';

export function ChatForm({
  partner,
  idempotencyKey,
  words,
}: {
  readonly partner: Partner;
  readonly idempotencyKey: string;
  readonly words: Readonly<Record<'message' | 'send', string>>;
}) {
  const [{ message, values, key }, action] = useActionState(say, {
    errors: {},
    values: {},
    key: idempotencyKey,
  });

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>): void {
    // Enter also ends what an input method is spelling out.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    event.currentTarget.form?.requestSubmit();
  }

  return (
    <form action={action} className="mt-4 grid gap-3">
      <input type="hidden" name="with" value={partner} />
      <input type="hidden" name="key" value={key} />
      <label className="grid gap-1.5">
        <span className="text-sm font-medium">{words.message}</span>
        <textarea
          name="text"
          rows={2}
          maxLength={4_000}
          required
          defaultValue={values['text']}
          onKeyDown={onKeyDown}
          className={field}
        />
      </label>
      {message === undefined ? null : (
        <p role="alert" className="rounded-xl bg-danger-soft p-4 text-sm text-danger">
          {message}
        </p>
      )}
      <Submit className={`${button.primary} justify-self-start`}>{words.send}</Submit>
    </form>
  );
}

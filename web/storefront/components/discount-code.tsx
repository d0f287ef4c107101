'use client';
/** Entering a discount code or a gift card, and what came of those that were entered; forms, so it works without script too. */
import { useActionState } from 'react';
import { Field } from '../../ui/field.tsx';
import { Icon } from '../../ui/icons.tsx';
import { button } from '../../ui/styles.ts';
import { enterCode, removeCode } from '../lib/actions.ts';

export interface DiscountCodeProps {
  readonly codes: readonly {
    /** The code, or the id of the gift card. */
    readonly value: string;
    readonly kind: 'code' | 'gift';
    readonly label: string;
    readonly applied: boolean;
    readonly removeLabel: string;
  }[];
  readonly words: Readonly<Record<'code' | 'applyCode' | 'codeUseless', string>>;
}

export function DiscountCode({ codes, words }: DiscountCodeProps) {
  const [{ message, entered }, action] = useActionState(enterCode, { message: undefined, entered: '' });
  return (
    <div className="grid gap-3">
      <form action={action} className="flex items-start gap-3">
        <Field
          className="flex-1"
          name="code"
          label={words.code}
          error={message}
          defaultValue={message === undefined ? '' : entered}
          autoComplete="off"
          autoCapitalize="characters"
          maxLength={40}
        />
        {/* Beside the field, whatever stands below that. */}
        <button className={`${button.small} mt-[1.65rem] min-h-12.5`}>{words.applyCode}</button>
      </form>
      {codes.map(({ value, kind, label, applied, removeLabel }) => (
        <form key={value} action={removeCode} className="flex items-center justify-between gap-4 text-sm">
          <input type="hidden" name={kind} value={value} />
          <span>
            <span className="font-medium">{label}</span>
            {applied ? null : <span className="text-muted"> · {words.codeUseless}</span>}
          </span>
          <button aria-label={removeLabel} className={`${button.quiet} text-muted hover:text-ink`}>
            <Icon name="close" className="size-4" />
          </button>
        </form>
      ))}
    </div>
  );
}

'use client';
/** Language and currency, at the foot of every page. */
import { usePathname, useSearchParams } from 'next/navigation';
import { setCurrency, setLocale } from '../lib/actions.ts';
import { AutoSubmit } from './auto-submit.tsx';

export interface SwitchesProps {
  readonly locale: string;
  readonly currency: string;
  readonly locales: readonly { readonly value: string; readonly name: string }[];
  readonly currencies: readonly { readonly value: string; readonly name: string }[];
  readonly words: { readonly language: string; readonly currency: string; readonly change: string };
}

export function Switches({ locale, currency, locales, currencies, words }: SwitchesProps) {
  const path = usePathname();
  const query = useSearchParams().toString();
  const back = query === '' ? path : `${path}?${query}`;
  return (
    <div className="flex flex-wrap content-start items-start gap-3">
      <Select
        action={setLocale}
        name="locale"
        label={words.language}
        value={locale}
        options={locales}
        back={back}
        change={words.change}
      />
      <Select
        action={setCurrency}
        name="currency"
        label={words.currency}
        value={currency}
        options={currencies}
        back={back}
        change={words.change}
      />
    </div>
  );
}

interface SelectProps {
  readonly action: (form: FormData) => Promise<void>;
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly options: SwitchesProps['locales'];
  readonly back: string;
  readonly change: string;
}

function Select({ action, name, label, value, options, back, change }: SelectProps) {
  if (options.length < 2) return null;
  return (
    <form action={action} className="flex items-center gap-2">
      <input type="hidden" name="back" value={back} />
      <AutoSubmit>
        <label className="sr-only" htmlFor={`switch-${name}`}>
          {label}
        </label>
        <select
          id={`switch-${name}`}
          name={name}
          defaultValue={value}
          key={value}
          className="min-h-11 rounded-full border border-line-strong/60 bg-canvas px-4 text-sm text-ink"
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.name}
            </option>
          ))}
        </select>
      </AutoSubmit>
      <noscript>
        <button className="min-h-11 rounded-full border border-line px-4 text-sm">{change}</button>
      </noscript>
    </form>
  );
}

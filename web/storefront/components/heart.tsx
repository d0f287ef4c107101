/** The button that puts the chosen variant on the visitor's list; of the form it stands in, so that it knows which is meant also without script. */
import { Icon } from '../../ui/icons.tsx';
import { toggleWish } from '../lib/wish-actions.ts';

export function Heart({
  wished,
  words,
}: {
  readonly wished: boolean;
  readonly words: Readonly<Record<'wish' | 'unwish', string>>;
}) {
  return (
    <button
      type="submit"
      formAction={toggleWish}
      aria-label={wished ? words.unwish : words.wish}
      aria-pressed={wished}
      className="group grid size-13 shrink-0 place-items-center rounded-full border border-line-strong/60 hover:border-ink aria-pressed:text-accent"
    >
      <Icon name="heart" className="size-6 group-aria-pressed:fill-current" />
    </button>
  );
}

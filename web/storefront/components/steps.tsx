/** Where one is on the way from cart to confirmation. */
import type { Shop } from '../lib/shop.ts';

export function Steps({
  shop: { words },
  at,
}: {
  readonly shop: Pick<Shop, 'words'>;
  readonly at: 0 | 1 | 2;
}) {
  const { checkout } = words;
  return (
    <ol aria-label={checkout.steps} className="flex flex-wrap gap-x-3 gap-y-1 text-sm text-muted">
      {[checkout.details, checkout.payment, checkout.done].map((name, step) => (
        <li
          key={name}
          aria-current={step === at ? 'step' : undefined}
          className="flex items-center gap-3 aria-[current]:font-medium aria-[current]:text-ink"
        >
          {step === 0 ? null : <span aria-hidden="true" className="h-px w-6 bg-line-strong" />}
          {name}
        </li>
      ))}
    </ol>
  );
}

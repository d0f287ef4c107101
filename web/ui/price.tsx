/** A price, the price before it where there was one, and what a screen reader should say of the two. */
export interface PriceProps {
  readonly price: string;
  readonly was?: string | undefined;
  readonly wasLabel: string;
  readonly className?: string;
}

export function Price({ price, was, wasLabel, className = '' }: PriceProps) {
  return (
    <span className={`inline-flex flex-wrap items-baseline gap-x-2 tabular-nums ${className}`}>
      <span className={was === undefined ? '' : 'text-accent'}>{price}</span>
      {was === undefined ? null : (
        <s className="text-[0.85em] font-normal text-muted">
          <span className="sr-only">{wasLabel} </span>
          {was}
        </s>
      )}
    </span>
  );
}

/** What is in one of a bundle, below its name in a cart or an order. */

export interface Part {
  readonly variantId: string;
  readonly title: string;
  readonly variantTitle?: string | undefined;
  readonly quantity: number;
}

export function Parts({ of: parts }: { readonly of: readonly Part[] | undefined }) {
  if (parts === undefined) return null;
  return (
    <span className="mt-0.5 block text-sm text-muted" data-testid="parts">
      {parts
        .map(({ title, variantTitle, quantity }) => {
          const name =
            variantTitle === undefined || variantTitle === 'Default' ? title : `${title} · ${variantTitle}`;
          return `${quantity} × ${name}`;
        })
        .join(', ')}
    </span>
  );
}

/** A thing that somebody waits for, as mails and pages name it. */
import { titleOfVariant, type ProductDocument, type VariantDocument } from '../document.ts';

export interface Thing {
  readonly title: string;
  readonly handle: string;
  readonly options: ProductDocument['options'];
  readonly variant: VariantDocument | null;
}

/** Its columns, of a variant `v` of a product `p`. */
export const THING = `p.title, p.handle, p.document -> 'options' as options,
  (select d from jsonb_array_elements(p.document -> 'variants') d where d ->> 'id' = v.id) as variant`;

export function nameOf({ title, options, variant }: Thing): string {
  const said = variant === null || options.length === 0 ? title : `${title}, ${titleOfVariant(variant)}`;
  return said.slice(0, 2_000);
}

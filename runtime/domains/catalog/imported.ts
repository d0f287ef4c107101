/** A product as a file says it, whatever the file's form: pictures are addresses still, and components are called by what the file calls them. */
import type { NamedBundle } from './bundles/csv.ts';
import type { ProductDocument, VariantDocument } from './document.ts';
import type { ImportProblem } from './schemas.ts';
import type { ProductText } from './translations/schemas.ts';

export interface ImportedImage {
  readonly line: number;
  /** Where in the line. */
  readonly column: string;
  readonly src: string;
  readonly alt: string;
  readonly position: number;
}

export type ImportedVariant = Omit<VariantDocument, 'id' | 'image' | 'bundle'> & {
  readonly image: string | null;
  readonly bundle?: NamedBundle;
};

export type ImportedProduct = Omit<ProductDocument, 'id' | 'variants' | 'images' | 'translations'> & {
  readonly line: number;
  readonly variants: readonly ImportedVariant[];
  readonly images: readonly ImportedImage[];
  /** Titles. */
  readonly collections: readonly string[];
  /** Of each language that the file speaks of; null where it says nothing in it. Absent: it speaks of none. */
  readonly translations?: Readonly<Record<string, ProductText | null>>;
  /** What the file calls these. */
  readonly columns: { readonly variantImage: string; readonly components: string };
};

/** What is next in a file, and how many of its rows that are. */
export type Imported = { readonly rows: number } & (
  | { readonly product: ImportedProduct }
  /** `isProduct`: it is one that is rejected, and not rows that belong to none. */
  | { readonly problems: readonly ImportProblem[]; readonly isProduct: boolean }
);

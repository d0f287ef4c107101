/** The columns of the Shopify product format: names, older and newer, and which ones we understand. Pure. */

import { COMPONENTS_COLUMN, DISCOUNT_COLUMN } from '../bundles/csv.ts';

/** Newer exports call some columns differently; inside we use the classic names. */
const ALIASES: Readonly<Record<string, string>> = {
  'URL handle': 'Handle',
  Description: 'Body (HTML)',
  'Product category': 'Product Category',
  'Standard Product Type': 'Product Category',
  'Custom Product Type': 'Type',
  'Published on online store': 'Published',
  SKU: 'Variant SKU',
  Barcode: 'Variant Barcode',
  'Option1 name': 'Option1 Name',
  'Option1 value': 'Option1 Value',
  'Option2 name': 'Option2 Name',
  'Option2 value': 'Option2 Value',
  'Option3 name': 'Option3 Name',
  'Option3 value': 'Option3 Value',
  Price: 'Variant Price',
  'Compare-at price': 'Variant Compare At Price',
  'Cost per item': 'Cost per item',
  'Charge tax': 'Variant Taxable',
  'Inventory tracker': 'Variant Inventory Tracker',
  'Inventory quantity': 'Variant Inventory Qty',
  'Continue selling when out of stock': 'Variant Inventory Policy',
  'Weight value (grams)': 'Variant Grams',
  'Weight unit for display': 'Variant Weight Unit',
  'Requires shipping': 'Variant Requires Shipping',
  'Fulfillment service': 'Variant Fulfillment Service',
  'Product image URL': 'Image Src',
  'Image position': 'Image Position',
  'Image alt text': 'Image Alt Text',
  'Variant image URL': 'Variant Image',
  'Gift card': 'Gift Card',
  'SEO title': 'SEO Title',
  'SEO description': 'SEO Description',
};

/** What this shop reads and writes, in the order of an export. */
export const COLUMNS = [
  'Handle',
  'Title',
  'Body (HTML)',
  'Vendor',
  'Product Category',
  'Type',
  'Tags',
  'Published',
  'Option1 Name',
  'Option1 Value',
  'Option2 Name',
  'Option2 Value',
  'Option3 Name',
  'Option3 Value',
  'Variant SKU',
  'Variant Grams',
  'Variant Inventory Tracker',
  'Variant Inventory Qty',
  'Variant Inventory Policy',
  'Variant Fulfillment Service',
  'Variant Price',
  'Variant Compare At Price',
  'Variant Requires Shipping',
  'Variant Taxable',
  'Variant Barcode',
  'Image Src',
  'Image Position',
  'Image Alt Text',
  'Gift Card',
  'SEO Title',
  'SEO Description',
  'Variant Image',
  'Variant Weight Unit',
  'Variant Tax Code',
  'Cost per item',
  'Status',
  'Collection',
  COMPONENTS_COLUMN,
  DISCOUNT_COLUMN,
] as const;

/** Columns of a variant that we keep and give back without using them. */
export const VARIANT_EXTRAS = [
  'Variant Inventory Tracker',
  'Variant Fulfillment Service',
  'Variant Weight Unit',
  'Variant Tax Code',
  'Cost per item',
] as const;

const KNOWN: ReadonlySet<string> = new Set(COLUMNS);

export function canonicalColumn(name: string): string {
  const trimmed = name.trim();
  return ALIASES[trimmed] ?? trimmed;
}

/** `Price / EUR` and `Compare At Price / EUR`; `Price / International` is a market, not a currency. */
export function currencyOfColumn(column: string): { currency: string; isCompareAt: boolean } | undefined {
  const parts = /^(Compare[ -]At )?Price \/ ([A-Z]{3})$/i.exec(column);
  const currency = parts?.[2];
  return currency !== undefined && currency === currency.toUpperCase()
    ? { currency, isCompareAt: parts?.[1] !== undefined }
    : undefined;
}

/** Columns that have one for each language: `Title / de`. */
export const TRANSLATED = [
  'Title',
  'Body (HTML)',
  'SEO Title',
  'SEO Description',
  'Option1 Name',
  'Option1 Value',
  'Option2 Name',
  'Option2 Value',
  'Option3 Name',
  'Option3 Value',
] as const;

/** The locale of `Title / de`; undefined for any other column. */
export function localeOfColumn(column: string): string | undefined {
  const parts = /^(.+) \/ ([a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2})$/.exec(column);
  return TRANSLATED.some((name) => name === parts?.[1]) ? parts?.[2] : undefined;
}

/** Columns of a product that we keep and give back without using them. */
export function isProductExtra(column: string): boolean {
  return (
    column !== '' &&
    !KNOWN.has(column) &&
    currencyOfColumn(column) === undefined &&
    localeOfColumn(column) === undefined
  );
}

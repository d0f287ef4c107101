/** Writes products as rows of the Shopify product format, so that an export can be imported again. Pure. */
import { bundleCells } from '../bundles/csv.ts';
import { formatPrice } from '../money.ts';
import type { ProductDocument, VariantDocument } from '../document.ts';
import { textIn } from '../translations/words.ts';
import { COLUMNS, TRANSLATED } from './columns.ts';

export interface ExportLayout {
  /** Of the columns `Variant Price` and `Variant Compare At Price`. */
  readonly currency: string;
  /** Further currencies, each with its own two columns. */
  readonly currencies: readonly string[];
  /** Languages that products are translated into, each with columns of its own. */
  readonly locales: readonly string[];
  /** Columns that imports brought and that we only keep. */
  readonly extras: readonly string[];
}

export function headOf(layout: ExportLayout): string {
  return lineOf(columnsOf(layout));
}

/**
 * One row per variant or picture, whichever are more.
 * @param names of what bundles are made of, by id
 */
export function rowsOf(
  product: ProductDocument,
  collections: readonly string[],
  layout: ExportLayout,
  names: ReadonlyMap<string, string> = new Map(),
): string {
  const count = Math.max(product.variants.length, product.images.length, 1);
  let text = '';
  for (let index = 0; index < count; index++)
    text += lineOf(cellsOf(product, collections, layout, names, index));
  return text;
}

/** RFC 4180; a value that a spreadsheet would take for a formula stays what it is, because it is read back. */
export function lineOf(cells: readonly string[]): string {
  return `${cells.map((value) => (/[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',')}\n`;
}

function columnsOf({ currencies, locales, extras }: ExportLayout): string[] {
  const prices = currencies.flatMap((currency) => [`Price / ${currency}`, `Compare At Price / ${currency}`]);
  const texts = locales.flatMap((locale) => TRANSLATED.map((column) => `${column} / ${locale}`));
  return [...COLUMNS, ...prices, ...texts, ...extras];
}

function cellsOf(
  product: ProductDocument,
  collections: readonly string[],
  layout: ExportLayout,
  names: ReadonlyMap<string, string>,
  index: number,
): string[] {
  const cells: Record<string, string> = { Handle: product.handle };
  if (index === 0) Object.assign(cells, productCells(product, collections));
  const variant = product.variants[index];
  if (variant)
    Object.assign(cells, variantCells(product, variant, layout, index === 0), bundleCells(variant, names));
  for (const locale of layout.locales) Object.assign(cells, textCells(product, variant, locale, index === 0));
  const image = product.images[index];
  if (image)
    Object.assign(cells, {
      'Image Src': image.url,
      'Image Position': String(index + 1),
      'Image Alt Text': image.alt,
    });
  return columnsOf(layout).map((column) => cells[column] ?? '');
}

function productCells(product: ProductDocument, collections: readonly string[]): Record<string, string> {
  return {
    ...product.extra,
    Title: product.title,
    'Body (HTML)': product.descriptionHtml,
    Vendor: product.vendor,
    'Product Category': product.category,
    Type: product.type,
    Tags: product.tags.join(', '),
    Published: String(product.published),
    'Gift Card': String(product.giftCard),
    'SEO Title': product.seo.title ?? '',
    'SEO Description': product.seo.description ?? '',
    Status: product.status,
    Collection: collections.join('; '),
  };
}

function textCells(
  product: ProductDocument,
  variant: VariantDocument | undefined,
  locale: string,
  isFirst: boolean,
): Record<string, string> {
  const text = textIn(product.translations, locale);
  if (text === undefined) return {};
  const cells: Record<string, string> = {};
  if (isFirst)
    Object.assign(cells, {
      [`Title / ${locale}`]: text.title ?? '',
      [`Body (HTML) / ${locale}`]: text.descriptionHtml ?? '',
      [`SEO Title / ${locale}`]: text.seo.title ?? '',
      [`SEO Description / ${locale}`]: text.seo.description ?? '',
    });
  for (const [index, name] of product.options.entries()) {
    const option = text.options.find(({ of }) => of === name);
    if (option === undefined) continue;
    if (isFirst) cells[`Option${index + 1} Name / ${locale}`] = option.as;
    const value = option.values.find(({ of }) => of === variant?.optionValues[index]);
    if (value !== undefined) cells[`Option${index + 1} Value / ${locale}`] = value.as;
  }
  return cells;
}

function variantCells(
  product: ProductDocument,
  variant: VariantDocument,
  layout: ExportLayout,
  isFirst: boolean,
): Record<string, string> {
  const cells: Record<string, string> = {
    ...variant.extra,
    'Variant SKU': variant.sku ?? '',
    'Variant Grams': variant.weightGrams === null ? '' : String(variant.weightGrams),
    'Variant Inventory Qty': String(variant.inventoryQuantity),
    'Variant Inventory Policy': variant.inventoryPolicy,
    'Variant Requires Shipping': String(variant.requiresShipping),
    'Variant Taxable': String(variant.taxable),
    'Variant Barcode': variant.barcode ?? '',
    'Variant Image': variant.image?.url ?? '',
  };
  if (product.options.length === 0)
    Object.assign(cells, { 'Option1 Name': 'Title', 'Option1 Value': 'Default Title' });
  for (const [index, name] of product.options.entries()) {
    if (isFirst) cells[`Option${index + 1} Name`] = name;
    cells[`Option${index + 1} Value`] = variant.optionValues[index] ?? '';
  }
  for (const { amount, currency, compareAt } of variant.prices) {
    const isMain = currency === layout.currency;
    cells[isMain ? 'Variant Price' : `Price / ${currency}`] = formatPrice(amount, currency);
    if (compareAt !== null)
      cells[isMain ? 'Variant Compare At Price' : `Compare At Price / ${currency}`] = formatPrice(
        compareAt,
        currency,
      );
  }
  return cells;
}

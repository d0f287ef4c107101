/** A product as it is stored, and what is drawn from it: cards, details, events, price ranges, search text. Pure. */
import { createHash } from 'node:crypto';
import type { SearchTexts } from '../../platform/ports.ts';
import type { Bundle } from './bundles/schemas.ts';
import { textOf } from './html.ts';
import { ratingOf, type Stars } from './reviews/rating.ts';
import type { ProductText, Translations } from './translations/schemas.ts';
import { seoIn, textIn, wordsFor, type OptionWords } from './translations/words.ts';
import type { AdminProduct, Image, Money, ProductCard, ProductDetail, ProductUpserted } from './schemas.ts';

/** One price; at most one per currency and variant. */
export interface Price {
  readonly amount: number;
  readonly currency: string;
  readonly compareAt: number | null;
}

export interface VariantDocument {
  readonly id: string;
  readonly sku: string | null;
  /** In the order of the product's options. */
  readonly optionValues: readonly string[];
  readonly prices: readonly Price[];
  readonly barcode: string | null;
  readonly weightGrams: number | null;
  readonly requiresShipping: boolean;
  readonly taxable: boolean;
  readonly inventoryPolicy: 'deny' | 'continue';
  readonly inventoryQuantity: number;
  readonly image: Image | null;
  /** Columns of an import that we keep without using them. */
  readonly extra: Readonly<Record<string, string>>;
  /** What it is made of; absent: it is goods of its own, with stock of its own. */
  readonly bundle?: Bundle;
}

export interface ProductDocument {
  readonly id: string;
  readonly handle: string;
  readonly title: string;
  readonly descriptionHtml: string;
  readonly vendor: string;
  readonly type: string;
  readonly category: string;
  readonly tags: readonly string[];
  readonly status: 'active' | 'draft' | 'archived';
  readonly published: boolean;
  readonly giftCard: boolean;
  readonly options: readonly string[];
  readonly variants: readonly VariantDocument[];
  readonly images: readonly Image[];
  readonly seo: { readonly title: string | null; readonly description: string | null };
  readonly extra: Readonly<Record<string, string>>;
  /** What is said of it in the shop's other languages; absent: nothing. */
  readonly translations?: Translations<ProductText>;
}

/** The currency-free part of a card with the ranges of every currency; lists read nothing else. */
export interface StoredCard {
  readonly title: string;
  readonly vendor: string;
  readonly type: string;
  readonly tags: readonly string[];
  readonly image: Image | null;
  readonly secondImage: Image | null;
  readonly variantIds: readonly string[];
  readonly options: readonly { name: string; values: readonly string[] }[];
  readonly prices: Readonly<Record<string, { min: number; max: number; compareAt: number | null }>>;
  readonly translations?: Translations<Pick<ProductText, 'title' | 'options'>>;
}

/** In the language that the product is written in. */
const AS_WRITTEN: OptionWords = wordsFor([]);

export function isVisible({ status, published }: Pick<ProductDocument, 'status' | 'published'>): boolean {
  return status === 'active' && published;
}

/** @param options names, in their order, where `words` are given */
export function titleOfVariant(
  { optionValues }: Pick<VariantDocument, 'optionValues'>,
  options: readonly string[] = [],
  words: OptionWords = AS_WRITTEN,
): string {
  const values = optionValues.map((value, index) => words.value(options[index] ?? '', value));
  return values.length === 0 ? 'Default' : values.join(' / ');
}

export function cardOf(product: ProductDocument): StoredCard {
  return {
    title: product.title,
    vendor: product.vendor,
    type: product.type,
    tags: product.tags,
    image: product.images[0] ?? null,
    secondImage: product.images[1] ?? null,
    variantIds: product.variants.map(({ id }) => id),
    options: optionsOf(product),
    prices: rangesOf(product),
    ...(product.translations === undefined ? {} : { translations: cardTexts(product.translations) }),
  };
}

function cardTexts(translations: Translations<ProductText>): NonNullable<StoredCard['translations']> {
  return Object.fromEntries(
    Object.entries(translations).map(([locale, { title, options }]) => [locale, { title, options }]),
  );
}

/** Smallest and largest price per currency; the compare-at price is the cheapest variant's. */
export function rangesOf(product: Pick<ProductDocument, 'variants'>): StoredCard['prices'] {
  const ranges: Record<string, { min: number; max: number; compareAt: number | null }> = {};
  for (const { prices } of product.variants) {
    for (const { amount, currency, compareAt } of prices) {
      const range = ranges[currency];
      const shown = compareAt !== null && compareAt > amount ? compareAt : null;
      if (!range) ranges[currency] = { min: amount, max: amount, compareAt: shown };
      else {
        if (amount < range.min) Object.assign(range, { min: amount, compareAt: shown });
        range.max = Math.max(range.max, amount);
      }
    }
  }
  return ranges;
}

export interface CardRow {
  readonly id: string;
  readonly handle: string;
  readonly card: StoredCard;
  readonly published_at: Date | null;
  readonly ratings: Stars;
}

/** Of a product `p`. */
export const CARD_COLUMNS = 'p.id, p.handle, p.card, p.published_at, p.ratings';

export function toCard(
  { id, handle, card, published_at: publishedAt, ratings }: CardRow,
  currency: string,
  locale?: string,
): ProductCard {
  const text = textIn(card.translations, locale);
  const words = wordsFor(text?.options ?? []);
  const range = card.prices[currency];
  const money = (amount: number): Money => ({ amount, currency });
  return {
    id,
    handle,
    title: text?.title ?? card.title,
    vendor: card.vendor,
    type: card.type,
    tags: [...card.tags],
    image: card.image,
    secondImage: card.secondImage,
    priceRange: range ? { min: money(range.min), max: money(range.max) } : null,
    compareAtPrice: range && range.compareAt !== null ? money(range.compareAt) : null,
    variantIds: [...card.variantIds],
    options: card.options.map(({ name, values }) => ({
      name: words.name(name),
      values: values.map((value) => words.value(name, value)),
    })),
    publishedAt: publishedAt?.toISOString() ?? null,
    rating: ratingOf(ratings),
  };
}

export interface DetailRow extends CardRow {
  readonly document: ProductDocument;
  readonly updated_at: Date;
  readonly collections: { handle: string; title: string }[];
}

export function toDetail(row: DetailRow, currency: string, locale?: string): ProductDetail {
  const { document } = row;
  const text = textIn(document.translations, locale);
  const words = wordsFor(text?.options ?? []);
  return {
    ...toCard(row, currency, locale),
    descriptionHtml: text?.descriptionHtml ?? document.descriptionHtml,
    images: [...document.images],
    variants: document.variants.map((variant, index) => {
      const price = variant.prices.find((candidate) => candidate.currency === currency);
      const compareAt = price?.compareAt ?? null;
      return {
        id: variant.id,
        sku: variant.sku,
        title: titleOfVariant(variant, document.options, words),
        position: index + 1,
        options: optionsOfVariant(document, variant, words),
        price: price ? { amount: price.amount, currency } : null,
        priceSteps: price ? [{ from: 1, price: { amount: price.amount, currency } }] : [],
        compareAtPrice:
          price && compareAt !== null && compareAt > price.amount ? { amount: compareAt, currency } : null,
        barcode: variant.barcode,
        weightGrams: variant.weightGrams,
        requiresShipping: variant.requiresShipping,
        taxable: variant.taxable,
        inventoryPolicy: variant.inventoryPolicy,
        image: variant.image,
        contents: [],
      };
    }),
    collections: row.collections,
    seo: seoIn(text, document.seo),
    updatedAt: row.updated_at.toISOString(),
    stars: [...row.ratings],
  };
}

export interface AdminRow {
  readonly version: number;
  readonly document: ProductDocument;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly collections: readonly string[];
}

export function toAdmin({
  version,
  document,
  created_at: createdAt,
  updated_at: updatedAt,
  collections,
}: AdminRow): AdminProduct {
  const { variants, images, tags, options, extra: _, giftCard: __, translations: _t, ...rest } = document;
  return {
    ...rest,
    version,
    tags: [...tags],
    options: [...options],
    images: [...images],
    variants: variants.map(({ extra: ___, image: ____, optionValues, prices, ...variant }, index) => ({
      ...variant,
      title: titleOfVariant({ optionValues }),
      position: index + 1,
      optionValues: [...optionValues],
      prices: [...prices],
    })),
    collections: [...collections],
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}

/** What `catalog.product.upserted` tells. */
export function eventOf(product: ProductDocument, version: number): ProductUpserted {
  return {
    id: product.id,
    handle: product.handle,
    title: product.title,
    vendor: product.vendor,
    type: product.type,
    published: isVisible(product),
    version,
    image: product.images[0]?.url ?? null,
    variants: product.variants.map((variant) => ({
      id: variant.id,
      sku: variant.sku,
      title: titleOfVariant(variant),
      options: optionsOfVariant(product, variant),
      prices: variant.prices.map(({ amount, currency }) => ({ amount, currency })),
      image: (variant.image ?? product.images[0])?.url ?? null,
      requiresShipping: variant.requiresShipping,
      taxable: variant.taxable,
      weightGrams: variant.weightGrams,
      inventoryPolicy: variant.inventoryPolicy,
      inventoryQuantity: variant.inventoryQuantity,
      ...(variant.bundle === undefined ? {} : { components: variant.bundle.components }),
    })),
  };
}

/**
 * Text for search, by weight, as somebody reads it in a language: what it is called, what it is, what is said of it.
 * @param locale absent: the one everything is written in
 */
export function searchTextsIn(product: ProductDocument, locale?: string): SearchTexts {
  const text = textIn(product.translations, locale);
  const words = wordsFor(text?.options ?? []);
  const values = product.variants.flatMap(({ optionValues }) =>
    optionValues.map((value, n) => words.value(product.options[n] ?? '', value)),
  );
  const terms = [...termsOf(product), ...new Set(values)];
  const description = textOf(text?.descriptionHtml ?? product.descriptionHtml);
  return [text?.title ?? product.title, terms.join(' '), description.slice(0, 20_000)];
}

/** The same in every language at once. */
export function searchTextsOf(product: ProductDocument): { a: string; b: string; c: string; all: string } {
  const texts = Object.values(product.translations ?? {});
  const a = [product.title, ...texts.flatMap(({ title }) => title ?? [])].join(' ');
  const b = termsOf(product).join(' ');
  const c = [product.descriptionHtml, ...texts.flatMap(({ descriptionHtml }) => descriptionHtml ?? [])]
    .map((html) => textOf(html))
    .join(' ')
    .slice(0, 20_000);
  const values = [...new Set(product.variants.flatMap(({ optionValues }) => optionValues))].join(' ');
  return { a, b: `${b} ${values}`, c, all: `${a} ${b} ${values}`.toLowerCase().slice(0, 4_000) };
}

/** What no language calls otherwise. */
function termsOf({ vendor, type, tags, variants }: ProductDocument): readonly string[] {
  return [vendor, type, ...tags, ...variants.flatMap(({ sku }) => sku ?? [])];
}

/** `Größe Ärmellos!` → `grosse-armellos`: lower-case words joined by dashes; other scripts keep their letters. */
export function handleOf(title: string): string {
  const plain = title
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .toLowerCase();
  return (
    plain
      .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 200) || 'item'
  );
}

/** Equal for equal content, whatever ids it has been given. */
export function contentHashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 27);
}

/** What a product's options are called, with the values there are. */
export function optionsOf({
  options,
  variants,
}: Pick<ProductDocument, 'options'> & {
  readonly variants: readonly Pick<VariantDocument, 'optionValues'>[];
}): { name: string; values: string[] }[] {
  return options.map((name, index) => ({
    name,
    values: [...new Set(variants.flatMap(({ optionValues }) => optionValues[index] ?? []))],
  }));
}

function optionsOfVariant(
  { options }: Pick<ProductDocument, 'options'>,
  { optionValues }: VariantDocument,
  words: OptionWords = AS_WRITTEN,
): Record<string, string> {
  return Object.fromEntries(
    options.map((name, index) => [words.name(name), words.value(name, optionValues[index] ?? '')]),
  );
}

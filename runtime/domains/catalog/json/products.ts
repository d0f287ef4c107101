/** One value of a JSON file becomes a product, or a list of what is wrong with it, each with the place in it. Pure: pictures stay addresses. */
import { z } from 'zod';
import { UNKEPT, unkeptIn } from '../../../platform/kept.ts';
import { MOST_COMPONENTS, MOST_UNITS } from '../bundles/schemas.ts';
import { optionsOf } from '../document.ts';
import { safeHtml } from '../html.ts';
import type { ImportedProduct, ImportedVariant } from '../imported.ts';
import { Handle, ProductInput, VariantInput, type ImportProblem } from '../schemas.ts';
import { ProductText } from '../translations/schemas.ts';
import { clashIn, isEmpty } from '../translations/words.ts';
import { problemsOfVariants } from '../variants.ts';
import type { JsonEntry } from './read.ts';

export type JsonOutcome =
  | { readonly product: ImportedProduct }
  | { readonly problems: readonly ImportProblem[] };

const Text = z.string().max(255);
/** What other programs keep with it, and we give back without using it. */
const Extra = z.record(Text, z.string().max(10_000)).refine((all) => Object.keys(all).length <= 200, {
  message: 'has more than 200 entries',
});
const Locale = z
  .string()
  .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$/, 'must be a locale like de or pt-BR');

/** By SKUs, or by ids of variants that have none of their own, as the file calls them. */
const NamedBundle = z.strictObject({
  components: z
    .array(z.strictObject({ variant: Text.min(1), quantity: z.int().min(1).max(MOST_UNITS) }))
    .min(1)
    .max(MOST_COMPONENTS),
  offBasisPoints: z.int().min(0).max(10_000).optional(),
});

const JsonVariant = VariantInput.omit({ id: true, bundle: true }).extend({
  /** Address of a picture. */
  image: z.string().max(2_048).nullable().default(null),
  extra: Extra.default({}),
  bundle: NamedBundle.optional(),
});

/** As a product is written over the API, with what an export knows besides. */
export const JsonProduct = ProductInput.extend({
  handle: Handle,
  giftCard: z.boolean().default(false),
  variants: z.array(JsonVariant).min(1).max(2_048),
  /** Titles. */
  collections: z.array(Text.trim().min(1)).max(100).default([]),
  extra: Extra.default({}),
  /** In these languages it is as said here, or not at all where that is null; others stay as they are. */
  translations: z.record(Locale, ProductText.nullable()).optional(),
});
type JsonProduct = z.infer<typeof JsonProduct>;

export function toProduct({ line, value }: JsonEntry): JsonOutcome {
  const handle = handleIn(value);
  const problems = (found: readonly { readonly where: string; readonly what: string }[]): JsonOutcome => ({
    problems: found.slice(0, MOST_PROBLEMS).map(({ where, what }) => ({
      line,
      column: where === '' ? null : where,
      handle,
      what: `${where === '' ? 'The product' : where}: ${what}`,
      remedy: 'Write it as an export does, or as the API describes a product.',
    })),
  });
  const unkept = unkeptIn(value);
  if (unkept !== undefined) return problems([{ where: unkept.join('/'), what: UNKEPT }]);
  const parsed = JsonProduct.safeParse(value);
  if (!parsed.success)
    return problems(
      parsed.error.issues.map(({ path, message }) => ({ where: path.join('/'), what: message })),
    );
  const wrong = [...problemsOfVariants(parsed.data), ...clashesIn(parsed.data)];
  return wrong.length > 0 ? problems(wrong) : { product: imported(line, parsed.data) };
}

const COLUMNS = { variantImage: 'variants/image', components: 'variants/bundle' };
/** Of one product: who has a thousand variants wrong has them wrong in one way. */
const MOST_PROBLEMS = 20;

function imported(line: number, input: JsonProduct): ImportedProduct {
  const { translations, variants, images, seo, ...rest } = input;
  return {
    ...rest,
    line,
    columns: COLUMNS,
    descriptionHtml: safeHtml(input.descriptionHtml),
    tags: [...new Set(input.tags)],
    seo: seo ?? { title: null, description: null },
    images: images.map(({ src, alt }, position) => ({
      line,
      column: `images/${position}`,
      src,
      alt,
      position,
    })),
    variants: variants.map((variant) => variantOf(line, variant)),
    collections: [...new Set(input.collections)],
    ...(translations === undefined ? {} : { translations: textsOf(translations) }),
  };
}

function variantOf(line: number, { bundle, ...variant }: JsonProduct['variants'][number]): ImportedVariant {
  return {
    ...variant,
    sku: variant.sku ?? null,
    barcode: variant.barcode ?? null,
    weightGrams: variant.weightGrams ?? null,
    prices: variant.prices.map(({ amount, currency, compareAt }) => ({
      amount,
      currency,
      compareAt: compareAt ?? null,
    })),
    ...(bundle === undefined
      ? {}
      : {
          bundle: {
            line,
            components: bundle.components.map(({ variant: name, quantity }) => ({ name, quantity })),
            offBasisPoints: bundle.offBasisPoints,
          },
        }),
  };
}

function textsOf(translations: NonNullable<JsonProduct['translations']>): Record<string, ProductText | null> {
  return Object.fromEntries(
    Object.entries(translations).map(([locale, text]) => {
      if (text === null) return [locale, null];
      const html = text.descriptionHtml === null ? null : safeHtml(text.descriptionHtml);
      return [locale, isEmpty(text) ? null : { ...text, descriptionHtml: html }];
    }),
  );
}

function clashesIn(input: JsonProduct): { where: string; what: string }[] {
  const known = optionsOf(input);
  return Object.entries(input.translations ?? {}).flatMap(([locale, text]) => {
    const clash = text === null ? undefined : clashIn(known, text.options);
    return clash === undefined
      ? []
      : [{ where: `translations/${locale}/options`, what: `says “${clash.slice(0, 60)}” twice` }];
  });
}

function handleIn(value: unknown): string | null {
  const parsed = z.object({ handle: Handle }).safeParse(value);
  return parsed.success ? parsed.data.handle : null;
}

/**
 * What is said of products and collections in the shop's other languages. Its first locale is what they are written in; whatever has no
 * translation is read in that.
 */
import { z } from 'zod';

const Text = z.string().trim().min(1).max(255);
const Html = z.string().max(200_000);
const SeoText = z.object({
  title: Text.nullable().default(null),
  description: z.string().max(1_000).nullable().default(null),
});

/** A name or value as the product has it, and what it is called in the other language. */
const Word = z.strictObject({ of: z.string().min(1).max(255), as: Text });

export const OptionText = Word.extend({ values: z.array(Word).max(2_048).default([]) });
export type OptionText = z.infer<typeof OptionText>;

const none = { title: null, description: null };

/** Null: as in the language it is written in. */
export const CollectionText = z.strictObject({
  title: Text.nullable().default(null),
  descriptionHtml: Html.nullable().default(null),
  seo: SeoText.default(none),
});
export type CollectionText = z.infer<typeof CollectionText>;

/** Options and values that the product does not have any more are passed over. */
export const ProductText = CollectionText.extend({ options: z.array(OptionText).max(3).default([]) });
export type ProductText = z.infer<typeof ProductText>;

/** By locale. */
export type Translations<Text> = Readonly<Record<string, Text>>;

const version = z.int().min(1);
/** `version` of the product or collection, as the merchant last saw it: a newer one answers 409. */
export const ProductTranslation = ProductText.extend({ version });
export type ProductTranslation = z.infer<typeof ProductTranslation>;
export const CollectionTranslation = CollectionText.extend({ version });
export type CollectionTranslation = z.infer<typeof CollectionTranslation>;

export const TranslationParams = z.object({
  id: z
    .string()
    .min(1)
    .max(80)
    .regex(/^[A-Za-z0-9_-]+$/),
  locale: z.string().regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$/, 'must be a locale like de or pt-BR'),
});

export const ProductTranslations = z.object({
  version: z.int(),
  translations: z.array(ProductText.extend({ locale: z.string() })),
});
export type ProductTranslations = z.infer<typeof ProductTranslations>;
export const CollectionTranslations = z.object({
  version: z.int(),
  translations: z.array(CollectionText.extend({ locale: z.string() })),
});
export type CollectionTranslations = z.infer<typeof CollectionTranslations>;

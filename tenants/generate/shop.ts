/** What a sample shop's list says: its products in the words of its merchant, its colours, its collections. */

/** One product as the merchant would note it; the generator makes variants, pictures and rows of it. */
export interface Item {
  readonly handle: string;
  readonly title: string;
  readonly type: string;
  readonly collection: string;
  /** In the shop's first currency, major units; of a bundle nobody reads it. */
  readonly price: number;
  readonly grams: number;
  /** Names from the shop's palette; the first colours the main picture. */
  readonly colours: readonly string[];
  /** Second option: value and what it adds to the price. */
  readonly sizes?: readonly (readonly [string, number])[];
  readonly draw: string;
  readonly shape?: string;
  readonly scale?: number;
  readonly accent?: string;
  readonly tags: readonly string[];
  readonly story: string;
  readonly facts: readonly string[];
  /** Price before the sale. */
  readonly was?: number;
  /** What one of it is made of, by handles with units, each in its first variant; it costs what these cost less so much percent. */
  readonly bundle?: { readonly of: readonly (readonly [string, number])[]; readonly percentOff: number };
}

/** What is said of a product in another language; no facts: none are shown. */
export type Words = Pick<Item, 'title' | 'story' | 'facts'>;

export interface Shop {
  readonly name: string;
  readonly vendor: string;
  /** First currency, its minor digits, and what another costs in it: price × rate, rounded to `ends`. */
  readonly currency: string;
  readonly others: readonly { readonly currency: string; readonly rate: number; readonly ends: number }[];
  readonly colourOption: string;
  readonly sizeOption: string;
  readonly palette: Readonly<Record<string, string>>;
  readonly accent: string;
  readonly studio: string;
  readonly scene: string;
  /** What a picture shows, for people who do not see it. */
  readonly alt: (title: string, colour: string) => string;
  readonly sceneAlt: (title: string) => string;
  readonly items: readonly Item[];
  /** By locale and handle; what has none is read as it is written. */
  readonly translations?: Readonly<Record<string, Readonly<Record<string, Words>>>>;
}

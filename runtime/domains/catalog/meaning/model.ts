/**
 * What words of a shop mean, learned from its own catalogue and nothing else: words that stand beside the same words come near each other (reflective
 * random indexing; Cohen et al. 2010), and so do words with the same letters in them. Small, quick, in any language, and no more than that: it
 * knows no word that the shop never wrote, but by its letters. Pure.
 */
import { segmentedText } from '../../../platform/search/segments.ts';
import { wordsOf } from '../search/words.ts';

/** Numbers of a vector. */
export const DIMENSIONS = 256;
/** Words that a model knows; of more, those in most products. */
export const MOST_WORDS = 8_000;

/** What a product says: its name, what it is, what is said of it; in this order words weigh less. */
export type Texts = readonly [title: string, terms: string, description: string];

const WEIGHTS = [4, 3, 1] as const;
/** How much of a word is what it stands beside; the rest is its letters. */
const CONTEXT = 0.5;
/** Products between two breaths. */
const BREATH = 100;
/** What one is in a byte. */
const BYTE = 127;
/** Of a word's letters, how many are looked at together. */
const GRAMS = [3, 4] as const;

export interface MeaningModel {
  /** How rare each word is, and what it stands beside: a unit vector, in bytes. */
  readonly words: ReadonlyMap<string, { readonly rarity: number; readonly context: Int8Array }>;
  /** Of a word that is unknown. */
  readonly rarest: number;
}

/**
 * @param products every one, or a fair sample
 * @param breathe awaited now and then: a large catalogue takes seconds, and others have their turn meanwhile
 */
export async function learn(
  products: readonly Texts[],
  breathe: () => Promise<void> = () => Promise.resolve(),
): Promise<MeaningModel> {
  const inProducts = new Map<string, number>();
  for (const [n, product] of products.entries()) {
    if (n % BREATH === 0) await breathe();
    for (const word of weighed(product).keys()) inProducts.set(word, (inProducts.get(word) ?? 0) + 1);
  }
  const letters = createLetters();
  const rarity = (word: string): number => rarityOf(inProducts.get(word) ?? 0.5, products.length);
  const known = [...inProducts.entries()]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, MOST_WORDS)
    .map(([word]) => [word, new Float32Array(DIMENSIONS)] as const);
  const contexts = new Map(known);
  for (const [n, texts] of products.entries()) {
    if (n % BREATH === 0) await breathe();
    const words = weighed(texts);
    const product = new Float32Array(DIMENSIONS);
    for (const [word, weight] of words) addLetters(product, letters(word), Math.log1p(weight) * rarity(word));
    unit(product);
    for (const [word, weight] of words) {
      const context = contexts.get(word);
      if (context !== undefined) add(context, product, Math.log1p(weight));
    }
  }
  // What every word stands beside tells none from another.
  const common = new Float32Array(DIMENSIONS);
  for (const context of contexts.values()) add(common, unit(context), 1 / Math.max(1, contexts.size));
  for (const context of contexts.values()) unit(add(context, common, -1));
  return {
    words: new Map(
      known.map(([word, context]) => [word, { rarity: rarity(word), context: inBytes(context) }]),
    ),
    rarest: rarityOf(0.5, products.length),
  };
}

/** @param having products that have it, of so many; half a one stands for none */
export function rarityOf(having: number, products: number): number {
  return Math.log(1 + products / having);
}

/** A unit vector; all zero for a text without words. @param letters for many texts one and the same */
export function meaningOf(
  model: MeaningModel,
  words: ReadonlyMap<string, number>,
  letters: LettersOf = lettersOf,
): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  for (const [word, weight] of words) {
    const known = model.words.get(word);
    const worth = Math.log1p(weight) * (known?.rarity ?? model.rarest);
    if (known === undefined) addLetters(vector, letters(word), worth);
    else {
      addLetters(vector, letters(word), worth * (1 - CONTEXT));
      add(vector, known.context, (worth * CONTEXT) / BYTE);
    }
  }
  return unit(vector);
}

/** Words of a product, and how much each says of it. */
export function weighed(texts: Texts): ReadonlyMap<string, number> {
  const words = new Map<string, number>();
  for (const [part, text] of texts.entries())
    for (const word of wordsOf(segmentedText(text)))
      words.set(word, (words.get(word) ?? 0) + (WEIGHTS[part] ?? 1));
  return words;
}

/** Where a unit vector that words with the same letters have much of in common is not zero, and what it is there. */
interface Letters {
  readonly at: Uint8Array;
  readonly values: Float32Array;
}

export type LettersOf = (word: string) => Letters;

/** Works the letters of a word out once: most words of a catalogue are in many of its products. */
export function createLetters(): LettersOf {
  const known = new Map<string, Letters>();
  return (word) => {
    let letters = known.get(word);
    if (letters === undefined) {
      if (known.size >= MOST_WORDS) known.clear();
      letters = lettersOf(word);
      known.set(word, letters);
    }
    return letters;
  };
}

const PLACES = 4;

function lettersOf(word: string): Letters {
  const vector = new Float32Array(DIMENSIONS);
  const letters = `<${word}>`;
  strew(vector, letters, 1);
  const length = [...letters];
  for (const size of GRAMS)
    for (let at = 0; at + size <= length.length; at++) strew(vector, length.slice(at, at + size).join(''), 1);
  unit(vector);
  const at = Uint8Array.from(vector.keys().filter((n) => vector[n] !== 0));
  return { at, values: Float32Array.from(at, (n) => vector[n] ?? 0) };
}

function addLetters(to: Float32Array, { at, values }: Letters, times: number): void {
  for (let n = 0; n < at.length; n++) {
    const place = at[n] ?? 0;
    to[place] = (to[place] ?? 0) + (values[n] ?? 0) * times;
  }
}

/** Adds what stands for these letters: a few numbers up or down, the same ones each time. */
function strew(vector: Float32Array, letters: string, by: number): void {
  let hash = 0x811c9dc5;
  for (let n = 0; n < letters.length; n++) hash = Math.imul(hash ^ letters.charCodeAt(n), 0x01000193);
  for (let n = 0; n < PLACES; n++) {
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) ^ n;
    hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
    const at = (hash >>> 8) % DIMENSIONS;
    vector[at] = (vector[at] ?? 0) + ((hash & 1) === 0 ? by : -by);
  }
}

/** A unit vector's numbers, a byte for each. */
export function inBytes(vector: Float32Array): Int8Array<ArrayBuffer> {
  const bytes = new Int8Array(vector.length);
  for (let n = 0; n < vector.length; n++) bytes[n] = Math.round((vector[n] ?? 0) * BYTE);
  return bytes;
}

function add(to: Float32Array, other: Float32Array | Int8Array, times: number): Float32Array {
  for (let n = 0; n < to.length; n++) to[n] = (to[n] ?? 0) + (other[n] ?? 0) * times;
  return to;
}

function unit(vector: Float32Array): Float32Array {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return sum === 0 ? vector : add(vector, vector, 1 / Math.sqrt(sum) - 1);
}

/** Models and vectors as they are kept: a byte for each number. Pure. */
import { DIMENSIONS, rarityOf, type MeaningModel } from './model.ts';

export interface StoredModel {
  readonly words: readonly (readonly [word: string, rarity: number])[];
  readonly contexts: Buffer;
}

export function packVector(vector: Float32Array): Buffer {
  return Buffer.from(Int8Array.from(vector, (value) => Math.round(value * 127)).buffer);
}

export function packModel({ words }: MeaningModel): StoredModel {
  return {
    words: [...words].map(([word, { rarity }]) => [word, Math.round(rarity * 1_000) / 1_000]),
    contexts: Buffer.concat([...words.values()].map(({ context }) => packVector(context))),
  };
}

export function unpackModel({ words, contexts }: StoredModel, products: number): MeaningModel {
  return {
    words: new Map(
      words.map(([word, rarity], n) => {
        const bytes = new Int8Array(contexts.buffer, contexts.byteOffset + n * DIMENSIONS, DIMENSIONS);
        return [word, { rarity, context: Float32Array.from(bytes, (value) => value / 127) }];
      }),
    ),
    rarest: rarityOf(0.5, products),
  };
}

/** Models and vectors as they are kept: a byte for each number. Pure. */
import { DIMENSIONS, inBytes, rarityOf, type MeaningModel } from './model.ts';

export interface StoredModel {
  readonly words: readonly (readonly [word: string, rarity: number])[];
  readonly contexts: Buffer;
}

export function packVector(vector: Float32Array): Buffer {
  return Buffer.from(inBytes(vector).buffer);
}

/** A unit vector of many numbers, each of which is small: as large as bytes can say it. What it is compared with takes its length into account. */
export function packUnit(vector: Float32Array): Buffer {
  let largest = 0;
  for (const value of vector) largest = Math.max(largest, Math.abs(value));
  const times = largest === 0 ? 0 : 127 / largest;
  return Buffer.from(Int8Array.from(vector, (value) => Math.round(value * times)).buffer);
}

export function packModel({ words }: MeaningModel): StoredModel {
  return {
    words: [...words].map(([word, { rarity }]) => [word, Math.round(rarity * 1_000) / 1_000]),
    contexts: Buffer.concat(
      [...words.values()].map(
        ({ context }) => new Uint8Array(context.buffer, context.byteOffset, DIMENSIONS),
      ),
    ),
  };
}

export function unpackModel({ words, contexts }: StoredModel, products: number): MeaningModel {
  return {
    words: new Map(
      words.map(([word, rarity], n) => {
        const context = new Int8Array(contexts.buffer, contexts.byteOffset + n * DIMENSIONS, DIMENSIONS);
        return [word, { rarity, context }];
      }),
    ),
    rarest: rarityOf(0.5, products),
  };
}

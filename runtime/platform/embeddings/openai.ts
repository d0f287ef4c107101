/** The embeddings port on a server of models: POST `<base>/embeddings`. Whoever asks comes back, or answers without it. */
import { z } from 'zod';
import { ShopError } from '../errors.ts';
import { createModelServer, type ModelAddress } from '../models/server.ts';
import type { Embeddings } from '../ports.ts';

export interface OpenAiEmbeddingsOptions extends ModelAddress {
  /** Numbers of a vector, as the model is asked for them: 64 to 4,096. */
  readonly dimensions: number;
  /** Cosine from which texts have something to do with each other, by this model. */
  readonly near: number;
  /** Texts of a tenant that are paid for in a day. */
  readonly dailyTexts: number;
}

/** Texts of one request. */
export const MOST_TEXTS = 64;

const Answer = z.object({
  data: z
    .array(z.object({ index: z.int().min(0), embedding: z.array(z.number()).max(4_096) }))
    .max(MOST_TEXTS),
});

const FAILURES = 2;
const LARGEST_ANSWER = 16 * 1024 * 1024;
/** Statuses that say that these texts are refused, and would be again. */
const REFUSALS: readonly number[] = [400, 413, 422];

export function createOpenAiEmbeddings({
  dimensions,
  near,
  dailyTexts,
  ...address
}: OpenAiEmbeddingsOptions): Embeddings {
  const { model } = address;
  const server = createModelServer({
    ...address,
    name: 'The model of embeddings',
    failures: FAILURES,
    largestAnswer: LARGEST_ANSWER,
    refusals: REFUSALS,
  });

  function vectorsIn(answer: unknown, count: number): readonly Float32Array[] {
    const { data = [] } = Answer.safeParse(answer).data ?? {};
    const vectors = new Map(data.map(({ index, embedding }) => [index, embedding]));
    return Array.from({ length: count }, (_, n) => {
      const vector = vectors.get(n);
      if (vector === undefined)
        throw new ShopError('unavailable', 'The answer of the model of embeddings cannot be read.');
      if (vector.length !== dimensions)
        throw new ShopError(
          'unavailable',
          `The model’s vectors have ${vector.length} numbers, not ${dimensions}.`,
          {
            remedy: `Set EMBEDDINGS_DIMENSIONS to ${vector.length}.`,
          },
        );
      return unit(Float32Array.from(vector));
    });
  }

  return {
    space: `${model}/${dimensions}`,
    dimensions,
    near,
    dailyTexts,
    async embed(_tenant, texts, signal) {
      if (texts.length === 0) return [];
      if (texts.length > MOST_TEXTS)
        throw new ShopError('invalid_input', `At most ${MOST_TEXTS} texts are embedded at once.`);
      const body = { model, input: texts, dimensions, encoding_format: 'float' };
      return server.post('/embeddings', body, signal, (answer) => vectorsIn(answer, texts.length));
    },
  };
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}

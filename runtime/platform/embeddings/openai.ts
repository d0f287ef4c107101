/**
 * The embeddings port on the HTTP interface that OpenAI's models have and most servers of open models speak too (vLLM, Ollama,
 * text-embeddings-inference): POST `<base>/embeddings`. One attempt: whoever asks comes back, or answers without it.
 */
import { z } from 'zod';
import { createCircuit, type CircuitWatch } from '../circuit/circuit.ts';
import { ShopError } from '../errors.ts';
import { jsonOf, textOf } from '../language/answer.ts';
import type { Embeddings } from '../ports.ts';

export interface OpenAiEmbeddingsOptions {
  /** Up to and without `/embeddings`: `https://api.openai.com/v1`. */
  readonly url: string;
  readonly model: string;
  /** Numbers of a vector, as the model is asked for them: 64 to 4,096. */
  readonly dimensions: number;
  /** Cosine from which texts have something to do with each other, by this model. */
  readonly near: number;
  /** Texts of a tenant that are paid for in a day. */
  readonly dailyTexts: number;
  /** Sent as a bearer token; absent: none is. */
  readonly key?: string | undefined;
  /** Default 15 s. */
  readonly timeoutMilliseconds?: number;
  /** Told when the server is taken to be away, and when it has answered again. */
  readonly watch?: CircuitWatch;
}

/** Texts of one request. */
export const MOST_TEXTS = 64;

const Answer = z.object({
  data: z
    .array(z.object({ index: z.int().min(0), embedding: z.array(z.number()).max(4_096) }))
    .max(MOST_TEXTS),
});

const FAILURES = 2;
/** A server that fails is left alone for so long. */
const REST_MS = 10_000;
const LARGEST_ANSWER = 16 * 1024 * 1024;
/** Statuses that say that these texts are refused, and would be again. */
const REFUSED: readonly number[] = [400, 413, 422];

export function createOpenAiEmbeddings({
  url,
  model,
  dimensions,
  near,
  dailyTexts,
  key,
  timeoutMilliseconds = 15_000,
  watch,
}: OpenAiEmbeddingsOptions): Embeddings {
  const circuit = createCircuit({
    failures: FAILURES,
    restMilliseconds: REST_MS,
    ...(watch === undefined ? {} : { watch }),
  });

  function failed(
    code: 'unavailable' | 'timeout' | 'rate_limited',
    message: string,
    {
      cause,
      remedy,
      retryAfter = null,
    }: { cause?: unknown; remedy?: string; retryAfter?: string | null } = {},
  ): ShopError {
    const seconds = Number(retryAfter);
    const error = new ShopError(code, message, {
      cause,
      ...(remedy === undefined ? {} : { remedy }),
      retryAfterSeconds: seconds > 0 && seconds <= 3_600 ? Math.ceil(seconds) : REST_MS / 1_000,
    });
    circuit.failed(error);
    return error;
  }

  async function ask(texts: readonly string[], signal: AbortSignal): Promise<Response> {
    return fetch(`${url.replace(/\/$/, '')}/embeddings`, {
      method: 'POST',
      redirect: 'error',
      headers: {
        'content-type': 'application/json',
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify({ model, input: texts, dimensions, encoding_format: 'float' }),
      signal,
    });
  }

  function vectorsIn(text: string, count: number): readonly Float32Array[] {
    const { data = [] } = Answer.safeParse(jsonOf(text)).data ?? {};
    const vectors = new Map(data.map(({ index, embedding }) => [index, embedding]));
    return Array.from({ length: count }, (_, n) => {
      const vector = vectors.get(n);
      if (vector === undefined) throw failed('unavailable', 'The answer of the embeddings cannot be read.');
      if (vector.length !== dimensions)
        throw failed('unavailable', `The model’s vectors have ${vector.length} numbers, not ${dimensions}.`, {
          remedy: `Set EMBEDDINGS_DIMENSIONS to ${vector.length}.`,
        });
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
      if (!circuit.admits())
        throw new ShopError('unavailable', 'The embeddings failed a moment ago.', {
          retryAfterSeconds: REST_MS / 1_000,
        });
      const late = AbortSignal.timeout(timeoutMilliseconds);
      try {
        const answer = await ask(texts, AbortSignal.any([signal, late]));
        const text = await textOf(answer, LARGEST_ANSWER);
        if (REFUSED.includes(answer.status)) {
          circuit.succeeded();
          throw new ShopError('invalid_input', `The embeddings refuse a text: ${answer.status}.`);
        }
        const retryAfter = answer.headers.get('retry-after');
        if (answer.status === 429)
          throw failed('rate_limited', 'The embeddings are asked too often.', { retryAfter });
        if (!answer.ok)
          throw failed('unavailable', `The embeddings answered ${answer.status}.`, { retryAfter });
        const vectors = vectorsIn(text, texts.length);
        circuit.succeeded();
        return vectors;
      } catch (error) {
        if (error instanceof ShopError) throw error;
        if (signal.aborted) circuit.abandoned();
        signal.throwIfAborted();
        if (late.aborted) throw failed('timeout', 'The embeddings took too long.', { cause: error });
        throw failed('unavailable', 'The embeddings cannot be reached.', { cause: error });
      }
    },
  };
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}

/**
 * The language port on the HTTP interface that OpenAI's models have and most servers of open models speak too (vLLM, Ollama,
 * llama.cpp): POST `<base>/chat/completions`. One attempt: whoever asks has another answer, and a shopper who waits.
 */
import { z } from 'zod';
import { createCircuit, type CircuitWatch } from '../circuit/circuit.ts';
import { ShopError } from '../errors.ts';
import type { Language } from '../ports.ts';
import { jsonOf, textOf } from './answer.ts';

export interface OpenAiOptions {
  /** Up to and without `/chat/completions`: `https://api.openai.com/v1`. */
  readonly url: string;
  readonly model: string;
  /** Sent as a bearer token; absent: none is. */
  readonly key?: string | undefined;
  /** Default 15 s. */
  readonly timeoutMilliseconds?: number;
  /** Told when the server is taken to be away, and when it has answered again. */
  readonly watch?: CircuitWatch;
}

const Answer = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
});

/** An answer has at most so many tokens. */
const TOKENS = 400;
/** A server that fails is left alone for so long. */
const REST_MS = 10_000;
const LARGEST_ANSWER = 200_000;

export function createOpenAi({
  url,
  model,
  key,
  timeoutMilliseconds = 15_000,
  watch,
}: OpenAiOptions): Language {
  const circuit = createCircuit({
    failures: 1,
    restMilliseconds: REST_MS,
    ...(watch === undefined ? {} : { watch }),
  });

  function failed(
    code: 'unavailable' | 'timeout' | 'rate_limited',
    message: string,
    cause?: unknown,
  ): ShopError {
    const error = new ShopError(code, message, { cause, retryAfterSeconds: REST_MS / 1_000 });
    circuit.failed(error);
    return error;
  }

  return {
    async complete(_tenant, { system, turns }, signal) {
      if (!circuit.admits())
        throw new ShopError('unavailable', 'The language model failed a moment ago.', {
          retryAfterSeconds: 10,
        });
      const late = AbortSignal.timeout(timeoutMilliseconds);
      try {
        const answer = await fetch(`${url.replace(/\/$/, '')}/chat/completions`, {
          method: 'POST',
          redirect: 'error',
          headers: {
            'content-type': 'application/json',
            ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          },
          body: JSON.stringify({
            model,
            max_tokens: TOKENS,
            messages: [
              { role: 'system', content: system },
              ...turns.map(({ by, text }) => ({
                role: by === 'shopper' ? 'user' : 'assistant',
                content: text,
              })),
            ],
          }),
          signal: AbortSignal.any([signal, late]),
        });
        const text = await textOf(answer, LARGEST_ANSWER);
        if (answer.status === 429) throw failed('rate_limited', 'The language model is asked too often.');
        if (!answer.ok) throw failed('unavailable', `The language model answered ${answer.status}.`);
        const parsed = Answer.safeParse(jsonOf(text));
        const [choice] = parsed.data?.choices ?? [];
        if (choice === undefined) throw failed('unavailable', 'The language model’s answer cannot be read.');
        circuit.succeeded();
        return choice.message.content;
      } catch (error) {
        if (error instanceof ShopError) throw error;
        if (signal.aborted) circuit.abandoned();
        signal.throwIfAborted();
        if (late.aborted) throw failed('timeout', 'The language model took too long.', error);
        throw failed('unavailable', 'The language model cannot be reached.', error);
      }
    },
  };
}

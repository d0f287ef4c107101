/** The language port on a server of models: POST `<base>/chat/completions`. Whoever asks has another answer, and a shopper who waits. */
import { z } from 'zod';
import { ShopError } from '../errors.ts';
import { createModelServer, type ModelAddress } from '../models/server.ts';
import type { Language } from '../ports.ts';

const Answer = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
});

/** An answer has at most so many tokens. */
const TOKENS = 400;
const LARGEST_ANSWER = 200_000;

export function createOpenAi(address: ModelAddress): Language {
  const server = createModelServer({
    ...address,
    name: 'The language model',
    failures: 1,
    largestAnswer: LARGEST_ANSWER,
  });
  return {
    complete: (_tenant, { system, turns }, signal) =>
      server.post(
        '/chat/completions',
        {
          model: address.model,
          max_tokens: TOKENS,
          messages: [
            { role: 'system', content: system },
            ...turns.map(({ by, text }) => ({
              role: by === 'shopper' ? 'user' : 'assistant',
              content: text,
            })),
          ],
        },
        signal,
        (answer) => {
          const [choice] = Answer.safeParse(answer).data?.choices ?? [];
          if (choice === undefined)
            throw new ShopError('unavailable', 'The language model’s answer cannot be read.');
          return choice.message.content;
        },
      ),
  };
}

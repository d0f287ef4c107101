/** A stand-in for a server of embeddings, of the wire only: its vectors count letters, and know nothing of meaning but what a test tells it. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';

const Asked = z.strictObject({
  model: z.string(),
  input: z.array(z.string()),
  dimensions: z.int(),
  encoding_format: z.literal('float'),
});

/**
 * Answers one request.
 * @param heard told what was asked, before it is answered
 * @param same words that count as another: `{ torch: 'headlamp' }`
 */
export function answerEmbeddings(
  request: IncomingMessage,
  response: ServerResponse,
  heard: (body: z.infer<typeof Asked>) => void = () => undefined,
  same: Readonly<Record<string, string>> = {},
): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Asked.parse(JSON.parse(Buffer.concat(chunks).toString()));
    heard(body);
    const data = body.input.map((text, index) => ({
      object: 'embedding',
      index,
      embedding: wordsCounted(text, body.dimensions, same),
    }));
    // In no order, as the interface allows.
    response.end(JSON.stringify({ object: 'list', data: data.toReversed(), model: body.model }));
  });
}

function wordsCounted(text: string, dimensions: number, same: Readonly<Record<string, string>>): number[] {
  const vector = Array.from({ length: dimensions }, () => 0);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const at =
      createHash('sha1')
        .update(same[word] ?? word)
        .digest()
        .readUInt32BE() % dimensions;
    vector[at] = (vector[at] ?? 0) + 1;
  }
  return vector;
}

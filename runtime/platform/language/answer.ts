/** What a model's server answers, read within bounds. */

/** A server that sends without end is not listened to. @param most bytes */
export async function textOf(answer: Response, most: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    // A body of fetch is bytes.
    const bytes = chunk as Uint8Array;
    size += bytes.length;
    if (size > most) break;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON is no answer.
    return undefined;
  }
}

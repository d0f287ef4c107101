/** Asking a message provider over HTTP: what became of the question, in the words of the ports. */
import { ShopError } from '../errors.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

const LIMIT_MS = 15_000;
const MOST_BYTES = 65_536;
/** The connection was never there, so nobody has heard the question. */
const NOT_ASKED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * Asks by POST, without following redirects, for at most 15 s.
 * @throws ShopError `unavailable` when nobody was reached, `timeout` when it is not known whether somebody was
 */
export async function post(
  url: string,
  provider: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
): Promise<HttpAnswer> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : new Uint8Array(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    return { status: answer.status, text: await beginningOf(answer) };
  } catch (error) {
    const code = codeOf(error);
    if (code !== undefined && NOT_ASKED.has(code))
      throw new ShopError('unavailable', `${provider} cannot be reached (${code}).`, {
        cause: error,
        retryAfterSeconds: 30,
        remedy: 'Wait until it answers.',
      });
    throw new ShopError('timeout', `${provider} gave no answer.`, {
      cause: error,
      remedy: 'Send it again under the same id.',
    });
  }
}

async function beginningOf(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    // Node's body gives bytes.
    chunks.push(chunk as Uint8Array);
    size += (chunk as Uint8Array).length;
    if (size > MOST_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function codeOf(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

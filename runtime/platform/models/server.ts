/**
 * A server of models, on the HTTP interface that OpenAI's have and most servers of open ones speak too (vLLM, Ollama, llama.cpp). One attempt:
 * whoever asks has another answer, or comes back. A server that fails is left alone for a while.
 */
import { createCircuit, type CircuitWatch } from '../circuit/circuit.ts';
import { ShopError } from '../errors.ts';
import { jsonIn } from '../json/index.ts';

/** Where a model is. */
export interface ModelAddress {
  /** Up to and without what is asked for: `https://api.openai.com/v1`. */
  readonly url: string;
  readonly model: string;
  /** Sent as a bearer token; absent: none is. */
  readonly key?: string | undefined;
  /** Default 15 s. */
  readonly timeoutMilliseconds?: number;
  /** Told when the server is taken to be away, and when it has answered again. */
  readonly watch?: CircuitWatch;
}

export interface ModelServerOptions extends ModelAddress {
  /** As errors call it: `The language model`. */
  readonly name: string;
  /** In a row, before it is left alone. */
  readonly failures: number;
  /** Bytes. */
  readonly largestAnswer: number;
  /** Statuses that say that what is asked is refused, and would be again: no failure of the server. */
  readonly refusals?: readonly number[];
}

export interface ModelServer {
  /**
   * @param read what the answer, as JSON, says; throws ShopError where it says something else, which is a failure of the server
   * @throws ShopError `unavailable`, `timeout` or `rate_limited`, with when to come back; `invalid_input` for what is refused
   */
  post<T>(path: string, body: object, signal: AbortSignal, read: (answer: unknown) => T): Promise<T>;
}

/** A server that fails is left alone for so long. */
const REST_MS = 10_000;
const LONGEST_REST_SECONDS = 3_600;

export function createModelServer({
  name,
  url,
  key,
  failures,
  largestAnswer,
  refusals = [],
  timeoutMilliseconds = 15_000,
  watch,
}: ModelServerOptions): ModelServer {
  const circuit = createCircuit({
    failures,
    restMilliseconds: REST_MS,
    ...(watch === undefined ? {} : { watch }),
  });

  async function asked(path: string, body: object, signal: AbortSignal): Promise<unknown> {
    const answer = await fetch(`${url.replace(/\/$/, '')}${path}`, {
      method: 'POST',
      redirect: 'error',
      headers: {
        'content-type': 'application/json',
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify(body),
      signal,
    });
    const text = await textOf(answer, largestAnswer);
    if (answer.ok) return jsonIn(text);
    if (refusals.includes(answer.status))
      throw new ShopError('invalid_input', `${name} refuses what it is asked: ${answer.status}.`);
    const { code, says } =
      answer.status === 429
        ? { code: 'rate_limited' as const, says: 'is asked too often' }
        : { code: 'unavailable' as const, says: `answered ${answer.status}` };
    const seconds = Number(answer.headers.get('retry-after'));
    throw new ShopError(code, `${name} ${says}.`, {
      retryAfterSeconds:
        seconds > 0 && seconds <= LONGEST_REST_SECONDS ? Math.ceil(seconds) : REST_MS / 1_000,
    });
  }

  return {
    async post(path, body, signal, read) {
      if (!circuit.admits()) throw unavailable(`${name} failed a moment ago.`);
      const late = AbortSignal.timeout(timeoutMilliseconds);
      try {
        const said = read(await asked(path, body, AbortSignal.any([signal, late])));
        circuit.succeeded();
        return said;
      } catch (error) {
        const failure = failureOf(error, signal, late);
        if (failure === undefined) circuit.abandoned();
        else if (failure.code === 'invalid_input') circuit.succeeded();
        else circuit.failed(failure);
        throw failure ?? error;
      }
    },
  };

  /** @returns undefined where whoever asked has given up */
  function failureOf(error: unknown, asking: AbortSignal, late: AbortSignal): ShopError | undefined {
    if (error instanceof ShopError) return error;
    if (asking.aborted) return undefined;
    if (!late.aborted) return unavailable(`${name} cannot be reached.`, error);
    const retryAfterSeconds = REST_MS / 1_000;
    return new ShopError('timeout', `${name} took too long.`, { cause: error, retryAfterSeconds });
  }
}

function unavailable(message: string, cause?: unknown): ShopError {
  return new ShopError('unavailable', message, { cause, retryAfterSeconds: REST_MS / 1_000 });
}

/** A server that sends without end is not listened to. @param most bytes */
async function textOf(answer: Response, most: number): Promise<string> {
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

/**
 * One request to one Pod and its answer back, streamed both ways: nothing is kept, nothing waits for the whole.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher, Pool } from 'undici';
import type { FlatHeaders } from './headers.ts';
import { waitBy } from './holds.ts';

export interface ExchangeOptions {
  readonly pool: Pool;
  readonly path: string;
  readonly headers: FlatHeaders;
  /** `undefined`: none. A Buffer may be sent again, a stream may not. */
  readonly body: Buffer | AsyncIterable<Buffer> | undefined;
  readonly answerMs: number;
  readonly idleMs: number;
  /** How long the client may take nothing of the answer. */
  readonly unreadMs: number;
  /**
   * The client is waited for from now on, with a connection to the Pod: it still sends, or does not read.
   * @param refuse ends the exchange, when the client may not be waited for
   * @returns says that it is waited for no longer
   */
  readonly waitForClient: (refuse: (reason: Error) => void) => () => void;
  /** Headers of the answer, ready for the client. */
  readonly answerHeaders: (headers: Readonly<Record<string, string | string[] | undefined>>) => FlatHeaders;
  /** Called once, when the exchange has ended one way or another. */
  readonly done: (outcome: Outcome) => void;
}

export type Outcome =
  /** The answer went through, whatever its status. */
  | { readonly kind: 'answered'; readonly status: number }
  /** Nothing was said to the client yet; `sent`: the Pod may have begun to work. */
  | { readonly kind: 'failed'; readonly error: Error; readonly sent: boolean }
  /** The answer broke off in the middle; the client's connection was cut so that it knows. */
  | { readonly kind: 'broken'; readonly status: number; readonly error: Error }
  | { readonly kind: 'client-gone' };

export interface Exchange {
  /** Gives up, for example because the client has gone or the route's time is over. */
  abort(reason: Error): void;
}

/** The client closed its connection before the answer was complete. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

export function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  options: ExchangeOptions,
): Exchange {
  let controller: Dispatcher.DispatchController | undefined;
  let abortReason: Error | undefined;
  let isSent = false;
  let left = -1;

  function abort(reason: Error): void {
    if (abortReason !== undefined) return;
    abortReason = reason;
    controller?.abort(reason);
  }

  const wait = waitBy(() =>
    options.waitForClient((reason) => {
      if (response.headersSent) response.destroy();
      else abort(reason);
    }),
  );

  function done(outcome: Outcome): void {
    wait.end();
    options.done(outcome);
  }

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started;
      isSent = true;
      if (abortReason !== undefined) return started.abort(abortReason);
      if (options.body === undefined || Buffer.isBuffer(options.body) || request.readableEnded) return;
      wait.begin();
      request.once('end', wait.end);
    },

    onResponseStart(current, status, headers, statusText) {
      // 1xx answers are between the Pod and us.
      if (status < 200) return;
      left = Number(headers['content-length'] ?? '-1');
      response.sendDate = headers['date'] === undefined;
      response.writeHead(status, statusText ?? '', options.answerHeaders(headers));
      // Without a known length the answer may be a stream of events: its headers must not wait for the first.
      if (left < 0) response.flushHeaders();
      if (current !== controller) controller = current;
    },

    onResponseData(current, chunk) {
      left -= chunk.length;
      if (left === 0) {
        // The last part goes out together with the end, and for small answers with the headers, in one packet.
        response.end(chunk);
      } else if (!response.write(chunk)) {
        current.pause();
        // Nobody else does: undici's own timeouts stand still while it is paused.
        const unread = setTimeout(() => response.destroy(), options.unreadMs);
        const stop = (): void => {
          clearTimeout(unread);
          response.off('drain', goOn).off('close', stop);
        };
        const goOn = (): void => {
          stop();
          current.resume();
        };
        response.on('drain', goOn).on('close', stop);
        // To the end of the answer: who reads a little now and then has the connection for as long.
        wait.begin();
      }
    },

    onResponseEnd() {
      if (!response.writableEnded) response.end();
      done({ kind: 'answered', status: response.statusCode });
    },

    onResponseError(_current, error) {
      const reason = abortReason ?? error;
      if (reason instanceof ClientGone) return done({ kind: 'client-gone' });
      if (!response.headersSent) return done({ kind: 'failed', error: reason, sent: isSent });
      response.destroy();
      done({ kind: 'broken', status: response.statusCode, error: reason });
    },
  };

  options.pool.dispatch(
    {
      path: options.path,
      // Node has checked it; undici checks it again.
      method: request.method as Dispatcher.HttpMethod,
      headers: options.headers,
      body: (options.body as Dispatcher.DispatchOptions['body']) ?? null,
      headersTimeout: options.answerMs,
      bodyTimeout: options.idleMs,
    },
    handler,
  );

  return { abort };
}

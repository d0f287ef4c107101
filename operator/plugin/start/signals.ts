/**
 * Ctrl-C once asks everything to stop; a second time ends this process at once.
 */
import { Interrupted } from '../failure.ts';

export interface Interruption {
  readonly signal: AbortSignal;
  /** Rejects with Interrupted; never resolves. */
  readonly whenInterrupted: Promise<never>;
  dispose(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function listenForSignals(): Interruption {
  const controller = new AbortController();
  const whenInterrupted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(new Interrupted()), { once: true });
  });
  // Whoever races against it handles it; until then it must not count as unhandled.
  whenInterrupted.catch(() => undefined);
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    whenInterrupted,
    dispose() {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}

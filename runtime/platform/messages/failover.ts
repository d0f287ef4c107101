/**
 * Several providers as one: the first that is well is asked, the next when it did not take the message. One that failed several times in
 * a row is left alone for a while, and then tried again with one message.
 *
 * What is unknown is not handed on: a message that a provider may have sent is asked of the same provider again, which can tell by its id.
 */
import { ShopError } from '../errors.ts';
import type { Clock } from '../ports.ts';

export interface Provider<Message, Sent> {
  readonly name: string;
  readonly send: (message: Message) => Promise<Sent>;
}

export interface FailoverOptions {
  readonly clock: Clock;
  /** Failures in a row until a provider is left alone. Default 3. */
  readonly failures?: number;
  /** For how long. Default 30 s. */
  readonly restMilliseconds?: number;
}

/** Remembers how providers fared, each by itself: whoever shares a provider shares that. */
export interface Failover {
  /** @throws what the last provider that was asked threw */
  send<Message, Sent>(providers: readonly Provider<Message, Sent>[], message: Message): Promise<Sent>;
}

export function createFailover({
  clock,
  failures = 3,
  restMilliseconds = 30_000,
}: FailoverOptions): Failover {
  const troubles = new WeakMap<object, { failed: number; restsUntil: number }>();

  /** Those that are well, in their order; when none is, all of them: better a try than none. */
  function inOrder<P extends object>(providers: readonly P[]): readonly P[] {
    const now = clock.now().getTime();
    const well = providers.filter((one) => (troubles.get(one)?.restsUntil ?? 0) <= now);
    return well.length > 0 ? well : providers;
  }

  function failed(provider: object): void {
    const before = troubles.get(provider)?.failed ?? 0;
    const restsUntil = before + 1 >= failures ? clock.now().getTime() + restMilliseconds : 0;
    troubles.set(provider, { failed: before + 1, restsUntil });
  }

  return {
    async send(providers, message) {
      let last: unknown = new ShopError('unavailable', 'No provider is set up.');
      for (const provider of inOrder(providers)) {
        try {
          const sent = await provider.send(message);
          troubles.delete(provider);
          return sent;
        } catch (error) {
          last = error;
          const code = error instanceof ShopError ? error.code : 'internal';
          // About the message or whom it is for: another provider would say the same.
          if (code === 'gone' || code === 'invalid_input') throw error;
          failed(provider);
          if (code !== 'unavailable' && code !== 'forbidden') throw error;
        }
      }
      throw last;
    },
  };
}

/**
 * Several providers as one: the first that is well is asked, the next when it did not take the message. One that failed several times in
 * a row is left alone for a while, and then tried again with one message.
 *
 * What is unknown is not handed on: a message that a provider may have sent is asked of the same provider again, which can tell by its id.
 */
import { createCircuit, type Circuit } from '../circuit/circuit.ts';
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
  const circuits = new WeakMap<object, Circuit>();

  function circuitOf(provider: object): Circuit {
    const known =
      circuits.get(provider) ??
      createCircuit({ failures, restMilliseconds, now: () => clock.now().getTime() });
    circuits.set(provider, known);
    return known;
  }

  return {
    async send(providers, message) {
      let last: unknown = new ShopError('unavailable', 'No provider is set up.');
      // When none is well all of them are asked: better a try than none.
      const noneIsWell = providers.every((provider) => circuitOf(provider).isOpen());
      for (const provider of providers) {
        const circuit = circuitOf(provider);
        if (!circuit.admits() && !noneIsWell) continue;
        try {
          const sent = await provider.send(message);
          circuit.succeeded();
          return sent;
        } catch (error) {
          last = error;
          const code = error instanceof ShopError ? error.code : 'internal';
          // About the message or whom it is for: another provider would say the same.
          if (code === 'gone' || code === 'invalid_input') {
            circuit.abandoned();
            throw error;
          }
          circuit.failed(error);
          if (code !== 'unavailable' && code !== 'forbidden') throw error;
        }
      }
      throw last;
    },
  };
}

/** Who listens to what in this process, and the limits of a message: what both adapters of pub/sub share. */
import { ShopError } from '../errors.ts';

export type Heard = (message: string) => void;

/** A notification of PostgreSQL holds 8,000 bytes, our envelope included. */
const LARGEST = 7_000;

export interface Channels {
  /** @returns whether it is the first listener of that channel, and how to end it: true when it was the last */
  add(channel: string, heard: Heard): { readonly first: boolean; readonly remove: () => boolean };
  /** A listener that throws is told to `onError`, and keeps nobody else from hearing. */
  tell(channel: string, message: string): void;
}

export function createChannels(onError: (error: unknown) => void): Channels {
  const listeners = new Map<string, Set<{ readonly heard: Heard }>>();
  return {
    add(channel, heard) {
      const all = listeners.get(channel) ?? new Set();
      const first = all.size === 0;
      // Of its own, so that the same function may listen twice.
      const entry = { heard };
      listeners.set(channel, all.add(entry));
      return {
        first,
        remove() {
          const was = all.delete(entry);
          if (all.size > 0 || !was) return false;
          listeners.delete(channel);
          return true;
        },
      };
    },
    tell(channel, message) {
      for (const { heard } of listeners.get(channel) ?? []) {
        try {
          heard(message);
        } catch (error) {
          onError(error);
        }
      }
    },
  };
}

/** Throws ShopError `too_large`. */
export function checkMessage(message: string): void {
  if (Buffer.byteLength(message) > LARGEST)
    throw new ShopError('too_large', `A message is at most ${LARGEST} bytes.`, {
      remedy: 'Publish where it is to be found instead.',
    });
}

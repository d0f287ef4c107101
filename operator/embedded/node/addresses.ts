/**
 * Loopback addresses for Pods. Linux answers on all of 127.0.0.0/8; elsewhere there is one address, every Pod shares
 * it, and two Pods cannot listen on the same port.
 */
import { createHash } from 'node:crypto';

export const LOOPBACK = '127.0.0.1';

export interface Addresses {
  /** The address it asks for when that is free and ours, or the next free one. */
  take(owner: string, wanted?: string): string;
  release(owner: string): void;
}

const HOSTS = 254;
const NETS = 4;

/** @param seed clusters with different seeds mostly have different addresses, so that they can run side by side */
export function createAddresses(seed: string, wholeNet = process.platform === 'linux'): Addresses {
  const [a = 0, b = 0] = createHash('sha256').update(seed).digest();
  // 127.96 and above belong to Services, 127.0 to everybody.
  const prefix = `127.${20 + (a % 64)}.`;
  const address = (index: number): string =>
    `${prefix}${(b + Math.floor(index / HOSTS)) % 256}.${1 + (index % HOSTS)}`;
  const total = HOSTS * NETS;
  const ours = new Set(Array.from({ length: total }, (_, index) => address(index)));
  const owners = new Map<string, string>();
  const taken = new Set<string>();
  let next = 0;

  return {
    take(owner, wanted) {
      if (!wholeNet) return LOOPBACK;
      const present = owners.get(owner);
      if (present !== undefined) return present;
      let found = wanted !== undefined && ours.has(wanted) && !taken.has(wanted) ? wanted : undefined;
      for (let tries = 0; found === undefined; tries += 1) {
        if (tries === total) throw new Error(`all ${total} Pod addresses of ${prefix}0.0 are in use`);
        const candidate = address(next);
        // Round and round, so that an address rests before it is used again.
        next = (next + 1) % total;
        if (!taken.has(candidate)) found = candidate;
      }
      owners.set(owner, found);
      taken.add(found);
      return found;
    },
    release(owner) {
      const present = owners.get(owner);
      owners.delete(owner);
      if (present !== undefined) taken.delete(present);
    },
  };
}

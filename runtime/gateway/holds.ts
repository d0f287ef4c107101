/**
 * Who keeps connections to a Pod waiting, and how many: a client that sends or reads slowly has one for as long as it likes, and a Pod
 * has the same few for all its shops. Of them a client and a shop have a share; who keeps nobody waiting is not counted.
 */
import type { Clock } from '../../operator/kube/clock.ts';

/** Whose share is used up. */
export type Party = 'client' | 'shop' | 'all';

export interface Holder {
  /** `ip:port`. */
  readonly pod: string;
  readonly tenant: string;
  /** As clients are counted: a whole network of IPv6 is one. */
  readonly client: string;
}

export interface Holds {
  /**
   * A client is waited for from now on.
   * @param refuse called once, if a share is used up: at once, or when the client has been waited for too long
   * @returns says that it is waited for no longer; may be called again
   */
  begin(holder: Holder, refuse: (whose: Party) => void): () => void;
}

/** Of one exchange: its client is waited for now and then, and counted once at a time. */
export interface Wait {
  /** Again while it lasts, it is the same. */
  begin(): void;
  end(): void;
}

/** @param begin as `Holds.begin`: called where a wait begins, and not before */
export function waitBy(begin: () => () => void): Wait {
  let over: (() => void) | undefined;
  return {
    begin() {
      over ??= begin();
    },
    end() {
      over?.();
      over = undefined;
    },
  };
}

export interface HoldsOptions {
  readonly clock: Pick<Clock, 'after'>;
  /** From when on a client is slow, in milliseconds. */
  readonly slowMs: number;
  /** To one Pod. */
  readonly connections: number;
}

/**
 * Parts of a Pod's connections: for how many clients it may wait at once, and how many of these may be slow. The rest is for those who
 * keep nobody waiting. Many share one address (an office, a balancer that is not trusted), and few of them are slow at the same time.
 */
const SHARES: Readonly<Record<Party, { readonly waiting: number; readonly slow: number }>> = {
  client: { waiting: 1 / 2, slow: 1 / 8 },
  shop: { waiting: 3 / 4, slow: 1 / 2 },
  all: { waiting: 7 / 8, slow: 3 / 4 },
};

interface Count {
  readonly party: Party;
  readonly key: string;
  waiting: number;
  slow: number;
}

export function createHolds({ clock, slowMs, connections }: HoldsOptions): Holds {
  const counts = new Map<string, Count>();

  function countOf(party: Party, key: string): Count {
    const known = counts.get(key);
    if (known !== undefined) return known;
    const count = { party, key, waiting: 0, slow: 0 };
    counts.set(key, count);
    return count;
  }

  function forget(own: readonly Count[]): void {
    for (const { key, waiting } of own) if (waiting === 0) counts.delete(key);
  }

  const usedUp = (own: readonly Count[], kind: 'waiting' | 'slow'): Party | undefined =>
    own.find((count) => count[kind] >= Math.max(1, Math.floor(connections * SHARES[count.party][kind])))
      ?.party;

  return {
    begin({ pod, tenant, client }, refuse) {
      const own = [
        countOf('client', `${pod} from ${client}`),
        countOf('shop', `${pod} for ${tenant}`),
        countOf('all', pod),
      ];
      const whose = usedUp(own, 'waiting');
      if (whose !== undefined) {
        forget(own);
        refuse(whose);
        return () => undefined;
      }
      for (const count of own) count.waiting += 1;
      let isSlow = false;
      let isOver = false;
      const stop = clock.after(slowMs, () => {
        const beyond = usedUp(own, 'slow');
        if (beyond !== undefined) {
          end();
          return refuse(beyond);
        }
        isSlow = true;
        for (const count of own) count.slow += 1;
      });

      function end(): void {
        if (isOver) return;
        isOver = true;
        stop();
        for (const count of own) {
          count.waiting -= 1;
          if (isSlow) count.slow -= 1;
        }
        forget(own);
      }
      return end;
    },
  };
}

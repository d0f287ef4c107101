/**
 * Who came in by a session goes when it is over, in seconds and in every process: all connections of a shop are looked at with one
 * question. What is found is looked at again as ever (`server.ts`), which decides.
 */
import type { TenantId } from '../../platform/ports.ts';
import { createWheel } from './wheel.ts';

/** As much of a connection as is looked at. */
export interface Proven {
  readonly tenant: { readonly id: TenantId };
  readonly proof: { readonly token: string } | undefined;
}

export interface SessionWatch<Item extends Proven> {
  /** Has proved who it is, perhaps once more. */
  add(connection: Item): void;
  delete(connection: Item): void;
  close(): void;
}

export interface SessionWatchOptions<Item extends Proven> {
  /** Which of these tokens are of no session any more. At most `MOST_ASKED` are asked for at once. */
  readonly over: (tenant: TenantId, tokens: readonly string[]) => Promise<readonly string[]>;
  readonly lookAgain: (connection: Item) => void;
  readonly onError: (error: unknown) => void;
  /** How often each is looked at. */
  readonly turnMilliseconds: number;
}

export const MOST_ASKED = 500;
const SPOKES = 10;
/** Of customers and of the staff. */
const SESSION = /^sm[sf]_/;

export function createSessionWatch<Item extends Proven>(
  options: SessionWatchOptions<Item>,
): SessionWatch<Item> {
  const { over, lookAgain, onError, turnMilliseconds } = options;
  const due = new Set<Item>();
  let asking: Promise<void> | undefined;
  const wheel = createWheel<Item>({ turnMilliseconds, spokes: SPOKES, visit });

  function visit(connection: Item): void {
    due.add(connection);
    // One after the other, and in the next turn what comes while the server is slow.
    asking ??= Promise.resolve()
      .then(ask)
      .catch(onError)
      .finally(() => (asking = undefined));
  }

  async function ask(): Promise<void> {
    const all = [...due];
    due.clear();
    for (const [tenant, connections] of Map.groupBy(all, ({ tenant: { id } }) => id))
      for (let at = 0; at < connections.length; at += MOST_ASKED)
        await askFor(tenant, connections.slice(at, at + MOST_ASKED));
  }

  async function askFor(tenant: TenantId, connections: readonly Item[]): Promise<void> {
    const ofToken = Map.groupBy(connections, ({ proof }) => proof?.token ?? '');
    for (const token of await over(tenant, [...ofToken.keys()])) ofToken.get(token)?.forEach(lookAgain);
  }

  return {
    add(connection) {
      wheel.delete(connection);
      if (SESSION.test(connection.proof?.token ?? '')) wheel.add(connection);
    },
    delete(connection) {
      wheel.delete(connection);
      due.delete(connection);
    },
    close: () => wheel.close(),
  };
}

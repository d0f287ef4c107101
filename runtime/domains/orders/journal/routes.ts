/** The routes of journals: what became of an order, entry by entry, and whether its row is what they come to. */
import type { Platform, RouteHandler } from '../../../platform/domain.ts';
import { readerOf } from '../carts.ts';
import { noSuchOrder } from '../store.ts';
import { differences, replay, type Difference } from './replay.ts';
import { readJournal, readJournals, type Journalled } from './store.ts';

export function journalRoutes(platform: Platform): Record<string, RouteHandler> {
  return {
    async getJournal({ tenant, params, query }) {
      // The host has parsed both with the schemas of the route.
      const [{ orderId }, { at }] = [params as { orderId: string }, query as { at?: string }];
      const found = await readJournal(readerOf(platform, tenant.id), tenant.id, orderId);
      if (found === undefined) throw noSuchOrder(orderId);
      const facts = replay(found.entries, at === undefined ? undefined : new Date(at));
      return {
        json: {
          orderId,
          entries: found.entries.map((entry) => ({
            sequence: entry.sequence,
            at: entry.at.toISOString(),
            actor: entry.actor,
            reason: entry.reason,
            change: entry.change === undefined ? undefined : shown(entry.change),
          })),
          facts: facts === undefined ? undefined : shown(facts),
          differences: (differing(found) ?? []).map(told),
        },
      };
    },
    async checkJournals({ tenant, query }) {
      const { cursor = '', limit } = query as { cursor?: string; limit: number };
      const found = await readJournals(readerOf(platform, tenant.id), tenant.id, cursor, limit);
      const judged = found.map((each) => ({ orderId: each.orderId, differing: differing(each) }));
      return {
        json: {
          checked: found.length,
          unknown: judged.filter(({ differing: found }) => found === undefined).length,
          differing: judged.flatMap(({ orderId, differing: found }) =>
            found === undefined || found.length === 0 ? [] : [{ orderId, differences: found.map(told) }],
          ),
          nextCursor: found.length < limit ? null : (found.at(-1)?.orderId ?? null),
        },
      };
    },
  };
}

/** @returns undefined where the journal does not say enough to compare */
function differing({ row, entries }: Journalled): readonly Difference[] | undefined {
  const facts = replay(entries);
  return facts === undefined ? undefined : differences(facts, row);
}

function told({ column, journal, row }: Difference): object {
  return { fact: nameOf(column), journal, order: row };
}

function shown<T>(facts: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(facts).map(([column, fact]) => [nameOf(column), fact]));
}

function nameOf(column: string): string {
  return column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

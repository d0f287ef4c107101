/**
 * What an order's journal comes to. Each change of an order is an entry, made in the statement that changes its row; the row is the
 * projection of its entries that everybody reads (event sourcing and CQRS, Fowler 2005). Pure.
 */
import type { Change } from '../store.ts';

/** Columns that a change may set. The saga's own mark, whether it has more to do, is no fact about the order; surcharges have rows of their own. */
export type Column = Exclude<keyof Change, 'settled' | 'surcharge'>;
/** As JSON has it: moments are text. */
export type Fact = string | number | boolean | null;
export type Facts = Readonly<Record<Column, Fact>>;

export interface JournalEntry {
  readonly sequence: number;
  readonly at: Date;
  /** Absent in entries that were written before there was a journal: what they changed is not known. */
  readonly change: Readonly<Partial<Record<string, Fact>>> | undefined;
}

/** What every order begins with; the first entry says the rest. */
const PLACED: Facts = {
  status: 'pending_payment',
  stock: 'held',
  payment: 'none',
  intent_id: null,
  payment_problem: null,
  disputed: false,
  captured: 0,
  refunded: 0,
  bounced: 0,
  gift_refunded: 0,
  outside: 0,
  total: 0,
  lowered: 0,
  outside_refunded: 0,
  credited: 0,
  cancel_actor: null,
  reason: null,
  tracking: null,
  fulfilled_at: null,
  hold_expires_at: null,
};

export const COLUMNS = Object.keys(PLACED) as readonly Column[]; // its own keys

/** @param until leaves out what came later. @returns undefined where the journal does not go back to the beginning */
export function replay(entries: readonly JournalEntry[], until?: Date): Facts | undefined {
  let facts = PLACED;
  for (const { at, change } of entries.toSorted((one, other) => one.sequence - other.sequence)) {
    if (change === undefined) return undefined;
    if (until !== undefined && at > until) break;
    facts = { ...facts, ...change };
  }
  return entries.length === 0 ? undefined : facts;
}

export interface Difference {
  readonly column: Column;
  readonly journal: Fact;
  readonly row: Fact;
}

/** Where the row is not what its journal says: somebody has changed it by another way. */
export function differences(journal: Facts, row: Facts): readonly Difference[] {
  return COLUMNS.filter(
    (column) => comparable(column, journal[column]) !== comparable(column, row[column]),
  ).map((column) => ({ column, journal: journal[column], row: row[column] }));
}

/** The same moment may be written with other offsets. */
function comparable(column: Column, fact: Fact): Fact {
  return column.endsWith('_at') && typeof fact === 'string' ? new Date(fact).getTime() : fact;
}

/** Journals as stored, beside the rows that are their projections. Entries are written by `changeOrder`, with the change. */
import type { TenantId } from '../../../platform/ports.ts';
import type { Reader } from '../carts.ts';
import { COLUMNS, type Column, type Fact, type Facts, type JournalEntry } from './replay.ts';

export interface StoredEntry extends JournalEntry {
  readonly actor: string;
  readonly reason: string | undefined;
}

/** An order's row as its journal speaks of it, with the journal. */
export interface Journalled {
  readonly orderId: string;
  readonly row: Facts;
  readonly entries: readonly StoredEntry[];
}

interface JournalledRow {
  readonly id: string;
  readonly facts: Readonly<Record<string, Fact>>;
  readonly entries: readonly {
    readonly sequence: number;
    readonly at: string;
    readonly actor: string;
    readonly reason: string | null;
    readonly change: JournalEntry['change'] | null;
  }[];
}

/** One statement, so that row and entries are of the same moment. */
const READ = `
  select o.id, to_jsonb(o) as facts, (
    select jsonb_agg(jsonb_build_object('sequence', h.sequence, 'at', h.at, 'actor', h.actor, 'reason', h.reason, 'change', h.change)
      order by h.sequence)
    from orders_history h where h.tenant_id = o.tenant_id and h.order_id = o.id) as entries
  from (select tenant_id, id, ${COLUMNS.join(', ')} from orders_orders where tenant_id = $1`;

export async function readJournal(
  sql: Reader,
  tenant: TenantId,
  orderId: string,
): Promise<Journalled | undefined> {
  const { rows } = await sql.query<JournalledRow>(`${READ} and id = $2) o`, [tenant, orderId]);
  return rows[0] === undefined ? undefined : fromRow(rows[0]);
}

/** In the order of their ids. @param after the id of the last one seen; '' begins */
export async function readJournals(
  sql: Reader,
  tenant: TenantId,
  after: string,
  limit: number,
): Promise<Journalled[]> {
  const { rows } = await sql.query<JournalledRow>(
    `${READ} and id > $2 order by id limit $3) o order by o.id`,
    [tenant, after, limit],
  );
  return rows.map(fromRow);
}

function fromRow({ id, facts, entries }: JournalledRow): Journalled {
  return {
    orderId: id,
    row: Object.fromEntries(COLUMNS.map((column) => [column, facts[column] ?? null])) as Record<Column, Fact>, // of each column one
    entries: entries.map((entry) => ({
      sequence: entry.sequence,
      at: new Date(entry.at),
      actor: entry.actor,
      reason: entry.reason ?? undefined,
      change: entry.change ?? undefined,
    })),
  };
}

/**
 * Points as a ledger: a balance changes only together with an entry that says why, on the account's row as locked. The same reason is
 * entered once, and whoever spends has what they spend, however many spend at once.
 */
import { ShopError } from '../../../platform/errors.ts';
import type { Clock, NewId, SqlRunner, TenantId, Transaction } from '../../../platform/ports.ts';
import type { Account, Entry, Program, Redemption } from './schemas.ts';

const SHOWN = 50;

export interface Posting {
  readonly kind: Entry['kind'];
  readonly points: number;
  /** Why: at most once for each customer. */
  readonly source: string;
  readonly orderId?: string;
  readonly note?: string;
}

/** What became of an order. */
export interface Sale {
  readonly orderId: string;
  readonly customerId: string;
  readonly currency: string;
  readonly total: number;
  /** Of the total, what was not given back. */
  readonly left: number;
  /** Whether it is the order's confirmation: later news of it only takes back. */
  readonly isNew: boolean;
  /** Of the event. */
  readonly source: string;
}

export type Ledger = ReturnType<typeof createLedger>;

export function createLedger({ clock, newId }: { readonly clock: Clock; readonly newId: NewId }) {
  /** @returns the balance, locked until the transaction ends, and the number of entries */
  async function lock(
    tx: Transaction,
    tenant: TenantId,
    customerId: string,
  ): Promise<{ balance: number; version: number }> {
    await tx.query(
      `insert into marketing_point_accounts (tenant_id, customer_id, balance, version) values ($1, $2, 0, 0)
       on conflict (tenant_id, customer_id) do nothing`,
      [tenant, customerId],
    );
    const { rows } = await tx.query<{ balance: number; version: number }>(
      'select balance, version from marketing_point_accounts where tenant_id = $1 and customer_id = $2 for update',
      [tenant, customerId],
    );
    const [row] = rows;
    if (row === undefined) throw new Error('an account that was just made is gone');
    return row;
  }

  /** @returns undefined when the reason was entered before. @throws ShopError `conflict` when more is spent than there is */
  async function post(
    tx: Transaction,
    tenant: TenantId,
    customerId: string,
    { kind, points, source, orderId, note }: Posting,
  ): Promise<Entry | undefined> {
    const { balance, version } = await lock(tx, tenant, customerId);
    const { rows: known } = await tx.query(
      'select 1 from marketing_point_entries where tenant_id = $1 and customer_id = $2 and source = $3',
      [tenant, customerId, source],
    );
    if (known.length > 0) return undefined;
    const after = balance + points;
    if (kind === 'spent' && after < 0)
      throw new ShopError('conflict', `There are ${balance} points.`, { remedy: 'Spend no more than that.' });
    const at = clock.now();
    await tx.query(
      `insert into marketing_point_entries (tenant_id, customer_id, sequence, kind, points, balance, source, order_id, note, at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [tenant, customerId, version + 1, kind, points, after, source, orderId ?? null, note ?? null, at],
    );
    await tx.query(
      'update marketing_point_accounts set balance = $3, version = $4 where tenant_id = $1 and customer_id = $2',
      [tenant, customerId, after, version + 1],
    );
    return {
      sequence: version + 1,
      kind,
      points,
      balance: after,
      ...(orderId === undefined ? {} : { orderId }),
      ...(note === undefined ? {} : { note }),
      at: at.toISOString(),
    };
  }

  /** A confirmed order earns; what is given back of it takes its share of what it had earned, whatever the program is by now. */
  async function hear(tx: Transaction, tenant: TenantId, program: Program, sale: Sale): Promise<void> {
    const { orderId, customerId, total, left, source } = sale;
    if (sale.isNew) {
      const points = Math.floor(total / program.perPoint);
      if (program.enabled && sale.currency === program.currency && points > 0)
        await post(tx, tenant, customerId, { kind: 'earned', points, source: `order:${orderId}`, orderId });
      return;
    }
    await lock(tx, tenant, customerId);
    const { rows } = await tx.query<{ earned: number; kept: number }>(
      `select coalesce(sum(points) filter (where kind = 'earned'), 0)::bigint as earned, coalesce(sum(points), 0)::bigint as kept
       from marketing_point_entries where tenant_id = $1 and customer_id = $2 and order_id = $3`,
      [tenant, customerId, orderId],
    );
    const { earned = 0, kept = 0 } = rows[0] ?? {};
    const due = total === 0 ? 0 : Math.floor((earned * left) / total);
    if (due < kept)
      await post(tx, tenant, customerId, { kind: 'taken', points: due - kept, source, orderId });
  }

  /** @throws ShopError `conflict`: there is no program, or there are not so many points; `invalid_input`: too few at once */
  async function redeem(
    tx: Transaction,
    tenant: TenantId,
    program: Program,
    customerId: string,
    points: number,
  ): Promise<Redemption> {
    if (!program.enabled) throw new ShopError('conflict', 'This shop gives no points.');
    if (points < program.least)
      throw new ShopError('invalid_input', `At least ${program.least} points become a gift card.`, {
        problems: [{ where: 'body/points', what: `is less than ${program.least}` }],
      });
    const id = newId('gft');
    await post(tx, tenant, customerId, { kind: 'spent', points: -points, source: `redemption:${id}` });
    const amount = points * program.worth;
    const at = clock.now();
    await tx.query(
      `insert into marketing_redemptions (tenant_id, id, customer_id, points, amount, currency, at)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [tenant, id, customerId, points, amount, program.currency, at],
    );
    return { id, points, amount, currency: program.currency, at: at.toISOString() };
  }

  async function redemptionsOf(
    sql: SqlRunner,
    tenant: TenantId,
    customerId: string,
    id?: string,
  ): Promise<readonly Redemption[]> {
    const { rows } = await sql.query<Omit<Redemption, 'at'> & { at: Date }>(
      `select id, points, amount, currency, at from marketing_redemptions
       where tenant_id = $1 and customer_id = $2 and ($3::text is null or id = $3) order by at desc, id limit ${SHOWN}`,
      [tenant, customerId, id ?? null],
    );
    return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
  }

  return {
    post,
    hear,
    redeem,

    /** @throws ShopError `not_found` for what is not the customer's */
    async redemption(sql: SqlRunner, tenant: TenantId, customerId: string, id: string): Promise<Redemption> {
      const [found] = await redemptionsOf(sql, tenant, customerId, id);
      if (found === undefined) throw new ShopError('not_found', 'There is no such redemption.');
      return found;
    },

    async show(sql: SqlRunner, tenant: TenantId, customerId: string, program: Program): Promise<Account> {
      const { rows } = await sql.query<EntryRow>(
        `select sequence, kind, points, balance, order_id, note, at from marketing_point_entries
         where tenant_id = $1 and customer_id = $2 order by sequence desc limit ${SHOWN}`,
        [tenant, customerId],
      );
      return {
        balance: rows[0]?.balance ?? 0,
        program,
        entries: rows.map(toEntry),
        redemptions: [...(await redemptionsOf(sql, tenant, customerId))],
      };
    },
  };
}

interface EntryRow {
  readonly sequence: number;
  readonly kind: Entry['kind'];
  readonly points: number;
  readonly balance: number;
  readonly order_id: string | null;
  readonly note: string | null;
  readonly at: Date;
}

function toEntry({ order_id, note, at, ...row }: EntryRow): Entry {
  return {
    ...row,
    ...(order_id === null ? {} : { orderId: order_id }),
    ...(note === null ? {} : { note }),
    at: at.toISOString(),
  };
}

/**
 * PayPal's ledger, read by its Transaction Search, in the words of the port. PayPal makes no payouts, so each closed day of each currency
 * stands for one. A movement appears there up to three hours late, and every answer says until when it is whole.
 */
import { z } from 'zod';
import type { BalanceEntry, Payout } from '../../ports.ts';
import { toMinor } from './amounts.ts';
import { PREFIX } from './orders.ts';

const money = z.object({ currency_code: z.string(), value: z.string() });

const transaction = z.object({
  transaction_id: z.string().regex(/^[A-Za-z0-9-]{1,40}$/),
  /** Of a refund or a reversal: the capture's. */
  paypal_reference_id: z.string().optional(),
  transaction_event_code: z.string(),
  transaction_initiation_date: z.string(),
  transaction_amount: money,
  /** Negative where it costs. */
  fee_amount: money.optional(),
  custom_field: z.string().optional(),
});
export type Transaction = z.infer<typeof transaction>;

export const transactionPage = z.object({
  transaction_details: z.array(z.object({ transaction_info: transaction })).default([]),
  last_refreshed_datetime: z.string().optional(),
  total_pages: z.int().default(0),
});

/** Entries of one page; PayPal takes up to 500. */
const PAGE_SIZE = 100;
const DAY_MS = 86_400_000;
/** PayPal's word: later than this nothing comes to a day. */
const LATE_MS = 3 * 3_600_000;

/** A day of the ledger in one currency, UTC. */
export interface LedgerDay {
  readonly start: Date;
  readonly currency: string;
}

/** @returns undefined for what is no day's id */
export function dayOf(payoutId: string): LedgerDay | undefined {
  const [, day, currency] = /^paypal_(\d{4}-\d\d-\d\d)_([A-Z]{3})$/.exec(payoutId) ?? [];
  const start = new Date(`${day ?? ''}T00:00:00Z`);
  return currency === undefined || Number.isNaN(start.getTime()) ? undefined : { start, currency };
}

/**
 * Newest first.
 * @param whole until when the ledger is
 */
export function daysUntil(since: Date, whole: Date, currencies: readonly string[]): readonly Payout[] {
  const days: Payout[] = [];
  const first = Math.floor(since.getTime() / DAY_MS) * DAY_MS;
  for (let start = first; start + DAY_MS <= whole.getTime(); start += DAY_MS) {
    const day = new Date(start).toISOString().slice(0, 10);
    for (const currency of currencies)
      days.unshift({
        id: `${PREFIX}${day}_${currency}`,
        amount: undefined,
        currency,
        createdAt: new Date(start),
        arrivesAt: new Date(start + DAY_MS),
      });
  }
  return days;
}

/** Until when the ledger is whole, by an answer of its own. */
export function wholeUntil(
  { last_refreshed_datetime: said }: z.infer<typeof transactionPage>,
  now: Date,
): Date {
  const late = now.getTime() - LATE_MS;
  return said === undefined ? new Date(late) : dateOf(said);
}

/** Of the moments just before: how far the ledger is. */
export function lookPath(now: Date): string {
  return searchPath({
    start_date: new Date(now.getTime() - DAY_MS).toISOString(),
    end_date: now.toISOString(),
    page_size: '1',
  });
}

export function dayPath({ start, currency }: LedgerDay, page: number): string {
  return searchPath({
    start_date: start.toISOString(),
    end_date: new Date(start.getTime() + DAY_MS - 1).toISOString(),
    transaction_currency: currency,
    // What was denied, or waits, moved nothing.
    transaction_status: 'S',
    page_size: String(PAGE_SIZE),
    page: String(page),
  });
}

function searchPath(query: Readonly<Record<string, string>>): string {
  const all = { fields: 'transaction_info', balance_affecting_records_only: 'Y', ...query };
  return `/v1/reporting/transactions?${new URLSearchParams(all).toString()}`;
}

/** By PayPal's event codes, of which the first three characters say the group. */
export function kindOf({
  transaction_event_code: code,
  custom_field: note,
}: Transaction): BalanceEntry['kind'] {
  // Whatever else is paid into the account by other shops or by hand: ours name their payment.
  if (code.startsWith('T00')) return note?.startsWith('pay_') === true ? 'charge' : 'other';
  if (code.startsWith('T01') || code === 'T1108') return 'fee';
  return KINDS[code] ?? 'other';
}

/** Refunds by the shop; what a decided claim takes, what a chargeback takes and what its reversal gives back. */
const KINDS: Readonly<Record<string, BalanceEntry['kind']>> = {
  T1107: 'refund',
  T1106: 'dispute',
  T1201: 'dispute',
  T1202: 'dispute',
};

/** The capture that a movement is about, if any. */
export function captureIn(from: Transaction): string | undefined {
  switch (kindOf(from)) {
    case 'charge':
      return from.transaction_id;
    case 'refund':
    case 'dispute':
      return from.paypal_reference_id;
    default:
      return undefined;
  }
}

export function toEntry(
  from: Transaction,
  { orderId, disputeId }: { readonly orderId: string | undefined; readonly disputeId: string | undefined },
): BalanceEntry {
  const { currency_code: currency, value } = from.transaction_amount;
  const { fee_amount: fee } = from;
  return {
    id: `${PREFIX}${from.transaction_id}`,
    kind: kindOf(from),
    amount: toMinor(value, currency),
    fee: fee === undefined ? 0 : 0 - toMinor(fee.value, fee.currency_code),
    currency,
    at: dateOf(from.transaction_initiation_date),
    intentId: orderId === undefined ? undefined : `${PREFIX}${orderId}`,
    ...(disputeId === undefined ? {} : { disputeId: `${PREFIX}${disputeId}` }),
  };
}

/** PayPal writes offsets without a colon, which is no date to most. */
function dateOf(text: string): Date {
  return new Date(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
}

/** The stand-in's Transaction Search: what captures, refunds and lost disputes moved on an account's balance, in PayPal's shape. */
import type { Reply } from '../errors.ts';
import type { Store } from '../store.ts';
import type { Money, PayPalDispute, PayPalOrder } from './objects.ts';

/** As a card at PayPal costs: 2.49 % and 35. */
const FEE_RATE = 0.0249;
const FEE_FIXED = 0.35;
const LONGEST_RANGE_MS = 31 * 86_400_000;
const MOST = 100_000;
const MOST_A_PAGE = 500;

interface Movement {
  readonly id: string;
  readonly at: number;
  readonly code: 'T0006' | 'T1106' | 'T1107';
  readonly amount: Money;
  readonly fee?: Money;
  readonly reference?: string;
  readonly note: string | undefined;
}

export function searchTransactions(store: Store, account: string, query: URLSearchParams, now: Date): Reply {
  const [start, end] = [momentIn(query, 'start_date'), momentIn(query, 'end_date')];
  if (start === undefined || end === undefined || end < start) return invalid('Invalid date passed');
  if (end - start > LONGEST_RANGE_MS) return invalid('Date range is greater than 31 days');
  const size = Number(query.get('page_size') ?? 100);
  const page = Number(query.get('page') ?? 1);
  if (!(size >= 1 && size <= MOST_A_PAGE && page >= 1)) return invalid('Invalid page or page size');
  const status = query.get('transaction_status') ?? 'S';
  const currency = query.get('transaction_currency');
  const found = movements(store, account)
    .filter(({ at }) => at >= start && at <= end)
    .filter(({ amount }) => currency === null || amount.currency_code === currency)
    .filter(() => status === 'S')
    .toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  const shown = found.slice((page - 1) * size, page * size);
  return {
    status: 200,
    body: {
      transaction_details: shown.map((each) => ({ transaction_info: infoOf(each) })),
      start_date: dateTime(start),
      end_date: dateTime(end),
      last_refreshed_datetime: dateTime(now.getTime()),
      page,
      total_items: found.length,
      total_pages: Math.ceil(found.length / size),
      links: [],
    },
  };
}

function movements(store: Store, account: string): readonly Movement[] {
  const orders = store.list(account, 'paypal_order', { limit: MOST }).data;
  const disputes = store.list(account, 'paypal_dispute', { limit: MOST }).data;
  return [...orders.flatMap(ofOrder), ...disputes.flatMap(ofDispute)];
}

function ofOrder({ capture, refunds, customId }: PayPalOrder): readonly Movement[] {
  if (capture === undefined) return [];
  const { id, amount } = capture;
  const fee = { ...amount, value: `-${feeOf(amount)}` };
  return [
    { id, at: Date.parse(capture.create_time), code: 'T0006', amount, fee, note: customId },
    ...refunds.map((each): Movement => ({
      id: each.id,
      at: Date.parse(each.create_time),
      code: 'T1107',
      amount: { ...each.amount, value: `-${each.amount.value}` },
      reference: id,
      note: each.custom_id,
    })),
  ];
}

/** What a decided claim took. */
function ofDispute({ id, capture, amount, outcome, resolved }: PayPalDispute): readonly Movement[] {
  if (outcome !== 'RESOLVED_BUYER_FAVOUR' || resolved === undefined) return [];
  const taken = { ...amount, value: `-${amount.value}` };
  return [
    {
      id: `REV${id.replaceAll(/\W/g, '')}`,
      at: resolved * 1000,
      code: 'T1106',
      amount: taken,
      reference: capture,
      note: undefined,
    },
  ];
}

function feeOf({ value }: Money): string {
  const fee = Math.min(Number(value) * FEE_RATE + FEE_FIXED, Number(value));
  return value.includes('.') ? fee.toFixed(2) : String(Math.round(fee));
}

function infoOf({ id, at, code, amount, fee, reference, note }: Movement): object {
  return {
    transaction_id: id,
    ...(reference === undefined ? {} : { paypal_reference_id: reference, paypal_reference_id_type: 'TXN' }),
    transaction_event_code: code,
    transaction_initiation_date: dateTime(at),
    transaction_updated_date: dateTime(at),
    transaction_amount: amount,
    ...(fee === undefined ? {} : { fee_amount: fee }),
    transaction_status: 'S',
    ...(note === undefined ? {} : { custom_field: note }),
  };
}

function momentIn(query: URLSearchParams, name: string): number | undefined {
  const moment = Date.parse(query.get(name) ?? '');
  return Number.isNaN(moment) ? undefined : moment;
}

/** As PayPal writes it: to the second, the offset without a colon. */
function dateTime(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, '+0000');
}

function invalid(issue: string): Reply {
  const message = 'Request is not well-formed, syntactically incorrect, or violates schema.';
  return { status: 400, body: { name: 'INVALID_REQUEST', message, details: [{ issue }] } };
}

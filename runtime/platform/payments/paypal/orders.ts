/** PayPal's orders, and what they are in the words of the port: one authorization, one capture of it, refunds of that. */
import { z } from 'zod';
import type { IntentStatus, PaymentIntent } from '../../ports.ts';
import { toMinor } from './amounts.ts';

const money = z.object({ currency_code: z.string(), value: z.string() });
const links = z.array(z.object({ href: z.string(), rel: z.string() })).default([]);
const related = z
  .object({ related_ids: z.object({ order_id: z.string().optional() }).optional() })
  .optional();

const authorization = z.object({ id: z.string(), status: z.string() });
export const capture = z.object({
  id: z.string(),
  status: z.string(),
  amount: money,
  supplementary_data: related,
});
const refund = z.object({
  id: z.string(),
  status: z.string(),
  amount: money,
  custom_id: z.string().optional(),
});

export const order = z.object({
  id: z.string(),
  status: z.string(),
  purchase_units: z
    .array(
      z.object({
        amount: money,
        reference_id: z.string().default(''),
        payments: z
          .object({
            authorizations: z.array(authorization).default([]),
            captures: z.array(capture).default([]),
            refunds: z.array(refund).default([]),
          })
          .default({ authorizations: [], captures: [], refunds: [] }),
      }),
    )
    .min(1),
  links,
});

export type Order = z.infer<typeof order>;

/** Before PayPal's own ids: an intent's id says who has it. */
export const PREFIX = 'paypal_';

/** @returns PayPal's id, as it may stand in a path; undefined for what is none of PayPal's */
export function orderIdOf(intentId: string): string | undefined {
  return /^paypal_([A-Z0-9]{1,36})$/.exec(intentId)?.[1];
}

/** What a shop notes on an order comes back as it was. PayPal keeps one text of at most 256 characters. */
export function noteOf(metadata: Readonly<Record<string, string>>): string {
  return new URLSearchParams(metadata).toString();
}

export function toIntent(from: Order): PaymentIntent {
  const [unit] = from.purchase_units;
  if (unit === undefined) throw new TypeError('an order without purchase units');
  const { currency_code: currency } = unit.amount;
  const sum = (parts: readonly { status: string; amount: { value: string } }[], counted: RegExp): number =>
    parts
      .filter(({ status }) => counted.test(status))
      .reduce((total, { amount }) => total + toMinor(amount.value, currency), 0);
  return {
    id: `${PREFIX}${from.id}`,
    status: statusOf(from),
    amount: toMinor(unit.amount.value, currency),
    amountCaptured: sum(unit.payments.captures, TAKEN),
    amountRefunded: sum(unit.payments.refunds, /^(?:COMPLETED|PENDING)$/),
    amountBounced: sum(unit.payments.refunds, /^(?:FAILED|CANCELLED)$/),
    currency,
    clientSecret: '',
    approveUrl: from.links.find(({ rel }) => rel === 'payer-action' || rel === 'approve')?.href,
    metadata: Object.fromEntries(new URLSearchParams(unit.reference_id)),
    lastError: isDenied(from) ? DECLINED : undefined,
    disputed: false,
  };
}

export const DECLINED = 'PayPal declined the payment. Choose another way to pay there, or another one here.';

/** Money that has come, whatever of it went back. */
const TAKEN = /^(?:COMPLETED|PARTIALLY_REFUNDED|REFUNDED)$/;

/** The authorization that counts: there is one, unless an earlier one was denied. */
export function authorizationOf({
  purchase_units: [unit],
}: Order): z.infer<typeof authorization> | undefined {
  return unit?.payments.authorizations.at(-1);
}

export function captureOf({ purchase_units: [unit] }: Order): z.infer<typeof capture> | undefined {
  return unit?.payments.captures.find(({ status }) => TAKEN.test(status));
}

function isDenied(from: Order): boolean {
  return authorizationOf(from)?.status === 'DENIED';
}

function statusOf(from: Order): IntentStatus {
  const held = authorizationOf(from);
  if (captureOf(from) !== undefined) return 'succeeded';
  if (from.status === 'VOIDED' || held?.status === 'VOIDED' || held?.status === 'EXPIRED') return 'canceled';
  if (held?.status === 'CREATED') return 'requires_capture';
  // PayPal looks at it, or waits for the payer's bank: it becomes one of the others.
  if (held?.status === 'PENDING' || held?.status === 'CAPTURED') return 'processing';
  return from.status === 'APPROVED' && held === undefined
    ? 'requires_confirmation'
    : 'requires_payment_method';
}

/** What orders, payments, the catalogue and the chat tell, as facts. */
import { z } from 'zod';
import type { EventHandler, Fact, StoredEvent, Transaction } from '../../platform/ports.ts';
import { paymentOfCheckout } from '../payments/schemas.ts';
import type { Intake } from './intake.ts';
import { digestOf, subjectOf } from './people.ts';

/** As much of others' events as we use; more fields may come. */
const order = z.object({
  email: z.string(),
  customerId: z.string().optional(),
  total: z.object({ amount: z.int(), currency: z.string() }),
  lines: z.array(z.object({ productId: z.string(), quantity: z.int(), unitPrice: z.int() })),
});
const payment = z.object({
  /** Absent in events from before payments had ids: then it is the order's first. */
  paymentId: z.string().optional(),
  orderId: z.string(),
  amount: z.int(),
  currency: z.string(),
  captured: z.int(),
  refunded: z.int(),
});
const product = z.object({
  id: z.string(),
  title: z.string(),
  vendor: z.string(),
  type: z.string(),
  version: z.int(),
});

const written = z.object({
  roomId: z.string(),
  kind: z.string(),
  messages: z.array(z.object({ from: z.string(), kind: z.string(), letters: z.int() })),
});

const STEPS = /^orders\.order\.(placed|confirmed|cancelled|expired|fulfilled)$/;
/** As the chat calls those of the shop. */
const HOUSE_SIDES: ReadonlySet<string> = new Set(['merchant', 'assistant']);
/** What a value of a dimension may be at most. */
const MAX = 200;

export function hearOfOrder(intake: Intake): EventHandler {
  return async (event, tx) => {
    const step = STEPS.exec(event.type)?.[1];
    if (step === undefined) return;
    const { total, lines, customerId, email } = order.parse(event.payload);
    const subject = await subjectOf(tx, event.tenant, customerId ?? email);
    const made = { at: event.occurredAt, subject, session: '', unit: total.currency };
    const facts: Fact[] = [
      { ...made, kind: 'progress', dimensions: { step }, measures: { amount: total.amount } },
    ];
    if (step === 'confirmed') {
      const items = lines.reduce((sum, { quantity }) => sum + quantity, 0);
      facts.push({ ...made, kind: 'order', dimensions: {}, measures: { amount: total.amount, items } });
      const known = await productsOf(tx, event, lines);
      for (const { productId, quantity, unitPrice } of lines)
        facts.push({
          ...made,
          kind: 'sale',
          dimensions: { product: productId, ...known.get(productId) },
          measures: { amount: unitPrice * quantity, quantity },
        });
    }
    await intake.write(tx, event.tenant, event.id, facts);
  };
}

/** Events tell how much there is of money now; what is counted is what came to it since. */
export function hearOfPayment(intake: Intake): EventHandler {
  return async (event, tx) => {
    const now = payment.parse(event.payload);
    const isTold = event.type === 'payments.payment.failed' || event.type === 'payments.payment.disputed';
    // An authorisation moves no money.
    if (now.captured === 0 && now.refunded === 0 && !isTold) return;
    const paymentId = now.paymentId ?? paymentOfCheckout(now.orderId);
    const { rows } = await tx.query<{ captured: number; refunded: number }>(
      'select captured, refunded from analytics_payments where tenant_id = $1 and payment_id = $2 for update',
      [event.tenant, paymentId],
    );
    const before = rows[0] ?? { captured: 0, refunded: 0 };
    const facts: Fact[] = [];
    const add = (result: string, amount: number): void =>
      void facts.push({
        kind: 'payment',
        at: event.occurredAt,
        subject: '',
        session: '',
        unit: now.currency,
        dimensions: { result },
        measures: { amount },
      });
    if (now.captured > before.captured) add('captured', now.captured - before.captured);
    if (now.refunded > before.refunded) add('refunded', now.refunded - before.refunded);
    if (event.type === 'payments.payment.failed') add('failed', now.amount);
    if (event.type === 'payments.payment.disputed') add('disputed', now.captured);
    await tx.query(
      `insert into analytics_payments (tenant_id, payment_id, order_id, captured, refunded) values ($1, $2, $3, $4, $5)
       on conflict (tenant_id, payment_id) do update set captured = greatest(analytics_payments.captured, excluded.captured),
         refunded = greatest(analytics_payments.refunded, excluded.refunded)`,
      [event.tenant, paymentId, now.orderId, now.captured, now.refunded],
    );
    await intake.write(tx, event.tenant, event.id, facts);
  };
}

/** Counted by side: the shop's people and the assistant by their own names, everybody else as a shopper. */
export function hearOfMessages(intake: Intake): EventHandler {
  return async (event, tx) => {
    const { roomId, kind, messages } = written.parse(event.payload);
    const sides = Map.groupBy(
      messages.filter(({ kind: what }) => what === 'text'),
      ({ from }) => (HOUSE_SIDES.has(from) ? from : 'shopper'),
    );
    const facts = [...sides].map(([from, theirs]): Fact => ({
      kind: 'message',
      at: event.occurredAt,
      subject: '',
      session: digestOf(event.tenant, 'r', roomId),
      dimensions: { room: kind, from },
      measures: { messages: theirs.length, letters: theirs.reduce((sum, { letters }) => sum + letters, 0) },
    }));
    await intake.write(tx, event.tenant, event.id, facts);
  };
}

/** A product that is deleted keeps its name: it was sold by it. */
export const hearOfProduct: EventHandler = async (event, tx) => {
  if (event.type !== 'catalog.product.upserted') return;
  const { id, version, title, vendor, type } = product.parse(event.payload);
  await tx.query(
    `insert into analytics_products (tenant_id, product_id, version, title, vendor, type) values ($1, $2, $3, $4, $5, $6)
     on conflict (tenant_id, product_id) do update set version = excluded.version, title = excluded.title,
       vendor = excluded.vendor, type = excluded.type
     where analytics_products.version < excluded.version`,
    [event.tenant, id, version, title, vendor, type],
  );
};

async function productsOf(
  tx: Transaction,
  { tenant }: StoredEvent,
  lines: readonly { readonly productId: string }[],
): Promise<ReadonlyMap<string, { readonly vendor: string; readonly type: string }>> {
  const { rows } = await tx.query<{ product_id: string; vendor: string; type: string }>(
    'select product_id, vendor, type from analytics_products where tenant_id = $1 and product_id = any ((select $2::text[])::text[])',
    [tenant, lines.map(({ productId }) => productId)],
  );
  return new Map(
    rows.map(({ product_id, vendor, type }) => [
      product_id,
      { vendor: vendor.slice(0, MAX).toWellFormed(), type: type.slice(0, MAX).toWellFormed() },
    ]),
  );
}

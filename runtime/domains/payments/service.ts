/**
 * The payments domain, ready to be hosted: operations for orders, the processor's webhooks, and a task that finds what
 * got lost between the processor and us. Logic lives in the files beside this one.
 */
import type { CreateService, DomainService, Operation, Platform } from '../../platform/domain.ts';
import type { TaskHandler } from '../../platform/ports.ts';
import { createBounces } from './bounces.ts';
import { createBooks } from './books.ts';
import { payments } from './definition.ts';
import { createBookedDisputes } from './disputes/booking.ts';
import { createFindDisputes, DISPUTES } from './disputes/find.ts';
import { createEndings } from './endings.ts';
import { createIntents } from './intents.ts';
import { createHeal } from './payouts/heal.ts';
import { createPayouts, PAYOUTS } from './payouts/payouts.ts';
import { ofPayout } from './payouts/schemas.ts';
import { createReconcile } from './reconcile.ts';
import { createRefunds } from './refunds.ts';
import * as s from './schemas.ts';
import { SETTINGS, type PaymentsSettings } from './settings.ts';
import { createStatus } from './status.ts';
import { findPayment, noPayment, readPayment, showPayment } from './store.ts';
import { LOOK_FOR_DISPUTES } from './tasks.ts';
import { createReceiver } from './webhooks.ts';

export const createService: CreateService = (platform) => createPayments(platform, SETTINGS);

/** With other times than the usual, for tests. */
export function createPayments(platform: Platform, settings: PaymentsSettings): DomainService {
  const books = createBooks(platform);
  const intents = createIntents(platform, settings, books);
  const endings = createEndings(platform, settings, books);
  const refunds = createRefunds(platform, books);
  const disputes = createBookedDisputes(platform, books);
  const heal = createHeal(platform, books, disputes);
  const findDisputes = createFindDisputes(platform, { ...DISPUTES, ...settings.disputes }, heal);
  const payouts = createPayouts(platform, { ...PAYOUTS, ...settings.payouts }, heal);
  const reconcile = createReconcile(platform, settings, {
    books,
    intents,
    endings,
    payouts,
    disputes: findDisputes,
  });
  const lookAtRefunds = createBounces(platform, intents);
  const receiver = createReceiver(platform, { books, intents, disputes, payouts });

  const tasks: Record<string, TaskHandler> = {
    'payments.reconcile': ({ tenant, payload, signal }) =>
      // The task queue parsed the payload with the task's schema.
      reconcile(tenant, (payload as { idle?: boolean }).idle === true, signal),
    'payments.find-payouts': ({ tenant, signal }) => payouts.find(tenant, signal),
    // Money that went back may come back to the shop, as money that came may go back to its owner: both are looked for at the same times.
    async 'payments.find-disputes'({ tenant, signal }) {
      await findDisputes.find(tenant, signal);
      await lookAtRefunds(tenant, signal);
    },
    'payments.compare-payout': ({ tenant, payload, signal }) =>
      payouts.compare(tenant, ofPayout.parse(payload).payoutId, signal),
    'payments.release': ({ tenant, payload }) => {
      const { intentId, ...which } = s.ofIntent.parse(payload);
      return endings.release(tenant, which, intentId);
    },
  };

  const operations: Record<string, Operation> = {
    createIntent: async (tenant, input) => intents.start(tenant, s.createIntent.parse(input)),
    capture: async ({ id }, input) => showPayment(await endings.capture(id, s.ofPayment.parse(input))),
    cancel: async ({ id }, input) => showPayment(await endings.cancel(id, s.ofPayment.parse(input))),
    async refund({ id }, input) {
      const { payments: taken, ...rest } = await refunds.refund(id, s.refund.parse(input));
      const answer: s.Refunded = { payments: taken.map(showPayment), ...rest };
      return answer;
    },
    async get({ id }, input) {
      const { paymentId, orderId } = s.ofPayment.parse(input);
      const payment = await findPayment(platform.sql, id, paymentId);
      if (payment?.orderId !== orderId) throw noPayment(orderId);
      return showPayment(payment);
    },
    async sync({ id }, input) {
      const payment = await readPayment(platform.sql, id, s.ofPayment.parse(input));
      return showPayment(await intents.refresh(id, payment));
    },
  };

  return {
    definition: payments,
    routes: {
      receiveWebhook: receiver('stripe'),
      receivePayPalWebhook: receiver('paypal'),
      getPaymentStatus: createStatus(platform, settings, intents),
      ...disputes.routes,
      ...payouts.routes,
      async comparePayouts({ tenant }) {
        // Keys of their own: the rounds that are planned for later stay.
        await platform.sql.transaction(tenant.id, (tx) =>
          tx.enqueue({ ...payouts.planned, key: 'find-payouts-now' }, LOOK_FOR_DISPUTES),
        );
        return { json: { asked: true } };
      },
    },
    consumers: {},
    tasks,
    operations,
  };
}

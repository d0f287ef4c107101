/**
 * The payments domain: the payments of orders, kept equal to what the processor says, whatever order its messages come in.
 * Operations for other domains: createIntent, get, sync, capture, cancel, refund.
 */
import { z } from 'zod';
import type { DomainDefinition } from '../../platform/definition.ts';
import * as disputes from './disputes/schemas.ts';
import * as payouts from './payouts/schemas.ts';
import * as s from './schemas.ts';

export const payments: DomainDefinition = {
  name: 'payments',
  summary:
    'Payments of orders: authorised by the shopper with the processor, each captured once, returned on demand.',
  tables: [
    { name: 'payments_payments', spread: 'tenant', access: 'write' },
    { name: 'payments_refunds', spread: 'tenant', access: 'write' },
    { name: 'payments_webhooks', spread: 'tenant', access: 'write' },
    {
      name: 'payments_disputes',
      spread: 'tenant',
      access: 'write',
      personal: { by: ['evidence'], erase: 'redact' },
    },
    { name: 'payments_payouts', spread: 'tenant', access: 'write' },
    { name: 'payments_differences', spread: 'tenant', access: 'write' },
  ],
  migrations: new URL('./migrations/', import.meta.url),
  topics: [
    {
      name: 'payments.payment',
      partitions: 6,
      retentionHours: 24 * 30,
      compacted: false,
      events: {
        'payments.payment.authorized': s.paymentEvent,
        'payments.payment.captured': s.paymentEvent,
        'payments.payment.failed': s.paymentEvent,
        'payments.payment.cancelled': s.paymentEvent,
        'payments.payment.refunded': s.paymentEvent,
        'payments.payment.refund_failed': s.paymentEvent,
        'payments.payment.disputed': s.paymentEvent,
      },
    },
    {
      name: 'payments.dispute',
      partitions: 6,
      retentionHours: 24 * 30,
      compacted: false,
      events: {
        'payments.dispute.opened': disputes.disputeEvent,
        'payments.dispute.answered': disputes.disputeEvent,
        'payments.dispute.won': disputes.disputeEvent,
        'payments.dispute.lost': disputes.disputeEvent,
      },
    },
    {
      name: 'payments.payout',
      partitions: 1,
      retentionHours: 24 * 30,
      compacted: false,
      events: { 'payments.payout.compared': payouts.payoutEvent },
    },
  ],
  consumes: [],
  tasks: [
    {
      name: 'payments.reconcile',
      payload: z.strictObject({ idle: z.boolean().optional() }),
      maxAttempts: 1000,
      leaseSeconds: 60,
    },
    { name: 'payments.find-payouts', payload: z.strictObject({}), maxAttempts: 1000, leaseSeconds: 120 },
    { name: 'payments.find-disputes', payload: z.strictObject({}), maxAttempts: 1000, leaseSeconds: 120 },
    { name: 'payments.compare-payout', payload: payouts.ofPayout, maxAttempts: 1000, leaseSeconds: 300 },
    { name: 'payments.release', payload: s.ofIntent, maxAttempts: 1000, leaseSeconds: 30 },
  ],
  buckets: [],
  routes: [
    {
      id: 'receiveWebhook',
      method: 'POST',
      path: '/api/payments/webhooks/stripe',
      summary: "The processor's signed messages; verified on the bytes as sent, each counted once.",
      audience: 'provider',
      body: 'raw',
      maxBodyBytes: 262_144,
      response: z.object({ received: z.literal(true) }),
    },
    {
      id: 'receivePayPalWebhook',
      method: 'POST',
      path: '/api/payments/webhooks/paypal',
      summary: "PayPal's signed messages; verified on the bytes as sent, each counted once.",
      audience: 'provider',
      body: 'raw',
      maxBodyBytes: 262_144,
      response: z.object({ received: z.literal(true) }),
    },
    {
      id: 'listDisputes',
      method: 'GET',
      path: '/api/admin/payments/disputes',
      summary: 'Payments whose cardholders want their money back, newest first.',
      audience: 'merchant',
      query: disputes.disputeQuery,
      response: disputes.disputePage,
    },
    {
      id: 'getDispute',
      method: 'GET',
      path: '/api/admin/payments/disputes/{disputeId}',
      summary: 'One dispute: what is contested and why, until when an answer counts, and what was answered.',
      audience: 'merchant',
      params: disputes.ofDispute,
      response: disputes.dispute,
    },
    {
      id: 'contestDispute',
      method: 'POST',
      path: '/api/admin/payments/disputes/{disputeId}/evidence',
      summary: 'Tell the bank, once, why the payment was right; it decides.',
      audience: 'merchant',
      params: disputes.ofDispute,
      body: disputes.evidence,
      response: disputes.dispute,
      idempotent: true,
    },
    {
      id: 'concedeDispute',
      method: 'POST',
      path: '/api/admin/payments/disputes/{disputeId}/accept',
      summary: 'Leave the money to the cardholder: it counts as returned.',
      audience: 'merchant',
      params: disputes.ofDispute,
      response: disputes.dispute,
      idempotent: true,
    },
    {
      id: 'listPayouts',
      method: 'GET',
      path: '/api/admin/payments/payouts',
      summary:
        'What the provider paid out, or the days of its ledger, what they are made of, and whether they agree with the shop’s payments; newest first.',
      audience: 'merchant',
      query: payouts.payoutQuery,
      response: payouts.payoutPage,
    },
    {
      id: 'listDifferences',
      method: 'GET',
      path: '/api/admin/payments/differences',
      summary: 'What payouts and the shop’s payments do not agree on, and what of it was healed.',
      audience: 'merchant',
      query: payouts.differenceQuery,
      response: payouts.differencePage,
    },
    {
      id: 'comparePayouts',
      method: 'POST',
      path: '/api/admin/payments/payouts/compare',
      summary:
        'Look for new payouts and disputes now; otherwise it is done four times a day, and when the provider tells of one.',
      audience: 'merchant',
      response: z.object({ asked: z.literal(true) }),
    },
    {
      id: 'getPaymentStatus',
      method: 'GET',
      path: '/api/payments/orders/{orderId}',
      summary:
        "The state of an order's payment, its first unless another is named, for whoever holds the order's token.",
      audience: 'shopper',
      params: z.strictObject({ orderId: s.orderId }),
      query: z.object({
        token: z.string().regex(/^[A-Za-z0-9_-]{20,64}$/, "the order's secret token"),
        paymentId: s.paymentId.optional(),
      }),
      response: s.publicStatus,
    },
  ],
  scaling: { min: 1, max: 10, cpuPercent: 65 },
  slo: { availability: 0.999, p99Milliseconds: 600 },
};

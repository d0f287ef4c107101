/** The webhooks domain: merchants' servers are told of what happens, signed, until they say that they have heard it. */
import { z } from 'zod';
import type { DomainDefinition } from '../../platform/definition.ts';
import { TOPICS } from './events.ts';
import * as s from './schemas.ts';

const SUBSCRIPTIONS = '/api/admin/webhooks/subscriptions';
const DELIVERIES = '/api/admin/webhooks/deliveries';

export const webhooks: DomainDefinition = {
  name: 'webhooks',
  summary:
    'Events for merchants’ servers: signed, sent again for three days, kept for a month to be replayed.',
  tables: [
    { name: 'webhooks_subscriptions', spread: 'tenant', access: 'write' },
    {
      name: 'webhooks_messages',
      spread: 'tenant',
      access: 'write',
      personal: { by: ['body'], erase: 'delete' },
    },
    {
      name: 'webhooks_deliveries',
      spread: 'tenant',
      access: 'write',
      personal: { by: { column: 'message_id', of: 'webhooks_messages', key: 'id' }, erase: 'delete' },
    },
  ],
  migrations: new URL('./migrations/', import.meta.url),
  topics: [
    {
      name: 'webhooks.subscription',
      partitions: 3,
      retentionHours: 24 * 7,
      compacted: false,
      events: { 'webhooks.subscription.disabled': s.subscriptionDisabled },
    },
  ],
  consumes: TOPICS.map(({ name }) => name),
  tasks: [
    // They carry no delivery: each looks for what is due, and a later one finds what it left.
    { name: 'webhooks.send', payload: z.strictObject({}), maxAttempts: 1_000, leaseSeconds: 30 },
    { name: 'webhooks.replay', payload: s.replayTask, maxAttempts: 1_000, leaseSeconds: 30 },
    { name: 'webhooks.tidy', payload: z.strictObject({}), maxAttempts: 1_000, leaseSeconds: 30 },
  ],
  buckets: [],
  routes: [
    {
      id: 'listEventTypes',
      method: 'GET',
      path: '/api/admin/webhooks/event-types',
      summary: 'What there is to hear of.',
      audience: 'merchant',
      response: s.eventTypes,
    },
    {
      id: 'listSubscriptions',
      method: 'GET',
      path: SUBSCRIPTIONS,
      summary: 'Who is told of what, and how that goes. Secrets are not shown.',
      audience: 'merchant',
      response: s.subscriptionList,
    },
    {
      id: 'createSubscription',
      method: 'POST',
      path: SUBSCRIPTIONS,
      summary:
        'Have a server told of events. Its secret is shown this once; whoever asks twice has two. Keys and roles need to read what it tells of.',
      audience: 'merchant',
      body: s.subscriptionInput,
      response: s.newSubscription,
      status: 201,
    },
    {
      id: 'getSubscription',
      method: 'GET',
      path: `${SUBSCRIPTIONS}/{id}`,
      summary: 'One of them.',
      audience: 'merchant',
      params: s.ofSubscription,
      response: s.subscription,
    },
    {
      id: 'updateSubscription',
      method: 'PATCH',
      path: `${SUBSCRIPTIONS}/{id}`,
      summary:
        'Change it, or switch it off and on. On again, it is told what happened meanwhile, for a week at most.',
      audience: 'merchant',
      params: s.ofSubscription,
      body: s.subscriptionPatch,
      response: s.subscription,
    },
    {
      id: 'deleteSubscription',
      method: 'DELETE',
      path: `${SUBSCRIPTIONS}/{id}`,
      summary: 'Tell it nothing any more. Its deliveries go too.',
      audience: 'merchant',
      params: s.ofSubscription,
      status: 204,
    },
    {
      id: 'rotateSecret',
      method: 'POST',
      path: `${SUBSCRIPTIONS}/{id}/secret`,
      summary: 'A new secret, shown this once. For a while both sign.',
      audience: 'merchant',
      params: s.ofSubscription,
      body: s.rotation,
      response: s.rotated,
    },
    {
      id: 'ping',
      method: 'POST',
      path: `${SUBSCRIPTIONS}/{id}/ping`,
      summary: 'Send it `webhooks.ping`, as any event is sent.',
      audience: 'merchant',
      params: s.ofSubscription,
      response: s.delivery,
      status: 202,
    },
    {
      id: 'replaySubscription',
      method: 'POST',
      path: `${SUBSCRIPTIONS}/{id}/replay`,
      summary: 'Send again what failed between two moments, or everything. Each has the id that it had.',
      audience: 'merchant',
      params: s.ofSubscription,
      body: s.replayInput,
      response: s.replaying,
      status: 202,
    },
    {
      id: 'listDeliveries',
      method: 'GET',
      path: DELIVERIES,
      summary: 'What was sent, or is to be, and what was answered; newest first.',
      audience: 'merchant',
      query: s.deliveryQuery,
      response: s.deliveryPage,
    },
    {
      id: 'getDelivery',
      method: 'GET',
      path: `${DELIVERIES}/{id}`,
      summary: 'One of them, with its attempts and its body, which keys and roles need to be good for.',
      audience: 'merchant',
      params: s.ofDelivery,
      response: s.deliveryDetail,
    },
    {
      id: 'replayDelivery',
      method: 'POST',
      path: `${DELIVERIES}/{id}/replay`,
      summary: 'Send it again, or at once if it waits, under the id that it had.',
      audience: 'merchant',
      params: s.ofDelivery,
      response: s.delivery,
      status: 202,
    },
  ],
  scaling: { min: 1, max: 6, cpuPercent: 70 },
  slo: { availability: 0.999, p99Milliseconds: 500 },
};

/** The webhooks domain's handlers. What is heard is written down (`hearing.ts`) and sent from there (`sending.ts`). */
import type { CreateService, RouteRequest } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { SqlRunner, TenantId } from '../../platform/ports.ts';
import { webhooks } from './definition.ts';
import { createDeliveries } from './deliveries.ts';
import { domainOf, EVENT_TYPES, PING, TOPICS, typesOf } from './events.ts';
import { createHearing } from './hearing.ts';
import type {
  DeliveryQuery,
  ReplayInput,
  ReplayTask,
  SubscriptionInput,
  SubscriptionPatch,
} from './schemas.ts';
import { createSending } from './sending.ts';
import { checkedTypes, createSubscriptions } from './subscriptions.ts';
import { SEND, soon, TIDY } from './wake.ts';

const REPLAY = 'webhooks.replay';

export const createService: CreateService = (platform) => {
  const { sql, clock, outside } = platform;
  const subscriptions = createSubscriptions(platform);
  const deliveries = createDeliveries(platform);
  const hearing = createHearing(platform);
  const sending = createSending(platform);
  const reader = (tenant: TenantId): SqlRunner => ({
    query: (text, values) => sql.query(tenant, text, values),
  });
  // Parsed by the routes' schemas.
  const idOf = ({ params }: RouteRequest): string => (params as { id: string }).id;

  /** Nobody hears by a webhook what they may not read: a key or a role needs that, too. */
  async function requireReading({ requireScope }: RouteRequest, types: readonly string[]): Promise<void> {
    for (const domain of new Set(types.map(domainOf))) await requireScope(`${domain}:read`);
  }

  return {
    definition: webhooks,
    hearsApart: true,
    consumers: Object.fromEntries(TOPICS.map(({ name }) => [name, hearing.hear])),
    tasks: {
      [SEND]: ({ tenant }) => sending.send(tenant),
      async [REPLAY]({ tenant, payload }) {
        const task = payload as ReplayTask; // parsed by its schema
        await sql.transaction(tenant, async (tx) => {
          const after = await deliveries.replayPage(tx, tenant, task);
          await tx.enqueue(soon());
          if (after !== undefined) await tx.enqueue({ name: REPLAY, payload: { ...task, after } });
        });
      },
      async [TIDY]({ tenant }) {
        while (await deliveries.tidy(reader(tenant), tenant));
      },
    },
    operations: {},
    drain: sending.drain,
    routes: {
      listEventTypes: () => Promise.resolve({ json: { types: EVENT_TYPES } }),

      async listSubscriptions({ tenant }) {
        return { json: { subscriptions: await subscriptions.list(reader(tenant.id), tenant.id) } };
      },

      async createSubscription(request) {
        const { tenant } = request;
        const input = request.body as SubscriptionInput; // as above
        outside.check(input.url);
        await requireReading(request, checkedTypes(input.events));
        const made = await sql.transaction(tenant.id, (tx) => subscriptions.create(tx, tenant.id, input));
        return { json: made };
      },

      async getSubscription(request) {
        const { tenant } = request;
        return { json: await subscriptions.find(reader(tenant.id), tenant.id, idOf(request)) };
      },

      async updateSubscription(request) {
        const { tenant } = request;
        const patch = request.body as SubscriptionPatch; // as above
        if (patch.url !== undefined) outside.check(patch.url);
        const id = idOf(request);
        const { events } = await subscriptions.find(reader(tenant.id), tenant.id, id);
        const types = checkedTypes(patch.events ?? events);
        // Another address hears what this one was to hear, and what it has heard once that is sent again.
        const others =
          patch.url === undefined
            ? []
            : [
                ...events.flatMap(typesOf),
                ...(await deliveries.typesHeard(reader(tenant.id), tenant.id, id)),
              ];
        await requireReading(request, [...types, ...others]);
        const changed = await sql.transaction(tenant.id, async (tx) => {
          await tx.enqueue(soon());
          return subscriptions.update(tx, tenant.id, id, patch);
        });
        return { json: changed };
      },

      async deleteSubscription(request) {
        const { tenant } = request;
        await sql.transaction(tenant.id, async (tx) => {
          await subscriptions.remove(tx, tenant.id, idOf(request));
          await tx.enqueue({ name: TIDY, payload: {}, key: 'now' });
        });
        return {};
      },

      async rotateSecret(request) {
        const { tenant } = request;
        const { overlapHours } = request.body as { overlapHours: number }; // as above
        return {
          json: await subscriptions.rotate(reader(tenant.id), tenant.id, idOf(request), overlapHours),
        };
      },

      async ping(request) {
        const { tenant } = request;
        const id = idOf(request);
        const { enabled } = await subscriptions.find(reader(tenant.id), tenant.id, id);
        if (!enabled) throw new ShopError('conflict', 'It is off.', { remedy: 'Switch it on first.' });
        const delivery = await sql.transaction(tenant.id, (tx) => hearing.ping(tx, tenant.id, id));
        return { json: await shortly(tenant.id, delivery) };
      },

      async replaySubscription(request) {
        const { tenant } = request;
        const id = idOf(request);
        const { from, to, delivered } = request.body as ReplayInput; // as above
        await subscriptions.find(reader(tenant.id), tenant.id, id);
        const now = clock.now().toISOString();
        const task: ReplayTask = {
          subscriptionId: id,
          from,
          to: to ?? now,
          delivered,
          askedAt: now,
          after: '',
        };
        const count = await sql.transaction(tenant.id, async (tx) => {
          await tx.enqueue({ name: REPLAY, payload: task });
          return deliveries.countOf(tx, tenant.id, task);
        });
        return { json: { deliveries: count } };
      },

      async listDeliveries({ tenant, query }) {
        return { json: await deliveries.page(reader(tenant.id), tenant.id, query as DeliveryQuery) }; // as above
      },

      async getDelivery(request) {
        const { tenant } = request;
        const found = await deliveries.find(reader(tenant.id), tenant.id, idOf(request));
        if (found.type !== PING) await requireReading(request, [found.type]);
        return { json: found };
      },

      async replayDelivery(request) {
        const { tenant } = request;
        const id = idOf(request);
        await sql.transaction(tenant.id, async (tx) => {
          await deliveries.replay(tx, tenant.id, id);
          await tx.enqueue(soon());
        });
        return { json: await shortly(tenant.id, id) };
      },
    },
  };

  /** As a page of the log shows it. */
  async function shortly(tenant: TenantId, id: string) {
    const { history: _history, body: _body, ...shown } = await deliveries.find(reader(tenant), tenant, id);
    return shown;
  }
};

/** The marketing domain's handlers. */
import { z } from 'zod';
import type { CreateService } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { SqlRunner, StoredEvent, Tenant, TenantId, Transaction } from '../../platform/ports.ts';
import { countIn, hearOfCustomer, hearOfPurchase } from './campaigns/people.ts';
import type { CampaignInput, Segment, Settings } from './campaigns/schemas.ts';
import { CARTS, createSending, SEND } from './campaigns/send.ts';
import { marketing, subjectOf } from './definition.ts';
import type { Plan } from './experiments/schemas.ts';
import { createExperiments } from './experiments/store.ts';
import { evaluate, type Answer } from './flags/evaluate.ts';
import { evaluationInput, flagKey, type Context, type Evaluation, type FlagInput } from './flags/schemas.ts';
import { createFlagStore } from './flags/store.ts';
import { createLedger } from './loyalty/ledger.ts';

const LOOK = 'marketing.look';
const TIDY = 'marketing.tidy';
const LOOK_MS = 10 * 60_000;
const DAY_MS = 24 * 60 * 60_000;
/** Who is known to take part is not written down again; no more of them are remembered. */
const MOST_KNOWN = 50_000;

/** As much of others' events as we use; more fields may come. */
const order = z.object({ orderId: z.string(), customerId: z.string().optional() });
const GOALS: Readonly<Record<string, string>> = {
  'orders.order.confirmed': 'order',
  'orders.order.refunded': 'refund',
};
const sale = order.extend({ total: z.object({ amount: z.int(), currency: z.string() }), refunded: z.int() });
/** As orders answers. */
const issued = z.object({ code: z.string() });
const TAKEN_BACK = new Set(['orders.order.refunded', 'orders.order.cancelled']);
const ofOperation = z.strictObject({ key: flagKey, context: evaluationInput.shape.context });

export const createService: CreateService = (platform) => {
  const { sql, clock, newId } = platform;
  const sending = createSending(platform);
  const ledger = createLedger(platform);
  const flags = createFlagStore({ sql, clock });
  const experiments = createExperiments({ clock, newId });
  const takingPart = new Set<string>();
  const reader = (tenant: TenantId): SqlRunner => ({
    query: (text, values) => sql.query(tenant, text, values),
  });

  /** What a flag is for somebody, who takes part from now on if an experiment says so. */
  async function answerTo(tenant: TenantId, key: string, context: Context): Promise<Answer | undefined> {
    const { flags: known, running } = await flags.snapshot(tenant);
    const flag = known.get(key);
    if (flag === undefined) return undefined;
    const answer = evaluate(flag, context, running.get(key));
    if ('errorCode' in answer || answer.experimentId === undefined || context.targetingKey === undefined)
      return answer;
    const taking = {
      experimentId: answer.experimentId,
      subject: subjectOf(context.targetingKey),
      variant: answer.variant,
    };
    const id = `${tenant}/${taking.experimentId}/${taking.subject}`;
    if (takingPart.has(id)) return answer;
    await experiments.expose(reader(tenant), tenant, taking);
    if (takingPart.size >= MOST_KNOWN) takingPart.clear();
    takingPart.add(id);
    return answer;
  }

  /** What a customer's order earns, and what is taken back with it. */
  async function hearOfPoints(event: StoredEvent, tx: Transaction): Promise<void> {
    const isNew = event.type === 'orders.order.confirmed';
    if (!isNew && !TAKEN_BACK.has(event.type)) return;
    const { orderId, customerId, total, refunded } = sale.parse(event.payload);
    if (customerId === undefined) return;
    const { loyalty } = await sending.settings(tx, event.tenant);
    await ledger.hear(tx, event.tenant, loyalty, {
      orderId,
      customerId,
      currency: total.currency,
      total: total.amount,
      left: event.type === 'orders.order.cancelled' ? 0 : Math.max(0, total.amount - refunded),
      isNew,
      source: `event:${event.id}`,
    });
  }

  async function pointsOf(tenant: TenantId, customerId: string) {
    const { loyalty } = await sending.settings(reader(tenant), tenant);
    return ledger.show(reader(tenant), tenant, customerId, loyalty);
  }

  async function flagOf(tenant: TenantId, key: string) {
    const flag = (await flags.read(tenant)).flags.get(key);
    if (flag === undefined) throw new ShopError('not_found', 'There is no such flag.');
    return flag;
  }

  return {
    definition: marketing,
    consumers: {
      'accounts.customer': hearOfCustomer,
      async 'orders.order'(event, tx) {
        await hearOfPurchase(event, tx);
        await hearOfPoints(event, tx);
        const goal = GOALS[event.type];
        if (goal === undefined) return;
        const running = await flags.running(tx, event.tenant);
        if (![...running.values()].some(({ plan }) => counts(plan, goal))) return;
        const { orderId, customerId } = order.parse(event.payload);
        const claimed = await experiments.happened(tx, event.tenant, orderId, goal);
        const subjects = new Set([claimed, customerId === undefined ? undefined : subjectOf(customerId)]);
        for (const subject of subjects)
          if (subject !== undefined)
            await experiments.reach(tx, event.tenant, subject, goal, event.occurredAt);
      },
    },
    tasks: {
      async [LOOK]({ tenant, payload }) {
        // Parsed by the definition's schema.
        const { experimentId } = payload as { experimentId: string };
        await sql.transaction(tenant, async (tx) => {
          const { runs, hasMore } = await experiments.look(tx, tenant, experimentId);
          if (!runs) return;
          const runAt = new Date(clock.now().getTime() + (hasMore ? 0 : LOOK_MS));
          await tx.enqueue({ name: LOOK, payload, key: experimentId, runAt });
        });
        flags.forget(tenant);
      },
      [SEND]: sending.send,
      [CARTS]: sending.carts,
      async [TIDY]({ tenant }) {
        await sql.transaction(tenant, async (tx) => {
          if (!(await experiments.tidy(tx, tenant))) return;
          const runAt = new Date(clock.now().getTime() + DAY_MS);
          await tx.enqueue({ name: TIDY, payload: {}, key: 'tidy', runAt });
        });
      },
    },
    operations: {
      /** For other domains: `createFlagProvider` (flags/provider.ts) makes an OpenFeature provider of it. */
      async evaluateFlag(tenant, input) {
        const { key, context } = ofOperation.parse(input);
        return answerTo(tenant.id, key, context);
      },
    },
    routes: {
      async evaluateFlag({ tenant, params, body }) {
        const { key } = params as { key: string };
        const answer = await answerTo(tenant.id, key, (body as { context: Context }).context);
        const json = toOfrep(key, answer);
        if (answer === undefined) return { status: 404, json };
        return 'errorCode' in answer ? { status: 400, json } : { json };
      },
      async evaluateFlags({ tenant, body }) {
        const { context } = body as { context: Context };
        const { flags: known, running } = await flags.snapshot(tenant.id);
        const all = [...known.values()].map((flag) =>
          toOfrep(flag.key, evaluate(flag, context, running.get(flag.key))),
        );
        return { json: { flags: all } };
      },
      async expose({ tenant, body }) {
        const { flagKey: key, context } = body as { flagKey: string; context: Context };
        await answerTo(tenant.id, key, context);
        return {};
      },
      async reachGoal({ tenant, body }) {
        const { targetingKey, goal, orderId } = body as {
          targetingKey: string;
          goal?: string;
          orderId?: string;
        };
        const { running } = await flags.snapshot(tenant.id);
        if (running.size === 0) return {};
        const subject = subjectOf(targetingKey);
        await sql.transaction(tenant.id, async (tx) => {
          const goals =
            orderId === undefined ? [goal] : await experiments.claim(tx, tenant.id, orderId, subject);
          for (const one of goals)
            if (one !== undefined) await experiments.reach(tx, tenant.id, subject, one, clock.now());
        });
        return {};
      },
      async listFlags({ tenant }) {
        return { json: { flags: [...(await flags.read(tenant.id)).flags.values()] } };
      },
      async getFlag({ tenant, params }) {
        return { json: await flagOf(tenant.id, (params as { key: string }).key) };
      },
      async putFlag({ tenant, params, body }) {
        const { key } = params as { key: string };
        await sql.transaction(tenant.id, (tx) => flags.put(tx, tenant.id, key, body as FlagInput));
        flags.forget(tenant.id);
        return { json: await flagOf(tenant.id, key) };
      },
      async deleteFlag({ tenant, params }) {
        await sql.transaction(tenant.id, (tx) =>
          flags.remove(tx, tenant.id, (params as { key: string }).key),
        );
        flags.forget(tenant.id);
        return {};
      },
      async listExperiments({ tenant }) {
        return { json: { experiments: await experiments.list(reader(tenant.id), tenant.id) } };
      },
      createExperiment: ({ tenant, body, earn }) =>
        sql.transaction(tenant.id, async (tx) => {
          const json = await experiments.create(tx, tenant.id, body as Plan);
          return earn(tx, { status: 201, json });
        }),
      async startExperiment({ tenant, params }) {
        const { id } = params as { id: string };
        const json = await sql.transaction(tenant.id, async (tx) => {
          const started = await experiments.start(tx, tenant.id, id);
          const now = clock.now().getTime();
          await tx.enqueue(
            { name: LOOK, payload: { experimentId: id }, key: id, runAt: new Date(now + LOOK_MS) },
            { name: TIDY, payload: {}, key: 'tidy', runAt: new Date(now + DAY_MS) },
          );
          return started;
        });
        flags.forget(tenant.id);
        return { json };
      },
      async endExperiment({ tenant, params }) {
        const { id } = params as { id: string };
        const json = await sql.transaction(tenant.id, (tx) => experiments.stop(tx, tenant.id, id));
        flags.forget(tenant.id);
        return { json };
      },
      async countSegment({ tenant, body }) {
        const customers = await countIn(reader(tenant.id), tenant.id, body as Segment, clock.now());
        return { json: { customers } };
      },
      async listCampaigns({ tenant }) {
        return { json: { campaigns: await sending.list(tenant.id) } };
      },
      createCampaign({ tenant, body, earn }) {
        needs(tenant, 'notifications');
        return sql.transaction(tenant.id, async (tx) =>
          earn(tx, { status: 201, json: await sending.create(tx, tenant.id, body as CampaignInput) }),
        );
      },
      async getCampaign({ tenant, params }) {
        return { json: await sending.get(tenant.id, (params as { id: string }).id) };
      },
      async cancelCampaign({ tenant, params }) {
        const { id } = params as { id: string };
        return { json: await sql.transaction(tenant.id, (tx) => sending.cancel(tx, tenant.id, id)) };
      },
      async getPoints({ tenant, caller }) {
        return { json: await pointsOf(tenant.id, caller.customerId ?? '') };
      },
      redeemPoints: ({ tenant, caller, body, earn }) => {
        needs(tenant, 'orders');
        return sql.transaction(tenant.id, async (tx) => {
          const { loyalty } = await sending.settings(tx, tenant.id);
          const { points } = body as { points: number };
          const json = await ledger.redeem(tx, tenant.id, loyalty, caller.customerId ?? '', points);
          return earn(tx, { status: 201, json });
        });
      },
      async fetchPointsCard({ tenant, caller, params }) {
        const { id } = params as { id: string };
        const found = await ledger.redemption(reader(tenant.id), tenant.id, caller.customerId ?? '', id);
        const { amount, currency, points } = found;
        const card: unknown = await platform.call(tenant.id, 'orders', 'issueGiftCardFor', {
          id,
          amount,
          currency,
          note: `${points} points`,
        });
        const { code } = issued.parse(card);
        return { json: { code, amount, currency } };
      },
      async getCustomerPoints({ tenant, params }) {
        return { json: await pointsOf(tenant.id, (params as { customerId: string }).customerId) };
      },
      grantPoints: ({ tenant, params, body, requestId, earn }) =>
        sql.transaction(tenant.id, async (tx) => {
          const { customerId } = params as { customerId: string };
          const { points, note } = body as { points: number; note: string };
          const source = `grant:${requestId}`;
          const entry = await ledger.post(tx, tenant.id, customerId, {
            kind: 'granted',
            points,
            note,
            source,
          });
          if (entry === undefined) throw new ShopError('conflict', 'This request has been seen before.');
          return earn(tx, { status: 201, json: entry });
        }),
      async getSettings({ tenant }) {
        return { json: await sending.settings(reader(tenant.id), tenant.id) };
      },
      async putSettings({ tenant, body }) {
        const settings = body as Settings;
        if (settings.abandonedCarts.enabled) needs(tenant, 'notifications', 'orders');
        await sql.transaction(tenant.id, (tx) => sending.putSettings(tx, tenant.id, settings));
        return { json: settings };
      },
      async getResults({ tenant, params }) {
        const { id } = params as { id: string };
        return { json: await experiments.results(reader(tenant.id), tenant.id, id) };
      },
    },
  };
};

/** @throws ShopError `conflict` */
function needs({ domains }: Tenant, ...names: readonly string[]): void {
  const lacking = names.filter((name) => !domains.includes(name));
  if (lacking.length > 0)
    throw new ShopError('conflict', `This shop has no ${lacking.join(' and no ')}.`, {
      remedy: 'Have the domain switched on in the tenant’s spec.domains.',
    });
}

function counts({ goal, guards }: Plan, name: string): boolean {
  return goal === name || guards.some((guard) => guard.goal === name);
}

function toOfrep(key: string, answer: Answer | undefined): Evaluation {
  if (answer === undefined)
    return { key, errorCode: 'FLAG_NOT_FOUND', errorDetails: 'There is no such flag.' };
  if ('errorCode' in answer) return { key, ...answer };
  const { value, variant, reason } = answer;
  return { key, value, variant, reason };
}

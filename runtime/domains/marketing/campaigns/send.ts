/**
 * Campaigns and reminders, person by person. Each is asked of notifications under a key of its own, which tells it once: a task that dies
 * anywhere begins its page again, and nobody hears of anything twice. Who did not ask for news hears nothing; notifications knows.
 */
import { z } from 'zod';
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, TaskHandler, Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import { hasBoughtSince, peopleIn, personOf, type Person } from './people.ts';
import { settings as settingsSchema, type Campaign, type CampaignInput, type Settings } from './schemas.ts';

export const SEND = 'marketing.send';
export const CARTS = 'marketing.carts';
const PAGE = 50;
const ROUND_MS = 10 * 60_000;
const DAY_MS = 24 * 60 * 60_000;
/** A cart that was left longer ago is nobody's wish any more. */
const OLDEST_MS = 8 * DAY_MS;

/** As orders answers. */
const idle = z.object({
  carts: z.array(
    z.object({
      id: z.string(),
      email: z.string().nullable(),
      customerId: z.string().nullable(),
      currency: z.string(),
      touchedAt: z.iso.datetime(),
      lines: z.array(z.object({ title: z.string(), quantity: z.int(), unitPrice: z.int() })),
    }),
  ),
});
type IdleCart = z.infer<typeof idle>['carts'][number];

export type Sending = ReturnType<typeof createSending>;

export function createSending(platform: Platform) {
  const { sql, clock, newId } = platform;
  const reader = (tenant: TenantId): SqlRunner => ({
    query: (text, values) => sql.query(tenant, text, values),
  });
  const columns = 'id, state, campaign, send_at, reached, reached_id, created_at, ended_at';

  async function stored(
    runner: SqlRunner,
    tenant: TenantId,
    id: string,
    lock = false,
  ): Promise<CampaignRow | undefined> {
    const { rows } = await runner.query<CampaignRow>(
      `select ${columns} from marketing_campaigns where tenant_id = $1 and id = $2${lock ? ' for update' : ''}`,
      [tenant, id],
    );
    return rows[0];
  }

  async function find(runner: SqlRunner, tenant: TenantId, id: string, lock = false): Promise<CampaignRow> {
    const row = await stored(runner, tenant, id, lock);
    if (row === undefined) throw new ShopError('not_found', 'There is no such campaign.');
    return row;
  }

  async function tenantOf(id: TenantId): Promise<Tenant> {
    const tenant = await platform.tenants.byId(id);
    if (tenant === undefined)
      throw new ShopError('unavailable', 'The shop is not known here yet.', { retryAfterSeconds: 5 });
    return tenant;
  }

  /** Whom nothing can be written to is passed over: the others are waiting behind them. */
  async function notify(tenant: TenantId, message: Message): Promise<void> {
    try {
      await platform.call(tenant, 'notifications', 'notify', message);
    } catch (error) {
      if (!(error instanceof ShopError) || error.code !== 'invalid_input') throw error;
      platform.log.warn({ tenant, key: message.key, problems: error.problems }, 'nobody can be told of this');
    }
  }

  async function settingsOf(runner: SqlRunner, tenant: TenantId): Promise<StoredSettings> {
    const { rows } = await runner.query<{ settings: unknown; carts_until: Date; carts_until_id: string }>(
      'select settings, carts_until, carts_until_id from marketing_settings where tenant_id = $1',
      [tenant],
    );
    const [row] = rows;
    return {
      settings: settingsSchema.parse(row?.settings ?? {}),
      until: row?.carts_until ?? clock.now(),
      untilId: row?.carts_until_id ?? '',
    };
  }

  const send: TaskHandler = async ({ tenant: tenantId, payload }) => {
    // Parsed by the definition's schema.
    const { campaignId: id } = payload as { campaignId: string };
    const row = await stored(reader(tenantId), tenantId, id);
    if (row === undefined || row.state === 'sent' || row.state === 'cancelled') return;
    const { segment, content, channels } = row.campaign;
    const { path, ...words } = content;
    const link = new URL(path, platform.originOf(await tenantOf(tenantId))).href;
    const people = await peopleIn(reader(tenantId), tenantId, segment, {
      clock,
      after: row.reached_id,
      limit: PAGE,
    });
    for (const { customer_id: customerId, email } of people)
      await notify(tenantId, {
        key: `campaign:${id}:${customerId}`,
        kind: 'marketing.campaign',
        to: { email, customerId },
        channels,
        variables: { ...words, link },
      });
    await sql.transaction(tenantId, async (tx) => {
      const present = await find(tx, tenantId, id, true);
      // Somebody has called it off, or was faster.
      if (present.state === 'cancelled' || present.reached_id !== row.reached_id) return;
      const last = people.at(-1)?.customer_id ?? row.reached_id;
      const isOver = people.length < PAGE;
      await tx.query(
        `update marketing_campaigns set state = $3, reached_id = $4, reached = reached + $5, ended_at = $6
         where tenant_id = $1 and id = $2`,
        [tenantId, id, isOver ? 'sent' : 'sending', last, people.length, isOver ? clock.now() : null],
      );
      if (!isOver) await tx.enqueue({ name: SEND, payload, key: id });
    });
  };

  /** Whom a cart is of, if they can be written to and have not bought since. */
  async function ownerOf(
    tenant: TenantId,
    { email, customerId, touchedAt }: IdleCart,
  ): Promise<Pick<Person, 'email'> | undefined> {
    const runner = reader(tenant);
    if (customerId === null) return email === null ? undefined : { email };
    if (await hasBoughtSince(runner, tenant, customerId, new Date(touchedAt))) return undefined;
    return personOf(runner, tenant, customerId);
  }

  const carts: TaskHandler = async ({ tenant: tenantId }) => {
    const { settings, until, untilId } = await settingsOf(reader(tenantId), tenantId);
    const { enabled, afterMinutes, channels } = settings.abandonedCarts;
    if (!enabled) return;
    const tenant = await tenantOf(tenantId);
    const now = clock.now().getTime();
    const after = new Date(Math.max(until.getTime(), now - OLDEST_MS));
    const answer: unknown = await platform.call(tenantId, 'orders', 'idleCarts', {
      after: after.toISOString(),
      afterId: untilId,
      until: new Date(now - afterMinutes * 60_000).toISOString(),
      limit: PAGE,
    });
    const found = idle.parse(answer).carts;
    for (const cart of found) {
      const owner = await ownerOf(tenantId, cart);
      if (owner === undefined) continue;
      const lines = cart.lines.map(({ title, quantity, unitPrice }) => ({
        title: title.slice(0, 2_000),
        quantity,
        total: { amount: unitPrice * quantity, currency: cart.currency },
      }));
      const amount = lines.reduce((sum, line) => sum + line.total.amount, 0);
      await notify(tenantId, {
        // Once for each cart, however often it is touched and left again.
        key: `cart:${cart.id}`,
        kind: 'marketing.cart',
        to: { email: owner.email, ...(cart.customerId === null ? {} : { customerId: cart.customerId }) },
        channels,
        variables: {
          lines,
          total: { amount, currency: cart.currency },
          link: new URL('/cart', platform.originOf(tenant)).href,
        },
      });
    }
    const last = found.at(-1);
    await sql.transaction(tenantId, async (tx) => {
      if (last !== undefined)
        await tx.query(
          `update marketing_settings set carts_until = $2, carts_until_id = $3
           where tenant_id = $1 and (carts_until, carts_until_id) < ($2::timestamptz, $3)`,
          [tenantId, new Date(last.touchedAt), last.id],
        );
      await nextRound(tx, found.length === PAGE ? 0 : ROUND_MS);
    });
  };

  function nextRound(tx: Transaction, inMs: number): Promise<void> {
    const runAt = new Date(clock.now().getTime() + inMs);
    return tx.enqueue({ name: CARTS, payload: {}, key: 'carts', runAt });
  }

  return {
    send,
    carts,

    async list(tenant: TenantId): Promise<readonly Campaign[]> {
      const { rows } = await sql.query<CampaignRow>(
        tenant,
        `select ${columns} from marketing_campaigns where tenant_id = $1 order by created_at desc, id limit 200`,
        [tenant],
      );
      return rows.map(show);
    },

    get: async (tenant: TenantId, id: string): Promise<Campaign> =>
      show(await find(reader(tenant), tenant, id)),

    async create(tx: Transaction, tenant: TenantId, input: CampaignInput): Promise<Campaign> {
      const { sendAt, ...campaign } = input;
      const [id, now] = [newId('cmp'), clock.now()];
      const at = sendAt === undefined ? now : new Date(sendAt);
      await tx.query(
        `insert into marketing_campaigns (tenant_id, id, state, campaign, send_at, created_at)
         values ($1, $2, 'scheduled', $3, $4, $5)`,
        [tenant, id, JSON.stringify(campaign), at, now],
      );
      await tx.enqueue({ name: SEND, payload: { campaignId: id }, key: id, runAt: at });
      return show(await find(tx, tenant, id));
    },

    /** What has gone out has gone out. */
    async cancel(tx: Transaction, tenant: TenantId, id: string): Promise<Campaign> {
      const { state } = await find(tx, tenant, id, true);
      if (state === 'sent') throw new ShopError('conflict', 'It has gone out already.');
      await tx.query(
        `update marketing_campaigns set state = 'cancelled', ended_at = coalesce(ended_at, $3) where tenant_id = $1 and id = $2`,
        [tenant, id, clock.now()],
      );
      return show(await find(tx, tenant, id));
    },

    settings: async (runner: SqlRunner, tenant: TenantId): Promise<Settings> =>
      (await settingsOf(runner, tenant)).settings,

    /** Carts that were left before reminders were switched on are not told of. */
    async putSettings(tx: Transaction, tenant: TenantId, settings: Settings): Promise<void> {
      await tx.query(
        `insert into marketing_settings (tenant_id, settings, carts_until) values ($1, $2, $3)
         on conflict (tenant_id) do update set settings = excluded.settings, carts_until = case
           when (marketing_settings.settings #>> '{abandonedCarts,enabled}')::boolean then marketing_settings.carts_until
           else excluded.carts_until end`,
        [tenant, JSON.stringify(settings), clock.now()],
      );
      if (settings.abandonedCarts.enabled) await nextRound(tx, 0);
    },
  };
}

interface Message {
  /** The same is told once. */
  readonly key: string;
  readonly kind: 'marketing.campaign' | 'marketing.cart';
  readonly to: { readonly email: string; readonly customerId?: string };
  readonly channels: readonly string[];
  readonly variables: object;
}

interface StoredSettings {
  readonly settings: Settings;
  /** Of the last cart that was looked at: when it was touched, and its id. */
  readonly until: Date;
  readonly untilId: string;
}

interface CampaignRow {
  readonly id: string;
  readonly state: Campaign['state'];
  readonly campaign: Omit<CampaignInput, 'sendAt'>;
  readonly send_at: Date;
  readonly reached: number;
  readonly reached_id: string;
  readonly created_at: Date;
  readonly ended_at: Date | null;
}

function show(row: CampaignRow): Campaign {
  return {
    id: row.id,
    state: row.state,
    ...row.campaign,
    sendAt: row.send_at.toISOString(),
    reached: row.reached,
    createdAt: row.created_at.toISOString(),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
  };
}

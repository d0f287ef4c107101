/**
 * Asking to be told when one thing that is sold out is back. A customer is known by their session; anybody else names a mailbox, which is
 * asked by mail whether it wants this. Asking answers the same whatever is known of the mailbox and leaves the rest to a task; few
 * questions wait for a mailbox's answer at a time, so that nobody can fill it with them.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, TaskHandler, Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import { noteBack } from './news.ts';
import { MailboxTask, type LinkedAlert, type StockAlertInput, type StockAlerts } from './schemas.ts';
import { nameOf, THING, type Thing } from './things.ts';

export const ASK_MAILBOX = 'catalog.ask-mailbox';
const DAY_MS = 24 * 60 * 60_000;
/** Questions to one mailbox that wait for its answer. */
export const MOST_UNANSWERED = 3;
/** Things one customer or mailbox waits for. */
const MOST_ALERTS = 50;
/** A question that is not answered by then is forgotten. */
export const ANSWER_MS = 2 * DAY_MS;
const AGAIN_MS = DAY_MS;
const A_MINUTE = 10;

export type Alerts = ReturnType<typeof createAlerts>;

export function createAlerts(platform: Platform) {
  const { sql, clock, newId, limits } = platform;

  /** @throws ShopError `rate_limited`, counted alike whoever it is */
  async function slowly(tenant: TenantId, who: string): Promise<void> {
    const seconds = await limits.take(tenant, `stock-alerts/${who}`, A_MINUTE);
    if (seconds > 0)
      throw new ShopError('rate_limited', 'That was a little fast.', { retryAfterSeconds: seconds });
  }

  async function askAsCustomer(tenant: TenantId, customerId: string, variantId: string): Promise<void> {
    await slowly(tenant, customerId);
    await sql.transaction(tenant, async (tx) => {
      await requireSoldOut(tx, tenant, variantId);
      const { rows } = await tx.query<{ count: number }>(
        'select count(*)::int as count from catalog_stock_alerts where tenant_id = $1 and customer_id = $2 and variant_id <> $3',
        [tenant, customerId, variantId],
      );
      if ((rows[0]?.count ?? 0) >= MOST_ALERTS)
        throw new ShopError('conflict', `You wait for ${MOST_ALERTS} things already.`, {
          remedy: 'Put it on a wishlist, or take another back.',
        });
      await tx.query(
        `insert into catalog_stock_alerts (tenant_id, id, variant_id, customer_id, asked_at, mails, confirmed_at)
         values ($1, $2, $3, $4, $5, 0, $5) on conflict (tenant_id, customer_id, variant_id) where customer_id is not null do nothing`,
        [tenant, newId('sal'), variantId, customerId, clock.now()],
      );
    });
  }

  async function askMailbox(
    tenant: TenantId,
    email: string,
    { variantId, locale }: StockAlertInput,
  ): Promise<void> {
    const digest = createHash('sha256').update(`${email}/${variantId}`).digest('base64url');
    await slowly(tenant, createHash('sha256').update(email).digest('base64url'));
    await sql.transaction(tenant, async (tx) => {
      await requireSoldOut(tx, tenant, variantId);
      await tx.enqueue({ name: ASK_MAILBOX, payload: { variantId, email, locale }, key: digest });
    });
  }

  /** The question to a mailbox, written down; undefined where none is to be sent. */
  async function question(
    tenant: TenantId,
    { variantId, email, locale }: MailboxTask,
  ): Promise<Question | undefined> {
    return sql.transaction(tenant, async (tx) => {
      const now = clock.now();
      await tx.query(
        'delete from catalog_stock_alerts where tenant_id = $1 and confirmed_at is null and asked_at < $2',
        [tenant, new Date(now.getTime() - ANSWER_MS)],
      );
      // Of two that take the same place at once one fails, and comes again when the other is there.
      await tx.query(
        `insert into catalog_stock_alerts (tenant_id, id, variant_id, email, locale, token, asked_at, slot, mails)
         select $1, $2, $3, $4, $5, $6, $7, free.slot, 0 from (
           select s.slot from generate_series(1, ${MOST_UNANSWERED}) as s (slot) where not exists (
             select 1 from catalog_stock_alerts a where a.tenant_id = $1 and a.email = $4 and a.confirmed_at is null and a.slot = s.slot)
           order by s.slot limit 1) free
         where (select count(*) from catalog_stock_alerts where tenant_id = $1 and email = $4) < ${MOST_ALERTS}
         on conflict (tenant_id, email, variant_id) where email is not null do nothing`,
        [tenant, newId('sal'), variantId, email, locale ?? null, randomBytes(18).toString('base64url'), now],
      );
      const { rows } = await tx.query<Question>(
        `select a.id, a.token, a.mails, a.email, a.locale, ${THING} from catalog_stock_alerts a ${OF_PRODUCT}
         where a.tenant_id = $1 and a.email = $2 and a.variant_id = $3 and a.confirmed_at is null
           and (a.mailed_at is null or a.mailed_at < $4)`,
        [tenant, email, variantId, new Date(now.getTime() - AGAIN_MS)],
      );
      return rows[0];
    });
  }

  const ask: TaskHandler = async ({ tenant: id, payload }) => {
    const tenant = await platform.tenants.byId(id);
    if (tenant === undefined)
      throw new ShopError('unavailable', 'The shop is not known here yet.', { retryAfterSeconds: 5 });
    const asked = await question(id, MailboxTask.parse(payload));
    if (asked === undefined) return;
    // Under the same key as before, if this task died after it.
    await platform.call(id, 'notifications', 'notify', {
      key: `${asked.id}:${asked.mails}`,
      kind: 'alerts.confirm',
      to: { email: asked.email, ...(asked.locale === null ? {} : { locale: asked.locale }) },
      channels: ['mail'],
      variables: {
        product: nameOf(asked),
        link: `${platform.originOf(tenant)}/alerts?token=${asked.token}`,
      },
    });
    await sql.query(
      id,
      'update catalog_stock_alerts set mails = mails + 1, mailed_at = $4 where tenant_id = $1 and id = $2 and mails = $3',
      [id, asked.id, asked.mails, clock.now()],
    );
  };

  return {
    task: ask,

    /** @throws ShopError `not_found`; `conflict` when it is there to be bought, or the shop sends no mail; `invalid_input` without a mailbox */
    async ask(tenant: Tenant, customerId: string | undefined, input: StockAlertInput): Promise<void> {
      if (!tenant.domains.includes('notifications'))
        throw new ShopError('conflict', 'This shop sends no mail, so nobody can be told.', {
          remedy: 'Put it on a wishlist.',
        });
      if (customerId !== undefined) return askAsCustomer(tenant.id, customerId, input.variantId);
      if (input.email === undefined)
        throw new ShopError('invalid_input', 'Whom to tell is not known.', {
          problems: [{ where: 'body/email', what: 'is missing' }],
          remedy: 'Name a mailbox, or sign in.',
        });
      return askMailbox(tenant.id, input.email, input);
    },

    async list(tenant: TenantId, customerId: string): Promise<StockAlerts> {
      const { rows } = await sql.query<{ variant_id: string }>(
        tenant,
        'select variant_id from catalog_stock_alerts where tenant_id = $1 and customer_id = $2 order by variant_id',
        [tenant, customerId],
      );
      return { variantIds: rows.map(({ variant_id }) => variant_id) };
    },

    /** Fine when there is none. Whose turn it is already is told all the same. */
    async withdraw(tenant: TenantId, customerId: string, variantId: string): Promise<void> {
      await sql.query(
        tenant,
        'delete from catalog_stock_alerts where tenant_id = $1 and customer_id = $2 and variant_id = $3 and round is null',
        [tenant, customerId, variantId],
      );
    },

    show: async (tenant: TenantId, token: string): Promise<LinkedAlert> =>
      shown(await find({ query: (text, values) => sql.query(tenant, text, values) }, tenant, token)),

    /** What came back while the mailbox was silent is told now. May be repeated. */
    async confirm(tenant: TenantId, token: string): Promise<LinkedAlert> {
      return sql.transaction(tenant, async (tx) => {
        const alert = await find(tx, tenant, token, 'for update of a');
        if (alert.confirmed_at === null) {
          const isOut = await isSoldOut(tx, tenant, alert.variant_id);
          await tx.query(
            'update catalog_stock_alerts set confirmed_at = $3, slot = null where tenant_id = $1 and id = $2',
            [tenant, alert.id, clock.now()],
          );
          if (!isOut) await noteBack(platform, tx, tenant, alert.variant_id);
        }
        return { ...shown(alert), confirmed: true };
      });
    },

    /** As `withdraw`. */
    async withdrawLinked(tenant: TenantId, token: string): Promise<void> {
      await sql.query(
        tenant,
        'delete from catalog_stock_alerts where tenant_id = $1 and token = $2 and round is null',
        [tenant, token],
      );
    },
  };
}

/**
 * Locked: whoever tells that it is back waits, and finds who asked.
 * @throws ShopError `not_found`, `conflict`
 */
async function requireSoldOut(tx: Transaction, tenant: TenantId, variantId: string): Promise<void> {
  const { rowCount } = await tx.query(
    'select 1 from variants v join products p on p.tenant_id = $1 and p.id = v.product_id and p.visible where v.tenant_id = $1 and v.id = $2',
    [tenant, variantId],
  );
  if (rowCount === 0) throw new ShopError('not_found', 'There is no such variant.');
  if (!(await isSoldOut(tx, tenant, variantId)))
    throw new ShopError('conflict', 'It is there: nobody has to wait for it.');
}

async function isSoldOut(tx: Transaction, tenant: TenantId, variantId: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    'select 1 from sold_out_variants where tenant_id = $1 and variant_id = $2 for share',
    [tenant, variantId],
  );
  return rowCount > 0;
}

/** @throws ShopError `not_found`, also when it was told or taken back */
async function find(sql: SqlRunner, tenant: TenantId, token: string, lock = ''): Promise<AlertRow> {
  const { rows } = await sql.query<AlertRow>(
    `select a.id, a.variant_id, a.confirmed_at, ${THING} from catalog_stock_alerts a ${OF_PRODUCT}
     where a.tenant_id = $1 and a.token = $2 ${lock}`,
    [tenant, token],
  );
  const [row] = rows;
  if (row === undefined)
    throw new ShopError('not_found', 'This link is used up, or too old.', {
      remedy: 'Ask again on the product’s page.',
    });
  return row;
}

const OF_PRODUCT = `join variants v on v.tenant_id = $1 and v.id = a.variant_id
  join products p on p.tenant_id = $1 and p.id = v.product_id and p.visible`;

interface AlertRow extends Thing {
  readonly id: string;
  readonly variant_id: string;
  readonly confirmed_at: Date | null;
}

interface Question extends Thing {
  readonly id: string;
  readonly token: string;
  readonly mails: number;
  readonly email: string;
  readonly locale: string | null;
}

function shown(alert: AlertRow): LinkedAlert {
  return { product: nameOf(alert), handle: alert.handle, confirmed: alert.confirmed_at !== null };
}

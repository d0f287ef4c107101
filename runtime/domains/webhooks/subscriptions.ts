/** Who is told of what: rows of a shop's subscriptions, and their secrets, which are kept sealed. */
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { SqlRunner, TenantId } from '../../platform/ports.ts';
import { typesOf } from './events.ts';
import type { Subscription, SubscriptionInput, SubscriptionPatch } from './schemas.ts';
import { newSecret } from './signature.ts';

/** More are a loop, or a shop's every customer. */
const MOST_SUBSCRIPTIONS = 20;
const HOUR_MS = 60 * 60 * 1_000;

interface Row {
  readonly id: string;
  readonly url: string;
  readonly description: string;
  readonly events: readonly string[];
  readonly enabled: boolean;
  readonly disabled_because: Subscription['disabledBecause'] | null;
  readonly disabled_at: Date | null;
  readonly former_until: Date | null;
  readonly failures: number;
  readonly failing_since: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const COLUMNS = `id, url, description, events, enabled, disabled_because, disabled_at, former_until, failures, failing_since,
  created_at, updated_at`;

/** What a subscription's secret is sealed for. */
export const sealedFor = (id: string): string => `webhooks/${id}`;

export function createSubscriptions({
  clock,
  newId,
  sealing,
}: Pick<Platform, 'clock' | 'newId' | 'sealing'>) {
  const show = (row: Row): Subscription => ({
    id: row.id,
    url: row.url,
    description: row.description,
    events: [...row.events],
    enabled: row.enabled,
    disabledBecause: row.disabled_because ?? undefined,
    disabledAt: row.disabled_at?.toISOString(),
    failures: row.failures,
    failingSince: row.failing_since?.toISOString(),
    formerSecretUntil:
      row.former_until !== null && row.former_until > clock.now()
        ? row.former_until.toISOString()
        : undefined,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  });

  async function find(sql: SqlRunner, tenant: TenantId, id: string): Promise<Subscription> {
    const { rows } = await sql.query<Row>(
      `select ${COLUMNS} from webhooks_subscriptions where tenant_id = $1 and id = $2`,
      [tenant, id],
    );
    return show(rows[0] ?? missing(id));
  }

  return {
    find,

    async list(sql: SqlRunner, tenant: TenantId): Promise<Subscription[]> {
      const { rows } = await sql.query<Row>(
        `select ${COLUMNS} from webhooks_subscriptions where tenant_id = $1 order by id`,
        [tenant],
      );
      return rows.map(show);
    },

    /** @returns with its secret, which nobody can be told again. @throws ShopError `conflict` when there are {@link MOST_SUBSCRIPTIONS} */
    async create(
      sql: SqlRunner,
      tenant: TenantId,
      { url, description, events, enabled }: SubscriptionInput,
    ): Promise<Subscription & { readonly secret: string }> {
      const id = newId('whk');
      const secret = newSecret();
      const { rows } = await sql.query<Row>(
        `insert into webhooks_subscriptions
           (tenant_id, id, url, description, events, enabled, disabled_because, disabled_at, secret, since,
            created_at, updated_at)
         select $1, $2, $3, $4, $5::text[], $6::boolean, case when $6 then null else 'merchant' end,
           case when $6 then null else $8::timestamptz end, $7, date_trunc('milliseconds', now()), $8, $8
         where (select count(*) from webhooks_subscriptions where tenant_id = $1) < ${MOST_SUBSCRIPTIONS}
         returning ${COLUMNS}`,
        [
          tenant,
          id,
          url,
          description,
          events,
          enabled,
          sealing.seal(tenant, sealedFor(id), Buffer.from(secret)),
          clock.now(),
        ],
      );
      const [row] = rows;
      if (row !== undefined) return { ...show(row), secret };
      throw new ShopError('conflict', `This shop has ${MOST_SUBSCRIPTIONS} subscriptions.`, {
        remedy: 'Delete those that nobody needs, or let one hear more types.',
      });
    },

    /** What is switched on begins anew: what it failed at before is not held against it. */
    async update(
      sql: SqlRunner,
      tenant: TenantId,
      id: string,
      { url, description, events, enabled }: SubscriptionPatch,
    ): Promise<Subscription> {
      const { rows } = await sql.query<Row>(
        `update webhooks_subscriptions s set url = coalesce($3, url), description = coalesce($4, description),
           events = coalesce($5::text[], events), enabled = coalesce($6::boolean, enabled),
           disabled_because = case when $6 then null when not $6 and enabled then 'merchant' else disabled_because end,
           disabled_at = case when $6 then null when not $6 and enabled then $7 else disabled_at end,
           failures = case when $6 then 0 else failures end, failing_since = case when $6 then null else failing_since end,
           updated_at = $7
         where tenant_id = $1 and id = $2 returning ${COLUMNS}`,
        [tenant, id, url ?? null, description ?? null, events ?? null, enabled ?? null, clock.now()],
      );
      return show(rows[0] ?? missing(id));
    },

    async remove(sql: SqlRunner, tenant: TenantId, id: string): Promise<void> {
      const { rowCount } = await sql.query(
        'delete from webhooks_subscriptions where tenant_id = $1 and id = $2',
        [tenant, id],
      );
      if (rowCount === 0) missing(id);
    },

    /** Of two secrets, the present and the one before, the older stops signing at once. */
    async rotate(
      sql: SqlRunner,
      tenant: TenantId,
      id: string,
      overlapHours: number,
    ): Promise<{ secret: string; formerSecretUntil: string }> {
      const secret = newSecret();
      const now = clock.now();
      const until = new Date(now.getTime() + overlapHours * HOUR_MS);
      const { rowCount } = await sql.query(
        `update webhooks_subscriptions set former_secret = secret, former_until = $4, secret = $3, updated_at = $5
         where tenant_id = $1 and id = $2`,
        [tenant, id, sealing.seal(tenant, sealedFor(id), Buffer.from(secret)), until, now],
      );
      if (rowCount === 0) missing(id);
      return { secret, formerSecretUntil: until.toISOString() };
    },
  };
}

/** @throws ShopError `invalid_input` for what nothing that happens is called */
export function checkedTypes(events: readonly string[]): readonly string[] {
  const problems = events
    .filter((pattern) => typesOf(pattern).length === 0)
    .map((pattern) => ({ where: 'events', what: `nothing is called ${pattern}` }));
  if (problems.length === 0) return [...new Set(events.flatMap(typesOf))];
  throw new ShopError('invalid_input', 'Some of these events do not exist.', {
    problems,
    remedy: 'GET /api/admin/webhooks/event-types lists those that do.',
  });
}

function missing(id: string): never {
  throw new ShopError('not_found', `There is no subscription ${id}.`, {
    remedy: 'GET /api/admin/webhooks/subscriptions lists them.',
  });
}

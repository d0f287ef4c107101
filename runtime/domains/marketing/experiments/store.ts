/** Experiments in the tenant's tables: who takes part, what they did, and what is known of those whose time is over. */
import { ShopError } from '../../../platform/errors.ts';
import type { Clock, NewId, SqlRunner, TenantId, Transaction } from '../../../platform/ports.ts';
import { ratioEvidence } from '../sequential/sample-ratio.ts';
import type { Experiment, Plan, Results } from './schemas.ts';
import { comparisonsOf, lookAt, seen as seenSchema, verdictOf, type Person, type Seen } from './seen.ts';

const HOUR_MS = 60 * 60_000;
/** What was done in time may be heard of so much later. */
const GRACE_MS = 2 * 60_000;
/** People counted in one go. */
const BATCH = 5_000;
/** What is known of the people of an experiment that has ended is kept so long. */
const KEPT_MS = 90 * 24 * HOUR_MS;
/** An order that nobody claimed by then was nobody's. */
const UNCLAIMED_MS = 24 * HOUR_MS;

export type EndedBy = NonNullable<Experiment['endedBy']>;
export type Experiments = ReturnType<typeof createExperiments>;

export function createExperiments({ clock, newId }: { readonly clock: Clock; readonly newId: NewId }) {
  const columns = 'id, state, plan, seen, created_at, started_at, ended_at, ended_by';

  async function find(sql: SqlRunner, tenant: TenantId, id: string, lock = false): Promise<StoredExperiment> {
    const { rows } = await sql.query<ExperimentRow>(
      `select ${columns} from marketing_experiments where tenant_id = $1 and id = $2${lock ? ' for update' : ''}`,
      [tenant, id],
    );
    const [row] = rows;
    if (row === undefined) throw new ShopError('not_found', 'There is no such experiment.');
    return fromRow(row);
  }

  async function exposed(sql: SqlRunner, tenant: TenantId, id: string): Promise<Record<string, number>> {
    const { rows } = await sql.query<{ variant: string; people: number }>(
      `select variant, count(*)::int as people from marketing_exposures where tenant_id = $1 and experiment_id = $2 group by variant`,
      [tenant, id],
    );
    return Object.fromEntries(rows.map(({ variant, people }) => [variant, people]));
  }

  /** Takes those whose time is over, each once, whoever looks at the same time. */
  async function takeDue(
    tx: Transaction,
    tenant: TenantId,
    id: string,
    plan: Plan,
  ): Promise<readonly Person[]> {
    const over = new Date(clock.now().getTime() - plan.windowHours * HOUR_MS - GRACE_MS);
    const { rows } = await tx.query<Person>(
      `with due as (
         update marketing_exposures set counted = true where tenant_id = $1 and experiment_id = $2 and not counted and subject in (
           select subject from marketing_exposures where tenant_id = $1 and experiment_id = $2 and not counted and at <= $3
           order by at, subject limit ${BATCH})
         returning subject, variant, at)
       select d.variant, coalesce(array_agg(g.goal) filter (where g.goal is not null), '{}') as did from due d
       left join marketing_goals g on g.tenant_id = $1 and g.experiment_id = $2 and g.subject = d.subject
       group by d.subject, d.variant, d.at order by d.at, d.subject`,
      [tenant, id, over],
    );
    return rows;
  }

  function judged({ experiment, seen }: StoredExperiment, people: Record<string, number>): Results {
    const given = experiment.plan.shares.filter(({ weight }) => weight > 0);
    const evidence = ratioEvidence(
      given.map(({ variant }) => people[variant] ?? 0),
      given.map(({ weight }) => weight),
    );
    const comparisons = comparisonsOf(seen, experiment.plan);
    return {
      experiment,
      verdict: verdictOf(comparisons, experiment.plan, evidence),
      exposed: people,
      ratioPValue: Math.min(1, Math.exp(-evidence)),
      comparisons: [...comparisons],
    };
  }

  async function end(tx: Transaction, tenant: TenantId, id: string, by: EndedBy): Promise<void> {
    await tx.query(
      `update marketing_experiments set state = 'ended', ended_at = $3, ended_by = $4 where tenant_id = $1 and id = $2`,
      [tenant, id, clock.now(), by],
    );
  }

  return {
    find,

    async list(sql: SqlRunner, tenant: TenantId): Promise<readonly Experiment[]> {
      const { rows } = await sql.query<ExperimentRow>(
        `select ${columns} from marketing_experiments where tenant_id = $1 order by created_at desc, id limit 200`,
        [tenant],
      );
      return rows.map((row) => fromRow(row).experiment);
    },

    async create(tx: Transaction, tenant: TenantId, plan: Plan): Promise<Experiment> {
      const id = newId('exp');
      await tx.query(
        `insert into marketing_experiments (tenant_id, id, flag_key, state, plan, seen, created_at)
         values ($1, $2, $3, 'draft', $4, '{}', $5)`,
        [tenant, id, plan.flagKey, JSON.stringify(plan), clock.now()],
      );
      return (await find(tx, tenant, id)).experiment;
    },

    /** @throws ShopError `conflict`: it is not a draft, or another one runs on the flag; `invalid_input`: the flag lacks a variant */
    async start(tx: Transaction, tenant: TenantId, id: string): Promise<Experiment> {
      const { experiment } = await find(tx, tenant, id, true);
      const { plan } = experiment;
      if (experiment.state === 'running') return experiment;
      if (experiment.state === 'ended')
        throw new ShopError('conflict', 'It has ended: who took part knows the variants.', {
          remedy: 'Plan another experiment.',
        });
      const { rows } = await tx.query<{ names: readonly string[] }>(
        `select array(select jsonb_object_keys(flag -> 'variants')) as names from marketing_flags
         where tenant_id = $1 and key = $2 for update`,
        [tenant, plan.flagKey],
      );
      const lacking = plan.shares.filter(({ variant }) => rows[0]?.names.includes(variant) !== true);
      if (lacking.length > 0)
        throw new ShopError('invalid_input', `Flag ${plan.flagKey} has no variant ${lacking[0]?.variant}.`, {
          remedy: 'Write the flag first.',
        });
      const { rows: others } = await tx.query(
        `select id from marketing_experiments where tenant_id = $1 and flag_key = $2 and state = 'running'`,
        [tenant, plan.flagKey],
      );
      if (others.length > 0)
        throw new ShopError('conflict', 'Another experiment is giving this flag’s variants out.', {
          remedy: 'End it first.',
        });
      await tx.query(
        `update marketing_experiments set state = 'running', started_at = $3 where tenant_id = $1 and id = $2`,
        [tenant, id, clock.now()],
      );
      return (await find(tx, tenant, id)).experiment;
    },

    async stop(tx: Transaction, tenant: TenantId, id: string): Promise<Experiment> {
      const { experiment } = await find(tx, tenant, id, true);
      if (experiment.state !== 'ended') await end(tx, tenant, id, 'merchant');
      return (await find(tx, tenant, id)).experiment;
    },

    /** Counts those whose time is over, and ends an experiment that does harm or loses people. @returns whether it goes on, and has more to count */
    async look(tx: Transaction, tenant: TenantId, id: string): Promise<{ runs: boolean; hasMore: boolean }> {
      const stored = await find(tx, tenant, id, true);
      const { plan, state } = stored.experiment;
      if (state !== 'running') return { runs: false, hasMore: false };
      const people = await takeDue(tx, tenant, id, plan);
      const seen = lookAt(stored.seen, plan, people);
      await tx.query('update marketing_experiments set seen = $3 where tenant_id = $1 and id = $2', [
        tenant,
        id,
        JSON.stringify(seen),
      ]);
      const { verdict } = judged({ ...stored, seen }, await exposed(tx, tenant, id));
      if (verdict === 'harmful' || verdict === 'untrustworthy') {
        await end(tx, tenant, id, verdict === 'harmful' ? 'guard' : 'mismatch');
        return { runs: false, hasMore: false };
      }
      return { runs: true, hasMore: people.length === BATCH };
    },

    async results(sql: SqlRunner, tenant: TenantId, id: string): Promise<Results> {
      return judged(await find(sql, tenant, id), await exposed(sql, tenant, id));
    },

    /** The first variant that somebody was shown is theirs. */
    async expose(
      sql: SqlRunner,
      tenant: TenantId,
      { experimentId, subject, variant }: { experimentId: string; subject: string; variant: string },
    ): Promise<void> {
      await sql.query(
        `insert into marketing_exposures (tenant_id, experiment_id, subject, variant, at, counted)
         values ($1, $2, $3, $4, $5, false) on conflict (tenant_id, experiment_id, subject) do nothing`,
        [tenant, experimentId, subject, variant, clock.now()],
      );
    },

    /** Notes it for every running experiment that counts it, if they took part in time. */
    async reach(sql: SqlRunner, tenant: TenantId, subject: string, goal: string, at: Date): Promise<void> {
      await sql.query(
        `insert into marketing_goals (tenant_id, experiment_id, subject, goal, at)
         select e.tenant_id, e.experiment_id, e.subject, $3, $4 from marketing_exposures e
         join marketing_experiments x on x.tenant_id = e.tenant_id and x.id = e.experiment_id and x.state = 'running'
         where e.tenant_id = $1 and e.subject = $2 and not e.counted
           and $4 between e.at and e.at + (x.plan ->> 'windowHours')::float8 * interval '1 hour'
           and (x.plan ->> 'goal' = $3 or x.plan -> 'guards' @> jsonb_build_array(jsonb_build_object('goal', $3::text)))
         on conflict (tenant_id, experiment_id, subject, goal) do nothing`,
        [tenant, subject, goal, at],
      );
    },

    /** A page says whose an order is. @returns what is known to have become of it already */
    async claim(
      tx: Transaction,
      tenant: TenantId,
      orderId: string,
      subject: string,
    ): Promise<readonly string[]> {
      const { rows } = await tx.query<{ goals: readonly string[]; subject: string }>(
        `insert into marketing_orders as o (tenant_id, order_id, subject, goals, at) values ($1, $2, $3, '{}', $4)
         on conflict (tenant_id, order_id) do update set subject = coalesce(o.subject, excluded.subject) returning goals, subject`,
        [tenant, orderId, subject, clock.now()],
      );
      return rows[0]?.subject === subject ? rows[0].goals : [];
    },

    /** Something became of an order. @returns whose a page said it is */
    async happened(
      tx: Transaction,
      tenant: TenantId,
      orderId: string,
      goal: string,
    ): Promise<string | undefined> {
      const { rows } = await tx.query<{ subject: string | null }>(
        `insert into marketing_orders as o (tenant_id, order_id, subject, goals, at) values ($1, $2, null, array[$3::text], $4)
         on conflict (tenant_id, order_id) do update set
           goals = case when $3 = any (o.goals) then o.goals else o.goals || $3::text end returning subject`,
        [tenant, orderId, goal, clock.now()],
      );
      return rows[0]?.subject ?? undefined;
    },

    /** @returns whether there is anything left that will have to go */
    async tidy(tx: Transaction, tenant: TenantId): Promise<boolean> {
      const now = clock.now().getTime();
      await tx.query(
        'delete from marketing_orders where tenant_id = $1 and at < case when subject is null then $2::timestamptz else $3::timestamptz end',
        [tenant, new Date(now - UNCLAIMED_MS), new Date(now - KEPT_MS)],
      );
      for (const table of ['marketing_exposures', 'marketing_goals'])
        await tx.query(
          `delete from ${table} where tenant_id = $1 and experiment_id in (
             select id from marketing_experiments where tenant_id = $1 and ended_at < $2)`,
          [tenant, new Date(now - KEPT_MS)],
        );
      const { rows } = await tx.query<{ left: boolean }>(
        `select exists (select from marketing_exposures where tenant_id = $1) or exists (select from marketing_orders where tenant_id = $1) as left`,
        [tenant],
      );
      return rows[0]?.left === true;
    },
  };
}

interface StoredExperiment {
  readonly experiment: Experiment;
  readonly seen: Seen;
}

interface ExperimentRow {
  readonly id: string;
  readonly state: Experiment['state'];
  readonly plan: Plan;
  readonly seen: unknown;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly ended_by: EndedBy | null;
}

function fromRow(row: ExperimentRow): StoredExperiment {
  return {
    experiment: {
      id: row.id,
      state: row.state,
      plan: row.plan,
      createdAt: row.created_at.toISOString(),
      ...(row.started_at === null ? {} : { startedAt: row.started_at.toISOString() }),
      ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
      ...(row.ended_by === null ? {} : { endedBy: row.ended_by }),
    },
    seen: seenSchema.parse(row.seen),
  };
}

/**
 * The analytics port in the database: facts as rows, and their counts and sums by quarters of an hour, written in one statement, so
 * that a batch that comes twice is counted once.
 */
import type { FactDefinition } from '../definition.ts';
import type { Amounts, Analytics, Calendar, Clock, FactFilter, FactSpan, Sql, SqlValue } from '../ports.ts';
import { FACT_DAYS, ROLLUP_DAYS } from './index.ts';
import { cohortsOf, cursorOf, factOf, factRules, placeOf, sumsOf } from './rules.ts';
import type { StoredFact } from './rules.ts';

export interface RollupsOptions {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly facts: readonly FactDefinition[];
}

const DAY_MS = 24 * 60 * 60 * 1_000;

export function createRollups({ sql, clock, facts: definitions }: RollupsOptions): Analytics {
  const rules = factRules(definitions);

  async function rows<Row>(text: string, given: Given): Promise<Row[]> {
    return (await sql.query<Row>(given.tenant, text, given.values)).rows;
  }

  return {
    async append(tenant, batch) {
      const facts = rules.batch(batch);
      // In a transaction, because two writers may wait for each other's rollups: that is retried.
      await sql.transaction(tenant, (tx) => tx.query(APPEND, [tenant, batch.id, JSON.stringify(facts)]));
    },

    async series(tenant, query) {
      const definition = rules.series(query);
      const given = givenOf(tenant, query);
      const { dimension = '', value = '' } = query.where ?? {};
      const text =
        query.subjects === true || query.bucket === 'minute'
          ? `SELECT ${bucketOf('at', query, given)} AS bucket, count(*) AS count, sum(value_0) AS sum_0, sum(value_1) AS sum_1,
               count(DISTINCT nullif(subject, '')) AS subjects
             FROM facts WHERE ${given.of('at')} ${matching(given, query.where)} GROUP BY 1 ORDER BY 1`
          : `SELECT ${bucketOf('slot', query, given)} AS bucket, sum(count) AS count, sum(sum_0) AS sum_0, sum(sum_1) AS sum_1
             FROM fact_rollups WHERE ${given.of('slot')} AND dimension = ${given.add(dimension)} AND value = ${given.add(value)}
             GROUP BY 1 ORDER BY 1`;
      const found = await rows<SumRow & { bucket: Date; subjects?: number }>(text, given);
      return found.map((row) => ({
        at: row.bucket,
        ...amountsOf(definition, row),
        ...(query.subjects === true ? { subjects: Number(row.subjects) } : {}),
      }));
    },

    async top(tenant, query) {
      const definition = rules.top(query);
      const given = givenOf(tenant, query);
      const among = query.among === undefined ? '' : `AND value = ANY (${given.add(query.among)})`;
      const order = query.by === 'count' ? 'count' : `sum_${definition.measures.indexOf(query.by)}`;
      const found = await rows<SumRow & { value: string }>(
        `SELECT * FROM (
           SELECT value, sum(count) AS count, sum(sum_0) AS sum_0, sum(sum_1) AS sum_1
           FROM fact_rollups WHERE ${given.of('slot')} AND dimension = ${given.add(query.dimension)} ${among} GROUP BY value
         ) AS found ORDER BY ${order} DESC, value LIMIT ${given.add(query.limit)}`,
        given,
      );
      return found.map((row) => ({ value: row.value, ...amountsOf(definition, row) }));
    },

    async funnel(tenant, query) {
      rules.funnel(query);
      const { steps, from, to, of } = query;
      const [first] = steps;
      const given = givenOf(tenant, { kind: first?.kind ?? '', from, to });
      const within = given.add(query.withinSeconds);
      // Of each actor and step: when it was done, and the latest beginning from which it was reached in time.
      const levels = steps.map(({ kind, where }, level) => {
        const done = `SELECT ${of} AS actor, at, ${level} AS level, ${level === 0 ? 'at' : 'NULL::timestamptz'} AS since FROM facts
          WHERE tenant_id = $1 AND kind = ${level === 0 ? '$2' : given.add(kind)} AND at >= $3 AND at < $4 AND ${of} <> '' ${matching(given, where)}`;
        if (level === 0) return `step_0 AS (${done})`;
        return `step_${level} AS (
          SELECT actor, at, level, since FROM (
            SELECT actor, at, level, max(since) OVER (PARTITION BY actor ORDER BY at, level ROWS UNBOUNDED PRECEDING) AS since
            FROM (SELECT * FROM step_${level - 1} UNION ALL ${done}) AS either
          ) AS reached WHERE level = ${level} AND at - since <= ${within}::bigint * interval '1 second')`;
      });
      const counts = steps.map(
        (_, level) => `(SELECT count(DISTINCT actor) FROM step_${level}) AS c${level}`,
      );
      const [row] = await rows<Record<string, number>>(
        `WITH ${levels.join(', ')} SELECT ${counts.join(', ')}`,
        given,
      );
      return steps.map((_, level) => Number(row?.[`c${level}`]));
    },

    async sessions(tenant, query) {
      rules.sessions(query);
      const given = givenOf(tenant, query);
      const found = await rows<
        { bucket: Date } & Record<'sessions' | 'subjects' | 'facts' | 'bounces' | 'ms', number>
      >(
        `SELECT ${bucketOf('since', query, given)} AS bucket, count(*) AS sessions, count(DISTINCT nullif(subject, '')) AS subjects,
           sum(facts)::bigint AS facts, count(*) FILTER (WHERE facts = 1) AS bounces,
           sum(round(extract(epoch FROM until - since) * 1000))::bigint AS ms
         FROM (
           SELECT session, max(subject) AS subject, min(at) AS since, max(at) AS until, count(*) AS facts
           FROM facts WHERE tenant_id = $1 AND kind = $2 AND at >= $3 AND at < $4 AND session <> '' GROUP BY session
         ) AS visits GROUP BY 1 ORDER BY 1`,
        given,
      );
      return found.map(({ bucket, ms, ...counts }) => ({
        at: bucket,
        ...counts,
        seconds: Math.round(ms / 1_000),
      }));
    },

    async cohorts(tenant, query) {
      const definition = rules.cohorts(query);
      const given = givenOf(tenant, query);
      const unit = given.add(query.unit ?? '');
      const theirs = (of: string): string =>
        `${of}.tenant_id = $1 AND ${of}.kind = $2 AND ${of}.unit = ${unit} AND ${of}.subject <> ''`;
      const found = await rows<CohortRow>(
        `WITH firsts AS (
           SELECT f.subject, min(f.at) AS since FROM facts f WHERE ${theirs('f')}
           GROUP BY f.subject HAVING min(f.at) >= $3 AND min(f.at) < $4
         ), begun AS (
           SELECT subject, ${bucketOf('since', query, given)} AS cohort FROM firsts
         ), done AS (
           SELECT b.cohort, f.subject, f.value_0, f.value_1,
             ${bucketsBetween('b.cohort', bucketOf('f.at', query, given), query, given)} AS period
           FROM begun b JOIN facts f ON f.subject = b.subject AND ${theirs('f')}
         )
         SELECT cohort, period, count(DISTINCT subject) AS subjects, count(*) AS count, sum(value_0) AS sum_0, sum(value_1) AS sum_1
         FROM done WHERE period < ${given.add(query.periods)} GROUP BY 1, 2 ORDER BY 1, 2`,
        given,
      );
      return cohortsOf(found.map((row) => ({ ...row, ...amountsOf(definition, row) })));
    },

    async read(tenant, query) {
      const definition = rules.read(query);
      const after = placeOf(query.after);
      const given = givenOf(tenant, query);
      const begin = [new Date(after.at), after.batch, after.place]
        .map((value) => given.add(value))
        .join(', ');
      const found = await rows<StoredRow>(
        `SELECT kind, at, subject, session, unit, dimensions, value_0, value_1, batch, place FROM facts
         WHERE ${given.of('at')} AND (at, batch, place) > (${begin}) ORDER BY at, batch, place LIMIT ${given.add(query.limit + 1)}`,
        given,
      );
      const page = found.slice(0, query.limit);
      const last = page.at(-1);
      return {
        facts: page.map((row) => factOf(definition, { ...row, values: [row.value_0, row.value_1] })),
        ...(found.length > page.length && last !== undefined
          ? { next: cursorOf({ at: last.at.getTime(), batch: last.batch, place: last.place }) }
          : {}),
      };
    },

    async tidy(tenant) {
      const kinds = definitions.map(({ name }) => name);
      const ago = (days: number): Date => new Date(clock.now().getTime() - days * DAY_MS);
      await sql.query(tenant, 'DELETE FROM facts WHERE tenant_id = $1 AND kind = ANY ($2) AND at < $3', [
        tenant,
        kinds,
        ago(FACT_DAYS),
      ]);
      await sql.query(
        tenant,
        'DELETE FROM fact_rollups WHERE tenant_id = $1 AND kind = ANY ($2) AND slot < $3',
        [tenant, kinds, ago(ROLLUP_DAYS)],
      );
    },

    // The database is not ours.
    close: () => Promise.resolve(),
  };
}

/** Parameters of a question: $1 to $4 are tenant, kind, from and to. */
interface Given {
  readonly tenant: string;
  readonly values: readonly SqlValue[];
  /** @returns its place: `$5` */
  add(value: SqlValue): string;
  /** What every row has to be; `column` is when. */
  of(column: string): string;
}

function givenOf(tenant: string, { kind, from, to, unit = '' }: FactSpan): Given {
  const values: SqlValue[] = [tenant, kind, from, to];
  const add = (value: SqlValue): string => `$${values.push(value)}`;
  return {
    tenant,
    values,
    add,
    of: (column) =>
      `tenant_id = $1 AND kind = $2 AND ${column} >= $3 AND ${column} < $4 AND unit = ${add(unit)}`,
  };
}

interface SumRow {
  readonly count: number | string;
  readonly sum_0: number | string;
  readonly sum_1: number | string;
}

interface CohortRow extends SumRow {
  readonly cohort: Date;
  readonly period: number;
  readonly subjects: number;
}

interface StoredRow extends Omit<StoredFact, 'values'> {
  readonly value_0: number;
  readonly value_1: number;
  readonly batch: string;
  readonly place: number;
}

function amountsOf(definition: FactDefinition, { count, sum_0, sum_1 }: SumRow): Amounts {
  return { count: Number(count), sums: sumsOf(definition, [sum_0, sum_1]) };
}

/** When the bucket of a moment begins. */
function bucketOf(column: string, { bucket, zone }: Calendar, given: Given): string {
  if (bucket === 'minute' || bucket === 'quarter')
    return `date_bin(interval '${bucket === 'minute' ? 1 : 15} minutes', ${column}, timestamptz 'epoch')`;
  return `date_trunc('${bucket}', ${column}, ${given.add(zone)}::text)`;
}

/** How many buckets lie between the beginnings of two. */
function bucketsBetween(from: string, to: string, { bucket, zone }: Calendar, given: Given): string {
  const place = given.add(zone);
  const [first, last] = [from, to].map((at) => `(${at} AT TIME ZONE ${place}::text)::date`);
  if (bucket !== 'month') return `(${last} - ${first}) / ${bucket === 'week' ? 7 : 1}`;
  const months = (day?: string): string =>
    `extract(year FROM ${day})::int * 12 + extract(month FROM ${day})::int`;
  return `(${months(last)}) - (${months(first)})`;
}

function matching(given: Given, where: FactFilter | undefined): string {
  if (where === undefined) return '';
  return `AND dimensions ->> ${given.add(where.dimension)}::text = ${given.add(where.value)}`;
}

const APPEND = `
  WITH given AS (
    SELECT (fact ->> 'kind') AS kind, (fact ->> 'at')::timestamptz AS at, fact ->> 'subject' AS subject, fact ->> 'session' AS session,
      fact ->> 'unit' AS unit, fact -> 'dimensions' AS dimensions, (fact -> 'values' ->> 0)::bigint AS value_0,
      (fact -> 'values' ->> 1)::bigint AS value_1, place
    FROM jsonb_array_elements($3::jsonb) WITH ORDINALITY AS f (fact, place)
  ), fresh AS (
    INSERT INTO facts (tenant_id, batch, place, kind, at, subject, session, unit, dimensions, value_0, value_1)
    SELECT $1, $2, place, kind, at, subject, session, unit, dimensions, value_0, value_1 FROM given
    ON CONFLICT (tenant_id, batch, place) DO NOTHING
    RETURNING kind, at, unit, dimensions, value_0, value_1
  ), counted AS (
    SELECT kind, unit, d.dimension, date_bin(interval '15 minutes', at, timestamptz 'epoch') AS slot, d.value,
      count(*) AS count, sum(value_0)::bigint AS sum_0, sum(value_1)::bigint AS sum_1
    FROM fresh CROSS JOIN LATERAL (SELECT '' AS dimension, '' AS value UNION ALL SELECT * FROM jsonb_each_text(dimensions)) AS d
    GROUP BY 1, 2, 3, 4, 5
  )
  INSERT INTO fact_rollups (tenant_id, kind, unit, dimension, slot, value, count, sum_0, sum_1)
  SELECT $1, kind, unit, dimension, slot, value, count, sum_0, sum_1 FROM counted ORDER BY kind, unit, dimension, slot, value
  ON CONFLICT (tenant_id, kind, unit, dimension, slot, value) DO UPDATE SET count = fact_rollups.count + excluded.count,
    sum_0 = fact_rollups.sum_0 + excluded.sum_0, sum_1 = fact_rollups.sum_1 + excluded.sum_1`;

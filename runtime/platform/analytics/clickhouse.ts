/**
 * The analytics port on ClickHouse. Facts go into one table, and a materialized view keeps their sums by quarters of an hour beside it;
 * a batch is one insert whose id is its deduplication token, so that it counts once in both. Every query says whose it is by a
 * setting that the server's row policies and constraints go by: a forgotten WHERE shows nothing of others.
 */
import { ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { z } from 'zod';
import { clickhouseSettings } from '../address/clickhouse/index.ts';
import type { FactDefinition } from '../definition.ts';
import { ShopError } from '../errors.ts';
import type { Amounts, Analytics, Calendar, FactSpan, TenantId } from '../ports.ts';
import { checkedTenantId } from '../tenant-id.ts';
import {
  CLICKHOUSE_FACTS as FACTS,
  CLICKHOUSE_ROLLUPS as ROLLUPS,
  CLICKHOUSE_TENANT_SETTING,
} from './index.ts';
import { cohortsOf, cursorOf, factOf, factRules, placeOf, sumsOf } from './rules.ts';

export interface ClickhouseAnalyticsOptions {
  /** `clickhouse+http://user:password@host:8123/shopmind_pool`; throws for one that cannot be right. */
  readonly address: string;
  readonly facts: readonly FactDefinition[];
  /** Until the server answers, in milliseconds. Default 15,000. */
  readonly answerTimeoutMs?: number;
}

/** Whole numbers come as numbers or as text, as the server is set. */
const Whole = z.coerce.number();
const Sums = { n: Whole, s0: Whole, s1: Whole };
const Point = z.object({ bucket: Whole, ...Sums, subjects: Whole.optional() });
const Value = z.object({ value: z.string(), ...Sums });
const Level = z.object({ level: Whole, n: Whole });
const Visits = z.object({
  bucket: Whole,
  sessions: Whole,
  subjects: Whole,
  facts: Whole,
  bounces: Whole,
  ms: Whole,
});
const CohortRow = z.object({ cohort: Whole, period: Whole, subjects: Whole, ...Sums });
const Stored = z.object({
  kind: z.string(),
  ms: Whole,
  subject: z.string(),
  session: z.string(),
  unit: z.string(),
  dimensions: z.record(z.string(), z.string()),
  value_0: Whole,
  value_1: Whole,
  batch: z.string(),
  place: Whole,
});

/** Opens nothing until it is used. */
export function createClickhouseAnalytics(options: ClickhouseAnalyticsOptions): Analytics {
  const rules = factRules(options.facts);
  const { answerTimeoutMs = 15_000 } = options;
  const client = createClient({
    ...clickhouseSettings(options.address),
    // Whoever asks tells of what failed.
    log: { level: ClickHouseLogLevel.OFF },
    application: 'shopmind-runtime',
    request_timeout: answerTimeoutMs,
    max_open_connections: 8,
  });

  const settingsOf = (tenant: TenantId) => ({
    [CLICKHOUSE_TENANT_SETTING]: checkedTenantId(tenant),
    // An error amid the rows would otherwise come after a 200.
    wait_end_of_query: 1 as const,
  });

  async function ask<Row>(
    tenant: TenantId,
    row: z.ZodType<Row>,
    query: string,
    asked: Asked,
  ): Promise<Row[]> {
    try {
      const answer = await client.query({
        query,
        format: 'JSONEachRow',
        query_params: { ...asked.params, tenant },
        clickhouse_settings: settingsOf(tenant),
      });
      return z.array(row).parse(await answer.json());
    } catch (error) {
      throw toShopError(error);
    }
  }

  return {
    async append(tenant, batch) {
      const facts = rules.batch(batch);
      const rows = facts.map(({ at, values: [value_0, value_1], ...fact }, place) => ({
        ...fact,
        tenant,
        at: at.getTime() / 1_000,
        value_0,
        value_1,
        batch: batch.id,
        place,
      }));
      try {
        await client.insert({
          table: FACTS,
          values: rows,
          format: 'JSONEachRow',
          clickhouse_settings: {
            ...settingsOf(tenant),
            insert_deduplicate: 1,
            insert_deduplication_token: `${tenant}/${batch.id}`,
            deduplicate_blocks_in_dependent_materialized_views: 1,
            // One block, and written when it is answered: the token is that of a block.
            async_insert: 0,
            input_format_parallel_parsing: 0,
          },
        });
      } catch (error) {
        throw toShopError(error);
      }
    },

    async series(tenant, query) {
      const definition = rules.series(query);
      const { dimension = '', value = '' } = query.where ?? {};
      const asked = askedOf(query, { dimension, value });
      const text =
        query.subjects === true || query.bucket === 'minute'
          ? `SELECT ${bucketOf('at', query)} AS bucket, count() AS n, sum(value_0) AS s0, sum(value_1) AS s1,
               uniqExactIf(subject, subject != '') AS subjects
             FROM ${FACTS} WHERE ${asked.facts} ${query.where === undefined ? '' : `AND ${matching('dimension', 'value')}`} GROUP BY bucket ORDER BY bucket`
          : `SELECT ${bucketOf('slot', query)} AS bucket, sum(count) AS n, sum(sum_0) AS s0, sum(sum_1) AS s1
             FROM ${ROLLUPS} WHERE ${asked.rollups} AND value = {value:String} GROUP BY bucket ORDER BY bucket`;
      return (await ask(tenant, Point, text, asked)).map(({ bucket, subjects = 0, ...row }) => ({
        at: momentOf(bucket),
        ...amountsOf(definition, row),
        ...(query.subjects === true ? { subjects } : {}),
      }));
    },

    async top(tenant, query) {
      const definition = rules.top(query);
      const { dimension, limit, among } = query;
      const asked = askedOf(query, { dimension, limit, ...(among === undefined ? {} : { among }) });
      const only = among === undefined ? '' : 'AND value IN {among:Array(String)}';
      const order = query.by === 'count' ? 'n' : `s${definition.measures.indexOf(query.by)}`;
      const found = await ask(
        tenant,
        Value,
        `SELECT value, sum(count) AS n, sum(sum_0) AS s0, sum(sum_1) AS s1 FROM ${ROLLUPS} WHERE ${asked.rollups} ${only}
         GROUP BY value ORDER BY ${order} DESC, value LIMIT {limit:UInt32}`,
        asked,
      );
      return found.map(({ value, ...row }) => ({ value, ...amountsOf(definition, row) }));
    },

    async funnel(tenant, query) {
      rules.funnel(query);
      const { steps, of, from, to } = query;
      const filters = steps.flatMap(({ where }, step) =>
        where === undefined
          ? []
          : [[`d${step}`, where.dimension] as const, [`v${step}`, where.value] as const],
      );
      const asked = askedOf(
        { kind: '', from, to },
        Object.fromEntries([...steps.map(({ kind }, step) => [`k${step}`, kind] as const), ...filters]),
      );
      const done = steps.map(
        ({ where }, step) =>
          `kind = {k${step}:String}${where === undefined ? '' : ` AND ${matching(`d${step}`, `v${step}`)}`}`,
      );
      const found = await ask(
        tenant,
        Level,
        `SELECT level, count() AS n FROM (
           SELECT ${of} AS actor, windowFunnel(${query.withinSeconds * 1_000})(toUInt64(toUnixTimestamp64Milli(at)), ${done.join(', ')}) AS level
           FROM ${FACTS} WHERE tenant = {tenant:String} AND ${SPAN_OF_FACTS} AND (${done.join(' OR ')}) AND actor != '' GROUP BY actor
         ) GROUP BY level`,
        asked,
      );
      return steps.map((_, step) => found.reduce((sum, { level, n }) => (level > step ? sum + n : sum), 0));
    },

    async sessions(tenant, query) {
      rules.sessions(query);
      const asked = askedOf(query, {});
      const found = await ask(
        tenant,
        Visits,
        `SELECT ${bucketOf('since', query)} AS bucket, count() AS sessions, uniqExactIf(who, who != '') AS subjects, sum(n) AS facts,
           countIf(n = 1) AS bounces, sum(toUnixTimestamp64Milli(until) - toUnixTimestamp64Milli(since)) AS ms
         FROM (
           SELECT session, max(subject) AS who, min(at) AS since, max(at) AS until, count() AS n
           FROM ${FACTS} WHERE tenant = {tenant:String} AND kind = {kind:String} AND ${SPAN_OF_FACTS} AND session != '' GROUP BY session
         ) GROUP BY bucket ORDER BY bucket`,
        asked,
      );
      return found.map(({ bucket, ms, ...counts }) => ({
        at: momentOf(bucket),
        ...counts,
        seconds: Math.round(ms / 1_000),
      }));
    },

    async cohorts(tenant, query) {
      const definition = rules.cohorts(query);
      const asked = askedOf(query, { periods: query.periods });
      const theirs = `tenant = {tenant:String} AND kind = {kind:String} AND unit = {unit:String} AND subject != ''`;
      const found = await ask(
        tenant,
        CohortRow,
        `SELECT ${bucketOf('since', query)} AS cohort, ${bucketsBetween('since', 'at', query)} AS period, uniqExact(subject) AS subjects,
           count() AS n, sum(value_0) AS s0, sum(value_1) AS s1
         FROM (SELECT subject, at, value_0, value_1 FROM ${FACTS} WHERE ${theirs}) AS done
         INNER JOIN (
           SELECT subject, min(at) AS since FROM ${FACTS} WHERE ${theirs} GROUP BY subject
           HAVING ${SPAN_OF_FACTS.replaceAll('at ', 'since ')}
         ) AS firsts USING (subject)
         GROUP BY cohort, period HAVING period < {periods:UInt32} ORDER BY cohort, period`,
        asked,
      );
      return cohortsOf(
        found.map((row) => ({ ...row, cohort: momentOf(row.cohort), ...amountsOf(definition, row) })),
      );
    },

    async read(tenant, query) {
      const definition = rules.read(query);
      const begin = placeOf(query.after);
      const asked = askedOf(query, {
        ms: begin.at,
        batch: begin.batch,
        place: begin.place,
        limit: query.limit + 1,
      });
      const found = await ask(
        tenant,
        Stored,
        `SELECT kind, toUnixTimestamp64Milli(at) AS ms, subject, session, unit, dimensions, value_0, value_1, batch, place
         FROM ${FACTS} WHERE ${asked.facts}
           AND (at, batch, place) > (fromUnixTimestamp64Milli({ms:Int64}, 'UTC'), {batch:String}, {place:Int32})
         ORDER BY at, batch, place LIMIT {limit:UInt32}`,
        asked,
      );
      const page = found.slice(0, query.limit);
      const last = page.at(-1);
      return {
        facts: page.map((row) =>
          factOf(definition, { ...row, at: new Date(row.ms), values: [row.value_0, row.value_1] }),
        ),
        ...(found.length > page.length && last !== undefined
          ? { next: cursorOf({ at: last.ms, batch: last.batch, place: last.place }) }
          : {}),
      };
    },

    close: () => client.close(),
  };
}

type Params = Readonly<Record<string, string | number | readonly string[]>>;

/** A question's parameters, and what every row has to be. The tenant's own is said once more than the server would need. */
interface Asked {
  readonly params: Params;
  readonly facts: string;
  readonly rollups: string;
}

const SPAN_OF_FACTS = `at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')`;
const SPAN_OF_ROLLUPS = `slot >= toDateTime(intDiv({from:Int64}, 1000), 'UTC') AND slot < toDateTime(intDiv({to:Int64}, 1000), 'UTC')`;

function askedOf({ kind, from, to, unit = '' }: FactSpan, more: Params): Asked {
  const of = `tenant = {tenant:String} AND kind = {kind:String} AND unit = {unit:String}`;
  return {
    params: { ...more, kind, unit, from: from.getTime(), to: to.getTime() },
    facts: `${of} AND ${SPAN_OF_FACTS}`,
    rollups: `${of} AND dimension = {dimension:String} AND ${SPAN_OF_ROLLUPS}`,
  };
}

interface SumRow {
  readonly n: number;
  readonly s0: number;
  readonly s1: number;
}

function amountsOf(definition: FactDefinition, { n, s0, s1 }: SumRow): Amounts {
  return { count: n, sums: sumsOf(definition, [s0, s1]) };
}

function momentOf(seconds: number): Date {
  return new Date(seconds * 1_000);
}

/** When the bucket of a moment begins, in seconds since 1970. Zones are names that were looked up: nothing in them needs quoting. */
function bucketOf(column: string, { bucket, zone }: Calendar): string {
  switch (bucket) {
    case 'minute':
      return `toUnixTimestamp(toStartOfMinute(${column}, 'UTC'))`;
    case 'quarter':
      return `toUnixTimestamp(toStartOfFifteenMinutes(${column}, 'UTC'))`;
    case 'hour':
      return `toUnixTimestamp(toStartOfHour(${column}, '${zone}'))`;
    case 'day':
    case 'week':
    case 'month':
      return `toUnixTimestamp(toDateTime(${dateOf(column, { bucket, zone })}, '${zone}'))`;
  }
}

/** The first day of the bucket of a moment. */
function dateOf(column: string, { bucket, zone }: Calendar): string {
  if (bucket === 'month') return `toStartOfMonth(${column}, '${zone}')`;
  return bucket === 'week' ? `toStartOfWeek(${column}, 1, '${zone}')` : `toDate(${column}, '${zone}')`;
}

function bucketsBetween(from: string, to: string, calendar: Calendar): string {
  const [first, last] = [dateOf(from, calendar), dateOf(to, calendar)];
  if (calendar.bucket === 'month') return `dateDiff('month', ${first}, ${last})`;
  return `intDiv(dateDiff('day', ${first}, ${last}), ${calendar.bucket === 'week' ? 7 : 1})`;
}

/** @param names of the parameters that hold them */
function matching(dimension: string, value: string): string {
  return `dimensions[{${dimension}:String}] = {${value}:String}`;
}

/** Of ClickHouse: TIMEOUT_EXCEEDED, SOCKET_TIMEOUT. */
const LATE: ReadonlySet<string> = new Set(['159', '209']);
/** NETWORK_ERROR, TOO_MANY_SIMULTANEOUS_QUERIES, QUOTA_EXPIRED, MEMORY_LIMIT_EXCEEDED, TABLE_IS_READ_ONLY, TOO_MANY_PARTS, AUTHENTICATION_FAILED. */
const AWAY: ReadonlySet<string> = new Set(['210', '202', '201', '241', '242', '252', '516']);

function toShopError(error: unknown): unknown {
  if (error instanceof ShopError) return error;
  const late =
    error instanceof ClickHouseError
      ? LATE.has(error.code)
      : error instanceof Error && /timeout/i.test(error.message);
  if (late)
    return new ShopError('timeout', 'The analytics store took too long.', {
      cause: error,
      remedy: 'Ask for a shorter time.',
    });
  const answered = error instanceof ClickHouseError && !AWAY.has(error.code);
  if (answered || error instanceof z.ZodError) return error;
  return new ShopError('unavailable', 'The analytics store does not answer.', {
    cause: error,
    remedy: 'Try again in a moment.',
    retryAfterSeconds: 5,
  });
}

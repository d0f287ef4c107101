/** What merchants ask, put to the analytics store, and what they are answered. */
import type { z } from 'zod';
import type { Platform } from '../../platform/domain.ts';
import type { FactFilter, FactSpan, Tenant } from '../../platform/ports.ts';
import { FACTS } from './facts.ts';
import * as s from './schemas.ts';

const MINUTE_MS = 60_000;
const LIVE_MINUTES = 30;

type Asked<Query extends z.ZodType> = z.infer<Query>;

export function createReports({ analytics, sql, clock }: Platform) {
  const spanOf = (asked: Parameters<typeof s.spanOf>[0]): s.Span => s.spanOf(asked, clock.now());

  /** The span of a kind, with the currency that it is counted in. */
  function spanned(tenant: Tenant, kind: string, span: s.Span, currency: string | undefined): FactSpan {
    const hasUnits = FACTS.find(({ name }) => name === kind)?.units === true;
    return { kind, ...span, ...(hasUnits ? { unit: currencyOf(tenant, currency) } : {}) };
  }

  async function totalsOf(
    tenant: Tenant,
    span: s.Span,
    zone: string,
    currency: string | undefined,
  ): Promise<s.Totals> {
    const month = { bucket: 'month', zone } as const;
    const [orders, refunds, visits, views] = await Promise.all([
      analytics.series(tenant.id, { ...spanned(tenant, 'order', span, currency), ...month }),
      analytics.series(tenant.id, {
        ...spanned(tenant, 'payment', span, currency),
        ...month,
        where: REFUNDED,
      }),
      analytics.sessions(tenant.id, { kind: 'view', ...span, ...month }),
      analytics.series(tenant.id, { kind: 'view', ...span, ...month }),
    ]);
    const sum = <Row>(rows: readonly Row[], of: (row: Row) => number): number =>
      rows.reduce((total, row) => total + of(row), 0);
    const count = sum(orders, (row) => row.count);
    const gross = sum(orders, ({ sums }) => sums['amount'] ?? 0);
    const returned = sum(refunds, ({ sums }) => sums['amount'] ?? 0);
    const sessions = sum(visits, (row) => row.sessions);
    return {
      orders: count,
      items: sum(orders, ({ sums }) => sums['items'] ?? 0),
      gross,
      refunds: returned,
      net: gross - returned,
      averageOrder: count === 0 ? 0 : Math.round(gross / count),
      sessions,
      visitors: sum(visits, ({ subjects }) => subjects),
      views: sum(views, (row) => row.count),
      conversion: shareOf(count, sessions),
    };
  }

  return {
    async overview(tenant: Tenant, asked: Asked<typeof s.overviewQuery>) {
      const span = spanOf(asked);
      const [current, previous] = await Promise.all(
        [span, s.before(span)].map((one) => totalsOf(tenant, one, asked.zone, asked.currency)),
      );
      return { ...shown(span, asked.zone), currency: currencyOf(tenant, asked.currency), current, previous };
    },

    async revenue(tenant: Tenant, asked: Asked<typeof s.revenueQuery>) {
      const span = spanOf(asked);
      const { bucket, zone, currency } = asked;
      const [orders, refunds] = await Promise.all([
        analytics.series(tenant.id, { ...spanned(tenant, 'order', span, currency), bucket, zone }),
        analytics.series(tenant.id, {
          ...spanned(tenant, 'payment', span, currency),
          bucket,
          zone,
          where: REFUNDED,
        }),
      ]);
      const times = [...new Set([...orders, ...refunds].map(({ at }) => at.getTime()))].toSorted(
        (a, b) => a - b,
      );
      const points = times.map((time) => {
        const [order, refund] = [orders, refunds].map((rows) => rows.find(({ at }) => at.getTime() === time));
        const gross = order?.sums['amount'] ?? 0;
        const returned = refund?.sums['amount'] ?? 0;
        return {
          at: new Date(time).toISOString(),
          orders: order?.count ?? 0,
          items: order?.sums['items'] ?? 0,
          gross,
          refunds: returned,
          net: gross - returned,
        };
      });
      return { ...shown(span, zone), currency: currencyOf(tenant, currency), points };
    },

    async series(tenant: Tenant, asked: Asked<typeof s.seriesQuery>) {
      const span = spanOf(asked);
      const { bucket, zone, subjects, dimension, value } = asked;
      const points = await analytics.series(tenant.id, {
        ...spanned(tenant, asked.kind, span, asked.currency),
        bucket,
        zone,
        subjects,
        ...(dimension === undefined ? {} : { where: { dimension, value: value ?? '' } }),
      });
      return {
        ...shown(span, zone),
        points: points.map(({ at, ...point }) => ({ at: at.toISOString(), ...point })),
      };
    },

    async top(tenant: Tenant, asked: Asked<typeof s.topQuery>) {
      const span = spanOf(asked);
      const { dimension, by, limit, zone } = asked;
      const values = await analytics.top(tenant.id, {
        ...spanned(tenant, asked.kind, span, asked.currency),
        dimension,
        by,
        limit,
      });
      const titles =
        dimension === 'product'
          ? await titlesOf(
              tenant,
              values.map(({ value }) => value),
            )
          : undefined;
      return {
        ...shown(span, zone),
        values: values.map((one) => {
          const title = titles?.get(one.value);
          return title === undefined ? one : { ...one, title };
        }),
      };
    },

    async funnel(tenant: Tenant, asked: Asked<typeof s.funnelQuery>) {
      const span = spanOf(asked);
      const { steps, withinMinutes, zone } = asked;
      const counts = await analytics.funnel(tenant.id, {
        ...span,
        steps: steps.map((kind) => ({ kind })),
        of: 'session',
        withinSeconds: withinMinutes * 60,
      });
      return {
        ...shown(span, zone),
        steps: steps.map((step, place) => ({
          step,
          sessions: counts[place] ?? 0,
          share: shareOf(counts[place] ?? 0, counts[0] ?? 0),
        })),
      };
    },

    async sessions(tenant: Tenant, asked: Asked<typeof s.sessionsQuery>) {
      const span = spanOf(asked);
      const { bucket, zone } = asked;
      const points = await analytics.sessions(tenant.id, { kind: 'view', ...span, bucket, zone });
      return {
        ...shown(span, zone),
        points: points.map(({ at, subjects, facts, sessions, bounces, seconds }) => ({
          at: at.toISOString(),
          sessions,
          visitors: subjects,
          views: facts,
          bounces,
          seconds,
        })),
      };
    },

    async cohorts(tenant: Tenant, asked: Asked<typeof s.cohortsQuery>) {
      const span = spanOf(asked);
      const { bucket, zone, periods, currency } = asked;
      const cohorts = await analytics.cohorts(tenant.id, {
        ...spanned(tenant, 'order', span, currency),
        bucket,
        zone,
        periods,
      });
      return {
        ...shown(span, zone),
        currency: currencyOf(tenant, currency),
        cohorts: cohorts.map(({ at, size, periods: since }) => ({
          at: at.toISOString(),
          customers: size,
          periods: since.map(({ offset, subjects, count, sums }) => ({
            offset,
            customers: subjects,
            share: shareOf(subjects, size) ?? 0,
            orders: count,
            amount: sums['amount'] ?? 0,
          })),
        })),
      };
    },

    async live(tenant: Tenant, { currency }: Asked<typeof s.liveQuery>) {
      const to = new Date((Math.floor(clock.now().getTime() / MINUTE_MS) + 1) * MINUTE_MS);
      const span = { from: new Date(to.getTime() - LIVE_MINUTES * MINUTE_MS), to };
      const minutes = { bucket: 'minute', zone: 'UTC' } as const;
      const [views, orders] = await Promise.all([
        analytics.series(tenant.id, { kind: 'view', ...span, ...minutes, subjects: true }),
        analytics.series(tenant.id, { ...spanned(tenant, 'order', span, currency), ...minutes }),
      ]);
      const times = [...new Set([...views, ...orders].map(({ at }) => at.getTime()))].toSorted(
        (a, b) => a - b,
      );
      return {
        at: clock.now().toISOString(),
        currency: currencyOf(tenant, currency),
        minutes: times.map((time) => {
          const [seen, sold] = [views, orders].map((rows) => rows.find(({ at }) => at.getTime() === time));
          return {
            at: new Date(time).toISOString(),
            views: seen?.count ?? 0,
            visitors: seen?.subjects ?? 0,
            orders: sold?.count ?? 0,
            amount: sold?.sums['amount'] ?? 0,
          };
        }),
      };
    },

    /** The span of an export. */
    factsSpan: (tenant: Tenant, asked: Asked<typeof s.factsQuery>): FactSpan =>
      spanned(tenant, asked.kind, spanOf(asked), asked.currency),
  };

  async function titlesOf(tenant: Tenant, products: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { rows } = await sql.query<{ product_id: string; title: string }>(
      tenant.id,
      'select product_id, title from analytics_products where tenant_id = $1 and product_id = any ($2::text[])',
      [tenant.id, products],
    );
    return new Map(rows.map(({ product_id, title }) => [product_id, title]));
  }
}

const REFUNDED: FactFilter = { dimension: 'result', value: 'refunded' };

function currencyOf({ currencies }: Tenant, asked: string | undefined): string {
  return asked ?? currencies[0] ?? 'EUR';
}

function shareOf(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000;
}

function shown({ from, to }: s.Span, zone: string): { from: string; to: string; zone: string } {
  return { from: from.toISOString(), to: to.toISOString(), zone };
}

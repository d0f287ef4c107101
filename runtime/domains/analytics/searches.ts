/** What shoppers searched: how often, how often in vain, and how often they chose something of what was found. */
import type { z } from 'zod';
import type { Platform } from '../../platform/domain.ts';
import type { FactSpan, TopValue, Tenant } from '../../platform/ports.ts';
import { maskText } from './mask.ts';
import * as s from './schemas.ts';

/** Values that a store tells of at once. */
const MOST_VALUES = 100;

type Counts = s.Searches['totals'];
type Searched = s.Searches['queries'][number];

export async function searchesOf(
  { analytics, clock }: Pick<Platform, 'analytics' | 'clock'>,
  tenant: Tenant,
  asked: z.infer<typeof s.searchesQuery>,
): Promise<s.Searches> {
  const span = s.spanOf(asked, clock.now());
  const { bucket, zone, limit } = asked;
  const searched: FactSpan = { kind: 'search', ...span };
  const chosen: FactSpan = { kind: 'click', ...span };
  const only =
    asked.query === undefined ? {} : { where: { dimension: 'query', value: maskText(asked.query) } };
  const top = (of: FactSpan, by: string, most: number) =>
    analytics.top(tenant.id, { ...of, dimension: 'query', by, limit: most });
  const [searches, clicks, frequent, empty, clicked] = await Promise.all([
    analytics.series(tenant.id, { ...searched, bucket, zone, ...only }),
    analytics.series(tenant.id, { ...chosen, bucket, zone, ...only }),
    top(searched, 'count', limit),
    top(searched, 'empty', limit),
    top(chosen, 'count', MOST_VALUES),
  ]);
  const clicksOn = new Map(clicked.map((one) => [one.value, one]));

  /** Clicks of a search that is not among the most clicked ones have to be asked for. */
  async function toSearched(one: TopValue): Promise<Searched> {
    let found: Pick<TopValue, 'count' | 'sums'> | undefined = clicksOn.get(one.value);
    if (found === undefined && clicked.length === MOST_VALUES) {
      const where = { dimension: 'query', value: one.value };
      const months = await analytics.series(tenant.id, { ...chosen, bucket: 'month', zone, where });
      found = {
        count: months.reduce((sum, { count }) => sum + count, 0),
        sums: { place: months.reduce((sum, { sums }) => sum + (sums['place'] ?? 0), 0) },
      };
    }
    const places = found?.sums['place'] ?? 0;
    const count = found?.count ?? 0;
    return {
      query: one.value,
      ...countsOf(one.count, one.sums['empty'] ?? 0, count),
      results: rounded((one.sums['results'] ?? 0) / one.count),
      averagePlace: count === 0 ? null : rounded(places / count),
    };
  }

  const times = [...new Set([...searches, ...clicks].map(({ at }) => at.getTime()))].toSorted(
    (a, b) => a - b,
  );
  const points = times.map((time) => {
    const [search, click] = [searches, clicks].map((rows) => rows.find(({ at }) => at.getTime() === time));
    return {
      at: new Date(time).toISOString(),
      ...countsOf(search?.count ?? 0, search?.sums['empty'] ?? 0, click?.count ?? 0),
    };
  });
  const sum = (of: (counts: Counts) => number): number => points.reduce((total, one) => total + of(one), 0);
  return {
    from: span.from.toISOString(),
    to: span.to.toISOString(),
    zone,
    totals: countsOf(
      sum(({ searches: count }) => count),
      sum(({ withoutResults }) => withoutResults),
      sum(({ clicks: count }) => count),
    ),
    points,
    queries: await Promise.all(frequent.map(toSearched)),
    unanswered: await Promise.all(empty.filter(({ sums }) => (sums['empty'] ?? 0) > 0).map(toSearched)),
  };
}

function countsOf(searches: number, withoutResults: number, clicks: number): Counts {
  const answered = searches - withoutResults;
  return {
    searches,
    withoutResults,
    clicks,
    clickThrough: answered <= 0 ? null : Math.round((clicks / answered) * 10_000) / 10_000,
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** What shoppers searched: how often, how often in vain, and how often they chose something of what was found. */
import type { z } from 'zod';
import type { Platform } from '../../platform/domain.ts';
import type { FactSpan, TopValue, Tenant } from '../../platform/ports.ts';
import { maskText } from './mask.ts';
import * as s from './schemas.ts';

type Counts = s.Searches['totals'];
type Searched = s.Searches['queries'][number];

export async function searchesOf(
  { analytics, clock }: Pick<Platform, 'analytics' | 'clock'>,
  tenant: Pick<Tenant, 'id'>,
  asked: z.infer<typeof s.searchesQuery>,
): Promise<s.Searches> {
  const span = s.spanOf(asked, clock.now());
  const { bucket, zone, limit } = asked;
  const searched: FactSpan = { kind: 'search', ...span };
  const chosen: FactSpan = { kind: 'click', ...span };
  const only =
    asked.query === undefined ? {} : { where: { dimension: 'query', value: maskText(asked.query) } };
  const [searches, clicks, frequent, empty] = await Promise.all([
    analytics.series(tenant.id, { ...searched, bucket, zone, ...only }),
    analytics.series(tenant.id, { ...chosen, bucket, zone, ...only }),
    analytics.top(tenant.id, { ...searched, dimension: 'query', by: 'count', limit }),
    analytics.top(tenant.id, { ...searched, dimension: 'query', by: 'empty', limit }),
  ]);
  const clicksOn = await clicksOf([...frequent, ...empty].map(({ value }) => value));

  /** Of all of them at once, by what was typed. */
  async function clicksOf(typed: readonly string[]): Promise<ReadonlyMap<string, TopValue>> {
    const among = [...new Set(typed)];
    if (among.length === 0) return new Map();
    const of = { ...chosen, dimension: 'query', by: 'count', limit: among.length, among };
    return new Map((await analytics.top(tenant.id, of)).map((one) => [one.value, one]));
  }

  function toSearched(one: TopValue): Searched {
    const { count = 0, sums } = clicksOn.get(one.value) ?? {};
    return {
      query: one.value,
      ...countsOf(one.count, one.sums['empty'] ?? 0, count),
      results: rounded((one.sums['results'] ?? 0) / one.count),
      averagePlace: count === 0 ? null : rounded((sums?.['place'] ?? 0) / count),
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
    queries: frequent.map(toSearched),
    unanswered: empty.filter(({ sums }) => (sums['empty'] ?? 0) > 0).map(toSearched),
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

/**
 * Figures from a Prometheus that scrapes the gateways: three queries over the window.
 */
import { z } from 'zod';
import { queriesOf } from '../../resources/queries.ts';
import type { Traffic, Window } from './traffic.ts';

const TIMEOUT_MS = 10_000;

const Answer = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('vector'),
    result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })),
  }),
});

/**
 * @param url base of the server's HTTP API, as in PROMETHEUS_URL
 * @param now wall clock
 */
export function createPrometheusTraffic(url: string, now: () => Date): Traffic {
  const ask = async (query: string): Promise<number | undefined> => {
    const target = new URL('api/v1/query', url.endsWith('/') ? url : `${url}/`);
    const answer = await fetch(target, {
      method: 'POST',
      body: new URLSearchParams({ query }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
    const text = Answer.parse(await answer.json()).data.result[0]?.value[1];
    const value = Number(text);
    // Quantiles of nothing are NaN.
    return text === undefined || !Number.isFinite(value) ? undefined : value;
  };

  return {
    async read({ backend, startedAt }: Window) {
      const queries = queriesOf(backend, (now().getTime() - startedAt.getTime()) / 1000);
      try {
        const [requests, errors, p99] = await Promise.all([
          ask(queries.requests),
          ask(queries.errors),
          ask(queries.p99Seconds),
        ]);
        return {
          // `increase` extrapolates to the ends of the range, so it counts in fractions.
          requests: Math.round(requests ?? 0),
          errors: Math.round(errors ?? 0),
          p99Ms: p99 === undefined ? undefined : p99 * 1000,
          missing: requests === undefined ? `Prometheus knows of no requests to ${backend} yet` : undefined,
        };
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return {
          requests: 0,
          errors: 0,
          p99Ms: undefined,
          missing: `Prometheus at ${url} cannot be asked: ${why}`,
        };
      }
    },
    forget: () => undefined,
  };
}

/**
 * Whether a revision's figures let it through its gates. Pure.
 */
import type { CanaryAnalysis, CanaryGates } from '../../../../crds/index.ts';
import type { Figures } from '../../traffic/traffic.ts';

/** Failed requests of all, as people write it: two digits behind the point at most. */
export function errorRate({ requests, errors }: Pick<Figures, 'requests' | 'errors'>): string {
  return `${Math.round(shareOf(errors, requests) * 10_000) / 100}%`;
}

/**
 * @param at when the figures were read
 * @returns `Waiting` while too little is known: figures that are missing never let a revision pass
 */
export function judge(figures: Figures, gates: CanaryGates, at: Date): CanaryAnalysis {
  const { requests, errors, p99Ms, missing } = figures;
  const { maxErrorRate, maxP99Milliseconds, minRequests } = gates;
  const told = (verdict: CanaryAnalysis['verdict'], message: string): CanaryAnalysis => ({
    at: at.toISOString(),
    requests,
    errors,
    errorRate: errorRate(figures),
    ...(p99Ms === undefined ? {} : { p99Milliseconds: Math.round(p99Ms) }),
    verdict,
    message: message.slice(0, 512),
  });
  if (requests >= minRequests) {
    const rate = errorRate(figures);
    if (shareOf(errors, requests) > parseRate(maxErrorRate)) {
      return told('Failed', `${rate} of ${requests} requests failed, at most ${maxErrorRate} may`);
    }
    if (p99Ms !== undefined && p99Ms > maxP99Milliseconds) {
      return told(
        'Failed',
        `99 of 100 requests took up to ${Math.round(p99Ms)} ms, at most ${maxP99Milliseconds} ms are allowed`,
      );
    }
  }
  if (missing !== undefined) return told('Waiting', missing);
  if (requests < minRequests) {
    return told('Waiting', `${requests} of the ${minRequests} requests that are needed to judge it`);
  }
  return told('Passed', `${rateAndTime(figures)} of ${requests} requests`);
}

/** `0.5%` as 0.005. The API server has checked the form. */
function parseRate(text: string): number {
  return Number.parseFloat(text) / 100;
}

function shareOf(errors: number, requests: number): number {
  return requests === 0 ? 0 : errors / requests;
}

function rateAndTime(figures: Figures): string {
  const time = figures.p99Ms === undefined ? '' : `, p99 ${Math.round(figures.p99Ms)} ms`;
  return `${errorRate(figures)} failed${time}`;
}

/**
 * PromQL for what the gateways count of revisions: the operator asks it by itself, or writes it into AnalysisTemplates.
 */

/** The gateway's own families. */
export const REQUESTS = 'shopmind_gateway_backend_requests_total';
export const SECONDS = 'shopmind_gateway_backend_request_duration_seconds';

export interface Queries {
  readonly requests: string;
  readonly errors: string;
  readonly p99Seconds: string;
}

/**
 * Queries for the requests to a backend within the last `seconds`.
 * @param backend port of a Service, `namespace/name:port`; such names hold nothing that PromQL would want escaped
 */
export function queriesOf(backend: string, seconds: number): Queries {
  const range = `[${Math.max(1, Math.ceil(seconds))}s]`;
  const of = `backend="${backend}"`;
  return {
    requests: `sum(increase(${REQUESTS}{${of},outcome=~"ok|error"}${range}))`,
    errors: `sum(increase(${REQUESTS}{${of},outcome="error"}${range}))`,
    p99Seconds: `histogram_quantile(0.99, sum by (le) (increase(${SECONDS}_bucket{${of}}${range})))`,
  };
}

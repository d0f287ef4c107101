/**
 * Figures out of metrics: the format, rates between two looks, and quantiles as Prometheus computes them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter, Histogram, Registry } from 'prom-client';
import fc from 'fast-check';
import { parseMetrics, quantile } from './prometheus.ts';
import { cores, mebibytes, parseQuantity } from './quantity.ts';
import { trafficOf } from './traffic.ts';

test('what prom-client writes is read back, labels with any text included', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ minLength: 1 }),
      fc.integer({ min: 1, max: 1_000_000 }),
      async (tenant, count) => {
        const registry = new Registry();
        new Counter({ name: 'c_total', help: 'h', labelNames: ['tenant', 'x'], registers: [registry] })
          .labels(tenant, 'y')
          .inc(count);
        const [sample] = parseMetrics(await registry.metrics());
        assert.deepEqual(sample, { name: 'c_total', labels: { tenant, x: 'y' }, value: count });
      },
    ),
  );
});

test('a quantile lies within the bucket that holds it', () => {
  const buckets = new Map([
    [0.1, 90],
    [0.5, 99],
    [1, 100],
    [Infinity, 100],
  ]);
  assert.equal(quantile(0.99, buckets), 0.5);
  assert.equal(quantile(0.9, buckets), 0.1);
  assert.equal(quantile(0.45, buckets), 0.05);
  assert.equal(
    quantile(
      0.99,
      new Map([
        [0.1, 0],
        [Infinity, 5],
      ]),
    ),
    0.1,
  );
  assert.equal(
    quantile(
      0.99,
      new Map([
        [0.1, 0],
        [Infinity, 0],
      ]),
    ),
    undefined,
  );
});

async function gateway(requests: number, errors: number, seconds: number): Promise<string> {
  const registry = new Registry();
  const counter = new Counter({
    name: 'shopmind_gateway_requests_total',
    help: 'h',
    labelNames: ['tenant', 'class', 'status'],
    registers: [registry],
  });
  counter.labels('acme', 'api', '200').inc(requests - errors);
  counter.labels('acme', 'page', '502').inc(errors);
  const histogram = new Histogram({
    name: 'shopmind_gateway_tenant_request_duration_seconds',
    help: 'h',
    labelNames: ['tenant'],
    buckets: [0.1, 0.2],
    registers: [registry],
  });
  for (let index = 0; index < requests; index += 1) histogram.labels('acme').observe(seconds);
  return registry.metrics();
}

test('the traffic of a tenant is what was counted in between, over all gateways', async () => {
  const before = parseMetrics(await gateway(100, 10, 0.15));
  const after = parseMetrics(await gateway(120, 15, 0.15));
  const acme = trafficOf([...before, ...before], [...after, ...after], 2).get('acme');
  assert.equal(acme?.requestsPerSecond, 20);
  assert.equal(acme?.errors, 0.25);
  assert.ok((acme?.p99Milliseconds ?? 0) > 100 && (acme?.p99Milliseconds ?? 0) <= 200);
});

test('a gateway that started anew counts from zero; nothing is negative', async () => {
  const before = parseMetrics(await gateway(100, 10, 0.15));
  const after = parseMetrics(await gateway(4, 1, 0.05));
  const acme = trafficOf(before, after, 1).get('acme');
  assert.equal(acme?.requestsPerSecond, 4);
  assert.equal(acme?.errors, 0.25);
});

for (const [text, value] of [
  ['250m', 0.25],
  ['5995144n', 0.005995144],
  ['2', 2],
  ['104184Ki', 106684416],
  ['1.5Gi', 1610612736],
  ['', 0],
  ['x', 0],
] as const) {
  test(`the quantity "${text}"`, () => assert.equal(parseQuantity(text), value));
}

test('usage reads as kubectl top writes it', () => {
  assert.equal(cores(0.0059), '6m');
  assert.equal(mebibytes(106684416), '102Mi');
});

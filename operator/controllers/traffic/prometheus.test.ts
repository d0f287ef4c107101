/**
 * The queries, asked of a real Prometheus that scrapes a gateway's own registry. Needs `prometheus` on the path
 * (Debian: apt-get install prometheus).
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { createGatewayMetrics } from '../../../runtime/gateway/metrics.ts';
import { kill } from '../../../tests/support/ended.ts';
import { ownFolder } from '../../../tests/support/owned.ts';
import { measurements } from '../../resources/rollout.ts';
import { createPrometheusTraffic } from './prometheus.ts';
import { freePort } from '../../../tests/support/port.ts';
import { untilSeen } from '../../../tests/support/wait.ts';

const BACKEND = 'shopmind-system/runtime-canary:8080';
const SIGNAL = new AbortController().signal;
const GATES = { maxErrorRate: '1%', maxP99Milliseconds: 500, failureLimit: 1 };
const isThere = spawnSync('prometheus', ['--version']).status === 0;
const skip = isThere ? false : 'there is no prometheus on the path: apt-get install prometheus';

test(
  'a real Prometheus understands the queries, and comes to what was counted',
  { skip, timeout: 60_000 },
  async (context) => {
    const metrics = createGatewayMetrics({ connections: () => 0, active: () => 0, routes: () => 0 });
    const count = (requests: number): void => {
      for (let n = 0; n < requests; n += 1)
        metrics.backendAnswered(BACKEND, n % 4 === 0 ? 'error' : 'ok', 0.15);
    };
    count(4);
    const gateway = createServer((_, response) => {
      // Requests go on while it is scraped: `increase` needs to see them grow.
      count(40);
      void metrics.registry.metrics().then((text) => response.end(text));
    });
    gateway.listen(0, '127.0.0.1');
    await once(gateway, 'listening');
    const dir = ownFolder('prometheus');
    const { port: scraped } = gateway.address() as AddressInfo;
    const config = `global: { scrape_interval: 1s }
scrape_configs: [{ job_name: gateway, static_configs: [{ targets: ['127.0.0.1:${scraped}'] }] }]
`;
    await writeFile(join(dir, 'prometheus.yml'), config);
    const port = await freePort();
    const server = spawn(
      'prometheus',
      [
        `--config.file=${dir}/prometheus.yml`,
        `--storage.tsdb.path=${dir}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    context.after(async () => {
      await kill(server, 'SIGTERM');
      gateway.close();
      gateway.closeAllConnections();
      await rm(dir, { recursive: true, force: true });
    });
    const url = `http://127.0.0.1:${port}`;
    const traffic = createPrometheusTraffic(url, () => new Date());
    const startedAt = new Date(Date.now() - 60_000);
    let figures = await traffic.read({ backend: BACKEND, id: 'w', startedAt }, SIGNAL);
    assert.notEqual(figures.missing, undefined, 'nothing was scraped yet');
    figures = await untilSeen(
      () => traffic.read({ backend: BACKEND, id: 'w', startedAt }, SIGNAL),
      ({ requests }) => requests >= 200,
      { withinMs: 120_000, everyMs: 500, what: 'Prometheus has scraped enough' },
    );
    assert.equal(figures.missing, undefined);
    const share = figures.errors / figures.requests;
    assert.ok(share > 0.2 && share < 0.3, `a quarter fails, not ${share}`);
    assert.ok(
      figures.p99Ms !== undefined && figures.p99Ms > 100 && figures.p99Ms <= 200,
      String(figures.p99Ms),
    );
    context.diagnostic(JSON.stringify(figures));

    const answers = async (minRequests: number): Promise<readonly (number | undefined)[]> =>
      Promise.all(
        measurements(BACKEND, 60, { ...GATES, minRequests }).map(async ({ query }) => {
          const answer = await fetch(`${url}/api/v1/query`, {
            method: 'POST',
            body: new URLSearchParams({ query }),
          });
          const body = (await answer.json()) as {
            data: { result: readonly { value: readonly [number, string] }[] };
          };
          assert.equal(answer.status, 200, query);
          assert.ok(body.data.result.length <= 1, query);
          const text = body.data.result[0]?.value[1];
          return text === undefined ? undefined : Number(text);
        }),
      );
    const [rate, p99] = await answers(100);
    assert.ok(rate !== undefined && rate > 0.2 && rate < 0.3, String(rate));
    assert.ok(p99 !== undefined && p99 > 0.1 && p99 <= 0.2, String(p99));
    assert.deepEqual(await answers(1_000_000), [undefined, undefined], 'too few requests are no answer');
  },
);

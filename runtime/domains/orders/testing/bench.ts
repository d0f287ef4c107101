/**
 * How many paid orders a second: runtime, processor and PostgreSQL as processes on this machine, shoppers in this one.
 * `node runtime/domains/orders/testing/bench.ts [seconds] [shoppers]` prints rates, latencies and CPU time per order.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestDatabase } from '../../../../tests/support/database.ts';
import { freePort } from '../../../../tests/support/port.ts';
import { payments } from '../../payments/definition.ts';
import { orders } from '../definition.ts';
import { ADDRESS, KEYS } from './shop.ts';

const SECONDS = Number(process.argv[2] ?? 10);
const SHOPPERS = Number(process.argv[3] ?? 48);
const VARIANTS = 20;
const TENANT = 'acme';
const folder = mkdtempSync(join(tmpdir(), 'orders-bench-'));
const agent = new Agent({ keepAlive: true, maxSockets: 200 });
const database = await startTestDatabase([orders, payments]);
const [shopPort, payPort] = [await freePort(), await freePort()];
const children: ChildProcess[] = [];

try {
  await run();
} finally {
  for (const child of children) child.kill('SIGKILL');
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
  agent.destroy();
}

async function run(): Promise<void> {
  await database.addTenant(
    { id: TENANT, domains: ['orders', 'payments'] },
    {
      'payments-secret-key': KEYS.secretKey,
      'payments-publishable-key': KEYS.publishableKey,
      'payments-webhook-secret': KEYS.webhookSecret,
    },
  );
  const pay = `http://127.0.0.1:${payPort}`;
  const processor = await start('../../../platform/payments/processor/main.ts', payPort, {
    PROCESSOR_DATA: folder,
    PAYMENTS_SECRET: 'x',
  });
  const runtime = await start('../../../host/main.ts', shopPort, {
    SHOPMIND_DOMAINS: 'orders,payments',
    DATABASE_URL: database.url,
    SECRETS_KEY: database.secretsKey,
    BLOBS_URL: `file://${folder}/blobs`,
    PAYMENTS_URL: pay,
    PAYMENTS_PUBLIC_ORIGIN: pay,
  });
  const webhookUrl = `http://${TENANT}.localhost:${shopPort}/api/payments/webhooks/stripe`;
  await call(payPort, '/_admin/accounts', { id: TENANT, ...KEYS, webhookUrl }, { authorization: 'Bearer x' });
  await stock();

  let placed = 0;
  const latencies: number[] = [];
  const until = performance.now() + SECONDS * 1000;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: SHOPPERS }, async () => {
      while (performance.now() < until) {
        latencies.push(await buy((placed += 1)));
      }
    }),
  );
  const ordered = performance.now();
  await allConfirmed(placed);
  const confirmed = performance.now();
  latencies.sort((a, b) => a - b);
  const rate = (since: number): string => ((placed * 1000) / (since - began)).toFixed(1);
  process.stdout.write(
    [
      `orders placed        ${placed} (${rate(ordered)} /s)`,
      `orders confirmed     ${rate(confirmed)} /s, the last ${(confirmed - ordered).toFixed(0)} ms after the last was placed`,
      `checkout latency     p50 ${quantile(latencies, 0.5)} ms, p99 ${quantile(latencies, 0.99)} ms`,
      `CPU per order        runtime ${cpuOf(runtime, placed)} ms, processor ${cpuOf(processor, placed)} ms`,
      `memory               runtime ${memoryOf(runtime)} MB, processor ${memoryOf(processor)} MB`,
      '',
    ].join('\n'),
  );
}

async function buy(index: number): Promise<number> {
  const variantId = `v${index % VARIANTS}`;
  const cart = await call(shopPort, '/api/orders/carts', { lines: [{ variantId, quantity: 1 }] });
  const began = performance.now();
  const body = { cartId: cart['id'], email: 'ada@example.com', shippingAddress: ADDRESS };
  const { payment } = await call(shopPort, '/api/orders/checkout', body, {
    'idempotency-key': `bench-key-${index}`,
  });
  const took = performance.now() - began;
  // The checkout's answer has this shape; its schema is checked by the tests.
  const { intentId, clientSecret } = payment as { intentId: string; clientSecret: string };
  const form = `client_secret=${clientSecret}&payment_method=pm_card_visa`;
  await call(payPort, `/v1/payment_intents/${intentId}/confirm`, form, {
    authorization: `Bearer ${KEYS.publishableKey}`,
  });
  return took;
}

async function start(file: string, port: number, env: Record<string, string>): Promise<ChildProcess> {
  const adminPort = await freePort();
  const common = {
    PORT: String(port),
    ADMIN_PORT: String(adminPort),
    POD_IP: '127.0.0.1',
    LOG_LEVEL: 'error',
  };
  const child = fork(new URL(file, import.meta.url), { env: { ...process.env, ...common, ...env } });
  children.push(child);
  for (;;) {
    const ready = await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => undefined);
    if (ready?.ok === true) return child;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function stock(): Promise<void> {
  await database.admin.query(
    `insert into shop.orders_variants (tenant_id, variant_id, product_id, product_version, title, options, prices, requires_shipping, published)
     select $1, 'v' || n, 'v' || n, 1, 'v' || n, '{}', '{"EUR": 2000}', true, true from generate_series(0, $2::int - 1) n`,
    [TENANT, VARIANTS],
  );
  await database.admin.query(
    `insert into shop.orders_stock (tenant_id, variant_id, on_hand, updated_at) select $1, 'v' || n, 1000000, now() from generate_series(0, $2::int - 1) n`,
    [TENANT, VARIANTS],
  );
}

async function allConfirmed(wanted: number): Promise<void> {
  const deadline = performance.now() + 120_000;
  for (;;) {
    const { rows } = await database.admin.query(
      `select count(*)::int as n from shop.orders_orders where status = 'confirmed'`,
    );
    if (rows[0].n >= wanted) return;
    if (performance.now() > deadline) throw new Error(`only ${rows[0].n} of ${wanted} orders are confirmed`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function call(
  port: number,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const isForm = typeof body === 'string';
  const text = isForm ? body : JSON.stringify(body);
  const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        agent,
        host: '127.0.0.1',
        port,
        method: 'POST',
        path,
        headers: {
          host: `${TENANT}.localhost`,
          'content-type': type,
          'content-length': Buffer.byteLength(text),
          ...headers,
        },
      },
      (answer) => {
        let received = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          received += chunk;
        });
        answer.on('end', () => {
          if ((answer.statusCode ?? 500) < 300) resolve(JSON.parse(received));
          else reject(new Error(`${path} answered ${answer.statusCode}: ${received}`));
        });
      },
    );
    sent.on('error', reject);
    sent.end(text);
  });
}

function quantile(sorted: readonly number[], share: number): string {
  return (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(0);
}

/** User and system time from /proc, in hundredths of a second. */
function cpuOf(child: ChildProcess, per: number): string {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (((Number(fields[11]) + Number(fields[12])) * 10) / per).toFixed(1);
}

function memoryOf(child: ChildProcess): string {
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
  return (Number(resident) / 1024).toFixed(0);
}

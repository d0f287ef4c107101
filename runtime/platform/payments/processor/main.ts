/**
 * The local payment processor as a process: Stripe's semantics, test cards only, for a cluster without a real provider.
 * Environment: POD_IP, PORT, ADMIN_PORT, PROCESSOR_DATA, PAYMENTS_SECRET, GATEWAY_URL,
 * PAYMENTS_PUBLIC_ORIGIN, PROCESSOR_TEST, LOG_LEVEL.
 */
import { createServer } from 'node:http';
import { startProcessor } from './processor.ts';

const host = process.env['POD_IP'] ?? '127.0.0.1';
const LEVELS = { info: 30, warn: 40, fatal: 60 };
const LEVELS_BY_NAME: Readonly<Record<string, number>> = {
  ...LEVELS,
  trace: 10,
  debug: 20,
  error: 50,
  silent: 100,
};
let processor: Awaited<ReturnType<typeof startProcessor>> | undefined;
let stopping = false;

const admin = createServer((request, response) => {
  const ready =
    request.url === '/livez' || (request.url === '/readyz' && processor !== undefined && !stopping);
  response.writeHead(ready ? 200 : request.url === '/readyz' ? 503 : 404, { 'content-type': 'text/plain' });
  response.end(ready ? 'ok\n' : 'no\n');
});

try {
  await new Promise<void>((resolve, reject) => {
    admin.once('error', reject);
    admin.listen(portFrom('ADMIN_PORT', 9090), host, resolve);
  });
  processor = await startProcessor({
    host,
    port: portFrom('PORT', 8090),
    data: required('PROCESSOR_DATA', 'a folder for what the processor remembers'),
    adminSecret: required('PAYMENTS_SECRET', 'the secret that the operator shows to administer accounts'),
    forTests: process.env['PROCESSOR_TEST'] === '1',
    gatewayUrl: process.env['GATEWAY_URL'],
    publicOrigin: process.env['PAYMENTS_PUBLIC_ORIGIN'],
    warn: (facts, message) => log('warn', message, facts),
  });
  log('info', 'processor listens', { origin: processor.origin });
} catch (cause) {
  log('fatal', 'processor cannot start', { err: cause });
  process.exitCode = 1;
  admin.close();
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void stop());
}

/** One JSON object a line, with pino's level numbers; pino itself would cost this small process 10 MB. */
function log(level: keyof typeof LEVELS, msg: string, facts: object): void {
  if (LEVELS[level] < (LEVELS_BY_NAME[process.env['LOG_LEVEL'] ?? 'info'] ?? LEVELS.info)) return;
  const plain = (_key: string, value: unknown): unknown =>
    value instanceof Error ? { type: value.name, message: value.message, stack: value.stack } : value;
  process.stdout.write(
    `${JSON.stringify({ level: LEVELS[level], time: Date.now(), service: 'processor', ...facts, msg }, plain)}\n`,
  );
}

async function stop(): Promise<void> {
  stopping = true;
  await processor?.stop();
  admin.close();
  admin.closeIdleConnections();
}

function required(name: string, what: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set: ${what}`);
  return value;
}

function portFrom(name: string, fallback: number): number {
  const port = Number(process.env[name] ?? fallback);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`${name} is not a port: ${process.env[name]}`);
  return port;
}

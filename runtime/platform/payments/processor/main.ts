/**
 * The local payment processor as a process: Stripe's semantics, test cards only, for a cluster without a real provider.
 * Environment: POD_IP, PORT, ADMIN_PORT, PROCESSOR_DATA, PAYMENTS_SECRET, GATEWAY_URL, PROCESSOR_TEST, LOG_LEVEL.
 */
import { createServer } from 'node:http';
import { pino } from 'pino';
import { startProcessor } from './processor.ts';

const log = pino({ level: process.env['LOG_LEVEL'] ?? 'info', base: { service: 'processor' } });
const host = process.env['POD_IP'] ?? '127.0.0.1';
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
    warn: (facts, message) => log.warn(facts, message),
  });
  log.info({ origin: processor.origin }, 'processor listens');
} catch (cause) {
  log.fatal({ err: cause }, 'processor cannot start');
  process.exitCode = 1;
  admin.close();
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void stop());
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

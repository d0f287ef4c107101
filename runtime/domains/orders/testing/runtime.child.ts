/**
 * A runtime of orders and payments as a process of its own, for tests that kill it. Once told `arm`, it kills itself after
 * the CRASH_AT-th thing it did to the database or the processor, as `kill -9` between two steps would.
 */
import type { DomainService, Platform } from '../../../platform/domain.ts';
import type { Payments, Sql } from '../../../platform/ports.ts';
import { createPayments } from '../../payments/service.ts';
import { createOrders } from '../service.ts';
import { SETTINGS } from '../settings.ts';
import { startTestHost } from './shop.ts';

const env = (name: string): string => process.env[name] ?? '';
const crashAt = Number(env('CRASH_AT') || Number.POSITIVE_INFINITY);
let armed = false;
let done = 0;

process.on('message', (message) => {
  if (message === 'arm') armed = true;
});

function afterEach<T>(what: string, result: Promise<T>): Promise<T> {
  return result.then((value) => {
    if (armed && (done += 1) === crashAt) {
      process.send?.({ crashed: what });
      process.kill(process.pid, 'SIGKILL');
    }
    return value;
  });
}

function mortal(platform: Platform): Platform {
  const sql: Sql = {
    ...platform.sql,
    query: (tenant, text, values) =>
      afterEach(text.trim().slice(0, 60), platform.sql.query(tenant, text, values)),
    queries: (tenant, ...rest) => afterEach('statements', platform.sql.queries(tenant, ...rest)),
    transaction: (tenant, work) => afterEach('a transaction', platform.sql.transaction(tenant, work)),
  };
  const { payments: real } = platform;
  const payments: Payments = {
    ...real,
    createIntent: (...args) => afterEach('createIntent', real.createIntent(...args)),
    retrieve: (...args) => afterEach('retrieve', real.retrieve(...args)),
    confirm: (...args) => afterEach('confirm', real.confirm(...args)),
    capture: (...args) => afterEach('capture', real.capture(...args)),
    cancel: (...args) => afterEach('cancel', real.cancel(...args)),
    refund: (...args) => afterEach('refund', real.refund(...args)),
    listDisputes: (...args) => afterEach('listDisputes', real.listDisputes(...args)),
    retrieveDispute: (...args) => afterEach('retrieveDispute', real.retrieveDispute(...args)),
    contestDispute: (...args) => afterEach('contestDispute', real.contestDispute(...args)),
    concedeDispute: (...args) => afterEach('concedeDispute', real.concedeDispute(...args)),
    listPayouts: (...args) => afterEach('listPayouts', real.listPayouts(...args)),
    listEntries: (...args) => afterEach('listEntries', real.listEntries(...args)),
    verifyWebhook: (...args) => afterEach('verifyWebhook', real.verifyWebhook(...args)),
  };
  return { ...platform, sql, payments };
}

/** A claim of a killed process is free again at once. */
function impatient(service: DomainService): DomainService {
  const tasks = service.definition.tasks.map((task) => ({ ...task, leaseSeconds: 1 }));
  return { ...service, definition: { ...service.definition, tasks } };
}

const host = await startTestHost(
  { url: env('DATABASE_URL'), secretsKey: env('SECRETS_KEY') },
  env('PROCESSOR'),
  env('FOLDER'),
  {
    port: Number(env('PORT')),
    log: env('LOG_LEVEL') || 'silent',
    paypal: true,
    services: {
      orders: (platform) =>
        impatient(
          createOrders(mortal(platform), {
            ...SETTINGS,
            holdSeconds: Number(env('HOLD_SECONDS') || 60),
            sweepSeconds: 1,
            stuckSeconds: 1,
          }),
        ),
      payments: (platform) =>
        impatient(
          createPayments(mortal(platform), {
            reconcileSeconds: 1,
            quietSeconds: 1,
            lookBackSeconds: 3600,
            glanceSeconds: 1,
          }),
        ),
    },
  },
);
process.send?.('ready');
process.once('SIGTERM', () => void host.stop().then(() => process.disconnect?.()));

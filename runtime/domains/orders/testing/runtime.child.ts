/**
 * A runtime of orders and payments as a process of its own, for tests that kill it. Once told `dieAfter`, it kills itself after so many
 * things that it did to the database or the processor, as `kill -9` between two steps would.
 */
import { flushCompileCache } from 'node:module';
import type { Platform } from '../../../platform/domain.ts';
import type { Payments, Sql } from '../../../platform/ports.ts';
import { createPayments } from '../../payments/service.ts';
import { createOrders } from '../service.ts';
import { SETTINGS } from '../settings.ts';
import { startTestHost } from './shop.ts';

const env = (name: string): string => process.env[name] ?? '';
let left = Number.POSITIVE_INFINITY;

process.on('message', (message) => {
  left = (message as { dieAfter: number }).dieAfter; // as killed-shop.ts says
});

function afterEach<T>(what: string, result: Promise<T>): Promise<T> {
  return result.then((value) => {
    if ((left -= 1) === 0) {
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

const host = await startTestHost(
  { url: env('DATABASE_URL'), secretsKey: env('SECRETS_KEY') },
  env('PROCESSOR'),
  env('FOLDER'),
  {
    port: Number(env('PORT')),
    log: env('LOG_LEVEL') || 'silent',
    paypal: true,
    services: {
      orders: (platform) => createOrders(mortal(platform), { ...SETTINGS, sweepSeconds: 1, stuckSeconds: 1 }),
      payments: (platform) =>
        createPayments(mortal(platform), {
          reconcileSeconds: 1,
          quietSeconds: 1,
          lookBackSeconds: 3600,
          glanceSeconds: 1,
        }),
    },
  },
);
// Left for the next: one that is killed leaves nothing at its end.
flushCompileCache();
process.send?.('ready');
process.once('SIGTERM', () => void host.stop().then(() => process.disconnect?.()));

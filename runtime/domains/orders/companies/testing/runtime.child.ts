/**
 * A runtime of accounts and orders as a process of its own, for tests that kill it. Where `CRASH` says, it kills itself as `kill -9`
 * would: once an approval is granted, once a purchase is reserved, once its order is made, or once accounts was told of that; once an
 * exchange was entered, once its company was asked, or once it was agreed to.
 */
import { dieAt, live } from '../../../../../tests/support/mortal.ts';
import { startTestHost } from '../../../../host/testing.ts';
import type { CreateService, Platform } from '../../../../platform/domain.ts';
import type { Sql } from '../../../../platform/ports.ts';
import { createService as createAccounts } from '../../../accounts/service.ts';
import { createService as createOrders } from '../../service.ts';

const env = (name: string): string => process.env[name] ?? '';

/** What came of a transaction says which one it was. */
function mortal(platform: Platform): Platform {
  const sql: Sql = {
    ...platform.sql,
    async transaction(tenant, work) {
      const result = await platform.sql.transaction(tenant, work);
      if (isObject(result) && result['state'] === 'approved' && 'purchaseId' in result) dieAt('granted');
      if (isObject(result) && 'tokenHashes' in result && result['company'] !== undefined) dieAt('made');
      for (const state of statesOfEntered(result)) dieAt(state === 'requested' ? 'entered' : 'agreed');
      return result;
    },
  };
  const call: Platform['call'] = async <Out>(
    tenant: string,
    domain: string,
    operation: string,
    input: unknown,
  ) => {
    const answer = await platform.call<Out>(tenant, domain, operation, input);
    if (operation === 'reserveSpending') dieAt('reserved');
    if (operation === 'noteSpending') dieAt('told');
    if (operation === 'requestApproval') dieAt('asked');
    return answer;
  };
  return { ...platform, sql, call };
}

/** Of an order: the states of the returns that the merchant has entered. */
function statesOfEntered(result: unknown): readonly unknown[] {
  if (!isObject(result) || !Array.isArray(result['returns'])) return [];
  const returns: readonly unknown[] = result['returns'];
  return returns.flatMap((each) => (isObject(each) && each['askedBy'] === 'merchant' ? [each['state']] : []));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

const killable =
  (create: CreateService): (() => Promise<{ createService: CreateService }>) =>
  () =>
    Promise.resolve({ createService: (platform) => create(mortal(platform)) });

const host = await startTestHost(
  { databaseUrl: env('DATABASE_URL'), secretsKey: env('SECRETS_KEY'), domains: ['accounts', 'orders'] },
  { services: { accounts: killable(createAccounts), orders: killable(createOrders) } },
);
live(host);

/**
 * A shop whose runtime and processor are processes of their own, for tests that kill them. A runtime dies by itself after so many steps
 * (see `runtime.child.ts`), so that a test can go through the places between two of them.
 */
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { firstMessage, kill } from '../../../../tests/support/ended.ts';
import { endLeases } from '../../../../tests/support/leases.ts';
import { own, ownFolder } from '../../../../tests/support/owned.ts';
import { freePort } from '../../../../tests/support/port.ts';
import { until } from '../../../../tests/support/wait.ts';
import { payments } from '../../payments/definition.ts';
import { orders } from '../definition.ts';
import { assertJournalsAgree } from './journals.ts';
import type { Cart } from '../schemas.ts';
import { ADDRESS, ask, KEYS, merchantKeyHash, openPayPalAccount, webhookUrl, type Placed } from './shop.ts';

export interface KilledShop {
  readonly database: TestDatabase;
  /** Of the runtime, whichever lives. */
  readonly port: number;
  /** Of the processor. */
  readonly origin: string;
  /** One that lives until it is killed. Resolves when it is ready; what another left when it died is free for it at once. */
  startRuntime(): Promise<ChildProcess>;
  /** Has something for sale, at 20.00 each. */
  stock(variantId: string, onHand: number): Promise<void>;
  newCart(variantId: string, quantity?: number): Promise<Cart>;
  checkOut(cart: Cart): Promise<Placed | 'out_of_stock'>;
  /** Kills the processor, and starts it again on the same data. */
  restartProcessor(): Promise<void>;
  /** Kills PostgreSQL, and starts it again: what was claimed and could not be ended is free at once. */
  restartDatabase(): Promise<void>;
  /**
   * Goes through places where a runtime dies, and is started again: one round for each, with the runtime that the round before left.
   * Ends with the first round that it came through alive. Which places it are is drawn, so that a few runs see them all.
   */
  inTurn(places: Places, round: (number: number, arm: () => void) => Promise<void>): Promise<Rounds>;
  /** @throws AssertionError when an order is not what its journal says */
  stop(): Promise<void>;
}

export interface Places {
  /** Steps from one place to the next; 1 sees every place. */
  readonly step: number;
  /** Rounds at most. */
  readonly most?: number;
}

export interface Rounds {
  readonly rounds: number;
  /** After what it died, in the words of the process. */
  readonly crashes: readonly string[];
}

export const TENANT = 'acme';
const ADMIN = 'processor-admin';
/** The merchant's, as a bearer. */
export const MERCHANT = { authorization: 'Bearer x' };

export async function startKilledShop(): Promise<KilledShop> {
  const folder = ownFolder('killed');
  const children = new Set<ChildProcess>();
  const database = await startTestDatabase([orders, payments]);
  await database.addTenant(
    { id: TENANT, domains: ['orders', 'payments'] },
    { 'admin-key-hash': await merchantKeyHash('x') },
  );
  const [port, processorPort] = [await freePort(), await freePort()];
  const origin = `http://127.0.0.1:${processorPort}`;

  function start(file: string, env: Record<string, string>): ChildProcess {
    const child = fork(new URL(file, import.meta.url), {
      env: { NODE_COMPILE_CACHE: join(folder, 'cache'), ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    own(child);
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  }

  /** What a runtime had sent to the database before it died is done by the time that its sessions have ended. */
  async function endSessions(): Promise<void> {
    const sessions = `select from pg_stat_activity where usename = 'shop_runtime'`;
    await patiently(async () => (await database.admin.query(sessions)).rowCount === 0 || undefined);
  }

  async function startRuntime(): Promise<ChildProcess> {
    await endSessions();
    await endLeases(database.admin);
    const child = start('./runtime.child.ts', {
      DATABASE_URL: database.url,
      SECRETS_KEY: database.secretsKey,
      PROCESSOR: origin,
      FOLDER: folder,
      PORT: String(port),
    });
    await firstMessage(child);
    return child;
  }

  async function startProcessor(): Promise<ChildProcess> {
    const adminPort = await freePort();
    const child = start('../../../platform/payments/processor/main.ts', {
      POD_IP: '127.0.0.1',
      PORT: String(processorPort),
      ADMIN_PORT: String(adminPort),
      PROCESSOR_DATA: join(folder, 'processor'),
      PAYMENTS_SECRET: ADMIN,
      PROCESSOR_TEST: '1',
      LOG_LEVEL: 'silent',
    });
    await patiently(async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok || undefined);
    return child;
  }

  /** Runtimes one after another: when one has died the next is started, until `stop`. */
  function startRuntimes() {
    let isOver = false;
    const begin = async (): Promise<ChildProcess> => {
      const runtime = await startRuntime();
      runtime.once('exit', () => {
        if (!isOver) living = begin();
      });
      return runtime;
    };
    let living = begin();
    return {
      living: () => living,
      async stop(): Promise<void> {
        isOver = true;
        await kill(await living);
      },
    };
  }

  const inTurn: KilledShop['inTurn'] = async ({ step, most = Number.POSITIVE_INFINITY }, round) => {
    const crashes: string[] = [];
    const first = 1 + Math.floor(Math.random() * step);
    const runtimes = startRuntimes();
    try {
      for (let number = 1; number <= most; number += 1) {
        const mortal = await runtimes.living();
        let crash: string | undefined;
        mortal.once('message', (message) => (crash = JSON.stringify(message)));
        await round(number, () => mortal.send({ dieAfter: first + (number - 1) * step }));
        if (mortal.signalCode === null && crash === undefined) return { rounds: number, crashes };
        crashes.push(crash ?? 'an unknown step');
        // It says so before it dies.
        await kill(mortal);
      }
      return { rounds: most, crashes };
    } finally {
      await runtimes.stop();
    }
  };

  async function stock(variantId: string, onHand: number): Promise<void> {
    await database.admin.query(
      `insert into shop.orders_variants (tenant_id, variant_id, product_id, product_version, title, options, prices, requires_shipping, published)
       values ($1, $2, $2, 1, $2, '{}', '{"EUR": 2000}', true, true)`,
      [TENANT, variantId],
    );
    await database.admin.query(
      'insert into shop.orders_stock (tenant_id, variant_id, on_hand, updated_at) values ($1, $2, $3, now())',
      [TENANT, variantId, onHand],
    );
  }

  function newCart(variantId: string, quantity = 1): Promise<Cart> {
    return patiently(async () => {
      const body = { lines: [{ variantId, quantity }] };
      const answer = await ask<Cart>(port, 'POST', '/api/orders/carts', { body });
      return answer.status === 201 ? answer.body : undefined;
    });
  }

  let keys = 0;
  function checkOut(cart: Cart): Promise<Placed | 'out_of_stock'> {
    return patiently(async () => {
      const { status, body } = await ask<Placed & { code?: string }>(port, 'POST', '/api/orders/checkout', {
        body: { cartId: cart.id, email: 'ada@example.com', shippingAddress: ADDRESS },
        headers: { 'idempotency-key': `killed-key-${(keys += 1)}` },
      });
      if (status === 201) return body;
      return body.code === 'out_of_stock' ? 'out_of_stock' : undefined;
    });
  }

  let processor = await startProcessor();
  const account = { id: TENANT, ...KEYS, webhookUrl: webhookUrl(port) };
  const answer = await fetch(`${origin}/_admin/accounts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN}` },
    body: JSON.stringify(account),
  });
  assert.equal(answer.status, 200);
  await openPayPalAccount(origin, webhookUrl(port).replace('stripe', 'paypal'));

  return {
    database,
    port,
    origin,
    startRuntime,
    inTurn,
    stock,
    newCart,
    checkOut,
    async restartProcessor() {
      await kill(processor);
      processor = await startProcessor();
    },
    async restartDatabase() {
      await database.postgres.kill();
      await database.postgres.start();
      await patiently(async () => (await endLeases(database.admin), true));
    },
    async stop() {
      for (const child of children) child.kill('SIGKILL');
      await assertJournalsAgree(database.admin, TENANT);
      await database.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Asks again, as a shopper's page does, until there is an answer; fails after a minute. */
export function patiently<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  return until(attempt, { what: 'an answer' });
}

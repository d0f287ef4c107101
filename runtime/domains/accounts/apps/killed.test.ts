/**
 * `kill -9` between any two steps of a sign-in to an app: whatever the app or the browser was not told, a code is exchanged once at most,
 * and both have a way on that asks the shopper nothing.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { createMortals, type Mortal } from '../../../../tests/support/mortal.ts';
import { ADMIN_KEY, ADMIN_SECRETS, send, type TestAnswer, type TestCall } from '../../../host/testing.ts';
import { systemClock } from '../../../platform/clock.ts';
import { createNewId } from '../../../platform/ids.ts';
import type { PostgresSql } from '../../../platform/sql/postgres.ts';
import { accounts } from '../definition.ts';
import { newCustomer } from '../testing/customers.ts';
import type { AppWithSecret } from './definition.ts';
import {
  BACK,
  beginning,
  browserOf,
  locationOf,
  registerApp,
  type Browser,
  type Said,
} from './testing/browser.ts';

const TENANT = 'one';
const HOST = `${TENANT}.localhost`;
/** More than any of the routes has: it never goes on for ever. */
const MOST_STEPS = 30;
const newId = createNewId(systemClock);
let database: TestDatabase;
let sql: PostgresSql;
/** Lives on, and is asked by whoever got no answer. */
let steady: Mortal;
let forum: AppWithSecret;
let made = 0;

before(async () => {
  database = await startTestDatabase([accounts]);
  await database.addTenant({ id: TENANT, domains: ['accounts'] }, ADMIN_SECRETS);
  sql = database.open({ newId });
  steady = await mortals.start();
  forum = await registerApp(shop, TENANT);
});
after(async () => {
  mortals.stop();
  await database.stop();
});

const mortals = createMortals(new URL('./testing/runtime.child.ts', import.meta.url), () => database);

const shopAt = (runtime: () => Mortal) => ({
  call: (_tenant: string, method: string, path: string, call: TestCall = {}): Promise<TestAnswer> =>
    send(runtime().port, HOST, method, path, call),
});
const shop = {
  ...shopAt(() => steady),
  async managed<T>(_tenant: string, method: string, path: string, json?: object, status = 200): Promise<T> {
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    const answer = await send(steady.port, HOST, method, path, { json, headers });
    assert.equal(answer.status, status, answer.text);
    return answer.json<T>();
  },
};

/** Somebody new, who is signed in. */
async function shopper(): Promise<{ readonly browser: Browser; readonly id: string }> {
  const rooms = { host: { platform: { sql, clock: systemClock, newId } } };
  const { token, customer } = await newCustomer(rooms, TENANT, `ada${(made += 1)}@example.com`);
  return { browser: browserOf(shop, TENANT, token), id: customer.id };
}

type Tokens = Readonly<Record<'access_token' | 'refresh_token', string>>;

const asking = ({ port }: Mortal, form: Said): Promise<TestAnswer> =>
  send(port, HOST, 'POST', '/api/accounts/oauth/token', {
    body: new URLSearchParams({ client_id: forum.id, client_secret: forum.secret ?? '', ...form }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
const formOf = (code: string, code_verifier: string): Said => ({
  grant_type: 'authorization_code',
  code,
  code_verifier,
  redirect_uri: BACK,
});
const renewing = (refresh_token: string): Said => ({ grant_type: 'refresh_token', refresh_token });

function granted(answer: TestAnswer): Tokens {
  assert.equal(answer.status, 200, answer.text);
  return answer.json<Tokens>();
}

function refused(answer: TestAnswer): void {
  assert.deepEqual([answer.status, answer.json()['error']], [400, 'invalid_grant']);
}

/** @param asked whether the shopper is to be asked */
async function codeFor(browser: Browser, isAsked: boolean): Promise<Said> {
  const { query, verifier } = beginning(forum);
  const back = isAsked ? await browser.agree(query) : await browser.authorize(query);
  const code = back.searchParams.get('code');
  assert.ok(code, back.href);
  return formOf(code, verifier);
}

const isGood = async ({ access_token }: Tokens): Promise<boolean> => {
  const headers = { authorization: `Bearer ${access_token}` };
  return (await send(steady.port, HOST, 'GET', '/api/accounts/oauth/userinfo', { headers })).status === 200;
};

/** What is written of this customer's sign-ins. */
async function grantsOf(customerId: string): Promise<readonly { readonly isExchanged: boolean }[]> {
  const { rows } = await database.admin.query<{ isExchanged: boolean }>(
    `select exchanged_at is not null as "isExchanged" from shop.app_grants where customer_id = $1 order by id`,
    [customerId],
  );
  return rows;
}

/**
 * Kills a runtime after each of a route's steps, and once not at all.
 * @param ask what it dies of. @param judge what is so afterwards
 * @returns how often it died
 */
async function killedInEach<Made>(
  route: string,
  prepare: () => Promise<Made>,
  ask: (runtime: Mortal, made: Made) => Promise<TestAnswer>,
  judge: (made: Made) => Promise<void>,
): Promise<number> {
  for (let at = 1; at < MOST_STEPS; at += 1) {
    const prepared = await prepare();
    const dying = await mortals.start({ CRASH_IN: route, CRASH_AT: String(at) });
    let answer: TestAnswer | undefined;
    try {
      answer = await ask(dying, prepared);
    } catch {
      // It was killed: nobody is told anything. One that failed otherwise would not be gone.
      await dying.gone();
    }
    if (answer !== undefined) {
      await dying.kill();
      assert.ok(answer.status < 400, answer.text);
      return at - 1;
    }
    await judge(prepared);
  }
  throw new Error(`${route} has more than ${MOST_STEPS} steps.`);
}

test('killed between any two steps of an exchange, a code is exchanged once, or its app comes for another without a question', async () => {
  const deaths = await killedInEach(
    'askForTokens',
    async () => {
      const { browser, id } = await shopper();
      return { browser, id, form: await codeFor(browser, true) };
    },
    (runtime, { form }) => asking(runtime, form),
    async ({ browser, id, form }) => {
      const [grant, ...others] = await grantsOf(id);
      assert.deepEqual(others, []);
      const again = await asking(steady, form);
      if (grant?.isExchanged === true) {
        // Nobody was told of those tokens, and as the code came twice they are over.
        refused(again);
      } else {
        const tokens = granted(again);
        assert.ok(await isGood(tokens));
        refused(await asking(steady, form));
        assert.ok(!(await isGood(tokens)));
      }
      assert.deepEqual(await grantsOf(id), []);
      assert.ok(await isGood(granted(await asking(steady, await codeFor(browser, false)))));
    },
  );
  // The statement, the one that keeps them few, the commit, the claims, the key, and the answer.
  assert.ok(deaths >= 5, `it was killed ${deaths} times`);
});

test('killed between any two steps of a refresh, an app goes on by the token that it has', async () => {
  const deaths = await killedInEach(
    'askForTokens',
    async () => {
      const { browser, id } = await shopper();
      return { id, first: granted(await asking(steady, await codeFor(browser, true))) };
    },
    (runtime, { first }) => asking(runtime, renewing(first.refresh_token)),
    async ({ id, first }) => {
      const second = granted(await asking(steady, renewing(first.refresh_token)));
      assert.ok(await isGood(second));
      assert.ok(!(await isGood(first)), 'there is one access token at a time');
      const third = granted(await asking(steady, renewing(second.refresh_token)));
      assert.ok(await isGood(third));
      assert.deepEqual(await grantsOf(id), [{ isExchanged: true }]);
    },
  );
  assert.ok(deaths >= 4, `it was killed ${deaths} times`);
});

test('killed between any two steps on the way back to the app, a browser that comes again is led there', async () => {
  const deaths = await killedInEach(
    'continueAppSignIn',
    async () => {
      const { browser, id } = await shopper();
      const { query, verifier } = beginning(forum);
      const page = await browser.authorize(query);
      const headers = { authorization: `Bearer ${browser.session}` };
      const json = { id: page.searchParams.get('id'), ticket: browser.ticket };
      const said = await shop.call(TENANT, 'POST', '/api/accounts/oauth/connection', { json, headers });
      assert.equal(said.status, 204, said.text);
      return { browser, id, verifier, path: `/api/accounts/oauth/continue${page.search}` };
    },
    ({ port }, { browser, path }) => {
      const cookie = `shopmind_session=${browser.session}; shopmind_connect=${browser.ticket}`;
      return send(port, HOST, 'GET', path, { headers: { cookie } });
    },
    async ({ browser, id, verifier, path }) => {
      const back = locationOf(await browser.get(path));
      const code = back.searchParams.get('code') ?? '';
      assert.ok(await isGood(granted(await asking(steady, formOf(code, verifier)))), back.href);
      const written = await grantsOf(id);
      assert.equal(written.filter(({ isExchanged }) => isExchanged).length, 1);
      // One that nobody was told of ends in a minute.
      assert.ok(written.length <= 2);
    },
  );
  assert.ok(deaths >= 4, `it was killed ${deaths} times`);
});

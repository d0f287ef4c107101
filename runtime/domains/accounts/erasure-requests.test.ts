/** Asking to be forgotten: by whoever knows the password, seen by the merchant with the day it is due, taken back, and told by mail. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../host/testing.ts';
import type { MailMessage } from '../../platform/ports.ts';
import { notifications } from '../notifications/definition.ts';
import { accounts } from './definition.ts';
import type { Session } from './definition.ts';
import { DAYS_TO_ERASE, TELL_ERASURE } from './erasure-requests.ts';
import type { ErasureRequest, ErasureRequests } from './shapes.ts';
import { CUSTOMER_PASSWORD, newCustomer } from './testing/customers.ts';

let database: TestDatabase;
let shop: TestHost;

before(async () => {
  database = await startTestDatabase([accounts, notifications]);
  for (const id of ['acme', 'other'])
    await database.addTenant({ id, domains: ['accounts', 'notifications'] }, ADMIN_SECRETS);
  shop = await startTestHost({
    databaseUrl: database.url,
    secretsKey: database.secretsKey,
    domains: ['accounts', 'notifications'],
  });
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const as = (who: Session | undefined, method: string, json?: object) =>
  shop.call('acme', method, '/api/accounts/me/erasure', {
    ...(who === undefined ? {} : { headers: { authorization: `Bearer ${who.token}` } }),
    ...(json === undefined ? {} : { json }),
  });
const asked = (tenant: string) =>
  shop.managed<ErasureRequests>(tenant, 'GET', '/api/admin/accounts/erasure-requests');

test('who knows the password asks once, the merchant sees until when, and it can be taken back', async () => {
  const [ada, eve] = [
    await newCustomer(shop, 'acme', 'ada@example.com'),
    await newCustomer(shop, 'acme', 'eve@example.com'),
  ];
  assert.deepEqual((await as(ada, 'GET')).json(), { askedAt: null, dueAt: null });
  assert.equal((await as(undefined, 'PUT', { password: CUSTOMER_PASSWORD })).status, 401);
  assert.equal((await as(ada, 'PUT', { password: 'a guess of somebody' })).status, 400);
  assert.deepEqual((await asked('acme')).requests, []);

  const first = (await as(ada, 'PUT', { password: CUSTOMER_PASSWORD })).json<ErasureRequest>();
  assert.equal(
    Date.parse(first.dueAt ?? '') - Date.parse(first.askedAt ?? ''),
    DAYS_TO_ERASE * 24 * 3_600 * 1_000,
  );
  const again = (await as(ada, 'PUT', { password: CUSTOMER_PASSWORD })).json<ErasureRequest>();
  assert.deepEqual(again, first, 'asking again puts nothing off');
  await as(eve, 'PUT', { password: CUSTOMER_PASSWORD });
  assert.deepEqual(
    (await asked('acme')).requests.map(({ email }) => email),
    ['ada@example.com', 'eve@example.com'],
  );
  assert.deepEqual((await asked('other')).requests, [], 'nobody else’s merchant');

  assert.equal((await as(ada, 'DELETE')).status, 204);
  assert.equal((await as(ada, 'DELETE')).status, 204);
  assert.deepEqual(
    (await asked('acme')).requests.map(({ customerId }) => customerId),
    [eve.customer.id],
  );
});

test('the wish is told once each time, and its end just before there is no address; of one that was taken back nothing', async () => {
  const bea = await newCustomer(shop, 'acme', 'bea@example.com', { firstName: 'Bea' });
  const mails = async (): Promise<MailMessage[]> => {
    await shop.settled(3);
    const sent = await shop.host.platform.outbox.list('acme', { limit: 100 });
    // She has nothing but a mailbox.
    return sent
      .filter(({ recipient }) => recipient === 'bea@example.com')
      .map(({ message }) => message as MailMessage);
  };
  const about = async (subject: RegExp) => (await mails()).filter((mail) => subject.test(mail.subject));
  const tellEnd = () =>
    shop.host.sql.transaction('acme', (tx) =>
      tx.enqueue({ name: TELL_ERASURE, payload: { customerId: bea.customer.id, happening: 'done' } }),
    );
  for (let n = 0; n < 2; n++) await as(bea, 'PUT', { password: CUSTOMER_PASSWORD });
  const [wish, ...more] = await about(/^You want to be forgotten/);
  assert.deepEqual(more, []);
  assert.match(wish?.text ?? '', /Hello Bea,[\s\S]*without your name[\s\S]*\/account\/data/);
  await as(bea, 'DELETE');
  await tellEnd();
  assert.deepEqual(await about(/^You are forgotten/), []);
  await as(bea, 'PUT', { password: CUSTOMER_PASSWORD });
  assert.equal((await about(/^You want to be forgotten/)).length, 2);
  for (let n = 0; n < 2; n++) await tellEnd();
  assert.equal((await about(/^You are forgotten/)).length, 1);
});

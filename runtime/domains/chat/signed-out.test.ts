/** Who is signed in no more is out of the chat within moments, in every process, however it came about. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { until } from '../../../tests/support/wait.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../host/testing.ts';
import { accounts } from '../accounts/definition.ts';
import { CUSTOMER_PASSWORD, newCustomer } from '../accounts/testing/customers.ts';
import { as, join } from '../accounts/testing/staff.ts';
import { notifications } from '../notifications/definition.ts';
import { chat } from './definition.ts';
import { openSocket, type TestSocket } from './testing/client.ts';

const DOMAINS = ['accounts', 'notifications', 'chat'];
const SIGNED_OUT = 4002;
let database: TestDatabase;
let shop: TestHost;
/** Another process of the same shop. */
let other: TestHost;
const opened: TestSocket[] = [];

before(async () => {
  database = await startTestDatabase([accounts, notifications, chat]);
  await database.addTenant({ id: 'acme', domains: DOMAINS }, ADMIN_SECRETS);
  const config = { databaseUrl: database.url, secretsKey: database.secretsKey, domains: DOMAINS };
  shop = await startTestHost(config, { sessionMilliseconds: 200 });
  other = await startTestHost(config, { sessionMilliseconds: 200 });
});
after(async () => {
  for (const socket of opened) socket.close();
  await other.stop();
  await shop.stop();
  await database.stop();
});

async function connect(at: TestHost, hello: object, headers: Record<string, string> = {}) {
  const socket = await openSocket(at.port, 'acme.localhost', { headers });
  opened.push(socket);
  let code: number | undefined;
  void socket.closed.then((given) => (code = given));
  socket.say({ t: 'hello', ...hello });
  await socket.hear('welcome');
  return { socket, code: () => code };
}

type Connected = Awaited<ReturnType<typeof connect>>;

/** By a token and by a cookie, in both processes. */
async function everywhere(token: string): Promise<readonly Connected[]> {
  return Promise.all([
    connect(shop, { token }),
    connect(other, { token }),
    connect(other, {}, { cookie: `shopmind_session=${token}` }),
  ]);
}

async function areOut(connected: readonly Connected[]): Promise<void> {
  for (const { code } of connected)
    assert.equal(await until(code, { withinMs: 30_000, what: 'it is closed' }), SIGNED_OUT);
}

const ENDS: Readonly<Record<string, (token: string, id: string) => Promise<unknown>>> = {
  'logged out': (token) => shop.call('acme', 'POST', '/api/accounts/logout', { headers: as(token) }),
  'logged out everywhere': (token) =>
    shop.call('acme', 'DELETE', '/api/accounts/me/sessions', { headers: as(token) }),
  'given a new password': (token) =>
    shop.call('acme', 'PATCH', '/api/accounts/me', {
      headers: as(token),
      json: { password: { present: CUSTOMER_PASSWORD, next: 'another long word' } },
    }),
  // As it is done by the platform, in the database alone.
  erased: (_, id) =>
    database.admin.query('delete from shop.customer_sessions where tenant_id = $1 and customer_id = $2', [
      'acme',
      id,
    ]),
};

for (const [how, end] of Object.entries(ENDS))
  test(`a customer who is ${how} is out of it, and nobody else`, async () => {
    const email = `${how.replaceAll(' ', '-')}@example.com`;
    const [one, neighbour] = [
      await newCustomer(shop, 'acme', email),
      await newCustomer(shop, 'acme', `next-to-${email}`),
    ];
    const [theirs, beside] = [await everywhere(one.token), await everywhere(neighbour.token)];
    await end(one.token, one.customer.id);
    await areOut(theirs);
    // What they came in by was exchanged meanwhile, which is no end.
    await shop.call('acme', 'POST', '/api/accounts/session', { headers: as(neighbour.token) });
    const latest = await newCustomer(shop, 'acme', `after-${email}`);
    const last = await everywhere(latest.token);
    await end(latest.token, latest.customer.id);
    await areOut(last);
    assert.deepEqual(
      beside.map(({ code }) => code()),
      [undefined, undefined, undefined],
    );
  });

test('a member of the staff who is signed out everywhere is out of it', async () => {
  const { token } = await join(shop, 'acme', 'owner@example.com', ['owner']);
  const theirs = await Promise.all([shop, other].map((at) => connect(at, { as: 'merchant', token })));
  await shop.call('acme', 'DELETE', '/api/admin/accounts/me/sessions', { headers: as(token) });
  await areOut(theirs);
});

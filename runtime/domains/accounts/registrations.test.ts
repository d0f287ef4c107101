/** Who asks for an account is answered the same whether there is one; what differs is in the mail, which the mailbox's owner alone reads. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestDatabase } from '../../../tests/support/database.ts';
import type { TestAnswer, TestCall, TestHost } from '../../host/testing.ts';
import { manualClock } from '../../platform/clock.ts';
import type { Session } from './definition.ts';
import type { ListedCustomer } from './customers/definition.ts';
import { newCustomer } from './testing/customers.ts';
import { as, linksTo } from './testing/staff.ts';
import { SILENT, startAccounts, WITH_MAILS } from './testing/rooms.ts';

let database: TestDatabase;
let shop: TestHost;
const clock = manualClock(new Date());
const PASSWORD = 'correct horse battery';
const NEXT = 'another horse entirely';
const DAY = 24 * 60 * 60 * 1_000;

before(async () => {
  ({ database, shop } = await startAccounts({ one: WITH_MAILS, two: WITH_MAILS, silent: SILENT }, { clock }));
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const post = (path: string, json: object, tenant = 'one', more: TestCall = {}): Promise<TestAnswer> =>
  shop.call(tenant, 'POST', `/api/accounts${path}`, { json, ...more });
const ask = async (email: string, more: object = {}, tenant = 'one'): Promise<void> => {
  const answer = await post('/register', { email, ...more }, tenant);
  assert.equal(answer.status, 202, answer.text);
};
const confirm = (token: string, password = PASSWORD, tenant = 'one'): Promise<TestAnswer> =>
  post('/register/confirm', { token, password }, tenant);
const linkTo = async (email: string, page: 'register' | 'reset' = 'register', tenant = 'one') => {
  const [token] = await linksTo(shop, tenant, email, page);
  assert.ok(token, `no link to ${page} was sent to ${email}`);
  return token;
};
const login = async (email: string, password: string): Promise<number> =>
  (await post('/login', { email, password })).status;

test('a newcomer asks, follows the link of the mail, chooses a password, and is in', async () => {
  await ask('Ada@Example.org', { firstName: 'Ada', acceptsMarketing: true, locale: 'de' });
  assert.equal(await login('ada@example.org', PASSWORD), 401);
  const answer = await confirm(await linkTo('ada@example.org'));
  assert.equal(answer.status, 201, answer.text);
  assert.match(
    String(answer.headers['set-cookie']),
    /^shopmind_session=sms_one\.[\w-]{43}; Path=\/; HttpOnly/,
  );
  const { token, customer } = answer.json<Session>();
  assert.deepEqual(
    [customer.email, customer.firstName, customer.acceptsMarketing, customer.locale],
    ['Ada@Example.org', 'Ada', true, 'de'],
  );
  assert.equal((await shop.call('one', 'GET', '/api/accounts/me', { headers: as(token) })).status, 200);
  assert.equal(await login('ada@example.org', PASSWORD), 200);
});

test('whether there is an account shows neither in the answer nor in the work that it took', async () => {
  await newCustomer(shop, 'one', 'known@example.org', { password: PASSWORD });
  const answers: object[] = [];
  for (const email of ['known@example.org', 'nobody@example.org']) {
    const { status, text, headers } = await post('/register', { email, firstName: 'Eve' });
    answers.push({ status, text, headers: Object.keys(headers).toSorted() });
  }
  assert.deepEqual(answers[0], answers[1]);
  // The same was written down of both, and left to the same task: what it finds stays with it.
  const { rows } = await database.admin.query<{ payload: object }>(
    `SELECT payload FROM shop.tasks WHERE tenant_id = 'one' AND payload ->> 'purpose' = 'registration'`,
  );
  for (const { payload } of rows)
    assert.deepEqual(Object.keys(payload).toSorted(), ['purpose', 'registrationId']);
  // Beyond the limit they are refused alike.
  for (let n = 0; n < 4; n++)
    assert.deepEqual(
      (
        await Promise.all(
          ['known', 'nobody'].map((who) => post('/register', { email: `${who}@example.org` })),
        )
      ).map(({ status }) => status),
      n < 2 ? [202, 202] : [429, 429],
    );
  await shop.settled(3);
  assert.ok(await linkTo('known@example.org', 'reset'));
  assert.deepEqual(await linksTo(shop, 'one', 'known@example.org', 'register'), []);
  assert.equal((await linksTo(shop, 'one', 'nobody@example.org', 'register')).length, 3);
  assert.deepEqual(await linksTo(shop, 'one', 'nobody@example.org', 'reset'), []);
});

test('an account that is there keeps its password, name and sessions whoever asks for one; its owner may choose a new password', async () => {
  const { token } = await newCustomer(shop, 'one', 'owner@example.org', { password: PASSWORD });
  await ask('OWNER@example.org', { firstName: 'Mallory', acceptsMarketing: true });
  const link = await linkTo('owner@example.org', 'reset');
  const me = await shop.call('one', 'GET', '/api/accounts/me', { headers: as(token) });
  assert.deepEqual(
    [me.json<{ firstName: string; acceptsMarketing: boolean }>()].map((it) => [
      it.firstName,
      it.acceptsMarketing,
    ]),
    [['Ada', false]],
  );
  assert.equal(await login('owner@example.org', PASSWORD), 200);
  assert.equal((await confirm(link)).status, 410);
  assert.equal((await post('/password/reset', { token: link, password: NEXT })).status, 204);
  assert.equal(await login('owner@example.org', NEXT), 200);
});

test('no words of a stranger go to the address they named', async () => {
  await ask('victim@example.org', { firstName: 'Win at evil.example', lastName: 'now' });
  await linkTo('victim@example.org');
  const { messages } = await shop.managed<{ messages: { recipient: string; message: object }[] }>(
    'one',
    'GET',
    '/api/admin/notifications/outbox?limit=100',
  );
  const [mail] = messages.filter(({ recipient }) => recipient === 'victim@example.org');
  assert.ok(mail);
  assert.doesNotMatch(JSON.stringify(mail), /evil\.example/);
});

test('a link is good once, for a day, in its own shop, and for nothing else; a refused password does not use it up', async () => {
  await ask('day@example.org');
  const token = await linkTo('day@example.org');
  assert.equal((await confirm(token, PASSWORD, 'two')).status, 410);
  assert.equal((await post('/password/reset', { token, password: NEXT })).status, 410);
  assert.equal((await post('/staff/accept', { token, password: NEXT })).status, 410);
  assert.equal((await confirm(token, 'short')).status, 400);
  clock.advance(DAY);
  assert.equal((await confirm(token)).status, 410);
  await ask('day@example.org');
  const [again = ''] = (await linksTo(shop, 'one', 'day@example.org', 'register')).filter(
    (one) => one !== token,
  );
  assert.equal((await confirm(again)).status, 201);
  assert.equal((await confirm(again)).status, 410);
});

test('of several who confirm at the same moment, by one link or by two, one gets the account', async () => {
  await ask('twice@example.org');
  await ask('twice@example.org');
  const links = await linksTo(shop, 'one', 'twice@example.org', 'register');
  assert.equal(links.length, 2);
  const answers = await Promise.all([...links, ...links].map((token) => confirm(token)));
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [201, 410, 410, 410]);
  const { rows } = await database.admin.query(
    `SELECT 1 FROM shop.customers WHERE tenant_id = 'one' AND email_key = 'twice@example.org'
     UNION ALL SELECT 2 FROM shop.customer_registrations WHERE tenant_id = 'one' AND email_key = 'twice@example.org'`,
  );
  assert.equal(rows.length, 1);
});

test('who only asked is no customer to the merchant, and is forgotten when the link is over', async () => {
  await ask('passing@example.org');
  await linkTo('passing@example.org');
  const { customers } = await shop.managed<{ customers: ListedCustomer[] }>(
    'one',
    'GET',
    '/api/admin/accounts/customers?q=passing',
  );
  assert.deepEqual(customers, []);
  clock.advance(2 * DAY);
  await shop.settled(3);
  const { rows } = await database.admin.query(
    `SELECT 1 FROM shop.customer_registrations WHERE tenant_id = 'one' AND email_key = 'passing@example.org'`,
  );
  assert.deepEqual(rows, []);
});

test('a shop that sends no mail says so to everybody', async () => {
  const answer = await post('/register', { email: 'ada@example.org' }, 'silent');
  assert.equal(answer.status, 409);
  assert.match(answer.text, /sends no mail/);
});

test('the page behind the link holds the form, and loads nothing from anywhere', async () => {
  const page = await shop.call('one', 'GET', '/api/accounts/pages/register');
  assert.equal(page.status, 200);
  assert.match(page.text, /data-to="\/api\/accounts\/register\/confirm" data-onwards="\/account"/);
  assert.match(String(page.headers['content-security-policy']), /default-src 'none'/);
});

const BAD: readonly (readonly [what: string, json: object, where: string])[] = [
  ['no e-mail', {}, 'body/email'],
  ['an address that is none', { email: 'nobody' }, 'body/email'],
  ['a name too long', { email: 'a@b.example', firstName: 'x'.repeat(101) }, 'body/firstName'],
  ['a field nobody knows', { email: 'a@b.example', isAdmin: true }, 'body'],
];
for (const [what, json, where] of BAD) {
  test(`a registration with ${what} is refused and names the field`, async () => {
    const answer = await post('/register', json);
    assert.equal(answer.status, 400);
    assert.deepEqual(
      answer.json<{ problems: { where: string }[] }>().problems.map((problem) => problem.where),
      [where],
    );
  });
}

/** Companies against a whole runtime: who becomes one, who buys for it, and that nobody learns of another's. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestDatabase } from '../../../../tests/support/database.ts';
import type { TestAnswer, TestHost } from '../../../host/testing.ts';
import { manualClock } from '../../../platform/clock.ts';
import type { Session } from '../definition.ts';
import { newCompany, newMember, type TestMember } from '../testing/companies.ts';
import { newCustomer } from '../testing/customers.ts';
import { as, linksTo } from '../testing/staff.ts';
import type { CompanyDetail, CompanyInvitation, MerchantCompany, OwnCompany } from './definition.ts';
import { companyRoutes } from './definition.ts';
import { SILENT, startAccounts, WITH_MAILS } from '../testing/rooms.ts';

let database: TestDatabase;
let shop: TestHost;
const clock = manualClock(new Date());
const WEEK = 7 * 24 * 60 * 60 * 1_000;
const ALL = '/api/admin/accounts/companies';

before(async () => {
  ({ database, shop } = await startAccounts({ one: WITH_MAILS, two: WITH_MAILS, silent: SILENT }, { clock }));
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const ask = (
  who: { token: string } | undefined,
  method: string,
  path: string,
  json?: object,
  tenant = 'one',
): Promise<TestAnswer> =>
  shop.call(tenant, method, `/api/accounts/company${path}`, {
    ...(json === undefined ? {} : { json }),
    headers: who === undefined ? {} : as(who.token),
  });
const managed = <T>(method: string, path: string, json?: object, status?: number): Promise<T> =>
  shop.managed<T>('one', method, `${ALL}${path}`, json, status);
const roleOf = async (who: Session): Promise<string | undefined> =>
  (
    await shop.host.platform.call<{ company?: { role: string } } | undefined>(
      'one',
      'accounts',
      'authenticate',
      {
        token: who.token,
      },
    )
  )?.company?.role;
const subjectsTo = async (email: string): Promise<string[]> => {
  await shop.settled(3);
  const path = '/api/admin/notifications/outbox?limit=100';
  const { messages } = await shop.managed<{
    messages: { recipient: string; message: { subject: string } }[];
  }>('one', 'GET', path);
  return messages.filter(({ recipient }) => recipient === email).map(({ message }) => message.subject);
};

test('a customer asks, the merchant hears of it and approves, and the session says so from then on', async () => {
  const merchant = { emails: ['boss@one.example'], orders: 'on' };
  await shop.managed('one', 'PUT', '/api/admin/notifications/settings', { merchant });
  const ada = await newCustomer(shop, 'one', 'ada@acme.example');
  const answer = await ask(ada, 'POST', '', {
    name: 'Acme Ltd',
    country: 'DE',
    taxId: 'de 123 456 789',
    address: { name: 'Goods in', line1: 'Dock 1', city: 'Kiel', country: 'DE' },
    message: 'We buy boots.',
  });
  assert.equal(answer.status, 201, answer.text);
  const company = answer.json<OwnCompany>();
  assert.deepEqual(
    [company.state, company.role, company.taxId, company.addresses.length],
    ['requested', 'admin', 'DE123456789', 1],
  );
  assert.equal(await roleOf(ada), undefined, 'a company that nobody approved buys nothing');
  const listed = await managed<{ companies: MerchantCompany[] }>('GET', '?state=requested&q=acme');
  assert.deepEqual(
    listed.companies.map(({ id, message, members }) => [id, message, members]),
    [[company.id, 'We buy boots.', 1]],
  );
  for (let n = 0; n < 2; n++) await managed('POST', `/${company.id}/approve`);
  assert.equal(await roleOf(ada), 'admin');
  assert.deepEqual(
    (await subjectsTo('ada@acme.example')).filter((subject) => subject.includes('Acme')),
    ['Acme Ltd can buy at one'],
  );
  assert.deepEqual(await subjectsTo('boss@one.example'), ['Company account wanted: Acme Ltd']);
  await managed('POST', `/${company.id}/block`);
  assert.equal(await roleOf(ada), undefined);
});

test('a tax id of another form is refused, and nobody asks for two companies', async () => {
  const ben = await newCustomer(shop, 'one', 'ben@beta.example');
  const wrong = await ask(ben, 'POST', '', { name: 'Beta', country: 'DE', taxId: '12345' });
  assert.equal(wrong.status, 400, wrong.text);
  assert.match(wrong.text, /taxId/);
  assert.equal((await ask(ben, 'POST', '', { name: 'Beta', country: 'DE' })).status, 201);
  assert.equal((await ask(ben, 'POST', '', { name: 'Gamma', country: 'DE' })).status, 409);
  const { companies } = await managed<{ companies: MerchantCompany[] }>('GET', '?q=gamma');
  assert.deepEqual(companies, []);
});

test('an admin invites: a newcomer chooses a password by the link, a customer just accepts; each link is good once', async () => {
  const { id } = await newCompany(shop, 'one', 'Invitations');
  const admin = await newMember(shop, 'one', id, 'admin@inv.example', 'admin');
  const limits = { currency: 'EUR', perOrder: 10_000, period: 'month' };
  for (const email of ['new@inv.example', 'New@inv.example'])
    assert.equal((await ask(admin, 'POST', '/invitations', { email, role: 'buyer', limits })).status, 201);
  const tokens = await linksTo(shop, 'one', 'new@inv.example', 'company');
  const [token] = tokens;
  assert.ok(token);
  const bare = await ask(undefined, 'POST', '/join', { token });
  assert.equal(bare.status, 400, bare.text);
  const password = 'a long enough password';
  assert.equal((await ask(undefined, 'POST', '/join', { token, password })).status, 204);
  assert.equal((await ask(undefined, 'POST', '/join', { token, password })).status, 410);
  const login = await shop.call('one', 'POST', '/api/accounts/login', {
    json: { email: 'new@inv.example', password },
  });
  const buyer = login.json<Session>();
  assert.equal(await roleOf(buyer), 'buyer');
  assert.deepEqual((await ask(buyer, 'GET', '')).json<OwnCompany>().limits, limits);

  const known = await newCustomer(shop, 'one', 'known@inv.example');
  await ask(admin, 'POST', '/invitations', { email: 'known@inv.example', role: 'approver' });
  const [link] = await linksTo(shop, 'one', 'known@inv.example', 'company-member');
  assert.equal((await ask(undefined, 'POST', '/join', { token: link })).status, 204);
  assert.equal(await roleOf(known), 'approver');

  const again = await ask(admin, 'POST', '/invitations', { email: 'KNOWN@inv.example' });
  assert.equal(again.status, 409, again.text);
  const { invitations } = (await ask(admin, 'GET', '/members')).json<{ invitations: CompanyInvitation[] }>();
  assert.deepEqual(invitations, []);
});

test('a link is good for nothing once its invitation is over, taken back, or its company blocked', async () => {
  const { id } = await newCompany(shop, 'one', 'Withdrawn');
  const admin = await newMember(shop, 'one', id, 'admin@wd.example', 'admin');
  const password = 'a long enough password';
  const linkOf = async (email: string): Promise<{ token: string; invitation: CompanyInvitation }> => {
    const answer = await ask(admin, 'POST', '/invitations', { email });
    const [token] = await linksTo(shop, 'one', email, 'company');
    assert.ok(token);
    return { token, invitation: answer.json<CompanyInvitation>() };
  };
  const taken = await linkOf('taken@wd.example');
  assert.equal((await ask(admin, 'DELETE', `/invitations/${taken.invitation.id}`)).status, 204);
  assert.equal((await ask(undefined, 'POST', '/join', { token: taken.token, password })).status, 410);
  const blocked = await linkOf('blocked@wd.example');
  await managed('POST', `/${id}/block`);
  assert.equal((await ask(undefined, 'POST', '/join', { token: blocked.token, password })).status, 410);
  assert.equal((await ask(admin, 'POST', '/invitations', { email: 'x@wd.example' })).status, 409);
  await managed('POST', `/${id}/approve`);
  const late = await linkOf('late@wd.example');
  clock.advance(WEEK + 1);
  assert.equal((await ask(undefined, 'POST', '/join', { token: late.token, password })).status, 410);
});

test('where no mail is sent nobody can be invited', async () => {
  const { id } = await newCompany(shop, 'silent', 'Quiet');
  const admin = await newMember(shop, 'silent', id, 'admin@quiet.example', 'admin');
  const answer = await ask(admin, 'POST', '/invitations', { email: 'x@quiet.example' }, 'silent');
  assert.equal(answer.status, 409, answer.text);
});

test('the last admin stays, whoever tries at the same time; the merchant may take anybody out', async () => {
  const { id } = await newCompany(shop, 'one', 'Last');
  const both = [
    await newMember(shop, 'one', id, 'a@last.example', 'admin'),
    await newMember(shop, 'one', id, 'b@last.example', 'admin'),
  ];
  const [first, second] = both as [TestMember, TestMember];
  const answers = await Promise.all([
    ask(first, 'PATCH', `/members/${first.customer.id}`, { role: 'buyer' }),
    ask(second, 'DELETE', `/members/${second.customer.id}`),
  ]);
  assert.deepEqual(
    answers.map(({ status }) => status === 409).toSorted(),
    [false, true],
    answers.map(({ text }) => text).join(),
  );
  const { people } = await managed<CompanyDetail>('GET', `/${id}`);
  assert.equal(people.filter(({ role }) => role === 'admin').length, 1);
  for (const { customerId } of people)
    await managed('DELETE', `/${id}/members/${customerId}`, undefined, 204);
  assert.deepEqual((await managed<CompanyDetail>('GET', `/${id}`)).people, []);
});

test('a customer who is erased is no member any more', async () => {
  const { id } = await newCompany(shop, 'one', 'Leaving');
  const gone = await newMember(shop, 'one', id, 'gone@leaving.example', 'buyer');
  await shop.host.sql.query('one', 'DELETE FROM customers WHERE tenant_id = $1 AND id = $2', [
    'one',
    gone.customer.id,
  ]);
  assert.deepEqual((await managed<CompanyDetail>('GET', `/${id}`)).people, []);
});

test('the merchant sets name, terms and groups of a company', async () => {
  const { id } = await newCompany(shop, 'one', 'Terms', { netDays: 30 });
  const group = await shop.managed<{ id: string }>(
    'one',
    'POST',
    '/api/admin/accounts/groups',
    { name: 'Trade' },
    201,
  );
  const patched = await managed<MerchantCompany>('PATCH', `/${id}`, { name: 'Terms Ltd', netDays: null });
  assert.deepEqual([patched.name, patched.netDays, patched.version], ['Terms Ltd', null, 2]);
  const grouped = await managed<MerchantCompany>('PUT', `/${id}/groups`, { groupIds: [group.id, group.id] });
  assert.deepEqual(grouped.groupIds, [group.id]);
  const member = await newMember(shop, 'one', id, 'trader@terms.example', 'buyer');
  const known = await shop.host.platform.call<{ groups: string[] }>('one', 'accounts', 'authenticate', {
    token: member.token,
  });
  assert.deepEqual(known.groups, [id, group.id].toSorted(), 'prices for its groups are theirs');
  await managed('PUT', `/${id}/groups`, { groupIds: ['grp_none'] }, 400);
});

/** What each role may ask for. A route that is missing here fails the test: whoever adds one says who may. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  getCompany: ['admin', 'approver', 'buyer'],
  addCompanyAddress: ['admin'],
  updateCompanyAddress: ['admin'],
  deleteCompanyAddress: ['admin'],
  listCompanyMembers: ['admin'],
  updateCompanyMember: ['admin'],
  removeCompanyMember: ['admin'],
  inviteToCompany: ['admin'],
  withdrawCompanyInvitation: ['admin'],
  listApprovals: ['admin', 'approver', 'buyer'],
  // Of another company nobody learns whether it is there; who decides of their own is shown beside the orders.
  getApproval: ['admin', 'approver', 'buyer'],
  grantApproval: ['admin', 'approver', 'buyer'],
  declineApproval: ['admin', 'approver', 'buyer'],
};
/** Of whoever is no member yet. */
const BEFORE = ['requestCompany', 'joinCompany'];
const ADDRESS = { name: 'Dock', line1: '1', city: 'Kiel', country: 'DE' };
const BODIES: Readonly<Record<string, object>> = {
  addCompanyAddress: ADDRESS,
  updateCompanyAddress: ADDRESS,
  updateCompanyMember: { role: 'buyer' },
  inviteToCompany: { email: 'somebody@rights.example' },
  grantApproval: {},
  declineApproval: {},
};

const own = companyRoutes.filter(({ audience }) => audience !== 'merchant');

test('each route of members is for the roles that the table says, and for nobody of another company', async () => {
  assert.deepEqual(own.map(({ id }) => id).toSorted(), [...Object.keys(MAY), ...BEFORE].toSorted());
  const [ours, theirs] = await Promise.all(['Ours', 'Theirs'].map((name) => newCompany(shop, 'one', name)));
  assert.ok(ours && theirs);
  const victim = await newMember(shop, 'one', theirs.id, 'victim@theirs.example', 'buyer');
  const owner = await newMember(shop, 'one', theirs.id, 'owner@theirs.example', 'admin');
  const foreign = {
    approvalId: (
      await shop.host.platform.call<{ id: string }>('one', 'accounts', 'requestApproval', {
        companyId: theirs.id,
        customerId: victim.customer.id,
        purchaseId: 'cart_theirs',
        digest: 'x',
        total: 1,
        currency: 'EUR',
        lines: [{ variantId: 'v', title: 'T', quantity: 1, unitPrice: 1 }],
      })
    ).id,
    customerId: victim.customer.id,
    addressId: (await ask(owner, 'POST', '/addresses', ADDRESS)).json<{ id: string }>().id,
    invitationId: (await ask(owner, 'POST', '/invitations', { email: 'i@theirs.example' })).json<{
      id: string;
    }>().id,
  };
  const before = await managed<CompanyDetail>('GET', `/${theirs.id}`);
  for (const role of ['admin', 'approver', 'buyer'] as const) {
    const who = await newMember(shop, 'one', ours.id, `${role}@ours.example`, role);
    for (const { id, method, path } of own.filter((route) => !BEFORE.includes(route.id))) {
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: keyof typeof foreign) => foreign[name]);
      const answer = await shop.call('one', method, filled, {
        headers: who.headers,
        ...(BODIES[id] === undefined ? {} : { json: BODIES[id] }),
      });
      const isAbout = path.includes('{');
      const expected = !MAY[id]?.includes(role) ? [403] : isAbout ? [404] : [200, 201];
      assert.ok(expected.includes(answer.status), `${role} ${id}: ${answer.status} ${answer.text}`);
      assert.doesNotMatch(answer.text, /victim@|owner@|i@theirs/);
    }
  }
  assert.deepEqual(await managed<CompanyDetail>('GET', `/${theirs.id}`), before);
});

test('another shop’s merchant finds no company of ours', async () => {
  const { id } = await newCompany(shop, 'one', 'Hidden');
  for (const { id: route, method, path, body } of companyRoutes.filter(
    ({ audience }) => audience === 'merchant',
  )) {
    if (!path.includes('{companyId}')) continue;
    const filled = path.replace('{companyId}', id).replaceAll(/\{\w+\}/g, 'cus_x');
    const json = { role: 'buyer', groupIds: [], email: 'x@x.example', name: 'x' };
    const fields = {
      adminUpdateCompany: ['name'],
      adminSetCompanyGroups: ['groupIds'],
      adminInviteToCompany: ['email'],
      adminUpdateCompanyMember: ['role'],
    }[route];
    const sent = Object.fromEntries(Object.entries(json).filter(([name]) => fields?.includes(name)));
    const answer = await shop.merchant('two', method, filled, body === undefined ? {} : { json: sent });
    assert.equal(answer.status, 404, `${route}: ${answer.text}`);
  }
  const { companies } = await shop.managed<{ companies: MerchantCompany[] }>('two', 'GET', ALL);
  assert.deepEqual(companies, []);
});

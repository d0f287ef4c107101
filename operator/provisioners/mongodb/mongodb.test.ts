/** What is done to a database, from what it holds: tables of plans. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loginOf } from '../logins.ts';
import { createMongodb } from './mongodb.ts';
import { indexesOf, planAccess, planDatabase, RUNTIME_ROLE, VALIDATOR } from './plan.ts';
import type { Action, Desired, Observed } from './plan.ts';

const page = { name: 'content.page', indexed: ['author'] };
const login = loginOf('acme', 'mongodb', 'secret');
const former = loginOf('acme', 'mongodb', 'former');
const desired: Desired = { scope: 'acme', collections: [page], logins: [login] };
const roles = [{ role: RUNTIME_ROLE, db: 'shopmind_acme' }];
const privileges = [
  { resource: { db: 'shopmind_acme', collection: '' }, actions: ['update', 'find', 'remove', 'insert'] },
];
const asItShouldBe: Observed & Required<Pick<Observed, 'access'>> = {
  collections: new Map([['content.page', { validator: VALIDATOR, indexes: indexesOf(page) }]]),
  access: { privileges, users: [{ user: login.user, roles }] },
};

const texts = (planned: readonly Action[]): string[] => planned.map(({ text }) => text);

test('an empty server gets the collection, its indexes, the role and the user, in this order and without secrets in words', () => {
  const planned = planDatabase(desired, { collections: new Map(), access: { users: [] } });
  assert.deepEqual(texts(planned), [
    'CREATE COLLECTION content.page',
    'CREATE INDEX shopmind.tenant ON content.page (tenant, _id)',
    'CREATE INDEX shopmind.by.author ON content.page (tenant, fields.author, _id)',
    'CREATE ROLE runtime IN shopmind_acme',
    `CREATE USER ${login.user} IN shopmind_acme`,
  ]);
  assert.ok(!texts(planned).join().includes(login.password));
});

test('what is as it should be is left alone', () => {
  assert.deepEqual(planDatabase(desired, asItShouldBe), []);
});

test('without logins nothing is said of users and roles', () => {
  const { logins: _, ...looking } = desired;
  assert.deepEqual(planDatabase(looking, { collections: new Map(), access: { users: [] } }).slice(3), []);
});

const withIndexes = (indexes: ReturnType<typeof indexesOf>): Observed => ({
  ...asItShouldBe,
  collections: new Map([['content.page', { validator: VALIDATOR, indexes }]]),
});

for (const [what, observed, expected] of [
  [
    'a validator that somebody loosened',
    {
      ...asItShouldBe,
      collections: new Map([['content.page', { validator: {}, indexes: indexesOf(page) }]]),
    },
    ['ALTER VALIDATOR OF content.page'],
  ],
  [
    'an index of other fields, or of the same in another order',
    withIndexes([{ name: 'shopmind.tenant', key: { _id: 1, tenant: 1 } }, ...indexesOf(page).slice(1)]),
    [
      'DROP INDEX shopmind.tenant ON content.page',
      'CREATE INDEX shopmind.tenant ON content.page (tenant, _id)',
    ],
  ],
  [
    'an index that nothing declares any more, while those of others stay',
    withIndexes([
      ...indexesOf({ name: 'content.page', indexed: ['author', 'gone'] }),
      { name: 'theirs', key: { x: 1 } },
    ]),
    ['DROP INDEX shopmind.by.gone ON content.page'],
  ],
  [
    'a role that may more',
    {
      ...asItShouldBe,
      access: {
        ...asItShouldBe.access,
        privileges: [{ ...privileges[0]!, actions: ['dropCollection', 'find'] }],
      },
    },
    ['ALTER ROLE runtime IN shopmind_acme'],
  ],
  [
    'a role that may something of the whole cluster besides',
    {
      ...asItShouldBe,
      access: {
        ...asItShouldBe.access,
        privileges: [...privileges, { resource: { cluster: true }, actions: ['listDatabases'] }],
      },
    },
    ['ALTER ROLE runtime IN shopmind_acme'],
  ],
  [
    'a user with other roles',
    {
      ...asItShouldBe,
      access: { privileges, users: [{ user: login.user, roles: [{ role: 'root', db: 'admin' }] }] },
    },
    [`ALTER USER ${login.user} IN shopmind_acme`],
  ],
] as const) {
  test(`drift is put right: ${what}`, () => {
    assert.deepEqual(texts(planDatabase(desired, observed)), expected);
  });
}

test('a collection that nothing declares any more keeps its documents', () => {
  assert.deepEqual(planDatabase({ ...desired, collections: [] }, asItShouldBe), []);
});

test('both logins stay during a rotation, the former goes after it, a stranger is not looked at', () => {
  const users = [login.user, former.user, 'shopmind.acme-shop.00000000', 'somebody'].map((user) => ({
    user,
    roles,
  }));
  const observed = { ...asItShouldBe, access: { privileges, users } };
  assert.deepEqual(planAccess({ scope: 'acme', logins: [login, former] }, observed), []);
  assert.deepEqual(planAccess({ scope: 'acme', logins: [login] }, observed), [
    { text: `DROP USER ${former.user} IN shopmind_acme`, command: { dropUser: former.user } },
  ]);
  assert.deepEqual(
    planAccess({ scope: 'acme', logins: [] }, observed).map(({ command }) => command),
    [{ dropUser: login.user }, { dropUser: former.user }],
  );
});

test('an emulator is asked for collections and indexes only', () => {
  const planned = planDatabase(desired, { collections: new Map() });
  assert.deepEqual(planned[0]?.command, { create: 'content.page' });
  assert.equal(planned.length, 3);
});

test('a runtime is given its own database and login, whoever provisions', async () => {
  const admin = 'mongodb://root:pw@one:1,two:2/?replicaSet=rs0&authSource=admin';
  const system = createMongodb(admin);
  assert.equal(
    system.address({ name: 'acme', login: { user: 'u', password: 'p/w' } }),
    'mongodb://u:p%2Fw@one:1,two:2/shopmind_acme?replicaSet=rs0',
  );
  const emulated = createMongodb('mongodb://one/?emulator=true');
  assert.equal(emulated.address({ name: 'pool', login }), 'mongodb://one:27017/shopmind_pool?emulator=true');
  await Promise.all([system.end(), emulated.end()]);
});

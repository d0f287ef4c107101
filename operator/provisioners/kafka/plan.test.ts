import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { orders } from '../../../runtime/domains/orders/definition.ts';
import { describe, farewell, planOf, rightsOf, topicsOf } from './plan.ts';
import type { Action, Desired, Observed, Topic, User } from './plan.ts';

const nothing: Observed = { topics: [], users: [], authorized: true };
const user = (name: string): User => ({
  name,
  rights: rightsOf('acme'),
  quotas: { producer_byte_rate: 1_000 },
});
const desired: Desired = {
  topics: topicsOf('acme', [orders]),
  users: [user('shopmind.acme.b')],
  replication: 3,
};

test('topics follow the definitions: partitions, retention, compaction, and a dead-letter topic for each', () => {
  assert.deepEqual(
    topicsOf('acme', [orders]).map(({ name, partitions, configs }) => [
      name,
      partitions,
      configs['cleanup.policy'],
      Number(configs['retention.ms']) / 3_600_000,
    ]),
    [
      ['acme.orders.order', 6, 'delete', 720],
      ['acme.orders.order.dead', 1, 'delete', 720],
      ['acme.orders.draft', 6, 'delete', 720],
      ['acme.orders.draft.dead', 1, 'delete', 720],
      ['acme.orders.stock', 6, 'compact', 168],
      ['acme.orders.stock.dead', 1, 'delete', 720],
    ],
  );
});

test('from nothing, topics come before the login that reaches them', () => {
  assert.deepEqual(planOf(desired, nothing).map(describe), [
    'CREATE TOPIC acme.orders.order (6 partitions)',
    'CREATE TOPIC acme.orders.order.dead (1 partition)',
    'CREATE TOPIC acme.orders.draft (6 partitions)',
    'CREATE TOPIC acme.orders.draft.dead (1 partition)',
    'CREATE TOPIC acme.orders.stock (6 partitions)',
    'CREATE TOPIC acme.orders.stock.dead (1 partition)',
    'CREATE USER shopmind.acme.b',
    'GRANT READ ON TOPICS acme.* TO shopmind.acme.b',
    'GRANT WRITE ON TOPICS acme.* TO shopmind.acme.b',
    'GRANT DESCRIBE ON TOPICS acme.* TO shopmind.acme.b',
    'GRANT READ ON GROUPS acme.* TO shopmind.acme.b',
    'GRANT DESCRIBE ON GROUPS acme.* TO shopmind.acme.b',
    'SET QUOTA producer_byte_rate=1000 OF shopmind.acme.b',
  ]);
});

test('without an authorizer rights are neither given nor missed', () => {
  const plan = planOf(desired, { ...nothing, authorized: false });
  assert.ok(!plan.some((action) => action.do === 'grant'));
});

test('without a login nothing is said of users', () => {
  const plan = planOf({ ...desired, users: undefined }, { ...nothing, users: [user('shopmind.acme.a')] });
  assert.deepEqual([...new Set(plan.map((action) => action.do))], ['create-topic']);
});

test('a topic grows and never shrinks; a configuration that drifted comes back alone', () => {
  const topics = desired.topics.map((topic) => ({ ...topic, partitions: topic.partitions === 1 ? 4 : 2 }));
  const drifted = { ...topics[0], configs: { ...topics[0]?.configs, 'retention.ms': '1' } } as Topic; // as above
  const plan = planOf(
    { ...desired, users: undefined },
    { ...nothing, topics: [drifted, ...topics.slice(1)] },
  );
  assert.deepEqual(plan.map(describe), [
    'GROW TOPIC acme.orders.order (2 to 6 partitions)',
    'CONFIGURE TOPIC acme.orders.order (retention.ms=2592000000)',
    'GROW TOPIC acme.orders.draft (2 to 6 partitions)',
    'GROW TOPIC acme.orders.stock (2 to 6 partitions)',
  ]);
});

test('a login that nobody uses any more goes with all it has, after the new one is there', () => {
  const plan = planOf(desired, { ...nothing, topics: desired.topics, users: [user('shopmind.acme.a')] });
  assert.deepEqual(
    plan.map((action) => action.do),
    [
      'create-user',
      ...Array.from({ length: 5 }, () => 'grant'),
      'set-quota',
      ...Array.from({ length: 5 }, () => 'revoke'),
      'unset-quota',
      'drop-user',
    ],
  );
});

test('after any part of a plan the rest of it is what is left, and after all of it nothing', () => {
  fc.assert(
    fc.property(fc.nat(), fc.boolean(), fc.boolean(), (cut, authorized, former) => {
      const wanted: Desired = authorized
        ? desired
        : { ...desired, users: desired.users?.map((each) => ({ ...each, rights: [] })) };
      const before: Observed = {
        authorized,
        topics: desired.topics.slice(0, cut % 5).map((topic) => ({ ...topic, partitions: 1, configs: {} })),
        users: former ? [{ ...user('shopmind.acme.a'), rights: authorized ? rightsOf('acme') : [] }] : [],
      };
      const plan = planOf(wanted, before);
      const at = cut % (plan.length + 1);
      const then = plan.slice(0, at).reduce(applied, before);
      assert.deepEqual(planOf(wanted, then), plan.slice(at));
      assert.deepEqual(planOf(wanted, plan.reduce(applied, before)), []);
    }),
  );
});

test('a farewell ends with the user itself: whoever is killed in between finds it again', () => {
  assert.equal(farewell(user('shopmind.acme.a')).at(-1)?.do, 'drop-user');
});

/** What a cluster makes of an action. */
function applied(there: Observed, action: Action): Observed {
  const topic = (name: string, change: (topic: Topic) => Topic): Observed => ({
    ...there,
    topics: there.topics.map((each) => (each.name === name ? change(each) : each)),
  });
  const ofUser = (name: string, change: (user: User) => User): Observed => ({
    ...there,
    users: there.users.map((each) => (each.name === name ? change(each) : each)),
  });
  switch (action.do) {
    case 'create-topic':
      return { ...there, topics: [...there.topics, action.topic] };
    case 'grow-topic':
      return topic(action.topic, (each) => ({ ...each, partitions: action.to }));
    case 'configure-topic':
      return topic(action.topic, (each) => ({ ...each, configs: { ...each.configs, ...action.configs } }));
    case 'create-user':
      return { ...there, users: [...there.users, { name: action.user, rights: [], quotas: {} }] };
    case 'grant':
      return ofUser(action.user, (each) => ({ ...each, rights: [...each.rights, action.right] }));
    case 'revoke':
      return ofUser(action.user, (each) => ({
        ...each,
        rights: each.rights.filter((right) => right !== action.right),
      }));
    case 'set-quota':
      return ofUser(action.user, (each) => ({
        ...each,
        quotas: { ...each.quotas, [action.key]: action.value },
      }));
    case 'unset-quota':
      return ofUser(action.user, (each) => ({
        ...each,
        quotas: Object.fromEntries(Object.entries(each.quotas).filter(([key]) => key !== action.key)),
      }));
    case 'drop-user':
      return { ...there, users: there.users.filter(({ name }) => name !== action.user) };
  }
}

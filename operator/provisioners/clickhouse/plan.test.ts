/** What is done to a scope's database in ClickHouse, from what is there: tables of plans. tests/servers/clickhouse.test.ts runs them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FACT_DAYS, ROLLUP_DAYS } from '../../../runtime/platform/analytics/index.ts';
import { loginOf } from '../logins.ts';
import { createClickhouse } from './clickhouse.ts';
import { LIMITS, planDatabase, planRemoval, planUsers, SETTINGS } from './plan.ts';
import type { Action, Desired, Observed } from './plan.ts';

const login = loginOf('acme', 'clickhouse', 'secret');
const former = loginOf('acme', 'clickhouse', 'former');
const desired: Desired = { scope: 'acme', admin: 'root', logins: [login] };
const own = `tenant = getSetting('log_comment')`;
const asItShouldBe: Observed = {
  database: true,
  tables: new Map([
    [
      'facts',
      { engine: `MergeTree … TTL toDateTime(at) + toIntervalDay(${FACT_DAYS}) SETTINGS …`, comment: '' },
    ],
    ['rollups', { engine: `… TTL slot + toIntervalDay(${ROLLUP_DAYS}) …`, comment: '' }],
    ['rolling', { engine: '', comment: 'shopmind 1' }],
  ]),
  role: true,
  grants: ['SELECT ON rollups', 'INSERT ON facts', 'SELECT ON facts'],
  policies: ['facts', 'rollups'].flatMap((table) => [
    { name: 'shopmind_tenant', table, filter: own, to: ['shopmind.acme'] },
    { name: 'shopmind_operator', table, filter: '1', to: ['root'] },
  ]),
  quota: true,
  limits: LIMITS,
  settings: Object.fromEntries(
    Object.entries(SETTINGS).map(([name, value]) => [name, { value: String(value), max: String(value) }]),
  ),
  users: [{ name: login.user, asGranted: true }],
};
const nothing: Observed = {
  database: false,
  tables: new Map(),
  role: false,
  grants: [],
  policies: [],
  quota: false,
  limits: {},
  settings: {},
  users: [],
};

const texts = (planned: readonly Action[]): string[] => planned.map(({ text }) => text);

test('an empty server gets everything; nothing may be read before the policies that bound it, and no words or statements hold a password', () => {
  const planned = planDatabase(desired, nothing);
  const place = (text: string): number => texts(planned).indexOf(text);
  assert.ok(place('CREATE ROW POLICY shopmind_tenant ON shopmind_acme.facts TO shopmind.acme') > 0);
  assert.ok(
    place('CREATE ROW POLICY shopmind_operator ON shopmind_acme.rollups TO root') <
      place('GRANT SELECT ON facts TO shopmind.acme'),
  );
  assert.ok(place('GRANT SELECT ON rollups TO shopmind.acme') < place(`CREATE USER ${login.user}`));
  assert.equal(texts(planned).at(-1), `GRANT shopmind.acme TO ${login.user}`);
  assert.ok(!JSON.stringify(planned).includes(login.password));
});

test('what is as it should be is left alone, whoever looks', () => {
  assert.deepEqual(planDatabase(desired, asItShouldBe), []);
  const { logins: _, ...looking } = desired;
  assert.deepEqual(planDatabase(looking, { ...asItShouldBe, users: [] }), []);
});

const [policy, ...policies] = asItShouldBe.policies;
assert.ok(policy);
for (const [what, drift, expected] of [
  [
    'a view of another form',
    { tables: new Map([...asItShouldBe.tables, ['rolling', { engine: '', comment: 'shopmind 0' }]]) },
    ['DROP VIEW shopmind_acme.rolling', 'CREATE MATERIALIZED VIEW shopmind_acme.rolling'],
  ],
  [
    'rows that are kept for another time',
    {
      tables: new Map([
        ...asItShouldBe.tables,
        ['rollups', { engine: 'TTL slot + toIntervalDay(1)', comment: '' }],
      ]),
    },
    ['ALTER TABLE shopmind_acme.rollups MODIFY TTL'],
  ],
  [
    'a policy that lets everything be seen',
    { policies: [{ ...policy, filter: '1' }, ...policies] },
    ['ALTER ROW POLICY shopmind_tenant ON shopmind_acme.facts TO shopmind.acme'],
  ],
  [
    'a policy for more than the runtimes',
    { policies: [{ ...policy, to: ['shopmind.acme', 'somebody'] }, ...policies] },
    ['ALTER ROW POLICY shopmind_tenant ON shopmind_acme.facts TO shopmind.acme'],
  ],
  [
    'a policy beside ours, which would show more',
    { policies: [...asItShouldBe.policies, { ...policy, name: 'theirs' }] },
    ['DROP ROW POLICY theirs ON shopmind_acme.facts'],
  ],
  [
    'rights beyond ours, elsewhere too',
    { grants: [...asItShouldBe.grants, 'ALTER DELETE ON facts', 'SELECT ON other.secrets'] },
    ['REVOKE ALTER DELETE ON facts FROM shopmind.acme', 'REVOKE SELECT ON other.secrets FROM shopmind.acme'],
  ],
  ['a quota of other limits', { limits: { ...LIMITS, queries: 1 } }, ['ALTER QUOTA shopmind.acme']],
  [
    'bounds that may be left behind',
    { settings: { ...asItShouldBe.settings, max_execution_time: { value: '10', max: '' } } },
    ['ALTER ROLE shopmind.acme SETTINGS max_execution_time, max_memory_usage'],
  ],
  [
    'a user without its role, as a kill may leave one',
    { users: [{ name: login.user, asGranted: false }] },
    [`GRANT shopmind.acme TO ${login.user}`],
  ],
] as const) {
  test(`drift is put right: ${what}`, () => {
    assert.deepEqual(texts(planDatabase(desired, { ...asItShouldBe, ...drift })), expected);
  });
}

test('rights are taken away where they are, in another database too', () => {
  const [revoke] = planDatabase(desired, {
    ...asItShouldBe,
    grants: [...asItShouldBe.grants, 'SELECT ON other.secrets'],
  });
  assert.equal(revoke?.statement, 'REVOKE SELECT ON `other`.`secrets` FROM `shopmind.acme`');
});

test('both logins stay during a rotation, the former goes after it, a stranger is not looked at', () => {
  const users = [login.user, former.user, 'shopmind.acme-shop.00000000'].map((name) => ({
    name,
    asGranted: true,
  }));
  assert.deepEqual(planUsers({ scope: 'acme', logins: [login, former] }, { users }), []);
  assert.deepEqual(texts(planUsers({ scope: 'acme', logins: [login] }, { users })), [
    `DROP USER ${former.user}`,
  ]);
  assert.equal(planUsers({ scope: 'acme', logins: [] }, { users }).length, 2);
});

test('a removal ends with the database, and of nothing nothing is removed', () => {
  assert.equal(texts(planRemoval('acme', asItShouldBe)).at(-1), 'DROP DATABASE shopmind_acme');
  assert.deepEqual(planRemoval('acme', nothing), []);
});

test('a runtime is given its own database and login, whoever provisions', async () => {
  const system = createClickhouse('clickhouse+https://root:pw@one');
  assert.equal(
    system.address({ name: 'acme', login: { user: 'u', password: 'p/w' } }),
    'clickhouse+https://u:p%2Fw@one:8443/shopmind_acme',
  );
  await system.end();
});

/** Merchants who write rules at the same time. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../../host/testing.ts';
import { catalog } from '../definition.ts';
import { MOST_RULES, type RankingRules } from './schemas.ts';

let database: TestDatabase;
let shop: TestHost;

before(async () => {
  database = await startTestDatabase([catalog]);
  await database.addTenant({ id: 'one' }, ADMIN_SECRETS);
  const { url: databaseUrl, secretsKey } = database;
  shop = await startTestHost({ databaseUrl, secretsKey, domains: ['catalog'] });
});
after(async () => {
  await shop.stop();
  await database.stop();
});

test('however many write rules at once, a shop has as many as it may, each is counted, and the last word is one version’s', async () => {
  await database.admin.query(
    `INSERT INTO shop.catalog_ranking_rules (tenant_id, id, version, rule, created_at, updated_at)
     SELECT 'one', 'rule_' || n, 1, '{"name":"x","enabled":true,"when":{"on":"any-query"},"from":null,"until":null,"pins":[],"buries":[],"hides":[],"boosts":[]}', now(), now()
     FROM generate_series(1, $1::int) n`,
    [MOST_RULES - 3],
  );
  const json = { name: 'one more', when: { on: 'any-query' } };
  const path = '/api/admin/catalog/search/rules';
  const made = await Promise.all(
    Array.from({ length: 8 }, () => shop.merchant('one', 'POST', path, { json })),
  );
  assert.deepEqual(made.map(({ status }) => status).toSorted(), [201, 201, 201, 409, 409, 409, 409, 409]);
  const { rules } = (await shop.merchant('one', 'GET', path)).json<RankingRules>();
  assert.equal(rules.length, MOST_RULES);
  const changes = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) =>
      shop.merchant('one', 'PUT', `${path}/rule_1`, { json: { version: 1, rule: { ...json, name } } }),
    ),
  );
  assert.deepEqual(changes.map(({ status }) => status).toSorted(), [200, 409, 409, 409]);
});

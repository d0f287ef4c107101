/** The audit log of a whole runtime: what is changed is in it, by whom, and nobody alters it unseen. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { accounts } from '../../domains/accounts/definition.ts';
import { catalog } from '../../domains/catalog/definition.ts';
import { createService } from '../../domains/catalog/service.ts';
import { SERVICES } from '../../domains/services.ts';
import type { CreateService } from '../../platform/domain.ts';
import type { AuditCheck, AuditEntry, AuditPage } from '../definition.ts';
import { ADMIN_KEY, ADMIN_SECRETS, startTestHost, type TestHost } from '../testing.ts';

let database: TestDatabase;
let shop: TestHost;
/** What the next deletion of a collection does before anything else. */
let beforeDeletion: () => Promise<void> = () => Promise.resolve();

before(async () => {
  database = await startTestDatabase([accounts, catalog]);
  for (const id of ['one', 'two', 'three', 'four'])
    await database.addTenant({ id, domains: ['accounts', 'catalog'] }, ADMIN_SECRETS);
  shop = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains: ['accounts', 'catalog'] },
    { services: { ...SERVICES, catalog: () => Promise.resolve({ createService: disturbed }) } },
  );
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const disturbed: CreateService = (platform) => {
  const service = createService(platform);
  return {
    ...service,
    routes: {
      ...service.routes,
      async adminDeleteCollection() {
        await beforeDeletion();
        return {};
      },
    },
  };
};

async function logOf(tenant: string): Promise<readonly AuditEntry[]> {
  const answer = await shop.merchant(tenant, 'GET', '/api/admin/audit?limit=200');
  assert.equal(answer.status, 200, answer.text);
  return answer.json<AuditPage & Record<string, unknown>>().entries.toReversed();
}

async function check(tenant: string, anchor = ''): Promise<AuditCheck> {
  const answer = await shop.merchant(tenant, 'GET', `/api/admin/audit/check${anchor}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json<AuditCheck & Record<string, unknown>>();
}

function addCollection(tenant: string, title: string, headers: Readonly<Record<string, string>> = {}) {
  return shop.merchant(tenant, 'POST', '/api/admin/catalog/collections', { json: { title }, headers });
}

/** As the owner of the tables, whom no policy binds. */
function tamper(text: string): Promise<unknown> {
  return database.admin.query(text);
}

test('what was changed, by whom and how it ended; neither what was read, nor what was sent', async () => {
  const made = await shop.merchant('one', 'POST', '/api/admin/keys', {
    json: { name: 'x', scopes: ['catalog:write'] },
  });
  const { id, key } = made.json<{ id: string; key: string }>();
  await addCollection('one', 'By a program', { authorization: `Bearer ${key}` });
  await addCollection('one', '');
  await shop.merchant('one', 'GET', '/api/admin/catalog/collections');
  const query = 'mutation { adminCreateCollection(input: { title: "By GraphQL" }) { id } }';
  const mutated = await shop.call('one', 'POST', '/api/graphql', {
    json: { query },
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'idempotency-key': randomUUID() },
  });
  assert.match(mutated.text, /"data":\{"adminCreateCollection":\{/);
  const log = await logOf('one');
  assert.deepEqual(
    log.map(({ operation, actor, of, outcome }) =>
      of === undefined ? `${actor} ${operation}` : `${of} ${outcome}`,
    ),
    [
      'admin-key store.createApiKey',
      '1 201',
      `key:${id} catalog.adminCreateCollection`,
      '3 201',
      'admin-key catalog.adminCreateCollection',
      '5 201',
    ],
  );
  assert.doesNotMatch(JSON.stringify(log), new RegExp(`By a program|${key}`));
  assert.ok((await check('one')).intact);
});

test('what is begun is written before it is done: a process that dies leaves it without an end', async () => {
  let seen: readonly AuditEntry[] = [];
  beforeDeletion = async () => {
    seen = await logOf('two');
    throw new Error('as if it had died');
  };
  const answer = await shop.merchant('two', 'DELETE', '/api/admin/catalog/collections/col_x');
  assert.equal(answer.status, 500);
  assert.deepEqual(
    seen.map(({ operation, params }) => [operation, params]),
    [['catalog.adminDeleteCollection', { id: 'col_x' }]],
  );
  assert.deepEqual(
    (await logOf('two')).map(({ of, outcome }) => [of, outcome]),
    [
      [undefined, undefined],
      [1, 'internal'],
    ],
  );
});

test('many at once stand in one chain without a gap', async () => {
  await Promise.all(Array.from({ length: 30 }, (_, index) => addCollection('three', `Collection ${index}`)));
  const log = await logOf('three');
  assert.deepEqual(
    log.map(({ seq }) => seq),
    Array.from({ length: 60 }, (_, index) => index + 1),
  );
  assert.deepEqual(await check('three'), { intact: true, head: { seq: 60, hash: log.at(-1)?.hash } });
});

test('whoever changes, takes out or cuts off an entry is found', async () => {
  for (const title of ['a', 'b', 'c']) await addCollection('four', title);
  const log = await logOf('four');
  const kept = log.at(-1);
  assert.ok(kept);
  const anchor = `?seq=${kept.seq}&hash=${kept.hash}`;
  assert.ok((await check('four', anchor)).intact);
  await tamper('CREATE TABLE kept_entries AS TABLE shop.audit_entries');
  await tamper('CREATE TABLE kept_heads AS TABLE shop.audit_heads');
  const crimes: readonly [string, string, number, string][] = [
    [
      'changed',
      `UPDATE shop.audit_entries SET entry = replace(entry, 'admin-key', 'key:other') WHERE seq = 3`,
      3,
      '',
    ],
    ['taken out', 'DELETE FROM shop.audit_entries WHERE seq = 4', 4, ''],
    ['cut off', 'DELETE FROM shop.audit_entries WHERE seq > 4', 5, ''],
    [
      'cut off, and the head with it, as only who kept its hash can know',
      `DELETE FROM shop.audit_entries WHERE seq > 4;
       UPDATE shop.audit_heads h SET seq = 4, hash = e.hash FROM shop.audit_entries e WHERE e.tenant_id = h.tenant_id AND e.seq = 4`,
      6,
      anchor,
    ],
    ['another head', `UPDATE shop.audit_heads SET hash = sha256('x')`, 6, ''],
  ];
  for (const [what, crime, brokenAt, from] of crimes) {
    await tamper(crime);
    const { intact, brokenAt: found } = await check('four', from);
    assert.deepEqual({ intact, found }, { intact: false, found: brokenAt }, what);
    await tamper('TRUNCATE shop.audit_entries, shop.audit_heads');
    await tamper(
      'INSERT INTO shop.audit_entries TABLE kept_entries; INSERT INTO shop.audit_heads TABLE kept_heads',
    );
    assert.ok((await check('four')).intact, what);
  }
  await tamper('DROP TABLE kept_entries, kept_heads');
  assert.ok(
    (await logOf('four')).every(({ requestId }) => !log.every((entry) => entry.requestId !== requestId)),
  );
  assert.equal((await shop.merchant('four', 'GET', '/api/admin/audit/check?seq=3')).status, 400);
});

/** The search port, the provisioner of Elasticsearch, and a shop that is searched through it, on a real node (7.17). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createElasticsearch } from '../../operator/provisioners/elasticsearch/elasticsearch.ts';
import { SystemError, type Scope, type System } from '../../operator/provisioners/system.ts';
import { catalog } from '../../runtime/domains/catalog/definition.ts';
import { createSearchFault, productSearchSuite } from '../../runtime/domains/catalog/testing/search.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../runtime/host/testing.ts';
import { searchContract } from '../../runtime/platform/contract/search.ts';
import type { DomainDefinition } from '../../runtime/platform/definition.ts';
import type { Search, SearchDocument } from '../../runtime/platform/ports.ts';
import { createElasticsearchSearch } from '../../runtime/platform/search/elasticsearch.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/wait.ts';
import { startElasticsearch, type ElasticsearchServer } from './elasticsearch.ts';

let server: ElasticsearchServer;
const opened: Search[] = [];
const systems: System[] = [];
let tenants = 0;
let database: TestDatabase;
let shop: TestHost;
const fault = createSearchFault();
const SHOPS = ['one', 'two'] as const;

before(async () => {
  [server, database] = await Promise.all([startElasticsearch(), startTestDatabase([catalog])]);
  const system = provisioner();
  const pool = { ...scopeNamed('pool'), domains: [catalog] };
  await system.ensure(pool);
  for (const id of SHOPS) {
    await system.ensureTenant(pool, tenancy(id, 'en'));
    await database.addTenant({ id, locales: id === 'two' ? ['en', 'de', 'fr'] : ['en'] }, ADMIN_SECRETS);
  }
  const { url: databaseUrl, secretsKey } = database;
  const backends = { search: system.address({ name: 'pool', login: { user: 'x', password: 'x' } }) };
  const config = { databaseUrl, secretsKey, domains: ['catalog'], backends };
  shop = await startTestHost(config, { search: fault.around });
});
after(async () => {
  await shop.stop();
  await database.stop();
  for (const one of opened) await one.close();
  for (const one of systems) await one.end();
  await server.stop();
});

const domain: DomainDefinition = {
  name: 'things',
  summary: 'What is searched.',
  tables: [],
  migrations: new URL('file:///nowhere/'),
  topics: [],
  consumes: [],
  tasks: [],
  buckets: [],
  indices: ['products'],
  routes: [],
  scaling: { min: 1, max: 1, cpuPercent: 70 },
  slo: { availability: 0.99, p99Milliseconds: 200 },
};

const scopeNamed = (name: string): Scope => ({
  name,
  domains: [domain],
  login: { user: 'x', password: 'x' },
});
const tenancy = (name: string, locale: string) => ({ name, locales: [locale], quotas: {} });

function provisioner(mayAct?: () => void): System {
  const system = createElasticsearch(server.adminAddress, mayAct === undefined ? {} : { mayAct });
  systems.push(system);
  return system;
}

function open(scope: string): Search {
  const search = createElasticsearchSearch({
    address: provisioner().address({ name: scope, login: { user: 'x', password: 'x' } }),
    scope,
  });
  opened.push(search);
  return search;
}

searchContract('search in Elasticsearch', async (locales) => {
  const system = provisioner();
  const pool = scopeNamed('pool');
  tenants += 1;
  const names = [`t${tenants}-a`, `t${tenants}-b`] as const;
  await system.ensure(pool);
  for (const [n, name] of names.entries()) await system.ensureTenant(pool, tenancy(name, locales[n] ?? 'en'));
  return { search: open('pool'), tenants: names };
});

productSearchSuite('search in Elasticsearch', () => ({ shop, tenants: SHOPS, fault }));

/** Somebody else changes something on the server. */
async function edit(method: string, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${server.url}${path}`, {
    method,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  assert.ok(answer.ok, await answer.text());
}

const document = (id: string, title: string, version = 1): SearchDocument => ({
  id,
  version,
  texts: [title, '', ''],
  keywords: {},
  numbers: {},
});

test('a scope and its tenants are made once; what drifts is found and mended', async () => {
  const system = provisioner();
  const scope = scopeNamed('plans');
  const acme = tenancy('acme', 'de');
  const planned = await system.plan(scope, acme);
  assert.deepEqual(planned, [
    'CREATE INDEX TEMPLATE plans.products',
    'CREATE INDEX plans.products.v2',
    'CREATE ALIAS plans.products.of.acme ON plans.products.v2',
  ]);
  assert.deepEqual([...(await system.ensure(scope)), ...(await system.ensureTenant(scope, acme))], planned);
  assert.deepEqual(await system.plan(scope, acme), []);
  assert.deepEqual([...(await system.ensure(scope)), ...(await system.ensureTenant(scope, acme))], []);

  await edit('PUT', '/plans.products.v2/_settings', { index: { refresh_interval: '60s' } });
  await edit('POST', '/_aliases', {
    actions: [{ add: { index: 'plans.products.v2', alias: 'plans.products.of.acme' } }],
  });
  await edit('PUT', '/_index_template/plans.products', { index_patterns: ['plans.products.*'] });
  const drift = [
    'ALTER INDEX TEMPLATE plans.products',
    'ALTER INDEX plans.products.v2 (refresh_interval 1s)',
    'ALTER ALIAS plans.products.of.acme ON plans.products.v2',
  ];
  assert.deepEqual(await system.plan(scope, acme), drift);
  assert.deepEqual([...(await system.ensure(scope)), ...(await system.ensureTenant(scope, acme))], drift);
  assert.deepEqual(await system.plan(scope, acme), []);
});

test('killed before any of its changes, it finishes when it is repeated; two at once make the same', async () => {
  const scope = scopeNamed('killed');
  const acme = tenancy('acme', 'fr');
  const reference = provisioner();
  for (let at = 0; at < 3; at++) {
    await reference.remove('killed');
    let left = at;
    const mortal = provisioner(() => {
      if (left-- === 0) throw new Error('killed');
    });
    await assert.rejects(async () => {
      await mortal.ensure(scope);
      await mortal.ensureTenant(scope, acme);
    }, /killed/);
    const done = [...(await reference.ensure(scope)), ...(await reference.ensureTenant(scope, acme))];
    assert.equal(done.length, 3 - at);
    assert.deepEqual(await reference.plan(scope, acme), []);
  }
  await reference.remove('killed');
  const both = [reference, provisioner()];
  await Promise.all(both.map((one) => one.ensure(scope)));
  await Promise.all(both.map((one) => one.ensureTenant(scope, acme)));
  assert.deepEqual(await reference.plan(scope, acme), []);
});

test('a tenant that has another language is read in it once its documents are renewed', async () => {
  const system = provisioner();
  const scope = scopeNamed('languages');
  await system.ensure(scope);
  await system.ensureTenant(scope, tenancy('acme', 'en'));
  const search = open('languages');
  const english = { name: 'products', locales: ['en'] };
  const both = { name: 'products', locales: ['en', 'de'] };
  const shoe = {
    ...document('k', 'Light hiking boots'),
    translations: { de: ['Leichte Wanderschuhe', '', ''] },
  } as const;
  await search.write('acme', english, [shoe]);
  const before = await search.origin('acme', english);
  const after = await search.origin('acme', both);
  assert.equal(before.serving, before.wanted);
  assert.notEqual(after.wanted, before.wanted, 'whoever keeps it in step sees that it is to be built anew');
  const found = async (text: string, locale: string) => {
    const page = await search.search('acme', both, { text, locale, limit: 10 });
    return page.similar ? [] : page.ids;
  };
  assert.deepEqual(await found('leichter', 'de'), []);
  assert.deepEqual(await found('boot', 'en'), ['k'], 'it is searched in the first meanwhile');
  async function* all(): AsyncGenerator<readonly SearchDocument[]> {
    yield [shoe];
  }
  assert.equal(await search.rebuild('acme', both, all()), 1);
  assert.deepEqual([await found('leichter', 'de'), await found('boot', 'en')], [['k'], ['k']]);
});

test('a tenant moves to the index of another form while it is written and searched', async () => {
  const system = provisioner();
  const scope = scopeNamed('moving');
  const former = 'moving.products.german.v1';
  await system.ensure(scope);
  // What an earlier release left, which takes none of today's documents.
  await edit('PUT', `/${former}`, {
    mappings: { dynamic: 'strict', properties: { tenant: { type: 'keyword' }, title: { type: 'text' } } },
  });
  await edit('PUT', `/${former}/_doc/acme%2Fk?routing=acme&refresh=true`, {
    tenant: 'acme',
    title: 'Schuhe',
  });
  await edit('POST', '/_aliases', {
    actions: [
      {
        add: {
          index: former,
          alias: 'moving.products.of.acme',
          routing: 'acme',
          filter: { term: { tenant: 'acme' } },
        },
      },
    ],
  });
  const search = open('moving');
  const german = { name: 'products', locales: ['de'] };
  assert.deepEqual(await system.ensureTenant(scope, tenancy('acme', 'de')), [
    'CREATE INDEX moving.products.v2',
  ]);
  const before = await search.origin('acme', german);
  assert.notEqual(before.serving, before.wanted, 'another form wants another index');
  await search.write('acme', german, [document('early', 'Leicht')]);
  async function* all(): AsyncGenerator<readonly SearchDocument[]> {
    yield [document('k', 'Leichte Wanderschuhe'), document('gone', 'Leicht')];
    await search.write('acme', german, [document('new', 'Leichtes Zelt')]);
    await search.remove('acme', german, [{ id: 'gone', version: 2 }]);
  }
  assert.equal(await search.rebuild('acme', german, all()), 2);
  assert.deepEqual(await search.origin('acme', german), { serving: before.wanted, wanted: before.wanted });
  const page = await search.search('acme', german, { text: 'leichter', limit: 10 });
  assert.deepEqual([page.ids.toSorted(), page.similar], [['k', 'new'], false]);
  assert.deepEqual(await system.plan(scope, tenancy('acme', 'de')), []);
  const left = await fetch(`${server.url}/${former}/_count`);
  assert.equal(((await left.json()) as { count: number }).count, 0); // the answer of _count
});

test('a tenant goes with all its documents and views, its neighbours stay; a scope goes whole', async () => {
  const system = provisioner();
  const scope = scopeNamed('going');
  await system.ensure(scope);
  const search = open('going');
  const index = { name: 'products', locales: ['en'] };
  for (const name of ['acme', 'acme-2']) {
    await system.ensureTenant(scope, tenancy(name, 'en'));
    await search.write(name, index, [document('k', 'Thing')]);
  }
  assert.deepEqual(await system.removeTenant('going', 'acme'), [
    'DROP ALIAS going.products.of.acme ON going.products.v2',
    'DELETE DOCUMENTS OF acme FROM going.products.v2',
  ]);
  assert.deepEqual(await system.removeTenant('going', 'acme'), []);
  await assert.rejects(search.write('acme', index, [document('late', 'Thing')]), { code: 'unavailable' });
  assert.equal((await search.search('acme-2', index, { limit: 1 })).total, 1);
  assert.deepEqual(await system.remove('going'), [
    'DROP INDEX going.products.v2',
    'DROP INDEX TEMPLATE going.products',
  ]);
  assert.deepEqual(await system.remove('going'), []);
});

test('a server that is silent or away is said to be so in bounded time, and served again by itself', async () => {
  const system = provisioner();
  const scope = scopeNamed('away');
  await system.ensure(scope);
  await system.ensureTenant(scope, tenancy('acme', 'en'));
  const search = open('away');
  const index = { name: 'products', locales: ['en'] };
  await search.write('acme', index, [document('k', 'Thing')]);
  await server.pause();
  try {
    const started = performance.now();
    await assert.rejects(search.search('acme', index, { limit: 1 }), { code: 'timeout' });
    assert.ok(performance.now() - started < 20_000);
  } finally {
    server.resume();
  }
  await server.kill();
  await assert.rejects(search.search('acme', index, { limit: 1 }), { code: 'unavailable' });
  await assert.rejects(system.plan(scope), (error) => error instanceof SystemError && error.transient);
  await server.start();
  await until(
    async () =>
      (await search.search('acme', index, { text: 'thing', limit: 1 })).total === 1 ? true : undefined,
    { withinMs: 30_000, what: 'it is served again' },
  );
  assert.deepEqual(await system.plan(scope, tenancy('acme', 'en')), []);
});

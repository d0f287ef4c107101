/**
 * Analytics on ClickHouse's engine: the provisioner, the adapter as the login that it made, and that the server itself keeps tenants apart.
 * The engine is chDB; its store of users is a stand-in that hands them to it: see tests/servers/clickhouse/server.py.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client';
import { createClickhouse } from '../../operator/provisioners/clickhouse/clickhouse.ts';
import { loginOf } from '../../operator/provisioners/logins.ts';
import { SystemError } from '../../operator/provisioners/system.ts';
import type { Scope, System } from '../../operator/provisioners/system.ts';
import { clickhouseSettings } from '../../runtime/platform/address/clickhouse/index.ts';
import { createClickhouseAnalytics } from '../../runtime/platform/analytics/clickhouse.ts';
import { analytics } from '../../runtime/domains/analytics/definition.ts';
import { ADMIN_SECRETS, startTestHost } from '../../runtime/host/testing.ts';
import { analyticsContract, FACTS } from '../../runtime/platform/contract/analytics.ts';
import { ShopError } from '../../runtime/platform/errors.ts';
import type { Analytics, Fact } from '../../runtime/platform/ports.ts';
import { startTestDatabase } from '../support/database.ts';
import { startClickhouse, type ClickhouseServer } from './clickhouse.ts';

const scope = (name: string, secret = 'secret'): Scope => ({
  name,
  domains: [],
  login: loginOf(name, 'clickhouse', secret),
});
const seen = (at: Date): Fact => ({
  kind: 'view',
  at,
  subject: '',
  session: '',
  dimensions: { path: '/' },
  measures: {},
});
const NOW = new Date();
const QUIET = { log: { level: ClickHouseLogLevel.OFF } };

let server: ClickhouseServer;
let system: System;
let runtime: Analytics;
let admin: ClickHouseClient;

const open = (address: string): Analytics => createClickhouseAnalytics({ address, facts: FACTS });
const counted = async (query: string, client = admin, settings = {}): Promise<number> => {
  const answer = await client.query({ query, format: 'JSONEachRow', clickhouse_settings: settings });
  const [row] = await answer.json<{ n: string | number }>();
  return Number(row?.n);
};

before(async () => {
  server = await startClickhouse();
  system = createClickhouse(server.adminAddress);
  admin = createClient({ ...clickhouseSettings(server.adminAddress), ...QUIET });
});
after(async () => {
  await Promise.all([system.end(), admin.close(), runtime?.close()]);
  await server.stop();
});

test('a plan tells what is done, without secrets; it is done once, and nothing is left to do', async () => {
  const planned = await system.plan(scope('pool'));
  assert.deepEqual(planned.slice(0, 5), [
    'CREATE DATABASE shopmind_pool',
    'CREATE TABLE shopmind_pool.rollups',
    'CREATE TABLE shopmind_pool.facts',
    'CREATE MATERIALIZED VIEW shopmind_pool.rolling',
    'CREATE ROLE shopmind.pool',
  ]);
  assert.ok(!planned.join().includes(scope('pool').login.password));
  const done = await Promise.all([system.ensure(scope('pool')), system.ensure(scope('pool'))]);
  assert.ok(done.every((one) => one.length <= planned.length) && done.flat().length >= planned.length);
  assert.deepEqual(await system.plan(scope('pool')), []);
  assert.deepEqual(await system.ensure(scope('pool')), []);
  await system.ping();
});

test('what somebody changed comes back', async () => {
  await system.ensure(scope('pool'));
  const role = '`shopmind.pool`';
  for (const query of [
    'ALTER TABLE shopmind_pool.facts MODIFY TTL toDateTime(at) + INTERVAL 1 DAY',
    'DROP VIEW shopmind_pool.rolling',
    `CREATE ROW POLICY OR REPLACE everyone ON shopmind_pool.facts FOR SELECT USING 1 TO ${role}`,
    `CREATE ROW POLICY OR REPLACE shopmind_tenant ON shopmind_pool.rollups FOR SELECT USING 1 TO ${role}`,
    `REVOKE INSERT ON shopmind_pool.facts FROM ${role}`,
    `GRANT ALTER DELETE ON shopmind_pool.facts TO ${role}`,
    `ALTER ROLE ${role} SETTINGS max_execution_time = 100 MAX 100`,
    `DROP QUOTA IF EXISTS ${role}`,
  ])
    await admin.command({ query });
  assert.deepEqual(await system.ensure(scope('pool')), [
    'ALTER TABLE shopmind_pool.facts MODIFY TTL',
    'CREATE MATERIALIZED VIEW shopmind_pool.rolling',
    'ALTER ROW POLICY shopmind_tenant ON shopmind_pool.rollups TO shopmind.pool',
    'DROP ROW POLICY everyone ON shopmind_pool.facts',
    'ALTER ROLE shopmind.pool SETTINGS max_execution_time, max_memory_usage',
    'CREATE QUOTA shopmind.pool',
    'REVOKE ALTER DELETE ON facts FROM shopmind.pool',
    'GRANT INSERT ON facts TO shopmind.pool',
  ]);
  assert.deepEqual(await system.ensure(scope('pool')), []);
});

test('the runtime’s login is ready for the contract', async () => {
  await system.ensure(scope('pool'));
  runtime = open(system.address(scope('pool')));
  assert.deepEqual(
    await runtime.top('acme', {
      kind: 'view',
      from: new Date(0),
      to: new Date(900_000),
      dimension: 'path',
      by: 'count',
      limit: 1,
    }),
    [],
  );
});

analyticsContract('analytics on ClickHouse', () => runtime);

test('the server itself shows a login one tenant’s rows, takes none of another’s, and keeps it from everything else', async () => {
  await runtime.append('mine', { id: 'b', facts: [seen(NOW)] });
  const { username, password, url, database } = clickhouseSettings(system.address(scope('pool')));
  const client = createClient({ username, password, url, database, ...QUIET });
  try {
    for (const table of ['facts', 'rollups']) {
      assert.ok((await counted(`SELECT count() AS n FROM ${table}`, client, { log_comment: 'mine' })) > 0);
      assert.equal(await counted(`SELECT count() AS n FROM ${table}`, client, { log_comment: 'nobody' }), 0);
      assert.equal(await counted(`SELECT count() AS n FROM ${table}`, client), 0, 'without a tenant');
    }
    const row = { tenant: 'mine', kind: 'view', at: 1, batch: 'x', place: 0 };
    await assert.rejects(
      client.insert({
        table: 'facts',
        values: [row],
        format: 'JSONEachRow',
        clickhouse_settings: { log_comment: 'other' },
      }),
      /VIOLATED_CONSTRAINT|Constraint `own`/,
    );
    for (const query of [
      "INSERT INTO rollups (tenant) VALUES ('mine')",
      "ALTER TABLE facts DELETE WHERE tenant = 'mine'",
      'DROP TABLE facts',
      'CREATE ROLE IF NOT EXISTS mine',
    ])
      await assert.rejects(client.command({ query }), /Not enough privileges/, query);
    await assert.rejects(
      client.query({ query: 'SELECT 1', clickhouse_settings: { max_memory_usage: '3000000000' } }),
      /greater than 2000000000/,
    );
  } finally {
    await client.close();
  }
});

test('two logins are valid during a rotation; the former one and a stranger’s are told apart after it', async () => {
  const former = scope('pool');
  const next: Scope = { ...scope('pool', 'next'), formerLogin: former.login };
  await system.ensure(next);
  const fresh = open(system.address(next));
  await fresh.append('mine', { id: 'rotated', facts: [seen(NOW)] });
  await runtime.append('mine', { id: 'rotating', facts: [seen(NOW)] });
  assert.deepEqual(await system.ensure(scope('pool', 'next')), [`DROP USER ${former.login.user}`]);
  await assert.rejects(
    runtime.append('mine', { id: 'late', facts: [seen(NOW)] }),
    (error) => error instanceof ShopError && error.code === 'unavailable',
  );
  await system.ensure(next);
  await fresh.close();
});

test('a tenant goes with all its rows and with nobody else’s, a scope with everything', async () => {
  const pool: Scope = { ...scope('pool', 'next'), formerLogin: scope('pool').login };
  await system.ensure(pool);
  await runtime.append('one', { id: 'b', facts: [seen(NOW), seen(NOW)] });
  await runtime.append('one-more', { id: 'b', facts: [seen(NOW)] });
  assert.deepEqual(await system.removeTenant('pool', 'one'), [
    'DELETE 2 ROWS OF one FROM shopmind_pool.facts',
    'DELETE 2 ROWS OF one FROM shopmind_pool.rollups',
  ]);
  assert.deepEqual(await system.removeTenant('pool', 'one'), []);
  assert.equal(await counted("SELECT count() AS n FROM shopmind_pool.facts WHERE tenant = 'one-more'"), 1);

  await system.ensure(scope('acme'));
  assert.deepEqual(await system.close('acme'), [`DROP USER ${scope('acme').login.user}`]);
  const gone = await system.remove('acme');
  assert.equal(gone.at(-1), 'DROP DATABASE shopmind_acme');
  assert.deepEqual(await system.remove('acme'), []);
  assert.deepEqual(await system.removeTenant('acme', 'acme'), []);
  assert.ok((await counted('SELECT count() AS n FROM shopmind_pool.facts')) > 0);
});

test('a shop is counted on ClickHouse by configuration alone', async () => {
  const acme: Scope = { ...scope('acme'), domains: [analytics] };
  await system.ensure(acme);
  const database = await startTestDatabase([analytics]);
  await database.addTenant({ id: 'acme', placement: 'dedicated', domains: ['analytics'] }, ADMIN_SECRETS);
  const shop = await startTestHost({
    databaseUrl: database.url,
    secretsKey: database.secretsKey,
    domains: ['analytics'],
    tenant: 'acme',
    backends: { analytics: system.address(acme) },
  });
  try {
    for (const session of ['session-1', 'session-2']) {
      const answer = await shop.call('acme', 'POST', '/api/analytics/events', {
        json: { id: `message-of-${session}`, session, events: [{ kind: 'view', path: '/' }] },
      });
      assert.equal(answer.status, 202, answer.text);
    }
    await shop.host.tasks.settled();
    const answer = await shop.merchant('acme', 'GET', '/api/admin/analytics/overview');
    const { current } = answer.json<{ current: { sessions: number; views: number } }>();
    assert.deepEqual([current.sessions, current.views], [2, 2]);
    assert.equal(await counted('SELECT count() AS n FROM shopmind_acme.facts'), 2);
    assert.equal((await database.admin.query('SELECT 1 FROM shop.facts')).rowCount, 0);
  } finally {
    await shop.stop();
    await database.stop();
  }
});

test('a server that is away is named with what to do', async () => {
  await server.kill();
  await assert.rejects(
    system.ensure(scope('pool')),
    (error) => error instanceof SystemError && error.transient && error.remedy.includes('ANALYTICS_URL'),
  );
  await assert.rejects(
    runtime.append('mine', { id: 'away', facts: [seen(NOW)] }),
    (error) => error instanceof ShopError && error.code === 'unavailable',
  );
});

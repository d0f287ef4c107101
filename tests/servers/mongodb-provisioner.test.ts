/**
 * The provisioner for MongoDB on an emulator of it, with the adapter on what it made. The emulator has neither users nor validators:
 * those are held by plan tests alone (operator/provisioners/mongodb).
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MongoClient } from 'mongodb';
import { createMongodb } from '../../operator/provisioners/mongodb/mongodb.ts';
import { SystemError } from '../../operator/provisioners/system.ts';
import type { Scope, System } from '../../operator/provisioners/system.ts';
import type { DomainDefinition } from '../../runtime/platform/definition.ts';
import { createMongoDocuments } from '../../runtime/platform/documents/mongodb.ts';
import { platform } from '../../runtime/platform/sql/definition.ts';
import { startMongoEmulator, type MongoEmulator } from './mongodb.ts';

const COLLECTIONS = [{ name: 'content.page', indexed: ['author'] }];
const content: DomainDefinition = { ...platform, name: 'content', tables: [], collections: COLLECTIONS };
const scope = (name: string): Scope => ({ name, domains: [content], login: { user: 'u', password: 'p' } });

let server: MongoEmulator;
let system: System;
let client: MongoClient;

before(async () => {
  server = await startMongoEmulator();
  system = createMongodb(server.address(), { connectTimeoutMs: 1_000, answerTimeoutMs: 2_000 });
  client = new MongoClient(`${server.address().split('?')[0] ?? ''}`);
});
after(async () => {
  await system.end();
  await client.close();
  await server.stop();
});

test('a plan tells what is done, it is done once, and nothing is left to do', async () => {
  const planned = await system.plan(scope('pool'));
  assert.equal(planned.length, 3);
  const done = await Promise.all([system.ensure(scope('pool')), system.ensure(scope('pool'))]);
  assert.ok(done.flat().length >= 3);
  assert.deepEqual(await system.plan(scope('pool')), []);
  assert.deepEqual(await system.ensure(scope('pool')), []);
  const indexes = await client.db('shopmind_pool').collection('content.page').indexes();
  assert.deepEqual(
    indexes.map(({ name }) => name),
    ['_id_', 'shopmind.tenant', 'shopmind.by.author'],
  );
  await system.ping();
});

test('an index that somebody dropped or changed comes back', async () => {
  await system.ensure(scope('pool'));
  const collection = client.db('shopmind_pool').collection('content.page');
  await collection.dropIndex('shopmind.by.author');
  await collection.createIndex({ tenant: 1 }, { name: 'shopmind.by.author' });
  assert.deepEqual(await system.ensure(scope('pool')), [
    'DROP INDEX shopmind.by.author ON content.page',
    'CREATE INDEX shopmind.by.author ON content.page (tenant, fields.author, _id)',
  ]);
  assert.deepEqual(await system.ensure(scope('pool')), []);
});

test('a tenant goes with all its documents and with nobody else’s, a scope with everything', async () => {
  await system.ensure(scope('pool'));
  await system.ensure(scope('acme'));
  const open = (name: string) =>
    createMongoDocuments({ address: system.address(scope(name)), collections: COLLECTIONS });
  const [pool, own] = [open('pool'), open('acme')];
  for (let n = 0; n < 1_200; n++) await pool.put('one', 'content.page', `p${n}`, { n });
  await pool.put('one-more', 'content.page', 'p', { author: 'ann' });
  await own.put('acme', 'content.page', 'p', {});

  assert.deepEqual(await system.removeTenant('pool', 'one'), [
    'DELETE 1200 DOCUMENTS OF one FROM content.page',
  ]);
  assert.deepEqual(await system.removeTenant('pool', 'one'), []);
  assert.ok(await pool.get('one-more', 'content.page', 'p'));

  assert.deepEqual(await system.remove('acme'), ['DROP DATABASE shopmind_acme']);
  assert.deepEqual(await system.remove('acme'), []);
  assert.ok(await pool.get('one-more', 'content.page', 'p'), 'the pool stays');
  await Promise.all([pool.close(), own.close()]);
});

test('who may not act any more changes nothing', async () => {
  let lost = false;
  const leased = createMongodb(server.address(), {
    mayAct: () => {
      if (lost) throw new Error('the lease is lost');
    },
  });
  lost = true;
  await assert.rejects(leased.ensure(scope('late')), /lease/);
  assert.equal((await leased.plan(scope('late'))).length, 3);
  await leased.end();
});

test('a server that is away is told of with system, action and remedy, and provisioned when it is back', async () => {
  await server.kill();
  const early = createMongodb(server.address(), { connectTimeoutMs: 500 });
  for (const away of [early, system]) {
    await assert.rejects(away.ensure(scope('pool')), (error) => {
      assert.ok(error instanceof SystemError);
      assert.deepEqual(
        [error.system, error.action, error.transient],
        ['mongodb', 'READ DATABASE shopmind_pool', true],
      );
      assert.match(error.remedy, /DOCUMENTS_URL/);
      return true;
    });
  }
  await server.start();
  assert.equal((await early.ensure(scope('pool'))).length, 3);
  assert.deepEqual(await system.ensure(scope('pool')), []);
  await early.end();
});

/** The documents adapter for MongoDB on an emulator of it: the contract, and a server that is away, frozen and back. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { COLLECTIONS, documentsContract } from '../../runtime/platform/contract/documents.ts';
import { createMongoDocuments } from '../../runtime/platform/documents/mongodb.ts';
import type { Documents } from '../../runtime/platform/ports.ts';
import { until } from '../support/wait.ts';
import { startMongoEmulator, type MongoEmulator } from './mongodb.ts';

let server: MongoEmulator;
let shared: Documents;
const opened: Documents[] = [];

before(async () => {
  server = await startMongoEmulator();
  shared = open();
});
after(async () => {
  await Promise.all(opened.map((documents) => documents.close()));
  await server.stop();
});

function open(): Documents {
  const documents = createMongoDocuments({
    address: server.address('shopmind_pool'),
    collections: COLLECTIONS,
    connectTimeoutMs: 1_000,
    answerTimeoutMs: 1_000,
  });
  opened.push(documents);
  return documents;
}

documentsContract('documents on the emulator of MongoDB', () => shared);

test('a server that is frozen is a timeout, then answers again by itself', async () => {
  const version = await shared.put('acme', 'content.page', 'frozen', { n: 1 });
  await server.pause();
  try {
    await assert.rejects(shared.get('acme', 'content.page', 'frozen'), (error: Error & { code?: string }) =>
      ['timeout', 'unavailable'].includes(error.code ?? ''),
    );
  } finally {
    server.resume();
  }
  const back = await until(() => shared.get('acme', 'content.page', 'frozen'), {
    withinMs: 20_000,
    what: 'it answers again',
  });
  assert.equal(back.version, version);
});

test('who starts while the server is away is told so, and serves when it is there', async () => {
  await server.kill();
  const early = open();
  for (let n = 0; n < 2; n++)
    await assert.rejects(early.get('acme', 'content.page', 'p'), { code: 'unavailable' });
  await assert.rejects(shared.put('acme', 'content.page', 'p', {}), { code: 'unavailable' });
  await server.start();
  for (const documents of [early, shared]) {
    await until(() => documents.put('acme', 'content.page', 'p', {}), {
      withinMs: 20_000,
      what: 'it serves',
    });
  }
});

/**
 * The operator as administrator of the platform's own processor, the real one.
 */
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { startProcessor } from '../../runtime/platform/payments/processor/processor.ts';
import { ownFolder } from '../../tests/support/owned.ts';
import { createBlobStore, BlobStoreError } from './blobs.ts';
import { createProcessor, generateKeys, ProcessorError } from './payments.ts';

let folder: string;
let running: Awaited<ReturnType<typeof startProcessor>>;

before(async () => {
  folder = ownFolder('processor');
  running = await startProcessor({
    host: '127.0.0.1',
    port: 0,
    data: folder,
    adminSecret: 'hush',
    forTests: true,
    gatewayUrl: undefined,
    warn: () => undefined,
  });
});

after(async () => {
  await running.stop();
  await rm(folder, { recursive: true, force: true });
});

const WEBHOOK = 'http://acme.localhost:8080/api/payments/webhooks/stripe';

async function keyWorks(secretKey: string): Promise<boolean> {
  const answer = await fetch(`${running.origin}/v1/payment_intents?limit=1`, {
    headers: { authorization: `Bearer ${secretKey}` },
  });
  await answer.text();
  return answer.status !== 401;
}

test('a generated account can be registered again and again, and its keys work', async () => {
  const processor = createProcessor(running.origin, 'hush');
  const keys = generateKeys(WEBHOOK);
  assert.equal(await keyWorks(keys.secretKey), false);
  await processor.register({ ...keys, id: 'acme' });
  await processor.register({ ...keys, id: 'acme' });
  assert.equal(await keyWorks(keys.secretKey), true);
});

test('a removed account is closed, and removing it again is fine', async () => {
  const processor = createProcessor(running.origin, 'hush');
  const keys = generateKeys(WEBHOOK);
  await processor.register({ ...keys, id: 'bolt' });
  await processor.remove('bolt');
  await processor.remove('bolt');
  assert.equal(await keyWorks(keys.secretKey), false);
});

test('two tenants never get the same keys', () => {
  const keys = Array.from({ length: 50 }, () => generateKeys(WEBHOOK));
  assert.equal(
    new Set(
      keys.flatMap(({ secretKey, publishableKey, webhookSecret }) => [
        secretKey,
        publishableKey,
        webhookSecret,
      ]),
    ).size,
    150,
  );
});

test('a wrong secret is a refusal, a processor that is away passes', async () => {
  const failure = (error: unknown, transient: boolean): true => {
    assert.ok(error instanceof ProcessorError);
    assert.equal(error.transient, transient);
    return true;
  };
  const keys = generateKeys(WEBHOOK);
  await assert.rejects(createProcessor(running.origin, 'wrong').register({ ...keys, id: 'x' }), (error) =>
    failure(error, false),
  );
  await assert.rejects(createProcessor('http://127.0.0.1:1', 'hush').ping(), (error) => failure(error, true));
  await createProcessor(running.origin, 'hush').ping();
});

test('a blob store takes no name that leads elsewhere, and says what is wrong with one that is away', async () => {
  const files = await createBlobStore('file:///tmp/none/');
  await assert.rejects(files.removeTenant('../etc'), BlobStoreError);
  const away = await createBlobStore('s3://key:secret@bucket?endpoint=http://127.0.0.1:1');
  await assert.rejects(away.removeTenant('../etc'), BlobStoreError);
  await assert.rejects(
    away.beginSnapshot('acme'),
    (error) => error instanceof BlobStoreError && /reached/.test(error.remedy),
  );
});

test('a file system that refuses is told apart from a database that is away', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  const store = await createBlobStore(pathToFileURL(`${file}/`).href);
  await assert.rejects(store.beginSnapshot('acme'), (error) => {
    assert.ok(error instanceof BlobStoreError);
    assert.match(error.message, /the blob store failed: .*(ENOTDIR|EEXIST)/);
    return true;
  });
});

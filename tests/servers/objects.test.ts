/** The blobs port, backups and the operator's blob store on a real S3 server (MinIO). */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import {
  DeleteBucketLifecycleCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { createBackups } from '../../runtime/platform/blobs/backups.ts';
import { createS3Blobs, type S3Blobs } from '../../runtime/platform/blobs/s3.ts';
import { blobsContract } from '../../runtime/platform/contract/blobs.ts';
import {
  copyBelow,
  foldersBelow,
  objectsBelow,
  openBucket,
  readText,
  removeBelow,
  writeText,
  type Bucket,
} from '../../runtime/platform/objects/index.ts';
import { until } from '../support/wait.ts';
import { BlobStoreError, createBlobStore } from '../../operator/provisioners/blobs.ts';
import { createMinioAdmin } from '../../operator/provisioners/objects/minio.ts';
import { createObjects } from '../../operator/provisioners/objects/objects.ts';
import { SystemError } from '../../operator/provisioners/system.ts';
import { catalog } from '../../runtime/domains/catalog/definition.ts';
import { startMinio, type MinioServer } from './minio.ts';

let minio: MinioServer;
let stores = 0;
const opened: { close(): void }[] = [];

before(async () => {
  minio = await startMinio();
});
after(async () => {
  for (const one of opened) one.close();
  await minio.stop();
});

/** A part of the bucket of each test's own. */
async function addressOfItsOwn(): Promise<string> {
  return minio.bucket('shop', `store-${++stores}`);
}

async function openBlobs(): Promise<S3Blobs> {
  const blobs = createS3Blobs(await addressOfItsOwn());
  opened.push(blobs);
  return blobs;
}

async function open(address: string): Promise<Bucket> {
  const bucket = openBucket(address);
  opened.push(bucket);
  return bucket;
}

async function keysOf(bucket: Bucket, path: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of objectsBelow(bucket, path)) keys.push(...page.map(({ key }) => key));
  return keys;
}

blobsContract('blobs in S3', openBlobs);

test('a signed address lets its holder read, or write that type, that object alone, for its time', async () => {
  const blobs = await openBlobs();
  await blobs.put('a', 'things', 'k', Buffer.from('hello'), 'text/plain');
  const read = await blobs.signedUrl('a', 'things', 'k', { method: 'GET', expiresSeconds: 60 });
  assert.equal(await (await fetch(read)).text(), 'hello');
  assert.equal((await fetch(read.replace('/k?', '/l?'))).status, 403);
  assert.equal((await fetch(read, { method: 'DELETE' })).status, 403);

  const write = await blobs.signedUrl('a', 'things', 'new', {
    method: 'PUT',
    expiresSeconds: 60,
    contentType: 'image/png',
  });
  const sent = (type: string) =>
    fetch(write, { method: 'PUT', body: 'png', headers: { 'content-type': type } });
  assert.equal((await sent('text/html')).status, 403);
  assert.equal((await sent('image/png')).status, 200);
  assert.equal((await blobs.get('a', 'things', 'new'))?.contentType, 'image/png');

  const brief = await blobs.signedUrl('a', 'things', 'k', { method: 'GET', expiresSeconds: 1 });
  await until(async () => ((await fetch(brief)).status === 403 ? true : undefined), {
    withinMs: 60_000,
    what: 'the address expires',
  });
  await assert.rejects(blobs.signedUrl('a', 'things', 'k', { method: 'GET', expiresSeconds: 0 }), {
    code: 'invalid_input',
  });
});

test('a store that is away, or silent, is said to be so in bounded time, and served again once it is back', async () => {
  const blobs = await openBlobs();
  await blobs.put('a', 'things', 'k', Buffer.from('kept'), 'text/plain');

  await minio.pause();
  const asked = performance.now();
  await assert.rejects(blobs.get('a', 'things', 'k'), { code: 'timeout' });
  assert.ok(performance.now() - asked < 30_000);
  minio.resume();
  assert.equal((await blobs.get('a', 'things', 'k'))?.size, 4);

  await minio.kill();
  await assert.rejects(blobs.put('a', 'things', 'k', Buffer.from('lost'), 'text/plain'), {
    code: 'unavailable',
  });
  await minio.start();
  assert.equal((await blobs.get('a', 'things', 'k'))?.size, 4);
});

test('wrong keys are no reason to try again', async () => {
  const address = (await addressOfItsOwn()).replace(/:[^:@]+@/, ':wrong-secret@');
  const blobs = createS3Blobs(address);
  opened.push(blobs);
  await assert.rejects(blobs.get('a', 'things', 'k'), (error: Error & { remedy?: string }) =>
    /BLOBS_URL/.test(error.remedy ?? ''),
  );
  const missing = createS3Blobs(minio.address('no-such-bucket'));
  opened.push(missing);
  await assert.rejects(missing.get('a', 'things', 'k'), { code: 'unavailable' });
});

test('folders of more objects than one answer holds are listed, copied and removed whole', async () => {
  const bucket = await open(await addressOfItsOwn());
  const names = Array.from({ length: 1_100 }, (_, n) => `from/${String(n).padStart(4, '0')}`);
  for (let n = 0; n < names.length; n += 50)
    await Promise.all(names.slice(n, n + 50).map((name) => writeText(bucket, name, name, 'text/plain')));
  await writeText(bucket, 'from-beside', 'stays', 'text/plain');
  assert.equal(await copyBelow(bucket, 'from/', 'to/'), 1_100);
  assert.deepEqual(
    await keysOf(bucket, 'to/'),
    names.map((name) => name.replace('from', 'to')),
  );
  assert.equal(await removeBelow(bucket, 'from/'), 1_100);
  assert.deepEqual(await foldersBelow(bucket, ''), ['to']);
  assert.equal(await readText(bucket, 'from-beside'), 'stays');
  assert.equal(await removeBelow(bucket, 'from/'), 0);
  await assert.rejects(removeBelow(bucket, ''), RangeError);
});

test('an object too large for one call is copied in parts', async () => {
  const address = await addressOfItsOwn();
  const blobs = createS3Blobs(address);
  opened.push(blobs);
  const bucket = await open(address);
  const content = randomBytes(12 << 20);
  await blobs.put('a', 'things', 'large', content, 'x/y');
  assert.equal(await copyBelow(bucket, 'a/', 'b/', 5 << 20), 1);
  const copy = await blobs.get('b', 'things', 'large');
  const chunks: Buffer[] = [];
  for await (const chunk of copy?.body ?? []) chunks.push(chunk);
  assert.ok(Buffer.concat(chunks).equals(content));
});

test('a backup is one once it is whole: rows, objects, manifest; the oldest go', async () => {
  const address = await addressOfItsOwn();
  const bucket = await open(address);
  const blobs = createS3Blobs(address);
  opened.push(blobs);
  await blobs.put('acme', 'media', 'one', Buffer.from('1'), 'x/y');
  await blobs.put('other', 'media', 'two', Buffer.from('2'), 'x/y');
  const backups = await createBackups(address);

  const abandoned = await backups.begin('acme', new Date('2026-01-01T00:00:00Z'));
  await abandoned.write('orders', ['{"n":0}']);

  const line = JSON.stringify({ filler: 'x'.repeat(1_000) });
  const locations: string[] = [];
  for (const day of ['02', '03', '04']) {
    const backup = await backups.begin('acme', new Date(`2026-01-${day}T00:00:00Z`));
    // More than a part, so that the file is put together by the store.
    for (let n = 0; n < 20; n++)
      await backup.write(
        'orders',
        Array.from({ length: 500 }, () => line),
      );
    await backup.write('products', ['{"n":1}', '{"n":2}']);
    locations.push(await backup.finish({ orders: 10_000, products: 2 }));
  }
  const folder = '_backups/acme/2026-01-04T00-00-00.000Z';
  assert.equal(locations[2], `${bucket.location}/${folder}`);
  assert.deepEqual(await keysOf(bucket, `${folder}/`), [
    `${folder}/manifest.json`,
    `${folder}/objects/media/one`,
    `${folder}/orders.jsonl`,
    `${folder}/products.jsonl`,
  ]);
  assert.equal(await readText(bucket, `${folder}/products.jsonl`), '{"n":1}\n{"n":2}\n');
  assert.equal(await readText(bucket, `${folder}/orders.jsonl`), `${line}\n`.repeat(10_000));
  assert.deepEqual(await backups.prune('acme', 2), ['2026-01-02T00-00-00.000Z']);
  assert.deepEqual(await foldersBelow(bucket, '_backups/acme/'), [
    '2026-01-03T00-00-00.000Z',
    '2026-01-04T00-00-00.000Z',
  ]);
});

test('a reader who goes away holds no connection', async () => {
  const blobs = await openBlobs();
  await blobs.put('a', 'things', 'large', randomBytes(2 << 20), 'x/y');
  // More readers than there are connections.
  for (let n = 0; n < 200; n++) (await blobs.get('a', 'things', 'large'))?.body.destroy();
  assert.equal((await blobs.get('a', 'things', 'large', { first: 0, last: 9 }))?.size, 2 << 20);
});

test('an answer that stops halfway is an error of the body, not half an object', async () => {
  const broken = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': '1000000', etag: '"x"', 'content-type': 'x/y' });
    response.write(Buffer.alloc(400_000), () => response.destroy());
  });
  await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
  const { port } = broken.address() as AddressInfo; // it listens on TCP
  const blobs = createS3Blobs(`s3://key:secret@bucket?endpoint=http://127.0.0.1:${port}`);
  opened.push(blobs);
  try {
    const blob = await blobs.get('a', 'things', 'k');
    await assert.rejects(async () => {
      for await (const _ of blob?.body ?? []);
    });
  } finally {
    broken.close();
  }
});

test('the operator moves a tenant into a snapshot once, whatever it is killed at, and touches nobody else', async () => {
  const address = await addressOfItsOwn();
  const bucket = await open(address);
  const blobs = createS3Blobs(address);
  opened.push(blobs);
  for (const key of ['one', 'two', 'three']) await blobs.put('acme', 'media', key, Buffer.from(key), 'x/y');
  await blobs.put('acme-2', 'media', 'one', Buffer.from('x'), 'x/y');
  const backups = await createBackups(address);
  await (await backups.begin('acme', new Date())).finish({});
  const store = await createBlobStore(address);
  const since = new Date();

  const abandoned = await store.beginSnapshot('acme');
  await abandoned.write('orders', ['{"n":0}']);
  assert.equal(await store.findSnapshot('acme', since), undefined, 'it is not whole');

  const sink = await store.beginSnapshot('acme');
  await sink.write('orders', ['{"n":1}', '{"n":2}']);
  await sink.close({ orders: 2 });
  assert.equal(await store.findSnapshot('acme', since), sink.location);
  assert.equal(await store.findSnapshot('acme', new Date(Date.now() + 60_000)), undefined);

  // Killed between copying and removing, with some removed already.
  const folder = sink.location.slice(bucket.location.length + 1);
  await copyBelow(bucket, 'acme/', `${folder}/objects/`);
  await blobs.delete('acme', 'media', 'one');
  assert.deepEqual(await store.archiveTenant('acme', sink.location), [
    `MOVE OBJECTS acme/* TO ${sink.location}`,
    'DELETE BACKUPS OF acme',
  ]);
  assert.deepEqual(await store.archiveTenant('acme', sink.location), []);
  assert.deepEqual(await keysOf(bucket, '_'), [
    `${folder}/manifest.json`,
    `${folder}/objects/media/one`,
    `${folder}/objects/media/three`,
    `${folder}/objects/media/two`,
    `${folder}/orders.jsonl`,
  ]);
  assert.equal(await readText(bucket, `${folder}/orders.jsonl`), '{"n":1}\n{"n":2}\n');
  assert.deepEqual(await keysOf(bucket, 'acme'), ['acme-2/media/one']);
  await assert.rejects(store.archiveTenant('acme', 's3://elsewhere/_snapshots/acme/x'), BlobStoreError);
});

test('a tenant that is deleted leaves no version behind, in a bucket that keeps them', async () => {
  const address = await minio.bucket('versions', 'part');
  const bucket = await open(address);
  await bucket.client.send(
    new PutBucketVersioningCommand({
      Bucket: bucket.name,
      VersioningConfiguration: { Status: 'Enabled' },
    }),
  );
  const blobs = createS3Blobs(address);
  opened.push(blobs);
  for (const text of ['first', 'second']) await blobs.put('acme', 'media', 'k', Buffer.from(text), 'x/y');
  await blobs.delete('acme', 'media', 'k');
  await blobs.put('other', 'media', 'k', Buffer.from('stays'), 'x/y');
  const store = await createBlobStore(address);
  assert.deepEqual(await store.removeTenant('acme'), ['DELETE OBJECTS acme/*']);
  assert.deepEqual(await store.removeTenant('acme'), []);
  const left = await bucket.client.send(new ListObjectVersionsCommand({ Bucket: bucket.name }));
  assert.deepEqual(
    [...(left.Versions ?? []), ...(left.DeleteMarkers ?? [])].map(({ Key }) => Key),
    ['part/other/media/k'],
  );
});

test('the bucket is made once, with versions and a lifecycle; drift is found and mended; killed anywhere, it finishes', async () => {
  const address = minio.address('made', 'part');
  const scope = { name: 'pool', domains: [catalog], login: { user: 'x', password: 'x' } };
  const system = createObjects(address, { keepSnapshotsDays: 90 });
  const planned = await system.plan(scope);
  assert.deepEqual(planned.slice(0, 3), [
    'CREATE BUCKET made',
    'KEEP VERSIONS IN BUCKET made',
    'SET LIFECYCLE OF BUCKET made (versions, backups, snapshots)',
  ]);
  for (let at = 0; at < planned.length; at++) {
    let left = 1;
    const mortal = createObjects(address, {
      keepSnapshotsDays: 90,
      mayAct: () => {
        if (left-- === 0) throw new Error('killed');
      },
    });
    // Each try comes one action further.
    await mortal.ensure(scope).catch((error: Error) => assert.match(error.message, /killed/));
    await mortal.end();
  }
  assert.deepEqual(await system.plan(scope), []);
  assert.deepEqual(await system.ensure(scope), []);

  const bucket = await open(address);
  await bucket.client.send(
    new PutBucketVersioningCommand({ Bucket: 'made', VersioningConfiguration: { Status: 'Suspended' } }),
  );
  await bucket.client.send(new DeleteBucketLifecycleCommand({ Bucket: 'made' }));
  assert.deepEqual(await system.ensure(scope), [
    'KEEP VERSIONS IN BUCKET made',
    'SET LIFECYCLE OF BUCKET made (versions, backups, snapshots)',
  ]);
  assert.deepEqual(await system.plan(scope), []);

  await writeText(bucket, 'acme/media/k', 'x', 'text/plain');
  assert.deepEqual([...(await system.removeTenant('pool', 'acme')), ...(await system.remove('pool'))], []);
  assert.deepEqual(await keysOf(bucket, ''), ['acme/media/k'], 'it stays when a tenant moves');
  await system.ping();
  const wrong = createObjects(address.replace(/:[^:@]+@/, ':wrong@'));
  await assert.rejects(wrong.plan(scope), (error) => error instanceof SystemError && !error.transient);
  await system.end();
  await wrong.end();
});

test('each scope has a login of its own that reaches its own folders; rotated, closed, drift mended, killed anywhere', async () => {
  const address = `${minio.address('scoped', 'eu')}&logins=minio`;
  const login = (user: string) => ({ user, password: randomBytes(24).toString('base64url') });
  const pool = { name: 'pool', domains: [catalog], login: login('shopmind.pool.11111111') };
  const acme = { name: 'acme', domains: [catalog], login: login('shopmind.acme.11111111') };
  const near = { name: 'acme-2', domains: [catalog], login: login('shopmind.acme-2.11111111') };
  const system = createObjects(address);
  const expected = (await system.plan(acme)).length;
  assert.ok(expected >= 6);
  for (let at = 1; (await system.plan(acme)).length > 0; at++) {
    assert.ok(at <= expected, 'each life does one thing at least');
    let left = 1;
    const mortal = createObjects(address, {
      mayAct: () => {
        if (left-- === 0) throw new Error('killed');
      },
    });
    await mortal.ensure(acme).catch((error: Error) => assert.match(error.message, /killed/));
    await mortal.end();
  }
  for (const scope of [pool, near]) {
    await system.ensure(scope);
    assert.deepEqual(await system.ensure(scope), []);
  }

  const blobsOf = (scope: typeof acme): S3Blobs => {
    const blobs = createS3Blobs(system.address(scope));
    opened.push(blobs);
    return blobs;
  };
  const own = blobsOf(acme);
  await own.put('acme', 'media', 'k', randomBytes(9 << 20), 'x/y');
  await blobsOf(pool).put('bolt', 'media', 'k', Buffer.from('2'), 'x/y');
  for (const other of ['bolt', 'acme-2']) {
    await assert.rejects(own.put(other, 'media', 'k', Buffer.from('x'), 'x/y'), { code: 'unavailable' });
    await assert.rejects(own.get(other, 'media', 'k'), { code: 'unavailable' });
  }
  const backups = await createBackups(system.address(acme));
  const backup = await backups.begin('acme', new Date());
  await backup.write('orders', ['{}']);
  await backup.finish({ orders: 1 });
  assert.deepEqual(await backups.prune('acme', 1), []);
  const whole = await open(system.address(acme));
  await assert.rejects(keysOf(whole, ''), { name: 'AccessDenied' });
  assert.doesNotMatch(system.address(acme), /root-of-tests|logins/);

  const rotated = { ...acme, login: login('shopmind.acme.22222222'), formerLogin: acme.login };
  assert.deepEqual(await system.ensure(rotated), [
    'CREATE LOGIN shopmind.acme.22222222',
    'GIVE LOGIN shopmind.acme.22222222 POLICY shopmind.acme',
  ]);
  assert.ok(await own.get('acme', 'media', 'k', { first: 0, last: 1 }), 'the former one is still good');
  assert.deepEqual(await system.ensure({ ...acme, login: rotated.login }), [
    'DROP LOGIN shopmind.acme.11111111',
  ]);
  await assert.rejects(own.get('acme', 'media', 'k'), { code: 'unavailable' });

  const admin = createMinioAdmin({ endpoint: minio.endpoint, region: 'us-east-1', login: minio.login });
  await admin.setPolicy('shopmind.acme', {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['s3:*'], Resource: ['arn:aws:s3:::*'] }],
  });
  assert.deepEqual(await system.ensure({ ...acme, login: rotated.login }), ['SET POLICY shopmind.acme']);
  assert.deepEqual(await system.close('acme'), [
    'DROP LOGIN shopmind.acme.22222222',
    'DROP POLICY shopmind.acme',
  ]);
  assert.deepEqual(await system.remove('acme'), []);
  assert.deepEqual(await system.plan(near), [], 'whose name begins alike is left alone');
  await system.end();
});

test('a bucket is replicated to another store, deletions of versions too; drift mended, killed anywhere', async () => {
  const other = await startMinio();
  try {
    const address = `${minio.address('copied', 'eu')}&replica=${encodeURIComponent(other.address('copy'))}`;
    const scope = { name: 'pool', domains: [catalog], login: { user: 'x', password: 'x' } };
    const first = createObjects(address);
    const planned = await first.plan(scope);
    await first.end();
    assert.deepEqual(
      planned.slice(-4).map((line) => line.split(' ')[0]),
      ['CREATE', 'KEEP', 'NAME', 'REPLICATE'],
    );
    for (let at = 0; ; at++) {
      assert.ok(at <= planned.length, 'each life does one thing at least');
      let left = 1;
      const mortal = createObjects(address, {
        mayAct: () => {
          if (left-- === 0) throw new Error('killed');
        },
      });
      const done = await mortal.ensure(scope).catch((error: Error) => {
        assert.match(error.message, /killed/);
        return ['killed'];
      });
      await mortal.end();
      if (done.length === 0) break;
    }
    const system = createObjects(address);
    assert.deepEqual(await system.plan(scope), []);
    assert.doesNotMatch(system.address(scope), /replica/);

    const here = createS3Blobs(minio.address('copied', 'eu'));
    const there = createS3Blobs(other.address('copy', 'eu'));
    opened.push(here, there);
    await here.put('acme', 'media', 'k', Buffer.from('copied'), 'x/y');
    const isThere = async (): Promise<boolean> => (await there.get('acme', 'media', 'k')) !== undefined;
    await until(async () => (await isThere()) || undefined, { withinMs: 30_000, what: 'the copy arrives' });
    const store = await createBlobStore(minio.address('copied', 'eu'));
    await store.removeTenant('acme');
    const copy = await open(other.address('copy'));
    await until(
      async () => {
        const left = await copy.client.send(new ListObjectVersionsCommand({ Bucket: 'copy' }));
        return (left.Versions ?? []).length + (left.DeleteMarkers ?? []).length === 0 || undefined;
      },
      { withinMs: 30_000, what: 'what is gone here is gone there' },
    );

    const admin = createMinioAdmin({ endpoint: minio.endpoint, region: 'us-east-1', login: minio.login });
    const rules = (await admin.replication('copied')) ?? '';
    await admin.setReplication(
      'copied',
      rules.replace('<Status>Enabled</Status>', '<Status>Disabled</Status>'),
    );
    assert.match((await system.ensure(scope)).join(), /^REPLICATE BUCKET copied TO 127\.0\.0\.1:\d+\/copy$/);
    assert.deepEqual(await system.plan(scope), []);
    await system.end();
  } finally {
    await other.stop();
  }
});

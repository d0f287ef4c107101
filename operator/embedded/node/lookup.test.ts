import assert from 'node:assert/strict';
import dns, { lookup, type LookupAddress } from 'node:dns';
import { lookup as lookupPromise } from 'node:dns/promises';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { askServer, installLookup } from './lookup.ts';

const TABLE: Readonly<Record<string, readonly string[]>> = {
  'web.shop.svc': ['127.0.0.1', '127.0.0.2'],
  'idle.shop.svc': [],
};
installLookup((name) => Promise.resolve(TABLE[name]));
const server = createServer((request, response) => response.end(request.headers.host));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo; // a TCP server
after(() => server.close());

type Found = [error: NodeJS.ErrnoException | null, address?: string | LookupAddress[], family?: number];
const called = (start: (done: (...found: Found) => void) => void): Promise<Found> =>
  new Promise((resolve) => start((...found) => resolve(found)));

test('every form of lookup answers cluster names', async () => {
  assert.deepEqual(await called((done) => lookup('web.shop.svc', done)), [null, '127.0.0.1', 4]);
  assert.deepEqual(await called((done) => lookup('web.shop.svc', 4, done)), [null, '127.0.0.1', 4]);
  assert.deepEqual(await called((done) => dns.lookup('web.shop.svc', { family: 4 }, done)), [
    null,
    '127.0.0.1',
    4,
  ]);
  const all = [
    { address: '127.0.0.1', family: 4 },
    { address: '127.0.0.2', family: 4 },
  ];
  assert.deepEqual(await called((done) => lookup('web.shop.svc', { all: true }, done)), [null, all]);
  assert.deepEqual(await lookupPromise('web.shop.svc', { all: true }), all);
  assert.deepEqual(await dns.promises.lookup('web.shop.svc'), all[0]);
  assert.deepEqual(await promisify(lookup)('web.shop.svc'), all[0]);
});

test('names that are not there are not found, as of any name', async () => {
  for (const name of ['none.shop.svc', 'idle.shop.svc'])
    await assert.rejects(lookupPromise(name), { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: name });
  const [error] = await called((done) => lookup('web.shop.svc', { family: 6 }, done));
  assert.equal(error?.code, 'ENOTFOUND');
});

test('other names go the usual way', async () => {
  assert.equal((await lookupPromise('127.0.0.1')).address, '127.0.0.1');
  assert.match((await lookupPromise('localhost')).address, /^(127\.0\.0\.1|::1)$/);
});

test('fetch and http find their way by it', async () => {
  assert.equal(await (await fetch(`http://web.shop.svc:${port}/`)).text(), `web.shop.svc:${port}`);
  const text = await new Promise((resolve, reject) => {
    get(`http://web.shop.svc:${port}/`, (response) => {
      response.setEncoding('utf8').once('data', resolve);
    }).once('error', reject);
  });
  assert.equal(text, `web.shop.svc:${port}`);
});

test('a server that does not answer is asked again, and then given up', { timeout: 20_000 }, async () => {
  const began = performance.now();
  await assert.rejects(askServer('127.0.0.1:9')('web.shop.svc'), { code: 'EAI_AGAIN' });
  assert.ok(performance.now() - began > 1_000);
});

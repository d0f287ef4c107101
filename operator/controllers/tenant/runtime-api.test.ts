/**
 * The operator as a client of a runtime: what it sends, and which answers are refusals and which only mean "not yet".
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { createRuntimeApi, RuntimeRefusal } from './runtime-api.ts';
import type { RuntimeTarget } from './runtime-api.ts';

const REPORT = {
  id: 'imp_1',
  state: 'running',
  source: 'a.csv',
  rows: 0,
  products: { created: 0, updated: 0, unchanged: 0, rejected: 0 },
  problems: [],
  problemCount: 0,
  error: null,
};

let server: Server;
let target: RuntimeTarget;
let answer: { status: number; body: string } = { status: 200, body: '{}' };
const seen: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];
const api = createRuntimeApi();

before(async () => {
  server = createServer((request, response) => {
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    request.resume().on('end', () => response.writeHead(answer.status).end(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server's address is never a pipe's string.
  const { port } = server.address() as AddressInfo;
  target = { address: `http://127.0.0.1:${port}`, host: 'acme.localhost', adminToken: 'smk_x' };
});

after(() => {
  server.close();
  server.closeAllConnections();
});

test('an import names tenant, key and idempotency key; other requests never carry the admin key', async () => {
  answer = { status: 202, body: JSON.stringify(REPORT) };
  assert.equal((await api.startImport(target, 'a.csv', 'key-1')).id, 'imp_1');
  const sent = seen.at(-1)?.headers;
  assert.deepEqual(
    [sent?.['x-forwarded-host'], sent?.authorization, sent?.['idempotency-key']],
    ['acme.localhost', 'Bearer smk_x', 'key-1'],
  );
  answer = { status: 200, body: '{}' };
  assert.equal(await api.serves(target), true);
  assert.equal(seen.at(-1)?.headers.authorization, undefined);
});

for (const [status, mayPass] of [
  [401, true],
  [403, true],
  [404, true],
  [429, true],
  [500, true],
  [503, true],
  [400, false],
  [409, false],
  [422, false],
] as const) {
  test(`${status} is an answer that ${mayPass ? 'may be another one later' : 'stays the same'}`, async () => {
    answer = { status, body: '{"title":"later"}' };
    await assert.rejects(api.startImport(target, 'a.csv', 'k'), (error) => {
      assert.ok(error instanceof RuntimeRefusal);
      assert.deepEqual([error.status, error.mayPass, error.message], [status, mayPass, 'later']);
      return true;
    });
    assert.equal(await api.serves(target), false);
  });
}

test('a refusal carries the reason and the remedy of the problem document', async () => {
  answer = {
    status: 400,
    body: JSON.stringify({ title: 'Bad', detail: 'There is no a.csv.', remedy: 'Name another file.' }),
  };
  await assert.rejects(api.startImport(target, 'a.csv', 'k'), (error) => {
    assert.ok(error instanceof RuntimeRefusal);
    assert.deepEqual([error.status, error.message], [400, 'There is no a.csv. Name another file.']);
    return true;
  });
});

test('an import that is gone is told apart from one that cannot be asked about', async () => {
  answer = { status: 404, body: '' };
  assert.equal(await api.importReport(target, 'imp_1'), undefined);
  answer = { status: 502, body: '<html>' };
  await assert.rejects(api.importReport(target, 'imp_1'), { status: 502, mayPass: true });
  answer = { status: 200, body: '{"id":1}' };
  await assert.rejects(api.importReport(target, 'imp_1'), 'a report of another shape is no report');
});

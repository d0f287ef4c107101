import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Client, ObservedRequest } from './client.ts';
import { isAlreadyExists, isConflict, isNotFound, KubeError } from './errors.ts';
import { pathOf } from './paths.ts';
import { configMaps, deployments, namespaces, resourceFor } from './resources.ts';
import { manualClock } from './testing/clock.ts';
import { startFakeServer, type FakeServer } from './testing/fake-server.ts';
import { until } from './testing/wait.ts';

const map = (name: string, data: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop' },
  data,
});
const forbidden = {
  kind: 'Status',
  code: 403,
  reason: 'Forbidden',
  message:
    'deployments.apps is forbidden: User "system:serviceaccount:a:b" cannot list resource "deployments" in API group "apps" in the namespace "shop"',
};

describe('the client', () => {
  let server: FakeServer;
  let client: Client;
  const observed: ObservedRequest[] = [];

  beforeEach(async () => {
    observed.length = 0;
    server = await startFakeServer();
    client = server.client({ observe: (request) => observed.push(request) });
  });
  afterEach(() => server.close());

  test('creates, reads, replaces, patches and deletes', async () => {
    const created = await client.create(configMaps, map('a', { x: '1' }));
    assert.ok(created.metadata.uid !== undefined);
    await assert.rejects(client.create(configMaps, map('a')), isAlreadyExists);
    const replaced = await client.replace(configMaps, { ...created, data: { x: '2' } });
    await assert.rejects(client.replace(configMaps, { ...created, data: { x: '3' } }), isConflict);
    const patched = await client.patch(configMaps, replaced.metadata, {
      kind: 'merge',
      body: { data: { y: '1' } },
    });
    assert.deepEqual(patched.data, { x: '2', y: '1' });
    assert.equal((await client.get(configMaps, { name: 'a', namespace: 'shop' })).data?.['y'], '1');
    await assert.rejects(client.delete(configMaps, created.metadata, { uid: 'another' }), (error) =>
      isConflict(error),
    );
    assert.equal(await client.delete(configMaps, created.metadata, { uid: created.metadata.uid }), undefined);
    assert.equal(await client.find(configMaps, created.metadata), undefined);
    await assert.rejects(client.get(configMaps, created.metadata), isNotFound);
  });

  test('lists page by page and gives items their kind back', async () => {
    for (let index = 0; index < 5; index += 1) await client.create(configMaps, map(`m${index}`));
    const { items, metadata } = await client.listAll(configMaps, { limit: 2, namespace: 'shop' });
    assert.equal(items.length, 5);
    assert.equal(items[0]?.kind, 'ConfigMap');
    assert.ok(metadata.resourceVersion !== undefined);
    assert.equal(observed.filter(({ verb }) => verb === 'list').length, 3);
  });

  test('explains what RBAC denies', async () => {
    server.intercept(() => ({ kind: 'answer', status: 403, body: JSON.stringify(forbidden) }));
    await assert.rejects(client.list(deployments, { namespace: 'shop' }), (error) => {
      assert.ok(error instanceof KubeError);
      assert.equal(error.code, 403);
      assert.equal(error.retryable, false);
      assert.match(
        error.remedy ?? '',
        /Allow "list" on deployments\.apps in a role bound to system:serviceaccount:a:b/,
      );
      assert.match(error.remedy ?? '', /kubectl auth can-i list deployments\.apps -n shop --as/);
      return true;
    });
  });

  test('carries the causes of a refusal', async () => {
    const causes = [{ reason: 'FieldValueInvalid', message: 'must be positive', field: 'spec.replicas' }];
    const body = JSON.stringify({
      kind: 'Status',
      code: 422,
      reason: 'Invalid',
      message: 'no',
      details: { causes },
    });
    server.intercept(() => ({ kind: 'answer', status: 422, body }));
    await assert.rejects(client.create(configMaps, map('a')), { reason: 'Invalid', causes });
  });

  test('waits as 429 and 503 ask, then goes on', async () => {
    let asked = 0;
    server.intercept(() => {
      asked += 1;
      if (asked > 2) return undefined;
      return { kind: 'answer', status: asked === 1 ? 429 : 503, headers: { 'retry-after': '0' } };
    });
    await client.create(configMaps, map('a'));
    assert.equal(asked, 3);
    assert.deepEqual(
      observed.map(({ code, method }) => `${method} ${code}`),
      ['POST 429', 'POST 503', 'POST 201'],
    );
  });

  test('does not repeat a write that failed with 500, nor endless 429', async () => {
    const impatient = server.client({ retries: 2 });
    let asked = 0;
    let status = 500;
    server.intercept(() => {
      asked += 1;
      return { kind: 'answer', status, headers: { 'retry-after': '0' } };
    });
    await assert.rejects(impatient.create(configMaps, map('a')), { code: 500, retryable: true });
    assert.equal(asked, 1);
    status = 429;
    await assert.rejects(impatient.create(configMaps, map('a')), { code: 429 });
    assert.equal(asked, 4);
  });

  test('gives up on a server that does not answer, or is cut off, or is not there', async () => {
    const fault = server.intercept(() => ({ kind: 'hang' }));
    await assert.rejects(client.get(configMaps, { name: 'a' }, { timeoutMs: 30 }), {
      reason: 'Timeout',
      code: 0,
    });
    fault();
    server.intercept(() => ({ kind: 'reset' }));
    await assert.rejects(client.create(configMaps, map('a')), { reason: 'Unreachable', retryable: true });
    await server.close();
    await assert.rejects(client.get(configMaps, { name: 'a' }), (error) => {
      assert.ok(error instanceof KubeError);
      assert.match(error.remedy ?? '', /Check that the API server at http:\/\/127/);
      return true;
    });
  });

  test('ends a request when its signal is aborted', async () => {
    server.intercept(() => ({ kind: 'hang' }));
    const abort = new AbortController();
    const asking = client.get(configMaps, { name: 'a' }, { signal: abort.signal });
    await until(() => server.requests.length === 1, 'the request has arrived');
    abort.abort();
    await assert.rejects(asking, { reason: 'Aborted' });
    await assert.rejects(client.get(configMaps, { name: 'a' }, { signal: abort.signal }), {
      reason: 'Aborted',
    });
  });

  test('sends a read again at once when an idle connection turns out dead', async () => {
    await client.create(configMaps, map('a'));
    let isFirst = true;
    server.intercept(() => {
      if (!isFirst) return undefined;
      isFirst = false;
      return { kind: 'reset' };
    });
    assert.equal((await client.get(configMaps, { name: 'a', namespace: 'shop' })).metadata.name, 'a');
  });

  test('reads the answers of proxies that are no API servers', async () => {
    server.intercept(() => ({ kind: 'answer', status: 502, body: '<html>Bad Gateway</html>' }));
    await assert.rejects(client.get(configMaps, { name: 'a' }), { code: 502, retryable: true });
    server.intercept(() => undefined);
    const other = await startFakeServer();
    other.intercept(() => ({ kind: 'answer', status: 200, body: 'hello' }));
    await assert.rejects(other.client().get(configMaps, { name: 'a' }), { reason: 'Malformed' });
    await other.close();
  });

  test('keeps to its own rate', async () => {
    const clock = manualClock();
    const slow = server.client({ limit: { perSecond: 50, burst: 1 }, clock });
    const creates = Promise.all([0, 1, 2, 3].map((index) => slow.create(configMaps, map(`m${index}`))));
    const made: number[] = [];
    for (let number = 1; number <= 4; number += 1) {
      await until(() => server.requests.length === number, `request ${number} has come`);
      await clock.advance(19);
      made.push(server.requests.length);
      await clock.advance(1);
    }
    await creates;
    assert.deepEqual(made, [1, 2, 3, 4], 'one each 20 ms');
  });

  test('watches until the server ends it, and rejects what breaks', async () => {
    server.put('configmaps', map('a'));
    const names: string[] = [];
    const watching = client.watch(configMaps, { resourceVersion: '1' }, ({ object }) =>
      names.push(object.metadata.name),
    );
    await until(() => names.length === 1, 'the event is seen');
    for (const watch of server.watches) watch.end();
    await watching;
    const again = client.watch(configMaps, { resourceVersion: String(server.version) }, () => {
      throw new RangeError('a handler’s bug');
    });
    const rejected = assert.rejects(again, RangeError);
    await until(() => server.watches.size === 1, 'it watches again');
    server.put('configmaps', map('b'));
    await rejected;
  });

  test('scales through the subresource', async () => {
    server.put('deployments', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { replicas: 1 },
    });
    await client.setScale(deployments, { name: 'web', namespace: 'shop' }, 3);
    assert.match(server.writes().at(-1) ?? '', /PATCH .*deployments\/web\/scale/);
  });

  test('builds paths as the server expects them', () => {
    assert.equal(
      pathOf(configMaps, { namespace: 'a', name: 'b' }, undefined, {}),
      '/api/v1/namespaces/a/configmaps/b',
    );
    assert.equal(pathOf(deployments, {}, undefined, { limit: '5' }), '/apis/apps/v1/deployments?limit=5');
    assert.equal(
      pathOf(namespaces, { namespace: 'x', name: 'a/../b' }, 'status', {}),
      '/api/v1/namespaces/a%2F..%2Fb/status',
    );
  });

  test('knows a resource by apiVersion and kind', () => {
    assert.equal(resourceFor({ apiVersion: 'apps/v1', kind: 'Deployment' }), deployments);
    assert.equal(resourceFor({ apiVersion: 'v1', kind: 'ConfigMap' }), configMaps);
    assert.equal(resourceFor({ apiVersion: 'example.com/v1', kind: 'ConfigMap' }), undefined);
  });
});

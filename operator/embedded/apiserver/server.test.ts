import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, rm, stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { firstLine, kill } from '../../../tests/support/ended.ts';
import { own, ownFolder } from '../../../tests/support/owned.ts';
import { at, items, number, text, type Json, type JsonObject } from './objects.ts';
import { createClient, take, withServer, type Client } from './testing/server.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, data: JsonObject = {}, labels: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels },
  data,
});

test('without a valid credential everything but health is refused', () =>
  withServer(async ({ server }) => {
    const stranger = createClient(server.url, server.caCertificate, 'wrong');
    assert.equal((await stranger.call('GET', '/api/v1/namespaces')).status, 401);
    assert.equal((await stranger.call('GET', '/readyz')).status, 200);
    stranger.close();
  }));

test('a service account is who its token says until it is deleted', () =>
  withServer(async ({ call, server }) => {
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    await call('POST', accounts, { metadata: { name: 'robot' } });
    const issued = await call('POST', `${accounts}/robot/token`, { spec: { expirationSeconds: 600 } });
    const robot = createClient(server.url, server.caCertificate, text(at(issued.body, 'status', 'token')));
    const review = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const self = await robot.call('POST', review, {});
    assert.equal(at(self.body, 'status', 'userInfo', 'username'), 'system:serviceaccount:default:robot');
    await call('DELETE', `${accounts}/robot`);
    assert.equal((await robot.call('POST', review, {})).status, 401);
    robot.close();
  }));

test('only a loopback address is listened on', async () => {
  await assert.rejects(
    withServer(() => Promise.resolve(), { host: '0.0.0.0' }),
    /loopback/,
  );
});

test('the kubeconfig is for its owner alone and stays valid over a restart', async () => {
  const dataDir = ownFolder('apiserver');
  const kubeconfigPath = join(dataDir, 'kubeconfig');
  const read = () => readFile(kubeconfigPath, 'utf8');
  let first = '';
  await withServer(
    async () => {
      first = await read();
      assert.equal((await stat(kubeconfigPath)).mode & 0o777, 0o600);
    },
    { dataDir, kubeconfigPath },
  );
  await withServer(async () => assert.equal(await read(), first), { dataDir, kubeconfigPath });
  await rm(dataDir, { recursive: true });
});

test('a change that changes nothing is not written', () =>
  withServer(async ({ call }) => {
    const made = await call('POST', CONFIG_MAPS, configMap('a', { x: '1' }));
    const again = await call('PUT', `${CONFIG_MAPS}/a`, made.body);
    assert.equal(at(again.body, 'metadata', 'resourceVersion'), at(made.body, 'metadata', 'resourceVersion'));
  }));

test('of many writers that read the same state, one wins', () =>
  withServer(async ({ call }) => {
    const made = await call('POST', CONFIG_MAPS, configMap('a'));
    const writes = Array.from({ length: 20 }, (_, index) =>
      call('PUT', `${CONFIG_MAPS}/a`, { ...made.body, data: { winner: String(index) } }),
    );
    const codes = (await Promise.all(writes)).map(({ status }) => status).toSorted();
    assert.deepEqual(codes, [200, ...Array.from({ length: 19 }, () => 409)]);
  }));

test('patches that name no version are all applied, however many race', () =>
  withServer(async ({ call }) => {
    await call('POST', CONFIG_MAPS, configMap('a'));
    const patches = Array.from({ length: 20 }, (_, index) =>
      call(
        'PATCH',
        `${CONFIG_MAPS}/a`,
        { data: { [`k${index}`]: 'x' } },
        { 'content-type': 'application/merge-patch+json' },
      ),
    );
    await Promise.all(patches);
    const found = await call('GET', `${CONFIG_MAPS}/a`);
    assert.equal(Object.keys(at(found.body, 'data') as JsonObject).length, 20);
  }));

test('all pages of a list show the moment of the first', () =>
  withServer(async ({ call }) => {
    for (let index = 0; index < 10; index += 1) await call('POST', CONFIG_MAPS, configMap(`m${index}`));
    const first = await call('GET', `${CONFIG_MAPS}?limit=4`);
    assert.equal(number(at(first.body, 'metadata', 'remainingItemCount')), 6);
    await call('DELETE', `${CONFIG_MAPS}/m7`);
    await call('POST', CONFIG_MAPS, configMap('m55'));
    const seen = items(first.body['items']).map((item) => text(at(item, 'metadata', 'name')));
    let token = text(at(first.body, 'metadata', 'continue'));
    while (token !== '') {
      const page = await call('GET', `${CONFIG_MAPS}?limit=4&continue=${token}`);
      assert.equal(
        at(page.body, 'metadata', 'resourceVersion'),
        at(first.body, 'metadata', 'resourceVersion'),
      );
      seen.push(...items(page.body['items']).map((item) => text(at(item, 'metadata', 'name'))));
      token = text(at(page.body, 'metadata', 'continue'));
    }
    assert.deepEqual(seen, ['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9']);
  }));

test('a page of a snapshot that has been forgotten is refused, and told how to go on with what there is', () =>
  withServer(
    async ({ call }) => {
      for (let index = 0; index < 4; index += 1) await call('POST', CONFIG_MAPS, configMap(`m${index}`));
      const first = await call('GET', `${CONFIG_MAPS}?limit=2`);
      for (let index = 0; index < 30; index += 1)
        await call(
          'PATCH',
          `${CONFIG_MAPS}/m0`,
          { data: { x: String(index) } },
          { 'content-type': 'application/merge-patch+json' },
        );
      const token = text(at(first.body, 'metadata', 'continue'));
      const next = await call('GET', `${CONFIG_MAPS}?limit=2&continue=${token}`);
      assert.deepEqual([next.status, next.body['reason']], [410, 'Expired']);
      const going = text(at(next.body, 'metadata', 'continue'));
      const rest = await call('GET', `${CONFIG_MAPS}?limit=1&continue=${going}`);
      const names = items(rest.body['items']).map((item) => at(item, 'metadata', 'name'));
      assert.deepEqual([rest.status, names], [200, ['m2']]);
      assert.notEqual(
        at(rest.body, 'metadata', 'resourceVersion'),
        at(first.body, 'metadata', 'resourceVersion'),
      );
      // From here on it is one snapshot again.
      const last = await call(
        'GET',
        `${CONFIG_MAPS}?limit=1&continue=${text(at(rest.body, 'metadata', 'continue'))}`,
      );
      assert.equal(
        at(last.body, 'metadata', 'resourceVersion'),
        at(rest.body, 'metadata', 'resourceVersion'),
      );
    },
    { historyLength: 5 },
  ));

test('a watch tells what comes into a selection and what leaves it', () =>
  withServer(async ({ call, watch }) => {
    const { body } = await call('GET', CONFIG_MAPS);
    const from = text(at(body, 'metadata', 'resourceVersion'));
    await call('POST', CONFIG_MAPS, configMap('a', {}, { tier: 'web' }));
    const relabel = (tier: string | null) =>
      call(
        'PATCH',
        `${CONFIG_MAPS}/a`,
        { metadata: { labels: { tier } } },
        { 'content-type': 'application/merge-patch+json' },
      );
    await relabel('db');
    await relabel('web');
    await call('DELETE', `${CONFIG_MAPS}/a`);
    const events = await take(
      watch(`${CONFIG_MAPS}?watch=1&resourceVersion=${from}&labelSelector=tier%3Dweb`),
      4,
    );
    assert.deepEqual(
      events.map((event) => event['type']),
      ['ADDED', 'DELETED', 'ADDED', 'DELETED'],
    );
    const versions = events.map((event) => Number(at(event, 'object', 'metadata', 'resourceVersion')));
    assert.deepEqual(
      versions,
      versions.toSorted((left, right) => left - right),
    );
  }));

test('a watch that wants initial events gets them and a bookmark that ends them', () =>
  withServer(async ({ call, watch }) => {
    await call('POST', CONFIG_MAPS, configMap('a'));
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const [added, bookmark] = await take(watch(`${CONFIG_MAPS}?${query}`), 2);
    assert.deepEqual([added?.['type'], bookmark?.['type']], ['ADDED', 'BOOKMARK']);
    assert.equal(at(bookmark, 'object', 'metadata', 'annotations', 'k8s.io/initial-events-end'), 'true');
  }));

test('a watch from before the history is told that it is too late', () =>
  withServer(
    async ({ call, watch }) => {
      await call('POST', CONFIG_MAPS, configMap('a'));
      for (let index = 0; index < 30; index += 1)
        await call(
          'PATCH',
          `${CONFIG_MAPS}/a`,
          { data: { x: String(index) } },
          { 'content-type': 'application/merge-patch+json' },
        );
      const [event] = await take(watch(`${CONFIG_MAPS}?watch=1&resourceVersion=3`), 1);
      assert.deepEqual([event?.['type'], at(event, 'object', 'code')], ['ERROR', 410]);
    },
    { historyLength: 5 },
  ));

test('a watcher that does not read is cut off, and others are not held up', () =>
  withServer(async ({ call, watch, server }) => {
    const asked = request(`${server.url}${CONFIG_MAPS}?watch=1`, {
      ca: server.caCertificate,
      headers: { authorization: `Bearer ${server.adminToken}` },
    });
    const response = await new Promise<IncomingMessage>((resolve) => asked.on('response', resolve).end());
    const cut = new Promise((resolve) => response.on('error', resolve));
    const other = watch(`${CONFIG_MAPS}?watch=1`);
    const received = take(other, 24);
    const large = 'x'.repeat(900_000);
    for (let index = 0; index < 24; index += 1)
      await call('POST', CONFIG_MAPS, configMap(`m${index}`, { large }));
    assert.equal((await received).length, 24);
    await other.return(undefined);
    // Whoever comes late gets it all at once, however much that is.
    const late = watch(`${CONFIG_MAPS}?watch=1`);
    assert.equal((await take(late, 24)).length, 24);
    await late.return(undefined);
    response.resume();
    assert.ok((await cut) instanceof Error);
  }));

test('an object with a finalizer stays until it is removed, and then is gone', () =>
  withServer(async ({ call }) => {
    await call('POST', CONFIG_MAPS, {
      ...configMap('a'),
      metadata: { name: 'a', finalizers: ['example.com/hold'] },
    });
    const marked = await call('DELETE', `${CONFIG_MAPS}/a`);
    assert.notEqual(at(marked.body, 'metadata', 'deletionTimestamp'), undefined);
    const released = { metadata: { finalizers: null } };
    await call('PATCH', `${CONFIG_MAPS}/a`, released, { 'content-type': 'application/merge-patch+json' });
    assert.equal((await call('GET', `${CONFIG_MAPS}/a`)).status, 404);
  }));

test('a dry run answers as the write would and leaves no trace', () =>
  withServer(async ({ call }) => {
    const { body } = await call('GET', CONFIG_MAPS);
    const made = await call('POST', `${CONFIG_MAPS}?dryRun=All`, configMap('a', { x: '1' }));
    assert.equal(made.status, 201);
    const after = await call('GET', CONFIG_MAPS);
    assert.deepEqual(at(after.body, 'metadata'), at(body, 'metadata'));
  }));

test('a body that is too large, too deep or no JSON is refused', () =>
  withServer(async ({ call }) => {
    assert.equal((await call('POST', CONFIG_MAPS, configMap('a', { x: 'y'.repeat(3_200_000) }))).status, 413);
    assert.equal((await call('POST', CONFIG_MAPS, '['.repeat(100_000))).status, 400);
    assert.equal((await call('POST', CONFIG_MAPS, `{"a":${'['.repeat(500)}${']'.repeat(500)}}`)).status, 400);
    assert.equal((await call('POST', CONFIG_MAPS, '{')).status, 400);
    assert.equal((await call('GET', '/api/v1/namespaces/%E0%A4%A/configmaps')).status, 400);
  }));

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const deployment = (): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image: 'x:1', ports: [{ containerPort: 80 }] }] },
    },
  },
});

/** Replaces what stands at a path, as far as the path leads. */
function replaceAt(value: Json, path: readonly string[], replacement: Json): Json {
  const [name, ...rest] = path;
  if (name === undefined || typeof value !== 'object' || value === null) return replacement;
  if (Array.isArray(value)) return value.map((item) => replaceAt(item, path.slice(1), replacement));
  return { ...value, [name]: replaceAt(value[name] ?? null, rest, replacement) };
}

test('whatever a client sends, it is answered with what it did wrong and never with a failure of the server', () =>
  withServer(async ({ call }) => {
    await call('POST', DEPLOYMENTS, deployment());
    const places = [
      'spec',
      'metadata',
      'status',
      'template',
      'containers',
      'selector',
      'matchLabels',
      'labels',
      'managedFields',
      'finalizers',
      'name',
      'ports',
    ];
    const junk = fc.constantFrom<Json>(
      null,
      0,
      -1,
      1e20,
      '',
      'ü',
      true,
      [],
      {},
      [null],
      [[]],
      { a: null },
      { $patch: 'delete' },
      '100%',
    );
    const kinds = fc.constantFrom(
      'put',
      'merge-patch+json',
      'strategic-merge-patch+json',
      'json-patch+json',
      'table',
    );
    const attempt = async (path: string[], value: Json, kind: string): Promise<void> => {
      const body = replaceAt(deployment(), path, value);
      const answer =
        kind === 'put'
          ? await call('PUT', `${DEPLOYMENTS}/web`, body)
          : kind === 'table'
            ? await call('GET', DEPLOYMENTS, undefined, {
                accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
              })
            : await call(
                'PATCH',
                `${DEPLOYMENTS}/web`,
                kind.startsWith('json') ? [{ op: 'add', path: `/${path.join('/')}`, value }] : body,
                {
                  'content-type': `application/${kind}`,
                },
              );
      assert.ok(answer.status < 500, JSON.stringify(answer.body));
    };
    const examples: [string[], Json, string][] = ['finalizers', 'managedFields', 'ownerReferences'].flatMap(
      (list) =>
        [[null], [[]], [{}], [0], ['']].map((value): [string[], Json, string] => [
          ['metadata', list],
          value,
          'put',
        ]),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...places), { minLength: 1, maxLength: 6 }),
        junk,
        kinds,
        attempt,
      ),
      { numRuns: 200, examples },
    );
  }));

/** Runs a server in a process of its own; gives its address and a way to kill it. */
async function spawnServer(dataDir: string): Promise<{ client: Client; kill: () => Promise<void> }> {
  const script = `
    const { startApiServer } = await import(${JSON.stringify(new URL('server.ts', import.meta.url).href)});
    const log = { info() {}, warn() {}, error() {} };
    const { url, adminToken, caCertificate } = await startApiServer({ dataDir: process.argv[1], port: 0, host: '127.0.0.1', log });
    console.log(JSON.stringify({ url, adminToken, caCertificate }));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  own(child);
  // The script's only line.
  const { url, caCertificate, adminToken } = JSON.parse(await firstLine(child)) as Record<string, string>;
  const client = createClient(url ?? '', caCertificate ?? '', adminToken ?? '');
  return {
    client,
    async kill() {
      await kill(child);
      client.close();
    },
  };
}

test('killed at any moment, it has every write it acknowledged', async () => {
  const dataDir = ownFolder('apiserver');
  const acknowledged = new Map<string, string>();
  for (let round = 0; round < 3; round += 1) {
    const { client, kill } = await spawnServer(dataDir);
    const writer = async (id: number): Promise<void> => {
      for (let index = 0; ; index += 1) {
        const name = `m-${round}-${id}-${index}`;
        const made = await client.call('POST', CONFIG_MAPS, configMap(name)).catch(() => undefined);
        if (made?.status !== 201) return;
        acknowledged.set(name, text(at(made.body, 'metadata', 'resourceVersion')));
        if (acknowledged.size === (round + 1) * 150) void kill();
      }
    };
    await Promise.all([0, 1, 2, 3].map(writer));
  }
  const { client, kill } = await spawnServer(dataDir);
  const { body } = await client.call('GET', CONFIG_MAPS);
  const found = new Map(
    items(body['items']).map((item) => [
      text(at(item, 'metadata', 'name')),
      text(at(item, 'metadata', 'resourceVersion')),
    ]),
  );
  for (const [name, version] of acknowledged) assert.equal(found.get(name), version, name);
  assert.equal(new Set(found.values()).size, found.size);
  await kill();
  await rm(dataDir, { recursive: true });
});

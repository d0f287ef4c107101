/** The same machinery against the embedded API server, which knows schemas, ownership of fields and history's end. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ownFolder } from '../../tests/support/owned.ts';
import { startApiServer, type ApiServer } from '../embedded/apiserver/server.ts';
import { createApplier } from './apply.ts';
import { createClient, type Client } from './client.ts';
import { createController, keysOfOwner, source } from './controller.ts';
import { deleteObject } from './delete.ts';
import { isConflict, isInvalid, KubeError } from './errors.ts';
import { createRecorder } from './events.ts';
import { addFinalizer, removeFinalizer } from './finalizers.ts';
import { loadConnection } from './kubeconfig.ts';
import { createElection } from './lease.ts';
import { createReflector } from './reflector.ts';
import {
  configMaps,
  coreEvents,
  customResourceDefinitions,
  deployments,
  httpRoutes,
  namespaces,
  resource,
  secrets,
} from './resources.ts';
import type { Namespace } from './resources.ts';
import { testLog } from './testing/log.ts';
import { until } from './testing/wait.ts';
import type { KubeObject } from './types.ts';

const NAMESPACE = 'kube-room';

describe('against the embedded API server', () => {
  const folder = ownFolder('kube-real');
  const log = testLog();
  let server: ApiServer;
  let client: Client;

  const start = async (port: number): Promise<void> => {
    server = await startApiServer({
      dataDir: join(folder, 'data'),
      port,
      host: '127.0.0.1',
      log: log.log,
      kubeconfigPath: join(folder, 'kubeconfig'),
      historyLength: 200,
    });
  };

  before(async () => {
    await start(0);
    client = createClient({ connection: await loadConnection({ KUBECONFIG: join(folder, 'kubeconfig') }) });
    await client.create(namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: NAMESPACE },
    } satisfies Namespace);
  });

  after(async () => {
    client.close();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const map = (name: string, data: Record<string, string> = {}) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: NAMESPACE },
    data,
  });

  test('every verb', async () => {
    const created = await client.create(configMaps, map('verbs', { a: '1' }));
    const patched = await client.patch(configMaps, created.metadata, {
      kind: 'json',
      body: [{ op: 'replace', path: '/data/a', value: '2' }],
    });
    assert.equal(patched.data?.['a'], '2');
    await assert.rejects(client.replace(configMaps, { ...created, data: {} }), isConflict);
    await assert.rejects(
      client.create(configMaps, { ...map('Not A Name') }),
      (error) => isInvalid(error) && error instanceof KubeError && error.causes.length > 0,
    );
    await assert.rejects(client.delete(configMaps, created.metadata, { uid: 'wrong' }), isConflict);
    assert.equal(await deleteObject(client, configMaps, patched), 'deleted');
    assert.equal(await client.find(configMaps, created.metadata), undefined);
    assert.match(await client.raw('GET', '/version'), /gitVersion/);
  });

  test('a reflector keeps up over pages, bookmarks, 410 and a restart of the server', async () => {
    for (let index = 0; index < 12; index += 1) await client.create(configMaps, map(`many-${index}`));
    const stop = new AbortController();
    const reflector = createReflector({
      client,
      type: configMaps,
      namespace: NAMESPACE,
      log: log.log,
      pageSize: 5,
      backoff: { minMs: 5, maxMs: 50 },
    });
    const running = reflector.run(stop.signal);
    await reflector.whenSynced();
    assert.ok(reflector.cache.size >= 12);
    await client.patch(
      configMaps,
      { name: 'many-1', namespace: NAMESPACE },
      { kind: 'merge', body: { data: { x: '1' } } },
    );
    await until(() => reflector.cache.get(`${NAMESPACE}/many-1`)?.data?.['x'] === '1', 'the change is seen');
    const { port } = server;
    await server.close();
    await start(port);
    // A read finds out that idle connections are dead and is sent again; a write would be an error to its caller.
    await client.get(configMaps, { name: 'many-2', namespace: NAMESPACE });
    // More changes than the server remembers: the reflector's version has expired.
    for (let index = 0; index < 260; index += 1) {
      await client.patch(
        configMaps,
        { name: 'many-2', namespace: NAMESPACE },
        { kind: 'merge', body: { data: { x: String(index) } } },
      );
    }
    await client.delete(configMaps, { name: 'many-3', namespace: NAMESPACE });
    await until(() => reflector.cache.get(`${NAMESPACE}/many-2`)?.data?.['x'] === '259', 'it has caught up');
    await until(() => !reflector.cache.has(`${NAMESPACE}/many-3`), 'the deletion is seen');
    stop.abort();
    await running;
  });

  test('lists can be streamed', async () => {
    const stop = new AbortController();
    const reflector = createReflector({ client, type: namespaces, log: log.log, streamList: true });
    const running = reflector.run(stop.signal);
    await reflector.whenSynced();
    assert.ok(reflector.cache.has(NAMESPACE));
    stop.abort();
    await running;
  });

  test('applying a Deployment that the server defaults is silent the second time, with quantities respelled', async () => {
    const stop = new AbortController();
    const reflector = createReflector({ client, type: deployments, log: log.log });
    const running = reflector.run(stop.signal);
    await reflector.whenSynced();
    const applier = createApplier({
      fieldManager: 'kube-room',
      hashAnnotation: 'example.com/applied',
      cacheOf: () => reflector.cache,
    });
    const intent = (cpu: string, extra: object = {}): KubeObject & { spec: object } => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: NAMESPACE },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            containers: [
              {
                name: 'web',
                image: 'example/web',
                resources: { requests: { cpu } },
                ports: [{ containerPort: 80 }],
              },
            ],
            ...extra,
          },
        },
      },
    });
    const versions = new Set<string | undefined>();
    const apply = async (object: KubeObject): Promise<string> => {
      const result = await applier.apply(client, deployments, object);
      versions.add(result.object.metadata.resourceVersion);
      await until(
        () =>
          reflector.cache.get(`${NAMESPACE}/web`)?.metadata.resourceVersion ===
          result.object.metadata.resourceVersion,
        'the cache has it',
      );
      return result.outcome;
    };
    assert.equal(await apply(intent('0.5', { terminationGracePeriodSeconds: 5 })), 'created');
    assert.equal(await apply(intent('0.5', { terminationGracePeriodSeconds: 5 })), 'unchanged');
    assert.equal(versions.size, 1);
    // A field that is no longer stated goes back to its default.
    assert.equal(await apply(intent('0.5')), 'configured');
    // A value in a list that is atomic or keyed is held, what an autoscaler sets is not touched.
    await client.setScale(deployments, { name: 'web', namespace: NAMESPACE }, 3);
    await until(() => reflector.cache.get(`${NAMESPACE}/web`)?.spec?.replicas === 3, 'the scale is seen');
    const outcome = await applier.apply(client, deployments, intent('0.5'));
    assert.equal(outcome.outcome, 'unchanged');
    assert.equal((await client.get(deployments, { name: 'web', namespace: NAMESPACE })).spec?.replicas, 3);
    assert.equal(
      (await client.getScale(deployments, { name: 'web', namespace: NAMESPACE })).spec.replicas,
      3,
    );
    stop.abort();
    await running;
  });

  test('status goes its own way, finalizers hold, and everything is gone in the end', async () => {
    const type = resource<KubeObject & { spec?: object; status?: object }>(
      'example.com',
      'v1',
      'widgets',
      'Widget',
    );
    await client.create(customResourceDefinitions, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            subresources: { status: {} },
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: {
                  spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                },
              },
            },
          },
        ],
      },
    } as never);
    const live = await eventually(() =>
      client.create(type, {
        apiVersion: 'example.com/v1',
        kind: 'Widget',
        metadata: { name: 'w', namespace: NAMESPACE },
        spec: { size: 1 },
      }),
    );
    const applier = createApplier({
      fieldManager: 'kube-room',
      hashAnnotation: 'example.com/applied',
      cacheOf: () => undefined,
    });
    const withStatus = await applier.applyStatus(client, type, live, { phase: 'Ready', gone: true });
    assert.deepEqual(withStatus.object.status, { phase: 'Ready', gone: true });
    assert.equal(withStatus.object.metadata.generation, live.metadata.generation);
    const fewer = await applier.applyStatus(client, type, withStatus.object, { phase: 'Ready' });
    assert.deepEqual(fewer.object.status, { phase: 'Ready' });
    const held = await addFinalizer(client, type, fewer.object, 'example.com/hold');
    assert.equal(await deleteObject(client, type, held), 'terminating');
    const terminating = await client.get(type, held.metadata);
    assert.ok(terminating.metadata.deletionTimestamp !== undefined);
    await removeFinalizer(client, type, terminating, 'example.com/hold');
    assert.equal(await client.find(type, held.metadata), undefined);
    const reborn = await client.create(type, {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'w', namespace: NAMESPACE },
    });
    await assert.rejects(
      applier.applyStatus(client, type, held, { phase: 'Old' }),
      (error) => error instanceof KubeError && error.code === 409,
    );
    assert.equal((await client.get(type, reborn.metadata)).status, undefined);
  });

  test('a controller killed after any of its writes converges to the same state, and then writes nothing', async () => {
    const parents = ['p0', 'p1', 'p2', 'p3'];
    for (const name of parents)
      await client.create(configMaps, {
        ...map(name),
        metadata: { name, namespace: NAMESPACE, labels: { role: 'parent' } },
      });
    const child = (parent: KubeObject, index: number) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: `${parent.metadata.name}-${index}`,
        namespace: NAMESPACE,
        ownerReferences: [
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            name: parent.metadata.name,
            uid: parent.metadata.uid ?? '',
            controller: true,
          },
        ],
      },
      stringData: { index: String(index) },
      type: 'Opaque',
    });

    /** One life of the operator: dies by abort after `writes` writes, or lives until it is calm. */
    const live = async (writes: number): Promise<number> => {
      const stop = new AbortController();
      let done = 0;
      const counted: Client = {
        ...client,
        apply: async (type, intent, options) => {
          if (done >= writes) throw new Error('dead');
          done += 1;
          const result = await client.apply(type, intent, options);
          if (done >= writes) stop.abort();
          return result as never;
        },
      };
      const parentCache = createReflector({
        client,
        type: configMaps,
        namespace: NAMESPACE,
        labelSelector: 'role=parent',
        log: log.log,
      });
      const childCache = createReflector({ client, type: secrets, namespace: NAMESPACE, log: log.log });
      const applier = createApplier({
        fieldManager: 'crash',
        hashAnnotation: 'example.com/applied',
        cacheOf: () => childCache.cache,
      });
      let runs = 0;
      const controller = createController({
        name: 'crash',
        client: counted,
        sources: [source(parentCache), source(childCache, keysOfOwner('ConfigMap'))],
        log: log.log,
        reconcile: async (key, { client: remembering, signal }) => {
          runs += 1;
          const parent = parentCache.cache.get(key);
          if (parent === undefined) return;
          for (let index = 0; index < 3; index += 1)
            await applier.apply(remembering, secrets, child(parent, index), { signal });
        },
      });
      const running = Promise.all([
        parentCache.run(stop.signal),
        childCache.run(stop.signal),
        controller.run(stop.signal, 100),
      ]);
      if (writes === Infinity) {
        await until(
          () => childCache.cache.size >= parents.length * 3 && controller.depth() === 0,
          'all children are there',
        );
        const before = done;
        for (const name of parents) controller.enqueue(`${NAMESPACE}/${name}`, 'test');
        const runsBefore = runs;
        await until(() => runs >= runsBefore + parents.length, 'all were reconciled again');
        assert.equal(done, before);
        stop.abort();
      }
      await running;
      return done;
    };

    for (let life = 0; life < 10; life += 1) await live(1);
    await live(Infinity);
    const { items } = await client.listAll(secrets, { namespace: NAMESPACE });
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name).toSorted(),
      parents.flatMap((name) => [0, 1, 2].map((index) => `${name}-${index}`)),
    );
  });

  test('a lease is held and released, and events are told', async () => {
    const stop = new AbortController();
    const election = createElection({
      client,
      namespace: NAMESPACE,
      name: 'lease',
      identity: 'me',
      log: log.log,
    });
    const running = election.run(stop.signal);
    await until(() => election.isLeader(), 'it leads');
    await client.fenced(election.fence).create(configMaps, map('fenced'));
    stop.abort();
    assert.equal(await running, 'stopped');
    const about = await client.get(namespaces, { name: NAMESPACE });
    const recorder = createRecorder({ client, component: 'tester', log: log.log });
    for (let index = 0; index < 2; index += 1) {
      recorder.record(
        { ...about, apiVersion: 'v1', kind: 'Namespace' },
        { type: 'Normal', reason: 'Tested', message: 'it works' },
      );
    }
    await recorder.flush();
    const { items } = await client.list(coreEvents, { namespace: 'default', fieldSelector: 'reason=Tested' });
    assert.equal(items[0]?.count, 2);
  });

  test('the Gateway API’s definitions install and serve routes', async () => {
    const file = new URL('../resources/crds/gateway-api.yaml', import.meta.url);
    for (const document of readFileSync(file, 'utf8').split(/^---$/m).slice(1)) {
      const crd = JSON.parse(document) as KubeObject;
      await client.apply(customResourceDefinitions, crd, { fieldManager: 'kube-room' });
    }
    const route = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'r', namespace: NAMESPACE },
      spec: { hostnames: ['a.example'], rules: [{ backendRefs: [{ name: 'web', port: 80 }] }] },
    };
    const created = (await eventually(() => client.create(httpRoutes, route))) as KubeObject & {
      spec: { rules: { matches: unknown }[] };
    };
    assert.deepEqual(created.spec.rules[0]?.matches, [{ path: { type: 'PathPrefix', value: '/' } }]);
    await assert.rejects(
      client.create(httpRoutes, {
        ...route,
        metadata: { ...route.metadata, name: 'bad' },
        spec: { hostnames: ['not a host'] },
      } as never),
      isInvalid,
    );
  });

  /** A definition takes a moment until it is served. */
  async function eventually<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (attempt >= 3_000 || !(error instanceof KubeError) || error.code !== 404) throw error;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }
});

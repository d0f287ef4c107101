/** A reconcile is one trace, with its phases, its requests and its loans of connections as parts; and no trace where nobody asks for one. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { Registry } from 'prom-client';
import { startTestPostgres, type TestPostgres } from '../../tests/support/postgres.ts';
import { startReceiver, type SeenSpan, type TraceReceiver } from '../../tests/support/traces.ts';
import { createController, source, TerminalError, type Reconcile } from '../kube/controller.ts';
import { createReflector } from '../kube/reflector.ts';
import { configMaps, secrets } from '../kube/resources.ts';
import { startFakeServer, type FakeServer } from '../kube/testing/fake-server.ts';
import { testLog } from '../kube/testing/log.ts';
import { until } from '../kube/testing/wait.ts';
import { openDatabase, type Database } from '../provisioners/postgres/database.ts';
import { factsOf, openSpans, statements, type OperatorSpans } from './spans.ts';

const KEY = 'shop/acme';
const HIDDEN = 'hidden-name';

let postgres: TestPostgres;
let api: FakeServer;
let receiver: TraceReceiver;
let registry: Registry;
let spans: OperatorSpans;
let database: Database;

before(async () => {
  postgres = await startTestPostgres();
});
after(() => postgres.stop());

beforeEach(async () => {
  api = await startFakeServer();
  receiver = await startReceiver();
});

afterEach(async () => {
  await database.close();
  await receiver.close();
  await api.close();
});

async function open(env: NodeJS.ProcessEnv): Promise<void> {
  registry = new Registry();
  spans = openSpans(env, registry, testLog().log);
  database = await openDatabase(postgres.adminUrl, { observed: (work) => statements(spans, work) });
}

/** One reconcile of `shop/acme` as the operator does them, and what came of it at the receiver. */
async function reconcileOnce(reconcile: Reconcile): Promise<readonly SeenSpan[]> {
  const stop = new AbortController();
  const log = testLog();
  const client = api.client({ spans });
  const reflector = createReflector({ client, type: configMaps, log: log.log });
  const done = Promise.withResolvers<void>();
  const controller = createController({
    name: 'shopmindtenant',
    client,
    sources: [source(reflector)],
    log: log.log,
    spans,
    factsOf: () => factsOf('acme'),
    reconcile: (key, context) => reconcile(key, context).finally(() => done.resolve()),
  });
  const running = [reflector.run(stop.signal), controller.run(stop.signal)];
  await until(() => controller.hasSynced(), 'the cache is filled');
  controller.enqueue(KEY, 'the test');
  await done.promise;
  stop.abort();
  await Promise.all(running);
  await spans.close();
  return receiver.spans;
}

const work: Reconcile = async (_key, context) => {
  await context.spans.part('phase DataPlaneReady', {}, async () => {
    await database.session(async (session) => {
      for (const text of ['begin', `select '${HIDDEN}'`, 'commit']) await session.query(text);
    });
  });
  await context.client.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: HIDDEN, namespace: 'shop' },
  });
  await context.client.find(configMaps, { name: HIDDEN, namespace: 'shop' });
};

test('a reconcile is one trace of its tenant, with what it did as parts, counted and not told', async () => {
  await open({ TRACES_URL: receiver.url, TRACES_RATIO: '1' });
  const seen = await reconcileOnce(work);
  assert.deepEqual(receiver.faults, []);
  const named = (name: string): SeenSpan =>
    seen.find((span) => span.name === name) ?? assert.fail(`there is no span ${name}`);
  const root = named('reconcile shopmindtenant');
  assert.deepEqual(
    [root.service, root.parentId, root.attributes],
    ['operator', '', { 'shopmind.tenant': 'acme', 'shopmind.writes': 1 }],
  );
  assert.ok(seen.every(({ traceId }) => traceId === root.traceId));
  const phase = named('phase DataPlaneReady');
  assert.equal(phase.parentId, root.id);
  const sql = named('postgresql');
  assert.deepEqual([sql.parentId, sql.kind, sql.attributes['shopmind.statements']], [phase.id, 'client', 3]);
  const write = named('create secrets');
  assert.deepEqual([write.parentId, write.attributes['http.response.status_code']], [root.id, 201]);
  // Not there is an answer, and no failure.
  assert.deepEqual(
    [named('get configmaps').attributes['http.response.status_code'], named('get configmaps').isFailed],
    [404, false],
  );
  assert.equal(seen.length, 5);
  assert.ok(!JSON.stringify(seen, (_, value: unknown) => String(value)).includes(HIDDEN));
  assert.match(await registry.metrics(), /shopmind_trace_spans_total\{outcome="sent"\} 5/);
});

test('what fails is sent, however few traces are recorded; what succeeds is not', async () => {
  await open({ TRACES_URL: receiver.url, TRACES_RATIO: '0' });
  assert.deepEqual(await reconcileOnce(work), []);
  await database.close();
  await open({ TRACES_URL: receiver.url, TRACES_RATIO: '0' });
  const seen = await reconcileOnce(async (_key, { spans: parts }) => {
    await parts.part('phase RoutesReady', {}, () => Promise.reject(new TerminalError(HIDDEN)));
  });
  assert.deepEqual(seen.map(({ name, isFailed }) => [name, isFailed]).toSorted(), [
    ['phase RoutesReady', true],
    ['reconcile shopmindtenant', true],
  ]);
  assert.ok(!JSON.stringify(seen, (_, value: unknown) => String(value)).includes(HIDDEN));
});

test('outside of a reconcile nothing is traced, and without an address nothing at all', async () => {
  await open({ TRACES_URL: receiver.url, TRACES_RATIO: '1' });
  await database.query('select 1');
  await api.client({ spans }).find(configMaps, { name: HIDDEN, namespace: 'shop' });
  await spans.close();
  for (const env of [{}, { TRACES_URL: '' }, { TRACES_URL: 'collector:4318' }]) {
    await database.close();
    await open(env);
    await reconcileOnce(work);
  }
  assert.equal(receiver.requests, 0);
});

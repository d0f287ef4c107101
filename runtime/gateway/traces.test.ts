/** What the gateway shows in traces, and whom it lets decide about them. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startReceiver, type SeenSpan } from '../../tests/support/traces.ts';
import { until } from '../../tests/support/wait.ts';
import { createTracer } from '../platform/tracing/tracer.ts';
import { startWorld, type Answer, type World } from './testing/world.ts';

const GIVEN = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

interface Traced {
  readonly world: World;
  ask(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** Ends the gateway's tracing. */
  spans(): Promise<readonly SeenSpan[]>;
}

/** A gateway before one Pod, which answers with what it was told; `/down` with 503. */
async function traced(context: TestContext, ratio: number, trusted = ''): Promise<Traced> {
  const receiver = await startReceiver();
  const tracer = createTracer({
    url: receiver.url,
    ratio,
    resource: { 'service.name': 'gateway' },
    onTrouble: () => assert.fail(receiver.faults.join('\n')),
  });
  const world = await startWorld({}, trusted, tracer);
  context.after(async () => {
    await world.close();
    await receiver.close();
  });
  const pod = await world.pod((request, response) => {
    response.statusCode = request.url === '/down' ? 503 : 200;
    response.end(request.headers['traceparent']);
  });
  await world.service('runtime', [pod.port]);
  await world.route('acme', {
    hostnames: ['acme.localhost'],
    rules: [
      {
        matches: [{ path: { type: 'PathPrefix', value: '/' } }],
        backendRefs: [{ name: 'runtime', port: 8080 }],
      },
    ],
  });
  return {
    world,
    ask: (path, headers = {}) => world.ask('acme.localhost', path, { headers }),
    async spans() {
      // An answer may have arrived before the gateway has noted that it is through.
      await until(() => (world.proxy.active() === 0 ? true : undefined), {
        withinMs: 60_000,
        what: 'nothing is under way',
      });
      await tracer.close();
      return receiver.spans;
    },
  };
}

test('a request is a trace that is called as the request is, and goes on at the Pod', async (context) => {
  const { ask, spans } = await traced(context, 1);
  const { body, headers } = await ask('/api/catalog/products?q=ada%40example.com');
  const [request, call, ...others] = (await spans()).toSorted((a, b) => Number(a.begun - b.begun));
  assert.ok(request && call && others.length === 0);
  assert.equal(`req_${request.traceId}`, headers['x-request-id']);
  assert.deepEqual([request.name, request.kind, request.parentId], ['GET api', 'server', '']);
  assert.deepEqual([call.name, call.kind, call.parentId], ['forward /', 'client', request.id]);
  assert.equal(body, `00-${request.traceId}-${call.id}-01`);
  assert.equal(request.attributes['http.response.status_code'], 200);
  assert.match(String(call.attributes['server.address']), /^127\.0\.0\.1:\d+$/);
  assert.doesNotMatch(JSON.stringify([request.attributes, call.attributes]), /products|ada/);
});

test('whoever comes from outside may name the trace and not have it recorded', async (context) => {
  const { ask, spans } = await traced(context, 0);
  const { body } = await ask('/', { traceparent: GIVEN });
  assert.match(body, /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-00$/);
  assert.deepEqual(await spans(), []);
});

test('a balancer whose word is good decides that, too', async (context) => {
  const { ask, spans } = await traced(context, 0, '127.0.0.1');
  await ask('/', { traceparent: GIVEN });
  const seen = await spans();
  assert.deepEqual(
    new Set(seen.map(({ traceId }) => traceId)),
    new Set(['4bf92f3577b34da6a3ce929d0e0e4736']),
  );
  assert.equal(seen.find(({ kind }) => kind === 'server')?.parentId, '00f067aa0ba902b7');
});

test('what fails is shown although nothing is recorded, and what nobody answers as well', async (context) => {
  const { world, ask, spans } = await traced(context, 0);
  assert.equal((await ask('/')).status, 200);
  assert.equal((await ask('/down')).status, 503);
  await world.service('runtime', []);
  assert.equal((await ask('/')).status, 503);
  const seen = await spans();
  assert.ok(seen.every(({ isFailed, isSampled }) => isFailed && !isSampled));
  const requests = seen.filter(({ kind }) => kind === 'server');
  assert.deepEqual(
    requests.map(({ attributes }) => attributes['http.response.status_code']),
    [503, 503],
  );
  assert.ok(seen.every(({ parentId }) => parentId === '' || requests.some(({ id }) => id === parentId)));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noTracer } from '../platform/tracing/tracer.ts';
import { createInvoke, type Visit } from './invoke.ts';
import type { Route } from './routes.ts';

test('once nobody waits for a request any more, it asks no more routes', async () => {
  const gone = new AbortController();
  const performed: string[] = [];
  const route = (id: string): Route => ({
    domain: 'talk',
    definition: { id, method: 'GET', path: `/api/talk/${id}`, summary: '', audience: 'shopper' },
    handler: () => assert.fail('calls are not made here'),
    operationId: `talk.${id}`,
  });
  const routes = [route('first'), route('second')];
  const invoke = createInvoke({
    calls: {
      admit: () => Promise.resolve({ kind: 'shopper', customerId: undefined }),
      perform({ route: { operationId } }) {
        performed.push(operationId);
        return Promise.resolve({ status: 200, headers: {}, body: Buffer.alloc(0) });
      },
    },
    identify: () => assert.fail('nobody is asked who they are'),
    routes: () => routes,
    peers: new Map(),
    tracer: noTracer,
  })({ tenant: { id: 'acme' }, headers: {}, requestId: 'r', signal: gone.signal } as Visit); // as much of it as is looked at
  const ask = ({ definition }: Route) =>
    invoke(
      { domain: 'talk', route: definition, answer: 'nothing' } as unknown as Parameters<typeof invoke>[0], // as above
      { params: {}, query: {}, body: undefined, idempotencyKey: undefined },
    );
  const [first, second] = routes as [Route, Route];
  await ask(first);
  gone.abort(new Error('the caller has gone'));
  await assert.rejects(ask(second), /has gone/);
  assert.deepEqual(performed, ['talk.first']);
});

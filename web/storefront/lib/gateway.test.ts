/** Calls reach the right shop, survive a connection that closes under them, and end in time. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { ApiError, createClient } from '../../api-client/client.ts';
import { createSend } from './gateway.ts';

async function serve(listener: RequestListener, work: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    // A server on an address has one; only a pipe has a name instead.
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('a call carries the shop’s host, what was forwarded, and its idempotency key', async () => {
  await serve(
    (request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          host: request.headers.host,
          id: request.headers['x-request-id'],
          key: request.headers['idempotency-key'],
          url: request.url,
        }),
      );
    },
    async (url) => {
      const client = createClient(createSend(url, 'acme.localhost:8080', { 'x-request-id': 'r1' }));
      const seen: unknown = await client.call('orders.checkout', {
        body: { cartId: 'cart_x' },
        idempotencyKey: 'k1',
      });
      assert.deepEqual(seen, {
        host: 'acme.localhost:8080',
        id: 'r1',
        key: 'k1',
        url: '/api/orders/checkout',
      });
    },
  );
});

test('a read whose connection is closed is asked once more; a write is not', async () => {
  let calls = 0;
  await serve(
    (request, response) => {
      calls += 1;
      if (calls === 1 || request.method === 'POST') request.socket.destroy();
      else response.end(JSON.stringify({ collections: [] }));
    },
    async (url) => {
      const client = createClient(createSend(url, 'acme.localhost', {}));
      assert.deepEqual(await client.call('catalog.listCollections', {}), { collections: [] });
      assert.equal(calls, 2);
      await assert.rejects(
        client.call('orders.createCart', { body: {} }),
        (error) => error instanceof ApiError && error.code === 'unavailable',
      );
      assert.equal(calls, 3);
    },
  );
});

test('a problem document becomes an error with its code and fields', async () => {
  await serve(
    (_, response) => {
      response.writeHead(400, { 'content-type': 'application/problem+json' });
      response.end(
        JSON.stringify({
          code: 'invalid_input',
          detail: 'No',
          problems: [{ where: 'body/email', what: 'is empty' }],
        }),
      );
    },
    async (url) => {
      const client = createClient(createSend(url, 'acme.localhost', {}));
      await assert.rejects(client.call('host.getStore', {}), (error) => {
        assert.ok(error instanceof ApiError);
        assert.deepEqual(
          [error.status, error.code, error.problems],
          [400, 'invalid_input', [{ where: 'body/email', what: 'is empty' }]],
        );
        return true;
      });
    },
  );
});

test('a page of a proxy instead of an answer is an error too', async () => {
  await serve(
    (_, response) => response.writeHead(502).end('<html>Bad gateway</html>'),
    async (url) => {
      const client = createClient(createSend(url, 'acme.localhost', {}));
      await assert.rejects(
        client.call('host.getStore', {}),
        (error) => error instanceof ApiError && error.status === 502 && error.code === 'http_502',
      );
    },
  );
});

test('who is in a hurry waits for as long as it says, and the connection is given up', async () => {
  const closed = Promise.withResolvers<void>();
  await serve(
    (request) => request.socket.once('close', closed.resolve),
    async (url) => {
      const client = createClient(createSend(url, 'acme.localhost', {}, 50));
      await assert.rejects(
        client.call('host.getStore', {}),
        (error) => error instanceof ApiError && error.status === 504 && error.code === 'timeout',
      );
      await closed.promise;
    },
  );
});

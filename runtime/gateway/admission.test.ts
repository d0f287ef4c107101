import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import { test } from 'node:test';
import { until } from '../../operator/kube/testing/wait.ts';
import { createAdmission } from './admission.ts';
import { startWorld } from './testing/world.ts';

/** One that is not connected; as much of it as admission looks at. */
function from(address: string): Socket {
  return Object.defineProperty(new Socket(), 'remoteAddress', { value: address });
}

test('while half of the connections are free everybody is let in; then an address has an eighth, and others have what is left', async () => {
  const isLetIn = createAdmission({ most: 16, isTrusted: () => false, refuse: () => undefined });
  const one = Array.from({ length: 12 }, () => from('192.0.2.1'));
  const letIn = one.filter(isLetIn);
  assert.equal(letIn.length, 8);
  const others = ['192.0.2.2', '192.0.2.2', '192.0.2.2', '2001:db8::1', '2001:db8::2', '2001:db8::3'];
  assert.deepEqual(
    others.map((address) => isLetIn(from(address))),
    [true, true, false, true, true, false],
  );
  // Those that were turned away do not count for long, and what has gone makes room.
  const gone = one.map((socket) => once(socket, 'close'));
  for (const socket of one) socket.destroy();
  await Promise.all(gone);
  assert.equal(isLetIn(from('192.0.2.1')), true);
});

test('a balancer that is trusted brings everybody', () => {
  const isLetIn = createAdmission({
    most: 16,
    isTrusted: (address) => address === '192.0.2.1',
    refuse: () => undefined,
  });
  for (let index = 0; index < 16; index += 1) assert.equal(isLetIn(from('192.0.2.1')), true);
  assert.equal(isLetIn(from('192.0.2.2')), true);
});

test('who is not let in is told when to come again', async () => {
  const world = await startWorld({ maxConnections: 16 });
  const idle = Array.from({ length: 8 }, () => connect(world.port, '127.0.0.1'));
  try {
    await Promise.all(idle.map((socket) => once(socket, 'connect')));
    let open = 0;
    const areOpen = (expected: number): boolean => {
      world.server.getConnections((_, found) => (open = found));
      return open === expected;
    };
    await until(() => areOpen(8), 'half of the connections are taken');
    const answer = await world.ask('acme.localhost', '/');
    assert.equal(answer.status, 429);
    assert.equal(answer.headers['retry-after'], '5');
    assert.equal(JSON.parse(answer.body).code, 'rate_limited');
    idle.pop()?.destroy();
    await until(() => areOpen(7), 'one has gone');
    assert.equal((await world.ask('acme.localhost', '/')).status, 404);
  } finally {
    for (const socket of idle) socket.destroy();
    await world.close();
  }
});

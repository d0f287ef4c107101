/**
 * The way into PostgreSQL when the other end is gone and nobody says so, and when somebody else provisions.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { startPostgres, type PostgresServer } from '../../../tests/servers/postgres.ts';
import { exclusively, isTransient, LockHeldError, openDatabase } from './database.ts';

let server: PostgresServer;
before(async () => {
  server = await startPostgres({ password: 'root' });
});
after(() => server.stop());

test('a statement on a half-open connection is given up, and the next one has a new connection', async (t) => {
  const proxy = await startProxy(server.port);
  const database = await openDatabase(through(proxy.port), { askAfterMs: 200 });
  t.after(async () => {
    await database.close();
    await proxy.close();
  });
  await database.query('select 1');
  proxy.mute();
  await assert.rejects(database.query('select 1'), (error) => {
    assert.ok(isTransient(error));
    assert.match(String(error), /does not work on the statement/);
    return true;
  });
  assert.deepEqual(await database.query('select 1 as one'), [{ one: 1 }]);
});

test('a server that cannot be asked either is given up', async (t) => {
  const proxy = await startProxy(server.port);
  const database = await openDatabase(through(proxy.port), { askAfterMs: 200 });
  t.after(async () => {
    await database.close();
    await proxy.close();
  });
  const work = database.session(async (session) => {
    await session.query('select 1');
    await proxy.close();
    proxy.mute();
    await session.query('select 2');
  });
  await assert.rejects(work, isTransient);
});

test('what the server works on is waited for, however often it is asked', async (t) => {
  const database = await openDatabase(server.adminUrl, { askAfterMs: 100 });
  t.after(() => database.close());
  const rows = await database.query('select 1 as one from pg_sleep(2)');
  assert.deepEqual(rows, [{ one: 1 }]);
});

test('who waits for the lock of provisioning is told who has it and what to do, and has it once it is free', async (t) => {
  const database = await openDatabase(server.adminUrl);
  t.after(() => database.close());
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const { promise: held, resolve: hold } = Promise.withResolvers<number>();
  const first = exclusively(database, async (session) => {
    const [own] = await session.query<{ pid: number }>('select pg_backend_pid() as pid');
    hold(own?.pid ?? 0);
    await finished;
  });
  const pid = await held;
  await assert.rejects(
    exclusively(database, async () => undefined, 0),
    (error) => {
      assert.ok(error instanceof LockHeldError);
      assert.match(error.message, new RegExp(`held by shopmind-operator at 127\\.0\\.0\\.1 \\(pid ${pid}, `));
      assert.match(error.remedy, new RegExp(`pg_terminate_backend\\(${pid}\\)`));
      return true;
    },
  );
  finish();
  await first;
  assert.equal(await exclusively(database, async () => 'ours'), 'ours');
});

function through(port: number): string {
  const url = new URL(server.adminUrl);
  url.port = String(port);
  return url.href;
}

/** A proxy whose connections can fall silent both ways, and stay open. */
async function startProxy(port: number) {
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => to.write(chunk));
      from.on('close', () => void (sockets.delete(from), to.destroy()));
      from.on('error', () => from.destroy());
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    // A server on TCP has an address with a port.
    port: (listener.address() as AddressInfo).port,
    /** What is open says nothing any more; what is opened later does. */
    mute() {
      for (const socket of sockets) socket.removeAllListeners('data').resume();
    },
    /** Lets nobody in any more. */
    async close() {
      listener.close();
    },
  };
}

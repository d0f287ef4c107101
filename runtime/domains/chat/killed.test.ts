/** `kill -9` in the middle of a busy room: what was acknowledged is there, and nobody sees a gap or anything twice. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { createMortals } from '../../../tests/support/mortal.ts';
import { until } from '../../../tests/support/wait.ts';
import { send } from '../../host/testing.ts';
import { accounts } from '../accounts/definition.ts';
import { chat } from './definition.ts';
import { resume } from './testing/client.ts';

const KILLS = 3;

let database: TestDatabase;
before(async () => {
  database = await startTestDatabase([accounts, chat]);
  await database.addTenant({ id: 'acme', domains: ['accounts', 'chat'] });
});
after(async () => {
  mortals.stop();
  await database.stop();
});

const mortals = createMortals(new URL('./testing/runtime.child.ts', import.meta.url), () => database);

test('nothing that was acknowledged is lost, and everybody shows the same, however often the process is killed', async () => {
  let runtime = await mortals.start();
  const { guest } = (
    await send(runtime.port, 'acme.localhost', 'POST', '/api/chat/guests', { json: {} })
  ).json<{
    guest: string;
  }>();
  const opened = await send(runtime.port, 'acme.localhost', 'POST', '/api/chat/rooms', {
    headers: { authorization: `Bearer ${guest}` },
    json: { kind: 'support' },
  });
  const room = opened.json<{ id: string }>().id;
  const clients = [1, 2, 3].map(() =>
    resume({ port: () => runtime.port, host: 'acme.localhost', room, hello: { guest } }),
  );
  try {
    let sent = 0;
    const talking = setInterval(() => {
      const client = clients[sent % 3];
      if (client !== undefined && client.pending.size < 30) client.send(`${sent++}`);
    }, 20);
    for (let kill = 0; kill < KILLS; kill++) {
      const before = clients[0]?.acked.size ?? 0;
      await until(() => (clients[0]?.acked.size ?? 0) >= before + 5 || undefined, {
        withinMs: 60_000,
        everyMs: 5,
        what: 'messages are acknowledged again',
      });
      // Somewhere between a message's arrival and its acknowledgement.
      await pause(Math.random() * 15);
      await runtime.kill();
      runtime = await mortals.start();
    }
    clearInterval(talking);
    await until(
      () => clients.every(({ pending, shown }) => pending.size === 0 && shown.length >= sent) || undefined,
      { withinMs: 60_000, everyMs: 20, what: 'all is acknowledged and shown' },
    );
    assert.deepEqual(
      clients.flatMap(({ faults }) => faults),
      [],
    );
    const { rows } = await database.admin.query<{ seq: string; client_id: string }>(
      'select seq, client_id from shop.chat_messages where room_id = $1 order by seq',
      [room],
    );
    assert.equal(rows.length, sent, 'each once');
    for (const { shown, acked } of clients) {
      assert.deepEqual(
        shown.map(({ seq, cid }) => `${seq} ${cid}`),
        rows.map(({ seq, client_id }) => `${seq} ${client_id}`),
      );
      for (const [cid, seq] of acked) assert.equal(rows[seq - 1]?.client_id, cid);
    }
  } finally {
    for (const client of clients) client.stop();
  }
});

/**
 * The law of the chat: whatever happens to connections, to what processes tell each other and to commits, every client shows every
 * message once and in order, and what was acknowledged is at the place it was acknowledged with.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { until } from '../../../tests/support/wait.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../host/testing.ts';
import { accounts } from '../accounts/definition.ts';
import { chat } from './definition.ts';
import { createChat } from './service.ts';
import { resume, type Resuming } from './testing/client.ts';
import { unreliablePubSub, unreliableSql, type Chance } from './testing/unreliable.ts';

let database: TestDatabase;
/** Two processes of one scope. */
const hosts: TestHost[] = [];
/** Drawn anew by each run; nothing is lost between runs. */
let chance: Chance = () => false;

before(async () => {
  database = await startTestDatabase([accounts, chat]);
  await database.addTenant({ id: 'acme', domains: ['accounts', 'chat'] }, ADMIN_SECRETS);
  // One tells the other what was written, and is told only that something was.
  for (const isPrivate of [true, false])
    hosts.push(
      await startTestHost(
        { databaseUrl: database.url, secretsKey: database.secretsKey, domains: ['chat', 'accounts'] },
        {
          services: {
            accounts: () => import('../accounts/service.ts'),
            chat: () =>
              Promise.resolve({
                createService: (platform) =>
                  createChat(
                    {
                      ...platform,
                      pubsub: { ...unreliablePubSub(platform.pubsub, (p) => chance(p)), isPrivate },
                      sql: unreliableSql(platform.sql, (p) => chance(p)),
                    },
                    { sweepMilliseconds: 300, graceMilliseconds: 100 },
                  ),
              }),
          },
        },
      ),
    );
});
after(async () => {
  for (const host of hosts) await host.stop();
  await database.stop();
});

async function newRoom(): Promise<{ room: string; guest: string }> {
  const [host] = hosts;
  assert.ok(host);
  const { guest } = (await host.call('acme', 'POST', '/api/chat/guests', { json: {} })).json<{
    guest: string;
  }>();
  const answer = await host.call('acme', 'POST', '/api/chat/rooms', {
    headers: { authorization: `Bearer ${guest}` },
    json: { kind: 'support' },
  });
  return { room: answer.json<{ id: string }>().id, guest };
}

/** Evenly drawn, the same for the same seed (mulberry32). */
function chancesOf(seed: number): Chance {
  let state = seed >>> 0;
  return (probability) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 < probability;
  };
}

type Step =
  | { readonly do: 'send'; readonly client: number; readonly count: number }
  | { readonly do: 'drop'; readonly client: number }
  | { readonly do: 'move'; readonly client: number }
  | { readonly do: 'wait'; readonly ms: number };

const CLIENTS = 4;
const client = fc.nat(CLIENTS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('send' as const), client, count: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), client }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move' as const), client }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 30 }) }),
  },
);

test('connections drop and move, news is lost, doubled and turned over, commits end in doubt: everybody shows the same', async () => {
  let dropped = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), fc.integer(), async (steps, seed) => {
      const { room, guest } = await newRoom();
      chance = chancesOf(seed);
      const at = Array.from({ length: CLIENTS }, (_, n) => n % 2);
      const clients: Resuming[] = at.map((_, n) =>
        resume({
          port: () => hosts[at[n] ?? 0]?.port ?? 0,
          host: 'acme.localhost',
          room,
          hello: { guest },
          retryMs: 5,
        }),
      );
      try {
        let sent = 0;
        for (const each of steps) {
          if (each.do === 'wait') await new Promise((resolve) => setTimeout(resolve, each.ms));
          else if (each.do === 'send')
            for (let n = 0; n < each.count; n++) clients[each.client]?.send(`${sent++}`);
          else {
            dropped += 1;
            if (each.do === 'move') at[each.client] = 1 - (at[each.client] ?? 0);
            clients[each.client]?.drop();
          }
        }
        await until(
          () =>
            clients.every(
              ({ pending, shown, faults }) =>
                faults.length > 0 || (pending.size === 0 && shown.length >= sent),
            ) || undefined,
          {
            withinMs: 30_000,
            everyMs: 10,
            what: 'all is acknowledged and shown',
            tell: () =>
              Promise.resolve(
                JSON.stringify(clients.map(({ pending, shown }) => [pending.size, shown.length, sent])),
              ),
          },
        );
        assert.deepEqual(
          clients.flatMap(({ faults }) => faults),
          [],
        );
        const places = clients.map(({ shown }) => shown.map(({ seq, cid, text }) => `${seq} ${cid} ${text}`));
        for (const shown of places) assert.deepEqual(shown, places[0]);
        assert.equal(new Set(clients[0]?.shown.map(({ cid }) => cid)).size, sent, 'each once');
        for (const { acked } of clients)
          for (const [cid, seq] of acked) assert.equal(clients[0]?.shown[seq - 1]?.cid, cid);
        assert.equal(
          clients.reduce((sum, { acked }) => sum + acked.size, 0),
          sent,
        );
      } finally {
        chance = () => false;
        for (const each of clients) each.stop();
      }
    }),
    { numRuns: 25, endOnFailure: true },
  );
  assert.ok(dropped > 25, 'connections were cut');
});
